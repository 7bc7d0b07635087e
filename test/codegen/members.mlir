// Kernels of several members: the loop is there once, and a tile takes its memory from the member that it belongs to.
// RUN: split-file %s %t
// RUN: sinter-opt %t/loops.mlir --sinter-cpu-schedule --sinter-cpu-emit-loops --canonicalize --loop-invariant-code-motion --cse | FileCheck %t/loops.mlir
// RUN: sinter-opt %t/loops.mlir --sinter-cpu-pipeline | FileCheck %t/loops.mlir --check-prefix=TARGET
// RUN: sinter-opt %t/errors.mlir --split-input-file --verify-diagnostics --sinter-cpu-schedule --sinter-cpu-emit-loops
// RUN: sinter-run %t/run.mlir

//--- loops.mlir
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
#id2 = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// 32768 elements are two tiles, 16400 two, 16 one. A row of the table: the first tile, the size, the number of the
// operand that is read and its elements, the same of what is written.
// CHECK: memref.global "private" constant @elements.members : memref<4x6xindex>
// CHECK-SAME{LITERAL}: [[0, 32768, 0, 32768, 4, 32768], [2, 16400, 2, 16400, 5, 16400], [4, 16, 3, 16, 6, 16], [5, 0, 0, 0, 0, 0]]
// CHECK-LABEL: func private @elements
// CHECK-SAME: sinter.tiles = 5 : i64
// CHECK: %[[TABLE:.*]] = memref.get_global @elements.members
// CHECK: scf.for %[[TILE:.*]] = {{.*}} iter_args(%[[LAST:.*]] = %c0)
// CHECK: %[[MEMBER:.*]] = scf.while (%[[KNOWN:.*]] = %[[LAST]])
// CHECK: %[[NEXT:.*]] = memref.load %[[TABLE]]
// CHECK: arith.cmpi uge, %[[TILE]], %[[NEXT]]
// CHECK: %[[NUMBER:.*]] = memref.load %[[TABLE]][%[[MEMBER]], %c2]
// CHECK: %[[READ:.*]] = builtin.unrealized_conversion_cast %[[NUMBER]], %{{.*}} : index, index to memref<?xf32>
// CHECK: %[[WRITTEN:.*]] = builtin.unrealized_conversion_cast
// CHECK: scf.for
// CHECK: vector.load %[[READ]]
// CHECK: arith.mulf
// CHECK: vector.store %{{.*}}, %[[WRITTEN]]
// CHECK-NOT: arith.mulf {{.*}} vector
// CHECK: scf.yield %[[MEMBER]]
// Only the operand that all members share is loaded before the loop; a tile loads the pointers of its own.
// TARGET-LABEL: llvm.func @elements(%arg0: !llvm.ptr
// TARGET: %[[SLOT:.*]] = llvm.getelementptr %arg0[1]
// TARGET: llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
// TARGET-NOT: llvm.load {{.*}} -> !llvm.ptr
// TARGET: llvm.cond_br
// TARGET: %[[OWN:.*]] = llvm.getelementptr %arg0[%{{.*}}]
// TARGET: llvm.load %[[OWN]] : !llvm.ptr -> !llvm.ptr
func.func private @elements(%a: tensor<32768xf32>, %s: tensor<f32>, %b: tensor<16400xf32>, %c: tensor<16xf32>) -> (tensor<32768xf32>, tensor<16400xf32>, tensor<16xf32>) attributes {sinter.kernel, sinter.kind = "elements", sinter.members = 3 : i64} {
  %ea = tensor.empty() : tensor<32768xf32>
  %ra = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%a, %s : tensor<32768xf32>, tensor<f32>) outs(%ea : tensor<32768xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<32768xf32>
  %eb = tensor.empty() : tensor<16400xf32>
  %rb = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%b, %s : tensor<16400xf32>, tensor<f32>) outs(%eb : tensor<16400xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<16400xf32>
  %ec = tensor.empty() : tensor<16xf32>
  %rc = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%c, %s : tensor<16xf32>, tensor<f32>) outs(%ec : tensor<16xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<16xf32>
  return %ra, %rb, %rc : tensor<32768xf32>, tensor<16400xf32>, tensor<16xf32>
}

//--- errors.mlir
#id = affine_map<(i) -> (i)>
// expected-error@below {{kernel: member 1 differs from the first in more than its tensors}}
func.func private @unequal(%a: tensor<32xf32>, %b: tensor<16xf32>) -> (tensor<32xf32>, tensor<16xf32>) attributes {sinter.kernel, sinter.kind = "elements", sinter.members = 2 : i64} {
  %ea = tensor.empty() : tensor<32xf32>
  %ra = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<32xf32>) outs(%ea : tensor<32xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.mulf %0, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<32xf32>
  %eb = tensor.empty() : tensor<16xf32>
  %rb = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%b : tensor<16xf32>) outs(%eb : tensor<16xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.addf %0, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<16xf32>
  return %ra, %rb : tensor<32xf32>, tensor<16xf32>
}

// -----

#id = affine_map<(i) -> (i)>
// expected-error@below {{kernel: 1 ops are not those of 2 equal members}}
func.func private @too_few(%a: tensor<32xf32>) -> tensor<32xf32> attributes {sinter.kernel, sinter.kind = "elements", sinter.members = 2 : i64} {
  %ea = tensor.empty() : tensor<32xf32>
  %ra = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<32xf32>) outs(%ea : tensor<32xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.mulf %0, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<32xf32>
  return %ra : tensor<32xf32>
}

// -----

#id = affine_map<(i) -> (i)>
// expected-error@below {{cpu: members are loops of one dimension that is cut into tiles, of whole vectors or of rows}}
func.func private @broken_vector(%a: tensor<40xf32>) -> tensor<40xf32> attributes {sinter.kernel, sinter.kind = "elements", sinter.members = 1 : i64} {
  %ea = tensor.empty() : tensor<40xf32>
  %ra = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<40xf32>) outs(%ea : tensor<40xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.mulf %0, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<40xf32>
  return %ra : tensor<40xf32>
}

//--- run.mlir
// Clipping by the norm and an update of three states, two of them big enough for several tiles.
module {
  sinter.state @p0 : tensor<192x256xf32> {init = "ones"}
  sinter.state @p1 : tensor<80x256xf32> {init = "ones"}
  sinter.state @p2 : tensor<48xf32> {init = "ones"}
  func.func @train(%x: tensor<64x192xf32>, %y: tensor<64x80xf32>, %d: tensor<64x256xf32>, %e: tensor<48xf32>, %lr: tensor<f32>) -> tensor<f32> attributes {sinter.entry} {
    %p0 = sinter.read @p0 : tensor<192x256xf32>
    %p1 = sinter.read @p1 : tensor<80x256xf32>
    %p2 = sinter.read @p2 : tensor<48xf32>
    %g0 = sinter.matmul %x, %d {transpose_lhs} : (tensor<64x192xf32>, tensor<64x256xf32>) -> tensor<192x256xf32>
    %g1 = sinter.matmul %y, %d {transpose_lhs} : (tensor<64x80xf32>, tensor<64x256xf32>) -> tensor<80x256xf32>
    %g2 = arith.addf %e, %e : tensor<48xf32>
    %q0 = arith.mulf %g0, %g0 : tensor<192x256xf32>
    %q1 = arith.mulf %g1, %g1 : tensor<80x256xf32>
    %q2 = arith.mulf %g2, %g2 : tensor<48xf32>
    %s0 = sinter.reduce sum %q0 axes [0, 1] : tensor<192x256xf32> -> tensor<f32>
    %s1 = sinter.reduce sum %q1 axes [0, 1] : tensor<80x256xf32> -> tensor<f32>
    %s2 = sinter.reduce sum %q2 axes [0] : tensor<48xf32> -> tensor<f32>
    %s01 = arith.addf %s0, %s1 : tensor<f32>
    %s = arith.addf %s01, %s2 : tensor<f32>
    %norm = math.sqrt %s : tensor<f32>
    %rate = arith.divf %lr, %norm : tensor<f32>
    %r0 = sinter.broadcast %rate dims [] : tensor<f32> -> tensor<192x256xf32>
    %r1 = sinter.broadcast %rate dims [] : tensor<f32> -> tensor<80x256xf32>
    %r2 = sinter.broadcast %rate dims [] : tensor<f32> -> tensor<48xf32>
    %u0 = arith.mulf %g0, %r0 : tensor<192x256xf32>
    %u1 = arith.mulf %g1, %r1 : tensor<80x256xf32>
    %u2 = arith.mulf %g2, %r2 : tensor<48xf32>
    %n0 = arith.subf %p0, %u0 : tensor<192x256xf32>
    %n1 = arith.subf %p1, %u1 : tensor<80x256xf32>
    %n2 = arith.subf %p2, %u2 : tensor<48xf32>
    sinter.write @p0, %n0 : tensor<192x256xf32>
    sinter.write @p1, %n1 : tensor<80x256xf32>
    sinter.write @p2, %n2 : tensor<48xf32>
    return %norm : tensor<f32>
  }
}
