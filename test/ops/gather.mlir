// sinter.gather reads rows of a table by index; an index that names no row gives zeros.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @embedding
// CHECK: sinter.gather %{{.*}}, %{{.*}} : (tensor<65x128xf32>, tensor<12x64xi32>) -> tensor<12x64x128xf32>
func.func @embedding(%t: tensor<65x128xf32>, %i: tensor<12x64xi32>) -> tensor<12x64x128xf32> {
  %y = sinter.gather %t, %i : (tensor<65x128xf32>, tensor<12x64xi32>) -> tensor<12x64x128xf32>
  return %y : tensor<12x64x128xf32>
}

// CHECK-LABEL: @one_element
// CHECK: sinter.gather %{{.*}}, %{{.*}} : (tensor<5xi32>, tensor<i32>) -> tensor<i32>
func.func @one_element(%t: tensor<5xi32>, %i: tensor<i32>) -> tensor<i32> {
  %y = sinter.gather %t, %i : (tensor<5xi32>, tensor<i32>) -> tensor<i32>
  return %y : tensor<i32>
}

//--- errors.mlir
func.func @scalar_table(%t: tensor<f32>, %i: tensor<2xi32>) {
  // expected-error@+2 {{gather: the table must have at least one dimension, but its type is 'tensor<f32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.gather %t, %i : (tensor<f32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----
func.func @float_indices(%t: tensor<5x3xf32>, %i: tensor<2xf32>) {
  // expected-error@+2 {{gather: indices must be i32, but their type is 'tensor<2xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.gather %t, %i : (tensor<5x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----
func.func @wrong_result(%t: tensor<5x3xf32>, %i: tensor<2xi32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x5xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.gather %t, %i : (tensor<5x3xf32>, tensor<2xi32>) -> tensor<2x5xf32>
  return
}

//--- vjp.mlir
// CHECK-LABEL: @scatters_into_the_table
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg2 : tensor<2x3xf32>
// CHECK: %[[DT:.*]] = sinter.scatter_add %arg1, %[[DY]] : (tensor<2xi32>, tensor<2x3xf32>) -> tensor<5x3xf32>
// CHECK: return %[[DT]]
func.func @scatters_into_the_table(%t: tensor<5x3xf32>, %i: tensor<2xi32>, %c: tensor<2x3xf32>) -> tensor<5x3xf32> {
  %y = sinter.gather %t, %i : (tensor<5x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %p = arith.mulf %y, %c : tensor<2x3xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %t : (tensor<f32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  return %g : tensor<5x3xf32>
}

//--- lower.mlir
// CHECK: #[[$INDEX:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK: #[[$OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: @reads_a_clamped_row_and_selects
// CHECK: linalg.generic {indexing_maps = [#[[$INDEX]], #[[$OUT]]], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK-SAME: ins(%arg1 : tensor<2x4xi32>) outs(%{{.*}} : tensor<2x4x3xf32>)
// CHECK: ^bb0(%[[I:.*]]: i32, %{{.*}}: f32):
// CHECK: %[[LOW:.*]] = arith.maxsi %[[I]], %{{.*}} : i32
// CHECK: %[[ROW:.*]] = arith.minsi %[[LOW]], %{{.*}} : i32
// CHECK-DAG: %[[R:.*]] = arith.index_cast %[[ROW]] : i32 to index
// CHECK-DAG: %[[C:.*]] = linalg.index 2 : index
// CHECK: %[[X:.*]] = tensor.extract %arg0[%[[R]], %[[C]]] : tensor<5x3xf32>
// CHECK: %[[OK:.*]] = arith.cmpi eq, %[[I]], %[[ROW]] : i32
// CHECK: %[[Y:.*]] = arith.select %[[OK]], %[[X]], %{{.*}} : f32
// CHECK: linalg.yield %[[Y]] : f32
func.func @reads_a_clamped_row_and_selects(%t: tensor<5x3xf32>, %i: tensor<2x4xi32>) -> tensor<2x4x3xf32> {
  %y = sinter.gather %t, %i : (tensor<5x3xf32>, tensor<2x4xi32>) -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

// CHECK-LABEL: @scalar_index
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%arg1 : tensor<i32>) outs(%{{.*}} : tensor<3xf32>)
func.func @scalar_index(%t: tensor<5x3xf32>, %i: tensor<i32>) -> tensor<3xf32> {
  %y = sinter.gather %t, %i : (tensor<5x3xf32>, tensor<i32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: @table_without_rows
// CHECK: linalg.fill
// CHECK-NOT: tensor.extract
func.func @table_without_rows(%t: tensor<0x3xf32>, %i: tensor<2xi32>) -> tensor<2x3xf32> {
  %y = sinter.gather %t, %i : (tensor<0x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

//--- run.mlir
func.func @rows_and_zeros_for_indices_outside() -> (tensor<3x2x3xf32>, tensor<3x2x3xf32>) attributes {sinter.expect} {
  %t = arith.constant dense<[
      [0.5, 1.0, 1.5],
      [2.0, 2.5, 3.0],
      [3.5, 4.0, 4.5],
      [5.0, 5.5, 6.0],
      [6.5, 7.0, 7.5]]> : tensor<5x3xf32>
  %i = arith.constant dense<[[4, 0], [5, -1], [2, 2]]> : tensor<3x2xi32>
  %y = sinter.gather %t, %i : (tensor<5x3xf32>, tensor<3x2xi32>) -> tensor<3x2x3xf32>
  %expected = arith.constant dense<[
      [[6.5, 7.0, 7.5], [0.5, 1.0, 1.5]],
      [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
      [[3.5, 4.0, 4.5], [3.5, 4.0, 4.5]]]> : tensor<3x2x3xf32>
  return %y, %expected : tensor<3x2x3xf32>, tensor<3x2x3xf32>
}

func.func @extreme_indices() -> (tensor<4xf32>, tensor<4xf32>) attributes {sinter.expect} {
  %t = arith.constant dense<[7.0, 9.0]> : tensor<2xf32>
  %i = arith.constant dense<[-2147483648, 2147483647, 1, -1]> : tensor<4xi32>
  %y = sinter.gather %t, %i : (tensor<2xf32>, tensor<4xi32>) -> tensor<4xf32>
  %expected = arith.constant dense<[0.0, 0.0, 9.0, 0.0]> : tensor<4xf32>
  return %y, %expected : tensor<4xf32>, tensor<4xf32>
}

// A row that holds NaN or infinity is not read by an index outside the table, nor does it leak into other rows.
func.func @hostile_row() -> (tensor<3x1xf32>, tensor<3x1xf32>) attributes {sinter.expect} {
  %t = arith.constant dense<[[0x7FC00000], [1.0], [0x7F800000]]> : tensor<3x1xf32>
  %i = arith.constant dense<[-1, 1, 3]> : tensor<3xi32>
  %y = sinter.gather %t, %i : (tensor<3x1xf32>, tensor<3xi32>) -> tensor<3x1xf32>
  %expected = arith.constant dense<[[0.0], [1.0], [0.0]]> : tensor<3x1xf32>
  return %y, %expected : tensor<3x1xf32>, tensor<3x1xf32>
}

func.func @integer_table_and_scalar_index() -> (tensor<2xi32>, tensor<2xi32>) attributes {sinter.expect} {
  %t = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %i = arith.constant dense<1> : tensor<i32>
  %y = sinter.gather %t, %i : (tensor<2x2xi32>, tensor<i32>) -> tensor<2xi32>
  %expected = arith.constant dense<[3, 4]> : tensor<2xi32>
  return %y, %expected : tensor<2xi32>, tensor<2xi32>
}

// About a third of the indices lie outside; rows occur more than once.
func.func @gradient_with_indices_outside(%t: tensor<7x19xf32>, %i: tensor<3x5xi32> {sinter.limit = 11 : i64})
    -> tensor<3x5x19xf32> {
  %s = arith.mulf %t, %t : tensor<7x19xf32>
  %y = sinter.gather %s, %i : (tensor<7x19xf32>, tensor<3x5xi32>) -> tensor<3x5x19xf32>
  return %y : tensor<3x5x19xf32>
}

func.func @gradient_of_blocks(%t: tensor<3x2x3xf32>, %i: tensor<1xi32> {sinter.limit = 3 : i64}) -> tensor<1x2x3xf32> {
  %y = sinter.gather %t, %i : (tensor<3x2x3xf32>, tensor<1xi32>) -> tensor<1x2x3xf32>
  %z = arith.mulf %y, %y : tensor<1x2x3xf32>
  return %z : tensor<1x2x3xf32>
}

func.func @gradient_of_single_elements(%t: tensor<6xf32>, %i: tensor<2x9xi32>) -> tensor<2x9xf32> {
  %s = arith.mulf %t, %t : tensor<6xf32>
  %y = sinter.gather %s, %i : (tensor<6xf32>, tensor<2x9xi32>) -> tensor<2x9xf32>
  return %y : tensor<2x9xf32>
}
