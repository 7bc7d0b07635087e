#include "vulkan/instance.h"

#include "base/error.h"
#include "base/format.h"
#include "files/files.h"
#include "vulkan/vulkan_device.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace sinter {

static std::atomic<uint64_t> messages{0};

uint64_t vulkanMessages() { return messages.load(); }

namespace vulkan {

static constexpr const char *validationLayer = "VK_LAYER_KHRONOS_validation";
static constexpr uint32_t oldest = VK_API_VERSION_1_2;

static std::mutex messageMutex;
static std::string firstMessage;

bool validates() {
  const char *value = std::getenv("SINTER_VULKAN_VALIDATE");
  return value && *value && std::strcmp(value, "0") != 0;
}

std::string takeMessage() {
  const std::lock_guard lock(messageMutex);
  return std::exchange(firstMessage, std::string());
}

static VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                                const VkDebugUtilsMessengerCallbackDataEXT *data, void *) {
  const std::string text = formatted("{}: {}", data->pMessageIdName ? data->pMessageIdName : "message", data->pMessage);
  const std::string line = formatted("validation: {}\n", text);
  (void)writeAll(STDERR_FILENO, line.data(), line.size());
  const std::lock_guard lock(messageMutex);
  if (firstMessage.empty())
    firstMessage = text;
  ++messages;
  return VK_FALSE;
}

static std::string versionText(uint32_t version) {
  return formatted("{}.{}.{}", VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version),
                   VK_API_VERSION_PATCH(version));
}

const char *typeName(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return "discrete GPU";
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return "integrated GPU";
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return "virtual GPU";
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return "software on the processor";
  default:
    return "device";
  }
}

std::string PhysicalDevice::label() const { return formatted("device vulkan:{} ({})", index, properties.deviceName); }

std::string listOf(const std::vector<PhysicalDevice> &devices) {
  std::string text;
  for (const PhysicalDevice &device : devices)
    text += formatted("{}{}: {}, {}", text.empty() ? "" : "; ", device.index, device.properties.deviceName,
                      typeName(device.properties.deviceType));
  return text;
}

Instance::Instance() {
  try {
    create();
    findDevices();
  } catch (...) {
    destroy();
    throw;
  }
}

Instance::~Instance() { destroy(); }

void Instance::destroy() {
  if (messenger_)
    vkDestroyDebugUtilsMessengerEXT(instance_, messenger_, nullptr);
  if (instance_)
    vkDestroyInstance(instance_, nullptr);
}

void Instance::create() {
  if (volkInitialize() != VK_SUCCESS)
    fail(Exit::Device,
         "device vulkan: this machine has no Vulkan loader (libvulkan.so.1); install it with a driver (Debian: "
         "libvulkan1, mesa-vulkan-drivers), or use --device cpu");
  if (const uint32_t version = volkGetInstanceVersion(); version < oldest)
    fail(Exit::Device, formatted("device vulkan: the loader is of version {}, at least {} is needed; use --device cpu",
                                 versionText(version), versionText(oldest)));

  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pEngineName = "sinter";
  application.apiVersion = VK_API_VERSION_1_3; // the newest whose structures are used, not the oldest that will do
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;

  VkDebugUtilsMessengerCreateInfoEXT messenger{};
  messenger.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  messenger.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  messenger.messageType =
      VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
  messenger.pfnUserCallback = onMessage;
  const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
  VkValidationFeaturesEXT features{};
  features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
  features.pNext = &messenger; // for messages of creation and destruction
  features.enabledValidationFeatureCount = 1;
  features.pEnabledValidationFeatures = &synchronization;
  const char *extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
  if (validates()) {
    info.pNext = &features;
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &validationLayer;
    info.enabledExtensionCount = 2;
    info.ppEnabledExtensionNames = extensions;
  }

  const VkResult result = vkCreateInstance(&info, nullptr, &instance_);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    fail(Exit::Device,
         "device vulkan: this machine has no Vulkan driver; install one (Debian: mesa-vulkan-drivers), or use "
         "--device cpu");
  if (result == VK_ERROR_LAYER_NOT_PRESENT || result == VK_ERROR_EXTENSION_NOT_PRESENT)
    fail(Exit::Device,
         formatted("device vulkan: SINTER_VULKAN_VALIDATE needs the layer {}, which is not installed (Debian: "
                   "vulkan-validationlayers)",
                   validationLayer));
  check(result, "device vulkan", "vkCreateInstance");
  volkLoadInstance(instance_);
  if (validates())
    check(vkCreateDebugUtilsMessengerEXT(instance_, &messenger, nullptr, &messenger_), "device vulkan",
          "vkCreateDebugUtilsMessengerEXT");
}

static PhysicalDevice describe(VkPhysicalDevice handle, uint32_t index) {
  PhysicalDevice device;
  device.handle = handle;
  device.index = index;
  vkGetPhysicalDeviceProperties(handle, &device.properties);
  if (device.properties.apiVersion < oldest) {
    device.unusable = formatted("it has Vulkan {}, at least {} is needed", versionText(device.properties.apiVersion),
                                versionText(oldest));
    return device;
  }
  VkPhysicalDeviceDriverProperties driver{};
  driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &driver;
  vkGetPhysicalDeviceProperties2(handle, &properties);
  device.driver = formatted("{} {}", driver.driverName, driver.driverInfo);

  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(handle, &memory);
  for (uint32_t h = 0; h < memory.memoryHeapCount; ++h)
    if (memory.memoryHeaps[h].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      device.memory = std::max<uint64_t>(device.memory, memory.memoryHeaps[h].size);

  uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, families.data());
  const auto family = std::find_if(families.begin(), families.end(), [](const VkQueueFamilyProperties &f) {
    return f.queueFlags & VK_QUEUE_COMPUTE_BIT;
  });
  if (family == families.end()) {
    device.unusable = "it has no queue for compute";
    return device;
  }
  device.queueFamily = uint32_t(family - families.begin());
  device.timestampBits = family->timestampValidBits;
  return device;
}

void Instance::findDevices() {
  uint32_t count = 0;
  VkResult result = vkEnumeratePhysicalDevices(instance_, &count, nullptr);
  std::vector<VkPhysicalDevice> handles(count);
  if (result == VK_SUCCESS && count)
    result = vkEnumeratePhysicalDevices(instance_, &count, handles.data());
  if (result == VK_ERROR_INITIALIZATION_FAILED) // a driver for hardware that is not there
    count = 0;
  else
    check(result, "device vulkan", "vkEnumeratePhysicalDevices");
  for (uint32_t i = 0; i < count; ++i)
    devices_.push_back(describe(handles[i], i));
}

const PhysicalDevice &Instance::choose(std::optional<uint32_t> index) const {
  if (devices_.empty())
    fail(Exit::Device, "device vulkan: the Vulkan drivers of this machine find no device; use --device cpu");
  if (index) {
    if (*index >= devices_.size())
      fail(Exit::Device,
           formatted("device vulkan:{}: there is no such device; there are {}", *index, listOf(devices_)));
    const PhysicalDevice &device = devices_[*index];
    if (!device.unusable.empty())
      fail(Exit::Device,
           formatted("{}: cannot be used: {}; use another, or --device cpu", device.label(), device.unusable));
    return device;
  }
  const auto rank = [](const PhysicalDevice &device) {
    switch (device.properties.deviceType) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return 0;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return 1;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return 2;
    default:
      return 3;
    }
  };
  const PhysicalDevice *best = nullptr;
  for (const PhysicalDevice &device : devices_)
    if (device.unusable.empty() && !device.isProcessor() && (!best || rank(device) < rank(*best)))
      best = &device;
  if (best)
    return *best;
  for (const PhysicalDevice &device : devices_)
    if (device.unusable.empty())
      fail(Exit::Device,
           formatted("device vulkan: this machine has no GPU, only {}; --device vulkan:{} takes that, --device cpu "
                     "is faster",
                     listOf(devices_), device.index));
  fail(Exit::Device, formatted("device vulkan: none of the devices can be used: {}: {}; use --device cpu",
                               listOf(devices_), devices_.front().unusable));
}

} // namespace vulkan

} // namespace sinter
