// exp has the same bits whether the processor scales by powers of two (vscalefps) or does it in steps: where results are
// zero, denormal, normal and infinite, and of NaN and infinities.
// RUN: split-file %s %t
// RUN: sinter-opt %t/lanes.mlir --sinter-expand-math="scales" | FileCheck %t/lanes.mlir
// RUN: sinter-run --device=compiled --print --march=x86-64-v3 %t/dense.mlir > %t/steps.out
// RUN: sinter-run --device=compiled --print --march=native %t/dense.mlir > %t/native.out
// RUN: cmp %t/steps.out %t/native.out

//--- lanes.mlir
// CHECK-LABEL: func private @whole_vector
// CHECK: arith.cmpf olt
// CHECK: %[[VANISHES:.*]] = arith.cmpf olt
// CHECK: arith.xori %[[VANISHES]]
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK-NOT: arith.shli
// CHECK: return
func.func private @whole_vector(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func private @half_vector
// CHECK-NOT: scalef
// CHECK: return
func.func private @half_vector(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp %x : vector<8xf32>
  return %y : vector<8xf32>
}

//--- dense.mlir
// (Numbers of 16 bits print exactly.)
func.func @dense() -> (tensor<20005xi32>, tensor<20005xi32>) attributes {sinter.entry} {
  %i = sinter.iota axis 0 : tensor<20005xi32>
  %f = arith.sitofp %i : tensor<20005xi32> to tensor<20005xf32>
  %step = arith.constant dense<0.01> : tensor<20005xf32>
  %first = arith.constant dense<-107.0> : tensor<20005xf32>
  %s = arith.mulf %f, %step : tensor<20005xf32>
  %range = arith.addf %s, %first : tensor<20005xf32>
  // In between, where the results of neighbours are normal: NaN and the infinities.
  %at_nan = arith.constant dense<10003> : tensor<20005xi32>
  %at_minus = arith.constant dense<10005> : tensor<20005xi32>
  %at_plus = arith.constant dense<10010> : tensor<20005xi32>
  %nan = arith.constant dense<0x7FC00000> : tensor<20005xf32>
  %minus = arith.constant dense<0xFF800000> : tensor<20005xf32>
  %plus = arith.constant dense<0x7F800000> : tensor<20005xf32>
  %is_nan = arith.cmpi eq, %i, %at_nan : tensor<20005xi32>
  %is_minus = arith.cmpi eq, %i, %at_minus : tensor<20005xi32>
  %is_plus = arith.cmpi eq, %i, %at_plus : tensor<20005xi32>
  %x0 = arith.select %is_nan, %nan, %range : tensor<20005xi1>, tensor<20005xf32>
  %x1 = arith.select %is_minus, %minus, %x0 : tensor<20005xi1>, tensor<20005xf32>
  %x = arith.select %is_plus, %plus, %x1 : tensor<20005xi1>, tensor<20005xf32>
  %y = math.exp %x : tensor<20005xf32>
  %bits = arith.bitcast %y : tensor<20005xf32> to tensor<20005xi32>
  %sixteen = arith.constant dense<16> : tensor<20005xi32>
  %mask = arith.constant dense<65535> : tensor<20005xi32>
  %high = arith.shrui %bits, %sixteen : tensor<20005xi32>
  %low = arith.andi %bits, %mask : tensor<20005xi32>
  return %high, %low : tensor<20005xi32>, tensor<20005xi32>
}
