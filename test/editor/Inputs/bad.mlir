func.func @wrong(%x: tensor<4x8xf32>, %y: tensor<7x3xf32>) -> tensor<4x3xf32> attributes {sinter.entry} {
  %0 = sinter.matmul %x, %y : (tensor<4x8xf32>, tensor<7x3xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
