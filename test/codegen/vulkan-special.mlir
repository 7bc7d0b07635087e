// What only compiled code can tell: powers at the limits of f32, and a table that
// a device binds in two parts.
// RUN: sinter-run --device=compiled %s | FileCheck %s
// CHECK: special_powers: cpu ok {{.*}}, vulkan ok
// CHECK: two_parts: cpu ok {{.*}}, vulkan ok

// Zeros, infinities, NaN, signs: x to the power y.
func.func @special_powers() -> (tensor<24xf32>, tensor<24xf32>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0.0, 0.0, -0.0, -0.0, 0.0, 1.0, 1.0, -1.0, -1.0, -2.0, -2.0, -2.0, 0x7F800000, 0x7F800000, 0xFF800000, 0xFF800000, 0x7FC00000, 0x7FC00000, 2.0, 2.0, 0.5, 0.5, 3.0, 10.0]> : tensor<24xf32>
  %y = arith.constant dense<[2.0, -1.0, 3.0, -3.0, 0.0, 0x7FC00000, 0x7F800000, 0x7F800000, 3.0, 3.0, 4.0, 0.5, 2.0, -2.0, 3.0, -3.0, 0.0, 1.0, 0x7F800000, 0xFF800000, 0x7F800000, 0xFF800000, 200.0, -60.0]> : tensor<24xf32>
  %z = arith.constant dense<[0.0, 0x7F800000, -0.0, 0xFF800000, 1.0, 1.0, 1.0, 1.0, -1.0, -8.0, 16.0, 0x7FC00000, 0x7F800000, 0.0, 0xFF800000, -0.0, 1.0, 0x7FC00000, 0x7F800000, 0.0, 0.0, 0x7F800000, 0x7F800000, 0.0]> : tensor<24xf32>
  %r = math.powf %x, %y : tensor<24xf32>
  return %r, %z : tensor<24xf32>, tensor<24xf32>
}

// More than 128 MiB: rows around the border of the parts and at the ends.
func.func @two_parts() -> (tensor<8x1xf32>, tensor<8x1xf32>) attributes {sinter.entry, sinter.expect} {
  %rows = arith.constant dense<[0, 33554431, 33554432, 33554433, 33559999, 17, 33554440, 1]> : tensor<8xi32>
  %updates = arith.constant dense<[[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]]> : tensor<8x1xf32>
  %table = sinter.scatter_add %rows, %updates : (tensor<8xi32>, tensor<8x1xf32>) -> tensor<33560000x1xf32>
  %back = sinter.gather %table, %rows : (tensor<33560000x1xf32>, tensor<8xi32>) -> tensor<8x1xf32>
  return %back, %updates : tensor<8x1xf32>, tensor<8x1xf32>
}
