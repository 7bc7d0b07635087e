// The stages of a compilation, in order. All ordering of passes stands in Pipeline.cpp.
#pragma once

#include "compiler/Inspection.h"
#include "compiler/codegen/Codegen.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sinter {

enum class Stage { Model, Fused, Train, Kernels, Plan, Target, Object, Executable };

/// `model fused train kernels plan target obj exe`, or nothing for another name.
std::optional<Stage> stageByName(llvm::StringRef name);
llvm::StringRef stageName(Stage stage);

struct PipelineOptions {
  TargetOptions target;
  std::optional<uint64_t> memoryBudget; ///< bytes that the program may use
  uint64_t besideArena = 0;             ///< of these, what is no entry's arena: states, constants, threads' scratch
  /// The same where attentions take so many rows together at most.
  std::vector<std::pair<int64_t, uint64_t>> besideOfFewerRows;
  bool curve = false; ///< entries say what other arenas would cost
  std::string
      dumpDirectory; ///< where every stage is written as NN_name.mlir, a Vulkan one with its shaders; empty: nowhere
  bool severalTargets = false;  ///< stages kernels and plan are dumped under names with the target in it
  bool severalVersions = false; ///< stage target is dumped under a name with the target's label in it
  bool time = false;            ///< print what each stage took to stderr
  bool verbose = false;
  bool verifyEach = false;       ///< after every pass, too, and not only after every stage
  bool bf16 = false;             ///< matrix products round their operands to bf16
  bool portableKernels = false;  ///< none that only the target knows (KernelAbilities.h), for tests to compare with
  int64_t decode = 0;            ///< derive entries that compute new positions only, of so many texts (derive-decode)
  bool decodeIfPossible = false; ///< or leave the program as it is, if it looks ahead
  std::string weights;           ///< f32, bf16, int8, int4: packed so for entries that do not train; empty: as they are
  bool fuse = true;              ///< false: elementwise ops stay apart, for tests to compare with
  Inspection inspection;         ///< what is printed on the way
  std::function<void(mlir::PassManager &)> watch; ///< sees each stage's passes before they run: for tests
  /// Sees each stage on the way: with its passes before they run, without (null) at its end.
  std::function<void(Stage, mlir::ModuleOp, mlir::PassManager *)> atStage;
};

/// Runs the module from the end of stage `from` to the end of stage `to` (at most Target), in place, checking each
/// stage's contract by `verify-stage`. Errors have been emitted on failure. Up to stage train, all targets have the
/// same module; kernels are chosen for one.
llvm::LogicalResult runStages(mlir::ModuleOp module, Stage from, Stage to, const PipelineOptions &options);

/// The names of all passes that `runStages` would run.
std::vector<std::string> passNames(Stage from, Stage to, const PipelineOptions &options);

/// Registers every dialect that any stage may hold.
void registerAllStageDialects(mlir::DialectRegistry &registry);

/// Registers sinter's passes (Passes.td) for `sinter-opt`, and `--sinter-to-STAGE`: all passes from stage `model` to
/// it.
void registerPasses();

} // namespace sinter
