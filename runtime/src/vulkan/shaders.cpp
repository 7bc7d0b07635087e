#include "vulkan/shaders.h"

#include "base/error.h"

#include <mutex>
#include <new>
#include <zlib.h>

namespace sinter::vulkan {

void unpackShaders(const sinter_vulkan_version &version) {
  static std::mutex oneAtATime;
  constexpr uint32_t magic = 0x07230203; // the first word of SPIR-V
  const std::lock_guard lock(oneAtATime);
  if (!version.packed || version.words[0] == magic)
    return;
  const uLongf expected = version.word_count * sizeof(uint32_t);
  uLongf bytes = expected;
  const int result =
      uncompress(reinterpret_cast<Bytef *>(version.words), &bytes, version.packed, uLong(version.packed_bytes));
  if (result == Z_OK && bytes == expected && version.words[0] == magic)
    return;
  version.words[0] = 0; // nobody shall take them for whole
  if (result == Z_MEM_ERROR)
    throw std::bad_alloc();
  fail(Exit::Device, "the program's shaders are damaged: compile it again");
}

} // namespace sinter::vulkan
