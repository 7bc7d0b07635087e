// Slices, reshapes and inserts are strides and offsets: what is computed lands where it is returned, with no copy.
// RUN: sinter-opt %s --split-input-file --sinter-cpu-schedule --sinter-cpu-emit-loops --canonicalize --cse | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func private @into_the_padding
// CHECK-SAME: sinter.scratch = 0 : i64
// CHECK-SAME: sinter.tiles = 4 : i64
// The zeros first, then the values, at column 3 of rows of 24.
// CHECK: vector.store %{{.*}} : memref<96xf32>
// CHECK: arith.negf
// CHECK: vector.store %{{.*}} : memref<96xf32>
// CHECK-NOT: scf.for
func.func private @into_the_padding(%x: tensor<4x16xf32>) -> tensor<4x24xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = tensor.empty() : tensor<4x24xf32>
  %z = linalg.fill ins(%zero : f32) outs(%f : tensor<4x24xf32>) -> tensor<4x24xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.negf %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x16xf32>
  %r = tensor.insert_slice %n into %z[0, 3] [4, 16] [1, 1] : tensor<4x16xf32> into tensor<4x24xf32>
  return %r : tensor<4x24xf32>
}

// -----

// A slice of an argument and a reshape of the result: one loop over two rows of sixteen.
// CHECK-LABEL: func private @slice_and_reshape
// CHECK-SAME: memref<2x4x4xf32>
// CHECK: scf.for
// CHECK: vector.load %{{.*}} : memref<96xf32>
// CHECK: vector.store %{{.*}} : memref<32xf32>
// CHECK-NOT: vector.load
func.func private @slice_and_reshape(%x: tensor<4x24xf32>) -> tensor<2x4x4xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<2x16xf32>
  %s = tensor.extract_slice %x[1, 5] [2, 16] [2, 1] : tensor<4x24xf32> to tensor<2x16xf32>
  %n = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<2x16xf32>) outs(%e : tensor<2x16xf32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.negf %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x16xf32>
  %r = tensor.expand_shape %n [[0], [1, 2]] output_shape [2, 4, 4] : tensor<2x16xf32> into tensor<2x4x4xf32>
  return %r : tensor<2x4x4xf32>
}

// -----

// An argument that is returned is copied.
// CHECK-LABEL: func private @copy
// CHECK: vector.load
// CHECK: vector.store
func.func private @copy(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  return %x : tensor<64xf32>
}
