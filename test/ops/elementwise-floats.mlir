// The elementwise float ops of arith: values, gradients, second order. The rules stand in dialects/sinter/ops/Elementwise.cpp.
// RUN: split-file %s %t
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-to-train %t/map.mlir | FileCheck %t/map.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run %t/remainder.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- vjp.mlir
// CHECK-LABEL: @product_rule
// CHECK-SAME: (%[[A:.*]]: tensor<f32>, %[[B:.*]]: tensor<f32>)
func.func @product_rule(%a: tensor<f32>, %b: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: %[[ONE:.*]] = arith.constant dense<1.0
  // CHECK-DAG: %[[DA:.*]] = arith.mulf %[[ONE]], %[[B]]
  // CHECK-DAG: %[[DB:.*]] = arith.mulf %[[ONE]], %[[A]]
  // CHECK: return %[[DA]], %[[DB]]
  %y = arith.mulf %a, %b : tensor<f32>
  %g:2 = sinter.grad %y wrt %a, %b : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %g#0, %g#1 : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: @a_choice_sends_the_gradient_one_way
// CHECK-SAME: (%[[C:.*]]: tensor<i1>,
func.func @a_choice_sends_the_gradient_one_way(%c: tensor<i1>, %a: tensor<f32>, %b: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: %[[ONE:.*]] = arith.constant dense<1.0
  // CHECK: %[[Z0:.*]] = arith.constant dense<0.0
  // CHECK: %[[DA:.*]] = arith.select %[[C]], %[[ONE]], %[[Z0]]
  // CHECK: %[[Z1:.*]] = arith.constant dense<0.0
  // CHECK: %[[DB:.*]] = arith.select %[[C]], %[[Z1]], %[[ONE]]
  // CHECK: return %[[DA]], %[[DB]]
  %y = arith.select %c, %a, %b : tensor<i1>, tensor<f32>
  %g:2 = sinter.grad %y wrt %a, %b : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %g#0, %g#1 : tensor<f32>, tensor<f32>
}

//--- map.mlir
// The same rule on scalars: the gradient of a map is a map.
// CHECK-LABEL: @scalars_in_a_map
func.func @scalars_in_a_map(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NOT: arith.divf {{.*}} : tensor
  // CHECK: arith.divf %{{.*}} : f32
  %y = arith.divf %a, %b : tensor<8xf32>
  %l = sinter.reduce sum %y axes [0] : tensor<8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %g : tensor<8xf32>
}

//--- run.mlir
// The operands are gathered, so that nothing can be folded. a b = ordinary, equal, NaN on either side, infinities.
func.func @arithmetic(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[1.5, -2.0, 3.0, 0x7FC00000, 1.0, 0x7F800000, 0x7F800000, 1.0]]> : tensor<1x8xf32>
  %tb = arith.constant dense<[[0.5, 4.0, 3.0, 1.0, 0x7FC00000, 2.0, 0x7F800000, 0.0]]> : tensor<1x8xf32>
  %a = sinter.gather %ta, %zero : (tensor<1x8xf32>, tensor<i32>) -> tensor<8xf32>
  %b = sinter.gather %tb, %zero : (tensor<1x8xf32>, tensor<i32>) -> tensor<8xf32>
  %0 = arith.addf %a, %b : tensor<8xf32>
  %e0 = arith.constant dense<[2.0, 2.0, 6.0, 0x7FC00000, 0x7FC00000, 0x7F800000, 0x7F800000, 1.0]> : tensor<8xf32>
  %1 = arith.subf %a, %b : tensor<8xf32>
  %e1 = arith.constant dense<[1.0, -6.0, 0.0, 0x7FC00000, 0x7FC00000, 0x7F800000, 0x7FC00000, 1.0]> : tensor<8xf32>
  %2 = arith.mulf %a, %b : tensor<8xf32>
  %e2 = arith.constant dense<[0.75, -8.0, 9.0, 0x7FC00000, 0x7FC00000, 0x7F800000, 0x7F800000, 0.0]> : tensor<8xf32>
  %3 = arith.divf %a, %b : tensor<8xf32>
  %e3 = arith.constant dense<[3.0, -0.5, 1.0, 0x7FC00000, 0x7FC00000, 0x7F800000, 0x7FC00000, 0x7F800000]> : tensor<8xf32>
  %4 = arith.negf %a : tensor<8xf32>
  %e4 = arith.constant dense<[-1.5, 2.0, -3.0, 0x7FC00000, -1.0, 0xFF800000, 0xFF800000, -1.0]> : tensor<8xf32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3, %4, %e4 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// maximumf and minimumf keep a NaN; maxnumf and minnumf take the number beside it.
func.func @extrema(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[1.5, -2.0, 3.0, 0x7FC00000, 1.0, 0x7F800000]]> : tensor<1x6xf32>
  %tb = arith.constant dense<[[0.5, 4.0, 3.0, 1.0, 0x7FC00000, 0xFF800000]]> : tensor<1x6xf32>
  %a = sinter.gather %ta, %zero : (tensor<1x6xf32>, tensor<i32>) -> tensor<6xf32>
  %b = sinter.gather %tb, %zero : (tensor<1x6xf32>, tensor<i32>) -> tensor<6xf32>
  %0 = arith.maximumf %a, %b : tensor<6xf32>
  %e0 = arith.constant dense<[1.5, 4.0, 3.0, 0x7FC00000, 0x7FC00000, 0x7F800000]> : tensor<6xf32>
  %1 = arith.minimumf %a, %b : tensor<6xf32>
  %e1 = arith.constant dense<[0.5, -2.0, 3.0, 0x7FC00000, 0x7FC00000, 0xFF800000]> : tensor<6xf32>
  %2 = arith.maxnumf %a, %b : tensor<6xf32>
  %e2 = arith.constant dense<[1.5, 4.0, 3.0, 1.0, 1.0, 0x7F800000]> : tensor<6xf32>
  %3 = arith.minnumf %a, %b : tensor<6xf32>
  %e3 = arith.constant dense<[0.5, -2.0, 3.0, 1.0, 1.0, 0xFF800000]> : tensor<6xf32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>
}

// Columns: less, greater, equal, unordered.
func.func @comparisons(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[1.0, 2.0, 3.0, 0x7FC00000]]> : tensor<1x4xf32>
  %tb = arith.constant dense<[[2.0, 1.0, 3.0, 1.0]]> : tensor<1x4xf32>
  %a = sinter.gather %ta, %zero : (tensor<1x4xf32>, tensor<i32>) -> tensor<4xf32>
  %b = sinter.gather %tb, %zero : (tensor<1x4xf32>, tensor<i32>) -> tensor<4xf32>
  %lt = arith.cmpf olt, %a, %b : tensor<4xf32>
  %ge = arith.cmpf oge, %a, %b : tensor<4xf32>
  %eq = arith.cmpf oeq, %a, %b : tensor<4xf32>
  %ne = arith.cmpf une, %a, %b : tensor<4xf32>
  %0 = arith.extui %lt : tensor<4xi1> to tensor<4xi32>
  %1 = arith.extui %ge : tensor<4xi1> to tensor<4xi32>
  %2 = arith.extsi %eq : tensor<4xi1> to tensor<4xi32>
  %3 = arith.extui %ne : tensor<4xi1> to tensor<4xi32>
  %e0 = arith.constant dense<[1, 0, 0, 0]> : tensor<4xi32>
  %e1 = arith.constant dense<[0, 1, 1, 0]> : tensor<4xi32>
  %e2 = arith.constant dense<[0, 0, -1, 0]> : tensor<4xi32>
  %e3 = arith.constant dense<[1, 1, 0, 1]> : tensor<4xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

// Of equal operands each gets half of the gradient.
func.func @ties() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[-1.0, 0.0, 2.0]> : tensor<3xf32>
  %zero = arith.constant dense<0.0> : tensor<3xf32>
  %y = arith.maximumf %x, %zero : tensor<3xf32>
  %l = sinter.reduce sum %y axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %e = arith.constant dense<[0.0, 0.5, 1.0]> : tensor<3xf32>
  %z = arith.constant dense<[-1.0, 0.0, 1.0]> : tensor<3xf32>
  %m = arith.minimumf %x, %z : tensor<3xf32>
  %k = sinter.reduce sum %m axes [0] : tensor<3xf32> -> tensor<f32>
  %h:2 = sinter.grad %k wrt %x, %z : (tensor<f32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  %ex = arith.constant dense<[0.5, 0.5, 0.0]> : tensor<3xf32>
  %ez = arith.constant dense<[0.5, 0.5, 1.0]> : tensor<3xf32>
  return %g, %e, %h#0, %ex, %h#1, %ez : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

//--- remainder.mlir
// Exact for all finite operands, as C's fmod has it: 1e10 = 3 * 3333333333 + 1; the largest float modulo 3 and modulo 0.1; of
// denormals; the sign of x, also of zeros; x where y is infinite.
func.func @remainder(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<14xf32>, tensor<14xf32>, tensor<14xf32>, tensor<14xf32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[0x40F00000, 0xC0F00000, 0x501502F9, 0x7F7FFFFF, 0x7F7FFFFF, 0x000116C2, 0x40B00000, 0xC0400000, 0xC0C00000, 0x7F800000, 0x3F800000, 0x7FC00000, 0x3F800000, 0x7FC00000]]> : tensor<1x14xf32>
  %tb = arith.constant dense<[[0x40400000, 0x40400000, 0x40400000, 0x40400000, 0x3DCCCCCD, 0x0000085D, 0xC0000000, 0x7F800000, 0x40400000, 0x40000000, 0x00000000, 0x3F800000, 0x7FC00000, 0x00000000]]> : tensor<1x14xf32>
  %a = sinter.gather %ta, %zero : (tensor<1x14xf32>, tensor<i32>) -> tensor<14xf32>
  %b = sinter.gather %tb, %zero : (tensor<1x14xf32>, tensor<i32>) -> tensor<14xf32>
  %0 = arith.remf %a, %b : tensor<14xf32>
  %e = arith.constant dense<[0x3FC00000, 0xBFC00000, 0x3F800000, 0x00000000, 0x3D4CCCD2, 0x000002C5, 0x3FC00000, 0xC0400000, 0x80000000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000]> : tensor<14xf32>
  %ca = arith.constant dense<[0x40F00000, 0xC0F00000, 0x501502F9, 0x7F7FFFFF, 0x7F7FFFFF, 0x000116C2, 0x40B00000, 0xC0400000, 0xC0C00000, 0x7F800000, 0x3F800000, 0x7FC00000, 0x3F800000, 0x7FC00000]> : tensor<14xf32>
  %cb = arith.constant dense<[0x40400000, 0x40400000, 0x40400000, 0x40400000, 0x3DCCCCCD, 0x0000085D, 0xC0000000, 0x7F800000, 0x40400000, 0x40000000, 0x00000000, 0x3F800000, 0x7FC00000, 0x00000000]> : tensor<14xf32>
  %1 = arith.remf %ca, %cb : tensor<14xf32>
  return %0, %e, %1, %e : tensor<14xf32>, tensor<14xf32>, tensor<14xf32>, tensor<14xf32>
}

// d/dx = 1, d/dy = -trunc(x / y): 7.5 = 2 * 3 + 1.5, -7.5 = -2 * 3 - 1.5; y infinite or of the other sign.
func.func @slopes_of_remainders() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[7.5, -7.5, 2.0, 7.5]> : tensor<4xf32>
  %y = arith.constant dense<[3.0, 3.0, 0x7F800000, -3.0]> : tensor<4xf32>
  %r = arith.remf %x, %y : tensor<4xf32>
  %l = sinter.reduce sum %r axes [0] : tensor<4xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %x, %y : (tensor<f32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %ex = arith.constant dense<1.0> : tensor<4xf32>
  %ey = arith.constant dense<[-2.0, 2.0, 0.0, 2.0]> : tensor<4xf32>
  return %g#0, %ex, %g#1, %ey : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

//--- smooth.mlir
func.func @addf(%a: tensor<7xf32>, %b: tensor<7xf32>) -> tensor<7xf32> {
  %y = arith.addf %a, %b : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @subf(%a: tensor<7xf32>, %b: tensor<7xf32>) -> tensor<7xf32> {
  %y = arith.subf %a, %b : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @mulf(%a: tensor<7xf32>, %b: tensor<7xf32>) -> tensor<7xf32> {
  %y = arith.mulf %a, %b : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @divf(%a: tensor<7xf32>, %b: tensor<7xf32> {sinter.range = [0.2, 3.0]}) -> tensor<7xf32> {
  %y = arith.divf %a, %b : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @remf(%a: tensor<7xf32> {sinter.range = [3.05, 3.15]}, %b: tensor<7xf32> {sinter.range = [0.8, 1.0]}) -> tensor<7xf32> {
  %y = arith.remf %a, %b : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @negf(%a: tensor<1x7xf32>) -> tensor<1x7xf32> {
  %y = arith.negf %a : tensor<1x7xf32>
  return %y : tensor<1x7xf32>
}
func.func @maximumf(%a: tensor<19xf32>, %b: tensor<19xf32>) -> tensor<19xf32> {
  %y = arith.maximumf %a, %b : tensor<19xf32>
  return %y : tensor<19xf32>
}
func.func @minimumf(%a: tensor<19xf32>, %b: tensor<19xf32>) -> tensor<19xf32> {
  %y = arith.minimumf %a, %b : tensor<19xf32>
  return %y : tensor<19xf32>
}
func.func @maxnumf(%a: tensor<19xf32>, %b: tensor<19xf32>) -> tensor<19xf32> {
  %y = arith.maxnumf %a, %b : tensor<19xf32>
  return %y : tensor<19xf32>
}
func.func @minnumf(%a: tensor<19xf32>, %b: tensor<19xf32>) -> tensor<19xf32> {
  %y = arith.minnumf %a, %b : tensor<19xf32>
  return %y : tensor<19xf32>
}
func.func @select_by_comparison(%a: tensor<19xf32>, %b: tensor<19xf32>, %c: tensor<19xf32>) -> tensor<19xf32> {
  %less = arith.cmpf olt, %a, %b : tensor<19xf32>
  %p = arith.mulf %a, %c : tensor<19xf32>
  %y = arith.select %less, %p, %b : tensor<19xi1>, tensor<19xf32>
  return %y : tensor<19xf32>
}
// A scalar that needs a broadcast, and one operand used twice.
func.func @polynomial(%x: tensor<3x5xf32>, %s: tensor<f32>) -> tensor<3x5xf32> {
  %k = sinter.broadcast %s dims [] : tensor<f32> -> tensor<3x5xf32>
  %0 = arith.mulf %x, %x : tensor<3x5xf32>
  %1 = arith.mulf %0, %k : tensor<3x5xf32>
  %2 = arith.subf %1, %x : tensor<3x5xf32>
  %3 = arith.mulf %2, %2 : tensor<3x5xf32>
  return %3 : tensor<3x5xf32>
}
