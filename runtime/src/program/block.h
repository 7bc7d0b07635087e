// Zeroed memory of a fixed size, page aligned, from the system.
#pragma once

#include <cstddef>

namespace sinter {

/// Throws Failure (device) with both sizes if the system has no room.
class Block {
public:
  Block(const char *what, size_t bytes);
  ~Block();
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  std::byte *data() const { return data_; }
  size_t size() const { return size_; }

private:
  std::byte *data_;
  size_t size_;
};

} // namespace sinter
