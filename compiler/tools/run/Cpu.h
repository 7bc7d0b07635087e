// The compiled side of sinter-run: a module compiled for the CPU into a shared object, loaded, and called.
#pragma once

#include "Case.h"
#include "compiler/Pipeline.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace sinter::run {

class CpuProgram {
public:
  /// Compiles a clone of `module`, which is at the end of stage `from`. Errors have been emitted on failure.
  static llvm::FailureOr<std::unique_ptr<CpuProgram>> compile(mlir::ModuleOp module, Stage from,
                                                              const PipelineOptions &options);
  ~CpuProgram();

  /// Names of all entries, in the program's order.
  std::vector<std::string> entries() const;

  /// Calls an entry with inputs by position: `names` gives each one's name in the program. Before the call the whole
  /// arena is filled with bytes of `poison`, so that a read of something never written shows.
  llvm::Expected<Outcome> run(llvm::StringRef entry, llvm::ArrayRef<std::string> names,
                              llvm::ArrayRef<Tensor> arguments, const States &states, int threads, uint8_t poison);

private:
  struct Loaded;
  explicit CpuProgram(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded;
};

} // namespace sinter::run
