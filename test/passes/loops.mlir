// Passes over loops: bodies as functions, what is moved out of a loop, and parts that devices can bind.
// RUN: split-file %s %t
// RUN: sinter-opt %t/outline.mlir --sinter-outline-loops | FileCheck %t/outline.mlir --check-prefix=OUT
// RUN: sinter-opt %t/outline.mlir --sinter-outline-loops --sinter-inline-loops | FileCheck %t/outline.mlir --check-prefix=IN
// RUN: sinter-opt %t/move.mlir --sinter-move-out-of-loops --canonicalize | FileCheck %t/move.mlir
// RUN: sinter-opt %t/move.mlir --sinter-move-out-of-loops=before-gradients --canonicalize | FileCheck %t/move.mlir --check-prefix=EARLY
// RUN: sinter-run %t/move.mlir
// RUN: sinter-opt %t/outline.mlir --sinter-outline-loops --sinter-align-loops | FileCheck %t/outline.mlir --check-prefix=ALIGN

//--- outline.mlir
// OUT-LABEL: func.func @two
// OUT: sinter.loop @two.loop_0 3 reverse carry(%arg0) over(%arg1) with()
// OUT: func.func private @two.loop_0(%arg0: tensor<4xf32>, %arg1: tensor<5x4xf32>) -> tensor<4xf32> attributes {sinter.entry, sinter.loop_body = 1 : i64}
// OUT: sinter.loop @two.loop 5 carry(%arg0) over(%arg1) with()
// OUT: func.func private @two.loop(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> tensor<4xf32>
// IN-LABEL: func.func @two
// IN: sinter.scan 3 reverse carry(%arg0) over(%arg1) with()
// IN: sinter.scan 5 carry(
// IN-NOT: func.func
// Twenty numbers a part take 80 bytes of 256, four take 16.
// ALIGN-LABEL: func.func @two
// ALIGN: sinter.reshape %arg1 : tensor<3x5x4xf32> -> tensor<3x20xf32>
// ALIGN: %[[PADDED:.*]] = sinter.pad %{{.*}} low [0, 0] high [0, 44] interior [0, 0] : tensor<3x20xf32> -> tensor<3x64xf32>
// ALIGN: sinter.loop @two.loop_0 3 reverse carry(%arg0) over(%[[PADDED]]) with() : (tensor<4xf32>, tensor<3x64xf32>)
// ALIGN: func.func private @two.loop_0(%arg0: tensor<4xf32>, %arg1: tensor<64xf32>)
// ALIGN: sinter.slice %arg1 [0] to [20] by [1]
func.func @two(%h: tensor<4xf32>, %x: tensor<3x5x4xf32>) -> tensor<4xf32> {
  %last = sinter.scan 3 reverse carry(%h) over(%x) with() : (tensor<4xf32>, tensor<3x5x4xf32>) -> tensor<4xf32> {
  ^bb0(%h0: tensor<4xf32>, %x0: tensor<5x4xf32>):
    %inner = sinter.scan 5 carry(%h0) over(%x0) with() : (tensor<4xf32>, tensor<5x4xf32>) -> tensor<4xf32> {
    ^bb0(%h1: tensor<4xf32>, %x1: tensor<4xf32>):
      %0 = arith.addf %h1, %x1 : tensor<4xf32>
      sinter.next %0 : tensor<4xf32>
    }
    sinter.next %inner : tensor<4xf32>
  }
  return %last : tensor<4xf32>
}

//--- move.mlir
// The product of what a step reads is one of all steps; that of the carry stays.
// CHECK-LABEL: @product
// CHECK: %[[X:.*]] = sinter.reshape %arg1 : tensor<5x2x16xf32> -> tensor<10x16xf32>
// CHECK: %[[XW:.*]] = sinter.matmul %[[X]], %arg2 : (tensor<10x16xf32>, tensor<16x16xf32>) -> tensor<10x16xf32>
// CHECK: %[[ALL:.*]] = sinter.reshape %[[XW]] : tensor<10x16xf32> -> tensor<5x2x16xf32>
// CHECK: sinter.scan 5 carry(%arg0) over(%[[ALL]]) with(%arg3)
// CHECK: sinter.matmul
// CHECK-NOT: sinter.matmul
// CHECK: return
// EARLY-LABEL: @product
// EARLY: sinter.scan 5 carry(%arg0) over(%{{.*}}) with(%arg3)
func.func @product(%h: tensor<2x16xf32>, %x: tensor<5x2x16xf32>, %w: tensor<16x16xf32>, %u: tensor<16x16xf32>) -> tensor<2x16xf32> {
  %last = sinter.scan 5 carry(%h) over(%x) with(%w, %u)
      : (tensor<2x16xf32>, tensor<5x2x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32> {
  ^bb0(%h0: tensor<2x16xf32>, %x0: tensor<2x16xf32>, %w0: tensor<16x16xf32>, %u0: tensor<16x16xf32>):
    %0 = sinter.matmul %x0, %w0 : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
    %1 = sinter.matmul %h0, %u0 : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
    %2 = arith.addf %0, %1 : tensor<2x16xf32>
    sinter.next %2 : tensor<2x16xf32>
  }
  return %last : tensor<2x16xf32>
}

// A sum of products over steps is one long product of the stacked values, and a sum of rows goes with it; not before
// gradients are known, whose loops give more.
// CHECK-LABEL: @sums
// CHECK: %[[S:.*]] = sinter.scan 5 reverse carry() over(%arg0) with(%arg1)
// CHECK: %[[A:.*]] = sinter.reshape %arg0 : tensor<5x2x16xf32> -> tensor<10x16xf32>
// CHECK: %[[B:.*]] = sinter.reshape %[[S]] : tensor<5x2x16xf32> -> tensor<10x16xf32>
// CHECK: %[[P:.*]] = sinter.matmul %[[A]], %[[B]] {transpose_lhs} : (tensor<10x16xf32>, tensor<10x16xf32>) -> tensor<16x16xf32>
// CHECK: %[[R:.*]] = sinter.reduce sum %[[S]] axes [0, 1] : tensor<5x2x16xf32> -> tensor<16xf32>
// CHECK: return %[[P]], %[[R]]
// EARLY-LABEL: @sums
// EARLY: sinter.scan 5 reverse carry(%{{.*}}, %{{.*}}) over(%arg0) with(%arg1)
func.func @sums(%x: tensor<5x2x16xf32>, %w: tensor<16xf32>) -> (tensor<16x16xf32>, tensor<16xf32>) {
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %none = arith.constant dense<0.0> : tensor<16xf32>
  %sum, %rows = sinter.scan 5 reverse carry(%zero, %none) over(%x) with(%w)
      : (tensor<16x16xf32>, tensor<16xf32>, tensor<5x2x16xf32>, tensor<16xf32>) -> (tensor<16x16xf32>, tensor<16xf32>) {
  ^bb0(%s: tensor<16x16xf32>, %r: tensor<16xf32>, %x0: tensor<2x16xf32>, %w0: tensor<16xf32>):
    %b = sinter.broadcast %w0 dims [1] : tensor<16xf32> -> tensor<2x16xf32>
    %y = arith.mulf %x0, %b : tensor<2x16xf32>
    %p = sinter.matmul %x0, %y {transpose_lhs} : (tensor<2x16xf32>, tensor<2x16xf32>) -> tensor<16x16xf32>
    %0 = arith.addf %s, %p : tensor<16x16xf32>
    %q = sinter.reduce sum %y axes [0] : tensor<2x16xf32> -> tensor<16xf32>
    %1 = arith.addf %r, %q : tensor<16xf32>
    sinter.next %0, %1 : tensor<16x16xf32>, tensor<16xf32>
  }
  return %sum, %rows : tensor<16x16xf32>, tensor<16xf32>
}

// What no step changes is computed once; a carry that stays is no carry; what nobody reads goes.
// CHECK-LABEL: @still
// CHECK: %[[M:.*]] = math.exp %arg1 : tensor<16xf32>
// CHECK: %[[S:.*]] = sinter.scan 4 carry(%arg0) over() with(%[[M]]) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
// CHECK: return %[[S]], %arg1
func.func @still(%h: tensor<16xf32>, %w: tensor<16xf32>, %x: tensor<4x16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %last, %same, %dead, %all = sinter.scan 4 carry(%h, %w, %h) over(%x) with()
      : (tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4x16xf32>) -> (tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4x16xf32>) {
  ^bb0(%h0: tensor<16xf32>, %w0: tensor<16xf32>, %d0: tensor<16xf32>, %x0: tensor<16xf32>):
    %0 = math.exp %w0 : tensor<16xf32>
    %1 = arith.mulf %h0, %0 : tensor<16xf32>
    %2 = arith.addf %d0, %x0 : tensor<16xf32>
    sinter.next %1, %w0, %2, %2 : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
  }
  return %last, %same : tensor<16xf32>, tensor<16xf32>
}
