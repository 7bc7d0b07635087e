// How products are cut up for Vulkan stands on their kernels: one pass decides, emitters obey, and no schedule changes a bit.
// RUN: split-file %s %t
// RUN: sinter-opt %t/chosen.mlir --sinter-vulkan-schedule | FileCheck %t/chosen.mlir
// RUN: sinter-opt %t/chosen.mlir --sinter-vulkan-schedule=profile=shared | FileCheck %t/chosen.mlir --check-prefix=SHARED
// RUN: sinter-opt %t/set.mlir --sinter-vulkan-schedule --sinter-vulkan-emit-kernels | FileCheck %t/set.mlir
// RUN: sinter-opt %t/errors.mlir --split-input-file --verify-diagnostics --sinter-vulkan-emit-kernels -o /dev/null
// RUN: not sinter-opt %t/chosen.mlir --sinter-vulkan-schedule=profile=warp 2>&1 | FileCheck %s --check-prefix=PROFILE
// PROFILE: vulkan: there is no profile 'warp'

// RUN: sinter-run --device vulkan --print %t/numbers.mlir > %t/one
// RUN: bash -c 'for seed in 1 2 3 4; do sinter-run --device vulkan --print --schedule-seed $seed %t/numbers.mlir | cmp - %t/one || exit 1; done'

//--- chosen.mlir
// CHECK-LABEL: func.func private @product
// CHECK-SAME: sinter.schedule = {form = "registers", rows = 16 : i64, step = 8 : i64}
// SHARED-LABEL: func.func private @product
// SHARED-SAME: sinter.schedule = {form = "shared"}
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

//--- set.mlir
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// Twelve rows a tile: 16 of them, beside 3 of columns.
// CHECK: plan.dispatch @product.s0 groups [3, 16, 1]
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "registers", rows = 12 : i64, step = 4 : i64}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

//--- errors.mlir
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{@product has no schedule: sinter-vulkan-schedule runs before}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: of a product has a form, "registers", "shared" or "few"}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "tensor_cores"}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: of form "shared" is not for the profile registers}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "shared"}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: of form "registers" has rows and a step, and nothing else}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "registers", rows = 8 : i64}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: of form "registers" has rows and a step, and nothing else}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "registers", rows = 8 : i64, step = 4 : i64, columns = 8 : i64}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: has between 1 and 32 rows, not 33}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "registers", rows = 33 : i64, step = 4 : i64}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: has between 1 and 32 rows, not 0}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "registers", rows = 0 : i64, step = 4 : i64}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
// expected-error @below {{`sinter.schedule`: has a step of 4 or 8 along k, not 6}}
func.func private @product(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product", sinter.schedule = {form = "registers", rows = 8 : i64, step = 6 : i64}} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<192x96xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%start : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

//--- numbers.mlir
func.func @products(%a: tensor<70x130xf32>, %b: tensor<130x37xf32>, %w: tensor<50x70xf32>, %c: tensor<3x9x20xf32>, %d: tensor<3x11x20xf32>)
    -> (tensor<70x37xf32>, tensor<50x37xf32>, tensor<3x9x11xf32>) attributes {sinter.entry} {
  %0 = sinter.matmul %a, %b : (tensor<70x130xf32>, tensor<130x37xf32>) -> tensor<70x37xf32>
  %1 = sinter.matmul %w, %0 : (tensor<50x70xf32>, tensor<70x37xf32>) -> tensor<50x37xf32>
  %2 = sinter.matmul %c, %d {transpose_rhs} : (tensor<3x9x20xf32>, tensor<3x11x20xf32>) -> tensor<3x9x11xf32>
  return %0, %1, %2 : tensor<70x37xf32>, tensor<50x37xf32>, tensor<3x9x11xf32>
}
