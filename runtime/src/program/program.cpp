#include "program/program.h"

#include "base/error.h"
#include "base/format.h"
#include "base/trace.h"
#include "program/device.h"
#include "program/processor.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace sinter {

Program::Program(const sinter_program &program, int threads, std::string_view march) : Program(program, nullptr) {
  version_ = &chooseVersion(program, march);
  const uint64_t bytes = cpuMemoryBytes(program, *version_, threads);
  if (program.memory_budget && bytes > program.memory_budget)
    fail(Exit::Usage, formatted("with {} thread{} the program takes {} bytes, but it was compiled to stay within {} "
                                "(--memory-budget){}",
                                threads, threads == 1 ? "" : "s", bytes, program.memory_budget,
                                threads == 1 ? ""
                                             : formatted(": --threads {} is the most that fits",
                                                         threadsWithinBudget(program, *version_, threads))));
  device_ = makeCpuDevice(program, *version_, threads);
}

Program::Program(const sinter_program &program, std::unique_ptr<Device> device)
    : program_(program), version_(nullptr), device_(std::move(device)) {
  checkVersion(program);
}

void Program::checkVersion(const sinter_program &program) {
  if (program.abi_version != SINTER_ABI_VERSION)
    fail(Exit::Device, formatted("program: compiled for interface version {}, this runtime has version {}; compile and "
                                 "link it with one version of sinter",
                                 program.abi_version, SINTER_ABI_VERSION));
}

Program::~Program() = default;

template <typename T, typename Name>
static const T *findNamed(const T *items, uint32_t count, std::string_view name, Name nameOf) {
  for (uint32_t i = 0; i < count; ++i)
    if (name == nameOf(items[i]))
      return &items[i];
  return nullptr;
}

const sinter_entry *Program::findEntry(std::string_view name) const {
  return findNamed(plan().entries, program_.entry_count, name, [](const sinter_entry &e) { return e.name; });
}

const sinter_state *Program::findState(std::string_view name) const {
  return findNamed(program_.states, program_.state_count, name, [](const sinter_state &s) { return s.tensor.name; });
}

const sinter_input *Program::findInput(const sinter_entry &entry, std::string_view name) {
  return findNamed(entry.inputs, entry.input_count, name, [](const sinter_input &i) { return i.tensor.name; });
}

const sinter_input *Program::findProgramInput(const sinter_entry &entry, std::string_view name) {
  constexpr std::string_view prefix = "sinter.";
  for (uint32_t i = 0; i < entry.input_count; ++i)
    if (const std::string_view full = entry.inputs[i].tensor.name;
        full.starts_with(prefix) && full.substr(prefix.size()) == name)
      return &entry.inputs[i];
  return findInput(entry, name);
}

const sinter_tensor *Program::findOutput(const sinter_entry &entry, std::string_view name) {
  return findNamed(entry.outputs, entry.output_count, name, [](const sinter_tensor &t) { return t.name; });
}

void *Program::data(const sinter_state &state) {
  untouched_ = false;
  if (preparation_)
    preparation_->touched(state);
  return device_->state() + state.tensor.offset;
}
const void *Program::toRead(const sinter_state &state) { return device_->stateToRead() + state.tensor.offset; }
void *Program::data(const sinter_input &input) { return device_->arena() + input.tensor.offset; }
const void *Program::data(const sinter_tensor &output) { return device_->arena() + output.offset; }

void Program::run(const sinter_entry &entry, double *launchSeconds) {
  if (!preparation_)
    preparation_.emplace(program_, plan());
  untouched_ = false;
  prepareFor(entry);
  const TraceSpan span("entry", entry.name);
  device_->run(entry, launchSeconds);
  preparation_->ran(entry);
}

// What runs before uses the arena, where the inputs are.
void Program::prepareFor(const sinter_entry &entry) {
  const sinter_entry *prepare = preparation_->before(entry);
  if (!prepare)
    return;
  std::vector<std::vector<std::byte>> inputs;
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    const auto *bytes = static_cast<const std::byte *>(data(entry.inputs[i]));
    inputs.emplace_back(bytes, bytes + entry.inputs[i].tensor.bytes);
  }
  device_->run(*prepare, nullptr);
  preparation_->ran(*prepare);
  for (uint32_t i = 0; i < entry.input_count; ++i)
    std::memcpy(data(entry.inputs[i]), inputs[i].data(), inputs[i].size());
}

const sinter_plan &Program::plan() const { return device_->plan(); }
int Program::threads() const { return device_->threads(); }

void Program::setDefaults(const sinter_entry &entry) {
  for (uint32_t i = 0; i < entry.input_count; ++i)
    if (entry.inputs[i].has_default)
      storeScalar(entry.inputs[i].tensor.dtype, data(entry.inputs[i]), entry.inputs[i].value);
}

bool Program::setScalar(const sinter_entry &entry, std::string_view name, double value) {
  const sinter_input *input = findProgramInput(entry, name);
  if (!input || input->tensor.rank != 0)
    return false;
  storeScalar(input->tensor.dtype, data(*input), value);
  return true;
}

double Program::scalar(const sinter_entry &entry, std::string_view name) {
  const sinter_tensor *output = findOutput(entry, name);
  if (!output || elementCount(*output) != 1)
    return std::numeric_limits<double>::quiet_NaN();
  return numberAt(output->dtype, data(*output), 0);
}

const char *weightsKind(const sinter_program &program) {
  constexpr std::string_view packed = "packed.", transposed = ".transposed";
  for (uint32_t s = 0; s < program.state_count; ++s) {
    const sinter_tensor &words = program.states[s].tensor;
    std::string_view name = words.name;
    if (program.states[s].role != SINTER_TRANSIENT || words.rank != 3 || !name.starts_with(packed))
      continue;
    name.remove_prefix(packed.size());
    const bool turned = name.ends_with(transposed);
    name.remove_suffix(turned ? transposed.size() : 0);
    for (uint32_t w = 0; w < program.state_count; ++w)
      if (const sinter_tensor &weights = program.states[w].tensor; weights.name == name && weights.rank == 2) {
        // Steps of k in a word: one of f32, two of 16 bits, four, eight; the last word may have fewer.
        const double steps = double(weights.shape[turned ? 1 : 0]) / double(words.shape[1]);
        return steps > 4 ? "int4" : steps > 2 ? "int8" : steps > 1 ? "bf16" : "packed";
      }
  }
  return "f32";
}

const sinter_plan &anyPlan(const sinter_program &program) {
  return program.cpu_plan ? *program.cpu_plan : *program.vulkan_plan;
}

KernelInfo kernelInfo(const sinter_program &program, const sinter_plan &plan, uint32_t kernel) {
  if (&plan == program.cpu_plan) {
    const sinter_kernel &k = program.versions[0].kernels[kernel];
    return {k.name, k.location, k.flops, k.bytes};
  }
  const sinter_vulkan_kernel &k = program.vulkan[0].kernels[kernel];
  return {k.name, k.location, k.flops, k.bytes};
}

void setSeed(Program &program, const sinter_entry &entry, uint64_t seed) {
  program.setScalar(entry, "seed", double(int32_t(uint32_t(seed))));
  program.setScalar(entry, "seed_high", double(int32_t(uint32_t(seed >> 32))));
}

int64_t elementCount(const sinter_tensor &tensor) {
  int64_t count = 1;
  for (uint32_t d = 0; d < tensor.rank; ++d)
    count *= tensor.shape[d];
  return count;
}

std::string shapeText(const sinter_tensor &tensor) {
  return formatted("[{}]", fmt::join(tensor.shape, tensor.shape + tensor.rank, ", "));
}

} // namespace sinter
