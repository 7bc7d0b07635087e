// The published known answers of Threefry-2x32 with 20 rounds (Random123's kat_vectors), by folding the expansion of
// constants; and no operation but integer arithmetic on vectors.
// RUN: sinter-opt %s --sinter-expand-threefry --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @known_answers
// CHECK-DAG: %[[ZEROS:.*]] = arith.constant 1797259609 : i32
// CHECK-DAG: %[[ONES:.*]] = arith.constant 481924860 : i32
// CHECK-DAG: %[[PI:.*]] = arith.constant -997049700 : i32
// CHECK: return %[[ZEROS]], %[[ONES]], %[[PI]]
func.func @known_answers() -> (i32, i32, i32) {
  %0 = arith.constant 0 : i32
  %m = arith.constant -1 : i32
  %zeros = sinter.threefry %0, %0, %0, %0 : i32
  %ones = sinter.threefry %m, %m, %m, %m : i32
  %k0 = arith.constant 0x13198a2e : i32
  %k1 = arith.constant 0x03707344 : i32
  %c0 = arith.constant 0x243f6a88 : i32
  %c1 = arith.constant 0x85a308d3 : i32
  %pi = sinter.threefry %k0, %k1, %c0, %c1 : i32
  return %zeros, %ones, %pi : i32, i32, i32
}

// CHECK-LABEL: func.func @vectors
// CHECK-NOT: sinter.threefry
// The first word does not need the rotation of the twentieth round.
// CHECK-COUNT-19: arith.shli %{{.*}} : vector<16xi32>
// CHECK-NOT: arith.shli
func.func @vectors(%k: vector<16xi32>, %c: vector<16xi32>) -> vector<16xi32> {
  %r = sinter.threefry %k, %k, %c, %c : vector<16xi32>
  return %r : vector<16xi32>
}
