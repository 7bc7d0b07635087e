// What has no loops is refused, by name.
// RUN: sinter-opt %s --split-input-file --verify-diagnostics --sinter-cpu-schedule --sinter-cpu-emit-loops

func.func private @unknown_op(%x: tensor<4x8xf32>) -> tensor<8x4xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  // expected-error @+1 {{kernel: no loops are known for this op in a kernel}}
  %y = sinter.transpose %x [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

func.func private @two_reduced_dimensions(%x: tensor<4x8xf32>, %i: tensor<f32>) -> tensor<f32> attributes {sinter.kernel, sinter.kind = "rows"} {
  // expected-error @+1 {{kernel: a reduction runs over one dimension at a time}}
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>], iterator_types = ["reduction", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%i : tensor<f32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func private @no_neutral_element(%x: tensor<8xf32>, %i: tensor<f32>) -> tensor<f32> attributes {sinter.kernel, sinter.kind = "rows"} {
  // expected-error @+1 {{kernel: result 0 is not combined by an operation that has a neutral element}}
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%i : tensor<f32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.subf %0, %o : f32
    linalg.yield %1 : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func private @scatter_with_company(%i: tensor<6xi32>, %u: tensor<6x8xf32>) -> (tensor<5x8xf32>, tensor<6x8xf32>) attributes {sinter.kernel, sinter.kind = "scatter_add"} {
  // expected-error @+1 {{scatter_add: the CPU needs it in a kernel of its own}}
  %y = sinter.scatter_add %i, %u : (tensor<6xi32>, tensor<6x8xf32>) -> tensor<5x8xf32>
  return %y, %u : tensor<5x8xf32>, tensor<6x8xf32>
}
