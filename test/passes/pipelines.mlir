// Every stage is a pipeline, made of the same passes in the same order as in sinterc.
// RUN: split-file %s %t
// RUN: bash -c 'for stage in fused train kernels plan; do sinter-opt %t/model.mlir --sinter-to-$stage > %t/opt; sinterc %t/model.mlir --emit=$stage -o - | sinter-opt > %t/sinterc; cmp %t/opt %t/sinterc && echo same $stage; done' | FileCheck %s --check-prefix=SAME
// SAME: same fused
// SAME-NEXT: same train
// SAME-NEXT: same kernels
// SAME-NEXT: same plan

// The options of stages.
// RUN: sinter-opt %t/model.mlir --sinter-to-train=bf16 | FileCheck %s --check-prefix=BF16
// RUN: sinter-opt %t/model.mlir --sinter-to-fused=fuse=false | FileCheck %s --check-prefix=UNFUSED
// RUN: not sinter-opt %t/model.mlir --sinter-to-kernels=target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: unknown target 'tpu'; cpu, vulkan and portable are known
// RUN: sinter-opt %t/model.mlir --sinter-to-kernels=target=portable | FileCheck %s --check-prefix=PORTABLE
// RUN: not sinter-opt %t/model.mlir --sinter-to-plan=memory-budget=512 2>&1 | FileCheck %s --check-prefix=BUDGET
// BF16-COUNT-3: sinter.matmul {{.*}}bf16
// UNFUSED-COUNT-2: sinter.map
// PORTABLE-NOT: @attention
// BUDGET: train: takes {{[0-9]+}} bytes at least, but the memory budget is 512: {{[0-9]+}} of arena

// What starts at another stage is not taken for a model.
// RUN: sinter-opt %t/model.mlir --sinter-to-plan -o %t/plan.mlir
// RUN: not sinter-opt %t/plan.mlir --sinter-to-fused 2>&1 | FileCheck %s --check-prefix=STAGE
// STAGE: stage `model`:

// Equal kernels are one, whichever lines they come from, even if lines are printed.
// RUN: sinter-opt %t/model.mlir --sinter-to-kernels | FileCheck %s --check-prefix=ONE
// RUN: sinter-opt %t/model.mlir --sinter-to-kernels -mlir-print-debuginfo | FileCheck %s --check-prefix=ONE
// ONE-LABEL: func.func @train
// ONE: call @[[KERNEL:matmul_16x8.*]](%arg0, %arg1)
// ONE-LABEL: func.func @again
// ONE: call @[[KERNEL]](%arg0, %arg1)

//--- model.mlir
func.func @train(%x: tensor<16x8xf32>, %w: tensor<8x8xf32>) -> (tensor<f32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %h = sinter.matmul %x, %w : (tensor<16x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %t = math.tanh %h : tensor<16x8xf32>
  %e = math.exp %t : tensor<16x8xf32>
  %y = sinter.matmul %e, %w : (tensor<16x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<16x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %w : (tensor<f32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %l, %g : tensor<f32>, tensor<8x8xf32>
}
func.func @again(%x: tensor<16x8xf32>, %w: tensor<8x8xf32>) -> (tensor<f32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %h = sinter.matmul %x, %w : (tensor<16x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %t = math.tanh %h : tensor<16x8xf32>
  %e = math.exp %t : tensor<16x8xf32>
  %y = sinter.matmul %e, %w : (tensor<16x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<16x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %w : (tensor<f32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %l, %g : tensor<f32>, tensor<8x8xf32>
}
