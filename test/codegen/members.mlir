// Kernels of several members: the loop is there once, and a tile takes its memory from the member that it belongs to.
// RUN: split-file %s %t
// RUN: sinter-opt %t/loops.mlir --sinter-cpu-emit-loops --canonicalize --loop-invariant-code-motion --cse | FileCheck %t/loops.mlir
// RUN: sinter-opt %t/errors.mlir --split-input-file --verify-diagnostics --sinter-cpu-emit-loops
// RUN: sinter-run %t/run.mlir

//--- loops.mlir
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
#id2 = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// 32768 elements are two tiles, 16400 two, 16 one.
// CHECK-LABEL: func private @elements
// CHECK-SAME: sinter.tiles = 5 : i64
// CHECK: scf.for %[[TILE:.*]] =
// CHECK: %[[SECOND:.*]] = arith.cmpi uge, %[[TILE]], %c2
// CHECK: %[[THIRD:.*]] = arith.cmpi uge, %[[TILE]], %c4
// CHECK: %[[OWN:.*]]:4 = scf.index_switch
// CHECK: case 1 {
// CHECK: case 2 {
// CHECK: default {
// CHECK: scf.for
// CHECK: vector.load %[[OWN]]#2
// CHECK: arith.mulf
// CHECK: vector.store %{{.*}}, %[[OWN]]#3
// CHECK-NOT: arith.mulf {{.*}} vector
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
