// Lookups by the distance of column and row, of any function of it, become sinter.diagonals; with the same numbers.
// RUN: split-file %s %t
// RUN: sinter-opt %t/fused.mlir --sinter-fuse-diagonals -mlir-print-local-scope | FileCheck %t/fused.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-diagonals --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics | FileCheck %t/refused.mlir
// RUN: sinter-run %t/fused.mlir
// RUN: sinter-opt %t/numbers.mlir --sinter-to-fused | FileCheck %t/numbers.mlir
// RUN: sinter-run %t/numbers.mlir

//--- fused.mlir
#t = affine_map<(h, i, j) -> (i, j, h)>
#id = affine_map<(h, i, j) -> (h, i, j)>
#ij = affine_map<(h, i, j) -> (i, j)>
#b = affine_map<(b, h, i, j) -> (i, j, h)>
#idb = affine_map<(b, h, i, j) -> (b, h, i, j)>

// A table with a row for each distance, heads last; seen from the last of 6 rows, distance d is column d.
// CHECK-LABEL: func @heads_last
// CHECK: %[[AT:.*]] = sinter.map() [] : () -> tensor<13xi32> {
// CHECK-NEXT: %[[D:.*]] = sinter.index 0
// CHECK-NEXT: %[[ROW:.*]] = arith.constant 5 : i32
// CHECK: %[[DISTANCE:.*]] = arith.subi %[[ROW]], %[[D]]
// CHECK: %[[ROWS:.*]] = sinter.gather %arg1, %[[AT]] : (tensor<16x3xf32>, tensor<13xi32>) -> tensor<13x3xf32>
// CHECK: %[[TABLE:.*]] = sinter.transpose %[[ROWS]] [1, 0]
// CHECK: %[[BIAS:.*]] = sinter.diagonals %[[TABLE]] rows 6 : tensor<3x13xf32> -> tensor<3x6x8xf32>
// CHECK: sinter.map(%arg0, %[[BIAS]]) [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]
func.func @heads_last(%s: tensor<3x6x8xf32>, %table: tensor<16x3xf32>) -> tensor<3x6x8xf32> attributes {sinter.entry} {
  %at = sinter.map() [] : () -> tensor<6x8xi32> {
    %j = sinter.index 1 : i32
    %i = sinter.index 0 : i32
    %c = arith.constant 8 : i32
    %d = arith.subi %i, %j : i32
    %e = arith.addi %d, %c : i32
    sinter.yield %e : i32
  }
  %g = sinter.gather %table, %at : (tensor<16x3xf32>, tensor<6x8xi32>) -> tensor<6x8x3xf32>
  %r = sinter.map(%s, %g) [#id, #t] : (tensor<3x6x8xf32>, tensor<6x8x3xf32>) -> tensor<3x6x8xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    sinter.yield %z : f32
  }
  return %r : tensor<3x6x8xf32>
}

// One number a distance; the indices leave the table at both ends; two readers, one of which takes it for each head.
// CHECK-LABEL: func @plain_table
// CHECK: %[[ROWS:.*]] = sinter.gather %arg1, %{{.*}} : (tensor<7xf32>, tensor<15xi32>) -> tensor<15xf32>
// CHECK-NOT: sinter.transpose
// CHECK: %[[M:.*]] = sinter.diagonals %[[ROWS]] rows 8 : tensor<15xf32> -> tensor<8x8xf32>
// CHECK: sinter.map(%arg0, %[[M]]) [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>]
// CHECK: sinter.map(%[[M]])
func.func @plain_table(%s: tensor<3x8x8xf32>, %table: tensor<7xf32>) -> (tensor<3x8x8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %at = sinter.map() [] : () -> tensor<8x8xi32> {
    %j = sinter.index 1 : i32
    %i = sinter.index 0 : i32
    %d = arith.subi %j, %i : i32
    sinter.yield %d : i32
  }
  %g = sinter.gather %table, %at : (tensor<7xf32>, tensor<8x8xi32>) -> tensor<8x8xf32>
  %r = sinter.map(%s, %g) [#id, #ij] : (tensor<3x8x8xf32>, tensor<8x8xf32>) -> tensor<3x8x8xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    sinter.yield %z : f32
  }
  %q = sinter.map(%g) [affine_map<(i, j) -> (i, j)>] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%x: f32):
    %z = math.sin %x : f32
    sinter.yield %z : f32
  }
  return %r, %q : tensor<3x8x8xf32>, tensor<8x8xf32>
}

// Buckets, as T5 has them: near distances apart, far ones by their logarithm; rows count twice and are taken back.
// CHECK-LABEL: func @buckets
// CHECK: sinter.gather %arg1, %{{.*}} : (tensor<9x3xf32>, tensor<15xi32>) -> tensor<15x3xf32>
// CHECK: sinter.diagonals
func.func @buckets(%s: tensor<2x3x8x8xf32>, %table: tensor<9x3xf32>) -> tensor<2x3x8x8xf32> attributes {sinter.entry} {
  %at = sinter.map() [] : () -> tensor<8x8xi32> {
    %j = sinter.index 1 : i32
    %i = sinter.index 0 : i32
    %two = arith.constant 2 : i32
    %i2 = arith.muli %i, %two : i32
    %k = arith.subi %i2, %j : i32
    %d = arith.subi %k, %i : i32
    %zero = arith.constant 0 : i32
    %n = arith.subi %zero, %d : i32
    %a = arith.maxsi %d, %n : i32
    %f = arith.sitofp %a : i32 to f32
    %l = math.log %f : f32
    %c = arith.constant 1.5 : f32
    %m = arith.mulf %l, %c : f32
    %b = arith.fptosi %m : f32 to i32
    %near = arith.cmpi slt, %a, %two : i32
    %e = arith.select %near, %a, %b : i32
    sinter.yield %e : i32
  }
  %g = sinter.gather %table, %at : (tensor<9x3xf32>, tensor<8x8xi32>) -> tensor<8x8x3xf32>
  %r = sinter.map(%s, %g) [#idb, #b] : (tensor<2x3x8x8xf32>, tensor<8x8x3xf32>) -> tensor<2x3x8x8xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    sinter.yield %z : f32
  }
  return %r : tensor<2x3x8x8xf32>
}

//--- refused.mlir
#ij = affine_map<(i, j) -> (i, j)>
// CHECK-NOT: sinter.diagonals

func.func @sum(%table: tensor<16xf32>) -> tensor<8x8xf32> {
  %at = sinter.map() [] : () -> tensor<8x8xi32> {
    %j = sinter.index 1 : i32
    %i = sinter.index 0 : i32
    %d = arith.addi %j, %i : i32
    sinter.yield %d : i32
  }
  // expected-remark @below {{this lookup for each row and column into one for each of their distances}}
  %g = sinter.gather %table, %at : (tensor<16xf32>, tensor<8x8xi32>) -> tensor<8x8xf32>
  %r = sinter.map(%g) [#ij] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%x: f32):
    %z = math.sin %x : f32
    sinter.yield %z : f32
  }
  return %r : tensor<8x8xf32>
}

// A difference of the two halves: it is i - j only as long as both are even.
func.func @not_linear(%table: tensor<16xf32>) -> tensor<8x8xf32> {
  %at = sinter.map() [] : () -> tensor<8x8xi32> {
    %j = sinter.index 1 : i32
    %i = sinter.index 0 : i32
    %two = arith.constant 2 : i32
    %a = arith.divsi %i, %two : i32
    %b = arith.divsi %j, %two : i32
    %d = arith.subi %a, %b : i32
    sinter.yield %d : i32
  }
  // expected-remark @below {{which row it reads depends on more than the distance of column and row}}
  %g = sinter.gather %table, %at : (tensor<16xf32>, tensor<8x8xi32>) -> tensor<8x8xf32>
  %r = sinter.map(%g) [#ij] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%x: f32):
    %z = math.sin %x : f32
    sinter.yield %z : f32
  }
  return %r : tensor<8x8xf32>
}

func.func @read_whole(%table: tensor<16xf32>) -> tensor<8x8xf32> {
  %at = sinter.map() [] : () -> tensor<8x8xi32> {
    %j = sinter.index 1 : i32
    %i = sinter.index 0 : i32
    %d = arith.subi %j, %i : i32
    sinter.yield %d : i32
  }
  // expected-remark @below {{its rows are read by something else than elementwise ops}}
  %g = sinter.gather %table, %at : (tensor<16xf32>, tensor<8x8xi32>) -> tensor<8x8xf32>
  %r = sinter.matmul %g, %g : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

//--- numbers.mlir
// As a model has it, with the gradient of the table, clipped at 3.
// CHECK-LABEL: func @clipped
// CHECK: sinter.diagonals
// CHECK-NOT: -> tensor<20x20xi32>
func.func @clipped(%s: tensor<2x20x20xf32>, %table: tensor<7x2xf32>) -> (tensor<2x20x20xf32>, tensor<7x2xf32>) attributes {sinter.entry} {
  %i = sinter.iota axis 0 : tensor<20x20xi32>
  %j = sinter.iota axis 1 : tensor<20x20xi32>
  %d = arith.subi %i, %j : tensor<20x20xi32>
  %three = arith.constant dense<3> : tensor<20x20xi32>
  %minus = arith.constant dense<-3> : tensor<20x20xi32>
  %a = arith.minsi %d, %three : tensor<20x20xi32>
  %b = arith.maxsi %a, %minus : tensor<20x20xi32>
  %c = arith.addi %b, %three : tensor<20x20xi32>
  %g = sinter.gather %table, %c : (tensor<7x2xf32>, tensor<20x20xi32>) -> tensor<20x20x2xf32>
  %t = sinter.transpose %g [2, 0, 1] : tensor<20x20x2xf32> -> tensor<2x20x20xf32>
  %r = arith.addf %s, %t : tensor<2x20x20xf32>
  %w = math.sin %r : tensor<2x20x20xf32>
  %l = sinter.reduce sum %w axes [0, 1, 2] : tensor<2x20x20xf32> -> tensor<f32>
  %dt = sinter.grad %l wrt %table : (tensor<f32>, tensor<7x2xf32>) -> tensor<7x2xf32>
  return %w, %dt : tensor<2x20x20xf32>, tensor<7x2xf32>
}
