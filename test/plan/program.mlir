// RUN: sinterc %s --from=kernels -o %t && %t info | FileCheck %s
// The descriptor in the executable says what the plan says; `info` prints it.

// CHECK-DAG: program      toy
// CHECK-DAG: source       toy.cpp
// CHECK-DAG: config       {"layers":4,"name":"a\"b","on":true,"rate":0.5}
// CHECK-DAG: parameters   16
// CHECK-DAG: state        512 bytes
// CHECK-DAG: arena        512 bytes
// CHECK-DAG: constants    256 bytes
// CHECK-DAG: kernels      1
// CHECK:     entry train: 2 launches, arena 512 bytes
// CHECK:       in   g              f32 [4, 4]
// CHECK:       in   lr             f32 []  default 0.25
// CHECK:       out  y              f32 [4, 4]
// CHECK:     0  parameter w f32 [16]
// CHECK:     256  {{.*}}m f32 [4, 3]

module attributes {sinter.program = "toy", sinter.source = "toy.cpp",
                   sinter.config = {layers = 4 : i64, rate = 0.5, name = "a\22b", on = true}} {
sinter.state @w : tensor<16xf32> {init = "ones", trainable}
sinter.state @m : tensor<4x3xf32> {init = "zeros"}
func.func @train(%g: tensor<4x4xf32> {sinter.name = "g"}, %lr: tensor<f32> {sinter.name = "lr", sinter.default = 0.25})
    -> (tensor<4x4xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %a = call @scale(%g, %lr, %c) : (tensor<4x4xf32>, tensor<f32>, tensor<4xf32>) -> tensor<4x4xf32>
  %y = call @scale(%a, %lr, %c) : (tensor<4x4xf32>, tensor<f32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
func.func private @scale(%x: tensor<4x4xf32>, %lr: tensor<f32>, %c: tensor<4xf32>) -> tensor<4x4xf32>
    attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<4x4xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>,
                                        affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %lr, %c : tensor<4x4xf32>, tensor<f32>, tensor<4xf32>) outs(%empty : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %d: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.mulf %0, %d : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  return %z : tensor<4x4xf32>
}
}
