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

#endif // SINTER_LOOP_PASSES
