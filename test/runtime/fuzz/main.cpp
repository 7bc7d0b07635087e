// The fuzzer: libFuzzer over one target, or what is there to fuzz.
//   runtime_fuzz --list                          the targets' names
//   runtime_fuzz --target=NAME --seeds=FOLDER    writes the target's seeds there; each must be taken
//   runtime_fuzz --target=NAME [-runs=N] [...] FOLDER...    libFuzzer's own options begin with one dash
// At the end it says how many inputs it read and how many were taken. An input that costs more than its size and 64 MB
// of memory is a fault (where the address sanitizer watches it: runtime_fuzz_quick is built without).
#include "target.h"

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <fstream>
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

namespace sinter::test {

namespace {

constexpr int64_t spare = int64_t(64) << 20;

const Target *target;
int64_t inputs, taken;
std::atomic<int64_t> live, peak; // bytes of memory

#if __has_feature(address_sanitizer)
void allocated(const volatile void *, size_t size) {
  const int64_t now = live += int64_t(size);
  for (int64_t before = peak; now > before && !peak.compare_exchange_weak(before, now);)
    ;
}
void freed(const volatile void *data) {
  if (data)
    live -= int64_t(__sanitizer_get_allocated_size(data));
}
void watchMemory() { require(__sanitizer_install_malloc_and_free_hooks(allocated, freed), "memory can be watched"); }
#else
void watchMemory() {}
#endif

const std::vector<Target> &targets() {
  static const std::vector<Target> all = [] {
    std::vector<Target> found;
    for (auto *group : {tensorTargets, arrayTargets, tokenTargets, tokenizerTargets, settingTargets})
      for (Target &one : group())
        found.push_back(std::move(one));
    return found;
  }();
  return all;
}

void writeSeeds(const std::string &folder) {
  for (size_t i = 0; i < target->seeds.size(); ++i) {
    std::ofstream(folder + "/seed" + std::to_string(i), std::ios::binary) << target->seeds[i];
    try {
      target->read(target->seeds[i]);
    } catch (const Failure &failure) {
      std::fprintf(stderr, "fuzz: %s: seed %zu is refused: %s\n", target->name, i, failure.what());
      std::exit(1);
    }
  }
}

void report() { std::printf("%s: %" PRId64 " inputs, %" PRId64 " taken\n", target->name, inputs, taken); }

Folder &folder() {
  static Folder folder;
  return folder;
}

} // namespace

std::string fuzzFile(const std::string &name, std::string_view content) {
  const std::string path = folder() / name;
  FILE *file = std::fopen(path.c_str(), "wb");
  require(file && std::fwrite(content.data(), 1, content.size(), file) == content.size() && std::fclose(file) == 0,
          "files can be written");
  return path;
}

std::string joined(const std::string &first, const std::string &second) {
  const auto size = uint32_t(first.size());
  return std::string(reinterpret_cast<const char *>(&size), sizeof size) + first + second;
}

std::pair<std::string, std::string> parted(const std::string &input) {
  uint32_t size = 0;
  if (input.size() < sizeof size)
    return {input, ""};
  std::memcpy(&size, input.data(), sizeof size);
  const std::string rest = input.substr(sizeof size);
  const size_t first = std::min<size_t>(size, rest.size());
  return {rest.substr(0, first), rest.substr(first)};
}

} // namespace sinter::test

using namespace sinter::test;

extern "C" int LLVMFuzzerInitialize(int *argc, char ***argv) {
  std::string name, seeds;
  for (int i = 1; i < *argc; ++i) {
    const std::string word = (*argv)[i];
    if (word == "--list") {
      for (const Target &one : targets())
        std::printf("%s\n", one.name);
      std::exit(0);
    }
    if (word.starts_with("--target="))
      name = word.substr(9);
    if (word.starts_with("--seeds="))
      seeds = word.substr(8);
  }
  for (const Target &one : targets())
    if (name == one.name)
      target = &one;
  if (!target) {
    std::fprintf(stderr, "fuzz: no target '%s': --list has them\n", name.c_str());
    std::exit(2);
  }
  folder();
  if (!seeds.empty()) {
    writeSeeds(seeds);
    std::exit(0);
  }
  std::atexit(report);
  watchMemory();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ++inputs;
  const std::string input(reinterpret_cast<const char *>(data), size);
  const int64_t before = live;
  peak = before;
  taken += attempt([&] { target->read(input); });
  require(peak - before <= int64_t(size) + spare, "an input costs its size and 64 MB at most");
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  Mutator mutator(seed);
  if (mutator.below(3) == 0)
    return LLVMFuzzerMutate(data, size, most);
  std::string input(reinterpret_cast<const char *>(data), size);
  for (size_t n = 1 + mutator.below(3); n > 0; --n)
    target->change(mutator, input);
  input.resize(std::min(input.size(), most));
  std::memcpy(data, input.data(), input.size());
  return input.size();
}
