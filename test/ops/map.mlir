// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt %t/errors.mlir -verify-diagnostics -split-input-file
// RUN: sinter-opt %t/vjp.mlir --sinter-differentiate --canonicalize | FileCheck %t/vjp.mlir
// RUN: sinter-opt %t/lower.mlir --sinter-lower-to-linalg | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run %t/gradients.mlir --grad-check --hvp-check

//--- roundtrip.mlir
// CHECK-LABEL: func @broadcast_and_index
func.func @broadcast_and_index(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: sinter.map(%{{.*}}, %{{.*}}) [#{{.*}}, #{{.*}}] : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[B:.*]]: f32):
  // CHECK: sinter.index 1 : i32
  // CHECK: sinter.yield
  %y = sinter.map (%x, %b) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>] : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = sinter.index 1 : i32
    %3 = arith.sitofp %2 : i32 to f32
    %4 = arith.addf %0, %1 : f32
    %5 = arith.mulf %4, %3 : f32
    sinter.yield %5 : f32
  }
  return %y : tensor<4x8xf32>
}

//--- errors.mlir
func.func @too_few_maps(%x: tensor<4xf32>, %b: tensor<4xf32>) {
  // expected-error @below {{has 2 inputs but 1 maps}}
  %y = sinter.map (%x, %b) [affine_map<(i) -> (i)>] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: f32, %1: f32):
    sinter.yield %0 : f32
  }
  return
}
// -----
func.func @not_a_projection(%x: tensor<4xf32>) {
  // expected-error @below {{is not a projected permutation from rank 1 to rank 1}}
  %y = sinter.map (%x) [affine_map<(i) -> (i + 1)>] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: f32):
    sinter.yield %0 : f32
  }
  return
}
// -----
func.func @sizes_differ(%x: tensor<5xf32>) {
  // expected-error @below {{dimension 0 of input 'tensor<5xf32>' has size 5, but the map iterates over 4}}
  %y = sinter.map (%x) [affine_map<(i) -> (i)>] : (tensor<5xf32>) -> tensor<4xf32> {
  ^bb0(%0: f32):
    sinter.yield %0 : f32
  }
  return
}
// -----
func.func @results_differ(%x: tensor<4xf32>) {
  // expected-error @below {{results differ in shape: 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %y:2 = sinter.map (%x) [affine_map<(i) -> (i)>] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<5xf32>) {
  ^bb0(%0: f32):
    sinter.yield %0, %0 : f32, f32
  }
  return
}
// -----
func.func @argument_type(%x: tensor<4xf32>) {
  // expected-error @below {{region argument has type 'i32', its input is 'tensor<4xf32>'}}
  %y = sinter.map (%x) [affine_map<(i) -> (i)>] : (tensor<4xf32>) -> tensor<4xi32> {
  ^bb0(%0: i32):
    sinter.yield %0 : i32
  }
  return
}
// -----
func.func @yield_count(%x: tensor<4xf32>) {
  // expected-error @below {{yields 2 values for 1 results}}
  %y = sinter.map (%x) [affine_map<(i) -> (i)>] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: f32):
    sinter.yield %0, %0 : f32, f32
  }
  return
}
// -----
func.func @index_out_of_range(%x: tensor<4xf32>) {
  %y = sinter.map (%x) [affine_map<(i) -> (i)>] : (tensor<4xf32>) -> tensor<4xi32> {
  ^bb0(%0: f32):
    // expected-error @below {{dimension 1 is out of range for a map of rank 1}}
    %1 = sinter.index 1 : i32
    sinter.yield %1 : i32
  }
  return
}

//--- vjp.mlir
// The backward map recomputes the sum from the inputs; the broadcast bias gets a sum over rows, the transposed input a
// transpose, and both share the one cotangent.
// CHECK-LABEL: func @shared_cotangent
// CHECK: %[[G:.*]] = sinter.map(%arg0, %arg1
// CHECK: math.tanh
// CHECK: sinter.yield %{{[^,]*}} : f32
// CHECK-DAG: %[[DX:.*]] = sinter.transpose %[[G]] [1, 0]
// CHECK-DAG: %[[DB:.*]] = sinter.reduce sum %[[G]] axes [0]
// CHECK: return %[[DX]], %[[DB]]
func.func @shared_cotangent(%x: tensor<8x4xf32>, %b: tensor<8xf32>) -> (tensor<8x4xf32>, tensor<8xf32>) {
  %y = sinter.map (%x, %b) [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (j)>] : (tensor<8x4xf32>, tensor<8xf32>) -> tensor<4x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    %3 = math.tanh %2 : f32
    sinter.yield %3 : f32
  }
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %x, %b : (tensor<f32>, tensor<8x4xf32>, tensor<8xf32>) -> (tensor<8x4xf32>, tensor<8xf32>)
  return %g#0, %g#1 : tensor<8x4xf32>, tensor<8xf32>
}

//--- lower.mlir
// CHECK-LABEL: func @becomes_generic
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}], iterator_types = ["parallel", "parallel"]} ins(%arg0, %arg1
// CHECK: linalg.index 0
// CHECK: arith.index_cast
// CHECK: linalg.yield
// CHECK-NOT: sinter
func.func @becomes_generic(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xi32> {
  %y = sinter.map (%x, %b) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>] : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xi32> {
  ^bb0(%0: f32, %1: f32):
    %2 = sinter.index 0 : i32
    sinter.yield %2 : i32
  }
  return %y : tensor<4x8xi32>
}

//--- run.mlir
// (x + b) * column, over a transposed x; expected values by hand.
func.func @transposed_and_broadcast() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %b = arith.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %y = sinter.map (%x, %b) [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i)>] : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<2x3xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = sinter.index 1 : i32
    %3 = arith.sitofp %2 : i32 to f32
    %4 = arith.addf %0, %1 : f32
    %5 = arith.mulf %4, %3 : f32
    sinter.yield %5 : f32
  }
  %expected = arith.constant dense<[[0.0, 13.0, 30.0], [0.0, 24.0, 52.0]]> : tensor<2x3xf32>
  return %y, %expected : tensor<2x3xf32>, tensor<2x3xf32>
}

// Four elements of 100 b + 10 h + i each. As rows for a sum the first three dimensions are one, of which each index is a
// quotient, a remainder, or both.
func.func @merged_indices() -> (tensor<2x3x2xf32>, tensor<2x3x2xf32>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<0.0> : tensor<2x3x2x4xf32>
  %y = sinter.map (%x) [affine_map<(b, h, i, j) -> (b, h, i, j)>] : (tensor<2x3x2x4xf32>) -> tensor<2x3x2x4xf32> {
  ^bb0(%0: f32):
    %hundred = arith.constant 100 : i32
    %ten = arith.constant 10 : i32
    %b = sinter.index 0 : i32
    %h = sinter.index 1 : i32
    %i = sinter.index 2 : i32
    %1 = arith.muli %b, %hundred : i32
    %2 = arith.muli %h, %ten : i32
    %3 = arith.addi %1, %2 : i32
    %4 = arith.addi %3, %i : i32
    %5 = arith.sitofp %4 : i32 to f32
    %6 = arith.addf %0, %5 : f32
    sinter.yield %6 : f32
  }
  %s = sinter.reduce sum %y axes [3] : tensor<2x3x2x4xf32> -> tensor<2x3x2xf32>
  %expected = arith.constant dense<[[[0.0, 4.0], [40.0, 44.0], [80.0, 84.0]], [[400.0, 404.0], [440.0, 444.0], [480.0, 484.0]]]> : tensor<2x3x2xf32>
  return %s, %expected : tensor<2x3x2xf32>, tensor<2x3x2xf32>
}

//--- gradients.mlir
func.func @odd_sizes(%x: tensor<5x17xf32>, %b: tensor<17xf32>, %c: tensor<5xf32>) -> tensor<17x5xf32> {
  %y = sinter.map (%x, %b, %c) [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (j)>] : (tensor<5x17xf32>, tensor<17xf32>, tensor<5xf32>) -> tensor<17x5xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.mulf %0, %1 : f32
    %4 = math.tanh %3 : f32
    %5 = arith.addf %4, %2 : f32
    %6 = arith.mulf %5, %5 : f32
    sinter.yield %6 : f32
  }
  return %y : tensor<17x5xf32>
}
func.func @scalar(%x: tensor<f32>) -> tensor<f32> {
  %y = sinter.map (%x) [affine_map<() -> ()>] : (tensor<f32>) -> tensor<f32> {
  ^bb0(%0: f32):
    %1 = math.exp %0 : f32
    %2 = arith.mulf %1, %0 : f32
    sinter.yield %2 : f32
  }
  return %y : tensor<f32>
}
