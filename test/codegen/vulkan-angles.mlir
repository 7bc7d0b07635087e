// Angles of any size, and remainders of any two floats: the values are those of exact arithmetic, rounded. (Denormals, which
// devices may take for zeros, stand among the divisors.)
// RUN: sinter-run --device=compiled %s | FileCheck %s
// CHECK: angles: cpu ok {{.*}}, vulkan ok
// CHECK: remainders: cpu ok {{.*}}, vulkan ok

sinter.state @one : tensor<f32> {init = "ones"}

func.func @angles() -> (tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>) attributes {sinter.entry, sinter.expect} {
  %values = arith.constant dense<[0x47C35000, 0x477FFFFF, 0x47800000, 0x49742400, 0xCB189680, 0x4E1FBD8E, 0x58635FA9, 0xFF7FC99E, 0x71800000, 0x0001A224, 0x80000000, 0x7F800000, 0x7FC00000]> : tensor<13xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<13xf32>
  %x = arith.mulf %ones, %values : tensor<13xf32>
  %s = math.sin %x : tensor<13xf32>
  %c = math.cos %x : tensor<13xf32>
  %e = arith.constant dense<[0.035748798, 0.694879834, 0.692065454, -0.349993502, -0.420547793, -0.722181029, 0.994434307, 0.244084874, -0.872183605, 0.0, 0.0, 0x7FC00000, 0x7FC00000]> : tensor<13xf32>
  %f = arith.constant dense<[-0.999360807, -0.71912587, -0.721834751, 0.936752128, -0.907270386, 0.6917041, 0.105358478, 0.969753873, 0.489178657, 1.0, 1.0, 0x7FC00000, 0x7FC00000]> : tensor<13xf32>
  return %s, %e, %c, %f : tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>
}

// In bits: the remainder is exact, and of the dividend's sign.
func.func @remainders() -> (tensor<20xi1>, tensor<20xi1>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<[0x501502F9, 0xD01502F9, 0x40400000, 0x80000000, 0x40B00000, 0xC0B00000, 0x7F7FC99E, 0x7F7FC99E, 0x7F7FC99E, 0x40000000, 0x000116C2, 0x40C00000, 0xC0C00000, 0x3F800000, 0x7F800000, 0x7FC00000, 0x3F800000, 0x4B000001, 0x7149F2CA, 0x3F400000]> : tensor<20xf32>
  %b = arith.constant dense<[0x40400000, 0x40400000, 0x7F800000, 0x40000000, 0xC0000000, 0x40000000, 0x00000001, 0x0020AAC8, 0x40E00000, 0x7F7FC99E, 0x00000002, 0x40400000, 0x40400000, 0x00000000, 0x40000000, 0x3F800000, 0x7FC00000, 0x4B000000, 0x00800000, 0x3DCCCCCD]> : tensor<20xf32>
  %one = sinter.read @one : tensor<f32>
  %ones = sinter.broadcast %one dims [] : tensor<f32> -> tensor<20xf32>
  %x = arith.mulf %ones, %a : tensor<20xf32>
  %r = arith.remf %x, %b : tensor<20xf32>
  %e = arith.constant dense<[0x3F800000, 0xBF800000, 0x40400000, 0x80000000, 0x3FC00000, 0xBFC00000, 0x00000000, 0x000A33D8, 0x3F800000, 0x40000000, 0x00000000, 0x00000000, 0x80000000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x3F800000, 0x00000000, 0x3D4CCCCA]> : tensor<20xf32>
  %same = arith.cmpf oeq, %r, %e : tensor<20xf32>
  %lost = arith.cmpf une, %r, %r : tensor<20xf32>
  %none = arith.cmpf une, %e, %e : tensor<20xf32>
  %both = arith.andi %lost, %none : tensor<20xi1>
  %right = arith.ori %same, %both : tensor<20xi1>
  %true = arith.constant dense<true> : tensor<20xi1>
  return %right, %true : tensor<20xi1>, tensor<20xi1>
}
