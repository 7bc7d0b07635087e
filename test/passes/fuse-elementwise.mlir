// RUN: sinter-opt %s --sinter-fuse-elementwise | FileCheck %s

// CHECK-LABEL: func @chain_with_broadcast_is_one_map
// CHECK: %[[Y:.*]] = sinter.map(%arg0, %arg1) [#[[ID:.*]], #[[ROW:.*]]]
// CHECK: arith.addf
// CHECK: %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: math.tanh
// CHECK: arith.mulf %{{.*}}, %[[HALF]]
// CHECK: sinter.yield
// CHECK-NOT: sinter.broadcast
// CHECK: return %[[Y]]
func.func @chain_with_broadcast_is_one_map(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %half = arith.constant dense<0.5> : tensor<4x8xf32>
  %0 = sinter.broadcast %b dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %1 = arith.addf %x, %0 : tensor<4x8xf32>
  %2 = math.tanh %1 : tensor<4x8xf32>
  %3 = arith.mulf %2, %half : tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// A causal mask from two iotas: comparisons live inside the map, no boolean tensor exists.
// CHECK-LABEL: func @mask_is_absorbed
// CHECK: sinter.map(%arg0)
// CHECK-DAG: sinter.index 1
// CHECK-DAG: sinter.index 2
// CHECK: arith.cmpi
// CHECK: arith.select
// CHECK-NOT: tensor<{{.*}}xi1>
func.func @mask_is_absorbed(%s: tensor<2x4x4xf32>) -> tensor<2x4x4xf32> {
  %i = sinter.iota axis 0 : tensor<4x4xi32>
  %j = sinter.iota axis 1 : tensor<4x4xi32>
  %m = arith.cmpi sge, %i, %j : tensor<4x4xi32>
  %mb = sinter.broadcast %m dims [1, 2] : tensor<4x4xi1> -> tensor<2x4x4xi1>
  %ninf = arith.constant dense<0xFF800000> : tensor<2x4x4xf32>
  %r = arith.select %mb, %s, %ninf : tensor<2x4x4xi1>, tensor<2x4x4xf32>
  return %r : tensor<2x4x4xf32>
}

// A value with two readers stays a value.
// CHECK-LABEL: func @two_readers_stay
// CHECK: %[[E:.*]] = sinter.map(%arg0)
// CHECK: math.exp
// CHECK: sinter.reduce sum %[[E]]
// CHECK: sinter.map(%[[E]]
func.func @two_readers_stay(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %y = arith.mulf %e, %e : tensor<4x8xf32>
  return %s, %y : tensor<4xf32>, tensor<4x8xf32>
}

// What a gradient is asked for must not disappear into its readers.
// CHECK-LABEL: func @wrt_stays
// CHECK: %[[W:.*]] = sinter.map(%arg0)
// CHECK: arith.mulf
// CHECK: sinter.map(%[[W]])
// CHECK: math.exp
// CHECK: sinter.grad %{{.*}} wrt %[[W]]
func.func @wrt_stays(%x: tensor<f32>) -> tensor<f32> {
  %w = arith.mulf %x, %x : tensor<f32>
  %e = math.exp %w : tensor<f32>
  %g = sinter.grad %e wrt %w : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

// An exponential per row is not recomputed for every column; a product is.
// CHECK-LABEL: func @broadcast_of_expensive
// CHECK: %[[E:.*]] = sinter.map(%arg1)
// CHECK: math.exp
// CHECK: sinter.map(%arg0, %[[E]])
func.func @broadcast_of_expensive(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = math.exp %r : tensor<4xf32>
  %b = sinter.broadcast %e dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %b : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// CHECK-LABEL: func @broadcast_of_cheap
// CHECK-COUNT-1: sinter.map
// CHECK-NOT: sinter.map
// CHECK: return
func.func @broadcast_of_cheap(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = arith.mulf %r, %r : tensor<4xf32>
  %b = sinter.broadcast %e dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %b : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func @transpose_is_a_map
// CHECK: sinter.map(%arg0, %arg1)
// CHECK-NOT: sinter.transpose
// CHECK: return
func.func @transpose_is_a_map(%x: tensor<4x8xf32>, %y: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %t = sinter.transpose %x [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %z = arith.addf %t, %y : tensor<8x4xf32>
  return %z : tensor<8x4xf32>
}

// The same operand twice is one input.
// CHECK-LABEL: func @square
// CHECK: sinter.map(%arg0) [#{{[a-z0-9]*}}]
func.func @square(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = arith.mulf %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// x[i, j] and x[j, i] are two reads.
// CHECK-LABEL: func @with_its_transpose
// CHECK: sinter.map(%arg0, %arg0) [#[[ID]], #[[SWAP:.*]]]
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK-NEXT: arith.subf %[[A]], %[[B]]
func.func @with_its_transpose(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %t = sinter.transpose %x [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %y = arith.subf %x, %t : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// So are x[i, j] and x[i] of what is broadcast, and x[j] beside them.
// CHECK-LABEL: func @two_broadcasts
// CHECK: sinter.map(%arg0, %arg0) [#[[FIRST:.*]], #[[LAST:.*]]]
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK-NEXT: arith.subf %[[A]], %[[B]]
func.func @two_broadcasts(%x: tensor<4xf32>) -> tensor<4x4xf32> {
  %a = sinter.broadcast %x dims [0] : tensor<4xf32> -> tensor<4x4xf32>
  %b = sinter.broadcast %x dims [1] : tensor<4xf32> -> tensor<4x4xf32>
  %y = arith.subf %a, %b : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// A boolean that something else than maps reads stays a value, as does a dear map that several read.
// CHECK-LABEL: func @read_by_others
// CHECK: %[[M:.*]] = sinter.map(%arg0)
// CHECK: arith.cmpf
// CHECK: sinter.slice %[[M]]
// CHECK: %[[E:.*]] = sinter.map(%arg0)
// CHECK: math.exp
// CHECK: sinter.map(%[[M]], %[[E]])
// CHECK: arith.select
// CHECK: sinter.map(%[[E]])
func.func @read_by_others(%x: tensor<4xf32>) -> (tensor<2xi1>, tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %m = arith.cmpf ogt, %x, %zero : tensor<4xf32>
  %s = sinter.slice %m [0] to [2] by [1] : tensor<4xi1> -> tensor<2xi1>
  %e = math.exp %x : tensor<4xf32>
  %y = arith.select %m, %e, %zero : tensor<4xi1>, tensor<4xf32>
  %z = math.sqrt %e : tensor<4xf32>
  return %s, %y, %z : tensor<2xi1>, tensor<4xf32>, tensor<4xf32>
}
