// sinter.stop_gradient: a value that gradients take for a number.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-to-fused %t/vjp.mlir | FileCheck %t/vjp.mlir --check-prefix=FUSED
// RUN: sinter-opt --sinter-to-train %t/vjp.mlir | FileCheck %t/vjp.mlir --check-prefix=TRAIN
// RUN: sinter-opt --sinter-fuse-softmax %t/softmax.mlir | FileCheck %t/softmax.mlir
// RUN: sinter-opt --sinter-to-fused %t/roundtrip.mlir | not sinter-opt --sinter-verify-stage=stage=train 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: sinter-run %t/run.mlir
// STAGE: sinter.stop_gradient may not remain

//--- roundtrip.mlir
// CHECK-LABEL: @stopped
// CHECK: sinter.stop_gradient %{{.*}} : tensor<3xf32>
func.func @stopped(%x: tensor<3xf32>) -> tensor<3xf32> attributes {sinter.entry} {
  %y = sinter.stop_gradient %x : tensor<3xf32>
  return %y : tensor<3xf32>
}

//--- errors.mlir
func.func @integers(%x: tensor<3xi32>) -> tensor<3xi32> {
  // expected-error @+1 {{operand #0 must be floating-point-like}}
  %y = sinter.stop_gradient %x : tensor<3xi32>
  return %y : tensor<3xi32>
}

//--- vjp.mlir
// d x stop(x) / dx is stop(x): one factor's share, and nothing of the op is left.
// CHECK-LABEL: @slope
// FUSED-LABEL: @slope
// FUSED: sinter.map
// FUSED: sinter.stop_gradient %{{.*}} : f32
// TRAIN-LABEL: @slope
// TRAIN-NOT: sinter.stop_gradient
func.func @slope(%x: tensor<f32>) -> tensor<f32> attributes {sinter.entry} {
  // CHECK-NOT: sinter.stop_gradient
  // CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : tensor<f32>
  // CHECK: %[[G:.*]] = arith.mulf %[[ONE]], %arg0
  // CHECK: return %[[G]]
  %s = sinter.stop_gradient %x : tensor<f32>
  %y = arith.mulf %x, %s : tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}
// Without a gradient, too, it is gone.
// TRAIN-LABEL: @no_gradient
// TRAIN-NOT: sinter.stop_gradient
func.func @no_gradient(%x: tensor<4xf32>) -> tensor<4xf32> attributes {sinter.entry} {
  %0 = math.exp %x : tensor<4xf32>
  %1 = sinter.stop_gradient %0 : tensor<4xf32>
  %2 = arith.mulf %1, %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}

//--- softmax.mlir
// As many write it: the maximum that is subtracted needs no gradient, and a softmax does not ask what is subtracted.
// CHECK-LABEL: @softmax
// CHECK: sinter.softmax
// CHECK-NOT: math.exp
// CHECK: return
func.func @softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = sinter.reduce max %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %n = sinter.stop_gradient %m : tensor<4xf32>
  %b = sinter.broadcast %n dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %b : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %t = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %t : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- run.mlir
// The gradient is that of the same loss where what is stopped is another input of the same value; so is the gradient of
// a gradient.
func.func @as_another_input(%z: tensor<5x7xf32>) -> (tensor<5x7xf32>, tensor<5x7xf32>, tensor<5x7xf32>, tensor<5x7xf32>) attributes {sinter.expect} {
  %one = arith.constant dense<1.0> : tensor<5x7xf32>
  %x = arith.mulf %z, %one : tensor<5x7xf32>
  %h = math.tanh %x : tensor<5x7xf32>
  %s = sinter.stop_gradient %h : tensor<5x7xf32>
  %0 = arith.mulf %x, %s : tensor<5x7xf32>
  %1 = math.sin %0 : tensor<5x7xf32>
  %2 = arith.mulf %1, %s : tensor<5x7xf32>
  %loss = sinter.reduce sum %2 axes [0, 1] : tensor<5x7xf32> -> tensor<f32>
  %g = sinter.grad %loss wrt %x : (tensor<f32>, tensor<5x7xf32>) -> tensor<5x7xf32>
  %g2 = arith.mulf %g, %g : tensor<5x7xf32>
  %loss2 = sinter.reduce sum %g2 axes [0, 1] : tensor<5x7xf32> -> tensor<f32>
  %gg = sinter.grad %loss2 wrt %x : (tensor<f32>, tensor<5x7xf32>) -> tensor<5x7xf32>

  // d sum(s sin(x s)) / dx = s^2 cos(x s) with s = tanh(z); its square's: -2 s^5 cos sin.
  %t = math.tanh %z : tensor<5x7xf32>
  %xs = arith.mulf %z, %t : tensor<5x7xf32>
  %cos = math.cos %xs : tensor<5x7xf32>
  %sin = math.sin %xs : tensor<5x7xf32>
  %t2 = arith.mulf %t, %t : tensor<5x7xf32>
  %e = arith.mulf %t2, %cos : tensor<5x7xf32>
  %minus2 = arith.constant dense<-2.0> : tensor<5x7xf32>
  %t4 = arith.mulf %t2, %t2 : tensor<5x7xf32>
  %t5 = arith.mulf %t4, %t : tensor<5x7xf32>
  %cs = arith.mulf %cos, %sin : tensor<5x7xf32>
  %a = arith.mulf %t5, %cs : tensor<5x7xf32>
  %ee = arith.mulf %a, %minus2 : tensor<5x7xf32>
  return %g, %e, %gg, %ee : tensor<5x7xf32>, tensor<5x7xf32>, tensor<5x7xf32>, tensor<5x7xf32>
}

// All of the loss is stopped: the gradient is zero.
func.func @nothing_left(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %e = math.exp %x : tensor<3xf32>
  %s = sinter.stop_gradient %e : tensor<3xf32>
  %loss = sinter.reduce sum %s axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %loss wrt %x : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %zero = arith.constant dense<0.0> : tensor<3xf32>
  return %g, %zero : tensor<3xf32>, tensor<3xf32>
}

// Inside of attention: weights that gradients do not see leave d sum(p v) / dv = the sums of p's columns, and nothing
// for the queries.
func.func @attention(%q: tensor<2x8x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x4xf32>)
    -> (tensor<2x8x4xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>) attributes {sinter.expect} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x8x4xf32>, tensor<2x8x4xf32>) -> tensor<2x8x8xf32>
  %p = sinter.softmax %s : tensor<2x8x8xf32>
  %n = sinter.stop_gradient %p : tensor<2x8x8xf32>
  %o = sinter.matmul %n, %v : (tensor<2x8x8xf32>, tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  %loss = sinter.reduce sum %o axes [0, 1, 2] : tensor<2x8x4xf32> -> tensor<f32>
  %gq, %gv = sinter.grad %loss wrt %q, %v : (tensor<f32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>) -> (tensor<2x8x4xf32>, tensor<2x8x4xf32>)
  %zero = arith.constant dense<0.0> : tensor<2x8x4xf32>
  %columns = sinter.reduce sum %p axes [1] : tensor<2x8x8xf32> -> tensor<2x8xf32>
  %e = sinter.broadcast %columns dims [0, 1] : tensor<2x8xf32> -> tensor<2x8x4xf32>
  return %gq, %zero, %gv, %e : tensor<2x8x4xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>
}
