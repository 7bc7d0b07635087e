#include "vulkan/memory.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>
#include <optional>

namespace sinter::vulkan {

static constexpr VkBufferUsageFlags kUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                             VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                                             VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

// A buffer of no bytes is not allowed.
Buffer::Buffer(LogicalDevice &device, const char *what, uint64_t bytes, uint32_t memoryType)
    : device_(device), size_(std::max<uint64_t>(bytes, SINTER_ALIGNMENT)) {
  try {
    create(what, memoryType);
  } catch (...) {
    destroy();
    throw;
  }
}

Buffer::~Buffer() { destroy(); }

void Buffer::destroy() {
  vkDestroyBuffer(device_.handle(), buffer_, nullptr);
  vkFreeMemory(device_.handle(), memory_, nullptr);
}

void Buffer::create(const char *what, uint32_t memoryType) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = size_;
  info.usage = kUsage;
  device_.check(vkCreateBuffer(device_.handle(), &info, nullptr, &buffer_), "vkCreateBuffer");
  VkMemoryRequirements requirements;
  vkGetBufferMemoryRequirements(device_.handle(), buffer_, &requirements);
  VkMemoryAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocate.allocationSize = requirements.size;
  allocate.memoryTypeIndex = memoryType;
  const VkResult result = vkAllocateMemory(device_.handle(), &allocate, nullptr, &memory_);
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
    fail(Exit::Device,
         formatted("{}: no memory left for the {} of {} bytes; the device has {} bytes in all, others use them too",
                   device_.label(), what, size_, device_.physical().memory));
  device_.check(result, "vkAllocateMemory");
  device_.check(vkBindBufferMemory(device_.handle(), buffer_, memory_, 0), "vkBindBufferMemory");
  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(device_.physical().handle, &memory);
  if (!(memory.memoryTypes[memoryType].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT))
    return;
  void *data;
  device_.check(vkMapMemory(device_.handle(), memory_, 0, VK_WHOLE_SIZE, 0, &data), "vkMapMemory");
  data_ = static_cast<std::byte *>(data);
}

// The first type that has all of `wanted`.
static std::optional<uint32_t> findType(const VkPhysicalDeviceMemoryProperties &memory, uint32_t allowed,
                                        VkMemoryPropertyFlags wanted) {
  for (uint32_t t = 0; t < memory.memoryTypeCount; ++t)
    if ((allowed >> t & 1) && (memory.memoryTypes[t].propertyFlags & wanted) == wanted)
      return t;
  return std::nullopt;
}

// Which types buffers of our usage may have: the same for any size.
static uint32_t allowedTypes(const LogicalDevice &device) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = SINTER_ALIGNMENT;
  info.usage = kUsage;
  VkBuffer buffer;
  device.check(vkCreateBuffer(device.handle(), &info, nullptr, &buffer), "vkCreateBuffer");
  VkMemoryRequirements requirements;
  vkGetBufferMemoryRequirements(device.handle(), buffer, &requirements);
  vkDestroyBuffer(device.handle(), buffer, nullptr);
  return requirements.memoryTypeBits;
}

MemoryChoice MemoryChoice::of(const LogicalDevice &device) {
  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(device.physical().handle, &memory);
  const uint32_t allowed = allowedTypes(device);
  constexpr VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                                  cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                  reached = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  // Vulkan promises a type that is local and one that is visible and coherent. Without a cache the host reads at a
  // crawl, as from a graphics card's memory over the bus: copies are faster then.
  std::optional<uint32_t> both = findType(memory, allowed, local | reached | cached),
                          staging = findType(memory, allowed, reached | cached);
  if (device.switches().staging)
    both.reset();
  MemoryChoice choice{};
  choice.unified = both.has_value();
  choice.blocks = both ? *both : findType(memory, allowed, local).value_or(0);
  choice.staging = staging ? *staging : findType(memory, allowed, reached).value_or(0);
  choice.heap = memory.memoryHeaps[memory.memoryTypes[choice.blocks].heapIndex].size;
  return choice;
}

void checkRoom(const LogicalDevice &device, const sinter_program &program, uint64_t scratchBytes,
               const MemoryChoice &choice) {
  const uint64_t largest =
      std::min(device.abilities().largestBuffer, uint64_t(device.abilities().properties11.maxMemoryAllocationSize));
  const std::pair<const char *, uint64_t> blocks[] = {{"parameters and optimizer memory", program.state_bytes},
                                                      {"arena", program.vulkan_plan->arena_bytes},
                                                      {"constants", program.constant_bytes},
                                                      {"scratch memory", scratchBytes}};
  const uint64_t arena = program.vulkan_plan->arena_bytes,
                 total = program.state_bytes + arena + program.constant_bytes + scratchBytes;
  const uint64_t allowed = std::min(largest, choice.heap);
  for (const auto &[what, bytes] : blocks)
    if (bytes > allowed)
      fail(Exit::Device,
           formatted("{}: memory too small: the {} take{} {} bytes, the device allows {} for one buffer; use --device "
                     "cpu, or compile {}a smaller model or batch",
                     device.label(), what, what[0] == 'p' || what[0] == 'c' ? "" : "s", bytes, allowed,
                     what[0] == 'a'
                         ? formatted("with --memory-budget={}, or ", std::min(total - arena + allowed, choice.heap))
                         : ""));
  if (total > choice.heap)
    fail(Exit::Device,
         formatted("{}: memory too small: the program takes {} bytes, the device has {}; use --device cpu, or compile "
                   "with --memory-budget={}, or a smaller model or batch",
                   device.label(), total, choice.heap, choice.heap));
}

} // namespace sinter::vulkan
