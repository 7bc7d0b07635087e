//===- Passes.td - passes over loops --------------------------------------------------------------===//
#ifndef SINTER_LOOP_PASSES
#define SINTER_LOOP_PASSES

include "mlir/Pass/PassBase.td"

def OutlineLoops : Pass<"sinter-outline-loops", "::mlir::ModuleOp"> {
  let summary = "the body of each sinter.scan becomes a function, and the scan a sinter.loop";
  let description = [{
    Passes over functions then work on bodies as on entries. Bodies are private, and marked `sinter.entry` and
    `sinter.loop_body`. Example: test/passes/loops.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def InlineLoops : Pass<"sinter-inline-loops", "::mlir::ModuleOp"> {
  let summary = "each sinter.loop becomes a sinter.scan that holds its body";
  let description = "Undoes `outline-loops`: a scan knows its gradient. Example: test/passes/loops.mlir.";
  let dependentDialects = ["::sinter::SinterDialect"];
}

def MoveOutOfLoops : Pass<"sinter-move-out-of-loops", "::mlir::func::FuncOp"> {
  let summary = "what all steps of a scan can do at once is done in front of it or behind it";
  let description = [{
    In front: what depends on no step, once; and products of what does not depend on the carries with what depends on no
    step (x_t W), as one product of all steps. Behind (not with `before-gradients`): carries that begin with zeros and
    to which steps only add products x_t^T y_t or sums of rows of y_t (the gradients of weights and biases): one product
    of the stacked values has a long sum instead of `steps` short ones. Weights whose columns all steps multiply by are
    transposed once. Carries, results, sequences and invariants that
    nobody needs go. Example: test/passes/loops.mlir.
  }];
  let options = [Option<"beforeGradients", "before-gradients", "bool", "false", "only what goes in front">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def AlignLoops : Pass<"sinter-align-loops", "::mlir::ModuleOp"> {
  let summary = "what a step of a sinter.loop takes or gives of stacked values begins at a multiple of 256 bytes";
  let description = [{
    Devices bind buffers from such places on only. Sequences and stacked results whose parts are of another size are
    padded with zeros. Not for CPUs, which read and write anywhere. Example: test/passes/loops.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def TileColumns : Pass<"sinter-tile-columns", "::mlir::ModuleOp"> {
  let summary = "beside an entry with a large loss head, one that sums over its rows later, in tiles of columns";
  let description = [{
    For budgets of memory. Of a sinter.attention over rows x columns that split-rows would take apart, what has rows
    stays, with the statistics of rows that the rest needs; what is summed over rows becomes a `sinter.loop` over tiles
    of columns in front of its first reader. Softmaxes are taken apart for it. The entry stays; the other one is marked
    `sinter.alternative`, and meet-budget takes either. Columns that no tile divides, that are not the first dimension
    of an operand or result, or whose rows something else reads whole, stay together; so do all on a target whose
    products do not add up in the units that split-rows knows. Example: test/passes/tile-columns.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"portable\"", "cpu, vulkan, or portable: any">];
  let dependentDialects = ["::sinter::SinterDialect", "::mlir::arith::ArithDialect"];
}

#endif // SINTER_LOOP_PASSES
