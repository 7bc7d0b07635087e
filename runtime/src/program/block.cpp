#include "program/block.h"

#include "base/error.h"
#include "base/format.h"

#include <sys/mman.h>
#include <unistd.h>

namespace sinter {

static constexpr size_t hugePage = size_t(2) << 20;

Block::Block(const char *what, size_t bytes) : data_(nullptr), size_(bytes) {
  if (!bytes)
    return;
  void *address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED)
    fail(Exit::Device, formatted("device cpu: no memory for the {} of {} bytes; the machine has {} bytes", what, bytes,
                                 uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE))));
  if (bytes >= hugePage)
    madvise(address, bytes, MADV_HUGEPAGE); // only a hint: fewer page faults and TLB misses
  data_ = static_cast<std::byte *>(address);
}

Block::~Block() {
  if (data_)
    munmap(data_, size_);
}

} // namespace sinter
