// Loops that a carry ends: sinter.while on sinter.scan and sinter.loop, checks, and what becomes of it in the plan.
// RUN: split-file %s %t
// RUN: sinter-opt %t/good.mlir | sinter-opt | FileCheck %t/good.mlir
// RUN: sinter-opt %t/good.mlir --sinter-outline-loops | sinter-opt | FileCheck %t/good.mlir --check-prefix=OUTLINED
// RUN: sinter-opt %t/errors.mlir --split-input-file --verify-diagnostics
// RUN: sinter-run %t/good.mlir | FileCheck %t/good.mlir --check-prefix=NUMBERS

//--- good.mlir
// NUMBERS: halves: {{.*}}ok
// CHECK-LABEL: func @halves
// CHECK: sinter.scan 50 carry({{.*}}) over() with() attributes {sinter.while = 1 : i64}
// OUTLINED: sinter.loop @halves.loop 50 carry({{.*}}) over() with() {sinter.while = 1 : i64}
func.func @halves() -> (tensor<f32>, tensor<f32>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<1000.0> : tensor<f32>
  %one = arith.constant dense<1> : tensor<i32>
  %r:2 = sinter.scan 50 carry(%x, %one) over() with() attributes {sinter.while = 1 : i64}
      : (tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>) {
  ^bb0(%y: tensor<f32>, %on: tensor<i32>):
    %half = arith.constant dense<0.5> : tensor<f32>
    %two = arith.constant dense<2.0> : tensor<f32>
    %zero = arith.constant dense<0> : tensor<i32>
    %goes = arith.cmpi ne, %on, %zero : tensor<i32>
    %less = arith.mulf %y, %half : tensor<f32>
    %next = arith.select %goes, %less, %y : tensor<i1>, tensor<f32>
    %large = arith.cmpf ogt, %next, %two : tensor<f32>
    %flag = arith.extui %large : tensor<i1> to tensor<i32>
    sinter.next %next, %flag : tensor<f32>, tensor<i32>
  }
  %expected = arith.constant dense<1.953125> : tensor<f32>
  return %r#0, %expected : tensor<f32>, tensor<f32>
}

//--- errors.mlir
func.func @no_flag(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{ends when carry 0 says so, which is no tensor<i32>}}
  %r = sinter.scan 3 carry(%x) over() with() attributes {sinter.while = 0 : i64} : (tensor<f32>) -> tensor<f32> {
  ^bb0(%y: tensor<f32>):
    sinter.next %y : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----
func.func @no_such_carry(%x: tensor<i32>) -> tensor<i32> {
  // expected-error@+1 {{ends when carry 1 says so}}
  %r = sinter.scan 3 carry(%x) over() with() attributes {sinter.while = 1 : i64} : (tensor<i32>) -> tensor<i32> {
  ^bb0(%y: tensor<i32>):
    sinter.next %y : tensor<i32>
  }
  return %r : tensor<i32>
}

// -----
func.func @stacks(%x: tensor<i32>) -> tensor<3xi32> {
  // expected-error@+1 {{ends when a carry says so, and has sequences or stacked results}}
  %r:2 = sinter.scan 3 carry(%x) over() with() attributes {sinter.while = 0 : i64} : (tensor<i32>) -> (tensor<i32>, tensor<3xi32>) {
  ^bb0(%y: tensor<i32>):
    sinter.next %y, %y : tensor<i32>, tensor<i32>
  }
  return %r#1 : tensor<3xi32>
}
