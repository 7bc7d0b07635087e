// A product adds to an operand that nobody reads afterwards, in that operand's memory, with the bits that it has elsewhere:
// sizes of which tiles leave a rest (their last one moves back), and sums that wait in the scratch.
// RUN: sinter-opt %s --sinter-to-plan | FileCheck %s
// RUN: sinter-run %s
// RUN: sinter-run --device cpu --threads 2 --print %s > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %s > %t.many
// RUN: cmp %t.one %t.many
// RUN: bash -c 'for seed in 1 2 3 4 5 6; do sinter-run --device cpu --threads 3 --print --schedule-seed $seed %s | cmp - %t.one || exit 1; done'
// RUN: sinter-run --device cpu --threads 1 --print --march=x86-64-v3 %s > %t.v3
// RUN: cmp %t.one %t.v3

// A prime number of rows, and sums of two units.
// CHECK-LABEL: plan.entry @ragged
// CHECK: plan.launch @matmul_1009x48({{.*}}) in_place [2]
func.func @ragged(%a: tensor<1009x775xf32>, %b: tensor<775x48xf32>, %c: tensor<1009x48xf32>) -> tensor<1009x48xf32> attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<1009x48xf32>
  %p = sinter.matmul %a, %b : (tensor<1009x775xf32>, tensor<775x48xf32>) -> tensor<1009x48xf32>
  %y = arith.addf %p, %r : tensor<1009x48xf32>
  return %y : tensor<1009x48xf32>
}

// Five rows are the fewest that are not streamed.
// CHECK-LABEL: plan.entry @few
// CHECK: plan.launch @matmul_5x16({{.*}}) in_place [2]
func.func @few(%a: tensor<5x33xf32>, %b: tensor<33x16xf32>, %c: tensor<5x16xf32>) -> tensor<5x16xf32> attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<5x16xf32>
  %p = sinter.matmul %a, %b : (tensor<5x33xf32>, tensor<33x16xf32>) -> tensor<5x16xf32>
  %y = arith.addf %r, %p : tensor<5x16xf32>
  return %y : tensor<5x16xf32>
}

// Four may be streamed, and 40 columns are no whole vectors.
// CHECK: plan.launch @matmul_4x512({{.*}}) -> (%{{[0-9]+}}) :
// CHECK: plan.launch @matmul_64x40({{.*}}) -> (%{{[0-9]+}}) :
// CHECK: plan.launch @matmul_64x64({{.*}}) -> (%{{[0-9]+}}) :
func.func @streamed(%a: tensor<4x33xf32>, %b: tensor<33x512xf32>, %c: tensor<4x512xf32>) -> tensor<4x512xf32> attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<4x512xf32>
  %p = sinter.matmul %a, %b : (tensor<4x33xf32>, tensor<33x512xf32>) -> tensor<4x512xf32>
  %y = arith.addf %p, %r : tensor<4x512xf32>
  return %y : tensor<4x512xf32>
}
func.func @narrow(%a: tensor<64x33xf32>, %b: tensor<33x40xf32>, %c: tensor<64x40xf32>) -> tensor<64x40xf32> attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<64x40xf32>
  %p = sinter.matmul %a, %b : (tensor<64x33xf32>, tensor<33x40xf32>) -> tensor<64x40xf32>
  %y = arith.addf %p, %r : tensor<64x40xf32>
  return %y : tensor<64x40xf32>
}
// What the product multiplies is read by all tiles.
func.func @operand(%b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<64x64xf32>
  %p = sinter.matmul %r, %b : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %y = arith.addf %p, %r : tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}

// A weight's gradient onto another: the left operand is read by columns.
// CHECK: plan.launch @matmul_130x32({{.*}}) in_place [2]
func.func @transposed(%a: tensor<400x130xf32>, %b: tensor<400x32xf32>, %c: tensor<130x32xf32>) -> tensor<130x32xf32> attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<130x32xf32>
  %p = sinter.matmul %a, %b {transpose_lhs} : (tensor<400x130xf32>, tensor<400x32xf32>) -> tensor<130x32xf32>
  %y = arith.addf %p, %r : tensor<130x32xf32>
  return %y : tensor<130x32xf32>
}

// Two results of one epilogue, of which the first takes the operand's place: both are computed before either is stored.
// CHECK: plan.launch @matmul_72x64({{.*}}) in_place [2, -1]
func.func @both(%a: tensor<72x30xf32>, %b: tensor<30x64xf32>, %c: tensor<72x64xf32>) -> (tensor<72x64xf32>, tensor<72x64xf32>) attributes {sinter.entry} {
  %r = sinter.softmax %c : tensor<72x64xf32>
  %p = sinter.matmul %a, %b : (tensor<72x30xf32>, tensor<30x64xf32>) -> tensor<72x64xf32>
  %y = arith.mulf %p, %r : tensor<72x64xf32>
  %z = arith.addf %p, %r : tensor<72x64xf32>
  return %y, %z : tensor<72x64xf32>, tensor<72x64xf32>
}
