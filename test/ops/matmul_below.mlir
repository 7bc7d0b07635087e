// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %t/lower.mlir --check-prefix=AHEAD
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --unfused %t/run.mlir
// RUN: sinter-run --march=x86-64-v3 %t/run.mlir
// RUN: sinter-run --device=cpu --schedule-seed=1 %t/run.mlir
// RUN: sinter-run --device=cpu --schedule-seed=2 %t/run.mlir
// RUN: sinter-run --device=cpu --schedule-seed=3 %t/run.mlir
// RUN: sinter-opt --sinter-to-kernels %t/run.mlir | FileCheck %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @both
func.func @both(%q: tensor<2x1x8xf32>, %k: tensor<2x6x8xf32>, %n: tensor<i32>, %each: tensor<2xi32>) -> (tensor<2x1x6xf32>, tensor<2x1x8xf32>) {
  // CHECK: sinter.matmul_below %{{.*}}, %{{.*}}, %{{.*}} {transpose_rhs} : (tensor<2x1x8xf32>, tensor<2x6x8xf32>, tensor<i32>) -> tensor<2x1x6xf32>
  %s = sinter.matmul_below %q, %k, %n {transpose_rhs} : (tensor<2x1x8xf32>, tensor<2x6x8xf32>, tensor<i32>) -> tensor<2x1x6xf32>
  // CHECK: sinter.matmul_below %{{.*}}, %{{.*}}, %{{.*}} {terms} : (tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2xi32>) -> tensor<2x1x8xf32>
  %o = sinter.matmul_below %s, %k, %each {terms} : (tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2xi32>) -> tensor<2x1x8xf32>
  return %s, %o : tensor<2x1x6xf32>, tensor<2x1x8xf32>
}

//--- errors.mlir
func.func @inner(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>, %n: tensor<i32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{matmul: inner dimensions differ: 3 and 4 (shapes [2, 3] and [4, 5])}}
  %0 = sinter.matmul_below %a, %b, %n : (tensor<2x3xf32>, tensor<4x5xf32>, tensor<i32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}
// -----
func.func @result(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %n: tensor<i32>) -> tensor<5x2xf32> {
  // expected-error @+1 {{gives 'tensor<2x5xf32>', not 'tensor<5x2xf32>'}}
  %0 = sinter.matmul_below %a, %b, %n : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<i32>) -> tensor<5x2xf32>
  return %0 : tensor<5x2xf32>
}
// -----
func.func @bound(%a: tensor<4x2x3xf32>, %b: tensor<4x3x5xf32>, %n: tensor<2xi32>) -> tensor<4x2x5xf32> {
  // expected-error @+1 {{a bound is one i32, or one a batch, not 'tensor<2xi32>'}}
  %0 = sinter.matmul_below %a, %b, %n : (tensor<4x2x3xf32>, tensor<4x3x5xf32>, tensor<2xi32>) -> tensor<4x2x5xf32>
  return %0 : tensor<4x2x5xf32>
}
// -----
func.func @real(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %n: tensor<f32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{a bound is one i32, or one a batch, not 'tensor<f32>'}}
  %0 = sinter.matmul_below %a, %b, %n : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<f32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

//--- lower.mlir
// The product's own contraction, with the bound beside it.
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x1x8xf32>, tensor<2x6x8xf32>, tensor<i32>)
// CHECK-SAME: sinter.bounded = 2 : i64, sinter.role = "product"
func.func @k(%q: tensor<2x1x8xf32>, %k: tensor<2x6x8xf32>, %n: tensor<i32>) -> tensor<2x1x6xf32> attributes {sinter.kernel} {
  %s = sinter.matmul_below %q, %k, %n {transpose_rhs} : (tensor<2x1x8xf32>, tensor<2x6x8xf32>, tensor<i32>) -> tensor<2x1x6xf32>
  return %s : tensor<2x1x6xf32>
}
// One row of 300 dense columns: memory is asked for those 32 further (2048 elements), or, if they are behind the bound
// (which is rounded up to 16), for the next matrix's first ones, which stand 19200 elements further.
// AHEAD-LABEL: func private @cache
// AHEAD-DAG: %[[TWO:.*]] = arith.constant 2048 : index
// AHEAD-DAG: %[[NEXT:.*]] = arith.constant 21248 : index
// AHEAD-DAG: %[[BACK:.*]] = arith.constant -1024 : index
// AHEAD: arith.cmpi uge
// AHEAD: arith.muli %{{.*}}, %[[BACK]]
// AHEAD: arith.addi %{{.*}}, %[[NEXT]]
// AHEAD: arith.select %{{.*}}, %{{.*}}, %[[TWO]] : index
// AHEAD-COUNT-8: memref.prefetch %{{.*}}, read, locality<3>, data : memref<38400xf32>
// AHEAD-NOT: memref.prefetch
func.func private @cache(%q: tensor<2x1x64xf32>, %k: tensor<2x300x64xf32>, %n: tensor<i32>) -> tensor<2x1x300xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %s = sinter.matmul_below %q, %k, %n {transpose_rhs} : (tensor<2x1x64xf32>, tensor<2x300x64xf32>, tensor<i32>) -> tensor<2x1x300xf32>
  return %s : tensor<2x1x300xf32>
}

//--- run.mlir
// What follows takes columns behind the bound for nothing, and zeros them where they are terms: any value of them will do.
// One row, several, and as many as fill tiles; bounds at and beside the edges of vectors; one number, and one a batch.
// The map that reads the product joins its kernel.
// CHECK-LABEL: func.func private @matmul_below_
// CHECK: linalg.generic
// CHECK-SAME: sinter.bounded
// CHECK: linalg.generic
// CHECK: arith.select
#id = affine_map<(b, i, j) -> (b, i, j)>
#one = affine_map<(b, i, j) -> ()>
#batch = affine_map<(b, i, j) -> (b)>
func.func @one_row(%q: tensor<3x1x64xf32> {sinter.name = "q"}, %k: tensor<3x300x64xf32> {sinter.name = "k"}, %v: tensor<3x300x80xf32> {sinter.name = "v"}, %n: tensor<i32> {sinter.name = "n", sinter.limit = 301}) -> (tensor<3x1x80xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %s = sinter.matmul_below %q, %k, %n {transpose_rhs} : (tensor<3x1x64xf32>, tensor<3x300x64xf32>, tensor<i32>) -> tensor<3x1x300xf32>
  %m = sinter.map(%s, %n) [#id, #one] : (tensor<3x1x300xf32>, tensor<i32>) -> tensor<3x1x300xf32> {
  ^bb0(%e: f32, %end: i32):
    %zero = arith.constant 0.0 : f32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi slt, %j, %end : i32
    %r = arith.select %keep, %e, %zero : f32
    sinter.yield %r : f32
  }
  %y = sinter.matmul_below %m, %v, %n {terms} : (tensor<3x1x300xf32>, tensor<3x300x80xf32>, tensor<i32>) -> tensor<3x1x80xf32>
  return %y : tensor<3x1x80xf32>
}

// At an edge of panels of any width, 192, or one behind it: of the block that begins there, no column counts, or one.
func.func @at_an_edge(%q: tensor<12x1x64xf32> {sinter.name = "q"}, %k: tensor<12x384x64xf32> {sinter.name = "k"}, %v: tensor<12x384x48xf32> {sinter.name = "v"}, %more: tensor<12xi32> {sinter.name = "more", sinter.limit = 2}) -> (tensor<12x1x48xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %n = sinter.map(%more) [affine_map<(b) -> (b)>] : (tensor<12xi32>) -> tensor<12xi32> {
  ^bb0(%e: i32):
    %edge = arith.constant 192 : i32
    %r = arith.addi %e, %edge : i32
    sinter.yield %r : i32
  }
  %s = sinter.matmul_below %q, %k, %n {transpose_rhs} : (tensor<12x1x64xf32>, tensor<12x384x64xf32>, tensor<12xi32>) -> tensor<12x1x384xf32>
  %m = sinter.map(%s, %n) [#id, #batch] : (tensor<12x1x384xf32>, tensor<12xi32>) -> tensor<12x1x384xf32> {
  ^bb0(%e: f32, %end: i32):
    %zero = arith.constant 0.0 : f32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi slt, %j, %end : i32
    %r = arith.select %keep, %e, %zero : f32
    sinter.yield %r : f32
  }
  %y = sinter.matmul_below %m, %v, %n {terms} : (tensor<12x1x384xf32>, tensor<12x384x48xf32>, tensor<12xi32>) -> tensor<12x1x48xf32>
  return %y : tensor<12x1x48xf32>
}

func.func @some_rows(%q: tensor<3x20x40xf32> {sinter.name = "q"}, %k: tensor<3x150x40xf32> {sinter.name = "k"}, %v: tensor<3x150x33xf32> {sinter.name = "v"}, %n: tensor<3xi32> {sinter.name = "n", sinter.limit = 151}) -> (tensor<3x20x33xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %s = sinter.matmul_below %q, %k, %n {transpose_rhs} : (tensor<3x20x40xf32>, tensor<3x150x40xf32>, tensor<3xi32>) -> tensor<3x20x150xf32>
  %m = sinter.map(%s, %n) [#id, #batch] : (tensor<3x20x150xf32>, tensor<3xi32>) -> tensor<3x20x150xf32> {
  ^bb0(%e: f32, %end: i32):
    %zero = arith.constant 0.0 : f32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi slt, %j, %end : i32
    %r = arith.select %keep, %e, %zero : f32
    sinter.yield %r : f32
  }
  %y = sinter.matmul_below %m, %v, %n {terms} : (tensor<3x20x150xf32>, tensor<3x150x33xf32>, tensor<3xi32>) -> tensor<3x20x33xf32>
  return %y : tensor<3x20x33xf32>
}

// Several units of k; the right operand of the first product contiguous along columns.
func.func @units(%q: tensor<2x24x100xf32> {sinter.name = "q"}, %k: tensor<2x100x1000xf32> {sinter.name = "k"}, %v: tensor<2x1000x48xf32> {sinter.name = "v"}, %n: tensor<i32> {sinter.name = "n", sinter.limit = 1001}) -> (tensor<2x24x48xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %s = sinter.matmul_below %q, %k, %n : (tensor<2x24x100xf32>, tensor<2x100x1000xf32>, tensor<i32>) -> tensor<2x24x1000xf32>
  %m = sinter.map(%s, %n) [#id, #one] : (tensor<2x24x1000xf32>, tensor<i32>) -> tensor<2x24x1000xf32> {
  ^bb0(%e: f32, %end: i32):
    %zero = arith.constant 0.0 : f32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi slt, %j, %end : i32
    %r = arith.select %keep, %e, %zero : f32
    sinter.yield %r : f32
  }
  %y = sinter.matmul_below %m, %v, %n {terms} : (tensor<2x24x1000xf32>, tensor<2x1000x48xf32>, tensor<i32>) -> tensor<2x24x48xf32>
  return %y : tensor<2x24x48xf32>
}

// Nothing, and less than nothing, is zero; behind the end is all.
func.func @edges(%n: tensor<3xi32> {sinter.name = "n", sinter.limit = 1}) -> (tensor<3x1x16xf32> {sinter.name = "a"}, tensor<3x1x16xf32> {sinter.name = "b"}) attributes {sinter.entry, sinter.expect} {
  %ones = arith.constant dense<1.0> : tensor<3x32x16xf32>
  %bounds = arith.constant dense<[0, -7, 99]> : tensor<3xi32>
  %p = arith.constant dense<[[[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [[2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]]]> : tensor<3x1x32xf32>
  %a = sinter.matmul_below %p, %ones, %bounds {terms} : (tensor<3x1x32xf32>, tensor<3x32x16xf32>, tensor<3xi32>) -> tensor<3x1x16xf32>
  %b = arith.constant dense<[[[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [[64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0, 64.0]]]> : tensor<3x1x16xf32>
  return %a, %b : tensor<3x1x16xf32>, tensor<3x1x16xf32>
}
