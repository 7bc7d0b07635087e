// RUN: sinter-opt %s --split-input-file --sinter-canonicalize-shapes --sinter-group-kernels --sinter-outline-kernels --canonicalize | FileCheck %s

// A product takes the maps that read it element by element as its epilogue, through reshapes.
// CHECK-LABEL: func @epilogue
// CHECK: %[[M:.*]] = call @matmul_6x4(%{{.*}}, %arg1, %arg2)
// CHECK-NEXT: sinter.reshape %[[M]] : tensor<6x4xf32> -> tensor<2x3x4xf32>
// CHECK-NEXT: return
// CHECK-LABEL: func private @matmul_6x4
// CHECK: sinter.matmul
// CHECK: sinter.map
// CHECK: return
func.func @epilogue(%x: tensor<2x3x8xf32>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<2x3x4xf32> attributes {sinter.entry} {
  %x2 = sinter.reshape %x : tensor<2x3x8xf32> -> tensor<6x8xf32>
  %m = sinter.matmul %x2, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %m3 = sinter.reshape %m : tensor<6x4xf32> -> tensor<2x3x4xf32>
  %y = sinter.map (%m3, %b) [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (k)>] : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y : tensor<2x3x4xf32>
}

// -----

// Row-wise ops over the same rows share a kernel, and intermediate rows never leave it.
// CHECK-LABEL: func @rows
// CHECK: call @softmax_12x5(%{{.*}}) : (tensor<12x5xf32>) -> tensor<12xf32>
// CHECK-NOT: call
// CHECK-LABEL: func private @softmax_12x5
// CHECK: sinter.map
// CHECK: sinter.softmax
// CHECK: sinter.reduce max
func.func @rows(%x: tensor<3x4x5xf32>) -> tensor<3x4xf32> attributes {sinter.entry} {
  %0 = sinter.map (%x) [affine_map<(i, j, k) -> (i, j, k)>] : (tensor<3x4x5xf32>) -> tensor<3x4x5xf32> {
  ^bb0(%1: f32):
    %2 = arith.addf %1, %1 : f32
    sinter.yield %2 : f32
  }
  %3 = sinter.softmax %0 : tensor<3x4x5xf32>
  %4 = sinter.reduce max %3 axes [2] : tensor<3x4x5xf32> -> tensor<3x4xf32>
  return %4 : tensor<3x4xf32>
}

// -----

// A path that leaves the rows (a product in between) splits them: no cycle between kernels.
// CHECK-LABEL: func @no_cycle
// CHECK: %[[S:.*]] = call @softmax_4x4(%arg0)
// CHECK: %[[M:.*]] = call @matmul_4x4(%[[S]], %arg1)
// CHECK: return %[[M]]
func.func @no_cycle(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {sinter.entry} {
  %s = sinter.softmax %x : tensor<4x4xf32>
  %m = sinter.matmul %s, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = sinter.map (%s, %m) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y : tensor<4x4xf32>
}

// -----

// Equal kernels are one, whatever their model lines.
// CHECK-LABEL: func @merged
// CHECK: call @softmax_4x5(%arg0)
// CHECK: call @softmax_4x5(%arg1)
// CHECK-COUNT-1: func private
// CHECK-NOT: func private
func.func @merged(%x: tensor<4x5xf32>, %y: tensor<4x5xf32>) -> (tensor<4x5xf32>, tensor<4x5xf32>) attributes {sinter.entry} {
  %a = sinter.softmax %x : tensor<4x5xf32> loc("m.cpp":1:1)
  %b = sinter.softmax %y : tensor<4x5xf32> loc("m.cpp":2:1)
  return %a, %b : tensor<4x5xf32>, tensor<4x5xf32>
}

// -----

// A column reduction takes the map that only it reads; a full reduction runs over rows first.
// CHECK-LABEL: func @reductions
// CHECK: call @reduce_5(%arg0)
// CHECK: %[[R:.*]] = call @reduce_4(%arg0) : (tensor<4x5xf32>) -> tensor<4xf32>
// CHECK: sinter.reshape %[[R]] : tensor<4xf32> -> tensor<1x4xf32>
// CHECK: call @reduce_1
func.func @reductions(%x: tensor<4x5xf32>) -> (tensor<5xf32>, tensor<f32>) attributes {sinter.entry} {
  %p = sinter.map (%x, %x) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x5xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %c = sinter.reduce sum %p axes [0] : tensor<4x5xf32> -> tensor<5xf32>
  %s = sinter.reduce sum %x axes [0, 1] : tensor<4x5xf32> -> tensor<f32>
  return %c, %s : tensor<5xf32>, tensor<f32>
}

// -----

// A boolean that two kernels exchange is a byte.
// CHECK-LABEL: func @booleans
// CHECK: %[[B:.*]] = call @map_4(%arg0) : (tensor<4xf32>) -> tensor<4xi8>
// CHECK: sinter.reshape %[[B]] : tensor<4xi8> -> tensor<2x2xi8>
// CHECK: call @slice_2x1(%{{.*}}) : (tensor<2x2xi8>) -> tensor<2x1xi8>
// CHECK-LABEL: func private @map_4(
// CHECK: %[[C:.*]] = arith.cmpf
// CHECK: %[[E:.*]] = arith.extui %[[C]] : i1 to i8
// CHECK: sinter.yield %[[E]]
// CHECK-LABEL: func private @map_2x1
// CHECK: ^bb0(%[[A:.*]]: i8):
// CHECK: arith.trunci %[[A]] : i8 to i1
func.func @booleans(%x: tensor<4xf32>) -> tensor<2x1xf32> attributes {sinter.entry} {
  %c = sinter.map (%x) [affine_map<(i) -> (i)>] : (tensor<4xf32>) -> tensor<4xi1> {
  ^bb0(%0: f32):
    %zero = arith.constant 0.0 : f32
    %1 = arith.cmpf ogt, %0, %zero : f32
    sinter.yield %1 : i1
  }
  %r = sinter.reshape %c : tensor<4xi1> -> tensor<2x2xi1>
  %s = sinter.slice %r [0, 0] to [2, 1] by [1, 1] : tensor<2x2xi1> -> tensor<2x1xi1>
  %y = sinter.map (%s) [affine_map<(i, j) -> (i, j)>] : (tensor<2x1xi1>) -> tensor<2x1xf32> {
  ^bb0(%0: i1):
    %1 = arith.uitofp %0 : i1 to f32
    sinter.yield %1 : f32
  }
  return %y : tensor<2x1xf32>
}

// -----

// The square of a product that is stored anyway belongs to the sum, not to the product.
// CHECK-LABEL: func @square_belongs_to_the_sum
// CHECK: %[[M:.*]] = call @matmul_6x4(%arg0, %arg1) : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
// CHECK: call @reduce_6(%[[M]])
// CHECK-LABEL: func private @reduce_6(
// CHECK: sinter.map
// CHECK: sinter.reduce
func.func @square_belongs_to_the_sum(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>) -> (tensor<6x4xf32>, tensor<6xf32>) attributes {sinter.entry} {
  %m = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %q = sinter.map (%m) [affine_map<(i, j) -> (i, j)>] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %s = sinter.reduce sum %q axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %m, %s : tensor<6x4xf32>, tensor<6xf32>
}

// -----

// Sums over the same rows read them once, and so do maps over the same elements.
// CHECK-LABEL: func @siblings
// CHECK: %[[C:.*]]:2 = call @reduce_4(%arg0, %arg1) : (tensor<6x4xf32>, tensor<6x4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK: %[[R:.*]]:2 = call @reduce_6(%arg0, %arg1) : (tensor<6x4xf32>, tensor<6x4xf32>) -> (tensor<6xf32>, tensor<6xf32>)
// CHECK-NOT: call
func.func @siblings(%x: tensor<6x4xf32>, %y: tensor<6x4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<6xf32>, tensor<6xf32>) attributes {sinter.entry} {
  %p = sinter.map (%x, %y) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %a = sinter.reduce sum %x axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %p axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %c = sinter.reduce sum %x axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  %q = sinter.map (%x, %y) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.subf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %d = sinter.reduce sum %q axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %a, %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<6xf32>, tensor<6xf32>
}

// -----

// A softmax's gradient is one kernel over rows; the row's index of the mask is found by division.
// CHECK-LABEL: func @softmax_backward
// CHECK: %[[M:.*]] = call @matmul_6x4x5
// CHECK: %[[V:.*]] = sinter.reshape %[[M]] : tensor<6x4x5xf32> -> tensor<24x5xf32>
// CHECK: call @reduce_24(%[[V]], %{{.*}}) : (tensor<24x5xf32>, tensor<24x5xf32>) -> tensor<24x5xf32>
// CHECK-NOT: call
// CHECK-LABEL: func private @reduce_24
// CHECK: sinter.map
// CHECK: sinter.reduce
// CHECK: sinter.map
// CHECK: %[[FOUR:.*]] = arith.constant 4 : i32
// CHECK: %[[I:.*]] = sinter.index 0
// CHECK: arith.remui %[[I]], %[[FOUR]]
func.func @softmax_backward(%x: tensor<2x3x4x7xf32>, %w: tensor<2x3x7x5xf32>, %p: tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32> attributes {sinter.entry} {
  %dp = sinter.matmul %x, %w : (tensor<2x3x4x7xf32>, tensor<2x3x7x5xf32>) -> tensor<2x3x4x5xf32>
  %q = sinter.map (%dp, %p) [affine_map<(b, h, i, j) -> (b, h, i, j)>, affine_map<(b, h, i, j) -> (b, h, i, j)>] : (tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %s = sinter.reduce sum %q axes [3] : tensor<2x3x4x5xf32> -> tensor<2x3x4xf32>
  %y = sinter.map (%p, %dp, %s) [affine_map<(b, h, i, j) -> (b, h, i, j)>, affine_map<(b, h, i, j) -> (b, h, i, j)>, affine_map<(b, h, i, j) -> (b, h, i)>] : (tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4x5xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %zero = arith.constant 0.0 : f32
    %3 = arith.subf %1, %2 : f32
    %4 = arith.mulf %0, %3 : f32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %mask = arith.cmpi sge, %i, %j : i32
    %5 = arith.select %mask, %4, %zero : f32
    sinter.yield %5 : f32
  }
  return %y : tensor<2x3x4x5xf32>
}

// -----

// Sums of squares of what stays alive, then updates that wait for all of them: one launch each, members of one kernel.
// The little sums of the sums share a kernel too.
// CHECK-LABEL: func @members
// CHECK-DAG: %[[Q:.*]]:2 = call @reduces_of_2(%[[G0:[0-9]+]], %[[G1:[0-9]+]]) : (tensor<6x4xf32>, tensor<8x4xf32>) -> (tensor<6xf32>, tensor<8xf32>)
// CHECK: %[[S:.*]]:2 = call @reduce_1(%{{.*}}, %{{.*}}) : (tensor<1x6xf32>, tensor<1x8xf32>) -> (tensor<1xf32>, tensor<1xf32>)
// CHECK: call @maps_of_2(
// CHECK-NOT: call
// CHECK-LABEL: func private @reduces_of_2(
// CHECK-SAME: sinter.members = 2 : i64
// CHECK: sinter.map
// CHECK: sinter.reduce sum {{.*}} tensor<6x4xf32>
// CHECK: sinter.map
// CHECK: sinter.reduce sum {{.*}} tensor<8x4xf32>
// CHECK-LABEL: func private @maps_of_2(
// CHECK-SAME: sinter.members = 2 : i64
// CHECK: sinter.map{{.*}} tensor<32xf32>
// CHECK: sinter.map{{.*}} tensor<16xf32>
#id2 = affine_map<(i, j) -> (i, j)>
#none = affine_map<(i, j) -> ()>
#id1 = affine_map<(i) -> (i)>
#none1 = affine_map<(i) -> ()>
func.func @members(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>, %v: tensor<8x8xf32>, %p: tensor<32xf32>, %q: tensor<16xf32>) -> (tensor<6x4xf32>, tensor<8x4xf32>, tensor<32xf32>, tensor<16xf32>) attributes {sinter.entry} {
  %g0 = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %g1 = sinter.matmul %v, %w : (tensor<8x8xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %q0 = sinter.map (%g0) [#id2] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %q1 = sinter.map (%g1) [#id2] : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %s0 = sinter.reduce sum %q0 axes [0, 1] : tensor<6x4xf32> -> tensor<f32>
  %s1 = sinter.reduce sum %q1 axes [0, 1] : tensor<8x4xf32> -> tensor<f32>
  %y0 = sinter.map (%g0, %s0, %s1) [#id2, #none, #none] : (tensor<6x4xf32>, tensor<f32>, tensor<f32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %1, %2 : f32
    %4 = arith.divf %0, %3 : f32
    sinter.yield %4 : f32
  }
  %y1 = sinter.map (%g1, %s0, %s1) [#id2, #none, #none] : (tensor<8x4xf32>, tensor<f32>, tensor<f32>) -> tensor<8x4xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.divf %0, %3 : f32
    sinter.yield %4 : f32
  }
  %z0 = sinter.map (%p, %s0, %s1) [#id1, #none1, #none1] : (tensor<32xf32>, tensor<f32>, tensor<f32>) -> tensor<32xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %1, %2 : f32
    %4 = arith.mulf %0, %3 : f32
    sinter.yield %4 : f32
  }
  %z1 = sinter.map (%q, %s0, %s1) [#id1, #none1, #none1] : (tensor<16xf32>, tensor<f32>, tensor<f32>) -> tensor<16xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %1, %2 : f32
    %4 = arith.mulf %0, %3 : f32
    sinter.yield %4 : f32
  }
  return %y0, %y1, %z0, %z1 : tensor<6x4xf32>, tensor<8x4xf32>, tensor<32xf32>, tensor<16xf32>
}

// -----

// A product is not kept until another one is there: these sums stay apart.
// CHECK-LABEL: func @no_member_waits
// CHECK: call @reduce_6
// CHECK: call @reduce_8
func.func @no_member_waits(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>, %v: tensor<8x8xf32>) -> (tensor<6xf32>, tensor<8xf32>) attributes {sinter.entry} {
  %g0 = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %s0 = sinter.reduce sum %g0 axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  %g1 = sinter.matmul %v, %w : (tensor<8x8xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %s1 = sinter.reduce sum %g1 axes [1] : tensor<8x4xf32> -> tensor<8xf32>
  return %s0, %s1 : tensor<6xf32>, tensor<8xf32>
}
