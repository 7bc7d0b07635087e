// Pipelines, one a shader, made when an entry first needs them.
#pragma once

#include "vulkan/logical.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace sinter::vulkan {

class Pipelines {
public:
  /// `threads`: how many of the host's threads compile.
  Pipelines(LogicalDevice &device, const sinter_vulkan_version &version, int threads);
  ~Pipelines();
  Pipelines(const Pipelines &) = delete;
  Pipelines &operator=(const Pipelines &) = delete;

  /// Makes those of `shaders` that are not there yet, several at a time, and keeps what the driver made for the next
  /// run.
  void prepare(const std::vector<uint32_t> &shaders);

  VkPipeline pipeline(uint32_t shader) const { return pipelines_[shader]; }
  VkPipelineLayout layout(uint32_t shader);
  VkDescriptorSetLayout setLayout(uint32_t shader);

private:
  void make(uint32_t shader);
  void save();

  LogicalDevice &device_;
  const sinter_vulkan_version &version_;
  const int threads_;
  const std::string cachePath_;
  size_t cachedBytes_ = 0;
  VkPipelineCache cache_ = VK_NULL_HANDLE;
  std::vector<VkPipeline> pipelines_; // by shader
  std::map<std::pair<uint32_t, uint32_t>, VkDescriptorSetLayout>
      setLayouts_;                                              // by bindings and which of them are texels
  std::map<std::array<uint32_t, 3>, VkPipelineLayout> layouts_; // by the same and push constants
};

} // namespace sinter::vulkan
