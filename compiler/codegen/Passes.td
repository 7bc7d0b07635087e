//===- Passes.td - passes that all targets share --------------------------------------------------===//
#ifndef SINTER_CODEGEN_PASSES
#define SINTER_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

// What no processor has an instruction for, in arithmetic: on scalars and vectors alike, and by the same formulas on
// every target.

def ExpandThreefry : Pass<"sinter-expand-threefry"> {
  let summary = "write sinter.threefry out in integer arithmetic";
  let description = "Twenty rounds of Threefry-2x32. Example: test/codegen/threefry.mlir.";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandMath : Pass<"sinter-expand-math"> {
  let summary = "write exp, log, tanh, erf... as polynomials";
  let description = [{
    Rounding to bf16 becomes integer arithmetic, too, so that no processor's idea of denormals matters. Example:
    test/codegen/math-versions.mlir.
  }];
  let options = [Option<"scales", "scales", "bool", "false",
                        "for a processor with vscalefps, which saves exp a third of its instructions and does not "
                        "change a bit">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // SINTER_CODEGEN_PASSES
