// RUN: split-file %s %t
// RUN: sinter-opt %t/mark.mlir --sinter-mark-variables | FileCheck %t/mark.mlir
// RUN: sinter-opt %t/stay.mlir --sinter-to-fused | FileCheck %t/stay.mlir
// RUN: sinter-opt %t/errors.mlir -verify-diagnostics -split-input-file
// RUN: sinter-run %t/numbers.mlir
// RUN: sinter-run --unfused %t/numbers.mlir

//--- mark.mlir
// All readers of the value read the mark, the grad among them, wherever they stand.
// CHECK-LABEL: func @all_readers
// CHECK-NEXT: %[[V:.*]] = sinter.variable %arg0 : tensor<f32>
// CHECK-NEXT: %[[L:.*]] = arith.mulf %[[V]], %arg1
// CHECK-NEXT: %[[G:.*]] = sinter.grad %[[L]] wrt %[[V]]
// CHECK-NEXT: %[[U:.*]] = arith.subf %[[V]], %[[G]]
// CHECK-NEXT: return %[[U]], %arg1
func.func @all_readers(%x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %l = arith.mulf %x, %y : tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %u = arith.subf %x, %g : tensor<f32>
  return %u, %y : tensor<f32>, tensor<f32>
}

// One mark for a value, however often it is asked for; a gradient can be asked for as well.
// CHECK-LABEL: func @several_gradients
// CHECK: %[[V:.*]] = sinter.variable %arg0
// CHECK-NOT: sinter.variable
// CHECK: %[[G:.*]]:2 = sinter.grad %{{.*}} wrt %[[V]], %[[V]]
// CHECK: %[[W:.*]] = sinter.variable %[[G]]#0
// CHECK-NOT: sinter.variable
// CHECK: %[[P:.*]] = arith.mulf %[[W]], %[[G]]#1
// CHECK: sinter.grad %[[P]] wrt %[[W]], %[[V]]
func.func @several_gradients(%x: tensor<f32>) -> tensor<f32> {
  %l = arith.mulf %x, %x : tensor<f32>
  %g:2 = sinter.grad %l wrt %x, %x : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  %p = arith.mulf %g#0, %g#1 : tensor<f32>
  %h:2 = sinter.grad %p wrt %g#0, %x : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %h#0 : tensor<f32>
}

// Views that change nothing go, and those that others undo; others stay.
// CHECK-LABEL: func @views
// CHECK-NEXT: %[[T:.*]] = sinter.transpose %arg0 [1, 0]
// CHECK-NEXT: %[[R:.*]] = sinter.reshape %arg0 : tensor<2x3xf32> -> tensor<6xf32>
// CHECK-NEXT: return %arg0, %arg0, %[[T]], %[[R]]
func.func @views(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2xf32>, tensor<6xf32>) {
  %same = sinter.reshape %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %t = sinter.transpose %same [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %tt = sinter.transpose %t [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %r = sinter.reshape %tt : tensor<2x3xf32> -> tensor<6xf32>
  return %same, %tt, %t, %r : tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2xf32>, tensor<6xf32>
}

// So does a view that is asked for, under its mark: what it views is another value.
// CHECK-LABEL: func @views_asked_for
// CHECK-NEXT: %[[V:.*]] = sinter.variable %arg0
// CHECK-NEXT: %[[L:.*]] = arith.mulf %[[V]], %arg0
// CHECK-NEXT: sinter.grad %[[L]] wrt %[[V]]
func.func @views_asked_for(%x: tensor<f32>) -> tensor<f32> {
  %a = sinter.reshape %x : tensor<f32> -> tensor<f32>
  %l = arith.mulf %a, %x : tensor<f32>
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- stay.mlir
// Equal values meet, but their readers do not.
// CHECK-LABEL: func @equal_values
// CHECK: %[[A:.*]] = sinter.map(%arg0)
// CHECK: %[[V:.*]] = sinter.variable %[[A]]
// CHECK: sinter.map(%[[V]], %[[A]])
// CHECK: %[[G:.*]] = sinter.grad %{{.*}} wrt %[[V]]
// CHECK: return %[[G]], %[[A]]
func.func @equal_values(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %a = math.exp %x : tensor<f32>
  %b = math.exp %x : tensor<f32>
  %l = arith.mulf %a, %b : tensor<f32>
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g, %b : tensor<f32>, tensor<f32>
}

// Nothing folds through the mark: the constant's reader reads no constant, the pad no slice.
// CHECK-LABEL: func @no_folding
// CHECK: %[[C:.*]] = arith.constant dense<0.000000e+00>
// CHECK: %[[V:.*]] = sinter.variable %[[C]]
// CHECK: sinter.reduce sum %[[V]]
// CHECK: sinter.grad
func.func @no_folding() -> tensor<2xf32> {
  %c = arith.constant dense<0.0> : tensor<2xf32>
  %l = sinter.reduce sum %c axes [0] : tensor<2xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %c : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  return %g : tensor<2xf32>
}

//--- errors.mlir
func.func @variable_integer(%x: tensor<4xi32>) {
  // expected-error@+1 {{'sinter.variable' op operand #0 must be statically shaped tensor of 32-bit float or 64-bit float or bfloat16 type or 16-bit float values, but got 'tensor<4xi32>'}}
  %v = sinter.variable %x : tensor<4xi32>
  return
}

//--- numbers.mlir
sinter.state @w : tensor<2xf32> {init = "constant", scale = 3.0}

// Two reads of one state are two values: l = a^2 b at 3.
func.func @two_reads() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %a = sinter.read @w : tensor<2xf32>
  %b = sinter.read @w : tensor<2xf32>
  %aa = arith.mulf %a, %a : tensor<2xf32>
  %aab = arith.mulf %aa, %b : tensor<2xf32>
  %l = sinter.reduce sum %aab axes [0] : tensor<2xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  %da = arith.constant dense<18.0> : tensor<2xf32>
  %db = arith.constant dense<9.0> : tensor<2xf32>
  return %g#0, %da, %g#1, %db : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// So are two results of one map that are one scalar in it.
func.func @two_results() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %x = sinter.read @w : tensor<2xf32>
  %m:2 = sinter.map(%x) [affine_map<(d0) -> (d0)>] : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  ^bb0(%s: f32):
    %t = arith.addf %s, %s : f32
    sinter.yield %t, %t : f32, f32
  }
  %aa = arith.mulf %m#0, %m#0 : tensor<2xf32>
  %aab = arith.mulf %aa, %m#1 : tensor<2xf32>
  %l = sinter.reduce sum %aab axes [0] : tensor<2xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %m#0, %m#1 : (tensor<f32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  %da = arith.constant dense<72.0> : tensor<2xf32>
  %db = arith.constant dense<36.0> : tensor<2xf32>
  return %g#0, %da, %g#1, %db : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
