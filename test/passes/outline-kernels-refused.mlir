// What outline-kernels keeps apart: for each kind of group, ops that differ in one thing from those that join it
// (outline-kernels.mlir). The numbers would show a group that reads what it has not computed yet.
// RUN: sinter-opt %s --sinter-canonicalize-shapes --sinter-group-kernels --sinter-outline-kernels --canonicalize | FileCheck %s
// RUN: sinter-run %s --device=cpu

#id = affine_map<(i, j) -> (i, j)>
#swap = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>
#id1 = affine_map<(i) -> (i)>
#id3 = affine_map<(i, j, k) -> (i, j, k)>
#first = affine_map<(i, j, k) -> (i, j)>

//===--- product -----------------------------------------------------------------------------------------------===//

// An epilogue reads the product's own element: not the one across the diagonal, not one that several elements share.
// CHECK-LABEL: func @epilogue_across
// CHECK: %[[M:.*]] = call @matmul_6x6(%arg0, %arg1)
// CHECK: call @map_6x6(%[[M]]
func.func @epilogue_across(%x: tensor<6x8xf32>, %w: tensor<8x6xf32>) -> tensor<6x6xf32> attributes {sinter.entry} {
  %m = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x6xf32>) -> tensor<6x6xf32>
  %y = sinter.map (%m, %m) [#id, #swap] : (tensor<6x6xf32>, tensor<6x6xf32>) -> tensor<6x6xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.subf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y : tensor<6x6xf32>
}
// CHECK-LABEL: func @epilogue_repeated
// CHECK: %[[M:.*]] = call @matmul_6x4(%arg0, %arg1)
// CHECK: %[[R:.*]] = sinter.reshape %[[M]]
// CHECK: call @map_24x3(%[[R]]
func.func @epilogue_repeated(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>, %z: tensor<6x4x3xf32>) -> tensor<6x4x3xf32> attributes {sinter.entry} {
  %m = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %y = sinter.map (%m, %z) [#first, #id3] : (tensor<6x4xf32>, tensor<6x4x3xf32>) -> tensor<6x4x3xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y : tensor<6x4x3xf32>
}

//===--- rows --------------------------------------------------------------------------------------------------===//

// As many rows as columns: a row's sum is no use to the others, nor is its softmax across the diagonal.
// CHECK-LABEL: func @rows_by_column
// CHECK: call @
// CHECK: call @
// CHECK: call @
// CHECK: return
func.func @rows_by_column(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) attributes {sinter.entry} {
  %s = sinter.reduce sum %x axes [1] : tensor<4x4xf32> -> tensor<4xf32>
  %p = sinter.softmax %x : tensor<4x4xf32>
  %y = sinter.map (%x, %s) [#id, #column] : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.subf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %z = sinter.map (%p) [#swap] : (tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  return %y, %z : tensor<4x4xf32>, tensor<4x4xf32>
}

// Another number of rows.
// CHECK-LABEL: func @other_rows
// CHECK: call @softmax_4x5(
// CHECK: call @softmax_5x4(
func.func @other_rows(%x: tensor<4x5xf32>) -> (tensor<4x5xf32>, tensor<5x4xf32>) attributes {sinter.entry} {
  %p = sinter.softmax %x : tensor<4x5xf32>
  %r = sinter.reshape %x : tensor<4x5xf32> -> tensor<5x4xf32>
  %q = sinter.softmax %r : tensor<5x4xf32>
  return %p, %q : tensor<4x5xf32>, tensor<5x4xf32>
}

//===--- columns -----------------------------------------------------------------------------------------------===//

// Along other dimensions of the same tensor, and along the same one of another tensor.
// CHECK-LABEL: func @other_columns
// CHECK-COUNT-3: call @reduce
// CHECK-NOT: call
// CHECK: return
func.func @other_columns(%x: tensor<4x5x6xf32>, %y: tensor<4x5x6xf32>) -> (tensor<5x6xf32>, tensor<4x6xf32>, tensor<5x6xf32>) attributes {sinter.entry} {
  %a = sinter.reduce sum %x axes [0] : tensor<4x5x6xf32> -> tensor<5x6xf32>
  %b = sinter.reduce sum %x axes [1] : tensor<4x5x6xf32> -> tensor<4x6xf32>
  %c = sinter.reduce max %y axes [0] : tensor<4x5x6xf32> -> tensor<5x6xf32>
  return %a, %b, %c : tensor<5x6xf32>, tensor<4x6xf32>, tensor<5x6xf32>
}

// Deviations from a column's mean wait for it.
// CHECK-LABEL: func @columns_that_wait
// CHECK: %[[M:.*]] = call @reduce_5(%arg0)
// CHECK: call @{{.*}}(%arg0, %[[M]])
func.func @columns_that_wait(%x: tensor<4x5xf32>) -> (tensor<5xf32>, tensor<5xf32>) attributes {sinter.entry} {
  %m = sinter.reduce sum %x axes [0] : tensor<4x5xf32> -> tensor<5xf32>
  %d = sinter.map (%x, %m) [#id, #column] : (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4x5xf32> {
  ^bb0(%0: f32, %1: f32):
    %quarter = arith.constant 0.25 : f32
    %2 = arith.mulf %1, %quarter : f32
    %3 = arith.subf %0, %2 : f32
    %4 = arith.mulf %3, %3 : f32
    sinter.yield %4 : f32
  }
  %v = sinter.reduce sum %d axes [0] : tensor<4x5xf32> -> tensor<5xf32>
  return %m, %v : tensor<5xf32>, tensor<5xf32>
}

// A map that somebody else reads as well is stored: the sum reads it, and does not compute it.
// CHECK-LABEL: func @columns_of_what_is_stored
// CHECK: %[[P:.*]] = call @map_4x5(%arg0)
// CHECK: call @reduce_5(%[[P]])
func.func @columns_of_what_is_stored(%x: tensor<4x5xf32>) -> (tensor<5xf32>, tensor<4x5xf32>) attributes {sinter.entry} {
  %p = sinter.map (%x) [#id] : (tensor<4x5xf32>) -> tensor<4x5xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %c = sinter.reduce sum %p axes [0] : tensor<4x5xf32> -> tensor<5xf32>
  return %c, %p : tensor<5xf32>, tensor<4x5xf32>
}

//===--- elements ----------------------------------------------------------------------------------------------===//

// Elements of another place, and a path through a product. (Tensors of three dimensions, as two would be rows.)
// CHECK-LABEL: func @elements_elsewhere
// CHECK: call @map_27(
// CHECK: call @map_3x3x3(
func.func @elements_elsewhere(%x: tensor<3x3x3xf32>) -> (tensor<3x3x3xf32>, tensor<3x3x3xf32>) attributes {sinter.entry} {
  %a = sinter.map (%x) [#id3] : (tensor<3x3x3xf32>) -> tensor<3x3x3xf32> {
  ^bb0(%0: f32):
    %1 = math.sin %0 : f32
    sinter.yield %1 : f32
  }
  %b = sinter.map (%x, %a) [#id3, affine_map<(i, j, k) -> (j, i, k)>] : (tensor<3x3x3xf32>, tensor<3x3x3xf32>) -> tensor<3x3x3xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %a, %b : tensor<3x3x3xf32>, tensor<3x3x3xf32>
}
// CHECK-LABEL: func @elements_and_back
// CHECK: call @map_32(
// CHECK: call @matmul_2x4x4(
func.func @elements_and_back(%x: tensor<2x4x4xf32>) -> (tensor<2x4x4xf32>, tensor<2x4x4xf32>) attributes {sinter.entry} {
  %a = sinter.map (%x) [#id3] : (tensor<2x4x4xf32>) -> tensor<2x4x4xf32> {
  ^bb0(%0: f32):
    %1 = math.sin %0 : f32
    sinter.yield %1 : f32
  }
  %m = sinter.matmul %a, %x : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  %b = sinter.map (%m, %a) [#id3, #id3] : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %a, %b : tensor<2x4x4xf32>, tensor<2x4x4xf32>
}

// Members compute the same of other tensors: not a sum and a difference.
// CHECK-LABEL: func @no_members
// CHECK: call @
// CHECK: call @
func.func @no_members(%p: tensor<32xf32>, %q: tensor<16xf32>) -> (tensor<32xf32>, tensor<16xf32>) attributes {sinter.entry} {
  %a = sinter.map (%p, %p) [#id1, #id1] : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = math.sin %1 : f32
    %3 = arith.addf %0, %2 : f32
    sinter.yield %3 : f32
  }
  %b = sinter.map (%q, %q) [#id1, #id1] : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = math.sin %1 : f32
    %3 = arith.subf %0, %2 : f32
    sinter.yield %3 : f32
  }
  return %a, %b : tensor<32xf32>, tensor<16xf32>
}

//===--- views -------------------------------------------------------------------------------------------------===//

// A transpose that two read is stored, and so is a slice.
// CHECK-LABEL: func @views_of_two
// CHECK: %[[S:.*]] = call @slice_4x3(%arg0)
// CHECK-DAG: call @transpose_3x4(%[[S]])
// CHECK-DAG: call @softmax_4x3(%[[S]])
func.func @views_of_two(%x: tensor<4x6xf32>, %w: tensor<3x4xf32>) -> (tensor<6x4xf32>, tensor<3x4xf32>, tensor<4x3xf32>) attributes {sinter.entry} {
  %s = sinter.slice %x [0, 1] to [4, 4] by [1, 1] : tensor<4x6xf32> -> tensor<4x3xf32>
  %t = sinter.transpose %s [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  %p = sinter.softmax %s : tensor<4x3xf32>
  %c = sinter.concat %t, %w axis 0 : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<6x4xf32>
  return %c, %t, %p : tensor<6x4xf32>, tensor<3x4xf32>, tensor<4x3xf32>
}
