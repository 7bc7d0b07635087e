// The stages of a module under test that the interpreter can run, and how it is made ready for them.
#pragma once

#include "Case.h"
#include "compiler/Pipeline.h"

#include "mlir/IR/OwningOpRef.h"

namespace sinter::run {

/// A module at the end of one stage.
struct StagedModule {
  Stage stage;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Makes every function under test an entry that code generation accepts: those marked `sinter.entry`, or else all
/// public ones, or else the one called `only`. Gives names to arguments and results, and turns booleans at the border
/// into i32. Fails, with a message, if there is none.
llvm::FailureOr<std::vector<mlir::func::FuncOp>> prepareEntries(mlir::ModuleOp module, llvm::StringRef only);

/// `module` is at the end of `from`. Gives a module per stage from there to `train`, the first one a clone.
llvm::FailureOr<std::vector<StagedModule>> interpretableStages(mlir::ModuleOp module, Stage from,
                                                               const PipelineOptions &options);

/// Whether the interpreter can run `function`: nothing is left to be differentiated.
bool isInterpretable(mlir::func::FuncOp function);

/// Runs the function of `test` as it stands in `module`; with a seed, as f32 could round
/// (reference::Interpreter::round).
llvm::FailureOr<Outcome> interpret(mlir::ModuleOp module, const Case &test, std::optional<uint64_t> roundingSeed = {});

/// The first pass from stage `from` to `kernels` behind which the function of `test` gives something else; empty: none
/// does.
std::string firstWrongPass(mlir::ModuleOp module, Stage from, const Case &test, PipelineOptions options);

/// How far rounding moves what `module` gives on the inputs of `test`, of which `exact` is the outcome.
llvm::FailureOr<Rounding> findRounding(mlir::ModuleOp module, const Case &test, const Outcome &exact);

} // namespace sinter::run
