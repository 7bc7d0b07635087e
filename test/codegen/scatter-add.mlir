// Positions of each row of the table become a list; each row is then summed in registers and written once. Numbers, and the
// bits of the order of additions, are in sums.cpp.
// RUN: sinter-opt %s --sinter-cpu-schedule --sinter-cpu-emit-loops --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func private @lists_of_positions
// CHECK-SAME: sinter.scratch = 448 : i64
// CHECK-SAME: sinter.tiles = 13 : i64
// CHECK: %[[FIRST:.*]] = memref.view %{{.*}} to memref<80xi32>
// CHECK: %[[NEXT:.*]] = memref.view %{{.*}} to memref<32xi32>
// CHECK: scf.for %[[FROM:.*]] = %
// CHECK: %[[ROWS:.*]] = arith.subi %{{.*}}, %[[FROM]]
// CHECK: memref.store %c-1_i32, %[[FIRST]]
// Positions in descending order, so that lists ascend; indices outside of the tile's rows are left out.
// CHECK: scf.for %[[STEP:.*]] = %c0 to %c24
// CHECK: %[[POSITION:.*]] = arith.subi %c23, %[[STEP]]
// CHECK: %[[INDEX:.*]] = arith.index_cast
// CHECK: %[[ROW:.*]] = arith.subi %[[INDEX]], %[[FROM]]
// CHECK: arith.cmpi ult, %[[ROW]], %[[ROWS]]
// CHECK: scf.if
// CHECK: %[[BEFORE:.*]] = memref.load %[[FIRST]][%[[ROW]]]
// CHECK: memref.store %[[BEFORE]], %[[NEXT]][%[[POSITION]]]
// CHECK: memref.store %{{.*}}, %[[FIRST]][%[[ROW]]]
// Runs of 64 terms from zero, which join the sum.
// CHECK: scf.for
// CHECK: scf.while
// CHECK: scf.while
// CHECK: arith.cmpi slt, %{{.*}}, %c64_i32
// CHECK: memref.load %[[NEXT]]
// CHECK: arith.addf %{{.*}} : vector<16xf32>
// CHECK: arith.subf %{{.*}} : vector<16xf32>
// CHECK: arith.addf %{{.*}} : vector<16xf32>
// CHECK: arith.select
// CHECK: vector.store
func.func private @lists_of_positions(%i: tensor<4x6xi32>, %u: tensor<4x6x32xf32>) -> tensor<65x32xf32> attributes {sinter.kernel, sinter.kind = "scatter_add"} {
  %r = sinter.scatter_add %i, %u : (tensor<4x6xi32>, tensor<4x6x32xf32>) -> tensor<65x32xf32>
  return %r : tensor<65x32xf32>
}

// More positions than a thread lists at a time: sums wait in the table, their excesses in the thread's memory, and rows that
// a segment does not name are left alone.
// CHECK-LABEL: func private @several_segments
// CHECK-SAME: sinter.scratch = 266688 : i64
// CHECK: %[[EXCESS:.*]] = memref.view %{{.*}} to memref<1056xf32>
// CHECK: vector.store %cst, %{{.*}} : memref<1056xf32>
// CHECK: scf.for %[[SEGMENT:.*]] = %c0 to %c70000 step %c65536
// CHECK: scf.if
// CHECK: scf.if
// CHECK: vector.load %{{.*}} : memref<1056xf32>
// CHECK: vector.load %[[EXCESS]]
// CHECK: scf.while
func.func private @several_segments(%i: tensor<70000xi32>, %u: tensor<70000x16xf32>) -> tensor<66x16xf32> attributes {sinter.kernel, sinter.kind = "scatter_add"} {
  %r = sinter.scatter_add %i, %u : (tensor<70000xi32>, tensor<70000x16xf32>) -> tensor<66x16xf32>
  return %r : tensor<66x16xf32>
}
