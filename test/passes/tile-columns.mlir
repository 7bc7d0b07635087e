// The loss head in another manner: what is summed over rows is computed later, some columns at a time, from the statistics of rows.
// RUN: split-file %s %t
// RUN: sinter-opt %t/step.mlir --sinter-to-train --sinter-merge-attention --cse --sinter-tile-columns=target=cpu -mlir-print-local-scope | FileCheck %t/step.mlir
// RUN: sinter-opt %t/step.mlir --sinter-to-train --sinter-merge-attention --cse --sinter-tile-columns=target=cpu --sinter-split-rows=target=cpu --sinter-verify-stage=stage=train | FileCheck %t/step.mlir --check-prefix=SPLIT
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-attention --sinter-tile-columns=target=cpu --debug-only=sinter-tile-columns 2>%t/why | FileCheck %t/refused.mlir
// RUN: FileCheck %t/refused.mlir --check-prefix=WHY < %t/why
// RUN: not sinter-opt %t/step.mlir --sinter-tile-columns=target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: unknown target 'tpu'; cpu, vulkan and portable are known

// Numbers: as an entry of its own, the other way has the interpreter's numbers, and the bits of the entry.
// RUN: sinter-opt %t/step.mlir --sinter-to-train --sinter-merge-attention --cse --sinter-tile-columns=target=cpu --sinter-inline-loops | sed 's/sinter.alternative = "step", //' > %t/both.mlir
// RUN: FileCheck %t/step.mlir --check-prefix=ENTRIES < %t/both.mlir
// RUN: sinter-run --device compiled %t/both.mlir
// (Inputs depend on the entry's name.)
// RUN: sinter-run --device cpu --threads 2 --print --entry step %t/both.mlir > %t/whole
// RUN: sed 's/@step(/@other(/; s/@step.tiled(/@step(/' %t/both.mlir > %t/tiled.mlir
// RUN: sinter-run --device cpu --threads 2 --print --entry step %t/tiled.mlir > %t/tiles
// RUN: cmp %t/whole %t/tiles

// RUN: sinter-opt %t/many.mlir --sinter-tile-columns=target=cpu | FileCheck %t/many.mlir
// RUN: sinter-opt %t/many.mlir --sinter-tile-columns=target=cpu --sinter-split-rows=target=cpu | FileCheck %t/many.mlir --check-prefix=BLOCKS
// RUN: sinter-opt %t/many.mlir --sinter-tile-columns=target=cpu --sinter-inline-loops | sed 's/sinter.alternative = "many", //; s/@many(/@other(/; s/@many.tiled(/@many(/' > %t/tiled.mlir
// RUN: sinter-run --device cpu --threads 2 --print --entry many %t/many.mlir > %t/whole
// RUN: sinter-run --device cpu --threads 2 --print --entry many %t/tiled.mlir > %t/tiles
// RUN: cmp %t/whole %t/tiles

// Nobody chooses without a budget: planning takes the entry. With one, meet-budget takes what fits.
// RUN: sinter-opt %t/step.mlir --sinter-to-plan | FileCheck %t/step.mlir --check-prefix=PLAIN
// RUN: sinter-opt %t/step.mlir --sinter-to-plan=memory-budget=6700000 | FileCheck %t/step.mlir --check-prefix=TILED
// Shaders add up in another order over all rows than over blocks of them.
// RUN: sinter-opt %t/step.mlir --sinter-to-train --sinter-merge-attention --cse --sinter-tile-columns=target=vulkan | FileCheck %t/step.mlir --check-prefix=SHADERS --implicit-check-not=step.tiled

//--- step.mlir
// ENTRIES: func.func @step.tiled({{.*}}attributes {sinter.entry}

// CHECK-LABEL: func.func @step(
// CHECK: sinter.attention over [1100, 4096]
// CHECK-SAME: -> (tensor<1100xf32>, tensor<1100x8xf32>, tensor<4096x8xf32>)

// CHECK-LABEL: func.func @step.tiled(
// CHECK-SAME:    %[[X:.*]]: tensor<1100x8xf32>, %[[E:.*]]: tensor<4096x8xf32>, %[[T:.*]]: tensor<1100xi32>
// CHECK-SAME:    attributes {sinter.alternative = "step", sinter.entry}
// CHECK:       %[[H:.*]]:4 = sinter.attention over [1100, 4096]
// CHECK-SAME:    -> (tensor<1100xf32>, tensor<1100x8xf32>, tensor<1100xf32>, tensor<1100xf32>)
// CHECK:         sinter.reduce max
// CHECK:         sinter.reduce sum
// CHECK-NOT:     transpose_lhs
// CHECK:         sinter.yield
// CHECK:       %[[FIRST:.*]] = arith.constant dense<[0, 512, {{.*}}]> : tensor<8xi32>
// CHECK:       %[[TILES:.*]] = sinter.reshape %[[E]] : tensor<4096x8xf32> -> tensor<8x512x8xf32>
// CHECK:       %[[L:.*]] = sinter.loop @step.tiled.columns 8 carry() over(%[[FIRST]], %[[TILES]]) with({{.*}}) :
// CHECK-SAME:    -> tensor<8x512x8xf32>
// CHECK:       %[[DE:.*]] = sinter.reshape %[[L]] : tensor<8x512x8xf32> -> tensor<4096x8xf32>
// CHECK:       return %{{.*}}, %[[H]]#1, %[[DE]]

// The class of column 0 of a tile is the tile's first one.
// CHECK-LABEL: func.func private @step.tiled.columns(
// CHECK-SAME:    %[[AT:.*]]: tensor<i32>, %[[PART:.*]]: tensor<512x8xf32>
// CHECK-SAME:    sinter.loop_body = 0
// CHECK:       sinter.matmul %{{.*}}, %[[PART]] {transpose_rhs} : (tensor<1100x8xf32>, tensor<512x8xf32>) -> tensor<1100x512xf32>
// CHECK:       sinter.map{{.*}}, %[[AT]])
// CHECK:         %[[J:.*]] = sinter.index 1 : i32
// CHECK:         arith.addi %[[J]], %{{.*}} : i32
// CHECK:       %[[R:.*]] = sinter.matmul {{.*}} {transpose_lhs} : (tensor<1100x512xf32>, tensor<1100x8xf32>) -> tensor<512x8xf32>
// CHECK:       return %[[R]]

// SPLIT-LABEL: func.func @step.tiled(
// SPLIT-NOT: sinter.attention
// SPLIT: tensor<384x4096xf32>
// SPLIT-NOT: sinter.attention
// SPLIT: return

// SHADERS: func.func @step(
// PLAIN: plan.entry @step
// PLAIN-NOT: plan.loop
// PLAIN-NOT: tiled
// TILED: plan.entry @step arena {{[0-9]+}}
// TILED: plan.loop 8
// TILED-NOT: func.func @step.tiled(
func.func @step(%x: tensor<1100x8xf32>, %e: tensor<4096x8xf32>, %t: tensor<1100xi32> {sinter.limit = 4200 : i64})
    -> (tensor<f32>, tensor<1100x8xf32>, tensor<4096x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %x, %e {transpose_rhs} : (tensor<1100x8xf32>, tensor<4096x8xf32>) -> tensor<1100x4096xf32>
  %l, %lse = sinter.cross_entropy %s, %t : (tensor<1100x4096xf32>, tensor<1100xi32>) -> (tensor<1100xf32>, tensor<1100xf32>)
  %sum = sinter.reduce sum %l axes [0] : tensor<1100xf32> -> tensor<f32>
  %g:2 = sinter.grad %sum wrt %x, %e : (tensor<f32>, tensor<1100x8xf32>, tensor<4096x8xf32>) -> (tensor<1100x8xf32>, tensor<4096x8xf32>)
  return %sum, %g#0, %g#1 : tensor<f32>, tensor<1100x8xf32>, tensor<4096x8xf32>
}

//--- many.mlir
// Many rows: those of a tile are computed in blocks, as those of all columns are.
// CHECK-LABEL: func.func @many.tiled(
// CHECK: sinter.loop @many.tiled.columns 2 carry()
// CHECK-LABEL: func.func private @many.tiled.columns(
// CHECK: sinter.attention over [4400, 2048](%{{.*}}, %{{.*}} columns 0, %{{.*}} rows 0, %{{.*}} rows 0
// BLOCKS-LABEL: func.func private @many.tiled.columns(
// BLOCKS-NOT: sinter.attention
// BLOCKS: %[[A:.*]] = sinter.matmul {{.*}} {transpose_lhs} : (tensor<448x2048xf32>, tensor<448x4xf32>) -> tensor<2048x4xf32>
// BLOCKS: %[[B:.*]] = sinter.matmul {{.*}} {transpose_lhs} : (tensor<448x2048xf32>, tensor<448x4xf32>) -> tensor<2048x4xf32>
// BLOCKS: sinter.map(%[[A]], %[[B]])
func.func @many(%x: tensor<4400x8xf32>, %e: tensor<4096x8xf32>, %g: tensor<4400x4xf32>) -> tensor<4096x4xf32> attributes {sinter.entry} {
  %d = sinter.attention over [4400, 4096] (%x rows 0, %e columns 0, %g rows 0) : (tensor<4400x8xf32>, tensor<4096x8xf32>, tensor<4400x4xf32>) -> tensor<4096x4xf32> {
  ^bb0(%x0: tensor<4400x8xf32>, %e0: tensor<4096x8xf32>, %g0: tensor<4400x4xf32>):
    %s = sinter.matmul %x0, %e0 {transpose_rhs} : (tensor<4400x8xf32>, tensor<4096x8xf32>) -> tensor<4400x4096xf32>
    %p = sinter.softmax %s : tensor<4400x4096xf32>
    %d0 = sinter.matmul %p, %g0 {transpose_lhs} : (tensor<4400x4096xf32>, tensor<4400x4xf32>) -> tensor<4096x4xf32>
    sinter.yield %d0 : tensor<4096x4xf32>
  }
  return %d : tensor<4096x4xf32>
}

//--- refused.mlir
// CHECK-NOT: sinter.loop
// CHECK-NOT: sinter.alternative

// WHY-DAG: no number of columns for a tile divides 4099
// CHECK-LABEL: @prime
func.func @prime(%x: tensor<1100x8xf32>, %e: tensor<4099x8xf32>, %g: tensor<1100x4xf32>) -> tensor<4099x4xf32> attributes {sinter.entry} {
  %d = sinter.attention over [1100, 4099] (%x rows 0, %e columns 0, %g rows 0) : (tensor<1100x8xf32>, tensor<4099x8xf32>, tensor<1100x4xf32>) -> tensor<4099x4xf32> {
  ^bb0(%x0: tensor<1100x8xf32>, %e0: tensor<4099x8xf32>, %g0: tensor<1100x4xf32>):
    %s = sinter.matmul %x0, %e0 {transpose_rhs} : (tensor<1100x8xf32>, tensor<4099x8xf32>) -> tensor<1100x4099xf32>
    %p = sinter.softmax %s : tensor<1100x4099xf32>
    %d0 = sinter.matmul %p, %g0 {transpose_lhs} : (tensor<1100x4099xf32>, tensor<1100x4xf32>) -> tensor<4099x4xf32>
    sinter.yield %d0 : tensor<4099x4xf32>
  }
  return %d : tensor<4099x4xf32>
}

// WHY-DAG: columns of an operand do not follow each other in memory
// CHECK-LABEL: @other_way_round
func.func @other_way_round(%x: tensor<1100x8xf32>, %w: tensor<8x4096xf32>, %g: tensor<1100x4xf32>) -> tensor<4096x4xf32> attributes {sinter.entry} {
  %d = sinter.attention over [1100, 4096] (%x rows 0, %w columns 1, %g rows 0) : (tensor<1100x8xf32>, tensor<8x4096xf32>, tensor<1100x4xf32>) -> tensor<4096x4xf32> {
  ^bb0(%x0: tensor<1100x8xf32>, %w0: tensor<8x4096xf32>, %g0: tensor<1100x4xf32>):
    %s = sinter.matmul %x0, %w0 : (tensor<1100x8xf32>, tensor<8x4096xf32>) -> tensor<1100x4096xf32>
    %p = sinter.softmax %s : tensor<1100x4096xf32>
    %d0 = sinter.matmul %p, %g0 {transpose_lhs} : (tensor<1100x4096xf32>, tensor<1100x4xf32>) -> tensor<4096x4xf32>
    sinter.yield %d0 : tensor<4096x4xf32>
  }
  return %d : tensor<4096x4xf32>
}

// WHY-DAG: nothing is summed over rows
// CHECK-LABEL: @only_rows
func.func @only_rows(%x: tensor<1100x8xf32>, %e: tensor<4096x8xf32>) -> tensor<1100x8xf32> attributes {sinter.entry} {
  %d = sinter.attention over [1100, 4096] (%x rows 0, %e columns 0) : (tensor<1100x8xf32>, tensor<4096x8xf32>) -> tensor<1100x8xf32> {
  ^bb0(%x0: tensor<1100x8xf32>, %e0: tensor<4096x8xf32>):
    %s = sinter.matmul %x0, %e0 {transpose_rhs} : (tensor<1100x8xf32>, tensor<4096x8xf32>) -> tensor<1100x4096xf32>
    %p = sinter.softmax %s : tensor<1100x4096xf32>
    %d0 = sinter.matmul %p, %e0 : (tensor<1100x4096xf32>, tensor<4096x8xf32>) -> tensor<1100x8xf32>
    sinter.yield %d0 : tensor<1100x8xf32>
  }
  return %d : tensor<1100x8xf32>
}

// A logarithm of a softmax is not in parts.
// WHY-DAG: sinter.log_softmax reads whole rows
// CHECK-LABEL: @logarithms
func.func @logarithms(%x: tensor<1100x8xf32>, %e: tensor<4096x8xf32>, %g: tensor<1100x4xf32>) -> tensor<4096x4xf32> attributes {sinter.entry} {
  %d = sinter.attention over [1100, 4096] (%x rows 0, %e columns 0, %g rows 0) : (tensor<1100x8xf32>, tensor<4096x8xf32>, tensor<1100x4xf32>) -> tensor<4096x4xf32> {
  ^bb0(%x0: tensor<1100x8xf32>, %e0: tensor<4096x8xf32>, %g0: tensor<1100x4xf32>):
    %s = sinter.matmul %x0, %e0 {transpose_rhs} : (tensor<1100x8xf32>, tensor<4096x8xf32>) -> tensor<1100x4096xf32>
    %p = sinter.log_softmax %s : tensor<1100x4096xf32>
    %d0 = sinter.matmul %p, %g0 {transpose_lhs} : (tensor<1100x4096xf32>, tensor<1100x4xf32>) -> tensor<4096x4xf32>
    sinter.yield %d0 : tensor<4096x4xf32>
  }
  return %d : tensor<4096x4xf32>
}
