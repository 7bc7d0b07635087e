// What the shaders of a program need, held against what a device has.
#pragma once

#include "sinter/abi.h"
#include "vulkan/instance.h"

#include <string_view>

namespace sinter::vulkan {

/// What a device can do, as far as programs ask for it; and the structures that switch on what they need.
struct Abilities {
  explicit Abilities(const PhysicalDevice &device);
  Abilities(const Abilities &) = delete;
  Abilities &operator=(const Abilities &) = delete;

  VkPhysicalDeviceFeatures2 features{};
  VkPhysicalDeviceVulkan11Features features11{};
  VkPhysicalDeviceVulkan12Features features12{};
  VkPhysicalDeviceSubgroupSizeControlFeatures subgroupControl{};
  VkPhysicalDeviceVulkan11Properties properties11{};
  VkPhysicalDeviceVulkan12Properties properties12{};
  VkPhysicalDeviceSubgroupSizeControlProperties subgroups{};
  VkPhysicalDeviceLimits limits{};
  uint64_t largestBuffer = ~uint64_t(0);
  bool hasSubgroupControl = false;
  const char *subgroupControlExtension = nullptr; ///< null: part of the device's version
};

/// The version of the kernels called `profile`, or that for this kind of device. Failure (usage) if there is none of
/// the name.
const sinter_vulkan_version &chooseVulkanVersion(const sinter_program &program, bool isProcessor,
                                                 std::string_view profile);

/// Failure (device) that names the first thing that some shader needs, or some dispatch exceeds, and the kernel.
void checkNeeds(const sinter_program &program, const sinter_vulkan_version &version, const PhysicalDevice &device,
                const Abilities &abilities);

/// Everything switched on that the version's shaders need: `enabled` starts as what the device has and ends as that.
void enableNeeds(const sinter_vulkan_version &version, Abilities &enabled);

} // namespace sinter::vulkan
