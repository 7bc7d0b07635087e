// One entry of a program, recorded: its descriptors, its barriers and its command buffers, made once and run at every
// call.
#pragma once

#include "base/trace.h"
#include "vulkan/hazards.h"
#include "vulkan/memory.h"
#include "vulkan/pipelines.h"

#include <memory>

namespace sinter::vulkan {

/// The blocks of a program on the device.
struct Blocks {
  VkBuffer arena, state, constants, scratch;
};

/// Bytes that are copied between the staging buffer and the arena, before an entry runs or after.
struct Copy {
  uint64_t arena, staging, bytes;
};
struct Copies {
  VkBuffer staging = VK_NULL_HANDLE; ///< null: the host reaches the arena itself, and nothing is copied
  std::vector<Copy> inputs, outputs;
};

class Recording {
public:
  Recording(LogicalDevice &device, Pipelines &pipelines, const sinter_vulkan_version &version,
            const sinter_entry &entry, const Blocks &blocks, Copies copies);
  ~Recording();
  Recording(const Recording &) = delete;
  Recording &operator=(const Recording &) = delete;

  /// Runs the entry. If `seconds` is not null, each launch's time is added to its element. A trace that is active is
  /// told of each launch, if the device has timestamps.
  void run(double *seconds);

  /// What is recorded between the copies, for checks.
  const std::vector<Step> &steps() const { return steps_; }

private:
  void writeDescriptors();
  void makeView(VkBuffer buffer, const Access &access);
  VkCommandBuffer record(bool timed);
  void prepareTiming();
  void runTimed();
  double secondsAt(uint32_t timestamp) const;
  void tell(Trace &trace);
  void destroy();
  uint32_t runs() const { return steps_.empty() ? 0 : steps_.back().run + 1; }

  LogicalDevice &device_;
  Pipelines &pipelines_;
  const sinter_vulkan_version &version_;
  const sinter_entry &entry_;
  const Blocks blocks_;
  const Copies copies_;
  std::vector<const sinter_dispatch *> dispatches_; // of all launches, in order; the same indices as the two below
  std::vector<Step> steps_;
  std::vector<VkDescriptorSet> sets_;
  std::vector<VkBufferView> views_; // of the bindings that are read as texels
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE, timedCommands_ = VK_NULL_HANDLE;
  VkQueryPool queries_ = VK_NULL_HANDLE; // one timestamp at the start and one after each run of a launch
  std::vector<uint64_t> timestamps_;
  bool named_ = false; // the queue's lane of a trace
};

/// The accesses of an entry's dispatches in order, without barriers; loops are unrolled. Failure (device) if one
/// reaches outside of its operand.
std::vector<Step> listSteps(const sinter_vulkan_version &version, const sinter_entry &entry);

} // namespace sinter::vulkan
