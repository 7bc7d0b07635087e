// RUN: sinter-opt %s --sinter-fuse-prologues | FileCheck %s
// RUN: sinter-opt %s --sinter-fuse-prologues --sinter-fuse-prologues | FileCheck %s
// RUN: sinter-opt %s --sinter-fuse-prologues --sinter-canonicalize-shapes --sinter-group-kernels --sinter-outline-kernels --canonicalize | FileCheck %s --check-prefix=KERNELS

#id = affine_map<(i, j) -> (i, j)>
#id3 = affine_map<(i, j, k) -> (i, j, k)>
#column = affine_map<(i, j) -> (j)>
#column3 = affine_map<(i, j, k) -> (k)>

// Both products scale their operand themselves, in the operand's shape; nobody stores it.
// CHECK-LABEL: func @by_each_product
// CHECK: %[[A:.*]] = sinter.map(%arg0, %arg1) {{.*}} attributes {sinter.prologue}
// CHECK: %[[A2:.*]] = sinter.reshape %[[A]]
// CHECK-NEXT: sinter.matmul %[[A2]], %arg2 :
// CHECK: %[[B:.*]] = sinter.map(%arg0, %arg1) {{.*}} attributes {sinter.prologue}
// CHECK: %[[B2:.*]] = sinter.reshape %[[B]]
// CHECK-NEXT: sinter.matmul %[[B2]], %arg3 {transpose_lhs}
// CHECK-NOT: sinter.map
// KERNELS-LABEL: func @by_each_product
// KERNELS: %[[X:.*]] = sinter.reshape %arg0 : tensor<2x3x8xf32> -> tensor<6x8xf32>
// KERNELS: call @matmul_6x16(%[[X]], %arg1, %arg2)
// KERNELS: call @matmul_8x16(%[[X]], %arg1, %arg3)
// KERNELS-NEXT: return
func.func @by_each_product(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %w: tensor<8x16xf32>, %g: tensor<6x16xf32>) -> (tensor<6x16xf32>, tensor<8x16xf32>) attributes {sinter.entry} {
  %h = sinter.map (%x, %s) [#id3, #column3] : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %h2 = sinter.reshape %h : tensor<2x3x8xf32> -> tensor<6x8xf32>
  %a = sinter.matmul %h2, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %b = sinter.matmul %h2, %g {transpose_lhs} : (tensor<6x8xf32>, tensor<6x16xf32>) -> tensor<8x16xf32>
  return %a, %b : tensor<6x16xf32>, tensor<8x16xf32>
}

// A layer in front of which words are looked up.
// CHECK-LABEL: func @embedding
// CHECK: sinter.gather %arg0, %arg1 {sinter.prologue}
// KERNELS-LABEL: func @embedding
// KERNELS-NEXT: call @matmul_6x16.1(%arg0, %arg1, %arg2)
// KERNELS-NEXT: return
func.func @embedding(%table: tensor<27x4xf32>, %words: tensor<6x3xi32>, %w: tensor<12x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %words : (tensor<27x4xf32>, tensor<6x3xi32>) -> tensor<6x3x4xf32>
  %h = sinter.reshape %e : tensor<6x3x4xf32> -> tensor<6x12xf32>
  %y = sinter.matmul %h, %w : (tensor<6x12xf32>, tensor<12x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// The product is in registers when the map is computed: it would have to be stored instead.
// CHECK-LABEL: func @epilogue
// CHECK-NOT: sinter.prologue
func.func @epilogue(%x: tensor<6x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %u = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
  %h = sinter.map (%u) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %2 = arith.mulf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %y = sinter.matmul %h, %v : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// Dear, or stored for another reader, or in front of a product of few rows.
// CHECK-LABEL: func @stays
// CHECK-NOT: sinter.prologue
func.func @stays(%x: tensor<6x8xf32>, %row: tensor<2x8xf32>, %w: tensor<8x16xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>, tensor<6xf32>, tensor<2x16xf32>) attributes {sinter.entry} {
  %dear = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %2 = math.tanh %0 : f32
    sinter.yield %2 : f32
  }
  %a = sinter.matmul %dear, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %stored = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %2 = arith.mulf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %b = sinter.matmul %stored, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %sums = sinter.reduce sum %stored axes [1] : tensor<6x8xf32> -> tensor<6xf32>
  %few = sinter.map (%row) [#id] : (tensor<2x8xf32>) -> tensor<2x8xf32> {
  ^bb0(%0: f32):
    %2 = arith.mulf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %c = sinter.matmul %few, %w : (tensor<2x8xf32>, tensor<8x16xf32>) -> tensor<2x16xf32>
  return %a, %b, %sums, %c : tensor<6x16xf32>, tensor<6x16xf32>, tensor<6xf32>, tensor<2x16xf32>
}
// The other operand may be what it likes, if it is stored: here a map of as many dimensions.
// CHECK-LABEL: func @beside_a_map
// CHECK: math.tanh
// CHECK: sinter.map(%arg0, %arg1) {{.*}} attributes {sinter.prologue}
func.func @beside_a_map(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %g: tensor<2x3x16xf32>) -> tensor<8x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x, %s) [#id3, #column3] : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %t = sinter.map (%g) [#id3] : (tensor<2x3x16xf32>) -> tensor<2x3x16xf32> {
  ^bb0(%0: f32):
    %2 = math.tanh %0 : f32
    sinter.yield %2 : f32
  }
  %h2 = sinter.reshape %h : tensor<2x3x8xf32> -> tensor<6x8xf32>
  %t2 = sinter.reshape %t : tensor<2x3x16xf32> -> tensor<6x16xf32>
  %y = sinter.matmul %h2, %t2 {transpose_lhs} : (tensor<6x8xf32>, tensor<6x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

// A product of bf16 takes denormals for zero, and so would the map; a triangle's sums are cut by dimensions of its own.
// CHECK-LABEL: func @not_here
// CHECK-NOT: sinter.prologue
func.func @not_here(%x: tensor<8x8xf32>, %w: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<8x16xf32>) attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %2 = arith.mulf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %a = sinter.matmul %h, %w {bf16} : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %g = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %2 = arith.addf %0, %0 : f32
    sinter.yield %2 : f32
  }
  %b = sinter.matmul %g, %w lhs(lower) : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %a, %b : tensor<8x16xf32>, tensor<8x16xf32>
}
// KERNELS-LABEL: func private @matmul_6x16
// KERNELS: sinter.map(%arg0, %arg1) [{{[^]]*}}] : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
// KERNELS: sinter.matmul
