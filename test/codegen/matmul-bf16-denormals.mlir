// Products of bf16 take denormal operands for zero, also one that would round up to a normal number: so do vdpbf16ps and
// the instructions that round for it, and so must rounded f32. (Not the interpreter: it keeps denormals.)
// RUN: sinter-run --device=cpu %s
// RUN: sinter-run --device=cpu --march=x86-64-v3 %s

func.func @left(%tiny: tensor<64x48xf32> {sinter.range = [1.17549421e-38, 1.17549421e-38]}, %huge: tensor<48x64xf32> {sinter.range = [8.5e37, 8.5e37]})
    -> (tensor<64x64xf32>, tensor<64x64xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %y = sinter.matmul %tiny, %huge {bf16} : (tensor<64x48xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
  return %y, %zero : tensor<64x64xf32>, tensor<64x64xf32>
}
func.func @right(%huge: tensor<64x48xf32> {sinter.range = [8.5e37, 8.5e37]}, %tiny: tensor<64x48xf32> {sinter.range = [1.17549421e-38, 1.17549421e-38]})
    -> (tensor<64x64xf32>, tensor<64x64xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %y = sinter.matmul %huge, %tiny {bf16, transpose_rhs} : (tensor<64x48xf32>, tensor<64x48xf32>) -> tensor<64x64xf32>
  return %y, %zero : tensor<64x64xf32>, tensor<64x64xf32>
}
// The least normal number is one.
func.func @normal(%least: tensor<64x48xf32> {sinter.range = [1.17549435e-38, 1.17549435e-38]}, %huge: tensor<48x64xf32> {sinter.range = [8.50705917e37, 8.50705917e37]})
    -> (tensor<64x64xf32>, tensor<64x64xf32>) attributes {sinter.entry, sinter.expect} {
  %expected = arith.constant dense<48.0> : tensor<64x64xf32>
  %y = sinter.matmul %least, %huge {bf16} : (tensor<64x48xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
  return %y, %expected : tensor<64x64xf32>, tensor<64x64xf32>
}
// A zero keeps its sign: a sum of what vanishes below zero is -0, and its reciprocal says so.
func.func @sign(%one: tensor<64x48xf32> {sinter.range = [1.0, 1.0]}, %two: tensor<48x64xf32> {sinter.range = [1.0, 1.0]})
    -> (tensor<64x64xf32>, tensor<64x64xf32>) attributes {sinter.entry, sinter.expect} {
  %little = arith.constant dense<1.0e-30> : tensor<64x48xf32>
  %minus_zero = arith.constant dense<0x80000000> : tensor<64x48xf32>
  %minus_little = arith.constant dense<-1.0e-30> : tensor<48x64xf32>
  %k0 = sinter.iota axis 1 : tensor<64x48xi32>
  %k1 = sinter.iota axis 0 : tensor<48x64xi32>
  %first0 = arith.constant dense<1> : tensor<64x48xi32>
  %first1 = arith.constant dense<1> : tensor<48x64xi32>
  %is0 = arith.cmpi slt, %k0, %first0 : tensor<64x48xi32>
  %is1 = arith.cmpi slt, %k1, %first1 : tensor<48x64xi32>
  %l = arith.select %is0, %little, %minus_zero : tensor<64x48xi1>, tensor<64x48xf32>
  %r = arith.select %is1, %minus_little, %two : tensor<48x64xi1>, tensor<48x64xf32>
  %left = arith.mulf %l, %one : tensor<64x48xf32>
  %y = sinter.matmul %left, %r {bf16} : (tensor<64x48xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
  %ones = arith.constant dense<1.0> : tensor<64x64xf32>
  %zeros = arith.constant dense<0.0> : tensor<64x64xf32>
  %inverse = arith.divf %ones, %y : tensor<64x64xf32>
  %negative = arith.cmpf olt, %inverse, %zeros : tensor<64x64xf32>
  %actual = arith.select %negative, %ones, %zeros : tensor<64x64xi1>, tensor<64x64xf32>
  return %actual, %ones : tensor<64x64xf32>, tensor<64x64xf32>
}
