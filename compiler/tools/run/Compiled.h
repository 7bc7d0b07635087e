// The compiled side of sinter-run: a module compiled into a shared object, loaded, and called on a device.
#pragma once

#include "Case.h"
#include "compiler/Pipeline.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace sinter::run {

class CompiledProgram {
public:
  /// Compiles a clone of `module`, which is at the end of stage `from`, for options.target; for Vulkan with all
  /// profiles. Errors have been emitted on failure.
  static llvm::FailureOr<std::unique_ptr<CompiledProgram>> compile(mlir::ModuleOp module, Stage from,
                                                                   const PipelineOptions &options);
  ~CompiledProgram();

  /// Names of all entries, in the program's order.
  std::vector<std::string> entries() const;

  /// Names of all kernels: what each was made for, and a shape.
  std::vector<std::string> kernels() const;

  /// Where an entry runs: on so many threads of the CPU, or on the first Vulkan device with the kernels of a profile.
  struct Where {
    int threads = 1;
    std::string profile; ///< empty: the CPU
    auto operator<=>(const Where &) const = default;
  };

  /// Calls an entry with inputs by position: `names` gives each one's name in the program. Before the call the whole
  /// arena is filled with bytes of `poison`, so that a read of something never written shows.
  llvm::Expected<Outcome> run(llvm::StringRef entry, llvm::ArrayRef<std::string> names,
                              llvm::ArrayRef<Tensor> arguments, const States &states, const Where &where,
                              uint8_t poison);

  /// Whether this machine has a Vulkan device, a software one included.
  bool findsVulkanDevice() const;

private:
  struct Loaded;
  explicit CompiledProgram(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded;
};

} // namespace sinter::run
