// Vulkan itself: the loader, the validation layer if it is asked for, the devices there are, and the choice among them.
#pragma once

#include "vulkan/api.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinter::vulkan {

struct PhysicalDevice {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties{};
  std::string driver;
  uint64_t memory = 0; ///< bytes of its own memory
  uint32_t index = 0, queueFamily = 0;
  uint32_t timestampBits = 0; ///< of its queue; 0: it has no timestamps
  std::string unusable;       ///< why it cannot run programs; empty: it can

  bool isProcessor() const { return properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU; }
  /// For messages: "device vulkan:0 (llvmpipe)".
  std::string label() const;
};

/// For example "discrete GPU".
const char *typeName(VkPhysicalDeviceType type);

/// "0: llvmpipe (software on the processor); 1: ...".
std::string listOf(const std::vector<PhysicalDevice> &devices);

class Instance {
public:
  /// Failure (device): no loader, no driver, too old, or no validation layer though SINTER_VULKAN_VALIDATE=1 asks for
  /// it.
  Instance();
  ~Instance();
  Instance(const Instance &) = delete;
  Instance &operator=(const Instance &) = delete;

  const std::vector<PhysicalDevice> &devices() const { return devices_; }
  /// Exactly the one with the index; or the best one that is a device of its own, which software is only when asked
  /// for.
  const PhysicalDevice &choose(std::optional<uint32_t> index) const;

private:
  void create();
  void destroy();
  void findDevices();

  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  std::vector<PhysicalDevice> devices_;
};

/// Whether SINTER_VULKAN_VALIDATE=1.
bool validates();
/// The first message of the validation layer since the last call; empty if there was none.
std::string takeMessage();

} // namespace sinter::vulkan
