// RUN: sinter-opt %s --sinter-vulkan-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --sinter-vulkan-emit-kernels="profile=shared" --canonicalize --cse | FileCheck %s --check-prefix=SHARED

// A softmax is one dispatch and needs no memory for what a row has one value of; the exponentials wait in the scratch. On
// CPU-like devices an invocation has a row.
// CHECK-LABEL: plan.kernel @softmax scratch 196608 attributes
// CHECK-NEXT: plan.dispatch @softmax.s0 groups [12, 1, 1] push [] bind (read 0 at 0 bytes 196608, update scratch at 0 bytes 196608, write 1 at 0 bytes 196608)
// CHECK-NEXT: }
// CHECK: gpu.module @softmax.s0
// CHECK: gpu.func @main
// CHECK-SAME: workgroup_size = [64, 1, 1]
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
func.func private @softmax(%x: tensor<768x64xf32>) -> tensor<768x64xf32> attributes {sinter.kernel} {
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
