// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --unfused %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir
// RUN: sinterc %t/model.cpp --emit=model -o %t/model.mlir
// RUN: sinter-run %t/model.mlir
// RUN: not sinterc %t/model.cpp --set wrong=1 --emit=model -o %t/model.mlir 2>&1 | FileCheck %t/model.cpp

//--- roundtrip.mlir
// CHECK-LABEL: @directions
func.func @directions(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: sinter.cumsum %{{.*}} axis 1 : tensor<4x8xf32>
  %0 = sinter.cumsum %x axis 1 : tensor<4x8xf32>
  // CHECK: sinter.cumsum %{{.*}} axis 0 {exclusive} : tensor<4x8xf32>
  %1 = sinter.cumsum %x axis 0 {exclusive} : tensor<4x8xf32>
  // CHECK: sinter.cumsum %{{.*}} axis 1 {exclusive, reverse} : tensor<4x8xf32>
  %2 = sinter.cumsum %x axis 1 {exclusive, reverse} : tensor<4x8xf32>
  return %0, %1, %2 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

//--- fold.mlir
// CHECK-LABEL: @one_element
// CHECK-SAME: (%[[X:.*]]: tensor<4x1xf32>)
func.func @one_element(%x: tensor<4x1xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  // CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00>
  // CHECK: return %[[X]], %[[ZERO]]
  %0 = sinter.cumsum %x axis 1 {reverse} : tensor<4x1xf32>
  %1 = sinter.cumsum %x axis 1 {exclusive} : tensor<4x1xf32>
  return %0, %1 : tensor<4x1xf32>, tensor<4x1xf32>
}

// Zeros stay zeros; a sum that starts at 0 has no -0.
// CHECK-LABEL: @zeros
func.func @zeros() -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00>
  // CHECK-DAG: %[[SUM:.*]] = sinter.cumsum
  // CHECK: return %[[ZERO]], %[[SUM]]
  %zero = arith.constant dense<0.0> : tensor<4x8xf32>
  %negative = arith.constant dense<-0.0> : tensor<4x8xf32>
  %0 = sinter.cumsum %zero axis 1 : tensor<4x8xf32>
  %1 = sinter.cumsum %negative axis 1 : tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

//--- errors.mlir
func.func @axis_out_of_range(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{cumsum: axis 2 is out of range for a tensor of shape [4, 8] (rank 2)}}
  %0 = sinter.cumsum %x axis 2 : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// -----
func.func @negative_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{cumsum: axis -1 is out of range for a tensor of shape [4, 8] (rank 2)}}
  %0 = sinter.cumsum %x axis -1 : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// -----
func.func @no_axis(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{cumsum: axis 0 is out of range for a tensor of shape [] (rank 0)}}
  %0 = sinter.cumsum %x axis 0 : tensor<f32>
  return %0 : tensor<f32>
}
// -----
func.func @integers(%x: tensor<4x8xi32>) -> tensor<4x8xi32> {
  // expected-error @+1 {{cumsum: the operand has elements of i32, not f32}}
  %0 = sinter.cumsum %x axis 1 : tensor<4x8xi32>
  return %0 : tensor<4x8xi32>
}

//--- vjp.mlir
// An element is a term of the sums behind it.
// CHECK-LABEL: @turns_around
// CHECK-SAME: (%{{.*}}: tensor<4x8xf32>, %[[W:.*]]: tensor<4x8xf32>)
func.func @turns_around(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: sinter.cumsum %{{.*}} axis 1 {exclusive, reverse} : tensor<4x8xf32>
  // CHECK: sinter.cumsum %{{.*}} axis 0 : tensor<4x8xf32>
  %0 = sinter.cumsum %x axis 1 {exclusive} : tensor<4x8xf32>
  %1 = arith.mulf %0, %w : tensor<4x8xf32>
  %2 = sinter.reduce sum %1 axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %2 wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = sinter.cumsum %x axis 0 {reverse} : tensor<4x8xf32>
  %4 = arith.mulf %3, %w : tensor<4x8xf32>
  %5 = sinter.reduce sum %4 axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %h = sinter.grad %5 wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g, %h : tensor<4x8xf32>, tensor<4x8xf32>
}

//--- lower.mlir
// Terms (d1) in front of elements (d2), and what is no term counts as 0.
// CHECK-DAG: #[[READ:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[WRITE:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-LABEL: @short
func.func @short(%x: tensor<2x5x3xf32>) -> tensor<2x5x3xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[READ]], #[[WRITE]]], iterator_types = ["parallel", "reduction", "parallel", "parallel"]}
  // CHECK: %[[TERM:.*]] = linalg.index 1
  // CHECK: %[[ELEMENT:.*]] = linalg.index 2
  // CHECK: arith.cmpi sle
  // CHECK: %[[X:.*]] = arith.select
  // CHECK: arith.addf %{{.*}}, %[[X]]
  %0 = sinter.cumsum %x axis 1 : tensor<2x5x3xf32>
  return %0 : tensor<2x5x3xf32>
}

//--- run.mlir
func.func @small() -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 4.0], [-8.0, 0.5, 16.0]]> : tensor<2x3xf32>
  %0 = sinter.cumsum %x axis 1 : tensor<2x3xf32>
  %e0 = arith.constant dense<[[1.0, 3.0, 7.0], [-8.0, -7.5, 8.5]]> : tensor<2x3xf32>
  %1 = sinter.cumsum %x axis 0 : tensor<2x3xf32>
  %e1 = arith.constant dense<[[1.0, 2.0, 4.0], [-7.0, 2.5, 20.0]]> : tensor<2x3xf32>
  %2 = sinter.cumsum %x axis 1 {exclusive} : tensor<2x3xf32>
  %e2 = arith.constant dense<[[0.0, 1.0, 3.0], [0.0, -8.0, -7.5]]> : tensor<2x3xf32>
  %3 = sinter.cumsum %x axis 1 {exclusive, reverse} : tensor<2x3xf32>
  %e3 = arith.constant dense<[[6.0, 4.0, 0.0], [16.5, 16.0, 0.0]]> : tensor<2x3xf32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// 0 + 1 + ... + i = i (i + 1) / 2 is exact in any order, at lengths that are no multiple of a block, in rows and columns.
func.func @numbers_of_gauss() -> (tensor<3x5003xf32>, tensor<3x5003xf32>, tensor<5003x3xf32>, tensor<5003x3xf32>) attributes {sinter.expect} {
  %i = sinter.iota axis 1 : tensor<3x5003xi32>
  %one = arith.constant dense<1> : tensor<3x5003xi32>
  %two = arith.constant dense<2> : tensor<3x5003xi32>
  %x = arith.sitofp %i : tensor<3x5003xi32> to tensor<3x5003xf32>
  %0 = sinter.cumsum %x axis 1 : tensor<3x5003xf32>
  %next = arith.addi %i, %one : tensor<3x5003xi32>
  %twice = arith.muli %i, %next : tensor<3x5003xi32>
  %sum = arith.divsi %twice, %two : tensor<3x5003xi32>
  %e = arith.sitofp %sum : tensor<3x5003xi32> to tensor<3x5003xf32>
  %t = sinter.transpose %x [1, 0] : tensor<3x5003xf32> -> tensor<5003x3xf32>
  %1 = sinter.cumsum %t axis 0 {exclusive} : tensor<5003x3xf32>
  %before = arith.subi %sum, %i : tensor<3x5003xi32>
  %b = arith.sitofp %before : tensor<3x5003xi32> to tensor<3x5003xf32>
  %f = sinter.transpose %b [1, 0] : tensor<3x5003xf32> -> tensor<5003x3xf32>
  return %0, %e, %1, %f : tensor<3x5003xf32>, tensor<3x5003xf32>, tensor<5003x3xf32>, tensor<5003x3xf32>
}

// A million terms of 0.1 are off by 1e-6 at most (a running sum in f32 ends at 100,958): ten times the relative error of
// each sum is 0 within 1e-5. In columns, blocks are summed up otherwise.
func.func @a_million() -> (tensor<1000003xf32>, tensor<1000003xf32>, tensor<100003x5xf32>, tensor<100003x5xf32>) attributes {sinter.expect} {
  %i = sinter.iota axis 0 : tensor<1000003xi32>
  %one = arith.constant dense<1> : tensor<1000003xi32>
  %n = arith.addi %i, %one : tensor<1000003xi32>
  %count = arith.sitofp %n : tensor<1000003xi32> to tensor<1000003xf32>
  %tenth = arith.constant dense<0.1> : tensor<1000003xf32>
  %ones = arith.divf %count, %count : tensor<1000003xf32>
  %ten = arith.constant dense<10.0> : tensor<1000003xf32>
  %x = arith.mulf %ones, %tenth : tensor<1000003xf32>
  %0 = sinter.cumsum %x axis 0 : tensor<1000003xf32>
  %exact = arith.mulf %count, %tenth : tensor<1000003xf32>
  %difference = arith.subf %0, %exact : tensor<1000003xf32>
  %relative = arith.divf %difference, %exact : tensor<1000003xf32>
  %tenfold = arith.mulf %relative, %ten : tensor<1000003xf32>
  %zero = arith.constant dense<0.0> : tensor<1000003xf32>

  %ci = sinter.iota axis 0 : tensor<100003x5xi32>
  %cone = arith.constant dense<1> : tensor<100003x5xi32>
  %cn = arith.addi %ci, %cone : tensor<100003x5xi32>
  %ccount = arith.sitofp %cn : tensor<100003x5xi32> to tensor<100003x5xf32>
  %ctenth = arith.constant dense<0.1> : tensor<100003x5xf32>
  %cones = arith.divf %ccount, %ccount : tensor<100003x5xf32>
  %cten = arith.constant dense<10.0> : tensor<100003x5xf32>
  %cx = arith.mulf %cones, %ctenth : tensor<100003x5xf32>
  %1 = sinter.cumsum %cx axis 0 : tensor<100003x5xf32>
  %cexact = arith.mulf %ccount, %ctenth : tensor<100003x5xf32>
  %cdifference = arith.subf %1, %cexact : tensor<100003x5xf32>
  %crelative = arith.divf %cdifference, %cexact : tensor<100003x5xf32>
  %ctenfold = arith.mulf %crelative, %cten : tensor<100003x5xf32>
  %czero = arith.constant dense<0.0> : tensor<100003x5xf32>
  return %tenfold, %zero, %ctenfold, %czero : tensor<1000003xf32>, tensor<1000003xf32>, tensor<100003x5xf32>, tensor<100003x5xf32>
}

// An infinity or NaN reaches the sums that it is a term of, and no other: within a block, and across blocks.
func.func @hostile(%zero: tensor<40xf32> {sinter.range = [0.0, 0.0]}) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[1.0, 0x7F800000, 2.0, 0xFF800000, 3.0]> : tensor<5xf32>
  %0 = sinter.cumsum %x axis 0 : tensor<5xf32>
  %e0 = arith.constant dense<[1.0, 0x7F800000, 0x7F800000, 0x7FC00000, 0x7FC00000]> : tensor<5xf32>
  %1 = sinter.cumsum %x axis 0 {exclusive, reverse} : tensor<5xf32>
  %e1 = arith.constant dense<[0x7FC00000, 0xFF800000, 0xFF800000, 3.0, 0.0]> : tensor<5xf32>
  %i = sinter.iota axis 0 : tensor<40xi32>
  %at = arith.constant dense<20> : tensor<40xi32>
  %nan = arith.constant dense<0x7FC00000> : tensor<40xf32>
  %hit = arith.cmpi eq, %i, %at : tensor<40xi32>
  %one = arith.constant dense<1.0> : tensor<40xf32>
  %ones = arith.addf %zero, %one : tensor<40xf32>
  %y = arith.select %hit, %nan, %ones : tensor<40xi1>, tensor<40xf32>
  %2 = sinter.cumsum %y axis 0 : tensor<40xf32>
  %behind = arith.cmpi sge, %i, %at : tensor<40xi32>
  %index = arith.sitofp %i : tensor<40xi32> to tensor<40xf32>
  %count = arith.addf %index, %one : tensor<40xf32>
  %e2 = arith.select %behind, %nan, %count : tensor<40xi1>, tensor<40xf32>
  %3 = sinter.cumsum %y axis 0 {reverse} : tensor<40xf32>
  %before = arith.cmpi sle, %i, %at : tensor<40xi32>
  %forty = arith.constant dense<40.0> : tensor<40xf32>
  %rest = arith.subf %forty, %index : tensor<40xf32>
  %e3 = arith.select %before, %nan, %rest : tensor<40xi1>, tensor<40xf32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>
}

// Just below, at and above a block and a block of blocks, along each of three axes, in each direction.
func.func @sizes_agree(%a: tensor<3x15x2xf32>, %b: tensor<16x3x5xf32>, %c: tensor<2x3x17xf32>, %d: tensor<255xf32>, %e: tensor<2x256x3xf32>, %f: tensor<257x2xf32>)
    -> (tensor<3x15x2xf32>, tensor<16x3x5xf32>, tensor<2x3x17xf32>, tensor<255xf32>, tensor<2x256x3xf32>, tensor<257x2xf32>) {
  %0 = sinter.cumsum %a axis 1 {reverse} : tensor<3x15x2xf32>
  %1 = sinter.cumsum %b axis 0 {exclusive} : tensor<16x3x5xf32>
  %2 = sinter.cumsum %c axis 2 : tensor<2x3x17xf32>
  %3 = sinter.cumsum %d axis 0 {exclusive, reverse} : tensor<255xf32>
  %4 = sinter.cumsum %e axis 1 {exclusive} : tensor<2x256x3xf32>
  %5 = sinter.cumsum %f axis 0 {reverse} : tensor<257x2xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<3x15x2xf32>, tensor<16x3x5xf32>, tensor<2x3x17xf32>, tensor<255xf32>, tensor<2x256x3xf32>, tensor<257x2xf32>
}

//--- smooth.mlir
func.func @first_and_second_gradient(%x: tensor<2x19x3xf32>, %y: tensor<7xf32>) -> (tensor<2x19x3xf32>, tensor<7xf32>) {
  %0 = sinter.cumsum %x axis 1 : tensor<2x19x3xf32>
  %1 = math.tanh %0 : tensor<2x19x3xf32>
  %2 = sinter.cumsum %1 axis 2 {exclusive, reverse} : tensor<2x19x3xf32>
  %3 = arith.mulf %y, %y : tensor<7xf32>
  %4 = sinter.cumsum %3 axis 0 {reverse} : tensor<7xf32>
  return %2, %4 : tensor<2x19x3xf32>, tensor<7xf32>
}

//--- model.cpp
// CHECK: model.cpp:[[@LINE+15]]:25: cumsum: axis 2 is out of range for a tensor of shape [2, 3]
#include <sinter/sinter.h>
using namespace sinter;
SINTER_MODEL(m) {
  int wrong = config("wrong", 0);
  entry("e", [&] {
    Tensor x = state("one", {2, 3}, ones()) * constant({1, 2, 4, 8, 16, 32}, {2, 3});
    expect(cumsum(x), constant({1, 3, 7, 8, 24, 56}, {2, 3}));
    expect(cumsum(x, 0), constant({1, 2, 4, 9, 18, 36}, {2, 3}));
    expect(cumsum(x, -1, true), constant({0, 1, 3, 0, 8, 24}, {2, 3}));
    expect(cumsum(x, 1, false, true), constant({7, 6, 4, 56, 48, 32}, {2, 3}));
    expect(cumsum(x, 1, true, true), constant({6, 4, 0, 48, 32, 0}, {2, 3}));
    // d/dx sum(w cumsum(x)) = reversed prefix sums of w.
    expect(grad(sum(cumsum(x, 1) * x), x), constant({8, 9, 11, 64, 72, 88}, {2, 3}));
    if (wrong)
      output("y", cumsum(x, 2));
  });
}
