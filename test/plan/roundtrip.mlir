// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// The plan dialect prints what it parses, and a correct plan passes its verifier.

sinter.state @w : tensor<4x4xf32> {init = "zeros"}
func.func private @twice(tensor<16xf32>) -> tensor<16xf32>
func.func private @sum(tensor<16xf32>, tensor<4xf32>) -> tensor<f32>
func.func private @store(tensor<f32>) -> tensor<4x4xf32>

// CHECK-LABEL: plan.entry @everything arena 512 live 512 {
plan.entry @everything arena 512 live 512 {
  // CHECK-NEXT: %[[X:.*]] = plan.arena 0 : memref<16xf32>
  %x = plan.arena 0 : memref<16xf32>
  // CHECK-NEXT: plan.input "x" %[[X]] : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  // CHECK-NEXT: %[[LR:.*]] = plan.arena 256 : memref<f32>
  %lr = plan.arena 256 : memref<f32>
  // CHECK-NEXT: plan.input "lr" %[[LR]] default 1.000000e-03 : memref<f32>
  plan.input "lr" %lr default 1.0e-3 : memref<f32>
  // CHECK-NEXT: %[[Y:.*]] = plan.arena 0 : memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  // CHECK-NEXT: plan.launch @twice(%[[X]]) -> (%[[Y]]) in_place [0] : (memref<16xf32>) -> memref<16xf32>
  plan.launch @twice(%x) -> (%y) in_place [0] : (memref<16xf32>) -> memref<16xf32>
  // CHECK-NEXT: %[[C:.*]] = plan.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32> : memref<4xf32>
  %c = plan.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : memref<4xf32>
  %s = plan.arena 256 : memref<f32>
  // CHECK: plan.launch @sum(%[[Y]], %[[C]]) -> (%[[S:.*]]) : (memref<16xf32>, memref<4xf32>) -> memref<f32>
  plan.launch @sum(%y, %c) -> (%s) : (memref<16xf32>, memref<4xf32>) -> memref<f32>
  // CHECK-NEXT: %[[W:.*]] = plan.state @w : memref<4x4xf32>
  %w = plan.state @w : memref<4x4xf32>
  plan.launch @store(%s) -> (%w) : (memref<f32>) -> memref<4x4xf32>
  // CHECK: %[[V:.*]] = plan.view %[[Y]] : memref<16xf32> -> memref<4x4xf32>
  %v = plan.view %y : memref<16xf32> -> memref<4x4xf32>
  // CHECK-NEXT: plan.output "y" %[[V]] : memref<4x4xf32>
  plan.output "y" %v : memref<4x4xf32>
}
