// What stays apart: running sums, and what would make a map too large.
// RUN: sinter-opt %s --sinter-fuse-elementwise | FileCheck %s
// RUN: sinter-opt %s --sinter-fuse-elementwise='most-ops=2' | FileCheck %s --check-prefix=SMALL

// Five large products that only their sum reads: each is added to what is there.
// CHECK-LABEL: func @running_sum
// CHECK: %[[P1:.*]] = sinter.matmul
// CHECK: %[[P2:.*]] = sinter.matmul
// CHECK: %[[S2:.*]] = sinter.map(%[[P1]], %[[P2]])
// CHECK: %[[P3:.*]] = sinter.matmul
// CHECK: %[[S3:.*]] = sinter.map(%[[S2]], %[[P3]])
// CHECK: %[[P4:.*]] = sinter.matmul
// CHECK: %[[S4:.*]] = sinter.map(%[[S3]], %[[P4]])
// CHECK: %[[P5:.*]] = sinter.matmul
// CHECK: %[[S5:.*]] = sinter.map(%[[S4]], %[[P5]])
// CHECK: return %[[S5]]
func.func @running_sum(%x: tensor<128x128xf32>, %w: tensor<128x128xf32>) -> tensor<128x128xf32> {
  %p1 = sinter.matmul %x, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %p2 = sinter.matmul %w, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %s2 = arith.addf %p1, %p2 : tensor<128x128xf32>
  %p3 = sinter.matmul %x, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %s3 = arith.addf %s2, %p3 : tensor<128x128xf32>
  %p4 = sinter.matmul %w, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %s4 = arith.addf %s3, %p4 : tensor<128x128xf32>
  %p5 = sinter.matmul %w, %w {transpose_rhs} : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %s5 = arith.addf %s4, %p5 : tensor<128x128xf32>
  return %s5 : tensor<128x128xf32>
}

// Values that somebody else keeps do not wait for the sum, and neither do parameters and inputs.
// CHECK-LABEL: func @kept_anyway
// CHECK-COUNT-2: sinter.matmul
// CHECK: sinter.map(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) [
// CHECK-NOT: sinter.map
// CHECK: return
func.func @kept_anyway(%x: tensor<128x128xf32>, %w: tensor<128x128xf32>) -> (tensor<128x128xf32>, tensor<128x128xf32>, tensor<128x128xf32>) {
  %p1 = sinter.matmul %x, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %p2 = sinter.matmul %w, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %s2 = arith.addf %p1, %p2 : tensor<128x128xf32>
  %s3 = arith.addf %s2, %x : tensor<128x128xf32>
  %s4 = arith.addf %s3, %w : tensor<128x128xf32>
  return %s4, %p1, %p2 : tensor<128x128xf32>, tensor<128x128xf32>, tensor<128x128xf32>
}

// Little may wait, up to what devices can bind; and what is multiplied is no sum.
// CHECK-LABEL: func @small
// CHECK-COUNT-4: sinter.matmul
// CHECK: sinter.map(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) [
// CHECK-NOT: sinter.map
// CHECK-LABEL: func @factors
// CHECK-COUNT-4: sinter.matmul
// CHECK: sinter.map(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) [
// CHECK-NOT: sinter.map
// CHECK: return
func.func @small(%x: tensor<16x16xf32>, %w: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %p1 = sinter.matmul %x, %w : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %p2 = sinter.matmul %w, %x : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %p3 = sinter.matmul %x, %x : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %p4 = sinter.matmul %w, %w : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %s2 = arith.addf %p1, %p2 : tensor<16x16xf32>
  %s3 = arith.addf %s2, %p3 : tensor<16x16xf32>
  %s4 = arith.addf %s3, %p4 : tensor<16x16xf32>
  return %s4 : tensor<16x16xf32>
}
func.func @factors(%x: tensor<128x128xf32>, %w: tensor<128x128xf32>) -> tensor<128x128xf32> {
  %p1 = sinter.matmul %x, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %p2 = sinter.matmul %w, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %p3 = sinter.matmul %x, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %p4 = sinter.matmul %w, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %s2 = arith.mulf %p1, %p2 : tensor<128x128xf32>
  %s3 = arith.mulf %s2, %p3 : tensor<128x128xf32>
  %s4 = arith.mulf %s3, %p4 : tensor<128x128xf32>
  return %s4 : tensor<128x128xf32>
}

// A chain is cut into pieces of the most ops that a map may have, from its end.
// CHECK-LABEL: func @chain
// CHECK-COUNT-1: sinter.map
// CHECK-NOT: sinter.map
// SMALL-LABEL: func @chain
// SMALL: sinter.map(%arg0)
// SMALL: math.sin
// SMALL-NEXT: sinter.yield
// SMALL: sinter.map
// SMALL: math.cos
// SMALL-NEXT: math.tanh
// SMALL-NEXT: sinter.yield
// SMALL: sinter.map
// SMALL: math.exp
// SMALL-NEXT: math.absf
// SMALL-NEXT: sinter.yield
func.func @chain(%x: tensor<8xf32>) -> tensor<8xf32> {
  %a = math.sin %x : tensor<8xf32>
  %b = math.cos %a : tensor<8xf32>
  %c = math.tanh %b : tensor<8xf32>
  %d = math.exp %c : tensor<8xf32>
  %e = math.absf %d : tensor<8xf32>
  return %e : tensor<8xf32>
}
