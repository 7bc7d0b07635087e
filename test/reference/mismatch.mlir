// sinter-run must fail where it should: each function of this file holds one wrong expectation.
// RUN: not sinter-run %s --device=reference --from=train | FileCheck %s

// CHECK: wrong_value: reference (train) FAILED: result 0 at [1, 0] is 3, expected 3.00099993
func.func @wrong_value() -> (tensor<2x2xf32>, tensor<2x2xf32>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[[1.0, 2.0], [3.001, 4.0]]> : tensor<2x2xf32>
  return %a, %b : tensor<2x2xf32>, tensor<2x2xf32>
}

// CHECK: right_value: reference ok
func.func @right_value() -> (tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  return %a, %a : tensor<2xf32>, tensor<2xf32>
}

// The second pair counts as much as the first.
// CHECK: wrong_second_pair: reference (train) FAILED: result 2 is 1, expected 2
func.func @wrong_second_pair() -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>)
    attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<1.0> : tensor<f32>
  %b = arith.constant dense<2.0> : tensor<f32>
  return %a, %a, %a, %b : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}

// CHECK: infinity_is_not_nan: reference (train) FAILED: result 0 at [0] is inf, expected nan
func.func @infinity_is_not_nan() -> (tensor<1xf32>, tensor<1xf32>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<0x7F800000> : tensor<1xf32>
  %b = arith.constant dense<0x7FC00000> : tensor<1xf32>
  return %a, %b : tensor<1xf32>, tensor<1xf32>
}

// CHECK: infinities_have_signs: reference (train) FAILED: result 0 at [0] is inf, expected -inf
func.func @infinities_have_signs() -> (tensor<1xf32>, tensor<1xf32>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<0x7F800000> : tensor<1xf32>
  %b = arith.constant dense<0xFF800000> : tensor<1xf32>
  return %a, %b : tensor<1xf32>, tensor<1xf32>
}

// CHECK: finite_is_not_nan: reference (train) FAILED: result 0 at [0] is nan, expected 1
func.func @finite_is_not_nan() -> (tensor<1xf32>, tensor<1xf32>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<0x7FC00000> : tensor<1xf32>
  %b = arith.constant dense<1.0> : tensor<1xf32>
  return %a, %b : tensor<1xf32>, tensor<1xf32>
}
