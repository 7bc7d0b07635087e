#include "program/open_program.h"

#include "program/device.h"
#include "program/processor.h"
#include "program/program.h"
#include "vulkan/vulkan_device.h"

namespace sinter {

std::unique_ptr<Program> openProgram(const sinter_program &description, const DeviceOptions &options) {
  Program::checkVersion(description);
  const std::string device = !options.device.empty() ? options.device : description.version_count ? "cpu" : "vulkan";
  if (device == "null")
    return std::make_unique<Program>(description, makeNullDevice(description));
  if (device == "cpu") {
    const int threads =
        options.threadsGiven
            ? options.threads
            : threadsWithinBudget(description, chooseVersion(description, options.march), options.threads);
    return std::make_unique<Program>(description, threads, options.march);
  }
  VulkanOptions vulkan = VulkanOptions::parse(device);
  vulkan.profile = options.vulkanProfile;
  vulkan.threads = options.threads;
  vulkan.limitDriver = options.threadsGiven;
  return std::make_unique<Program>(description, makeVulkanDevice(description, vulkan));
}

} // namespace sinter
