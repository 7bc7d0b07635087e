// What find-triangles leaves whole: each function differs in one thing from @accepted.
// RUN: sinter-opt %s --sinter-find-triangles | FileCheck %s
// RUN: sinter-run %s --device=cpu

#id = affine_map<(d0, d1) -> (d0, d1)>
#id3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// CHECK-LABEL: func @accepted
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(lower) :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) :
func.func @accepted(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %never = arith.constant 0xFF800000 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %0, %never : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<8x8xf32>
  %o = sinter.matmul %p, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %o : tensor<8x8xf32>
}

// Below -1e4, but no infinity: such weights are as good as zero in most rows, and not in one that is hidden whole. (The
// scores are not looked at all the same.)
// CHECK-LABEL: func @large_but_finite
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(lower) :
// CHECK: sinter.matmul %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : (
func.func @large_but_finite(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %never = arith.constant -1.0e4 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %0, %never : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<8x8xf32>
  %o = sinter.matmul %p, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %o : tensor<8x8xf32>
}

// Infinity itself: rows of it are no numbers, and their products neither.
// CHECK-LABEL: func @positive_infinity
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(lower) :
// CHECK: sinter.matmul %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : (
func.func @positive_infinity(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %always = arith.constant 0x7F800000 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %0, %always : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<8x8xf32>
  %o = sinter.matmul %p, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %o : tensor<8x8xf32>
}

// Minus infinity times zero, minus infinity less itself, and its negation are no masks.
// CHECK-LABEL: func @no_masks
// CHECK-NOT: lhs(
// CHECK: return
func.func @no_masks(%y: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %m:3 = sinter.map(%y) [#id] : (tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
  ^bb0(%0: f32):
    %never = arith.constant 0xFF800000 : f32
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %0, %never : f32
    %3 = arith.select %1, %one, %zero : f32
    %4 = arith.mulf %2, %3 : f32
    %5 = arith.subf %2, %2 : f32
    %6 = arith.negf %2 : f32
    sinter.yield %4, %5, %6 : f32, f32, f32
  }
  %p0 = sinter.softmax %m#0 : tensor<8x8xf32>
  %p1 = sinter.softmax %m#1 : tensor<8x8xf32>
  %p2 = sinter.softmax %m#2 : tensor<8x8xf32>
  %o0 = sinter.matmul %p0, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %o1 = sinter.matmul %p1, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %o2 = sinter.matmul %p2, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %o0, %o1, %o2 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}

// A key that is hidden only from some: later, or the tensor says so. And every key but a query's own.
// CHECK-LABEL: func @other_conditions
// CHECK-NOT: lhs(
// CHECK-NOT: result(
// CHECK: return
func.func @other_conditions(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>, %seen: tensor<8x8xi1>) -> (tensor<8x8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = sinter.matmul %y, %x : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m:2 = sinter.map(%s, %t, %seen) [#id, #id, #id] : (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xi1>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  ^bb0(%0: f32, %1: f32, %2: i1):
    %never = arith.constant 0xFF800000 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %3 = arith.cmpi sge, %i, %j : i32
    %4 = arith.ori %3, %2 : i1
    %5 = arith.select %4, %0, %never : f32
    %6 = arith.cmpi ne, %i, %j : i32
    %7 = arith.select %6, %1, %never : f32
    sinter.yield %5, %7 : f32, f32
  }
  %p0 = sinter.softmax %m#0 : tensor<8x8xf32>
  %p1 = sinter.softmax %m#1 : tensor<8x8xf32>
  %o0 = sinter.matmul %p0, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %o1 = sinter.matmul %p1, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %o0, %o1 : tensor<8x8xf32>, tensor<8x8xf32>
}

// One reader hides what is above, another what is below: together they look at all. So do a masked reader and a sum,
// before the mask and after it.
// CHECK-LABEL: func @two_readers
// CHECK-NOT: result(
// CHECK: return
func.func @two_readers(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = sinter.matmul %y, %x : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %below = sinter.map(%s, %t) [#id, #id] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %zero = arith.constant 0.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %2 = arith.cmpi sge, %i, %j : i32
    %3 = arith.addf %0, %1 : f32
    %4 = arith.select %2, %3, %zero : f32
    sinter.yield %4 : f32
  }
  %above = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %zero = arith.constant 0.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi slt, %i, %j : i32
    %2 = arith.select %1, %0, %zero : f32
    sinter.yield %2 : f32
  }
  %sum = sinter.reduce sum %t axes [1] : tensor<8x8xf32> -> tensor<8xf32>
  return %below, %above, %y, %sum : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8xf32>
}

// Zero times what could overflow from a finite product: the exponential is needed as it is.
// CHECK-LABEL: func @could_overflow
// CHECK-NOT: result(
// CHECK: return
func.func @could_overflow(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %one, %zero : f32
    %3 = math.exp %0 : f32
    %4 = arith.mulf %3, %2 : f32
    sinter.yield %4 : f32
  }
  return %m : tensor<8x8xf32>
}

// The condition itself reads the product.
// CHECK-LABEL: func @decides
// CHECK-NOT: result(
// CHECK: return
func.func @decides(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.cmpf ogt, %0, %zero : f32
    %3 = arith.select %2, %zero, %one : f32
    %4 = arith.select %1, %0, %3 : f32
    sinter.yield %4 : f32
  }
  return %m : tensor<8x8xf32>
}

// Views behind which other elements lie above the diagonal: matrices of another size, and the first dimension for the last.
// CHECK-LABEL: func @views
// CHECK-NOT: lhs(
// CHECK: return
func.func @views(%x: tensor<8x8x8xf32>, %w: tensor<2x16x4xf32>) -> (tensor<2x16x4xf32>, tensor<8x8x8xf32>) attributes {sinter.entry} {
  %m = sinter.map(%x) [#id3] : (tensor<8x8x8xf32>) -> tensor<8x8x8xf32> {
  ^bb0(%0: f32):
    %zero = arith.constant 0.0 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %0, %zero : f32
    sinter.yield %2 : f32
  }
  %r = sinter.reshape %m : tensor<8x8x8xf32> -> tensor<2x16x16xf32>
  %a = sinter.matmul %r, %w : (tensor<2x16x16xf32>, tensor<2x16x4xf32>) -> tensor<2x16x4xf32>
  %t = sinter.transpose %m [2, 1, 0] : tensor<8x8x8xf32> -> tensor<8x8x8xf32>
  %b = sinter.matmul %t, %x : (tensor<8x8x8xf32>, tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  return %a, %b : tensor<2x16x4xf32>, tensor<8x8x8xf32>
}

// A window inside attention, and masks that are none: it is as far as either of two masks goes, or compares a sum of indices, or
// unsigned numbers, of which a negative difference is a large one, or an index.
// CHECK-LABEL: func @window
// CHECK: result(lower) window(3)
// CHECK: lhs(lower) window(3)
func.func @window(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>) -> tensor<1x8x4xf32> attributes {sinter.entry} {
  %o = sinter.attention over [1, 8, 8] (%q rows 1, %k columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q0: tensor<1x8x4xf32>, %k0: tensor<1x8x4xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %m = sinter.map(%s) [#id3] : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> {
    ^bb0(%x: f32):
      %inf = arith.constant 0xFF800000 : f32
      %w = arith.constant 3 : i32
      %i = sinter.index 1 : i32
      %j = sinter.index 2 : i32
      %causal = arith.cmpi sge, %i, %j : i32
      %d = arith.subi %i, %j : i32
      %near = arith.cmpi slt, %d, %w : i32
      %seen = arith.andi %causal, %near : i1
      %z = arith.select %seen, %x, %inf : f32
      sinter.yield %z : f32
    }
    %p = sinter.softmax %m : tensor<1x8x8xf32>
    %r = sinter.matmul %p, %k0 : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %r : tensor<1x8x4xf32>
  }
  return %o : tensor<1x8x4xf32>
}
// CHECK-LABEL: func @either_mask
// CHECK-NOT: window
// CHECK: return
func.func @either_mask(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>) -> tensor<1x8x4xf32> attributes {sinter.entry} {
  %o = sinter.attention over [1, 8, 8] (%q rows 1, %k columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q0: tensor<1x8x4xf32>, %k0: tensor<1x8x4xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %m = sinter.map(%s) [#id3] : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> {
    ^bb0(%x: f32):
      %inf = arith.constant 0xFF800000 : f32
      %w = arith.constant 3 : i32
      %i = sinter.index 1 : i32
      %j = sinter.index 2 : i32
      %causal = arith.cmpi sge, %i, %j : i32
      %d = arith.subi %i, %j : i32
      %near = arith.cmpi slt, %d, %w : i32
      %seen = arith.ori %causal, %near : i1
      %z = arith.select %seen, %x, %inf : f32
      sinter.yield %z : f32
    }
    %p = sinter.softmax %m : tensor<1x8x8xf32>
    %r = sinter.matmul %p, %k0 : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %r : tensor<1x8x4xf32>
  }
  return %o : tensor<1x8x4xf32>
}
// CHECK-LABEL: func @sum_of_indices
// CHECK-NOT: window
// CHECK: return
func.func @sum_of_indices(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>) -> tensor<1x8x4xf32> attributes {sinter.entry} {
  %o = sinter.attention over [1, 8, 8] (%q rows 1, %k columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q0: tensor<1x8x4xf32>, %k0: tensor<1x8x4xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %m = sinter.map(%s) [#id3] : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> {
    ^bb0(%x: f32):
      %inf = arith.constant 0xFF800000 : f32
      %w = arith.constant 3 : i32
      %i = sinter.index 1 : i32
      %j = sinter.index 2 : i32
      %causal = arith.cmpi sge, %i, %j : i32
      %d = arith.addi %i, %j : i32
      %near = arith.cmpi slt, %d, %w : i32
      %seen = arith.andi %causal, %near : i1
      %z = arith.select %seen, %x, %inf : f32
      sinter.yield %z : f32
    }
    %p = sinter.softmax %m : tensor<1x8x8xf32>
    %r = sinter.matmul %p, %k0 : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %r : tensor<1x8x4xf32>
  }
  return %o : tensor<1x8x4xf32>
}
// CHECK-LABEL: func @unsigned_difference
// CHECK-NOT: window
// CHECK: return
func.func @unsigned_difference(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>) -> tensor<1x8x4xf32> attributes {sinter.entry} {
  %o = sinter.attention over [1, 8, 8] (%q rows 1, %k columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q0: tensor<1x8x4xf32>, %k0: tensor<1x8x4xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %m = sinter.map(%s) [#id3] : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> {
    ^bb0(%x: f32):
      %inf = arith.constant 0xFF800000 : f32
      %w = arith.constant 3 : i32
      %i = sinter.index 1 : i32
      %j = sinter.index 2 : i32
      %causal = arith.cmpi sge, %i, %j : i32
      %d = arith.subi %i, %j : i32
      %near = arith.cmpi ult, %d, %w : i32
      %seen = arith.andi %causal, %near : i1
      %z = arith.select %seen, %x, %inf : f32
      sinter.yield %z : f32
    }
    %p = sinter.softmax %m : tensor<1x8x8xf32>
    %r = sinter.matmul %p, %k0 : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %r : tensor<1x8x4xf32>
  }
  return %o : tensor<1x8x4xf32>
}
// CHECK-LABEL: func @against_an_index
// CHECK-NOT: window
// CHECK: return
func.func @against_an_index(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>) -> tensor<1x8x4xf32> attributes {sinter.entry} {
  %o = sinter.attention over [1, 8, 8] (%q rows 1, %k columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q0: tensor<1x8x4xf32>, %k0: tensor<1x8x4xf32>):
    %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %m = sinter.map(%s) [#id3] : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> {
    ^bb0(%x: f32):
      %inf = arith.constant 0xFF800000 : f32
      %w = arith.constant 3 : i32
      %i = sinter.index 1 : i32
      %j = sinter.index 2 : i32
      %causal = arith.cmpi sge, %i, %j : i32
      %d = arith.subi %i, %j : i32
      %near = arith.cmpi slt, %d, %j : i32
      %seen = arith.andi %causal, %near : i1
      %z = arith.select %seen, %x, %inf : f32
      sinter.yield %z : f32
    }
    %p = sinter.softmax %m : tensor<1x8x8xf32>
    %r = sinter.matmul %p, %k0 : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %r : tensor<1x8x4xf32>
  }
  return %o : tensor<1x8x4xf32>
}
