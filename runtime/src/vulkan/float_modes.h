// What shaders ask of f32 beyond what every device keeps: execution modes of SPIR-V (float controls, core since
// Vulkan 1.2).
#pragma once

#include "vulkan/needs.h"

#include <string>
#include <vector>

namespace sinter::vulkan {

/// The shader's words without the modes that the device does not have: it computes as it is used to.
std::vector<uint32_t> withKnownModes(const sinter_shader &shader, const VkPhysicalDeviceVulkan12Properties &device);

/// For `info`, what the device promises of f32: "NaN, denormals, rounding to nearest", or some of it, or "nothing".
std::string promisesOf(const VkPhysicalDeviceVulkan12Properties &device);

} // namespace sinter::vulkan
