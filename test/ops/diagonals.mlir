// sinter.diagonals, a matrix by the distance of column and row, and its transpose, sinter.sum_diagonals.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg -mlir-print-local-scope %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --unfused %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir
// RUN: sinterc %t/model.cpp --emit=model -o %t/model.mlir
// RUN: sinter-run %t/model.mlir
// RUN: not sinterc %t/model.cpp --set rows=6 --emit=model -o %t/model.mlir 2>&1 | FileCheck %t/model.cpp

//--- roundtrip.mlir
// CHECK-LABEL: @both
func.func @both(%x: tensor<2x11xf32>, %i: tensor<5xi32>) -> (tensor<2x11xf32>, tensor<3x3xi32>) {
  // CHECK: sinter.diagonals %{{.*}} rows 4 : tensor<2x11xf32> -> tensor<2x4x8xf32>
  %0 = sinter.diagonals %x rows 4 : tensor<2x11xf32> -> tensor<2x4x8xf32>
  // CHECK: sinter.sum_diagonals %{{.*}} : tensor<2x4x8xf32> -> tensor<2x11xf32>
  %1 = sinter.sum_diagonals %0 : tensor<2x4x8xf32> -> tensor<2x11xf32>
  // CHECK: sinter.diagonals %{{.*}} rows 3 : tensor<5xi32> -> tensor<3x3xi32>
  %2 = sinter.diagonals %i rows 3 : tensor<5xi32> -> tensor<3x3xi32>
  return %1, %2 : tensor<2x11xf32>, tensor<3x3xi32>
}

//--- fold.mlir
// CHECK-LABEL: @equal_numbers
func.func @equal_numbers() -> tensor<2x4x8xf32> {
  // CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : tensor<2x4x8xf32>
  // CHECK: return %[[C]]
  %c = arith.constant dense<2.5> : tensor<2x11xf32>
  %0 = sinter.diagonals %c rows 4 : tensor<2x11xf32> -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// Batches are added up behind the diagonals; rows or columns, and what is no sum, are not.
// CHECK-LABEL: @batches_last
func.func @batches_last(%x: tensor<5x2x4x8xf32>) -> (tensor<2x11xf32>, tensor<5x9xf32>, tensor<2x11xf32>) {
  // CHECK: %[[EACH:.*]] = sinter.sum_diagonals %arg0 : tensor<5x2x4x8xf32> -> tensor<5x2x11xf32>
  // CHECK: %[[ALL:.*]] = sinter.reduce sum %[[EACH]] axes [0] : tensor<5x2x11xf32> -> tensor<2x11xf32>
  %0 = sinter.reduce sum %x axes [0] : tensor<5x2x4x8xf32> -> tensor<2x4x8xf32>
  %1 = sinter.sum_diagonals %0 : tensor<2x4x8xf32> -> tensor<2x11xf32>
  // CHECK: %[[ROWS:.*]] = sinter.reduce sum %arg0 axes [2]
  // CHECK: %[[B:.*]] = sinter.sum_diagonals %[[ROWS]]
  %2 = sinter.reduce sum %x axes [2] : tensor<5x2x4x8xf32> -> tensor<5x2x8xf32>
  %3 = sinter.sum_diagonals %2 : tensor<5x2x8xf32> -> tensor<5x9xf32>
  // CHECK: %[[MOST:.*]] = sinter.reduce max %arg0 axes [0]
  // CHECK: %[[C:.*]] = sinter.sum_diagonals %[[MOST]]
  %4 = sinter.reduce max %x axes [0] : tensor<5x2x4x8xf32> -> tensor<2x4x8xf32>
  %5 = sinter.sum_diagonals %4 : tensor<2x4x8xf32> -> tensor<2x11xf32>
  // CHECK: return %[[ALL]], %[[B]], %[[C]]
  return %1, %3, %5 : tensor<2x11xf32>, tensor<5x9xf32>, tensor<2x11xf32>
}

//--- errors.mlir
func.func @scalar_table(%x: tensor<f32>) {
  // expected-error @+2 {{diagonals: the table must have at least one dimension, but its type is 'tensor<f32>'}}
  // expected-error @+1 {{'sinter.diagonals' op failed to infer returned types}}
  %0 = sinter.diagonals %x rows 1 : tensor<f32> -> tensor<1x1xf32>
  return
}
// -----
func.func @no_rows(%x: tensor<2x11xf32>) {
  // expected-error @+2 {{diagonals: 11 diagonals are those of 1 to 11 rows, not of 0}}
  // expected-error @+1 {{'sinter.diagonals' op failed to infer returned types}}
  %0 = sinter.diagonals %x rows 0 : tensor<2x11xf32> -> tensor<2x0x12xf32>
  return
}
// -----
func.func @no_columns(%x: tensor<2x11xf32>) {
  // expected-error @+2 {{diagonals: 11 diagonals are those of 1 to 11 rows, not of 12}}
  // expected-error @+1 {{'sinter.diagonals' op failed to infer returned types}}
  %0 = sinter.diagonals %x rows 12 : tensor<2x11xf32> -> tensor<2x12x0xf32>
  return
}
// -----
func.func @vector(%x: tensor<11xf32>) {
  // expected-error @+2 {{sum_diagonals: the operand must have rows and columns, but its type is 'tensor<11xf32>'}}
  // expected-error @+1 {{'sinter.sum_diagonals' op failed to infer returned types}}
  %0 = sinter.sum_diagonals %x : tensor<11xf32> -> tensor<11xf32>
  return
}
// -----
func.func @empty(%x: tensor<0x11xf32>) {
  // expected-error @+2 {{sum_diagonals: the operand must have rows and columns, but its type is 'tensor<0x11xf32>'}}
  // expected-error @+1 {{'sinter.sum_diagonals' op failed to infer returned types}}
  %0 = sinter.sum_diagonals %x : tensor<0x11xf32> -> tensor<10xf32>
  return
}
// -----
func.func @integers(%x: tensor<4x8xi32>) {
  // expected-error @+2 {{sum_diagonals: the operand has elements of i32, not f32}}
  // expected-error @+1 {{'sinter.sum_diagonals' op failed to infer returned types}}
  %0 = sinter.sum_diagonals %x : tensor<4x8xi32> -> tensor<11xi32>
  return
}

//--- vjp.mlir
// Each is the other's gradient.
// CHECK-LABEL: @each_others
// CHECK-SAME: (%{{.*}}: tensor<11xf32>, %{{.*}}: tensor<4x8xf32>, %[[W:.*]]: tensor<4x8xf32>, %[[V:.*]]: tensor<11xf32>)
func.func @each_others(%x: tensor<11xf32>, %m: tensor<4x8xf32>, %w: tensor<4x8xf32>, %v: tensor<11xf32>) -> (tensor<11xf32>, tensor<4x8xf32>) {
  // CHECK: %[[A:.*]] = arith.mulf %{{.*}}, %[[W]]
  // CHECK: sinter.sum_diagonals %{{.*}} : tensor<4x8xf32> -> tensor<11xf32>
  %0 = sinter.diagonals %x rows 4 : tensor<11xf32> -> tensor<4x8xf32>
  %1 = arith.mulf %0, %w : tensor<4x8xf32>
  %2 = sinter.reduce sum %1 axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %2 wrt %x : (tensor<f32>, tensor<11xf32>) -> tensor<11xf32>
  // CHECK: sinter.diagonals %{{.*}} rows 4 : tensor<11xf32> -> tensor<4x8xf32>
  %3 = sinter.sum_diagonals %m : tensor<4x8xf32> -> tensor<11xf32>
  %4 = arith.mulf %3, %v : tensor<11xf32>
  %5 = sinter.reduce sum %4 axes [0] : tensor<11xf32> -> tensor<f32>
  %h = sinter.grad %5 wrt %m : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g, %h : tensor<11xf32>, tensor<4x8xf32>
}

//--- lower.mlir
// A copy that walks along a row of the table: what reads it can read the table.
// CHECK-LABEL: @copy
func.func @copy(%x: tensor<2x11xf32>) -> tensor<2x4x8xf32> {
  // CHECK: linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2 - d1 + 3)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0
  %0 = sinter.diagonals %x rows 4 : tensor<2x11xf32> -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// A sum down a column for each diagonal.
// CHECK-LABEL: @sum
func.func @sum(%x: tensor<2x4x8xf32>) -> tensor<2x11xf32> {
  // CHECK: linalg.generic {{.*}}affine_map<(d0, d1, d2) -> (d0, d2)>], iterator_types = ["parallel", "reduction", "parallel"]}
  // CHECK: %[[AT:.*]] = tensor.extract %arg0
  // CHECK: %[[TERM:.*]] = arith.select %{{.*}}, %[[AT]]
  // CHECK: arith.addf %{{.*}}, %[[TERM]]
  %0 = sinter.sum_diagonals %x : tensor<2x4x8xf32> -> tensor<2x11xf32>
  return %0 : tensor<2x11xf32>
}

//--- run.mlir
func.func @small() -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xi32>, tensor<2x2xi32>) attributes {sinter.expect} {
  %x = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = sinter.diagonals %x rows 3 : tensor<4xf32> -> tensor<3x2xf32>
  %e0 = arith.constant dense<[[3.0, 4.0], [2.0, 3.0], [1.0, 2.0]]> : tensor<3x2xf32>
  %m = arith.constant dense<[[1.0, 10.0], [100.0, 1000.0], [10000.0, 100000.0]]> : tensor<3x2xf32>
  %1 = sinter.sum_diagonals %m : tensor<3x2xf32> -> tensor<4xf32>
  %e1 = arith.constant dense<[10000.0, 100100.0, 1001.0, 10.0]> : tensor<4xf32>
  %i = arith.constant dense<[-5, 6, 7]> : tensor<3xi32>
  %2 = sinter.diagonals %i rows 2 : tensor<3xi32> -> tensor<2x2xi32>
  %e2 = arith.constant dense<[[6, 7], [-5, 6]]> : tensor<2x2xi32>
  return %0, %e0, %1, %e1, %2, %e2 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xi32>, tensor<2x2xi32>
}
// One row is the table; one column is it backwards.
func.func @edges() -> (tensor<2x1x3xf32>, tensor<2x1x3xf32>, tensor<3x1xf32>, tensor<3x1xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = sinter.diagonals %x rows 1 : tensor<2x3xf32> -> tensor<2x1x3xf32>
  %e0 = arith.constant dense<[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]> : tensor<2x1x3xf32>
  %y = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %1 = sinter.diagonals %y rows 3 : tensor<3xf32> -> tensor<3x1xf32>
  %e1 = arith.constant dense<[[3.0], [2.0], [1.0]]> : tensor<3x1xf32>
  %2 = sinter.sum_diagonals %e1 : tensor<3x1xf32> -> tensor<3xf32>
  %r = arith.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %3 = sinter.sum_diagonals %r : tensor<1x3xf32> -> tensor<3xf32>
  return %0, %e0, %1, %e1, %2, %y, %3, %y : tensor<2x1x3xf32>, tensor<2x1x3xf32>, tensor<3x1xf32>, tensor<3x1xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}
// Sizes about a vector and a run of a sum; what comes before and after in the kernels; a number for all.
func.func @sizes(%a: tensor<2x3x80xf32>, %b: tensor<200xf32>, %m: tensor<2x130x33xf32>, %n: tensor<64x64xf32>) -> (tensor<2x3x64x17xf32>, tensor<130x71xf32>, tensor<2x162xf32>, tensor<127xf32>, tensor<8xf32>) {
  %0 = sinter.diagonals %a rows 64 : tensor<2x3x80xf32> -> tensor<2x3x64x17xf32>
  %s = math.sin %b : tensor<200xf32>
  %1 = sinter.diagonals %s rows 130 : tensor<200xf32> -> tensor<130x71xf32>
  %2 = math.cos %1 : tensor<130x71xf32>
  %3 = arith.mulf %m, %m : tensor<2x130x33xf32>
  %4 = sinter.sum_diagonals %3 : tensor<2x130x33xf32> -> tensor<2x162xf32>
  %5 = sinter.sum_diagonals %n : tensor<64x64xf32> -> tensor<127xf32>
  %6 = math.tanh %5 : tensor<127xf32>
  %one = arith.constant dense<1.0> : tensor<5x4xf32>
  %7 = sinter.sum_diagonals %one : tensor<5x4xf32> -> tensor<8xf32>
  return %0, %2, %4, %6, %7 : tensor<2x3x64x17xf32>, tensor<130x71xf32>, tensor<2x162xf32>, tensor<127xf32>, tensor<8xf32>
}
// A long diagonal of equal terms keeps its digits: 1e-6 at most.
func.func @long() -> (tensor<f32>, tensor<f32>) attributes {sinter.expect} {
  %i = sinter.iota axis 0 : tensor<1000x1000xi32>
  %j = sinter.iota axis 1 : tensor<1000x1000xi32>
  %on = arith.cmpi eq, %i, %j : tensor<1000x1000xi32>
  %tenth = arith.constant dense<0.1> : tensor<1000x1000xf32>
  %zero = arith.constant dense<0.0> : tensor<1000x1000xf32>
  %x = arith.select %on, %tenth, %zero : tensor<1000x1000xi1>, tensor<1000x1000xf32>
  %s = sinter.sum_diagonals %x : tensor<1000x1000xf32> -> tensor<1999xf32>
  %m = sinter.slice %s [999] to [1000] by [1] : tensor<1999xf32> -> tensor<1xf32>
  %r = sinter.reshape %m : tensor<1xf32> -> tensor<f32>
  %expected = arith.constant dense<100.0> : tensor<f32>
  return %r, %expected : tensor<f32>, tensor<f32>
}

//--- smooth.mlir
func.func @there_and_back(%x: tensor<2x7xf32>, %w: tensor<2x3x5xf32>) -> tensor<2x7xf32> {
  %0 = sinter.diagonals %x rows 3 : tensor<2x7xf32> -> tensor<2x3x5xf32>
  %1 = math.sin %0 : tensor<2x3x5xf32>
  %2 = arith.mulf %1, %w : tensor<2x3x5xf32>
  %3 = sinter.sum_diagonals %2 : tensor<2x3x5xf32> -> tensor<2x7xf32>
  %4 = math.tanh %3 : tensor<2x7xf32>
  return %4 : tensor<2x7xf32>
}

//--- model.cpp
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(m) {
  int64_t rows = config("rows", 2);
  entry("e", [&] {
    Tensor x = input("x", {3, 5});
    output("y", sin(diagonals(x, rows)));
    output("g", grad(sum(exp(diagonals(x, rows))), x));
  });
}
// CHECK: diagonals: a table of 5 has diagonals of 1 to 5 rows, not of 6
// CHECK: the table
