// RUN: sinter-opt %s --sinter-cpu-schedule="vector-registers=32 dot-products" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %s --check-prefix=PAIRS
// RUN: sinter-opt %s --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %s --check-prefix=ROUNDED
// RUN: sinter-opt %s --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --sinter-expand-math | FileCheck %s --check-prefix=INTEGERS

// Denormals are zero while a tile is computed. The left operand is rounded while it is copied, the right one while the
// first rows are multiplied; the even k stands in the upper half of a pair, whose product vdpbf16ps adds first.
// PAIRS-LABEL: func private @nn
// PAIRS: llvm.call_intrinsic "llvm.x86.sse.stmxcsr"
// PAIRS: arith.ori %{{.*}}, %c32832_i32
// PAIRS: llvm.call_intrinsic "llvm.x86.sse.ldmxcsr"
// PAIRS: llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"
// PAIRS: vector.store %{{.*}} : memref<{{[0-9]+}}xi32>, vector<8xi32>
// PAIRS: scf.if
// PAIRS: llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"
// PAIRS-NEXT: vector.shuffle %{{.*}}, %{{.*}} [0, 16, 1, 17, 2, 18,
// PAIRS: vector.store %{{.*}} : memref<{{[0-9]+}}xi32>, vector<16xi32>
// PAIRS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%{{.*}}) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
// PAIRS: } else {
// PAIRS-NOT: math.fma
// PAIRS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// PAIRS: llvm.call_intrinsic "llvm.x86.sse.ldmxcsr"
// Other processors multiply rounded f32 in the same order.
// ROUNDED-LABEL: func private @nn
// ROUNDED: llvm.call_intrinsic "llvm.x86.sse.ldmxcsr"
// ROUNDED: arith.cmpf olt
// ROUNDED: arith.select
// ROUNDED: arith.truncf
// ROUNDED: arith.extf
// ROUNDED: vector.store %{{.*}} : memref<{{[0-9]+}}xf32>, vector<16xf32>
// ROUNDED-NOT: dpbf16ps
// ROUNDED: math.fma
// Rounding is to nearest, ties to even, and keeps NaN; in integers, which no control word changes.
// INTEGERS-LABEL: func private @nn
// INTEGERS-NOT: arith.truncf
// INTEGERS-DAG: arith.constant dense<32767> : vector<16xi32>
// INTEGERS-DAG: arith.cmpf uno
// INTEGERS: return
func.func private @nn(%a: tensor<192x64xf32>, %b: tensor<64x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<192x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product", sinter.bf16}
      ins(%a, %b : tensor<192x64xf32>, tensor<64x96xf32>) outs(%f : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %xn = arith.truncf %x : f32 to bf16
    %xr = arith.extf %xn : bf16 to f32
    %yn = arith.truncf %y : f32 to bf16
    %yr = arith.extf %yn : bf16 to f32
    %p = arith.mulf %xr, %yr : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// Tiles of fewer rows than a vector has lanes: what stands behind the last row of the operand is not touched.
// PAIRS-LABEL: func private @few_rows
// PAIRS-NOT: vector.load %{{.*}} : memref<110000xf32>, vector<16xf32>
// PAIRS: vector.maskedload %{{.*}} : memref<110000xf32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
// PAIRS-NOT: vector.load %{{.*}} : memref<110000xf32>, vector<16xf32>
// PAIRS: return
func.func private @few_rows(%a: tensor<1100x100xf32>, %b: tensor<1100x50xf32>) -> tensor<100x50xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<100x50xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<100x50xf32>) -> tensor<100x50xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product", sinter.bf16}
      ins(%a, %b : tensor<1100x100xf32>, tensor<1100x50xf32>) outs(%f : tensor<100x50xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %xn = arith.truncf %x : f32 to bf16
    %xr = arith.extf %xn : bf16 to f32
    %yn = arith.truncf %y : f32 to bf16
    %yr = arith.extf %yn : bf16 to f32
    %p = arith.mulf %xr, %yr : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<100x50xf32>
  return %c : tensor<100x50xf32>
}

// The last step of an odd k is half a pair, where the right operand is read in place too: in the last of several blocks.
// PAIRS-LABEL: func private @odd
// PAIRS-SAME: sinter.schedule = {block = {{[^"]*}}, flags = [{{.*}}"pairs"], {{.*}}left = "rows", right = "copied"
// PAIRS: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// PAIRS: llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"(%{{.*}}, %[[ZERO]])
// PAIRS: vector.store %{{.*}} : memref<{{[0-9]+}}xi32>, vector<16xi32>
// PAIRS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// PAIRS: } else {
func.func private @odd(%a: tensor<192x1101xf32>, %b: tensor<1101x96xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<192x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product", sinter.bf16}
      ins(%a, %b : tensor<192x1101xf32>, tensor<1101x96xf32>) outs(%f : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %xn = arith.truncf %x : f32 to bf16
    %xr = arith.extf %xn : bf16 to f32
    %yn = arith.truncf %y : f32 to bf16
    %yr = arith.extf %yn : bf16 to f32
    %p = arith.mulf %xr, %yr : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}
