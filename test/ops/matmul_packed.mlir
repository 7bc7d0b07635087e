// Products with weights of 32, 16, 8 and 4 bits. Numbers: matmul_packed.py, which packs weights by itself. The two ways to
// multiply four bytes, and any number of rows at a time, give the same.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: python3 %S/matmul_packed.py > %t/numbers.mlir
// RUN: sinter-run --device=reference %t/numbers.mlir
// RUN: sinter-run --device=cpu %t/numbers.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 %t/numbers.mlir
// RUN: sinter-run --device=cpu --schedule-seed=1 %t/numbers.mlir
// RUN: sinter-run --device=cpu --schedule-seed=2 %t/numbers.mlir
// RUN: sinter-run --device=cpu --schedule-seed=3 %t/numbers.mlir
// RUN: sinter-opt --split-input-file --verify-diagnostics --sinter-cpu-emit-loops %t/schedules.mlir
// RUN: sinter-opt --sinter-cpu-schedule=byte-dots %t/scheduled.mlir | FileCheck %t/scheduled.mlir
// RUN: sinter-opt --sinter-cpu-schedule %t/scheduled.mlir | FileCheck %t/scheduled.mlir --check-prefix=PAIRS

//--- roundtrip.mlir
// CHECK-LABEL: @both
func.func @both(%x: tensor<1x128xf32>, %w: tensor<6x64x64xi32>, %q: tensor<1x32xi32>, %s: tensor<1x2xf32>, %t: tensor<1x2xf32>, %v: tensor<6x32x64xi32>, %c: tensor<6x1x64xi32>) -> (tensor<1x384xf32>, tensor<1x321xf32>) {
  // CHECK: sinter.matmul_packed bf16(%{{.*}}) by %{{.*}} : (tensor<1x128xf32>, tensor<6x64x64xi32>) -> tensor<1x384xf32>
  %y = sinter.matmul_packed bf16(%x) by %w : (tensor<1x128xf32>, tensor<6x64x64xi32>) -> tensor<1x384xf32>
  // CHECK: sinter.matmul_packed int8(%{{.*}}, %{{.*}}, %{{.*}}) by %{{.*}} scales %{{.*}} : (tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<6x32x64xi32>, tensor<6x1x64xi32>) -> tensor<1x321xf32>
  %z = sinter.matmul_packed int8(%q, %s, %t) by %v scales %c : (tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<6x32x64xi32>, tensor<6x1x64xi32>) -> tensor<1x321xf32>
  return %y, %z : tensor<1x384xf32>, tensor<1x321xf32>
}

//--- errors.mlir
func.func @rank(%x: tensor<1x128xf32>, %w: tensor<6x64x64xi32>) -> tensor<384xf32> {
  // expected-error @+1 {{gives a matrix of f32, not 'tensor<384xf32>'}}
  %y = sinter.matmul_packed bf16(%x) by %w : (tensor<1x128xf32>, tensor<6x64x64xi32>) -> tensor<384xf32>
  return %y : tensor<384xf32>
}
// -----
func.func @panels(%x: tensor<1x128xf32>, %w: tensor<6x64x64xi32>) -> tensor<1x385xf32> {
  // expected-error @+1 {{needs words of i32 of shape [7, along k, 64], but theirs is 'tensor<6x64x64xi32>'}}
  %y = sinter.matmul_packed bf16(%x) by %w : (tensor<1x128xf32>, tensor<6x64x64xi32>) -> tensor<1x385xf32>
  return %y : tensor<1x385xf32>
}
// -----
func.func @left(%x: tensor<1x126xf32>, %w: tensor<6x64x64xi32>) -> tensor<1x384xf32> {
  // expected-error @+1 {{needs on its left 'tensor<1x128xf32>'}}
  %y = sinter.matmul_packed bf16(%x) by %w : (tensor<1x126xf32>, tensor<6x64x64xi32>) -> tensor<1x384xf32>
  return %y : tensor<1x384xf32>
}
// -----
func.func @three(%q: tensor<1x32xi32>, %s: tensor<1x2xf32>, %w: tensor<1x32x64xi32>, %c: tensor<1x1x64xi32>) -> tensor<1x64xf32> {
  // expected-error @+1 {{needs on its left 'tensor<1x32xi32>', 'tensor<1x2xf32>', 'tensor<1x2xf32>'}}
  %y = sinter.matmul_packed int8(%q, %s) by %w scales %c : (tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x32x64xi32>, tensor<1x1x64xi32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
// -----
func.func @group(%q: tensor<1x20xi32>, %s: tensor<1x1xf32>, %w: tensor<1x20x64xi32>, %c: tensor<1x1x64xi32>) -> tensor<1x64xf32> {
  // expected-error @+1 {{has 80 steps of k, which are no whole groups of 64}}
  %y = sinter.matmul_packed int8(%q, %s, %s) by %w scales %c : (tensor<1x20xi32>, tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x20x64xi32>, tensor<1x1x64xi32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
// -----
func.func @scales(%q: tensor<1x32xi32>, %s: tensor<1x2xf32>, %w: tensor<1x32x64xi32>) -> tensor<1x64xf32> {
  // expected-error @+1 {{of f32 or bf16 has no scales, and one of whole numbers those of each group}}
  %y = sinter.matmul_packed int8(%q, %s, %s) by %w : (tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x32x64xi32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
// -----
func.func @none(%x: tensor<1x128xf32>, %w: tensor<1x64x64xi32>, %c: tensor<1x1x64xi32>) -> tensor<1x64xf32> {
  // expected-error @+1 {{of f32 or bf16 has no scales, and one of whole numbers those of each group}}
  %y = sinter.matmul_packed bf16(%x) by %w scales %c : (tensor<1x128xf32>, tensor<1x64x64xi32>, tensor<1x1x64xi32>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

//--- scheduled.mlir
// CHECK: sinter.schedule = {dots = "bytes", rows = 2 : i64}
// PAIRS: sinter.schedule = {dots = "pairs", rows = 2 : i64}
func.func private @k(%q: tensor<5x32xi32>, %s: tensor<5x2xf32>, %t: tensor<5x2xf32>, %w: tensor<1x32x64xi32>, %c: tensor<1x1x64xi32>) -> tensor<5x64xf32> attributes {sinter.kernel, sinter.kind = "matmul_packed"} {
  %y = sinter.matmul_packed int8(%q, %s, %t) by %w scales %c : (tensor<5x32xi32>, tensor<5x2xf32>, tensor<5x2xf32>, tensor<1x32x64xi32>, tensor<1x1x64xi32>) -> tensor<5x64xf32>
  return %y : tensor<5x64xf32>
}

//--- schedules.mlir
// expected-error @+1 {{`sinter.schedule`: of packed weights has 1 to 4 rows, no more than there are, and dots: bytes or pairs}}
func.func private @rows(%x: tensor<2x128xf32>, %w: tensor<1x64x64xi32>) -> tensor<2x64xf32> attributes {sinter.kernel, sinter.kind = "matmul_packed", sinter.schedule = {rows = 3, dots = "pairs"}} {
  %y = sinter.matmul_packed bf16(%x) by %w : (tensor<2x128xf32>, tensor<1x64x64xi32>) -> tensor<2x64xf32>
  return %y : tensor<2x64xf32>
}
// -----
// expected-error @+1 {{`sinter.schedule`: of packed weights has 1 to 4 rows}}
func.func private @dots(%x: tensor<2x128xf32>, %w: tensor<1x64x64xi32>) -> tensor<2x64xf32> attributes {sinter.kernel, sinter.kind = "matmul_packed", sinter.schedule = {rows = 1, dots = "words"}} {
  %y = sinter.matmul_packed bf16(%x) by %w : (tensor<2x128xf32>, tensor<1x64x64xi32>) -> tensor<2x64xf32>
  return %y : tensor<2x64xf32>
}
