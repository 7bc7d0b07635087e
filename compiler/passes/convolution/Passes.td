//===- Passes.td - passes about convolutions --------------------------------------------------------===//
#ifndef SINTER_CONVOLUTION_PASSES
#define SINTER_CONVOLUTION_PASSES

include "mlir/Pass/PassBase.td"

def MultiplyWindows : Pass<"sinter-multiply-windows", "::mlir::func::FuncOp"> {
  let summary = "convolutions become products of windows, which their kernels compute while they pack them";
  let description = [{
    Those of one group, for a target whose products have prologues. Others keep the op, whose loops read in place. Runs
    behind the last pass that could make two equal windows one, which would then be stored. Example:
    test/passes/multiply-windows.mlir.
  }];
  let options = [Option<"target", "target", "std::string", /*default=*/"\"cpu\"", "cpu, vulkan or portable">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

#endif // SINTER_CONVOLUTION_PASSES
