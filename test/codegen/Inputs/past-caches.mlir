// CHECK-LABEL: func.func private @conv_
// CHECK: nontemporal = true
// CHECK: sfence
func.func @past(%x: tensor<2x1024x1536xf32>, %w: tensor<2x1x1536xf32>) -> tensor<2x1024x1536xf32> attributes {sinter.entry} {
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 1536} : (tensor<2x1024x1536xf32>, tensor<2x1x1536xf32>) -> tensor<2x1024x1536xf32>
  return %0 : tensor<2x1024x1536xf32>
}
