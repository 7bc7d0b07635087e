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
