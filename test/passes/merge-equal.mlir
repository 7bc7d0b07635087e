// Equal ops become one; what passes changed is looked at again, and nothing as long as they find nothing to do.
// RUN: sinter-opt %s --sinter-merge-equal | FileCheck %s
// RUN: sinter-opt %s --sinter-merge-equal --sinter-split-rows --sinter-inline-attention --sinter-merge-equal | FileCheck %s
// RUN: sinter-opt %s --sinter-fuse-attention --sinter-merge-equal --sinter-merge-attention --sinter-inline-attention --sinter-merge-equal | FileCheck %s
// RUN: sinter-run --device compiled %s

// CHECK: %[[SCORES:.*]] = sinter.matmul %arg0, %arg1
// CHECK: %[[WEIGHTS:.*]] = sinter.softmax %[[SCORES]]
// CHECK-NOT: sinter.softmax
// CHECK: %[[A:.*]] = sinter.matmul %[[WEIGHTS]], %arg2
// CHECK: %[[B:.*]] = sinter.matmul %[[WEIGHTS]], %arg3
// CHECK: return %[[A]], %[[B]]
func.func @apart(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %v: tensor<2x32x8xf32>, %u: tensor<2x32x8xf32>)
    -> (tensor<2x32x8xf32>, tensor<2x32x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %t = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %w = sinter.softmax %t : tensor<2x32x32xf32>
  %r = sinter.matmul %w, %u : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o, %r : tensor<2x32x8xf32>, tensor<2x32x8xf32>
}
