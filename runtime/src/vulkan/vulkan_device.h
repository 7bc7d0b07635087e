// The Vulkan device, as the rest of the runtime sees it.
#pragma once

#include "program/device.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter {

struct VulkanOptions {
  std::optional<uint32_t> index; ///< exactly this device; else the best that is not the processor
  std::string profile;           ///< name of the version of the kernels; empty: the one for the kind of device
  int threads = 1;               ///< of the host's own work
  bool limitDriver = false;      ///< a driver that computes on the processor gets `threads` too

  /// `text` is what follows --device: "vulkan" or "vulkan:INDEX". Failure (usage) if it is neither.
  static VulkanOptions parse(const std::string &text);
};

/// Failure (device) that says which of the things is missing that running the program takes: kernels for Vulkan in it,
/// the loader, a driver, a device, a feature, memory.
std::unique_ptr<Device> makeVulkanDevice(const sinter_program &program, const VulkanOptions &options);

/// What `info` tells about a device.
struct VulkanDeviceInfo {
  uint32_t index;
  std::string name, type, driver, version;
  uint64_t memory;
  std::string unusable; ///< why it cannot run programs; empty: it can
  std::string profile;  ///< version of the kernels that it would run
  std::string keeps;    ///< what it promises to keep of f32, beyond what every device does
};

/// All there are, in the order of their indices. Failure (device) as above.
std::vector<VulkanDeviceInfo> listVulkanDevices(const sinter_program &program);

/// How many messages the validation layer has had for this process (SINTER_VULKAN_VALIDATE=1); 0 without it. Those of a
/// device's end come when it is destroyed, so whoever returns an exit code asks again afterwards.
uint64_t vulkanMessages();

} // namespace sinter
