// The functions of Vulkan, found at run time by volk: an executable starts where there is no loader.
// Only what the loader hands out is used, never one device's own table, so that several devices and instances can live
// side by side.
#pragma once

#define VK_NO_PROTOTYPES
#include <volk.h>

#include <string>

namespace sinter::vulkan {

/// For example "VK_ERROR_OUT_OF_DEVICE_MEMORY".
std::string resultName(VkResult result);

/// Failure (device) that names the device and the call, if it failed.
void check(VkResult result, const std::string &device, const char *call);

} // namespace sinter::vulkan
