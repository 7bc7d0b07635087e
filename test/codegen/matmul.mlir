// RUN: sinter-opt %s --split-input-file --sinter-cpu-schedule --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --split-input-file --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %s --check-prefix=WIDE

// The register tile: sums are carried through the loop over k, products are fused multiply-adds, bias and store follow
// at once. The first rows read the right operand in place and leave its panel behind for the others. Six rows of sixteen columns fill sixteen registers of eight floats, twelve of thirty-two columns thirty-two
// registers of sixteen.
// CHECK-LABEL: func private @nn
// CHECK-SAME: (%{{.*}}: memref<192x64xf32>, %{{.*}}: memref<64x96xf32>, %{{.*}}: memref<96xf32>, %[[C:.*]]: memref<192x96xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index, %{{.*}}: memref<?xi8>)
// CHECK-SAME: sinter.bytes = {{[0-9]+}}
// (2377728, as MLIR prints such a number)
// CHECK-SAME: sinter.flops = 0x4142240000000000
// CHECK-SAME: sinter.scratch = {{[0-9]+}}
// CHECK-SAME: sinter.tiles = 8
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: scf.if %{{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: memref.prefetch
// CHECK: vector.store
// CHECK-COUNT-6: math.fma
// CHECK-NOT: math.fma
// CHECK: } else {
// CHECK-COUNT-12: math.fma
// CHECK-NOT: math.fma
// CHECK: arith.addf
// CHECK: vector.store
// WIDE-LABEL: func private @nn
// WIDE-COUNT-24: math.fma
// WIDE: } else {
// WIDE-COUNT-48: math.fma
// WIDE-NOT: math.fma
// WIDE: arith.addf
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

// A right operand that is contiguous along k is transposed in registers on its way into panels.
// CHECK-LABEL: func private @nt
// CHECK-COUNT-24: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK-COUNT-12: math.fma
func.func private @nt(%a: tensor<192x64xf32>, %b: tensor<96x64xf32>) -> tensor<192x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<192x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<192x96xf32>) -> tensor<192x96xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<192x64xf32>, tensor<96x64xf32>) outs(%f : tensor<192x96xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<192x96xf32>
  return %c : tensor<192x96xf32>
}

// -----

// Sizes that are no multiple of a tile need no mask: the last tile moves back, and computes some elements twice.
// CHECK-LABEL: func private @edges
// CHECK-NOT: mask
// CHECK: arith.minui
// CHECK-NOT: mask
// CHECK: return
func.func private @edges(%a: tensor<100x300xf32>, %b: tensor<300x77xf32>) -> tensor<100x77xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<100x77xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<100x77xf32>) -> tensor<100x77xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<100x300xf32>, tensor<300x77xf32>) outs(%f : tensor<100x77xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<100x77xf32>
  return %c : tensor<100x77xf32>
}

// -----

// Heads are read in place from [b, t, h, d], two dimensions of which become batches; the mask's indices are vectors.
// CHECK-LABEL: func private @heads
// CHECK-SAME: sinter.tiles = 8
// CHECK: %[[I:.*]] = arith.index_cast
// CHECK: arith.cmpi sge, %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: arith.select %{{.*}} : vector<16xi1>, vector<16xf32>
func.func private @heads(%q: tensor<2x32x4x16xf32>, %k: tensor<2x32x4x16xf32>) -> tensor<2x4x32x32xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %masked = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<2x4x32x32xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x32x32xf32>) -> tensor<2x4x32x32xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(b, h, i, j, d) -> (b, i, h, d)>, affine_map<(b, h, i, j, d) -> (b, j, h, d)>, affine_map<(b, h, i, j, d) -> (b, h, i, j)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%q, %k : tensor<2x32x4x16xf32>, tensor<2x32x4x16xf32>) outs(%f : tensor<2x4x32x32xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x4x32x32xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(b, h, i, j) -> (b, h, i, j)>, affine_map<(b, h, i, j) -> (b, h, i, j)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c : tensor<2x4x32x32xf32>) outs(%e : tensor<2x4x32x32xf32>) {
  ^bb0(%x: f32, %o: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %i32 = arith.index_cast %i : index to i32
    %j32 = arith.index_cast %j : index to i32
    %seen = arith.cmpi sge, %i32, %j32 : i32
    %s = arith.select %seen, %x, %masked : f32
    linalg.yield %s : f32
  } -> tensor<2x4x32x32xf32>
  return %r : tensor<2x4x32x32xf32>
}

// -----

// One row is bound by reading the matrix: its rows are read whole, in order, and nothing is packed.
// CHECK-LABEL: func private @row
// CHECK-SAME: sinter.scratch = 1088
// CHECK-SAME: sinter.tiles = 8
// CHECK-COUNT-8: math.fma
// CHECK-NOT: math.fma
func.func private @row(%a: tensor<1x256xf32>, %b: tensor<256x2048xf32>) -> tensor<1x2048xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2048xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2048xf32>) -> tensor<1x2048xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<1x256xf32>, tensor<256x2048xf32>) outs(%f : tensor<1x2048xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x2048xf32>
  return %c : tensor<1x2048xf32>
}

// -----

// The same for a matrix that is contiguous along k: blocks of 8 x 8 are transposed in registers, two side by side, and
// every lane adds in order.
// CHECK-LABEL: func private @row_nt
// CHECK-SAME: sinter.scratch = 64
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>)
// CHECK-COUNT-8: vector.load
// CHECK-COUNT-24: vector.shuffle
// CHECK-COUNT-16: math.fma
// CHECK-NOT: math.fma
func.func private @row_nt(%a: tensor<1x256xf32>, %b: tensor<2048x256xf32>) -> tensor<1x2048xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2048xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2048xf32>) -> tensor<1x2048xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<1x256xf32>, tensor<2048x256xf32>) outs(%f : tensor<1x2048xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x2048xf32>
  return %c : tensor<1x2048xf32>
}

// -----

// A result that is contiguous along m is the transposed product of the swapped operands: n is the vector dimension.
// CHECK-LABEL: func private @column
// CHECK: scf.for
// CHECK-NOT: vector.scatter
// CHECK: vector.store
// CHECK: return
func.func private @column(%a: tensor<64x32xf32>, %b: tensor<48x32xf32>) -> tensor<48x64xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<48x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<48x64xf32>) -> tensor<48x64xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (n, m)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<64x32xf32>, tensor<48x32xf32>) outs(%f : tensor<48x64xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<48x64xf32>
  return %c : tensor<48x64xf32>
}

// -----

// Other kernels are left alone: no product, or more than one, or a reduction of the result.
// CHECK-LABEL: func private @elementwise
// CHECK-SAME: tensor<8xf32>
// CHECK: linalg.generic
func.func private @elementwise(%a: tensor<8xf32>) -> tensor<8xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// Sums that start at one are no product's: its blocks all start at zero.
// CHECK-LABEL: func private @from_one
// CHECK-SAME: tensor<16x8xf32>
// CHECK: linalg.generic
func.func private @from_one(%a: tensor<16x8xf32>, %b: tensor<8x16xf32>) -> tensor<16x16xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<16x16xf32>
  %f = linalg.fill ins(%one : f32) outs(%e : tensor<16x16xf32>) -> tensor<16x16xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<16x8xf32>, tensor<8x16xf32>) outs(%f : tensor<16x16xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<16x16xf32>
  return %c : tensor<16x16xf32>
}

// CHECK-LABEL: func private @then_reduced
// CHECK-SAME: tensor<16x8xf32>
// CHECK-COUNT-2: linalg.generic
func.func private @then_reduced(%a: tensor<16x8xf32>, %b: tensor<8x16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<16x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<16x16xf32>) -> tensor<16x16xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<16x8xf32>, tensor<8x16xf32>) outs(%f : tensor<16x16xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<16x16xf32>
  %e1 = tensor.empty() : tensor<16xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<16xf32>) -> tensor<16xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%c : tensor<16x16xf32>) outs(%f1 : tensor<16xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %s = arith.addf %acc, %x : f32
    linalg.yield %s : f32
  } -> tensor<16xf32>
  return %r : tensor<16xf32>
}

// -----

// A result of over 4 MiB (or twice the second-level cache) goes past the caches, in whole lines, and is there when the
// function returns.
// CHECK-LABEL: func private @past_caches
// CHECK: vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"()
// CHECK-NEXT: return
func.func private @past_caches(%a: tensor<2048x8xf32>, %b: tensor<8x1024xf32>) -> tensor<2048x1024xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2048x1024xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2048x1024xf32>) -> tensor<2048x1024xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<2048x8xf32>, tensor<8x1024xf32>) outs(%f : tensor<2048x1024xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<2048x1024xf32>
  return %c : tensor<2048x1024xf32>
}

// Half of that stays.
// CHECK-LABEL: func private @in_cache
// CHECK-NOT: nontemporal
// CHECK-NOT: sfence
// CHECK: return
func.func private @in_cache(%a: tensor<1024x8xf32>, %b: tensor<8x1024xf32>) -> tensor<1024x1024xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1024x1024xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<1024x8xf32>, tensor<8x1024xf32>) outs(%f : tensor<1024x1024xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1024x1024xf32>
  return %c : tensor<1024x1024xf32>
}

// So does one whose rows begin anywhere in a line.
// CHECK-LABEL: func private @part_lines
// CHECK-NOT: nontemporal
// CHECK-NOT: sfence
// CHECK: return
func.func private @part_lines(%a: tensor<2048x8xf32>, %b: tensor<8x1000xf32>) -> tensor<2048x1000xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2048x1000xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2048x1000xf32>) -> tensor<2048x1000xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<2048x8xf32>, tensor<8x1000xf32>) outs(%f : tensor<2048x1000xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<2048x1000xf32>
  return %c : tensor<2048x1000xf32>
}
