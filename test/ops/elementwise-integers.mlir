// The elementwise integer ops of arith and the conversions. i32 wraps around; booleans are 0 or 1.
// RUN: split-file %s %t
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run %t/total.mlir
// RUN: sinter-run --unfused %t/total.mlir

//--- vjp.mlir
// CHECK-LABEL: @no_gradient_flows_through_integers
func.func @no_gradient_flows_through_integers(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00>
  // CHECK: return %[[ZERO]]
  %i = arith.fptosi %x : tensor<f32> to tensor<i32>
  %j = arith.addi %i, %i : tensor<i32>
  %y = arith.sitofp %j : tensor<i32> to tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- run.mlir
// The operands are gathered, so that nothing can be folded: small, negative, both ends of the range.
func.func @wrapping(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[7, -7, 2147483647, -2147483648, 65537]]> : tensor<1x5xi32>
  %tb = arith.constant dense<[[2, 2, 1, 1, 65537]]> : tensor<1x5xi32>
  %a = sinter.gather %ta, %zero : (tensor<1x5xi32>, tensor<i32>) -> tensor<5xi32>
  %b = sinter.gather %tb, %zero : (tensor<1x5xi32>, tensor<i32>) -> tensor<5xi32>
  %0 = arith.addi %a, %b : tensor<5xi32>
  %e0 = arith.constant dense<[9, -5, -2147483648, -2147483647, 131074]> : tensor<5xi32>
  %1 = arith.subi %a, %b : tensor<5xi32>
  %e1 = arith.constant dense<[5, -9, 2147483646, 2147483647, 0]> : tensor<5xi32>
  %2 = arith.muli %a, %b : tensor<5xi32>
  %e2 = arith.constant dense<[14, -14, 2147483647, -2147483648, 131073]> : tensor<5xi32>
  return %0, %e0, %1, %e1, %2, %e2 : tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>
}

// Signed division rounds towards zero; unsigned division reads -7 as 4294967289.
func.func @division(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[7, -7, 7, -7]]> : tensor<1x4xi32>
  %tb = arith.constant dense<[[2, 2, -2, -2]]> : tensor<1x4xi32>
  %a = sinter.gather %ta, %zero : (tensor<1x4xi32>, tensor<i32>) -> tensor<4xi32>
  %b = sinter.gather %tb, %zero : (tensor<1x4xi32>, tensor<i32>) -> tensor<4xi32>
  %0 = arith.divsi %a, %b : tensor<4xi32>
  %e0 = arith.constant dense<[3, -3, -3, 3]> : tensor<4xi32>
  %1 = arith.remsi %a, %b : tensor<4xi32>
  %e1 = arith.constant dense<[1, -1, 1, -1]> : tensor<4xi32>
  %2 = arith.divui %a, %b : tensor<4xi32>
  %e2 = arith.constant dense<[3, 2147483644, 0, 0]> : tensor<4xi32>
  %3 = arith.remui %a, %b : tensor<4xi32>
  %e3 = arith.constant dense<[1, 1, 7, -7]> : tensor<4xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

func.func @bits(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[12, -1, -2147483648]]> : tensor<1x3xi32>
  %tb = arith.constant dense<[[10, 4, 31]]> : tensor<1x3xi32>
  %a = sinter.gather %ta, %zero : (tensor<1x3xi32>, tensor<i32>) -> tensor<3xi32>
  %b = sinter.gather %tb, %zero : (tensor<1x3xi32>, tensor<i32>) -> tensor<3xi32>
  %0 = arith.andi %a, %b : tensor<3xi32>
  %e0 = arith.constant dense<[8, 4, 0]> : tensor<3xi32>
  %1 = arith.ori %a, %b : tensor<3xi32>
  %e1 = arith.constant dense<[14, -1, -2147483617]> : tensor<3xi32>
  %2 = arith.xori %a, %b : tensor<3xi32>
  %e2 = arith.constant dense<[6, -5, -2147483617]> : tensor<3xi32>
  %3 = arith.shli %a, %b : tensor<3xi32>
  %e3 = arith.constant dense<[12288, -16, 0]> : tensor<3xi32>
  %4 = arith.shrui %a, %b : tensor<3xi32>
  %e4 = arith.constant dense<[0, 268435455, 1]> : tensor<3xi32>
  %5 = arith.shrsi %a, %b : tensor<3xi32>
  %e5 = arith.constant dense<[0, -1, -1]> : tensor<3xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3, %4, %e4, %5, %e5 : tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>
}

func.func @order(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[3, -1, 5]]> : tensor<1x3xi32>
  %tb = arith.constant dense<[[4, 4, 5]]> : tensor<1x3xi32>
  %a = sinter.gather %ta, %zero : (tensor<1x3xi32>, tensor<i32>) -> tensor<3xi32>
  %b = sinter.gather %tb, %zero : (tensor<1x3xi32>, tensor<i32>) -> tensor<3xi32>
  %0 = arith.minsi %a, %b : tensor<3xi32>
  %e0 = arith.constant dense<[3, -1, 5]> : tensor<3xi32>
  %1 = arith.maxsi %a, %b : tensor<3xi32>
  %e1 = arith.constant dense<[4, 4, 5]> : tensor<3xi32>
  %2 = arith.minui %a, %b : tensor<3xi32>
  %e2 = arith.constant dense<[3, 4, 5]> : tensor<3xi32>
  %3 = arith.maxui %a, %b : tensor<3xi32>
  %e3 = arith.constant dense<[4, -1, 5]> : tensor<3xi32>
  %c4 = arith.cmpi slt, %a, %b : tensor<3xi32>
  %4 = arith.extui %c4 : tensor<3xi1> to tensor<3xi32>
  %e4 = arith.constant dense<[1, 1, 0]> : tensor<3xi32>
  %c5 = arith.cmpi ult, %a, %b : tensor<3xi32>
  %5 = arith.extui %c5 : tensor<3xi1> to tensor<3xi32>
  %e5 = arith.constant dense<[1, 0, 0]> : tensor<3xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3, %4, %e4, %5, %e5 : tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>
}

// Conversions: to float signed and unsigned, towards zero, and the bits of a float (1.5 = 0x3FC00000, -0.0 = 0x80000000).
func.func @conversions(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %ti = arith.constant dense<[[3, -1, 1069547520]]> : tensor<1x3xi32>
  %tf = arith.constant dense<[[1.5, -2.75, -0.0]]> : tensor<1x3xf32>
  %i = sinter.gather %ti, %zero : (tensor<1x3xi32>, tensor<i32>) -> tensor<3xi32>
  %f = sinter.gather %tf, %zero : (tensor<1x3xf32>, tensor<i32>) -> tensor<3xf32>
  %0 = arith.sitofp %i : tensor<3xi32> to tensor<3xf32>
  %e0 = arith.constant dense<[3.0, -1.0, 1069547520.0]> : tensor<3xf32>
  %1 = arith.uitofp %i : tensor<3xi32> to tensor<3xf32>
  %e1 = arith.constant dense<[3.0, 4294967295.0, 1069547520.0]> : tensor<3xf32>
  %2 = arith.fptosi %f : tensor<3xf32> to tensor<3xi32>
  %e2 = arith.constant dense<[1, -2, 0]> : tensor<3xi32>
  %3 = arith.bitcast %f : tensor<3xf32> to tensor<3xi32>
  %e3 = arith.constant dense<[0x3FC00000, 0xC0300000, 0x80000000]> : tensor<3xi32>
  %bits = arith.constant dense<0x3F800000> : tensor<3xi32>
  %either = arith.ori %i, %bits : tensor<3xi32>
  %ones = arith.constant dense<0x3FFFFFFF> : tensor<3xi32>
  %some = arith.andi %either, %ones : tensor<3xi32>
  %4 = arith.bitcast %some : tensor<3xi32> to tensor<3xf32>
  %e4 = arith.constant dense<[1.00000036, 1.99999988, 1.5]> : tensor<3xf32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3, %4, %e4 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xf32>, tensor<3xf32>
}

// true as a number: 1 unsigned, -1 signed; and logic on booleans.
func.func @booleans(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[0, 0, 1, 3]]> : tensor<1x4xi32>
  %tb = arith.constant dense<[[0, 1, 2, 3]]> : tensor<1x4xi32>
  %ia = sinter.gather %ta, %zero : (tensor<1x4xi32>, tensor<i32>) -> tensor<4xi32>
  %ib = sinter.gather %tb, %zero : (tensor<1x4xi32>, tensor<i32>) -> tensor<4xi32>
  %a = arith.trunci %ia : tensor<4xi32> to tensor<4xi1>
  %b = arith.trunci %ib : tensor<4xi32> to tensor<4xi1>
  %0 = arith.uitofp %a : tensor<4xi1> to tensor<4xf32>
  %e0 = arith.constant dense<[0.0, 0.0, 1.0, 1.0]> : tensor<4xf32>
  %1 = arith.sitofp %b : tensor<4xi1> to tensor<4xf32>
  %e1 = arith.constant dense<[0.0, -1.0, 0.0, -1.0]> : tensor<4xf32>
  %and = arith.andi %a, %b : tensor<4xi1>
  %2 = arith.extui %and : tensor<4xi1> to tensor<4xi32>
  %e2 = arith.constant dense<[0, 0, 0, 1]> : tensor<4xi32>
  %or = arith.ori %a, %b : tensor<4xi1>
  %3 = arith.extui %or : tensor<4xi1> to tensor<4xi32>
  %e3 = arith.constant dense<[0, 1, 1, 1]> : tensor<4xi32>
  %true = arith.constant dense<true> : tensor<4xi1>
  %not = arith.xori %a, %true : tensor<4xi1>
  %4 = arith.extsi %not : tensor<4xi1> to tensor<4xi32>
  %e4 = arith.constant dense<[-1, -1, 0, 0]> : tensor<4xi32>
  %5 = arith.select %a, %ia, %ib : tensor<4xi1>, tensor<4xi32>
  %e5 = arith.constant dense<[0, 1, 1, 3]> : tensor<4xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3, %4, %e4, %5, %e5 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

//--- total.mlir
// Where LLVM and SPIR-V have no value, or trap, ours is that of the table in Ops.td: of operands that nobody knows before the
// program runs, of constants, which are folded, and of splats, which LLVM would fold otherwise.
func.func @divisions(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[7, -7, -2147483648, -2147483648, -2147483648, 0]]> : tensor<1x6xi32>
  %a = sinter.gather %ta, %zero : (tensor<1x6xi32>, tensor<i32>) -> tensor<6xi32>
  %tb = arith.constant dense<[[0, 0, -1, 0, 1, -1]]> : tensor<1x6xi32>
  %b = sinter.gather %tb, %zero : (tensor<1x6xi32>, tensor<i32>) -> tensor<6xi32>
  %0 = arith.divsi %a, %b : tensor<6xi32>
  %e0 = arith.constant dense<[0, 0, -2147483648, 0, -2147483648, 0]> : tensor<6xi32>
  %1 = arith.remsi %a, %b : tensor<6xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0, 0, 0]> : tensor<6xi32>
  %2 = arith.divui %a, %b : tensor<6xi32>
  %e2 = arith.constant dense<[0, 0, 0, 0, -2147483648, 0]> : tensor<6xi32>
  %3 = arith.remui %a, %b : tensor<6xi32>
  %e3 = arith.constant dense<[0, 0, -2147483648, 0, 0, 0]> : tensor<6xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>
}

func.func @divisions_of_constants() -> (tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>) attributes {sinter.expect} {
  %a = arith.constant dense<[7, -7, -2147483648, -2147483648, -2147483648, 0]> : tensor<6xi32>
  %b = arith.constant dense<[0, 0, -1, 0, 1, -1]> : tensor<6xi32>
  %0 = arith.divsi %a, %b : tensor<6xi32>
  %e0 = arith.constant dense<[0, 0, -2147483648, 0, -2147483648, 0]> : tensor<6xi32>
  %1 = arith.remsi %a, %b : tensor<6xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0, 0, 0]> : tensor<6xi32>
  %2 = arith.divui %a, %b : tensor<6xi32>
  %e2 = arith.constant dense<[0, 0, 0, 0, -2147483648, 0]> : tensor<6xi32>
  %3 = arith.remui %a, %b : tensor<6xi32>
  %e3 = arith.constant dense<[0, 0, -2147483648, 0, 0, 0]> : tensor<6xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>, tensor<6xi32>
}

func.func @least_by_minus_one() -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %a = arith.constant dense<-2147483648> : tensor<4xi32>
  %b = arith.constant dense<-1> : tensor<4xi32>
  %0 = arith.divsi %a, %b : tensor<4xi32>
  %e0 = arith.constant dense<[-2147483648, -2147483648, -2147483648, -2147483648]> : tensor<4xi32>
  %1 = arith.remsi %a, %b : tensor<4xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %2 = arith.divui %a, %b : tensor<4xi32>
  %e2 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %3 = arith.remui %a, %b : tensor<4xi32>
  %e3 = arith.constant dense<[-2147483648, -2147483648, -2147483648, -2147483648]> : tensor<4xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

func.func @splats_by_zero() -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %a = arith.constant dense<7> : tensor<4xi32>
  %b = arith.constant dense<0> : tensor<4xi32>
  %0 = arith.divsi %a, %b : tensor<4xi32>
  %e0 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %1 = arith.remsi %a, %b : tensor<4xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %2 = arith.divui %a, %b : tensor<4xi32>
  %e2 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %3 = arith.remui %a, %b : tensor<4xi32>
  %e3 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  return %0, %e0, %1, %e1, %2, %e2, %3, %e3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

func.func @shifts(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[5, -5, -2147483648, -1, 5]]> : tensor<1x5xi32>
  %a = sinter.gather %ta, %zero : (tensor<1x5xi32>, tensor<i32>) -> tensor<5xi32>
  %tb = arith.constant dense<[[31, 32, 33, -1, 64]]> : tensor<1x5xi32>
  %b = sinter.gather %tb, %zero : (tensor<1x5xi32>, tensor<i32>) -> tensor<5xi32>
  %0 = arith.shli %a, %b : tensor<5xi32>
  %e0 = arith.constant dense<[-2147483648, 0, 0, 0, 0]> : tensor<5xi32>
  %1 = arith.shrui %a, %b : tensor<5xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0, 0]> : tensor<5xi32>
  %2 = arith.shrsi %a, %b : tensor<5xi32>
  %e2 = arith.constant dense<[0, -1, -1, -1, 0]> : tensor<5xi32>
  return %0, %e0, %1, %e1, %2, %e2 : tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>
}

func.func @shifts_of_constants() -> (tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>) attributes {sinter.expect} {
  %a = arith.constant dense<[5, -5, -2147483648, -1, 5]> : tensor<5xi32>
  %b = arith.constant dense<[31, 32, 33, -1, 64]> : tensor<5xi32>
  %0 = arith.shli %a, %b : tensor<5xi32>
  %e0 = arith.constant dense<[-2147483648, 0, 0, 0, 0]> : tensor<5xi32>
  %1 = arith.shrui %a, %b : tensor<5xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0, 0]> : tensor<5xi32>
  %2 = arith.shrsi %a, %b : tensor<5xi32>
  %e2 = arith.constant dense<[0, -1, -1, -1, 0]> : tensor<5xi32>
  return %0, %e0, %1, %e1, %2, %e2 : tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>, tensor<5xi32>
}

func.func @splats_by_the_width() -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %a = arith.constant dense<-5> : tensor<4xi32>
  %b = arith.constant dense<32> : tensor<4xi32>
  %0 = arith.shli %a, %b : tensor<4xi32>
  %e0 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %1 = arith.shrui %a, %b : tensor<4xi32>
  %e1 = arith.constant dense<[0, 0, 0, 0]> : tensor<4xi32>
  %2 = arith.shrsi %a, %b : tensor<4xi32>
  %e2 = arith.constant dense<[-1, -1, -1, -1]> : tensor<4xi32>
  return %0, %e0, %1, %e1, %2, %e2 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}

// Towards zero, the nearest end beyond the range, 0 for NaN. 2147483520 is the largest f32 below 2^31.
func.func @casts(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<10xi32>, tensor<10xi32>, tensor<10xi32>, tensor<10xi32>) attributes {sinter.expect} {
  %t = arith.constant dense<[[0x7FC00000, 0x7F800000, 0xFF800000, 3.0e9, -3.0e9, 2147483520.0, 2147483648.0, -2147483648.0, -1.9, -0.0]]> : tensor<1x10xf32>
  %x = sinter.gather %t, %zero : (tensor<1x10xf32>, tensor<i32>) -> tensor<10xf32>
  %y = arith.fptosi %x : tensor<10xf32> to tensor<10xi32>
  %e = arith.constant dense<[0, 2147483647, -2147483648, 2147483647, -2147483648, 2147483520, 2147483647, -2147483648, -1, 0]> : tensor<10xi32>
  %c = arith.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, 3.0e9, -3.0e9, 2147483520.0, 2147483648.0, -2147483648.0, -1.9, -0.0]> : tensor<10xf32>
  %z = arith.fptosi %c : tensor<10xf32> to tensor<10xi32>
  return %y, %e, %z, %e : tensor<10xi32>, tensor<10xi32>, tensor<10xi32>, tensor<10xi32>
}

func.func @casts_of_splats() -> (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %large = arith.constant dense<3.0e9> : tensor<4xf32>
  %nan = arith.constant dense<0x7FC00000> : tensor<4xf32>
  %y = arith.fptosi %large : tensor<4xf32> to tensor<4xi32>
  %z = arith.fptosi %nan : tensor<4xf32> to tensor<4xi32>
  %most = arith.constant dense<2147483647> : tensor<4xi32>
  %none = arith.constant dense<0> : tensor<4xi32>
  return %y, %most, %z, %none : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}
