// What a driver has made of shaders, kept in a file between runs. The file is only a hint: whatever is wrong with it,
// it is left alone, and the driver starts anew.
#pragma once

#include "vulkan/api.h"

#include <cstddef>
#include <string>
#include <vector>

namespace sinter::vulkan {

/// $XDG_CACHE_HOME/sinter/vulkan-UUID-DRIVER.cache, or the same in ~/.cache; empty if the user has no such folder.
std::string pipelineCachePath(const VkPhysicalDeviceProperties &device);

/// What the file holds if it is whole and was written for just this device and driver; else nothing.
std::vector<std::byte> readPipelineCache(const std::string &path, const VkPhysicalDeviceProperties &device);

/// Writes the file; a folder that cannot be written is no error.
void writePipelineCache(const std::string &path, const VkPhysicalDeviceProperties &device,
                        const std::vector<std::byte> &data);

} // namespace sinter::vulkan
