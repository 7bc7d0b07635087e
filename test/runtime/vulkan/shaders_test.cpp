// Shaders are unpacked once, and only to what was packed.
#include "vulkan/shaders.h"

#include "base/error.h"

#include <gtest/gtest.h>
#include <vector>
#include <zlib.h>

namespace sinter::vulkan {

struct Packed {
  std::vector<uint32_t> original, words;
  std::vector<uint8_t> packed;

  explicit Packed(uint32_t first) : original(1000, 7), words(1000) {
    original[0] = first;
    original[999] = 42;
    uLongf bytes = compressBound(4000);
    packed.resize(bytes);
    compress(packed.data(), &bytes, reinterpret_cast<const Bytef *>(original.data()), 4000);
    packed.resize(bytes);
  }
  sinter_vulkan_version version() {
    return {.name = "p",
            .device_types = 0,
            .shader_count = 0,
            .shaders = nullptr,
            .kernels = nullptr,
            .scratch_bytes = 0,
            .packed = packed.data(),
            .packed_bytes = packed.size(),
            .words = words.data(),
            .word_count = words.size()};
  }
};

constexpr uint32_t magic = 0x07230203;

TEST(VulkanShaders, AreUnpackedOnce) {
  Packed shaders(magic);
  EXPECT_LT(shaders.packed.size(), 400u);
  unpackShaders(shaders.version());
  EXPECT_EQ(shaders.words, shaders.original);
  shaders.words[5] = 8; // somebody's own
  unpackShaders(shaders.version());
  EXPECT_EQ(shaders.words[5], 8u);
}

TEST(VulkanShaders, DamageIsSaid) {
  Packed other(1), cut(magic), changed(magic), longer(magic);
  EXPECT_THROW(unpackShaders(other.version()), Failure);
  cut.packed.resize(cut.packed.size() - 8);
  EXPECT_THROW(unpackShaders(cut.version()), Failure);
  changed.packed.back() ^= 1; // of the checksum
  EXPECT_THROW(unpackShaders(changed.version()), Failure);
  EXPECT_THROW(unpackShaders(changed.version()), Failure); // nor are they whole the next time
  sinter_vulkan_version version = longer.version();
  version.word_count = 999; // less room than it takes
  EXPECT_THROW(unpackShaders(version), Failure);
}

TEST(VulkanShaders, MayLieThereAsTheyAre) {
  Packed shaders(magic);
  sinter_vulkan_version version = shaders.version();
  version.packed = nullptr;
  unpackShaders(version);
  EXPECT_EQ(shaders.words[0], 0u);
}

} // namespace sinter::vulkan
