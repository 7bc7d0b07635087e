// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @layouts
func.func @layouts(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %at: tensor<8x4xf32>, %bt: tensor<16x8xf32>,
                   %p: tensor<2x3x4x5xf32>, %q: tensor<2x3x5x6xf32>) -> tensor<4x16xf32> {
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %0 = sinter.matmul %a, %b : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_rhs} : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
  %1 = sinter.matmul %a, %bt {transpose_rhs} : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_lhs} : (tensor<8x4xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %2 = sinter.matmul %at, %b {transpose_lhs} : (tensor<8x4xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_lhs, transpose_rhs}
  %3 = sinter.matmul %at, %bt {transpose_lhs, transpose_rhs} : (tensor<8x4xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
  // CHECK: (tensor<2x3x4x5xf32>, tensor<2x3x5x6xf32>) -> tensor<2x3x4x6xf32>
  %4 = sinter.matmul %p, %q : (tensor<2x3x4x5xf32>, tensor<2x3x5x6xf32>) -> tensor<2x3x4x6xf32>
  return %0 : tensor<4x16xf32>
}
// CHECK-LABEL: @parts
func.func @parts(%s: tensor<2x4x4xf32>, %v: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) : (tensor<2x4x4xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  %0 = sinter.matmul %s, %v lhs(lower) : (tensor<2x4x4xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) window(3) : (tensor<2x4x4xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  %w = sinter.matmul %s, %v lhs(lower) window(3) : (tensor<2x4x4xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(upper) rhs(lower) result(upper) {transpose_lhs, transpose_rhs} :
  %1 = sinter.matmul %s, %s lhs(upper) rhs(lower) result(upper) {transpose_lhs, transpose_rhs} : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  return %0 : tensor<2x4x8xf32>
}

//--- errors.mlir
func.func @window_of_nothing(%a: tensor<4x4xf32>, %b: tensor<4x8xf32>) {
  // expected-error @+1 {{window(2): there are lower parts, and no others, that it is a window of}}
  %0 = sinter.matmul %a, %b window(2) : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
// -----
func.func @window_of_upper(%a: tensor<4x4xf32>, %b: tensor<4x8xf32>) {
  // expected-error @+1 {{window(2): there are lower parts, and no others, that it is a window of}}
  %0 = sinter.matmul %a, %b lhs(upper) window(2) : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
// -----
func.func @empty_window(%a: tensor<4x4xf32>, %b: tensor<4x8xf32>) {
  // expected-error @+1 {{window(0): must be at least 1}}
  %0 = sinter.matmul %a, %b lhs(lower) window(0) : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
// -----
func.func @part_of_lhs(%a: tensor<2x4x8xf32>, %b: tensor<2x8x4xf32>) {
  // expected-error @+1 {{lhs(lower): the last two dimensions differ in size (shape [2, 4, 8])}}
  %0 = sinter.matmul %a, %b lhs(lower) : (tensor<2x4x8xf32>, tensor<2x8x4xf32>) -> tensor<2x4x4xf32>
  return
}
// -----
func.func @part_of_rhs(%a: tensor<4x4xf32>, %b: tensor<4x8xf32>) {
  // expected-error @+1 {{rhs(upper): the last two dimensions differ in size (shape [4, 8])}}
  %0 = sinter.matmul %a, %b rhs(upper) : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
// -----
func.func @part_of_result(%a: tensor<4x4xf32>, %b: tensor<4x8xf32>) {
  // expected-error @+1 {{result(lower): the last two dimensions differ in size (shape [4, 8])}}
  %0 = sinter.matmul %a, %b result(lower) : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
// -----
func.func @no_part(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'lhs_part'}}
  %0 = sinter.matmul %a, %a lhs(left) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}
// -----
func.func @ranks(%a: tensor<2x4x8xf32>, %b: tensor<8x16xf32>) {
  // expected-error @+2 {{matmul: ranks differ: 3 and 2 (shapes [2, 4, 8] and [8, 16])}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.matmul %a, %b : (tensor<2x4x8xf32>, tensor<8x16xf32>) -> tensor<2x4x16xf32>
  return
}
// -----
func.func @vectors(%a: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+2 {{matmul: operands must have rank 2 or more, but their shapes are [8] and [8]}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.matmul %a, %b : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  return
}
// -----
func.func @batches(%a: tensor<2x4x8xf32>, %b: tensor<3x8x16xf32>) {
  // expected-error @+2 {{matmul: batch dimensions differ: 2 and 3 (shapes [2, 4, 8] and [3, 8, 16])}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.matmul %a, %b : (tensor<2x4x8xf32>, tensor<3x8x16xf32>) -> tensor<2x4x16xf32>
  return
}
// -----
func.func @inner(%a: tensor<4x384xf32>, %b: tensor<385x16xf32>) {
  // expected-error @+2 {{matmul: inner dimensions differ: 384 and 385 (shapes [4, 384] and [385, 16])}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.matmul %a, %b : (tensor<4x384xf32>, tensor<385x16xf32>) -> tensor<4x16xf32>
  return
}
// -----
func.func @inner_transposed(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>) {
  // expected-error @+2 {{matmul: inner dimensions differ: 8 and 16 (shapes [4, 8] and [8, 16] transposed)}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.matmul %a, %b {transpose_rhs} : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x8xf32>
  return
}
// -----
func.func @integers(%a: tensor<4x8xf32>, %b: tensor<8x16xi32>) {
  // expected-error @+2 {{matmul: an operand has elements of i32, not f32}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.matmul %a, %b : (tensor<4x8xf32>, tensor<8x16xi32>) -> tensor<4x16xf32>
  return
}

//--- vjp.mlir
// Whatever the layout, both gradients are matmuls in the layout of their operand: nothing is transposed in memory.
// CHECK-NOT: sinter.transpose
// CHECK-LABEL: @nn
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<8x16xf32>)
func.func @nn(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>) -> (tensor<4x8xf32>, tensor<8x16xf32>) {
  // CHECK: %[[G:.*]] = sinter.broadcast
  // CHECK: %[[DA:.*]] = sinter.matmul %[[G]], %[[B]] {transpose_rhs} : (tensor<4x16xf32>, tensor<8x16xf32>) -> tensor<4x8xf32>
  // CHECK: %[[DB:.*]] = sinter.matmul %[[A]], %[[G]] {transpose_lhs} : (tensor<4x8xf32>, tensor<4x16xf32>) -> tensor<8x16xf32>
  // CHECK: return %[[DA]], %[[DB]]
  %c = sinter.matmul %a, %b : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %l = sinter.reduce sum %c axes [0, 1] : tensor<4x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<4x8xf32>, tensor<8x16xf32>) -> (tensor<4x8xf32>, tensor<8x16xf32>)
  return %g#0, %g#1 : tensor<4x8xf32>, tensor<8x16xf32>
}

// CHECK-LABEL: @nt
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<16x8xf32>)
func.func @nt(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<16x8xf32>) {
  // CHECK: %[[G:.*]] = sinter.broadcast
  // CHECK: %[[DA:.*]] = sinter.matmul %[[G]], %[[B]] : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
  // CHECK: %[[DB:.*]] = sinter.matmul %[[G]], %[[A]] {transpose_lhs} : (tensor<4x16xf32>, tensor<4x8xf32>) -> tensor<16x8xf32>
  // CHECK: return %[[DA]], %[[DB]]
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
  %l = sinter.reduce sum %c axes [0, 1] : tensor<4x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<4x8xf32>, tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<16x8xf32>)
  return %g#0, %g#1 : tensor<4x8xf32>, tensor<16x8xf32>
}

// CHECK-LABEL: @tn
// CHECK-SAME: (%[[A:.*]]: tensor<8x4xf32>, %[[B:.*]]: tensor<8x16xf32>)
func.func @tn(%a: tensor<8x4xf32>, %b: tensor<8x16xf32>) -> (tensor<8x4xf32>, tensor<8x16xf32>) {
  // CHECK: %[[G:.*]] = sinter.broadcast
  // CHECK: %[[DA:.*]] = sinter.matmul %[[B]], %[[G]] {transpose_rhs} : (tensor<8x16xf32>, tensor<4x16xf32>) -> tensor<8x4xf32>
  // CHECK: %[[DB:.*]] = sinter.matmul %[[A]], %[[G]] : (tensor<8x4xf32>, tensor<4x16xf32>) -> tensor<8x16xf32>
  // CHECK: return %[[DA]], %[[DB]]
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<8x4xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  %l = sinter.reduce sum %c axes [0, 1] : tensor<4x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<8x4xf32>, tensor<8x16xf32>) -> (tensor<8x4xf32>, tensor<8x16xf32>)
  return %g#0, %g#1 : tensor<8x4xf32>, tensor<8x16xf32>
}

// CHECK-LABEL: @tt
// CHECK-SAME: (%[[A:.*]]: tensor<8x4xf32>, %[[B:.*]]: tensor<16x8xf32>)
func.func @tt(%a: tensor<8x4xf32>, %b: tensor<16x8xf32>) -> (tensor<8x4xf32>, tensor<16x8xf32>) {
  // CHECK: %[[G:.*]] = sinter.broadcast
  // CHECK: %[[DA:.*]] = sinter.matmul %[[B]], %[[G]] {transpose_lhs, transpose_rhs} : (tensor<16x8xf32>, tensor<4x16xf32>) -> tensor<8x4xf32>
  // CHECK: %[[DB:.*]] = sinter.matmul %[[G]], %[[A]] {transpose_lhs, transpose_rhs} : (tensor<4x16xf32>, tensor<8x4xf32>) -> tensor<16x8xf32>
  // CHECK: return %[[DA]], %[[DB]]
  %c = sinter.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<8x4xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
  %l = sinter.reduce sum %c axes [0, 1] : tensor<4x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<8x4xf32>, tensor<16x8xf32>) -> (tensor<8x4xf32>, tensor<16x8xf32>)
  return %g#0, %g#1 : tensor<8x4xf32>, tensor<16x8xf32>
}

//--- lower.mlir
// CHECK-DAG: #[[MK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[KN:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[MN:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[BKM:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1)>
// CHECK-DAG: #[[BNK:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[BMN:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-LABEL: @the_maps_tell_the_layout
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<8x16xf32>)
func.func @the_maps_tell_the_layout(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>) -> tensor<4x16xf32> {
  // CHECK: %[[C:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<4x16xf32>)
  // CHECK: linalg.generic {indexing_maps = [#[[MK]], #[[KN]], #[[MN]]], iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[C]] :
  // CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[Y:.*]]: f32, %[[ACC:.*]]: f32):
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[X]], %[[Y]] : f32
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[ACC]], %[[P]] : f32
  // CHECK-NEXT: linalg.yield %[[S]]
  %0 = sinter.matmul %a, %b : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// CHECK-LABEL: @batches_are_parallel
func.func @batches_are_parallel(%a: tensor<2x8x4xf32>, %b: tensor<2x16x8xf32>) -> tensor<2x4x16xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[BKM]], #[[BNK]], #[[BMN]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
  %0 = sinter.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<2x8x4xf32>, tensor<2x16x8xf32>) -> tensor<2x4x16xf32>
  return %0 : tensor<2x4x16xf32>
}

//--- run.mlir
// [[1 2 3] [4 5 6]] [[1 2] [-1 0] [2 -3]] by hand, in all four layouts.
func.func @by_hand() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %at = arith.constant dense<[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]> : tensor<3x2xf32>
  %b = arith.constant dense<[[1.0, 2.0], [-1.0, 0.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %bt = arith.constant dense<[[1.0, -1.0, 2.0], [2.0, 0.0, -3.0]]> : tensor<2x3xf32>
  %e = arith.constant dense<[[5.0, -7.0], [11.0, -10.0]]> : tensor<2x2xf32>
  %nn = sinter.matmul %a, %b : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %nt = sinter.matmul %a, %bt {transpose_rhs} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  %tn = sinter.matmul %at, %b {transpose_lhs} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %tt = sinter.matmul %at, %bt {transpose_lhs, transpose_rhs} : (tensor<3x2xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  return %nn, %e, %nt, %e, %tn, %e, %tt, %e : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

func.func @batches_do_not_mix() -> (tensor<2x1x2xf32>, tensor<2x1x2xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
  %b = arith.constant dense<[[[1.0, 0.0], [0.0, 1.0]], [[0.0, 2.0], [-1.0, 0.0]]]> : tensor<2x2x2xf32>
  %0 = sinter.matmul %a, %b : (tensor<2x1x2xf32>, tensor<2x2x2xf32>) -> tensor<2x1x2xf32>
  %e = arith.constant dense<[[[1.0, 2.0]], [[-4.0, 6.0]]]> : tensor<2x1x2xf32>
  return %0, %e : tensor<2x1x2xf32>, tensor<2x1x2xf32>
}

// Row 0: inf * 0 is NaN. Row 1: a NaN spreads over its row only. Row 2: cancels exactly.
func.func @hostile() -> (tensor<3x2xf32>, tensor<3x2xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[[0x7F800000, 1.0], [0x7FC00000, 1.0], [1000.0, -1000.0]]> : tensor<3x2xf32>
  %b = arith.constant dense<[[0.0, 1.0], [1.0, 1.0]]> : tensor<2x2xf32>
  %0 = sinter.matmul %a, %b : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %e = arith.constant dense<[[0x7FC00000, 0x7F800000], [0x7FC00000, 0x7FC00000], [-1000.0, 0.0]]> : tensor<3x2xf32>
  return %0, %e : tensor<3x2xf32>, tensor<3x2xf32>
}

func.func @size_one() -> (tensor<1x1xf32>, tensor<1x1xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[[3.0]]> : tensor<1x1xf32>
  %b = arith.constant dense<[[-2.0]]> : tensor<1x1xf32>
  %0 = sinter.matmul %a, %b : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %e = arith.constant dense<[[-6.0]]> : tensor<1x1xf32>
  return %0, %e : tensor<1x1xf32>, tensor<1x1xf32>
}

// Each row of the product is 0 + 1 + ... + 66, whatever the tile.
func.func @odd_sizes_by_hand() -> (tensor<19x35xf32>, tensor<19x35xf32>) attributes {sinter.expect} {
  %i = sinter.iota axis 1 : tensor<19x67xi32>
  %a = arith.sitofp %i : tensor<19x67xi32> to tensor<19x67xf32>
  %b = arith.constant dense<1.0> : tensor<67x35xf32>
  %0 = sinter.matmul %a, %b : (tensor<19x67xf32>, tensor<67x35xf32>) -> tensor<19x35xf32>
  %e = arith.constant dense<2211.0> : tensor<19x35xf32>
  return %0, %e : tensor<19x35xf32>, tensor<19x35xf32>
}

func.func @odd_sizes_agree(%a: tensor<37x53xf32>, %b: tensor<53x29xf32>, %at: tensor<53x37xf32>, %bt: tensor<29x53xf32>)
    -> (tensor<37x29xf32>, tensor<37x29xf32>, tensor<37x29xf32>, tensor<37x29xf32>) {
  %0 = sinter.matmul %a, %b : (tensor<37x53xf32>, tensor<53x29xf32>) -> tensor<37x29xf32>
  %1 = sinter.matmul %a, %bt {transpose_rhs} : (tensor<37x53xf32>, tensor<29x53xf32>) -> tensor<37x29xf32>
  %2 = sinter.matmul %at, %b {transpose_lhs} : (tensor<53x37xf32>, tensor<53x29xf32>) -> tensor<37x29xf32>
  %3 = sinter.matmul %at, %bt {transpose_lhs, transpose_rhs} : (tensor<53x37xf32>, tensor<29x53xf32>) -> tensor<37x29xf32>
  return %0, %1, %2, %3 : tensor<37x29xf32>, tensor<37x29xf32>, tensor<37x29xf32>, tensor<37x29xf32>
}

func.func @batched_odd_sizes_agree(%a: tensor<2x3x5x17xf32>, %b: tensor<2x3x17x21xf32>, %c: tensor<2x3x21x17xf32>)
    -> (tensor<2x3x5x21xf32>, tensor<2x3x5x21xf32>) {
  %0 = sinter.matmul %a, %b : (tensor<2x3x5x17xf32>, tensor<2x3x17x21xf32>) -> tensor<2x3x5x21xf32>
  %1 = sinter.matmul %a, %c {transpose_rhs} : (tensor<2x3x5x17xf32>, tensor<2x3x21x17xf32>) -> tensor<2x3x5x21xf32>
  return %0, %1 : tensor<2x3x5x21xf32>, tensor<2x3x5x21xf32>
}

func.func @vectors_agree(%a: tensor<1x300xf32>, %b: tensor<300x40xf32>, %c: tensor<40x1xf32>) -> (tensor<1x40xf32>, tensor<300x1xf32>) {
  %0 = sinter.matmul %a, %b : (tensor<1x300xf32>, tensor<300x40xf32>) -> tensor<1x40xf32>
  %1 = sinter.matmul %b, %c : (tensor<300x40xf32>, tensor<40x1xf32>) -> tensor<300x1xf32>
  return %0, %1 : tensor<1x40xf32>, tensor<300x1xf32>
}

//--- smooth.mlir
func.func @nn(%a: tensor<3x5xf32>, %b: tensor<5x2xf32>) -> tensor<3x2xf32> {
  %0 = sinter.matmul %a, %b : (tensor<3x5xf32>, tensor<5x2xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}
func.func @nt(%a: tensor<3x5xf32>, %b: tensor<2x5xf32>) -> tensor<3x2xf32> {
  %0 = sinter.matmul %a, %b {transpose_rhs} : (tensor<3x5xf32>, tensor<2x5xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}
func.func @tn(%a: tensor<5x3xf32>, %b: tensor<5x2xf32>) -> tensor<3x2xf32> {
  %0 = sinter.matmul %a, %b {transpose_lhs} : (tensor<5x3xf32>, tensor<5x2xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}
func.func @tt(%a: tensor<5x3xf32>, %b: tensor<2x5xf32>) -> tensor<3x2xf32> {
  %0 = sinter.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<5x3xf32>, tensor<2x5xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}
func.func @a_matrix_times_itself_in_batches(%a: tensor<2x1x3x3xf32>) -> tensor<2x1x3x3xf32> {
  %0 = sinter.matmul %a, %a {transpose_lhs} : (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>) -> tensor<2x1x3x3xf32>
  return %0 : tensor<2x1x3x3xf32>
}
