#include "program/processor.h"

#include "base/error.h"
#include "base/format.h"

namespace sinter {

static constexpr const char *names[] = {
#define SINTER_NAME(name) name,
    SINTER_X86_FEATURES(SINTER_NAME)
#undef SINTER_NAME
};

uint64_t processorFeatures() {
  uint64_t features = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  uint64_t bit = 1;
#define SINTER_TEST(name)                                                                                              \
  features |= __builtin_cpu_supports(name) ? bit : 0;                                                                  \
  bit <<= 1;
  SINTER_X86_FEATURES(SINTER_TEST)
#undef SINTER_TEST
#endif
  return features;
}

std::string featureNames(uint64_t features) {
  std::string text;
  for (size_t i = 0; i < std::size(names); ++i)
    if (features >> i & 1)
      text += formatted("{}{}", text.empty() ? "" : " ", names[i]);
  return text;
}

const sinter_version &chooseVersion(const sinter_program &program, std::string_view wanted, uint64_t features) {
  if (program.version_count == 0)
    fail(Exit::Device,
         formatted("device cpu: not compiled into this program, which is for {}; use --device vulkan, or compile "
                   "the model with --target=cpu,vulkan",
                   program.target));
  const sinter_version *best = nullptr, *candidate = nullptr;
  std::string known;
  for (uint32_t v = 0; v < program.version_count; ++v) {
    const sinter_version &version = program.versions[v];
    known += formatted("{}{}", v ? ", " : "", version.name);
    if (!wanted.empty() && wanted != version.name)
      continue;
    if (!candidate) // the first asks for least
      candidate = &version;
    if ((version.features & ~features) == 0)
      best = &version;
  }
  if (best)
    return *best;
  if (!candidate)
    fail(Exit::Usage, formatted("--march {}: the program has no such version; it has {}", wanted, known));
  fail(Exit::Device, formatted("processor: {} needs {}, which this processor lacks; compile the model with "
                               "--march=native on this machine, or for a lesser one",
                               candidate->name, featureNames(candidate->features & ~features)));
}

} // namespace sinter
