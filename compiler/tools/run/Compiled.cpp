#include "Compiled.h"

#include "base/error.h"
#include "base/numbers.h"
#include "program/program.h"
#include "vulkan/vulkan_device.h"

#include "compiler/codegen/vulkan/Profile.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstring>
#include <dlfcn.h>
#include <map>

using namespace mlir;

namespace sinter::run {
namespace {

/// A directory of our own that disappears with its content.
struct TemporaryDirectory {
  llvm::SmallString<128> path;
  TemporaryDirectory() {
    if (llvm::sys::fs::createUniqueDirectory("sinter-run", path))
      path.clear();
  }
  ~TemporaryDirectory() {
    if (!path.empty())
      llvm::sys::fs::remove_directories(path);
  }
  std::string file(StringRef name) const {
    llvm::SmallString<128> result = path;
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
};

std::vector<int64_t> shapeOf(const sinter_tensor &tensor) {
  return std::vector<int64_t>(tensor.shape, tensor.shape + tensor.rank);
}

llvm::Error write(const sinter_tensor &description, void *to, const Tensor &tensor) {
  if (shapeOf(description) != tensor.shape)
    return llvm::createStringError("%s: the compiled program has another shape", description.name);
  const size_t size = description.bytes / static_cast<uint64_t>(tensor.size());
  for (int64_t i = 0; i < tensor.size(); ++i)
    storeScalar(description.dtype, static_cast<std::byte *>(to) + static_cast<size_t>(i) * size, tensor[i]);
  return llvm::Error::success();
}

llvm::Expected<Tensor> read(const sinter_tensor &description, const void *from) {
  Tensor tensor(shapeOf(description));
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor[i] = numberAt(description.dtype, from, i);
  return tensor;
}

} // namespace

struct CompiledProgram::Loaded {
  TemporaryDirectory directory;
  void *library = nullptr;
  const sinter_program *description = nullptr;
  std::map<Where, std::unique_ptr<Program>> programs;

  ~Loaded() {
    programs.clear();
    if (library)
      dlclose(library);
  }
  /// Failure if the device cannot be had.
  Program &program(const Where &where) {
    std::unique_ptr<Program> &entry = programs[where];
    if (!entry && where.profile.empty())
      entry = std::make_unique<Program>(*description, where.threads);
    if (!entry)
      entry =
          std::make_unique<Program>(*description, makeVulkanDevice(*description, {0, where.profile, where.threads}));
    return *entry;
  }
};

CompiledProgram::CompiledProgram(std::unique_ptr<Loaded> program) : loaded(std::move(program)) {}
CompiledProgram::~CompiledProgram() = default;

FailureOr<std::unique_ptr<CompiledProgram>> CompiledProgram::compile(ModuleOp module, Stage from,
                                                                     const PipelineOptions &options) {
  OwningOpRef<ModuleOp> clone = module.clone();
  std::vector<TargetOptions> targets{options.target};
  if (options.target.target == Target::Vulkan) {
    targets.clear();
    for (const vulkan::Profile &profile : vulkan::profiles()) {
      targets.push_back(options.target);
      targets.back().profile = profile.name.str();
    }
  }
  Stage shared = std::max(from, Stage::Plan);
  if (from < shared && failed(runStages(*clone, from, shared, options)))
    return failure();
  std::vector<OwningOpRef<ModuleOp>> modules;
  std::vector<Version> versions;
  for (const TargetOptions &target : targets) {
    modules.push_back(clone->clone());
    PipelineOptions own = options;
    own.target = target;
    if (shared < Stage::Target && failed(runStages(*modules.back(), shared, Stage::Target, own)))
      return failure();
    versions.push_back({*modules.back(), target});
  }

  auto loaded = std::make_unique<Loaded>();
  if (loaded->directory.path.empty())
    return module.emitError() << "no temporary directory can be made";
  FailureOr<std::vector<std::string>> objects = emitObjects(versions, loaded->directory.file("program"));
  if (failed(objects))
    return failure();
  std::string library = loaded->directory.file("program.so");
  if (failed(linkShared(*objects, library)))
    return failure();

  loaded->library = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded->library)
    return module.emitError() << "the compiled program cannot be loaded: " << dlerror();
  loaded->description = static_cast<const sinter_program *>(dlsym(loaded->library, SINTER_PROGRAM_SYMBOL));
  if (!loaded->description)
    return module.emitError() << "the compiled program does not export " << SINTER_PROGRAM_SYMBOL;
  return std::unique_ptr<CompiledProgram>(new CompiledProgram(std::move(loaded)));
}

std::vector<std::string> CompiledProgram::entries() const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < loaded->description->entry_count; ++i)
    names.push_back(anyPlan(*loaded->description).entries[i].name);
  return names;
}

std::vector<std::string> CompiledProgram::kernels() const {
  std::vector<std::string> names;
  const sinter_program &program = *loaded->description;
  for (uint32_t i = 0; program.versions && i < program.cpu_plan->kernel_count; ++i)
    names.push_back(program.versions->kernels[i].name);
  return names;
}

llvm::Expected<Outcome> CompiledProgram::run(StringRef name, ArrayRef<std::string> names, ArrayRef<Tensor> arguments,
                                             const States &states, const Where &where, uint8_t poison) try {
  Program &program = loaded->program(where);
  const sinter_entry *entry = program.findEntry(std::string_view(name.data(), name.size()));
  if (!entry)
    return llvm::createStringError("the compiled program has no entry %s", name.str().c_str());

  // Any input or output tells where the arena starts.
  std::byte *arena = nullptr;
  if (entry->input_count)
    arena = static_cast<std::byte *>(program.data(entry->inputs[0])) - entry->inputs[0].tensor.offset;
  else if (entry->output_count)
    arena = const_cast<std::byte *>(static_cast<const std::byte *>(program.data(entry->outputs[0]))) -
            entry->outputs[0].offset;
  if (arena)
    std::memset(arena, poison, entry->arena_bytes);

  for (auto [argumentName, argument] : llvm::zip_equal(names, arguments))
    if (const sinter_input *input = Program::findInput(*entry, argumentName)) // an unused one may have been dropped
      if (llvm::Error error = write(input->tensor, program.data(*input), argument))
        return error;
  for (const auto &[stateName, value] : states)
    if (const sinter_state *state = program.findState(stateName))
      if (llvm::Error error = write(state->tensor, program.data(*state), value))
        return error;

  program.run(*entry);

  Outcome outcome;
  for (uint32_t i = 0; i < entry->output_count; ++i) {
    llvm::Expected<Tensor> value = read(entry->outputs[i], program.data(entry->outputs[i]));
    if (!value)
      return value.takeError();
    outcome.results.push_back(std::move(*value));
  }
  for (const auto &[stateName, value] : states) {
    const sinter_state *state = program.findState(stateName);
    if (!state) {
      outcome.states[stateName] = value; // nothing in the program can change it
      continue;
    }
    llvm::Expected<Tensor> after = read(state->tensor, program.data(*state));
    if (!after)
      return after.takeError();
    outcome.states[stateName] = std::move(*after);
  }
  return outcome;
} catch (const Failure &failed) {
  return llvm::createStringError("%s", failed.what());
}

bool CompiledProgram::findsVulkanDevice() const try {
  return !listVulkanDevices(*loaded->description).empty();
} catch (const Failure &) {
  return false;
}

} // namespace sinter::run
