// What several maps of an attention would compute, and costs much, is computed once.
// RUN: split-file %s %t
// RUN: sinter-opt %t/shared.mlir --sinter-share-scalars -mlir-print-local-scope | FileCheck %t/shared.mlir
// RUN: sinter-opt %t/apart.mlir --sinter-share-scalars -mlir-print-local-scope | FileCheck %t/apart.mlir
// RUN: sinter-run %t/shared.mlir
// RUN: sinter-run %t/apart.mlir
// RUN: sinter-opt %t/cap.mlir --sinter-to-train -mlir-print-local-scope | FileCheck %t/cap.mlir
// RUN: sinter-run %t/cap.mlir

//--- shared.mlir
#id = affine_map<(h, i, j) -> (h, i, j)>
#row = affine_map<(h, i, j) -> (h, i)>

// The largest formula, with the number of a row in it; what is left of its readers reads it.
// CHECK-LABEL: func @largest
// CHECK: %[[S:.*]] = sinter.matmul
// CHECK: %[[T:.*]] = sinter.map(%[[S]], %{{.*}}) [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[R:.*]]: f32):
// CHECK-NEXT: %[[E:.*]] = math.exp %[[X]]
// CHECK-NEXT: %[[F:.*]] = arith.mulf %[[E]], %[[R]]
// CHECK-NEXT: %[[G:.*]] = math.tanh %[[F]]
// CHECK-NEXT: sinter.yield %[[G]]
// CHECK: sinter.map(%[[T]])
// CHECK-NOT: math
// CHECK: sinter.softmax
// CHECK-NOT: math
// CHECK: sinter.map(%{{.*}}, %[[T]])
// CHECK-NOT: math
func.func @largest(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %r: tensor<2x32xf32>) -> tensor<2x32x8xf32> attributes {sinter.entry} {
  %o = sinter.attention over [2, 32, 32] (%q rows 1, %k columns 1, %r rows 1) : (tensor<2x32x8xf32>, tensor<2x32x8xf32>, tensor<2x32xf32>) -> tensor<2x32x8xf32> {
  ^bb0(%q0: tensor<2x32x8xf32>, %k0: tensor<2x32x8xf32>, %r0: tensor<2x32xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
    %m = sinter.map(%s, %r0) [#id, #row] : (tensor<2x32x32xf32>, tensor<2x32xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%x: f32, %y: f32):
      %0 = math.exp %x : f32
      %1 = arith.mulf %0, %y : f32
      %2 = math.tanh %1 : f32
      %c = arith.constant 3.0 : f32
      %3 = arith.mulf %2, %c : f32
      sinter.yield %3 : f32
    }
    %p = sinter.softmax %m : tensor<2x32x32xf32>
    %d = sinter.map(%p, %r0, %s) [#id, #row, #id] : (tensor<2x32x32xf32>, tensor<2x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%z: f32, %y: f32, %x: f32):
      %0 = math.exp %x : f32
      %1 = arith.mulf %0, %y : f32
      %2 = math.tanh %1 : f32
      %3 = arith.mulf %2, %z : f32
      sinter.yield %3 : f32
    }
    %o0 = sinter.matmul %d, %k0 : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
    sinter.yield %o0 : tensor<2x32x8xf32>
  }
  return %o : tensor<2x32x8xf32>
}

// A map that yields just that gives it.
// CHECK-LABEL: func @yielded
// CHECK: %[[M:.*]] = sinter.map
// CHECK: math.exp
// CHECK: %[[P:.*]] = sinter.softmax %[[M]]
// CHECK: sinter.map(%[[P]], %[[M]])
// CHECK-NOT: math
func.func @yielded(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> attributes {sinter.entry} {
  %o = sinter.attention over [2, 32, 32] (%q rows 1, %k columns 1) : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  ^bb0(%q0: tensor<2x32x8xf32>, %k0: tensor<2x32x8xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
    %m = sinter.map(%s) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%x: f32):
      %0 = math.exp %x : f32
      sinter.yield %0 : f32
    }
    %p = sinter.softmax %m : tensor<2x32x32xf32>
    %d = sinter.map(%p, %s) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%z: f32, %x: f32):
      %0 = math.exp %x : f32
      %1 = arith.mulf %0, %z : f32
      sinter.yield %1 : f32
    }
    %o0 = sinter.matmul %d, %k0 : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
    sinter.yield %o0 : tensor<2x32x8xf32>
  }
  return %o : tensor<2x32x8xf32>
}

//--- apart.mlir
#id = affine_map<(h, i, j) -> (h, i, j)>
#head = affine_map<(h, i, j) -> (h)>
#every = affine_map<(a, b, i, j) -> (a, b, i, j)>
#first = affine_map<(a, b, i, j) -> (a)>
#second = affine_map<(a, b, i, j) -> (b)>

// Cheap things, other arguments, and what needs no element of rows x columns.
// CHECK-LABEL: func @different
// CHECK-COUNT-4: sinter.map(
// CHECK-NOT: sinter.map(
func.func @different(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %h: tensor<2xf32>) -> tensor<2x32x8xf32> attributes {sinter.entry} {
  %o = sinter.attention over [2, 32, 32] (%q rows 1, %k columns 1, %h) : (tensor<2x32x8xf32>, tensor<2x32x8xf32>, tensor<2xf32>) -> tensor<2x32x8xf32> {
  ^bb0(%q0: tensor<2x32x8xf32>, %k0: tensor<2x32x8xf32>, %h0: tensor<2xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
    %m = sinter.map(%s, %h0) [#id, #head] : (tensor<2x32x32xf32>, tensor<2xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%x: f32, %y: f32):
      %e = math.exp %y : f32
      %c = arith.constant 3.0 : f32
      %0 = arith.mulf %x, %c : f32
      %1 = math.tanh %0 : f32
      %2 = arith.mulf %1, %e : f32
      sinter.yield %2 : f32
    }
    %p = sinter.softmax %m : tensor<2x32x32xf32>
    %d = sinter.map(%p, %s, %h0) [#id, #id, #head] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>, tensor<2xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%z: f32, %x: f32, %y: f32):
      %e = math.exp %y : f32
      %c = arith.constant 3.0 : f32
      %0 = arith.mulf %x, %c : f32
      %1 = arith.addf %0, %z : f32
      %2 = arith.mulf %1, %e : f32
      sinter.yield %2 : f32
    }
    %f = sinter.map(%d) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%x: f32):
      %c = arith.constant 3.0 : f32
      %0 = arith.mulf %x, %c : f32
      %1 = math.tanh %0 : f32
      sinter.yield %1 : f32
    }
    %g = sinter.map(%f, %s) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
    ^bb0(%x: f32, %y: f32):
      %c = arith.constant 2.0 : f32
      %0 = arith.mulf %y, %c : f32
      %1 = math.tanh %0 : f32
      %2 = arith.mulf %1, %x : f32
      sinter.yield %2 : f32
    }
    %o0 = sinter.matmul %g, %k0 : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
    sinter.yield %o0 : tensor<2x32x8xf32>
  }
  return %o : tensor<2x32x8xf32>
}

// One vector that is read along another dimension is another argument.
// CHECK-LABEL: func @batches
// CHECK-COUNT-2: math.tanh
func.func @batches(%q: tensor<2x2x32x8xf32>, %k: tensor<2x2x32x8xf32>, %h: tensor<2xf32>) -> tensor<2x2x32x8xf32> attributes {sinter.entry} {
  %o = sinter.attention over [2, 2, 32, 32] (%q rows 2, %k columns 2, %h) : (tensor<2x2x32x8xf32>, tensor<2x2x32x8xf32>, tensor<2xf32>) -> tensor<2x2x32x8xf32> {
  ^bb0(%q0: tensor<2x2x32x8xf32>, %k0: tensor<2x2x32x8xf32>, %h0: tensor<2xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x2x32x8xf32>, tensor<2x2x32x8xf32>) -> tensor<2x2x32x32xf32>
    %m = sinter.map(%s, %h0) [#every, #first] : (tensor<2x2x32x32xf32>, tensor<2xf32>) -> tensor<2x2x32x32xf32> {
    ^bb0(%x: f32, %y: f32):
      %0 = arith.mulf %x, %y : f32
      %1 = math.tanh %0 : f32
      %2 = arith.mulf %1, %y : f32
      sinter.yield %2 : f32
    }
    %p = sinter.softmax %m : tensor<2x2x32x32xf32>
    %d = sinter.map(%p, %s, %h0) [#every, #every, #second] : (tensor<2x2x32x32xf32>, tensor<2x2x32x32xf32>, tensor<2xf32>) -> tensor<2x2x32x32xf32> {
    ^bb0(%z: f32, %x: f32, %y: f32):
      %0 = arith.mulf %x, %y : f32
      %1 = math.tanh %0 : f32
      %2 = arith.mulf %1, %z : f32
      sinter.yield %2 : f32
    }
    %o0 = sinter.matmul %d, %k0 : (tensor<2x2x32x32xf32>, tensor<2x2x32x8xf32>) -> tensor<2x2x32x8xf32>
    sinter.yield %o0 : tensor<2x2x32x8xf32>
  }
  return %o : tensor<2x2x32x8xf32>
}

//--- cap.mlir
#id = affine_map<(h, i, j) -> (h, i, j)>
// A soft cap and its gradient: one tanh each way.
// CHECK-LABEL: func @cap
// CHECK-COUNT-2: math.tanh
// CHECK-NOT: math.tanh
func.func @cap(%q: tensor<2x80x16xf32>, %k: tensor<2x80x16xf32>, %v: tensor<2x80x16xf32>) -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x80x80xf32>) -> tensor<2x80x80xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %fifty = arith.constant 50.0 : f32
    %j = sinter.index 2 : i32
    %i = sinter.index 1 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %0 = arith.divf %x, %fifty : f32
    %1 = math.tanh %0 : f32
    %2 = arith.mulf %1, %fifty : f32
    %3 = arith.select %keep, %2, %inf : f32
    sinter.yield %3 : f32
  }
  %p = sinter.softmax %m : tensor<2x80x80xf32>
  %o = sinter.matmul %p, %v : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  %f = sinter.map(%o) [#id] : (tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%x: f32):
    %0 = arith.mulf %x, %x : f32
    sinter.yield %0 : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x80x16xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %q : (tensor<f32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  return %o, %g : tensor<2x80x16xf32>, tensor<2x80x16xf32>
}
