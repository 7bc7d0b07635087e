// RUN: sinter-opt %s --sinter-recompute-maps | FileCheck %s
// RUN: sinter-opt %s --sinter-recompute-maps --sinter-recompute-maps | FileCheck %s
// RUN: sinter-run %s --device=cpu

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>
#swap = affine_map<(i, j) -> (j, i)>

// The scaled gradient is computed by the reduction and by the map that reads it; nobody stores it.
// CHECK-LABEL: func @by_each_reader
// CHECK: %[[DY:.*]] = sinter.matmul
// CHECK: sinter.reduce sum %[[DY]] axes [0]
// CHECK: %[[G:.*]] = sinter.map(%[[DY]], %{{.*}})
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: sinter.yield
// CHECK: %[[S:.*]] = sinter.reduce sum %[[G]] axes [1]
// CHECK: sinter.map(%[[S]], %[[DY]], %{{.*}})
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: arith.subf
func.func @by_each_reader(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>, %scale: tensor<4xf32>) -> (tensor<4xf32>, tensor<6x4xf32>) attributes {sinter.entry} {
  %dy = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %bias = sinter.reduce sum %dy axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %g = sinter.map (%dy, %scale) [#id, #column] : (tensor<6x4xf32>, tensor<4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %s = sinter.reduce sum %g axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  %y = sinter.map (%g, %s) [#id, #row] : (tensor<6x4xf32>, tensor<6xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.subf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %bias, %y : tensor<4xf32>, tensor<6x4xf32>
}

// The product has no other reader: what is stored is the map, not the product.
// CHECK-LABEL: func @product_is_not_stored
// CHECK: %[[G:.*]] = sinter.map
// CHECK: sinter.reduce sum %[[G]] axes [0]
// CHECK: sinter.reduce sum %[[G]] axes [1]
func.func @product_is_not_stored(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<6xf32>) attributes {sinter.entry} {
  %dy = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %g = sinter.map (%dy) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %2 = arith.mulf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %a = sinter.reduce sum %g axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %g axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %a, %b : tensor<4xf32>, tensor<6xf32>
}

// Not cheap, or read by something that cannot compute it: stays.
// CHECK-LABEL: func @stays
// CHECK: %[[E:.*]] = sinter.map
// CHECK: math.exp
// CHECK: sinter.reduce sum %[[E]] axes [0]
// CHECK: sinter.reduce sum %[[E]] axes [1]
// CHECK: %[[D:.*]] = sinter.map
// CHECK: sinter.reduce sum %[[D]] axes [0]
// CHECK: sinter.matmul %[[D]]
func.func @stays(%x: tensor<6x4xf32>, %w: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<6xf32>, tensor<4xf32>, tensor<6x4xf32>) attributes {sinter.entry} {
  %e = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %2 = math.exp %0 : f32
    sinter.yield %2 : f32
  }
  %a = sinter.reduce sum %e axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %e axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  %d = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %2 = arith.addf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %c = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %m = sinter.matmul %d, %w : (tensor<6x4xf32>, tensor<4x4xf32>) -> tensor<6x4xf32>
  return %a, %b, %c, %m : tensor<4xf32>, tensor<6xf32>, tensor<4xf32>, tensor<6x4xf32>
}

// A map that yields what it reads is nothing.
// CHECK-LABEL: func @identity
// CHECK-NOT: sinter.map
// CHECK: sinter.reduce sum %arg0 axes [0]
func.func @identity(%x: tensor<6x4xf32>) -> tensor<4xf32> attributes {sinter.entry} {
  %d = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    sinter.yield %0 : f32
  }
  %c = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// A reader that reads it at its own element and at the one across the diagonal computes both.
// CHECK-LABEL: func @across_the_diagonal
// CHECK: sinter.map(%arg0, %arg0)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK-DAG: %[[A2:.*]] = arith.addf %[[A]], %[[A]]
// CHECK-DAG: %[[B2:.*]] = arith.addf %[[B]], %[[B]]
// CHECK: arith.subf %[[A2]], %[[B2]]
func.func @across_the_diagonal(%x: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<4x4xf32>) attributes {sinter.entry} {
  %d = sinter.map (%x) [#id] : (tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<4x4xf32> -> tensor<4xf32>
  %y = sinter.map (%d, %d) [#id, #swap] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.subf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %a, %y : tensor<4xf32>, tensor<4x4xf32>
}
