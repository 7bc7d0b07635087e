// Elementwise kernels: one pass over memory in chunks, 16 lanes at a time, a masked tail.
// RUN: sinter-opt %s --sinter-cpu-schedule --sinter-cpu-emit-loops --canonicalize --loop-invariant-code-motion --cse | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#scalar = affine_map<(d0, d1) -> ()>

// Dimensions that memory holds contiguously in all operands are one; a scalar operand is read before the loop; both
// results are stored after all loads, as either may be the memory of %p.
// CHECK-LABEL: func private @contiguous_dimensions_merge
// CHECK-SAME: (%[[P:.*]]: memref<30x100xf32>, %[[G:.*]]: memref<30x100xf32>, %[[RATE:.*]]: memref<f32>, %[[O:.*]]: memref<30x100xf32>, %[[S:.*]]: memref<30x100xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index, %{{.*}}: memref<?xi8>)
// CHECK-SAME: sinter.bytes = 4.800400e+04 : f64
// CHECK-SAME: sinter.flops = 6.000000e+03 : f64
// CHECK-SAME: sinter.scratch = 0 : i64
// CHECK-SAME: sinter.tiles = 2 : i64
// CHECK: %[[R:.*]] = memref.load
// CHECK: vector.broadcast %[[R]]
// CHECK: scf.for
// CHECK: vector.load
// CHECK: vector.load
// CHECK-NOT: memref.load
// CHECK-NOT: vector.store
// CHECK: arith.subf
// CHECK: vector.store
// CHECK: vector.store
// CHECK: scf.if
// CHECK-COUNT-2: vector.maskedload
// CHECK-COUNT-2: vector.maskedstore
func.func private @contiguous_dimensions_merge(%p: tensor<30x100xf32>, %g: tensor<30x100xf32>, %rate: tensor<f32>)
    -> (tensor<30x100xf32>, tensor<30x100xf32>) attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<30x100xf32>
  %r:2 = linalg.generic {indexing_maps = [#id, #id, #scalar, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %g, %rate : tensor<30x100xf32>, tensor<30x100xf32>, tensor<f32>)
      outs(%e, %e : tensor<30x100xf32>, tensor<30x100xf32>) {
  ^bb0(%0: f32, %1: f32, %2: f32, %o0: f32, %o1: f32):
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.subf %0, %3 : f32
    linalg.yield %4, %3 : f32, f32
  } -> (tensor<30x100xf32>, tensor<30x100xf32>)
  return %r#0, %r#1 : tensor<30x100xf32>, tensor<30x100xf32>
}

// A bias keeps the rows apart: one tile each. What one generic hands to the next stays in a register.
// CHECK-LABEL: func private @bias_keeps_rows
// CHECK-SAME: sinter.scratch = 0 : i64
// CHECK-SAME: sinter.tiles = 30 : i64
// CHECK: scf.for
// CHECK: scf.for
// CHECK: arith.addf
// CHECK-NOT: vector.store
// CHECK: arith.mulf
// CHECK: vector.store
func.func private @bias_keeps_rows(%x: tensor<30x100xf32>, %b: tensor<100xf32>) -> tensor<30x100xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<30x100xf32>
  %s = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<30x100xf32>, tensor<100xf32>) outs(%e : tensor<30x100xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.addf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<30x100xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<30x100xf32>) outs(%e : tensor<30x100xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.mulf %0, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<30x100xf32>
  return %r : tensor<30x100xf32>
}

// An index along the lanes is a base and the lane numbers, in 32 bits.
// CHECK-LABEL: func private @index_along_lanes
// CHECK: %[[STEPS:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : vector<16xi32>
// CHECK: arith.index_cast %{{.*}} : index to i32
// CHECK: arith.addi %{{.*}}, %[[STEPS]] : vector<16xi32>
func.func private @index_along_lanes() -> tensor<64xi32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<64xi32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%e : tensor<64xi32>) {
  ^bb0(%o: i32):
    %0 = linalg.index 0 : index
    %1 = arith.index_cast %0 : index to i32
    linalg.yield %1 : i32
  } -> tensor<64xi32>
  return %r : tensor<64xi32>
}

// A gather whose last index runs along the lanes is one contiguous load.
// CHECK-LABEL: func private @gathered_rows_are_contiguous
// CHECK-NOT: vector.gather
// CHECK: %[[ROW:.*]] = memref.load %{{.*}} : memref<24xi32>
// CHECK: scf.for
// CHECK: vector.load %{{.*}} : memref<2080xf32>
func.func private @gathered_rows_are_contiguous(%table: tensor<65x32xf32>, %i: tensor<24xi32>) -> tensor<24x32xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<24x32xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<24xi32>) outs(%e : tensor<24x32xf32>) {
  ^bb0(%0: i32, %o: f32):
    %1 = arith.index_cast %0 : i32 to index
    %2 = linalg.index 1 : index
    %3 = tensor.extract %table[%1, %2] : tensor<65x32xf32>
    linalg.yield %3 : f32
  } -> tensor<24x32xf32>
  return %r : tensor<24x32xf32>
}

// Booleans are bytes in memory.
// CHECK-LABEL: func private @booleans_are_bytes
// CHECK-SAME: memref<64xi8>
// CHECK: arith.cmpf
// CHECK: arith.extui %{{.*}} : vector<16xi1> to vector<16xi8>
// CHECK: vector.store %{{.*}} : memref<64xi8>, vector<16xi8>
func.func private @booleans_are_bytes(%x: tensor<64xf32>) -> tensor<64xi1> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<64xi1>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf32>) outs(%e : tensor<64xi1>) {
  ^bb0(%0: f32, %o: i1):
    %c = arith.constant 0.0 : f32
    %1 = arith.cmpf ogt, %0, %c : f32
    linalg.yield %1 : i1
  } -> tensor<64xi1>
  return %r : tensor<64xi1>
}

// A diagonal: the lanes' elements are a row and an element apart.
// CHECK-LABEL: func private @diagonal
// CHECK: arith.constant dense<[0, 33, 66, 99,
// CHECK: vector.gather
func.func private @diagonal(%x: tensor<32x32xf32>) -> tensor<32xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<32xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %0 = tensor.extract %x[%i, %i] : tensor<32x32xf32>
    linalg.yield %0 : f32
  } -> tensor<32xf32>
  return %y : tensor<32xf32>
}
