// Two attentions that a target has kernels for stay two where it has none for both together: here, since a shader would loop too often.
// Of a tile less they are one. On a processor, both are.
// RUN: split-file %s %t
// RUN: sinter-opt %t/most.mlir --sinter-to-train --sinter-merge-attention=target=vulkan | FileCheck %s --check-prefix=ONE
// RUN: sinter-opt %t/longer.mlir --sinter-to-train --sinter-merge-attention=target=vulkan | FileCheck %s --check-prefix=TWO
// RUN: sinter-opt %t/longer.mlir --sinter-to-plan=target=vulkan | FileCheck %s --check-prefix=KERNELS
// RUN: sinter-opt %t/longer.mlir --sinter-to-train --sinter-merge-attention=target=cpu | FileCheck %s --check-prefix=ONE
// ONE-COUNT-1: sinter.attention
// ONE-NOT: sinter.attention
// TWO-COUNT-2: sinter.attention
// TWO-NOT: sinter.attention
// KERNELS-COUNT-2: plan.launch @attention_
// KERNELS-NOT: plan.launch @softmax

//--- most.mlir
#id = affine_map<(b, i, j) -> (b, i, j)>

func.func @f(%q: tensor<1x3648x256xf32>, %k: tensor<1x3648x256xf32>, %v: tensor<1x3648x256xf32>, %w: tensor<1x3648x256xf32>) -> (tensor<1x3648x256xf32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x3648x256xf32>, tensor<1x3648x256xf32>) -> tensor<1x3648x3648xf32>
  %p = sinter.softmax %s : tensor<1x3648x3648xf32>
  %o = sinter.matmul %p, %v : (tensor<1x3648x3648xf32>, tensor<1x3648x256xf32>) -> tensor<1x3648x256xf32>
  %m = sinter.map(%o, %w) [#id, #id] : (tensor<1x3648x256xf32>, tensor<1x3648x256xf32>) -> tensor<1x3648x256xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %m axes [0, 1, 2] : tensor<1x3648x256xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>) -> (tensor<1x3648x256xf32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x3648x256xf32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>, tensor<1x3648x256xf32>
}

//--- longer.mlir
#id = affine_map<(b, i, j) -> (b, i, j)>

func.func @f(%q: tensor<1x3808x256xf32>, %k: tensor<1x3808x256xf32>, %v: tensor<1x3808x256xf32>, %w: tensor<1x3808x256xf32>) -> (tensor<1x3808x256xf32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x3808x256xf32>, tensor<1x3808x256xf32>) -> tensor<1x3808x3808xf32>
  %p = sinter.softmax %s : tensor<1x3808x3808xf32>
  %o = sinter.matmul %p, %v : (tensor<1x3808x3808xf32>, tensor<1x3808x256xf32>) -> tensor<1x3808x256xf32>
  %m = sinter.map(%o, %w) [#id, #id] : (tensor<1x3808x256xf32>, tensor<1x3808x256xf32>) -> tensor<1x3808x256xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %m axes [0, 1, 2] : tensor<1x3808x256xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>) -> (tensor<1x3808x256xf32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x3808x256xf32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>, tensor<1x3808x256xf32>
}
