// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-opt --sinter-to-plan %t/run.mlir | FileCheck %t/run.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --unfused %t/run.mlir
// RUN: sinter-run --march=x86-64-v3 %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @rows
func.func @rows(%x: tensor<2x8x4xf32>, %v: tensor<2x3x4xf32>, %at: tensor<i32>, %each: tensor<2xi32>) -> (tensor<2x8x4xf32>, tensor<2x8x4xf32>) {
  // CHECK: sinter.put %{{.*}}, %{{.*}} at %{{.*}} along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<i32>) -> tensor<2x8x4xf32>
  %0 = sinter.put %x, %v at %at along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<i32>) -> tensor<2x8x4xf32>
  // CHECK: sinter.put %{{.*}}, %{{.*}} at %{{.*}} along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  %1 = sinter.put %x, %v at %each along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  return %0, %1 : tensor<2x8x4xf32>, tensor<2x8x4xf32>
}

//--- errors.mlir
func.func @elements(%x: tensor<8x4xf32>, %v: tensor<3x4xi32>, %at: tensor<i32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{table, value and result have one element type, and places are i32}}
  %0 = sinter.put %x, %v at %at along 0 : (tensor<8x4xf32>, tensor<3x4xi32>, tensor<i32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
// -----
func.func @place(%x: tensor<8x4xf32>, %v: tensor<3x4xf32>, %at: tensor<f32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{table, value and result have one element type, and places are i32}}
  %0 = sinter.put %x, %v at %at along 0 : (tensor<8x4xf32>, tensor<3x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
// -----
func.func @width(%x: tensor<8x4xf32>, %v: tensor<3x5xf32>, %at: tensor<i32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{rows of shape [3, 5] do not fit into [8, 4] along 0}}
  %0 = sinter.put %x, %v at %at along 0 : (tensor<8x4xf32>, tensor<3x5xf32>, tensor<i32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
// -----
func.func @dim(%x: tensor<8x4xf32>, %v: tensor<8x4xf32>, %at: tensor<i32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{do not fit into [8, 4] along 2}}
  %0 = sinter.put %x, %v at %at along 2 : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<i32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
// -----
func.func @places(%x: tensor<2x8x4xf32>, %v: tensor<2x3x4xf32>, %at: tensor<3xi32>) -> tensor<2x8x4xf32> {
  // expected-error @+1 {{places of shape [3] are not of the first dimensions of [2, 8, 4]}}
  %0 = sinter.put %x, %v at %at along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}
// -----
func.func @result(%x: tensor<8x4xf32>, %v: tensor<3x4xf32>, %at: tensor<i32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{gives a tensor of the table's type, not 'tensor<3x4xf32>'}}
  %0 = sinter.put %x, %v at %at along 0 : (tensor<8x4xf32>, tensor<3x4xf32>, tensor<i32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

//--- lower.mlir
// A kernel says what it is.
// CHECK: linalg.generic
// CHECK-SAME: sinter.puts = 1 : i64
// CHECK: tensor.extract
// CHECK: arith.select
func.func @k(%x: tensor<2x8x4xf32>, %v: tensor<2x3x4xf32>, %at: tensor<i32>) -> tensor<2x8x4xf32> attributes {sinter.kernel} {
  %0 = sinter.put %x, %v at %at along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<i32>) -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}

//--- run.mlir
// A state that dies is written in place.
// CHECK: plan.launch @put_2x8x4{{.*}} in_place [0]
sinter.state @cache : tensor<2x8x4xf32> {init = "normal", scale = 1.0}
func.func @in_place(%v: tensor<2x3x4xf32> {sinter.name = "v"}, %at: tensor<i32> {sinter.name = "at", sinter.limit = 6}) -> (tensor<2x8x4xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %before = sinter.read @cache : tensor<2x8x4xf32>
  %now = sinter.put %before, %v at %at along 1 : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<i32>) -> tensor<2x8x4xf32>
  sinter.write @cache, %now : tensor<2x8x4xf32>
  %y = arith.addf %now, %now : tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// One that others read is not; a place for each of the first dimension; 21 is no whole vector.
func.func @each(%x: tensor<3x9x21xf32> {sinter.name = "x"}, %v: tensor<3x2x21xf32> {sinter.name = "v"}, %at: tensor<3xi32> {sinter.name = "at", sinter.limit = 9}) -> (tensor<3x9x21xf32> {sinter.name = "y"}, tensor<3x9x21xf32> {sinter.name = "z"}) attributes {sinter.entry} {
  %y = sinter.put %x, %v at %at along 1 : (tensor<3x9x21xf32>, tensor<3x2x21xf32>, tensor<3xi32>) -> tensor<3x9x21xf32>
  %z = arith.addf %x, %y : tensor<3x9x21xf32>
  return %y, %z : tensor<3x9x21xf32>, tensor<3x9x21xf32>
}

// Integers, along the first dimension; and rows of one element, behind several dimensions.
func.func @whole_numbers(%x: tensor<9x5xi32> {sinter.name = "x", sinter.limit = 99}, %v: tensor<4x5xi32> {sinter.name = "v", sinter.limit = 99}, %at: tensor<i32> {sinter.name = "at", sinter.limit = 5}) -> (tensor<9x5xi32> {sinter.name = "y"}) attributes {sinter.entry} {
  %y = sinter.put %x, %v at %at along 0 : (tensor<9x5xi32>, tensor<4x5xi32>, tensor<i32>) -> tensor<9x5xi32>
  return %y : tensor<9x5xi32>
}
func.func @last(%x: tensor<2x3x40xf32> {sinter.name = "x"}, %v: tensor<2x3x1xf32> {sinter.name = "v"}, %at: tensor<2x3xi32> {sinter.name = "at", sinter.limit = 40}) -> (tensor<2x3x40xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %y = sinter.put %x, %v at %at along 2 : (tensor<2x3x40xf32>, tensor<2x3x1xf32>, tensor<2x3xi32>) -> tensor<2x3x40xf32>
  return %y : tensor<2x3x40xf32>
}

// Rows that lie outside are left out, before the first and behind the last.
func.func @outside() -> (tensor<4xf32> {sinter.name = "a"}, tensor<4xf32> {sinter.name = "b"}, tensor<4xf32> {sinter.name = "c"}, tensor<4xf32> {sinter.name = "d"}, tensor<4xf32> {sinter.name = "e"}, tensor<4xf32> {sinter.name = "f"}) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %v = arith.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %early = arith.constant dense<-1> : tensor<i32>
  %late = arith.constant dense<3> : tensor<i32>
  %never = arith.constant dense<-2147483648> : tensor<i32>
  %a = sinter.put %x, %v at %early along 0 : (tensor<4xf32>, tensor<2xf32>, tensor<i32>) -> tensor<4xf32>
  %b = arith.constant dense<[8.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %c = sinter.put %x, %v at %late along 0 : (tensor<4xf32>, tensor<2xf32>, tensor<i32>) -> tensor<4xf32>
  %d = arith.constant dense<[1.0, 2.0, 3.0, 7.0]> : tensor<4xf32>
  %e = sinter.put %x, %v at %never along 0 : (tensor<4xf32>, tensor<2xf32>, tensor<i32>) -> tensor<4xf32>
  return %a, %b, %c, %d, %e, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
