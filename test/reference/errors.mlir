// What the interpreter and sinter-run refuse, and how they say it.
// RUN: split-file %s %t
// RUN: not sinter-run %t/grad.mlir --device=reference --from=train 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not sinter-run %t/unknown.mlir --device=reference 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not sinter-run %t/unknown.mlir --entry=nowhere 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not sinter-run %t/pairs.mlir --device=reference 2>&1 | FileCheck %s --check-prefix=PAIRS
// RUN: not sinter-run %t/pairs.mlir --from=nowhere 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not sinter-run %t/integers.mlir --device=reference --grad-check 2>&1 | FileCheck %s --check-prefix=INTEGERS

// NOTHING: loss: reference FAILED: no stage of it can be interpreted, since each holds sinter.grad
//--- grad.mlir
func.func @loss(%x: tensor<f32>) -> tensor<f32> {
  %0 = arith.mulf %x, %x : tensor<f32>
  %1 = sinter.grad %0 wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %1 : tensor<f32>
}

// UNKNOWN: unknown.mlir:[[#]]:8: error: cbrt: the reference interpreter does not know this op (math.cbrt)
// UNKNOWN: part: reference (model) FAILED: cannot be interpreted
// ENTRY: the module has no entry nowhere
//--- unknown.mlir
func.func @part(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.cbrt %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// PAIRS: odd: is marked sinter.expect, so its results must be pairs, but there are 1
// STAGE: sinter-run: --from: unknown stage nowhere; it is one of model, fused, train, kernels
//--- pairs.mlir
func.func @odd(%x: tensor<4xf32>) -> tensor<4xf32> attributes {sinter.expect} {
  return %x : tensor<4xf32>
}

// INTEGERS: no function has both a float argument and a float result, so there is no gradient to check
//--- integers.mlir
func.func @count(%x: tensor<4xi32>) -> tensor<4xi32> {
  return %x : tensor<4xi32>
}
