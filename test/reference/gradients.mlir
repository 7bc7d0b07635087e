// Finite differences accept right gradients, of first and second order, and refuse wrong ones.
// RUN: split-file %s %t
// RUN: sinter-run %t/right.mlir --device=reference --hvp-check | FileCheck %s
// RUN: not sinter-run %t/wrong.mlir --device=reference --grad-check | FileCheck %s --check-prefix=WRONG
// RUN: not sinter-run %t/undefined.mlir --device=reference --grad-check | FileCheck %s --check-prefix=NAN

//--- right.mlir
// CHECK-DAG: cubes: gradient ok (max error {{.*}}), second order ok (max error {{.*}})
func.func @cubes(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %0 = arith.mulf %x, %x : tensor<2x5xf32>
  %1 = arith.mulf %0, %x : tensor<2x5xf32>
  return %1 : tensor<2x5xf32>
}
// Integers and booleans take part, but have no gradient; the float result does not depend on %unused.
// CHECK-DAG: mixed: gradient ok
func.func @mixed(%x: tensor<3x4xf32>, %i: tensor<2xi32> {sinter.limit = 3 : i64}, %unused: tensor<2xf32>)
    -> (tensor<2x4xf32>, tensor<2xi32>) {
  %0 = sinter.gather %x, %i : (tensor<3x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %1 = math.tanh %0 : tensor<2x4xf32>
  return %1, %i : tensor<2x4xf32>, tensor<2xi32>
}
// A function that holds a gradient itself is checked through one more gradient.
// CHECK-DAG: nested: gradient ok
func.func @nested(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.sin %x : tensor<4xf32>
  %1 = arith.mulf %0, %x : tensor<4xf32>
  %2 = sinter.reduce sum %1 axes [0] : tensor<4xf32> -> tensor<f32>
  %3 = sinter.grad %2 wrt %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

//--- wrong.mlir
// The floor has gradient zero nearly everywhere, and this takes steps of 1e-7 for slopes: the tool must see it.
// WRONG: stairs: gradient FAILED: gradient of argument 0 at [0] is 0, expected
func.func @stairs(%x: tensor<3xf32> {sinter.range = [0.0, 1.0]}) -> tensor<3xf32> {
  %big = arith.constant dense<1.0e12> : tensor<3xf32>
  %small = arith.constant dense<1.0e-12> : tensor<3xf32>
  %0 = arith.mulf %x, %big : tensor<3xf32>
  %1 = math.floor %0 : tensor<3xf32>
  %2 = arith.mulf %1, %small : tensor<3xf32>
  return %2 : tensor<3xf32>
}

//--- undefined.mlir
// NaN that agrees with NaN is not a passed check.
// NAN: logarithms: gradient FAILED: gradient of argument 0 at [{{[0-9]}}] is not finite; give the arguments a sinter.range
func.func @logarithms(%x: tensor<3xf32> {sinter.range = [-2.0, -1.0]}) -> tensor<3xf32> {
  %0 = math.log %x : tensor<3xf32>
  %1 = math.log %0 : tensor<3xf32>
  %2 = arith.mulf %1, %0 : tensor<3xf32>
  return %2 : tensor<3xf32>
}
