// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule --sinter-vulkan-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" --canonicalize --cse | FileCheck %s --check-prefix=SHARED

// Four neighbours at a time; a row vector is read as such. 8192 vectors are whole workgroups: there is no bound to check.
// CPU-like devices read texels, and an invocation takes four places that share the row vector and the arithmetic of indices.
// CHECK-LABEL: plan.kernel @add_row scratch 0 attributes
// CHECK-NEXT: plan.dispatch @add_row.s0 groups [16, 1, 1] push [] bind (write 2 at 0 bytes 131072, texels 0 at 0 bytes 131072, texels 1 at 0 bytes 512)
// CHECK: gpu.module @add_row.s0
// CHECK: gpu.func @main(%[[Y:.*]]: memref<?xvector<4xf32>, {{.*}}>)
// CHECK-SAME: workgroup_size = [128, 1, 1]
// CHECK-NOT: scf.if
// CHECK-COUNT-1: arith.remui
// CHECK-DAG: %[[XV:.*]] = plan.fetch_texels 1
// CHECK-DAG: %[[BV:.*]] = plan.fetch_texels 2
// CHECK: %[[SUM:.*]] = arith.addf %[[XV]], %[[BV]] : vector<4xf32>
// CHECK: memref.store %[[SUM]], %[[Y]]
// CHECK-NOT: arith.remui
// CHECK-COUNT-3: arith.addf %{{.*}}, %[[BV]] : vector<4xf32>
// SHARED-LABEL: plan.kernel @add_row scratch 0 attributes
// SHARED-NEXT: plan.dispatch @add_row.s0 groups [128, 1, 1] push [] bind (read 0 at 0 bytes 131072, read 1 at 0 bytes 512, write 2 at 0 bytes 131072)
// SHARED: gpu.module @add_row.s0
// SHARED: gpu.func @main(%[[X:.*]]: memref<?xvector<4xf32>, {{.*}}>, %[[B:.*]]: memref<?xvector<4xf32>, {{.*}}>, %[[Y:.*]]: memref<?xvector<4xf32>, {{.*}}>)
// SHARED-SAME: workgroup_size = [64, 1, 1]
// SHARED-NOT: scf.if
// SHARED-DAG: %[[XV:.*]] = memref.load %[[X]]
// SHARED-DAG: %[[BV:.*]] = memref.load %[[B]]
// SHARED: %[[SUM:.*]] = arith.addf %[[XV]], %[[BV]] : vector<4xf32>
// SHARED: memref.store %[[SUM]], %[[Y]]
func.func private @add_row(%x: tensor<256x128xf32>, %b: tensor<128xf32>) -> tensor<256x128xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<256x128xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %b : tensor<256x128xf32>, tensor<128xf32>) outs(%e : tensor<256x128xf32>) {
  ^bb0(%v: f32, %w: f32, %o: f32):
    %s = arith.addf %v, %w : f32
    linalg.yield %s : f32
  } -> tensor<256x128xf32>
  return %y : tensor<256x128xf32>
}

// -----

// Sizes that are no multiple of the workgroup are a push constant: kernels that differ in nothing else share the shader.
// CHECK-LABEL: plan.kernel @twice_100
// CHECK-NEXT: plan.dispatch @twice_100.s0 groups [13, 1, 1] push [100] bind (write 1 at 0 bytes 1600, texels 0 at 0 bytes 1600)
// CHECK-LABEL: plan.kernel @twice_17
// CHECK-NEXT: plan.dispatch @twice_100.s0 groups [3, 1, 1] push [17] bind (write 1 at 0 bytes 272, texels 0 at 0 bytes 272)
// CHECK: gpu.module @twice_100.s0
// CHECK: %[[COUNT:.*]] = plan.push_constant 0
// CHECK: arith.cmpi ult
// CHECK: scf.if
// CHECK-NOT: gpu.module
func.func private @twice_100(%x: tensor<400xf32>) -> tensor<400xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<400xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<400xf32>) outs(%e : tensor<400xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %v, %v : f32
    linalg.yield %s : f32
  } -> tensor<400xf32>
  return %y : tensor<400xf32>
}
func.func private @twice_17(%x: tensor<68xf32>) -> tensor<68xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<68xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<68xf32>) outs(%e : tensor<68xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %v, %v : f32
    linalg.yield %s : f32
  } -> tensor<68xf32>
  return %y : tensor<68xf32>
}

// -----

// What a device may not bind at once is bound in parts, and loads and stores choose theirs. The grid has two dimensions.
// CHECK-LABEL: plan.kernel @large
// CHECK-NEXT: plan.dispatch @large.s0 groups [52634, 5, 1] push [33685505] bind (read 0 at 0 bytes 134217728, read 0 at 134217728 bytes 524292, write 1 at 0 bytes 134217728, write 1 at 134217728 bytes 524292)
// CHECK: gpu.func @main(%[[X0:.*]]: memref<?xf32, {{.*}}>, %[[X1:.*]]: memref<?xf32, {{.*}}>, %[[Y0:.*]]: memref<?xf32, {{.*}}>, %[[Y1:.*]]: memref<?xf32, {{.*}}>)
// CHECK: %[[FIRST:.*]] = arith.cmpi ult, %[[I:.*]], %c33554432
// CHECK: scf.if %[[FIRST]]
// CHECK: memref.load %[[X0]][%[[I]]]
// CHECK: else
// CHECK: memref.load %[[X1]]
// CHECK: scf.if %[[FIRST]]
// CHECK: memref.store %{{.*}}, %[[Y0]][%[[I]]]
// CHECK: else
// CHECK: memref.store %{{.*}}, %[[Y1]]
func.func private @large(%x: tensor<33685505xf32>) -> tensor<33685505xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<33685505xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<33685505xf32>) outs(%e : tensor<33685505xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %v, %v : f32
    linalg.yield %s : f32
  } -> tensor<33685505xf32>
  return %y : tensor<33685505xf32>
}
