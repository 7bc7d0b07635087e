// Buffers: a program's blocks on the device, and what the host reaches of them.
#pragma once

#include "vulkan/logical.h"

#include <cstddef>

namespace sinter::vulkan {

/// One buffer with memory of its own. Failure (device) with both sizes if there is no room.
class Buffer {
public:
  Buffer(LogicalDevice &device, const char *what, uint64_t bytes, uint32_t memoryType);
  ~Buffer();
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  VkBuffer handle() const { return buffer_; }
  uint64_t size() const { return size_; }
  /// Its address for the host; null if the memory type does not allow that.
  std::byte *data() const { return data_; }

private:
  void create(const char *what, uint32_t memoryType);
  void destroy();

  LogicalDevice &device_;
  uint64_t size_;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  std::byte *data_ = nullptr;
};

/// Kinds of memory that a device offers for a program's blocks.
struct MemoryChoice {
  uint32_t blocks;  ///< type of the blocks' memory
  uint32_t staging; ///< type of memory that the host reads and writes, and the device copies from and to
  bool unified;     ///< the host reads and writes the blocks themselves, as fast as its own memory
  uint64_t heap;    ///< bytes of the heap that the blocks come from

  static MemoryChoice of(const LogicalDevice &device);
};

/// Failure (device) with both numbers if the program's blocks cannot fit.
void checkRoom(const LogicalDevice &device, const sinter_program &program, uint64_t scratchBytes,
               const MemoryChoice &choice);

} // namespace sinter::vulkan
