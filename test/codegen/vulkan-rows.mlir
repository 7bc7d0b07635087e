// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule --sinter-vulkan-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" --canonicalize --cse | FileCheck %s --check-prefix=SHARED

// A softmax is one dispatch. On CPU-like devices a subgroup of eight shares a row of a multiple of 32: it is read once, as
// texels, stays in registers, exponentials included, and shuffles add up its parts.
// CHECK-LABEL: plan.kernel @softmax scratch 0 attributes
// CHECK-NEXT: plan.dispatch @softmax.s0 groups [96, 1, 1] push [] bind (write 1 at 0 bytes 196608, texels 0 at 0 bytes 196608)
// CHECK-NEXT: }
// CHECK: gpu.module @softmax.s0
// CHECK: gpu.func @main
// CHECK-SAME: workgroup_size = [64, 1, 1], subgroup_size = 8
// CHECK-DAG: %[[C1:.*]] = spirv.Constant 1
// CHECK-DAG: %[[C2:.*]] = spirv.Constant 2
// CHECK-DAG: %[[C4:.*]] = spirv.Constant 4
// CHECK-NOT: scf
// CHECK: %[[X0:.*]] = plan.fetch_texels
// CHECK: %[[X1:.*]] = plan.fetch_texels
// CHECK-NOT: plan.fetch_texels
// CHECK: arith.maximumf %[[X0]], %[[X1]] : vector<4xf32>
// CHECK-COUNT-3: arith.maximumf {{.*}} : f32
// CHECK: spirv.GroupNonUniformShuffleXor <Subgroup> %{{.*}}, %[[C4]] : f32
// CHECK-NEXT: arith.maximumf
// CHECK-NEXT: spirv.GroupNonUniformShuffleXor <Subgroup> %{{.*}}, %[[C2]] : f32
// CHECK-NEXT: arith.maximumf
// CHECK-NEXT: spirv.GroupNonUniformShuffleXor <Subgroup> %{{.*}}, %[[C1]] : f32
// CHECK-NEXT: %[[MAX:.*]] = arith.maximumf
// CHECK: %[[EXP0:.*]] = math.exp
// CHECK: %[[EXP1:.*]] = math.exp
// CHECK-COUNT-3: spirv.GroupNonUniformShuffleXor
// CHECK: arith.divf %[[EXP0]]
// CHECK: memref.store
// CHECK: arith.divf %[[EXP1]]
// CHECK: memref.store
// CHECK-NOT: memref.store

// On GPUs 16 invocations share a row of 64, four rows a workgroup.
// SHARED-LABEL: plan.kernel @softmax scratch 196608 attributes
// SHARED-NEXT: plan.dispatch @softmax.s0 groups [192, 1, 1] push []
// SHARED: gpu.module @softmax.s0
// SHARED: gpu.func @main
// SHARED-SAME: workgroup_size = [64, 1, 1]
// SHARED: memref.alloc() : memref<64xf32, #spirv.storage_class<Workgroup>>
// Store, and four halvings of 16.
// SHARED-COUNT-5: gpu.barrier
// SHARED: math.exp
// SHARED-COUNT-5: gpu.barrier
// SHARED-NOT: gpu.barrier
func.func private @softmax(%x: tensor<768x64xf32>) -> tensor<768x64xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %row = tensor.empty() : tensor<768xf32>
  %all = tensor.empty() : tensor<768x64xf32>
  %f0 = linalg.fill ins(%low : f32) outs(%row : tensor<768xf32>) -> tensor<768xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%row : tensor<768xf32>) -> tensor<768xf32>
  %max = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<768x64xf32>) outs(%f0 : tensor<768xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.maximumf %o, %v : f32
    linalg.yield %s : f32
  } -> tensor<768xf32>
  %exp = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<768x64xf32>, tensor<768xf32>) outs(%all : tensor<768x64xf32>) {
  ^bb0(%v: f32, %m: f32, %o: f32):
    %d = arith.subf %v, %m : f32
    %s = math.exp %d : f32
    linalg.yield %s : f32
  } -> tensor<768x64xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<768x64xf32>) outs(%f1 : tensor<768xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %o, %v : f32
    linalg.yield %s : f32
  } -> tensor<768xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<768x64xf32>, tensor<768xf32>) outs(%all : tensor<768x64xf32>) {
  ^bb0(%v: f32, %m: f32, %o: f32):
    %s = arith.divf %v, %m : f32
    linalg.yield %s : f32
  } -> tensor<768x64xf32>
  return %y : tensor<768x64xf32>
}

// -----

// Rows of another length have an invocation each, and their exponentials wait in the scratch.
// SHARED-LABEL: plan.kernel @softmax_36
// CHECK-LABEL: plan.kernel @softmax_36 scratch 110592 attributes
// CHECK-NEXT: plan.dispatch @softmax_36.s0 groups [6, 1, 1] push [] bind (update scratch at 0 bytes 110592, write 1 at 0 bytes 110592, texels 0 at 0 bytes 110592)
// CHECK-NEXT: }
// CHECK: gpu.module @softmax_36.s0
// CHECK: gpu.func @main
// CHECK-SAME: workgroup_size = [128, 1, 1]
// CHECK: %[[MAX:.*]] = scf.for {{.*}} step %c4 iter_args({{.*}}) -> (vector<4xf32>)
// CHECK: arith.maximumf {{.*}} : vector<4xf32>
// CHECK: scf.yield
// CHECK-COUNT-3: arith.maximumf {{.*}} : f32
// CHECK: scf.for {{.*}} -> (vector<4xf32>)
// CHECK: math.exp
// CHECK: memref.store
// CHECK: arith.addf
// CHECK: scf.for
// CHECK: memref.store
// CHECK-NOT: scf.for
func.func private @softmax_36(%x: tensor<768x36xf32>) -> tensor<768x36xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %row = tensor.empty() : tensor<768xf32>
  %all = tensor.empty() : tensor<768x36xf32>
  %f0 = linalg.fill ins(%low : f32) outs(%row : tensor<768xf32>) -> tensor<768xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%row : tensor<768xf32>) -> tensor<768xf32>
  %max = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<768x36xf32>) outs(%f0 : tensor<768xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.maximumf %o, %v : f32
    linalg.yield %s : f32
  } -> tensor<768xf32>
  %exp = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<768x36xf32>, tensor<768xf32>) outs(%all : tensor<768x36xf32>) {
  ^bb0(%v: f32, %m: f32, %o: f32):
    %d = arith.subf %v, %m : f32
    %s = math.exp %d : f32
    linalg.yield %s : f32
  } -> tensor<768x36xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<768x36xf32>) outs(%f1 : tensor<768xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %o, %v : f32
    linalg.yield %s : f32
  } -> tensor<768xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<768x36xf32>, tensor<768xf32>) outs(%all : tensor<768x36xf32>) {
  ^bb0(%v: f32, %m: f32, %o: f32):
    %s = arith.divf %v, %m : f32
    linalg.yield %s : f32
  } -> tensor<768x36xf32>
  return %y : tensor<768x36xf32>
}

// -----

// Long rows are loops of four vectors a round, and an argument that a launch overwrites is no texel buffer.
// CHECK-LABEL: plan.kernel @centre scratch 0 attributes
// CHECK-NEXT: plan.dispatch @centre.s0 groups [32, 1, 1] push [] bind (read 0 at 0 bytes 1048576, write 1 at 0 bytes 1048576)
// CHECK: gpu.module @centre.s0
// CHECK-NOT: plan.fetch_texels
// CHECK: scf.for {{.*}} = %c0 to %c1024 step %c128 iter_args({{.*}}) -> (vector<4xf32>)
// CHECK-COUNT-4: arith.addf {{.*}} : vector<4xf32>
// CHECK: scf.yield
// CHECK-COUNT-3: spirv.GroupNonUniformShuffleXor
// CHECK: scf.for
// CHECK-COUNT-4: memref.store
func.func private @centre(%x: tensor<256x1024xf32>) -> tensor<256x1024xf32>
    attributes {sinter.kernel, sinter.kind = "rows", sinter.in_place = array<i64: 0, 0>} {
  %zero = arith.constant 0.0 : f32
  %row = tensor.empty() : tensor<256xf32>
  %all = tensor.empty() : tensor<256x1024xf32>
  %f = linalg.fill ins(%zero : f32) outs(%row : tensor<256xf32>) -> tensor<256xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<256x1024xf32>) outs(%f : tensor<256xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %o, %v : f32
    linalg.yield %s : f32
  } -> tensor<256xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<256x1024xf32>, tensor<256xf32>) outs(%all : tensor<256x1024xf32>) {
  ^bb0(%v: f32, %m: f32, %o: f32):
    %s = arith.subf %v, %m : f32
    linalg.yield %s : f32
  } -> tensor<256x1024xf32>
  return %y : tensor<256x1024xf32>
}
