// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule --sinter-vulkan-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" --canonicalize --cse | FileCheck %s --check-prefix=SHARED

// One dispatch. A subgroup of eight owns 16 rows of 32 columns; for eight k each lane reads two rows of the left operand
// and its columns of the right one, both as texels, and hands out the former by shuffles. The bias is loaded once for all rows.
// CHECK-LABEL: plan.kernel @nn scratch 0
// CHECK-NOT: general
// CHECK: plan.dispatch @nn.s0 groups [3, 12, 1] {{.*}}bind (read 2 at 0 bytes 384, write 3 at 0 bytes 73728, texels 0 at 0 bytes 49152, texels 1 at 0 bytes 24576)
// CHECK: gpu.module @nn.s0
// CHECK: gpu.func @main(%[[BIAS:.*]]: memref<?xvector<4xf32>, {{.*}}>, %[[C:.*]]: memref<?xvector<4xf32>, {{.*}}>)
// CHECK-SAME: workgroup_size = [8, 1, 1], subgroup_size = 8
// CHECK: scf.for
// CHECK-COUNT-4: plan.fetch_texels 2
// CHECK-COUNT-8: plan.fetch_texels 3
// CHECK-NOT: memref.load
// CHECK-COUNT-128: spirv.GroupNonUniformShuffle
// CHECK: scf.yield
// CHECK: memref.load %[[BIAS]]
// CHECK-NOT: memref.load
// CHECK: arith.addf
// CHECK: memref.store %{{.*}}, %[[C]]
// CHECK-COUNT-15: memref.store
// CHECK-NOT: memref.store

// A workgroup of 16 x 8 has 64 rows of 64 columns and copies 16 k of both operands; invocations have four columns of
// eight rows. Columns behind the last one are not stored.
// SHARED-LABEL: plan.kernel @nn scratch 0
// SHARED: plan.dispatch @nn.s0 groups [2, 3, 1]
// SHARED: gpu.func @main
// SHARED-SAME: workgroup_size = [128, 1, 1]
// SHARED-COUNT-2: memref.alloc() : memref<1024xf32, #spirv.storage_class<Workgroup>>
// SHARED: scf.for
// SHARED: gpu.barrier
// SHARED: scf.for
// SHARED-COUNT-8: math.fma {{.*}} : vector<4xf32>
// SHARED-NOT: math.fma
// SHARED: gpu.barrier
// SHARED: scf.if
// SHARED-COUNT-8: memref.store
func.func private @nn(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>, %bias: tensor<96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<192x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%f : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<192x96xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : tensor<192x96xf32>, tensor<96xf32>) outs(%e : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<192x96xf32>
  return %r : tensor<192x96xf32>
}

// -----

// Operands that are transposed are loaded along what is dense in memory: four rows of two lanes' k at once on the left,
// and four k of each of the lane's columns on the right.
// CHECK-LABEL: plan.kernel @tt
// CHECK: scf.for
// CHECK-COUNT-4: plan.fetch_texels 1
// CHECK-COUNT-8: plan.fetch_texels 2
// CHECK-COUNT-8: vector.from_elements
// CHECK: spirv.GroupNonUniformShuffle
func.func private @tt(%a: tensor<64x128xf32>, %b: tensor<128x64xf32>) -> tensor<128x128xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<128x128xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<128x128xf32>) -> tensor<128x128xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<64x128xf32>, tensor<128x64xf32>) outs(%f : tensor<128x128xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<128x128xf32>
  return %c : tensor<128x128xf32>
}

// -----

// What is known to be zero, here the left operand above its diagonal, ends the loop over k early.
// CHECK-LABEL: plan.kernel @triangle
// CHECK: %[[STEPS:.*]] = arith.divui
// CHECK: %[[K:.*]] = arith.muli %[[STEPS]]
// CHECK: %[[MOST:.*]] = arith.minui %[[K]]
// CHECK: %[[TO:.*]] = arith.minui %[[MOST]]
// CHECK: arith.cmpi ugt, %[[TO]], %c0
// CHECK: scf.if
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[TO]]
func.func private @triangle(%a: tensor<128x128xf32>, %b: tensor<128x64xf32>) -> tensor<128x64xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<128x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<128x64xf32>) -> tensor<128x64xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<128x128xf32>, tensor<128x64xf32>) outs(%f : tensor<128x64xf32>) attrs = {sinter.ordered = array<i64: 2, 0, 0>} {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<128x64xf32>
  return %c : tensor<128x64xf32>
}
