// Rows in signed bytes. Numbers: round_rows.py, which rounds in exact arithmetic.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: python3 %S/round_rows.py > %t/numbers.mlir
// RUN: sinter-run --device=reference %t/numbers.mlir
// RUN: sinter-run --device=cpu %t/numbers.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 %t/numbers.mlir
// RUN: sinter-opt --split-input-file --verify-diagnostics --sinter-cpu-emit-loops %t/schedules.mlir
// RUN: sinter-opt --sinter-cpu-schedule %t/scheduled.mlir | FileCheck %t/scheduled.mlir

//--- roundtrip.mlir
// CHECK: sinter.round_rows int8 %{{.*}} : tensor<1x128xf32> -> tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>
// CHECK: sinter.round_rows int4 %{{.*}} : tensor<1x128xf32> -> tensor<1x32xi32>, tensor<1x4xf32>, tensor<1x4xf32>
func.func @both(%x: tensor<1x128xf32>) -> (tensor<1x32xi32>, tensor<1x4xf32>) {
  %q, %s, %t = sinter.round_rows int8 %x : tensor<1x128xf32> -> tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>
  %a, %b, %c = sinter.round_rows int4 %x : tensor<1x128xf32> -> tensor<1x32xi32>, tensor<1x4xf32>, tensor<1x4xf32>
  return %q, %b : tensor<1x32xi32>, tensor<1x4xf32>
}

//--- errors.mlir
func.func @kind(%x: tensor<1x128xf32>) -> tensor<1x32xi32> {
  // expected-error @+1 {{rounds to int8 or int4}}
  %q, %s, %t = sinter.round_rows bf16 %x : tensor<1x128xf32> -> tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>
  return %q : tensor<1x32xi32>
}
// -----
func.func @group(%x: tensor<1x96xf32>) -> tensor<1x24xi32> {
  // expected-error @+1 {{needs a matrix of f32 whose rows are groups of 64, not 'tensor<1x96xf32>'}}
  %q, %s, %t = sinter.round_rows int8 %x : tensor<1x96xf32> -> tensor<1x24xi32>, tensor<1x1xf32>, tensor<1x1xf32>
  return %q : tensor<1x24xi32>
}
// -----
func.func @results(%x: tensor<1x96xf32>) -> tensor<1x24xi32> {
  // expected-error @+1 {{gives 'tensor<1x24xi32>', 'tensor<1x3xf32>' and 'tensor<1x3xf32>'}}
  %q, %s, %t = sinter.round_rows int4 %x : tensor<1x96xf32> -> tensor<1x24xi32>, tensor<1x3xf32>, tensor<1x2xf32>
  return %q : tensor<1x24xi32>
}

//--- scheduled.mlir
// CHECK: sinter.schedule = {}
func.func private @k(%x: tensor<2x64xf32>) -> (tensor<2x16xi32>, tensor<2x1xf32>, tensor<2x1xf32>) attributes {sinter.kernel, sinter.kind = "round_rows"} {
  %q, %s, %t = sinter.round_rows int8 %x : tensor<2x64xf32> -> tensor<2x16xi32>, tensor<2x1xf32>, tensor<2x1xf32>
  return %q, %s, %t : tensor<2x16xi32>, tensor<2x1xf32>, tensor<2x1xf32>
}

//--- schedules.mlir
// expected-error @+1 {{`sinter.schedule`: of rows that are rounded is empty}}
func.func private @k(%x: tensor<2x64xf32>) -> (tensor<2x16xi32>, tensor<2x1xf32>, tensor<2x1xf32>) attributes {sinter.kernel, sinter.kind = "round_rows", sinter.schedule = {rows = 2}} {
  %q, %s, %t = sinter.round_rows int8 %x : tensor<2x64xf32> -> tensor<2x16xi32>, tensor<2x1xf32>, tensor<2x1xf32>
  return %q, %s, %t : tensor<2x16xi32>, tensor<2x1xf32>, tensor<2x1xf32>
}
