// sinter-plan-memory on loops: carries in place, what is copied for them, and stacks in the place of sequences.
// RUN: sinter-opt %s --sinter-plan-memory --split-input-file | FileCheck %s
#same = affine_map<(d0) -> (d0)>

// The sum goes into the memory of the carry, and each step's product over its part of the sequence, whose last reader
// the loop is: 256 bytes for the carry, 768 for the sequence, no more.
// CHECK-LABEL: plan.entry @in_place arena 1024
// CHECK: plan.loop 3 carry(%[[H:.*]], %[[X:.*]]) to(%[[N:.*]], %[[Y:.*]]) {
// CHECK:   %[[P:.*]] = plan.step %[[X]] from 0 by 256
// CHECK:   %[[Q:.*]] = plan.step %[[Y]] from 0 by 256
// CHECK:   plan.launch @mul(%[[P]]) -> (%[[Q]]) in_place [0]
// CHECK:   plan.launch @add(%[[H]], %[[Q]]) -> (%[[N]]) in_place [0]
module attributes {sinter.target = "cpu"} {
func.func @in_place(%h: tensor<64xf32>, %x: tensor<3x64xf32>) -> (tensor<64xf32>, tensor<3x64xf32>) attributes {sinter.entry} {
  %0:2 = sinter.loop @body 3 carry(%h) over(%x) with() : (tensor<64xf32>, tensor<3x64xf32>) -> (tensor<64xf32>, tensor<3x64xf32>)
  return %0#0, %0#1 : tensor<64xf32>, tensor<3x64xf32>
}
func.func private @body(%h: tensor<64xf32>, %x: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) attributes {sinter.entry, sinter.loop_body = 1 : i64} {
  %0 = call @mul(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %1 = call @add(%h, %0) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  return %1, %0 : tensor<64xf32>, tensor<64xf32>
}
func.func private @mul(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<64xf32>
  %0 = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.mulf %in, %in : f32
    linalg.yield %1 : f32
  } -> tensor<64xf32>
  return %0 : tensor<64xf32>
}
func.func private @add(%x: tensor<64xf32>, %y: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<64xf32>
  %0 = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel"]} ins(%x, %y : tensor<64xf32>, tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<64xf32>
  return %0 : tensor<64xf32>
}
}

// -----
#same = affine_map<(d0) -> (d0)>

// What a carry begins with is read behind the loop, too: it is copied. Carries that change places are saved before one
// is overwritten.
// CHECK-LABEL: plan.entry @kept
// CHECK: plan.launch @copy_f32_64(%[[A:.*]]) -> (%[[FIRST:.*]]) :
// CHECK: plan.loop 2 carry(%[[FIRST]], %[[B:.*]]) to(%[[NEWA:.*]], %[[NEWB:.*]]) {
// CHECK:   plan.launch @copy_f32_64(%{{.*}}) -> (%{{.*}})
// CHECK:   plan.launch @copy_f32_64(%{{.*}}) -> (%{{.*}})
// CHECK: plan.output "result1" %[[A]]
module attributes {sinter.target = "cpu"} {
func.func @kept(%a: tensor<64xf32>, %b: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %0:2 = sinter.loop @swap 2 carry(%a, %b) over() with() : (tensor<64xf32>, tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>)
  return %0#0, %a : tensor<64xf32>, tensor<64xf32>
}
func.func private @swap(%a: tensor<64xf32>, %b: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) attributes {sinter.entry, sinter.loop_body = 2 : i64} {
  return %b, %a : tensor<64xf32>, tensor<64xf32>
}
}
