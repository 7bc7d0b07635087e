// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir -mlir-print-local-scope | sinter-opt -mlir-print-local-scope | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/simplify.mlir | FileCheck %t/simplify.mlir
// RUN: sinter-opt --sinter-differentiate --canonicalize %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @each_kind_of_operand
func.func @each_kind_of_operand(%q: tensor<2x4x3xf32>, %k: tensor<2x5x3xf32>, %b: tensor<4x5xf32>, %t: tensor<f32>) -> tensor<2x4x3xf32> {
  // CHECK: sinter.attention over [2, 4, 5](%arg0 rows 1, %arg1 columns 1, %arg2 rows 0 columns 1, %arg3) :
  // CHECK-NEXT: ^bb0(%[[Q:.*]]: tensor<2x4x3xf32>, %{{.*}}: tensor<2x5x3xf32>, %{{.*}}: tensor<4x5xf32>, %{{.*}}: tensor<f32>):
  // CHECK-NEXT: sinter.matmul %[[Q]]
  %o = sinter.attention over [2, 4, 5](%q rows 1, %k columns 1, %b rows 0 columns 1, %t) : (tensor<2x4x3xf32>, tensor<2x5x3xf32>, tensor<4x5xf32>, tensor<f32>) -> tensor<2x4x3xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>, %k0: tensor<2x5x3xf32>, %b0: tensor<4x5xf32>, %t0: tensor<f32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x5xf32>
    %m = sinter.map(%s, %b0, %t0) [affine_map<(h, i, j) -> (h, i, j)>, affine_map<(h, i, j) -> (i, j)>, affine_map<(h, i, j) -> ()>] : (tensor<2x4x5xf32>, tensor<4x5xf32>, tensor<f32>) -> tensor<2x4x5xf32> {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %0 = arith.addf %x, %y : f32
      %1 = arith.mulf %0, %z : f32
      sinter.yield %1 : f32
    }
    %p = sinter.softmax %m : tensor<2x4x5xf32>
    %r = sinter.matmul %p, %k0 : (tensor<2x4x5xf32>, tensor<2x5x3xf32>) -> tensor<2x4x3xf32>
    sinter.yield %r : tensor<2x4x3xf32>
  }
  return %o : tensor<2x4x3xf32>
}

//--- errors.mlir
func.func @result_over_both(%q: tensor<2x4x3xf32>, %k: tensor<2x5x3xf32>) {
  // expected-error @+1 {{result 0 is over rows and columns: 'tensor<2x4x5xf32>'}}
  %o = sinter.attention over [2, 4, 5](%q rows 1, %k columns 1) : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x5xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>, %k0: tensor<2x5x3xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x5xf32>
    sinter.yield %s : tensor<2x4x5xf32>
  }
  return
}
// -----
func.func @sum_over_other_things(%q: tensor<2x4x4xf32>, %k: tensor<2x4x4xf32>) {
  %o = sinter.attention over [2, 4, 4](%q rows 1, %k columns 1) : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32> {
  ^bb0(%q0: tensor<2x4x4xf32>, %k0: tensor<2x4x4xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
    // expected-error @+1 {{sums over rows or columns of one operand, but not of the other (in sinter.attention)}}
    %o0 = sinter.matmul %s, %q0 : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
    sinter.yield %o0 : tensor<2x4x4xf32>
  }
  return
}
// -----
func.func @nothing_over_both(%q: tensor<2x4x3xf32>) {
  // expected-error @+1 {{holds nothing over rows and columns}}
  %o = sinter.attention over [2, 4, 5](%q rows 1) : (tensor<2x4x3xf32>) -> tensor<2x4x3xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>):
    sinter.yield %q0 : tensor<2x4x3xf32>
  }
  return
}
// -----
func.func @wrong_size(%q: tensor<2x4x3xf32>) {
  // expected-error @+1 {{dimension 2 of an operand of shape [2, 4, 3] is no rows: there are 4}}
  %o = sinter.attention over [2, 4, 5](%q rows 2) : (tensor<2x4x3xf32>) -> tensor<2x4x3xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>):
    sinter.yield %q0 : tensor<2x4x3xf32>
  }
  return
}
// -----
func.func @no_dimension(%q: tensor<2x4x3xf32>) {
  // expected-error @+1 {{dimension 3 of an operand of shape [2, 4, 3] is no columns: there are 5}}
  %o = sinter.attention over [2, 4, 5](%q columns 3) : (tensor<2x4x3xf32>) -> tensor<2x4x3xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>):
    sinter.yield %q0 : tensor<2x4x3xf32>
  }
  return
}
// -----
func.func @one_dimension(%q: tensor<4xf32>) {
  // expected-error @+1 {{works over rows and columns, but its shape has 1 dimensions}}
  %o = sinter.attention over [4](%q rows 0) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%q0: tensor<4xf32>):
    sinter.yield %q0 : tensor<4xf32>
  }
  return
}
// -----
func.func @other_arguments(%q: tensor<2x4x3xf32>) {
  // expected-error @+1 {{the region's arguments are not of the operands' types}}
  %o = sinter.attention over [2, 4, 5](%q rows 1) : (tensor<2x4x3xf32>) -> tensor<2x4xf32> {
  ^bb0(%q0: tensor<2x4xf32>):
    sinter.yield %q0 : tensor<2x4xf32>
  }
  return
}
// -----
func.func @does_not_say(%q: tensor<2x4x3xf32>) {
  %o = sinter.attention over [2, 4, 5](%q rows 1) : (tensor<2x4x3xf32>) -> tensor<24xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>):
    // expected-error @+1 {{does not say what becomes of rows and columns (in sinter.attention)}}
    %r = sinter.reshape %q0 : tensor<2x4x3xf32> -> tensor<24xf32>
    sinter.yield %r : tensor<24xf32>
  }
  return
}
// -----
func.func @diagonals_of_rows(%q: tensor<2x7xf32>, %k: tensor<2x4x4xf32>) {
  %o = sinter.attention over [2, 4, 7](%q columns 1, %k rows 1) : (tensor<2x7xf32>, tensor<2x4x4xf32>) -> tensor<2x7xf32> {
  ^bb0(%q0: tensor<2x7xf32>, %k0: tensor<2x4x4xf32>):
    // expected-error @+1 {{is made of rows or columns (in sinter.attention)}}
    %d = sinter.diagonals %q0 rows 4 : tensor<2x7xf32> -> tensor<2x4x4xf32>
    %o0 = sinter.sum_diagonals %d : tensor<2x4x4xf32> -> tensor<2x7xf32>
    sinter.yield %o0 : tensor<2x7xf32>
  }
  return
}
// -----
func.func @diagonals_of_other_things(%q: tensor<2x4x4xf32>) {
  %o = sinter.attention over [2, 4, 5](%q rows 1) : (tensor<2x4x4xf32>) -> tensor<2x7xf32> {
  ^bb0(%q0: tensor<2x4x4xf32>):
    // expected-error @+1 {{does not sum over rows and columns (in sinter.attention)}}
    %o0 = sinter.sum_diagonals %q0 : tensor<2x4x4xf32> -> tensor<2x7xf32>
    sinter.yield %o0 : tensor<2x7xf32>
  }
  return
}

//--- simplify.mlir
// A result that nobody reads goes, an operand that was only read for it too; equal operands are one; numbers move in.
// CHECK-LABEL: @simplify
// CHECK: sinter.attention over [2, 4, 5](%arg0 rows 1, %arg1 columns 1)
// CHECK-SAME: -> tensor<2x4x3xf32>
// CHECK: arith.constant dense<2.0
// CHECK: sinter.yield %{{[^,]*}} :
func.func @simplify(%q: tensor<2x4x3xf32>, %k: tensor<2x5x3xf32>, %v: tensor<2x5x3xf32>) -> tensor<2x4x3xf32> {
  %two = arith.constant dense<2.0> : tensor<2x5x3xf32>
  %o:2 = sinter.attention over [2, 4, 5](%q rows 1, %k columns 1, %k columns 1, %v columns 1, %two) : (tensor<2x4x3xf32>, tensor<2x5x3xf32>, tensor<2x5x3xf32>, tensor<2x5x3xf32>, tensor<2x5x3xf32>) -> (tensor<2x4x3xf32>, tensor<2x4x3xf32>) {
  ^bb0(%q0: tensor<2x4x3xf32>, %k0: tensor<2x5x3xf32>, %k1: tensor<2x5x3xf32>, %v0: tensor<2x5x3xf32>, %two0: tensor<2x5x3xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x5xf32>
    %p = sinter.softmax %s : tensor<2x4x5xf32>
    %k2 = arith.mulf %k1, %two0 : tensor<2x5x3xf32>
    %r = sinter.matmul %p, %k2 : (tensor<2x4x5xf32>, tensor<2x5x3xf32>) -> tensor<2x4x3xf32>
    %w = sinter.matmul %p, %v0 : (tensor<2x4x5xf32>, tensor<2x5x3xf32>) -> tensor<2x4x3xf32>
    sinter.yield %r, %w : tensor<2x4x3xf32>, tensor<2x4x3xf32>
  }
  return %o#0 : tensor<2x4x3xf32>
}

//--- vjp.mlir
// The gradient is an attention that begins with the forward computation and yields what is asked for. What adds up two
// cotangents of k has no rows x columns, so it stands behind it.
// CHECK-LABEL: @gradient
// CHECK: %[[G:.*]]:2 = sinter.attention over [2, 4, 5](%arg0 rows 1, %arg1 columns 1, %{{.*}} rows 1)
// CHECK-SAME: -> (tensor<2x5x3xf32>, tensor<2x5x3xf32>)
// CHECK: sinter.matmul {{.*}} {transpose_rhs}
// CHECK: sinter.softmax
// CHECK: sinter.yield
// CHECK: %[[SUM:.*]] = arith.addf %[[G]]#0, %[[G]]#1
// CHECK-NOT: sinter.attention
// CHECK: return %[[SUM]]
func.func @gradient(%q: tensor<2x4x3xf32>, %k: tensor<2x5x3xf32>) -> tensor<2x5x3xf32> {
  %o = sinter.attention over [2, 4, 5](%q rows 1, %k columns 1) : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x3xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>, %k0: tensor<2x5x3xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x5xf32>
    %p = sinter.softmax %s : tensor<2x4x5xf32>
    %r = sinter.matmul %p, %k0 : (tensor<2x4x5xf32>, tensor<2x5x3xf32>) -> tensor<2x4x3xf32>
    sinter.yield %r : tensor<2x4x3xf32>
  }
  %l = sinter.reduce sum %o axes [0, 1, 2] : tensor<2x4x3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %k : (tensor<f32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return %g : tensor<2x5x3xf32>
}

//--- run.mlir
// Equal scores: each row of the result is the mean of the values. By hand.
func.func @mean() -> (tensor<1x2x1xf32>, tensor<1x2x1xf32>) attributes {sinter.entry, sinter.expect} {
  %q = arith.constant dense<0.0> : tensor<1x2x1xf32>
  %k = arith.constant dense<[[[5.0], [-3.0], [1.0]]]> : tensor<1x3x1xf32>
  %v = arith.constant dense<[[[1.0], [2.0], [6.0]]]> : tensor<1x3x1xf32>
  %o = sinter.attention over [1, 2, 3](%q rows 1, %k columns 1, %v columns 1) : (tensor<1x2x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> tensor<1x2x1xf32> {
  ^bb0(%q0: tensor<1x2x1xf32>, %k0: tensor<1x3x1xf32>, %v0: tensor<1x3x1xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<1x2x1xf32>, tensor<1x3x1xf32>) -> tensor<1x2x3xf32>
    %p = sinter.softmax %s : tensor<1x2x3xf32>
    %r = sinter.matmul %p, %v0 : (tensor<1x2x3xf32>, tensor<1x3x1xf32>) -> tensor<1x2x1xf32>
    sinter.yield %r : tensor<1x2x1xf32>
  }
  %e = arith.constant dense<3.0> : tensor<1x2x1xf32>
  return %o, %e : tensor<1x2x1xf32>, tensor<1x2x1xf32>
}

//--- smooth.mlir
func.func @all_operands(%q: tensor<2x4x3xf32>, %k: tensor<2x5x3xf32>, %v: tensor<2x5x2xf32>, %b: tensor<4x5xf32>) -> tensor<2x4x2xf32> attributes {sinter.entry} {
  %o = sinter.attention over [2, 4, 5](%q rows 1, %k columns 1, %v columns 1, %b rows 0 columns 1) : (tensor<2x4x3xf32>, tensor<2x5x3xf32>, tensor<2x5x2xf32>, tensor<4x5xf32>) -> tensor<2x4x2xf32> {
  ^bb0(%q0: tensor<2x4x3xf32>, %k0: tensor<2x5x3xf32>, %v0: tensor<2x5x2xf32>, %b0: tensor<4x5xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x4x3xf32>, tensor<2x5x3xf32>) -> tensor<2x4x5xf32>
    %m = sinter.map(%s, %b0) [affine_map<(h, i, j) -> (h, i, j)>, affine_map<(h, i, j) -> (i, j)>] : (tensor<2x4x5xf32>, tensor<4x5xf32>) -> tensor<2x4x5xf32> {
    ^bb0(%x: f32, %y: f32):
      %0 = arith.addf %x, %y : f32
      sinter.yield %0 : f32
    }
    %p = sinter.softmax %m : tensor<2x4x5xf32>
    %r = sinter.matmul %p, %v0 : (tensor<2x4x5xf32>, tensor<2x5x2xf32>) -> tensor<2x4x2xf32>
    sinter.yield %r : tensor<2x4x2xf32>
  }
  return %o : tensor<2x4x2xf32>
}
