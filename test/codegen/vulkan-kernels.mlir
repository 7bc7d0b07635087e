// Kernels that are more than elements or rows: columns, scattered sums, booleans, many operands, several members.
// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule --sinter-vulkan-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --split-input-file --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" --canonicalize --cse | FileCheck %s --check-prefix=SHARED

// A column is added up by one invocation, four neighbours at once, in runs of 64 rows; on GPUs 16 parts of 64 rows first.
// CHECK-LABEL: plan.kernel @columns scratch 0 attributes
// CHECK-NEXT: plan.dispatch @columns.s0 groups [4, 1, 1] push [] bind (write 1 at 0 bytes 2048, texels 0 at 0 bytes 2097152)
// CHECK: scf.for {{.*}} = %c0 to %c1024 step %c64 iter_args({{.*}}) -> (vector<4xf32>, vector<4xf32>)
// CHECK: scf.for {{.*}} = %c0 to %c64 step %c4 iter_args({{.*}}) -> (vector<4xf32>)
// SHARED-LABEL: plan.kernel @columns scratch 32768 attributes
// SHARED-NEXT: plan.dispatch @columns.s0 groups [32, 1, 1] push [] bind (read 0 at 0 bytes 2097152, write scratch at 0 bytes 32768)
// SHARED-NEXT: plan.dispatch @columns.s1 groups [2, 1, 1] push [] bind (read scratch at 0 bytes 32768, write 1 at 0 bytes 2048)
func.func private @columns(%x: tensor<1024x512xf32>) -> tensor<512xf32> attributes {sinter.kernel, sinter.kind = "columns"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<512xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<512xf32>) -> tensor<512xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(j, i) -> (j, i)>, affine_map<(j, i) -> (i)>], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<1024x512xf32>) outs(%f : tensor<512xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.addf %o, %v : f32
    linalg.yield %s : f32
  } -> tensor<512xf32>
  return %y : tensor<512xf32>
}

// -----

// Beside the table, what rounding has added to each of its elements.
// CHECK-LABEL: plan.kernel @scatter scratch 32768 attributes
// CHECK-NEXT: plan.dispatch @scatter.s0 groups [16, 1, 1] push [] bind (write 2 at 0 bytes 32768, write scratch at 0 bytes 32768)
// CHECK-NEXT: plan.dispatch @scatter.s1 groups [8, 1, 1] push [] bind (read 0 at 0 bytes 3072, read 1 at 0 bytes 393216, update 2 at 0 bytes 32768, update scratch at 0 bytes 32768)
// CHECK: gpu.module @scatter.s1
// CHECK: scf.for
// CHECK: arith.cmpi sge
// CHECK: arith.cmpi slt
// CHECK: scf.if
// CHECK: arith.addf {{.*}} : vector<4xf32>
func.func private @scatter(%i: tensor<768xi32>, %u: tensor<768x128xf32>) -> tensor<64x128xf32> attributes {sinter.kernel, sinter.kind = "scatter_add"} {
  %y = sinter.scatter_add %i, %u : (tensor<768xi32>, tensor<768x128xf32>) -> tensor<64x128xf32>
  return %y : tensor<64x128xf32>
}

// -----

// Booleans are bytes in memory, between units as well.
// CHECK-LABEL: plan.kernel @booleans scratch 0
// CHECK-NEXT: plan.dispatch @booleans.s0 {{.*}}write 2 at 0 bytes 4096
// CHECK-NEXT: plan.dispatch @booleans.s1 {{.*}}read 2 at 0 bytes 4096
// CHECK: gpu.func @main({{.*}}memref<?xvector<4xi8>
// CHECK: arith.extui {{.*}} : vector<4xi1> to vector<4xi8>
// CHECK: gpu.module @booleans.s1
// CHECK: arith.trunci {{.*}} : vector<4xi8> to vector<4xi1>
func.func private @booleans(%x: tensor<64x64xf32>) -> (tensor<64xf32>, tensor<64x64xi1>) attributes {sinter.kernel, sinter.kind = "columns"} {
  %zero = arith.constant 0.0 : f32
  %b = tensor.empty() : tensor<64x64xi1>
  %e = tensor.empty() : tensor<64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<64x64xf32>) outs(%b : tensor<64x64xi1>) {
  ^bb0(%v: f32, %o: i1):
    %s = arith.cmpf olt, %v, %zero : f32
    linalg.yield %s : i1
  } -> tensor<64x64xi1>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>], iterator_types = ["reduction", "parallel"]}
      ins(%x, %c : tensor<64x64xf32>, tensor<64x64xi1>) outs(%f : tensor<64xf32>) {
  ^bb0(%v: f32, %w: i1, %o: f32):
    %s = arith.select %w, %zero, %v : f32
    %t = arith.addf %o, %s : f32
    linalg.yield %t : f32
  } -> tensor<64xf32>
  return %y, %c : tensor<64xf32>, tensor<64x64xi1>
}

// -----

// What nothing but sums of columns read is computed where it is added up, and needs no memory.
// CHECK-LABEL: plan.kernel @summands scratch 0 attributes
// CHECK-NEXT: plan.dispatch @summands.s0
// CHECK-NEXT: }
// CHECK: scf.for {{.*}} -> (vector<4xf32>, vector<4xf32>)
// SHARED-LABEL: plan.kernel @summands scratch 0 attributes
// SHARED-NEXT: plan.dispatch @summands.s0
// SHARED-NEXT: }
func.func private @summands(%x: tensor<64x64xf32>) -> (tensor<64xf32>, tensor<64xf32>) attributes {sinter.kernel, sinter.kind = "columns"} {
  %zero = arith.constant 0.0 : f32
  %b = tensor.empty() : tensor<64x64xi1>
  %e = tensor.empty() : tensor<64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<64x64xf32>) outs(%b : tensor<64x64xi1>) {
  ^bb0(%v: f32, %o: i1):
    %s = arith.cmpf olt, %v, %zero : f32
    linalg.yield %s : i1
  } -> tensor<64x64xi1>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>], iterator_types = ["reduction", "parallel"]}
      ins(%x, %c : tensor<64x64xf32>, tensor<64x64xi1>) outs(%f : tensor<64xf32>) {
  ^bb0(%v: f32, %w: i1, %o: f32):
    %s = arith.select %w, %zero, %v : f32
    %t = arith.addf %o, %s : f32
    linalg.yield %t : f32
  } -> tensor<64xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<64x64xf32>) outs(%f : tensor<64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %t = arith.addf %o, %v : f32
    linalg.yield %t : f32
  } -> tensor<64xf32>
  return %y, %z : tensor<64xf32>, tensor<64xf32>
}

// -----

// Members differ in size: the shader is one, and the size a push constant.
// CHECK-LABEL: plan.kernel @members scratch 0
// CHECK-NEXT: plan.dispatch @members.s0 groups [1, 1, 1] push [5] bind (read 1 at 0 bytes 4, write 3 at 0 bytes 80, texels 0 at 0 bytes 80)
// CHECK-NEXT: plan.dispatch @members.s0 groups [10, 1, 1] push [75] bind (read 1 at 0 bytes 4, write 4 at 0 bytes 1200, texels 2 at 0 bytes 1200)
func.func private @members(%p0: tensor<20xf32>, %lr: tensor<f32>, %p1: tensor<300xf32>) -> (tensor<20xf32>, tensor<300xf32>)
    attributes {sinter.kernel, sinter.kind = "elements", sinter.members = 2} {
  %e0 = tensor.empty() : tensor<20xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%p0, %lr : tensor<20xf32>, tensor<f32>) outs(%e0 : tensor<20xf32>) {
  ^bb0(%v: f32, %r: f32, %o: f32):
    %s = arith.mulf %v, %r : f32
    linalg.yield %s : f32
  } -> tensor<20xf32>
  %e1 = tensor.empty() : tensor<300xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%p1, %lr : tensor<300xf32>, tensor<f32>) outs(%e1 : tensor<300xf32>) {
  ^bb0(%v: f32, %r: f32, %o: f32):
    %s = arith.mulf %v, %r : f32
    linalg.yield %s : f32
  } -> tensor<300xf32>
  return %0, %1 : tensor<20xf32>, tensor<300xf32>
}

// -----

// A shader binds 16 places: of 21 operands, six scalars are gathered in the scratch first.
// CHECK-LABEL: plan.kernel @many scratch 256
// CHECK-NEXT: plan.dispatch @many.s0 groups [1, 1, 1] push [1] bind (write scratch at 0 bytes 24, read 0 at 0 bytes 4, read 1 at 0 bytes 4, read 2 at 0 bytes 4, read 3 at 0 bytes 4, read 4 at 0 bytes 4, read 5 at 0 bytes 4)
// CHECK-NEXT: plan.dispatch @many.s1 groups [1, 1, 1] push [1] bind (read scratch at 0 bytes 24, read 6 at 0 bytes 4,
func.func private @many(%a0: tensor<f32>, %a1: tensor<f32>, %a2: tensor<f32>, %a3: tensor<f32>, %a4: tensor<f32>, %a5: tensor<f32>, %a6: tensor<f32>, %a7: tensor<f32>, %a8: tensor<f32>, %a9: tensor<f32>, %a10: tensor<f32>, %a11: tensor<f32>, %a12: tensor<f32>, %a13: tensor<f32>, %a14: tensor<f32>, %a15: tensor<f32>, %a16: tensor<f32>, %a17: tensor<f32>, %a18: tensor<f32>, %a19: tensor<f32>) -> tensor<f32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<f32>
  %y = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%a0, %a1, %a2, %a3, %a4, %a5, %a6, %a7, %a8, %a9, %a10, %a11, %a12, %a13, %a14, %a15, %a16, %a17, %a18, %a19 : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>)
      outs(%e : tensor<f32>) {
  ^bb0(%v0: f32, %v1: f32, %v2: f32, %v3: f32, %v4: f32, %v5: f32, %v6: f32, %v7: f32, %v8: f32, %v9: f32, %v10: f32, %v11: f32, %v12: f32, %v13: f32, %v14: f32, %v15: f32, %v16: f32, %v17: f32, %v18: f32, %v19: f32, %o: f32):
    %s1 = arith.addf %v0, %v1 : f32
    %s2 = arith.addf %s1, %v2 : f32
    %s3 = arith.addf %s2, %v3 : f32
    %s4 = arith.addf %s3, %v4 : f32
    %s5 = arith.addf %s4, %v5 : f32
    %s6 = arith.addf %s5, %v6 : f32
    %s7 = arith.addf %s6, %v7 : f32
    %s8 = arith.addf %s7, %v8 : f32
    %s9 = arith.addf %s8, %v9 : f32
    %s10 = arith.addf %s9, %v10 : f32
    %s11 = arith.addf %s10, %v11 : f32
    %s12 = arith.addf %s11, %v12 : f32
    %s13 = arith.addf %s12, %v13 : f32
    %s14 = arith.addf %s13, %v14 : f32
    %s15 = arith.addf %s14, %v15 : f32
    %s16 = arith.addf %s15, %v16 : f32
    %s17 = arith.addf %s16, %v17 : f32
    %s18 = arith.addf %s17, %v18 : f32
    %s19 = arith.addf %s18, %v19 : f32
    linalg.yield %s19 : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
