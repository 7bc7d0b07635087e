// A device that is open: its queue, and command buffers that are run to their end.
#pragma once

#include "vulkan/needs.h"

#include <functional>

namespace sinter::vulkan {

/// What tests switch on by the environment variable SINTER_VULKAN_TEST, a list with commas:
///   staging   as on a device whose memory the host cannot reach
///   unordered without barriers between dispatches
///   lost=N    the device is lost at the N-th submission
struct TestSwitches {
  bool staging = false, unordered = false;
  int64_t lostAt = 0;
  static TestSwitches read();
};

/// Who uses memory: a stage and what it does there.
struct Users {
  VkPipelineStageFlags stages;
  VkAccessFlags reads, writes;
};
inline constexpr Users byShaders = {VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT,
                                    VK_ACCESS_SHADER_WRITE_BIT};
inline constexpr Users byCopies = {VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT,
                                   VK_ACCESS_TRANSFER_WRITE_BIT};
inline constexpr Users byHost = {VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT, VK_ACCESS_HOST_WRITE_BIT};
inline constexpr Users byAnyone = {byShaders.stages | byCopies.stages, byShaders.reads | byCopies.reads,
                                   byShaders.writes | byCopies.writes};

/// What the ones have done before is finished, and the others see it afterwards.
void barrier(VkCommandBuffer commands, const Users &before, const Users &after);

class LogicalDevice {
public:
  /// Failure (device) if the program's shaders need what the device lacks.
  LogicalDevice(const PhysicalDevice &physical, const sinter_program &program, const sinter_vulkan_version &version);
  ~LogicalDevice();
  LogicalDevice(const LogicalDevice &) = delete;
  LogicalDevice &operator=(const LogicalDevice &) = delete;

  VkDevice handle() const { return device_; }
  const PhysicalDevice &physical() const { return physical_; }
  const Abilities &abilities() const { return abilities_; }
  const TestSwitches &switches() const { return switches_; }
  const std::string &label() const { return label_; }
  /// Failure (device) if a call failed.
  void check(VkResult result, const char *call) const { vulkan::check(result, label_, call); }

  VkCommandBuffer makeCommands() const;
  void freeCommands(VkCommandBuffer commands) const;
  /// Runs the commands and waits. Failure (device) if the device is lost, which says that it was doing `what`.
  void run(VkCommandBuffer commands, const char *what);
  /// Records, runs and frees commands.
  void runOnce(const char *what, const std::function<void(VkCommandBuffer)> &record);

private:
  void create(const sinter_vulkan_version &version);
  void destroy();

  const PhysicalDevice physical_;
  const std::string label_;
  const TestSwitches switches_;
  Abilities abilities_;
  int64_t submissions_ = 0;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
};

} // namespace sinter::vulkan
