// The loss head: logits are made, used and forgotten a block of rows at a time, forwards and backwards together where the cotangent
// of the losses is known.
// RUN: split-file %s %t
// RUN: sinter-opt %t/step.mlir --sinter-to-train -mlir-print-local-scope | FileCheck %t/step.mlir --check-prefix=TRAIN
// RUN: sinter-opt %t/step.mlir --sinter-to-train --sinter-merge-attention --cse -mlir-print-local-scope | FileCheck %t/step.mlir --check-prefix=MERGED
// RUN: sinter-opt %t/step.mlir --sinter-to-train --sinter-merge-attention --cse --sinter-split-rows -mlir-print-local-scope | FileCheck %t/step.mlir --check-prefix=SPLIT
// RUN: sinter-opt %t/step.mlir --sinter-to-plan | FileCheck %t/step.mlir --check-prefix=PLAN
// RUN: sinter-opt %t/step.mlir --sinter-to-plan=target=vulkan | FileCheck %t/step.mlir --check-prefix=PLAN
// RUN: sinter-opt %t/apart.mlir --sinter-to-train --sinter-merge-attention --sinter-split-rows | FileCheck %t/apart.mlir
// RUN: sinter-opt %t/kept.mlir --sinter-fuse-attention --sinter-merge-attention --sinter-split-rows | FileCheck %t/kept.mlir
// RUN: not sinter-opt %t/kept.mlir --sinter-split-rows=target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: unknown target 'tpu'; cpu, vulkan and portable are known

// Numbers: those of the interpreter, and the bits of kernels that hold all rows (where the logits are asked for, nothing is split).
// RUN: sinter-run --device compiled %t/step.mlir
// RUN: sinter-run --device cpu --threads 2 --print --entry step %t/step.mlir > %t/blocks
// RUN: sinter-run --device cpu --threads 2 --print --entry step --unfused %t/step.mlir > %t/whole
// RUN: cmp %t/blocks %t/whole
// RUN: sinter-run --device cpu %t/apart.mlir
// RUN: sinter-run --device cpu --threads 2 --print --entry biased %t/kept.mlir > %t/blocks
// RUN: sinter-run --device cpu --threads 2 --print --entry biased --unfused %t/kept.mlir > %t/whole
// RUN: cmp %t/blocks %t/whole

//--- step.mlir
// TRAIN: sinter.attention over [1100, 4096](%arg0 rows 0, %arg1 columns 0, %arg2 rows 0)
// TRAIN: sinter.attention over [1100, 4096](%arg0 rows 0, %arg1 columns 0, %arg2 rows 0, %{{.*}} rows 0)
// TRAIN-NOT: tensor<1100x4096xf32> {sinter

// MERGED: %[[H:.*]]:3 = sinter.attention over [1100, 4096]({{.*}} -> (tensor<1100xf32>, tensor<1100x8xf32>, tensor<4096x8xf32>)
// MERGED: sinter.matmul {{.*}} {transpose_rhs}
// MERGED-NOT: {transpose_rhs}
// MERGED: sinter.yield
// MERGED-NOT: sinter.attention

// 1100 rows are units of 384, 384 and 332 of a product.
// SPLIT-NOT: sinter.attention
// SPLIT: sinter.slice %arg0 [0, 0] to [384, 8]
// SPLIT: sinter.matmul {{.*}} -> tensor<384x4096xf32>
// SPLIT: %[[A:.*]] = sinter.matmul {{.*}} {transpose_lhs} : (tensor<384x4096xf32>, tensor<384x8xf32>) -> tensor<4096x8xf32>
// SPLIT: sinter.slice %arg0 [384, 0] to [768, 8]
// SPLIT: %[[B:.*]] = sinter.matmul {{.*}} {transpose_lhs} : (tensor<384x4096xf32>, tensor<384x8xf32>) -> tensor<4096x8xf32>
// SPLIT: %[[AB:.*]] = sinter.map(%[[A]], %[[B]])
// SPLIT: sinter.slice %arg0 [768, 0] to [1100, 8]
// SPLIT: %[[C:.*]] = sinter.matmul {{.*}} {transpose_lhs} : (tensor<332x4096xf32>, tensor<332x8xf32>) -> tensor<4096x8xf32>
// SPLIT: sinter.map(%[[AB]], %[[C]])
// SPLIT: sinter.concat {{.*}} : (tensor<384xf32>, tensor<384xf32>, tensor<332xf32>) -> tensor<1100xf32>
// SPLIT: sinter.concat {{.*}} : (tensor<384x8xf32>, tensor<384x8xf32>, tensor<332x8xf32>) -> tensor<1100x8xf32>

// Two thirds of what all logits would take, and no more than a block's at a time.
// PLAN-NOT: 1100x4096
// PLAN: memref<384x4096xf32>
// PLAN-NOT: 1100x4096
func.func @step(%x: tensor<1100x8xf32>, %e: tensor<4096x8xf32>, %t: tensor<1100xi32> {sinter.limit = 4200 : i64})
    -> (tensor<f32>, tensor<1100x8xf32>, tensor<4096x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %x, %e {transpose_rhs} : (tensor<1100x8xf32>, tensor<4096x8xf32>) -> tensor<1100x4096xf32>
  %l, %lse = sinter.cross_entropy %s, %t : (tensor<1100x4096xf32>, tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100xf32>)
  %sum = sinter.reduce sum %l axes [0] : tensor<1100xf32> -> tensor<f32>
  %g:2 = sinter.grad %sum wrt %x, %e : (tensor<f32>, tensor<1100x8xf32>, tensor<4096x8xf32>) -> (tensor<1100x8xf32>, tensor<4096x8xf32>)
  return %sum, %g#0, %g#1 : tensor<f32>, tensor<1100x8xf32>, tensor<4096x8xf32>
}

//--- apart.mlir
// The cotangent of a loss may need the loss: then there are two, and each is computed in blocks. Second order is no different.
// CHECK-NOT: sinter.attention
// CHECK-NOT: tensor<1100x4096xf32>
// CHECK: tensor<384x4096xf32>
func.func @squares(%x: tensor<1100x4xf32>, %e: tensor<4096x4xf32>, %t: tensor<1100xi32> {sinter.limit = 4096 : i64}, %v: tensor<1100x4xf32>)
    -> (tensor<f32>, tensor<1100x4xf32>, tensor<1100x4xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %x, %e {transpose_rhs} : (tensor<1100x4xf32>, tensor<4096x4xf32>) -> tensor<1100x4096xf32>
  %l, %lse = sinter.cross_entropy %s, %t : (tensor<1100x4096xf32>, tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100xf32>)
  %squares = arith.mulf %l, %l : tensor<1100xf32>
  %sum = sinter.reduce sum %squares axes [0] : tensor<1100xf32> -> tensor<f32>
  %g = sinter.grad %sum wrt %x : (tensor<f32>, tensor<1100x4xf32>) -> tensor<1100x4xf32>
  %gv = arith.mulf %g, %v : tensor<1100x4xf32>
  %along = sinter.reduce sum %gv axes [0, 1] : tensor<1100x4xf32> -> tensor<f32>
  %h = sinter.grad %along wrt %x : (tensor<f32>, tensor<1100x4xf32>) -> tensor<1100x4xf32>
  return %sum, %g, %h : tensor<f32>, tensor<1100x4xf32>, tensor<1100x4xf32>
}

//--- kept.mlir
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// Where logits are an output they are whole in any case.
// CHECK-LABEL: @logits
// CHECK-NOT: sinter.attention
// CHECK-NOT: sinter.slice
func.func @logits(%x: tensor<1100x8xf32>, %e: tensor<4096x8xf32>, %t: tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100x4096xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %x, %e {transpose_rhs} : (tensor<1100x8xf32>, tensor<4096x8xf32>) -> tensor<1100x4096xf32>
  %l, %lse = sinter.cross_entropy %s, %t : (tensor<1100x4096xf32>, tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100xf32>)
  return %l, %s : tensor<1100xf32>, tensor<1100x4096xf32>
}

// What is small stays in caches.
// CHECK-LABEL: @small
// CHECK: sinter.attention over [1100, 64]
func.func @small(%x: tensor<1100x8xf32>, %e: tensor<64x8xf32>, %t: tensor<1100xi32>) -> tensor<1100xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %e {transpose_rhs} : (tensor<1100x8xf32>, tensor<64x8xf32>) -> tensor<1100x64xf32>
  %l, %lse = sinter.cross_entropy %s, %t : (tensor<1100x64xf32>, tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100xf32>)
  return %l : tensor<1100xf32>
}

// A head that lies the other way round, with a bias and a soft cap, and a mask that counts rows: each block counts on.
// CHECK-LABEL: @biased
// CHECK-NOT: sinter.attention
// CHECK-COUNT-3: sinter.cross_entropy
// CHECK: sinter.concat
func.func @biased(%x: tensor<1100x8xf32>, %w: tensor<8x4096xf32>, %b: tensor<4096xf32>, %t: tensor<1100xi32> {sinter.limit = 1000 : i64}) -> tensor<1100xf32> attributes {sinter.entry} {
  %s = sinter.matmul %x, %w : (tensor<1100x8xf32>, tensor<8x4096xf32>) -> tensor<1100x4096xf32>
  %m = sinter.map(%s, %b) [#id, #column] : (tensor<1100x4096xf32>, tensor<4096xf32>) -> tensor<1100x4096xf32> {
  ^bb0(%u: f32, %v: f32):
    %off = arith.constant -1.0e4 : f32
    %more = arith.constant 1000 : i32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %limit = arith.addi %i, %more : i32
    %keep = arith.cmpi slt, %j, %limit : i32
    %sum = arith.addf %u, %v : f32
    %cap = math.tanh %sum : f32
    %z = arith.select %keep, %cap, %off : f32
    sinter.yield %z : f32
  }
  %l, %lse = sinter.cross_entropy %m, %t : (tensor<1100x4096xf32>, tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100xf32>)
  return %l : tensor<1100xf32>
}
