// Ops that one kernel would compute badly become what they are made of; numbers: test/ops/cumsum.mlir.
// RUN: sinter-opt --sinter-expand %s | FileCheck %s
// RUN: sinter-opt --sinter-expand --debug-only=sinter-expand %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STEPS
// RUN: sinter-opt --sinter-to-kernels %s | FileCheck %s --check-prefix=KERNELS
// STEPS-COUNT-4: [sinter-expand] {{.*}}expands sinter.cumsum
// STEPS-NOT: expands
// KERNELS-NOT: sinter.cumsum
// KERNELS: call @cumsum

// Up to 16 elements are one loop; more are cut into blocks of 16, and the sums of these are summed in the same way.
// CHECK-LABEL: @short
// CHECK-NEXT: sinter.cumsum %{{.*}} axis 1 : tensor<4x16xf32>
// CHECK-NEXT: return
func.func @short(%x: tensor<4x16xf32>) -> tensor<4x16xf32> attributes {sinter.entry} {
  %0 = sinter.cumsum %x axis 1 : tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}
// CHECK-LABEL: @blocks
// CHECK-NEXT: %[[CUT:.*]] = sinter.reshape %{{.*}} : tensor<3x64x2xf32> -> tensor<3x4x16x2xf32>
// CHECK-NEXT: %[[WITHIN:.*]] = sinter.cumsum %[[CUT]] axis 2 {reverse} : tensor<3x4x16x2xf32>
// CHECK-NEXT: %[[SUMS:.*]] = sinter.reduce sum %[[CUT]] axes [2]
// CHECK-NEXT: %[[BEFORE:.*]] = sinter.cumsum %[[SUMS]] axis 1 {exclusive, reverse} : tensor<3x4x2xf32>
// CHECK-NEXT: %[[EACH:.*]] = sinter.broadcast %[[BEFORE]] dims [0, 1, 3]
// CHECK-NEXT: %[[BOTH:.*]] = arith.addf %[[WITHIN]], %[[EACH]]
// CHECK-NEXT: sinter.reshape %[[BOTH]] : tensor<3x4x16x2xf32> -> tensor<3x64x2xf32>
func.func @blocks(%x: tensor<3x64x2xf32>) -> tensor<3x64x2xf32> attributes {sinter.entry} {
  %0 = sinter.cumsum %x axis 1 {reverse} : tensor<3x64x2xf32>
  return %0 : tensor<3x64x2xf32>
}
// CHECK-LABEL: @filled_up
// CHECK-NEXT: sinter.pad %{{.*}} low [0, 0] high [0, 15] interior [0, 0] : tensor<2x17xf32> -> tensor<2x32xf32>
// CHECK: sinter.slice %{{.*}} [0, 0] to [2, 17] by [1, 1]
func.func @filled_up(%x: tensor<2x17xf32>) -> tensor<2x17xf32> attributes {sinter.entry} {
  %0 = sinter.cumsum %x axis 1 : tensor<2x17xf32>
  return %0 : tensor<2x17xf32>
}
// Three levels: 4,096 elements, 256 sums, 16 of these.
// CHECK-LABEL: @levels
// CHECK: sinter.cumsum %{{.*}} axis 1 : tensor<256x16xf32>
// CHECK: sinter.cumsum %{{.*}} axis 1 {exclusive} : tensor<16x16xf32>
// CHECK: sinter.cumsum %{{.*}} axis 0 {exclusive} : tensor<16xf32>
// CHECK-NOT: sinter.cumsum
func.func @levels(%x: tensor<4096xf32>) -> tensor<4096xf32> attributes {sinter.entry} {
  %0 = sinter.cumsum %x axis 0 : tensor<4096xf32>
  return %0 : tensor<4096xf32>
}
