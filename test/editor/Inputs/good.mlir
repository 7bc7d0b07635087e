func.func @softmaxes(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {sinter.entry} {
  %weights = sinter.softmax %x : tensor<4x8xf32>
  //                ^hover
  %logs = sinter.log_softmax %weights : tensor<4x8xf32>
  //                          ^definition
  return %logs : tensor<4x8xf32>
  //      ^hover
}
