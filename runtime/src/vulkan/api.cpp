// volk is a header with its implementation in a second file; both are compiled here.
#define VOLK_IMPLEMENTATION
#include "vulkan/api.h"

#include "base/error.h"
#include "base/format.h"

namespace sinter::vulkan {

std::string resultName(VkResult result) {
  switch (result) {
#define SINTER_CASE(name)                                                                                              \
  case name:                                                                                                           \
    return #name;
    SINTER_CASE(VK_SUCCESS)
    SINTER_CASE(VK_TIMEOUT)
    SINTER_CASE(VK_ERROR_OUT_OF_HOST_MEMORY)
    SINTER_CASE(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    SINTER_CASE(VK_ERROR_INITIALIZATION_FAILED)
    SINTER_CASE(VK_ERROR_DEVICE_LOST)
    SINTER_CASE(VK_ERROR_MEMORY_MAP_FAILED)
    SINTER_CASE(VK_ERROR_LAYER_NOT_PRESENT)
    SINTER_CASE(VK_ERROR_EXTENSION_NOT_PRESENT)
    SINTER_CASE(VK_ERROR_FEATURE_NOT_PRESENT)
    SINTER_CASE(VK_ERROR_INCOMPATIBLE_DRIVER)
    SINTER_CASE(VK_ERROR_TOO_MANY_OBJECTS)
    SINTER_CASE(VK_ERROR_OUT_OF_POOL_MEMORY)
    SINTER_CASE(VK_ERROR_INVALID_SHADER_NV)
#undef SINTER_CASE
  default:
    return formatted("VkResult {}", int(result));
  }
}

void check(VkResult result, const std::string &device, const char *call) {
  if (result < 0)
    fail(Exit::Device, formatted("{}: {} failed with {}", device, call, resultName(result)));
}

} // namespace sinter::vulkan
