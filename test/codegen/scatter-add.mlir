// Tiles are blocks of the table's rows; each zeroes its rows, then scans all indices in order.
// RUN: sinter-opt %s --sinter-cpu-emit-loops --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func private @blocks_of_rows
// CHECK-SAME: sinter.tiles = 13 : i64
// CHECK: %[[FROM:.*]] = arith.muli %{{.*}}, %c5
// CHECK: scf.for %{{.*}} = %[[FROM]] to %[[TO:.*]] step
// CHECK: vector.store
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %c24
// CHECK: %[[ROW:.*]] = arith.index_cast
// CHECK: arith.cmpi sge, %[[ROW]], %[[FROM]]
// CHECK: arith.cmpi slt, %[[ROW]], %[[TO]]
// CHECK: scf.if
// CHECK: arith.addf
// CHECK: vector.store
func.func private @blocks_of_rows(%i: tensor<4x6xi32>, %u: tensor<4x6x32xf32>) -> tensor<65x32xf32> attributes {sinter.kernel} {
  %r = sinter.scatter_add %i, %u : (tensor<4x6xi32>, tensor<4x6x32xf32>) -> tensor<65x32xf32>
  return %r : tensor<65x32xf32>
}
