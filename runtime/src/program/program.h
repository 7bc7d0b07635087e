// A compiled program in memory: its state, its arena, and the means to call its entries.
#pragma once

#include "base/numbers.h"
#include "program/preparation.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sinter {

class Device;

/// Owns the blocks that `sinter_program` sizes. Not thread-safe: one call at a time. A call allocates nothing.
class Program {
public:
  /// On the CPU, with the best version of the kernels that it can run, or the one called `march`. Refuses another ABI
  /// version, a processor that none is for, or a program without CPU kernels (Failure, a std::runtime_error).
  Program(const sinter_program &program, int threads, std::string_view march = {});
  Program(const sinter_program &program, std::unique_ptr<Device> device);
  /// Failure (device) if the program is of another ABI version: asked before anything else of it is looked at.
  static void checkVersion(const sinter_program &program);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  const sinter_program &description() const { return program_; }
  const Device &device() const { return *device_; }
  /// What the device runs: all entries come from here.
  const sinter_plan &plan() const;
  /// The version of the kernels for the CPU that runs; null on another device.
  const sinter_version *version() const { return version_; }

  /// Null if there is no such entry, state, input or output.
  const sinter_entry *findEntry(std::string_view name) const;
  const sinter_state *findState(std::string_view name) const;
  static const sinter_input *findInput(const sinter_entry &entry, std::string_view name);
  /// An input that programs set themselves, such as `lr`: called `sinter.lr` where the model has an `lr` of its own.
  static const sinter_input *findProgramInput(const sinter_entry &entry, std::string_view name);
  static const sinter_tensor *findOutput(const sinter_entry &entry, std::string_view name);

  /// Sets every state from its initialiser and `seed`, the same bits everywhere; but those that `comesLater` is true of
  /// stay as they are, for whoever writes them himself.
  void initialize(uint64_t seed, const std::function<bool(const sinter_state &)> &comesLater = {});
  /// For a program that was just opened and gets its parameters from a file: sets the others, and touches no memory for
  /// those that are zeros.
  void initializeAllButParameters(uint64_t seed);

  /// Addresses to write to or read from, until the next run: that of any entry may write over inputs, too, which are
  /// written anew before each call (host.h keeps copies); `toRead` spares a device the copy that writing needs.
  void *data(const sinter_state &state);
  const void *toRead(const sinter_state &state);
  void *data(const sinter_input &input);
  const void *data(const sinter_tensor &output);

  /// Writes the defaults of scalar inputs into the arena; call before setting inputs of a new call.
  void setDefaults(const sinter_entry &entry);
  /// Sets a scalar input (converted to its dtype) if the entry has one of that name, as findProgramInput understands
  /// it; false if not.
  bool setScalar(const sinter_entry &entry, std::string_view name, double value);
  /// A rank-0 output as a double; NaN if the entry has none of that name.
  double scalar(const sinter_entry &entry, std::string_view name);

  /// Runs the entry's launches; adds the seconds of each to `launchSeconds` if that is not null. The entry `prepare`
  /// runs before where that is needed (preparation.h); inputs keep what was written to them.
  void run(const sinter_entry &entry, double *launchSeconds = nullptr);

  int threads() const;

private:
  void prepareFor(const sinter_entry &entry);

  const sinter_program &program_;
  const sinter_version *version_;
  std::unique_ptr<Device> device_;
  std::optional<Preparation> preparation_; ///< once something is written or run
  bool untouched_ = true;                  ///< no state was written yet
};

/// What all versions of a kernel have in common.
struct KernelInfo {
  const char *name, *location;
  double flops, bytes; // of one launch
};
/// Of a plan of the program.
KernelInfo kernelInfo(const sinter_program &program, const sinter_plan &plan, uint32_t kernel);

/// Any plan, for whoever asks what all have in common: the names, inputs and outputs of entries.
const sinter_plan &anyPlan(const sinter_program &program);

/// Whether a training changes it by gradients; whether it outlives a training in its checkpoint.
inline bool isParameter(const sinter_state &state) { return state.role == SINTER_PARAMETER; }
inline bool isSaved(const sinter_state &state) { return state.role != SINTER_TRANSIENT; }

/// How entries that do not train read weights: f32, or the kind that `sinterc --weights` was given.
const char *weightsKind(const sinter_program &program);

/// Sets the inputs `seed` and `seed_high`, where the entry has them.
void setSeed(Program &program, const sinter_entry &entry, uint64_t seed);

/// Product of the sizes.
int64_t elementCount(const sinter_tensor &tensor);
/// For example "[12, 64]".
std::string shapeText(const sinter_tensor &tensor);

} // namespace sinter
