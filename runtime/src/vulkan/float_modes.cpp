#include "vulkan/float_modes.h"

#include <algorithm>

namespace sinter::vulkan {

namespace {

struct FloatMode {
  uint32_t capability, mode; // of SPIR-V
  VkBool32 VkPhysicalDeviceVulkan12Properties::*property;
  const char *name;
};

constexpr FloatMode floatModes[] = {
    {4466, 4461, &VkPhysicalDeviceVulkan12Properties::shaderSignedZeroInfNanPreserveFloat32,
     "NaN, infinities and signs of zeros"},
    {4464, 4459, &VkPhysicalDeviceVulkan12Properties::shaderDenormPreserveFloat32, "denormals"},
    {4467, 4462, &VkPhysicalDeviceVulkan12Properties::shaderRoundingModeRTEFloat32, "rounding to nearest"},
};

constexpr uint32_t headerWords = 5, opExecutionMode = 16, opCapability = 17, opFunction = 54;

} // namespace

std::vector<uint32_t> withKnownModes(const sinter_shader &shader, const VkPhysicalDeviceVulkan12Properties &device) {
  const uint32_t *words = shader.words;
  std::vector<uint32_t> kept(words, words + std::min<uint64_t>(headerWords, shader.word_count));
  for (uint64_t at = headerWords; at < shader.word_count;) {
    const uint32_t opcode = words[at] & 0xffff, count = words[at] >> 16;
    if (opcode == opFunction || count == 0 || at + count > shader.word_count) { // nothing of this kind follows
      kept.insert(kept.end(), words + at, words + shader.word_count);
      break;
    }
    const bool unknown = std::any_of(std::begin(floatModes), std::end(floatModes), [&](const FloatMode &mode) {
      return !(device.*mode.property) && ((opcode == opCapability && count == 2 && words[at + 1] == mode.capability) ||
                                          (opcode == opExecutionMode && count == 4 && words[at + 2] == mode.mode));
    });
    if (!unknown)
      kept.insert(kept.end(), words + at, words + at + count);
    at += count;
  }
  return kept;
}

std::string promisesOf(const VkPhysicalDeviceVulkan12Properties &device) {
  std::string text;
  for (const FloatMode &mode : floatModes)
    if (device.*mode.property)
      text += (text.empty() ? "" : ", ") + std::string(mode.name);
  return text.empty() ? "nothing" : text;
}

} // namespace sinter::vulkan
