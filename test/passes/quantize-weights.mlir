// What does not train reads packed weights, which an entry of its own makes; what trains keeps its own, and so do small
// products. (Bits of decode, prefill and eval, and the model's loss: end-to-end/weights.test.)
// RUN: split-file %s %t
// RUN: sinter-opt %t/model.mlir --sinter-quantize-weights=kind=int8 -mlir-print-local-scope | FileCheck %t/model.mlir
// RUN: sinter-opt %t/model.mlir --sinter-quantize-weights=kind=int8 | sinter-opt | FileCheck %t/model.mlir
// RUN: sinter-opt %t/model.mlir --sinter-quantize-weights=kind=int4 | FileCheck %t/model.mlir --check-prefix=INT4
// RUN: sinter-opt %t/model.mlir --sinter-quantize-weights=kind=bf16 | FileCheck %t/model.mlir --check-prefix=BF16
// RUN: sinter-opt %t/model.mlir --sinter-quantize-weights=kind=f32 | FileCheck %t/model.mlir --check-prefix=F32
// RUN: sinter-opt %t/large.mlir --sinter-quantize-weights=kind=f32 | FileCheck %t/large.mlir --check-prefix=LARGE
// RUN: not sinter-opt %t/model.mlir --sinter-quantize-weights=kind=int7 2>&1 | FileCheck %t/model.mlir --check-prefix=KIND
// RUN: sinter-opt %t/own.mlir --verify-diagnostics --sinter-quantize-weights
// RUN: not sinterc %t/none.cpp --weights=int7 -o %t/none 2>&1 | FileCheck %t/none.cpp --check-prefix=TYPE
// RUN: not sinterc %t/none.cpp --weights=int8 --target=cpu,vulkan -o %t/none 2>&1 | FileCheck %t/none.cpp
// RUN: not sinterc %t/none.cpp --weights=packed --dtype=bf16 -o %t/none 2>&1 | FileCheck %t/none.cpp --check-prefix=NARROW
// RUN: not sinterc %t/model.mlir --from=kernels --weights=int8 -o %t/none 2>&1 | FileCheck %t/none.cpp --check-prefix=LATE

//--- large.mlir
// Weights that no cache holds: of f32, no more than 16 rows.
// LARGE-LABEL: func.func @few
// LARGE: sinter.matmul_packed f32
// LARGE-LABEL: func.func @more
// LARGE-NOT: matmul_packed
sinter.state @w : tensor<4096x4096xf32> {init = "normal", scale = 1.0, trainable}
func.func @few(%x: tensor<16x4096xf32> {sinter.name = "x"}) -> (tensor<16x4096xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<4096x4096xf32>
  %y = sinter.matmul %x, %w : (tensor<16x4096xf32>, tensor<4096x4096xf32>) -> tensor<16x4096xf32>
  return %y : tensor<16x4096xf32>
}
func.func @more(%x: tensor<17x4096xf32> {sinter.name = "x"}) -> (tensor<17x4096xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<4096x4096xf32>
  %y = sinter.matmul %x, %w : (tensor<17x4096xf32>, tensor<4096x4096xf32>) -> tensor<17x4096xf32>
  return %y : tensor<17x4096xf32>
}

//--- model.mlir
// KIND: kind is f32, bf16, int8 or int4, not 'int7'
// CHECK: sinter.state @packed.w : tensor<2x32x64xi32> {init = "zeros", transient}
// CHECK: sinter.state @packed.w.scales : tensor<2x1x64xi32> {init = "zeros", transient}
// CHECK: sinter.state @packed.w.transposed : tensor<2x32x64xi32>
// CHECK: sinter.state @w : tensor<100x80xf32>
// INT4: sinter.state @packed.w : tensor<2x16x64xi32>
// INT4: sinter.state @packed.w.scales : tensor<2x2x64xi32>
// BF16: sinter.state @packed.w : tensor<2x50x64xi32>
// BF16-NOT: scales
// Of f32, more than 64 rows stay, too.
// F32: sinter.state @packed.w : tensor<2x100x64xi32>
// F32-NOT: scales
// F32-LABEL: func.func @infer
// F32: sinter.matmul_packed f32(%{{.*}}) by %{{.*}} : (tensor<3x100xf32>, tensor<2x100x64xi32>) -> tensor<3x80xf32>
// F32-LABEL: func.func @many
// F32-NOT: matmul_packed
// F32-LABEL: func.func @train
sinter.state @w : tensor<100x80xf32> {init = "normal", scale = 1.0, trainable}
sinter.state @few : tensor<100x8xf32> {init = "normal", scale = 1.0, trainable}
sinter.state @memory : tensor<100x80xf32> {init = "zeros"}
// CHECK-LABEL: func.func @infer
// CHECK: sinter.read @packed.w : tensor<2x32x64xi32>
// CHECK: sinter.read @packed.w.scales : tensor<2x1x64xi32>
// CHECK: sinter.pad %{{.*}} : tensor<3x100xf32> -> tensor<3x128xf32>
// CHECK: sinter.round_rows int8 %{{.*}} : tensor<3x128xf32> -> tensor<3x32xi32>, tensor<3x2xf32>, tensor<3x2xf32>
// CHECK: sinter.matmul_packed int8{{.*}} -> tensor<3x80xf32>
// CHECK: sinter.read @packed.w.transposed
// CHECK: sinter.matmul_packed int8{{.*}} -> tensor<3x100xf32>
// CHECK: sinter.matmul {{.*}} -> tensor<3x8xf32>
// CHECK: sinter.matmul {{.*}} -> tensor<3x80xf32>
// INT4: sinter.matmul_packed int4{{.*}} (tensor<3x32xi32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<2x16x64xi32>, tensor<2x2x64xi32>) -> tensor<3x80xf32>
// BF16: sinter.matmul_packed bf16({{.*}}) by {{.*}} : (tensor<3x100xf32>, tensor<2x50x64xi32>) -> tensor<3x80xf32>
func.func @infer(%x: tensor<3x100xf32> {sinter.name = "x"}) -> (tensor<3x80xf32> {sinter.name = "y"}, tensor<3x100xf32> {sinter.name = "z"}, tensor<3x8xf32> {sinter.name = "f"}, tensor<3x80xf32> {sinter.name = "g"}) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<100x80xf32>
  %few = sinter.read @few : tensor<100x8xf32>
  %memory = sinter.read @memory : tensor<100x80xf32>
  %y = sinter.matmul %x, %w : (tensor<3x100xf32>, tensor<100x80xf32>) -> tensor<3x80xf32>
  %z = sinter.matmul %y, %w {transpose_rhs} : (tensor<3x80xf32>, tensor<100x80xf32>) -> tensor<3x100xf32>
  %f = sinter.matmul %x, %few : (tensor<3x100xf32>, tensor<100x8xf32>) -> tensor<3x8xf32>
  %g = sinter.matmul %x, %memory : (tensor<3x100xf32>, tensor<100x80xf32>) -> tensor<3x80xf32>
  return %y, %z, %f, %g : tensor<3x80xf32>, tensor<3x100xf32>, tensor<3x8xf32>, tensor<3x80xf32>
}
func.func @many(%x: tensor<65x100xf32> {sinter.name = "x"}) -> (tensor<65x80xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<100x80xf32>
  %y = sinter.matmul %x, %w : (tensor<65x100xf32>, tensor<100x80xf32>) -> tensor<65x80xf32>
  return %y : tensor<65x80xf32>
}
// CHECK-LABEL: func.func @train
// CHECK-NOT: matmul_packed
// CHECK-LABEL: func.func @prepare() attributes {sinter.entry}
// CHECK-DAG: sinter.write @packed.w,
// CHECK-DAG: sinter.write @packed.w.scales,
// CHECK-DAG: sinter.write @packed.w.transposed,
// CHECK-DAG: sinter.write @packed.w.transposed.scales,
func.func @train(%x: tensor<3x100xf32> {sinter.name = "x"}) -> (tensor<3x80xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<100x80xf32>
  %y = sinter.matmul %x, %w : (tensor<3x100xf32>, tensor<100x80xf32>) -> tensor<3x80xf32>
  sinter.write @memory, %w : tensor<100x80xf32>
  return %y : tensor<3x80xf32>
}

//--- own.mlir
// expected-error @+1 {{the entry 'prepare' cannot be made: the model has one of its own}}
func.func @prepare(%x: tensor<2xf32> {sinter.name = "x"}) -> (tensor<2xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  return %x : tensor<2xf32>
}

//--- none.cpp
// TYPE: --weights=int7: unknown type; f32, packed, bf16, int8 and int4 are known
// NARROW: --weights=packed: are f32, but --dtype=bf16 rounds what products read; take --weights=bf16
// CHECK: --weights=int8: Vulkan has no kernels for packed weights; compile for the CPU alone
// LATE: --weights: acts on the way to stage fused, but --from=kernels starts behind it
