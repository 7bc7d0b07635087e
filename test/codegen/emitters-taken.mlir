// From the model to code: each kernel has the emitter that is made for it. The general loops would give the same numbers,
// slowly, and nobody would be told. What an emitter writes is in the tests of its own name.
// RUN: sinterc %s --from=model --emit=plan -o %t.plan.mlir
// RUN: sinter-opt %t.plan.mlir --sinter-cpu-schedule --sinter-cpu-emit-attention --sinter-cpu-emit-matmul --sinter-cpu-emit-loops | FileCheck %s --check-prefix=CPU
// RUN: sinterc %s --from=model --dtype=bf16 --emit=plan -o %t.bf16.mlir
// RUN: sinter-opt %t.bf16.mlir --sinter-cpu-schedule --sinter-cpu-emit-attention --sinter-cpu-emit-matmul | FileCheck %s --check-prefix=BF16
// RUN: sinter-opt %t.bf16.mlir --sinter-cpu-schedule="vector-registers=32 dot-products=1" --sinter-cpu-emit-attention --sinter-cpu-emit-matmul | FileCheck %s --check-prefix=PAIRS
// RUN: sinterc %s --from=model --target=vulkan --emit=plan -o %t.vulkan.mlir
// RUN: sinter-opt %t.vulkan.mlir --sinter-vulkan-schedule --sinter-vulkan-emit-kernels | FileCheck %s --check-prefix=REGISTERS
// RUN: sinter-opt %t.vulkan.mlir --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" | FileCheck %s --check-prefix=SHARED

// (What the general lowering makes of a product is marked as such.)
// REGISTERS-NOT: plan.kernel @{{[a-z0-9_.]+}} scratch {{[0-9]+}} general
// SHARED-NOT: plan.kernel @{{[a-z0-9_.]+}} scratch {{[0-9]+}} general
// REGISTERS: gpu.module
// SHARED: gpu.module

// Few rows: the matrix is read once, front to back.
// CPU-LABEL: func private @matmul_4x384(
// CPU-SAME: sinter.schedule = {{.*}}["stream"{{.*}}right = "direct"
func.func @few_rows(%x: tensor<4x512xf32>, %w: tensor<512x384xf32>) -> tensor<4x384xf32> attributes {sinter.entry} {
  %y = sinter.matmul %x, %w : (tensor<4x512xf32>, tensor<512x384xf32>) -> tensor<4x384xf32>
  return %y : tensor<4x384xf32>
}

// Many rows.
// CPU-LABEL: func private @matmul_192x512(
// CPU-SAME: sinter.schedule = {{.*}}tile = array<i64: 6, 16>
// Rounded on their way into panels, or in pairs that one instruction multiplies.
// BF16-LABEL: func private @matmul_192x512(
// BF16-SAME: sinter.schedule = {block =
// BF16: arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
// BF16: math.fma
// PAIRS-LABEL: func private @matmul_192x512(
// PAIRS-SAME: sinter.schedule = {{.*}}"pairs"]{{.*}}tile = array<i64: 12, 32>
// PAIRS: dpbf16ps
// A subgroup shares out the operands by shuffles, or a workgroup through shared memory.
// REGISTERS-LABEL: gpu.module @matmul_192x512.s0
// REGISTERS: workgroup_size = [8, 1, 1], subgroup_size = 8
// REGISTERS: spirv.GroupNonUniformShuffle <Subgroup>
// SHARED-LABEL: gpu.module @matmul_192x512.s0
// SHARED-COUNT-2: memref.alloc() : memref<1024xf32, #spirv.storage_class<Workgroup>>
// SHARED: gpu.barrier
func.func @tiles(%x: tensor<192x256xf32>, %w: tensor<256x512xf32>) -> tensor<192x512xf32> attributes {sinter.entry} {
  %y = sinter.matmul %x, %w : (tensor<192x256xf32>, tensor<256x512xf32>) -> tensor<192x512xf32>
  return %y : tensor<192x512xf32>
}

// A layer's gradients: the bias's is part of the weight's.
// CPU-LABEL: func private @matmul_96x64(
// CPU-SAME: memref<96x64xf32>, %{{[a-z0-9]+}}: memref<64xf32>
// CPU-SAME: sinter.schedule = {block =
// CPU-NOT: func private @reduce_64(
func.func @columns(%x: tensor<128x96xf32>, %dy: tensor<128x64xf32>) -> (tensor<96x64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {transpose_lhs} : (tensor<128x96xf32>, tensor<128x64xf32>) -> tensor<96x64xf32>
  %db = sinter.reduce sum %dy axes [0] : tensor<128x64xf32> -> tensor<64xf32>
  return %dw, %db : tensor<96x64xf32>, tensor<64xf32>
}

// For each row of the table the list of what goes there: 64 + 768 numbers.
// CPU-LABEL: func private @scatter_add_64x128(
// CPU-SAME: sinter.scratch = 3328 :
// Cleared first, then added to, with what rounding takes away.
// REGISTERS-LABEL: gpu.module @scatter_add_64x128.s0
// REGISTERS-LABEL: gpu.module @scatter_add_64x128.s1
// SHARED-LABEL: gpu.module @scatter_add_64x128.s0
// SHARED-LABEL: gpu.module @scatter_add_64x128.s1
func.func @scatter(%i: tensor<768xi32> {sinter.limit = 64}, %u: tensor<768x128xf32>) -> tensor<64x128xf32> attributes {sinter.entry} {
  %y = sinter.scatter_add %i, %u : (tensor<768xi32>, tensor<768x128xf32>) -> tensor<64x128xf32>
  return %y : tensor<64x128xf32>
}

// Two products by blocks of rows.
// CPU-LABEL: func private @attention_2x128x128(
// CPU-SAME: sinter.schedule = {products = [{block = {{[^}]*}}}, {block = {{[^}]*}}}], rows = {{[0-9]+}}
func.func @attention(%q: tensor<2x128x16xf32>, %k: tensor<2x128x16xf32>, %v: tensor<2x128x16xf32>) -> tensor<2x128x16xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x128x16xf32>, tensor<2x128x16xf32>) -> tensor<2x128x128xf32>
  %p = sinter.softmax %s : tensor<2x128x128xf32>
  %o = sinter.matmul %p, %v : (tensor<2x128x128xf32>, tensor<2x128x16xf32>) -> tensor<2x128x16xf32>
  return %o : tensor<2x128x16xf32>
}

// All of a row by one member, in one pass over memory; on Vulkan by lanes that exchange what they have.
// CPU-LABEL: func private @softmax_768x64(
// CPU-SAME: sinter.piecewise = array<i64: 0, 1>
// REGISTERS-LABEL: gpu.module @softmax_768x64.s0
// REGISTERS: workgroup_size = [64, 1, 1], subgroup_size = 8
// REGISTERS-COUNT-6: spirv.GroupNonUniformShuffleXor <Subgroup>
// SHARED-LABEL: gpu.module @softmax_768x64.s0
// SHARED: memref.alloc() : memref<64xf32, #spirv.storage_class<Workgroup>>
// SHARED: gpu.barrier
func.func @rows(%x: tensor<768x64xf32>) -> tensor<768x64xf32> attributes {sinter.entry} {
  %y = sinter.softmax %x : tensor<768x64xf32>
  return %y : tensor<768x64xf32>
}

// More than one invocation can take.
// REGISTERS-LABEL: gpu.module @reduce_1.s0
// REGISTERS-LABEL: gpu.module @reduce_1.s1
// SHARED-LABEL: gpu.module @reduce_1.s0
// SHARED-LABEL: gpu.module @reduce_1.s1
func.func @long_row(%x: tensor<200000xf32>) -> tensor<f32> attributes {sinter.entry} {
  %y = sinter.reduce sum %x axes [0] : tensor<200000xf32> -> tensor<f32>
  return %y : tensor<f32>
}
// REGISTERS-LABEL: gpu.module @reduce_16.s0
// REGISTERS-LABEL: gpu.module @reduce_16.s1
// SHARED-LABEL: gpu.module @reduce_16.s0
// SHARED-LABEL: gpu.module @reduce_16.s1
func.func @long_columns(%x: tensor<20000x16xf32>) -> tensor<16xf32> attributes {sinter.entry} {
  %y = sinter.reduce sum %x axes [0] : tensor<20000x16xf32> -> tensor<16xf32>
  return %y : tensor<16xf32>
}

// Nothing is left to anybody else.
// CPU-NOT: linalg.
