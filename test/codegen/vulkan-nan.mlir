// NaN, infinities and signs of zeros where a driver could think that it knows the result: a literal zero that is multiplied,
// divided or added, a number and itself, a choice that looks like a minimum. What they are follows from IEEE 754. The second
// result is 1 / the first one: the sign of a zero shows.
// RUN: sinter-run --device=compiled %s | FileCheck %s
// RUN: sinter-run --device=reference %s

sinter.state @one : tensor<f32> {init = "ones"}

// CHECK: times_zero: cpu ok {{.*}}, vulkan ok
func.func @times_zero() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %r = arith.mulf %x, %z : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0.0, -0.0, 0.0, -0.0, 0.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7F800000, 0xFF800000, 0x7F800000, 0xFF800000, 0x7F800000]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: times_minus_zero: cpu ok {{.*}}, vulkan ok
func.func @times_minus_zero() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<-0.0> : tensor<8xf32>
  %r = arith.mulf %x, %z : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, -0.0, 0.0, -0.0, 0.0, -0.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0xFF800000, 0x7F800000, 0xFF800000, 0x7F800000, 0xFF800000]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: plus_zero: cpu ok {{.*}}, vulkan ok
func.func @plus_zero() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %r = arith.addf %x, %z : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, 0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0.0, -0.0, 0x7F800000, 0x7F800000, 0.5, -0.3333333333333333, 0.6666666666666666]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: from_zero: cpu ok {{.*}}, vulkan ok
func.func @from_zero() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %r = arith.subf %z, %x : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0xFF800000, 0x7F800000, 0.0, 0.0, -2.0, 3.0, -1.5]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, -0.0, 0.0, 0x7F800000, 0x7F800000, -0.5, 0.3333333333333333, -0.6666666666666666]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: zero_over: cpu ok {{.*}}, vulkan ok
func.func @zero_over() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %r = arith.divf %z, %x : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0.0, -0.0, 0x7FC00000, 0x7FC00000, 0.0, -0.0, 0.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7FC00000, 0x7F800000, 0xFF800000, 0x7F800000]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: over_itself: cpu ok {{.*}}, vulkan ok
func.func @over_itself() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %r = arith.divf %x, %x : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 1.0, 1.0, 1.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 1.0, 1.0, 1.0]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: minus_itself: cpu ok {{.*}}, vulkan ok
func.func @minus_itself() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %r = arith.subf %x, %x : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0.0, 0.0, 0.0, 0.0, 0.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7F800000, 0x7F800000, 0x7F800000, 0x7F800000, 0x7F800000]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: product_and_sum: cpu ok {{.*}}, vulkan ok
func.func @product_and_sum() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %p = arith.mulf %x, %z : tensor<8xf32>
  %r = arith.addf %p, %x : tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7F800000, 0xFF800000, 0.5, -0.3333333333333333, 0.6666666666666666]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: choice: cpu ok {{.*}}, vulkan ok
func.func @choice() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %m = arith.constant dense<-1.0> : tensor<8xf32>
  %o = arith.constant dense<1.0> : tensor<8xf32>
  %a = arith.cmpf ogt, %x, %z : tensor<8xf32>
  %b = arith.cmpf olt, %x, %z : tensor<8xf32>
  %c = arith.select %b, %m, %z : tensor<8xi1>, tensor<8xf32>
  %r = arith.select %a, %o, %c : tensor<8xi1>, tensor<8xf32>
  %e = arith.constant dense<[0.0, 1.0, -1.0, 0.0, 0.0, 1.0, -1.0, 1.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7F800000, 1.0, -1.0, 0x7F800000, 0x7F800000, 1.0, -1.0, 1.0]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: smaller: cpu ok {{.*}}, vulkan ok
func.func @smaller() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %a = arith.cmpf olt, %x, %z : tensor<8xf32>
  %r = arith.select %a, %x, %z : tensor<8xi1>, tensor<8xf32>
  %e = arith.constant dense<[0.0, 0.0, 0xFF800000, 0.0, 0.0, 0.0, -3.0, 0.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7F800000, 0x7F800000, -0.0, 0x7F800000, 0x7F800000, 0x7F800000, -0.3333333333333333, 0x7F800000]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: larger_or_itself: cpu ok {{.*}}, vulkan ok
func.func @larger_or_itself() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %o = arith.constant dense<1.0> : tensor<8xf32>
  %a = arith.cmpf olt, %x, %o : tensor<8xf32>
  %r = arith.select %a, %o, %x : tensor<8xi1>, tensor<8xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7F800000, 1.0, 1.0, 1.0, 2.0, 1.0, 1.5]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[0x7FC00000, 0.0, 1.0, 1.0, 1.0, 0.5, 1.0, 0.6666666666666666]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK: is_itself: cpu ok {{.*}}, vulkan ok
func.func @is_itself() -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 0.0, -0.0, 2.0, -3.0, 1.5]> : tensor<8xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<8xf32>
  %x = arith.mulf %ones, %values : tensor<8xf32>
  %o = arith.constant dense<1.0> : tensor<8xf32>
  %m = arith.constant dense<-1.0> : tensor<8xf32>
  %a = arith.cmpf oeq, %x, %x : tensor<8xf32>
  %r = arith.select %a, %o, %m : tensor<8xi1>, tensor<8xf32>
  %e = arith.constant dense<[-1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]> : tensor<8xf32>
  %i = arith.divf %ones, %r : tensor<8xf32>
  %f = arith.constant dense<[-1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]> : tensor<8xf32>
  return %r, %e, %i, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// Sums of negative zeros, which start from a positive one: along rows and columns, and products.
// CHECK: sums: cpu ok {{.*}}, vulkan ok
func.func @sums() -> (tensor<2xf32>, tensor<2xf32>, tensor<5xf32>, tensor<5xf32>, tensor<2x2xf32>, tensor<2x2xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x5xf32>
  %columns = sinter.broadcast %one dims [] : tensor<f32> -> tensor<5x2xf32>
  %zeros = arith.constant dense<-0.0> : tensor<2x5xf32>
  %x = arith.mulf %ones, %zeros : tensor<2x5xf32>
  %a = sinter.reduce sum %x axes [1] : tensor<2x5xf32> -> tensor<2xf32>
  %b = sinter.reduce sum %x axes [0] : tensor<2x5xf32> -> tensor<5xf32>
  %c = sinter.matmul %x, %columns : (tensor<2x5xf32>, tensor<5x2xf32>) -> tensor<2x2xf32>
  %u = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2xf32>
  %v = sinter.broadcast %one dims [] : tensor<f32> -> tensor<5xf32>
  %w = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x2xf32>
  %p = arith.divf %u, %a : tensor<2xf32>
  %q = arith.divf %v, %b : tensor<5xf32>
  %r = arith.divf %w, %c : tensor<2x2xf32>
  %e = arith.constant dense<0x7F800000> : tensor<2xf32>
  %f = arith.constant dense<0x7F800000> : tensor<5xf32>
  %g = arith.constant dense<0x7F800000> : tensor<2x2xf32>
  return %p, %e, %q, %f, %r, %g : tensor<2xf32>, tensor<2xf32>, tensor<5xf32>, tensor<5xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
