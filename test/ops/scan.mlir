// sinter.scan, sinter.loop, sinter.next: repeated computations, their checks and gradients.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate --canonicalize %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @scan
// CHECK: sinter.scan 3 carry(%{{.*}}) over(%{{.*}}) with(%{{.*}}) : (tensor<4xf32>, tensor<3x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
// CHECK: sinter.next %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32>
func.func @scan(%h: tensor<4xf32>, %x: tensor<3x4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %last, %all = sinter.scan 3 carry(%h) over(%x) with(%w)
      : (tensor<4xf32>, tensor<3x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  ^bb0(%h0: tensor<4xf32>, %x0: tensor<4xf32>, %w0: tensor<4xf32>):
    %0 = arith.mulf %h0, %w0 : tensor<4xf32>
    %1 = arith.addf %0, %x0 : tensor<4xf32>
    sinter.next %1, %0 : tensor<4xf32>, tensor<4xf32>
  }
  return %last : tensor<4xf32>
}
// CHECK-LABEL: @loop
// CHECK: sinter.loop @body 3 reverse carry(%{{.*}}) over() with(%{{.*}}) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
func.func private @body(%h: tensor<4xf32>, %w: tensor<f32>) -> tensor<4xf32> attributes {sinter.entry, sinter.loop_body = 1} {
  return %h : tensor<4xf32>
}
func.func @loop(%h: tensor<4xf32>, %w: tensor<f32>) -> tensor<4xf32> {
  %last = sinter.loop @body 3 reverse carry(%h) over() with(%w) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %last : tensor<4xf32>
}

//--- errors.mlir
func.func @no_steps(%h: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 0 steps; it takes at least one}}
  %0 = sinter.scan 0 carry(%h) over() with() : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%h0: tensor<4xf32>):
    sinter.next %h0 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----
func.func @short_sequence(%h: tensor<4xf32>, %x: tensor<2x4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{sequence 0 is a 'tensor<2x4xf32>', whose first dimension is not of 3 steps}}
  %0 = sinter.scan 3 carry(%h) over(%x) with() : (tensor<4xf32>, tensor<2x4xf32>) -> tensor<4xf32> {
  ^bb0(%h0: tensor<4xf32>, %x0: tensor<4xf32>):
    sinter.next %x0 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----
func.func @arguments(%h: tensor<4xf32>, %x: tensor<3x4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{the body takes ('tensor<4xf32>', 'tensor<3x4xf32>'), but the steps have ('tensor<4xf32>', 'tensor<4xf32>')}}
  %0 = sinter.scan 3 carry(%h) over(%x) with() : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<4xf32> {
  ^bb0(%h0: tensor<4xf32>, %x0: tensor<3x4xf32>):
    sinter.next %h0 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----
func.func @results(%h: tensor<4xf32>, %x: tensor<3x4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  // expected-error @+1 {{the body gives ('tensor<4xf32>'), but the steps have to give ('tensor<4xf32>', 'tensor<4xf32>')}}
  %0, %1 = sinter.scan 3 carry(%h) over(%x) with() : (tensor<4xf32>, tensor<3x4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
  ^bb0(%h0: tensor<4xf32>, %x0: tensor<4xf32>):
    sinter.next %h0 : tensor<4xf32>
  }
  return %0, %1 : tensor<4xf32>, tensor<3x4xf32>
}

// -----
func.func @stack(%h: tensor<4xf32>) -> (tensor<4xf32>, tensor<2x4xf32>) {
  // expected-error @+1 {{stacked result 0 is a 'tensor<2x4xf32>', whose first dimension is not of 3 steps}}
  %0, %1 = sinter.scan 3 carry(%h) over() with() : (tensor<4xf32>) -> (tensor<4xf32>, tensor<2x4xf32>) {
  ^bb0(%h0: tensor<4xf32>):
    sinter.next %h0, %h0 : tensor<4xf32>, tensor<4xf32>
  }
  return %0, %1 : tensor<4xf32>, tensor<2x4xf32>
}

// -----
func.func @carry_changes(%h: tensor<4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{a carry begins as 'tensor<4xf32>' and ends as 'tensor<3xf32>'}}
  %0 = sinter.scan 3 carry(%h) over() with() : (tensor<4xf32>) -> tensor<3xf32> {
  ^bb0(%h0: tensor<4xf32>):
    sinter.next %h0 : tensor<4xf32>
  }
  return %0 : tensor<3xf32>
}

// -----
func.func @boolean(%h: tensor<4xi1>) -> tensor<4xi1> {
  // expected-error @+1 {{booleans neither enter nor leave a loop: 'tensor<4xi1>'}}
  %0 = sinter.scan 3 carry(%h) over() with() : (tensor<4xi1>) -> tensor<4xi1> {
  ^bb0(%h0: tensor<4xi1>):
    sinter.next %h0 : tensor<4xi1>
  }
  return %0 : tensor<4xi1>
}

// -----
func.func @no_body(%h: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{there is no loop's body @no_body}}
  %0 = sinter.loop @no_body 3 carry(%h) over() with() : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

//--- vjp.mlir
// What the reverse part reads of a step: the carry, which the forward scan gives as a further result, and the sine,
// which is computed again from it.
// CHECK-LABEL: @slope
func.func @slope(%h: tensor<4xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[KEPT:.*]]:2 = sinter.scan 3 carry(%arg0) over() with(%arg1)
  // CHECK: ^bb0(%[[H:.*]]: tensor<4xf32>, %{{.*}}: tensor<4xf32>):
  // CHECK: sinter.next %{{.*}}, %[[H]] :
  // CHECK: sinter.scan 3 reverse carry(%{{.*}}, %{{.*}}) over(%[[KEPT]]#1) with(%arg1)
  // CHECK: math.sin
  // CHECK: math.cos
  %last = sinter.scan 3 carry(%h) over() with(%w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%h0: tensor<4xf32>, %w0: tensor<4xf32>):
    %0 = math.sin %h0 : tensor<4xf32>
    %1 = arith.mulf %0, %w0 : tensor<4xf32>
    sinter.next %1 : tensor<4xf32>
  }
  %l = sinter.reduce sum %last axes [0] : tensor<4xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %h, %w : (tensor<f32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %g#0, %g#1 : tensor<4xf32>, tensor<4xf32>
}

//--- run.mlir
// h <- 2 h + x, from 1, over 1, 2, 3 forwards and backwards: 2 (2 (2 + 1) + 2) + 3 = 19 and 2 (2 (2 + 3) + 2) + 1 = 25.
func.func @directions(%zero: tensor<f32> {sinter.range = [0.0, 0.0]}) -> (tensor<f32>, tensor<f32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %one = arith.constant dense<1.0> : tensor<f32>
  %h = arith.addf %zero, %one : tensor<f32>
  %x = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %f, %fs = sinter.scan 3 carry(%h) over(%x) with() : (tensor<f32>, tensor<3xf32>) -> (tensor<f32>, tensor<3xf32>) {
  ^bb0(%h0: tensor<f32>, %x0: tensor<f32>):
    %0 = arith.addf %h0, %h0 : tensor<f32>
    %1 = arith.addf %0, %x0 : tensor<f32>
    sinter.next %1, %1 : tensor<f32>, tensor<f32>
  }
  %b, %bs = sinter.scan 3 reverse carry(%h) over(%x) with() : (tensor<f32>, tensor<3xf32>) -> (tensor<f32>, tensor<3xf32>) {
  ^bb0(%h0: tensor<f32>, %x0: tensor<f32>):
    %0 = arith.addf %h0, %h0 : tensor<f32>
    %1 = arith.addf %0, %x0 : tensor<f32>
    sinter.next %1, %h0 : tensor<f32>, tensor<f32>
  }
  %0 = arith.constant dense<19.0> : tensor<f32>
  %1 = arith.constant dense<[3.0, 8.0, 19.0]> : tensor<3xf32>
  %2 = arith.constant dense<25.0> : tensor<f32>
  %3 = arith.constant dense<[12.0, 5.0, 1.0]> : tensor<3xf32>
  return %f, %0, %fs, %1, %b, %2, %bs, %3 : tensor<f32>, tensor<f32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>, tensor<3xf32>, tensor<3xf32>
}
// Carries that change places, one that a sequence becomes, an invariant and carries that are given.
func.func @places(%a: tensor<64xf32>, %b: tensor<64xf32>, %c: tensor<64xf32>, %x: tensor<3x64xf32>) -> (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<3x64xf32>, tensor<3x64xf32>, tensor<3x64xf32>) {
  %r:6 = sinter.scan 3 carry(%a, %b, %c) over(%x) with(%a)
      : (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<3x64xf32>, tensor<64xf32>)
      -> (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<3x64xf32>, tensor<3x64xf32>, tensor<3x64xf32>) {
  ^bb0(%a0: tensor<64xf32>, %b0: tensor<64xf32>, %c0: tensor<64xf32>, %x0: tensor<64xf32>, %w0: tensor<64xf32>):
    sinter.next %b0, %a0, %x0, %a0, %w0, %c0 : tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>
  }
  return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5 : tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<3x64xf32>, tensor<3x64xf32>, tensor<3x64xf32>
}
// Whole numbers are carried and given, too.
func.func @count(%n: tensor<64xi32>, %x: tensor<4x64xi32>) -> (tensor<64xi32>, tensor<4x64xi32>) {
  %last, %all = sinter.scan 4 carry(%n) over(%x) with() : (tensor<64xi32>, tensor<4x64xi32>) -> (tensor<64xi32>, tensor<4x64xi32>) {
  ^bb0(%n0: tensor<64xi32>, %x0: tensor<64xi32>):
    %0 = arith.addi %n0, %x0 : tensor<64xi32>
    sinter.next %0, %n0 : tensor<64xi32>, tensor<64xi32>
  }
  return %last, %all : tensor<64xi32>, tensor<4x64xi32>
}

//--- smooth.mlir
// Products of the sequence, of the carry, and a bias, as in a recurrent network; one step of it has its own function.
func.func @recurrent(%h: tensor<2x32xf32>, %x: tensor<5x2x32xf32>, %w: tensor<32x32xf32>, %u: tensor<32x32xf32>, %b: tensor<32xf32>) -> (tensor<2x32xf32>, tensor<5x2x32xf32>) {
  %last, %all = sinter.scan 5 carry(%h) over(%x) with(%w, %u, %b)
      : (tensor<2x32xf32>, tensor<5x2x32xf32>, tensor<32x32xf32>, tensor<32x32xf32>, tensor<32xf32>) -> (tensor<2x32xf32>, tensor<5x2x32xf32>) {
  ^bb0(%h0: tensor<2x32xf32>, %x0: tensor<2x32xf32>, %w0: tensor<32x32xf32>, %u0: tensor<32x32xf32>, %b0: tensor<32xf32>):
    %0 = sinter.matmul %x0, %w0 : (tensor<2x32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32>
    %1 = sinter.matmul %h0, %u0 : (tensor<2x32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32>
    %2 = arith.addf %0, %1 : tensor<2x32xf32>
    %3 = sinter.broadcast %b0 dims [1] : tensor<32xf32> -> tensor<2x32xf32>
    %4 = arith.addf %2, %3 : tensor<2x32xf32>
    %5 = math.tanh %4 : tensor<2x32xf32>
    sinter.next %5, %5 : tensor<2x32xf32>, tensor<2x32xf32>
  }
  return %last, %all : tensor<2x32xf32>, tensor<5x2x32xf32>
}
// Two levels: the inner loop goes over a part of the outer one's sequence, and multiplies by a carry of the outer one.
func.func @nested(%h: tensor<64xf32>, %x: tensor<3x5x64xf32>, %w: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>, tensor<3x5x64xf32>) {
  %last, %lastw, %all = sinter.scan 3 reverse carry(%h, %w) over(%x) with()
      : (tensor<64xf32>, tensor<64xf32>, tensor<3x5x64xf32>) -> (tensor<64xf32>, tensor<64xf32>, tensor<3x5x64xf32>) {
  ^bb0(%h0: tensor<64xf32>, %w0: tensor<64xf32>, %x0: tensor<5x64xf32>):
    %l, %a = sinter.scan 5 carry(%h0) over(%x0) with(%w0)
        : (tensor<64xf32>, tensor<5x64xf32>, tensor<64xf32>) -> (tensor<64xf32>, tensor<5x64xf32>) {
    ^bb0(%h1: tensor<64xf32>, %x1: tensor<64xf32>, %w1: tensor<64xf32>):
      %0 = arith.mulf %h1, %w1 : tensor<64xf32>
      %1 = arith.addf %0, %x1 : tensor<64xf32>
      %2 = math.tanh %1 : tensor<64xf32>
      sinter.next %2, %0 : tensor<64xf32>, tensor<64xf32>
    }
    %n = math.sin %l : tensor<64xf32>
    sinter.next %n, %l, %a : tensor<64xf32>, tensor<64xf32>, tensor<5x64xf32>
  }
  return %last, %lastw, %all : tensor<64xf32>, tensor<64xf32>, tensor<3x5x64xf32>
}
