// sinter.attention on Vulkan: the kernel keeps the op, one dispatch owns rows, another columns, and nothing of rows x columns
// is stored. Numbers: vulkan-attention-numbers.mlir.
// RUN: sinter-opt %s --sinter-to-kernels=target=vulkan | FileCheck %s --check-prefix=KERNELS
// RUN: sinterc %s --from=model --target=vulkan --emit=plan -o %t.plan.mlir
// RUN: FileCheck %s --check-prefix=PLAN < %t.plan.mlir
// RUN: sinter-opt %t.plan.mlir --sinter-vulkan-schedule --sinter-vulkan-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %t.plan.mlir --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" --canonicalize --cse | FileCheck %s --check-prefix=SHARED
// RUN: sinterc %s --from=model --target=vulkan --report -o %t | FileCheck %s --check-prefix=REPORT

#id = affine_map<(b, h, i, j) -> (b, h, i, j)>

// Operands are read where they lie in the tensor that holds them all; the forward is one op, the gradient another.
// KERNELS-LABEL: func.func @causal
// KERNELS: call @attention_1x2x96x16(%arg0) :
// KERNELS: call @attention_1x2x96x16.1(%arg0, %{{.*}}) :
// KERNELS-NOT: call @matmul
// KERNELS-LABEL: func.func @stored_transposed
// KERNELS-NEXT: %[[R:.*]] = call @attention_{{.*}}(%arg0, %arg1) : (tensor<2x40x8xf32>, tensor<2x40x8xf32>) -> tensor<40x2x8xf32>
// KERNELS-NEXT: return %[[R]]
// KERNELS-LABEL: func.func private @attention_1x2x96x16(
// KERNELS: tensor.extract_slice
// KERNELS: sinter.attention over [1, 2, 96, 96](
// KERNELS: sinter.softmax
// KERNELS-LABEL: func.func private @attention_1x2x96x16.1(
// KERNELS: sinter.attention over [1, 2, 96, 96](

// (The input itself is 1 x 96 x 96.)
// PLAN-NOT: memref<{{.*}}2x96x96xf32>

// REPORT: no kernel is left to the general lowering
// REPORT: no kernel is left to the general lowering
// REPORT-NOT: not fused: this attention

// Forward: one dispatch. Backward: what rows leave, a maximum, a scale and a sum of each, is all that is kept for the second
// one.
// CHECK-LABEL: plan.kernel @attention_1x2x96x16 scratch 0
// CHECK-NOT: general
// CHECK-NEXT: plan.dispatch @attention_1x2x96x16.s0 groups [6, 1, 2]
// CHECK-NOT: plan.dispatch @attention
// CHECK-LABEL: plan.kernel @attention_1x2x96x16.1 scratch 2304
// CHECK-NOT: general
// CHECK-NEXT: plan.dispatch @attention_1x2x96x16.1.s0 groups [{{[0-9]+}}, 1, 2] {{.*}}write scratch at 0 bytes 2304
// CHECK-NEXT: plan.dispatch @attention_1x2x96x16.1.s1 groups [{{[0-9]+}}, 1, 2] {{.*}}texels scratch at 0 bytes 2304
// CHECK-NEXT: }

// A subgroup of eight owns 16 rows of a head, and goes twice over the tiles of 32 columns that they see: for maxima and sums,
// and for what is summed over columns. Rows of the left operand are handed out by shuffles, and so are weights.
// CHECK-LABEL: gpu.module @attention_1x2x96x16.s0
// CHECK: workgroup_size = [8, 1, 1], subgroup_size = 8
// CHECK: %[[END:.*]] = arith.addi %{{.*}}, %c16
// CHECK: %[[TO:.*]] = arith.minui %[[END]], %c96
// CHECK: scf.for %{{.*}} = %c0 to %[[TO]] step %c32
// CHECK: scf.for
// CHECK: spirv.GroupNonUniformShuffle <Subgroup>
// CHECK: math.exp
// CHECK: scf.yield
// CHECK: spirv.GroupNonUniformShuffleXor <Subgroup>
// CHECK: scf.for %{{.*}} = %c0 to %[[TO]] step %c32
// CHECK: math.exp
// CHECK: scf.for
// CHECK: spirv.GroupNonUniformShuffle <Subgroup>
// CHECK: memref.store

// Who owns columns begins at the rows that see them.
// CHECK-LABEL: gpu.module @attention_1x2x96x16.1.s1
// CHECK: %[[TILE:.*]] = arith.divui %{{.*}}, %c32
// CHECK: %[[FROM:.*]] = arith.muli %[[TILE]], %c32
// CHECK: scf.for %{{.*}} = %[[FROM]] to %c96 step %c32

// A workgroup of 8 x 8 owns 32 rows; what its invocations have for each other goes through its memory.
// SHARED-LABEL: plan.kernel @attention_1x2x96x16 scratch 0
// SHARED-NEXT: plan.dispatch @attention_1x2x96x16.s0 groups [3, 1, 2]
// SHARED: gpu.module @attention_1x2x96x16.s0
// SHARED: workgroup_size = [64, 1, 1]
// SHARED-NOT: Shuffle
// SHARED-DAG: memref.alloc() : memref<256xvector<4xf32>, #spirv.storage_class<Workgroup>>
// SHARED-DAG: memref.alloc() : memref<256xf32, #spirv.storage_class<Workgroup>>
// SHARED: gpu.barrier
func.func @causal(%x: tensor<1x96x96xf32>) -> (tensor<1x96x2x16xf32>, tensor<1x96x96xf32>) attributes {sinter.entry} {
  %q0 = sinter.slice %x [0, 0, 0] to [1, 96, 32] by [1, 1, 1] : tensor<1x96x96xf32> -> tensor<1x96x32xf32>
  %q1 = sinter.reshape %q0 : tensor<1x96x32xf32> -> tensor<1x96x2x16xf32>
  %q = sinter.transpose %q1 [0, 2, 1, 3] : tensor<1x96x2x16xf32> -> tensor<1x2x96x16xf32>
  %k0 = sinter.slice %x [0, 0, 32] to [1, 96, 64] by [1, 1, 1] : tensor<1x96x96xf32> -> tensor<1x96x32xf32>
  %k1 = sinter.reshape %k0 : tensor<1x96x32xf32> -> tensor<1x96x2x16xf32>
  %k = sinter.transpose %k1 [0, 2, 1, 3] : tensor<1x96x2x16xf32> -> tensor<1x2x96x16xf32>
  %v0 = sinter.slice %x [0, 0, 64] to [1, 96, 96] by [1, 1, 1] : tensor<1x96x96xf32> -> tensor<1x96x32xf32>
  %v1 = sinter.reshape %v0 : tensor<1x96x32xf32> -> tensor<1x96x2x16xf32>
  %v = sinter.transpose %v1 [0, 2, 1, 3] : tensor<1x96x2x16xf32> -> tensor<1x2x96x16xf32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x96x16xf32>, tensor<1x2x96x16xf32>) -> tensor<1x2x96x96xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x96x96xf32>) -> tensor<1x2x96x96xf32> {
  ^bb0(%a: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %a, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x96x96xf32>
  %o0 = sinter.matmul %p, %v : (tensor<1x2x96x96xf32>, tensor<1x2x96x16xf32>) -> tensor<1x2x96x16xf32>
  %o = sinter.transpose %o0 [0, 2, 1, 3] : tensor<1x2x96x16xf32> -> tensor<1x96x2x16xf32>
  %f = sinter.map(%o) [#id] : (tensor<1x96x2x16xf32>) -> tensor<1x96x2x16xf32> {
  ^bb0(%a: f32):
    %z = arith.mulf %a, %a : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x96x2x16xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<1x96x96xf32>) -> tensor<1x96x96xf32>
  return %o, %g : tensor<1x96x2x16xf32>, tensor<1x96x96xf32>
}

// A result that is only read in another order is stored in it.
func.func @stored_transposed(%q: tensor<2x40x8xf32>, %k: tensor<2x40x8xf32>) -> tensor<40x2x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x40x8xf32>, tensor<2x40x8xf32>) -> tensor<2x40x40xf32>
  %p = sinter.softmax %s : tensor<2x40x40xf32>
  %o = sinter.matmul %p, %k : (tensor<2x40x40xf32>, tensor<2x40x8xf32>) -> tensor<2x40x8xf32>
  %t = sinter.transpose %o [1, 0, 2] : tensor<2x40x8xf32> -> tensor<40x2x8xf32>
  return %t : tensor<40x2x8xf32>
}
