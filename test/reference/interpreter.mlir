// The interpreter alone, on programs small enough to be worked out by hand.
// RUN: sinter-run %s --device=reference --from=train --print | FileCheck %s

sinter.state @w : tensor<3xf32> {init = "ones"}
sinter.state @count : tensor<i32> {init = "constant", scale = 4.0}

// A read sees the value from before the entry, however late it stands.
// CHECK: reads_see_the_old_value: reference ok
// CHECK-NEXT: reads_see_the_old_value result 0 = [1, 1, 1]
// CHECK-NEXT: reads_see_the_old_value state @count = 4
// CHECK-NEXT: reads_see_the_old_value state @w = [2, 3, 4]
func.func @reads_see_the_old_value() -> tensor<3xf32> {
  %new = arith.constant dense<[2.0, 3.0, 4.0]> : tensor<3xf32>
  sinter.write @w, %new : tensor<3xf32>
  %w = sinter.read @w : tensor<3xf32>
  return %w : tensor<3xf32>
}

// Each function starts from the states' own initial values.
// CHECK: integers_count: reference ok
// CHECK-NEXT: integers_count state @count = 5
// CHECK-NEXT: integers_count state @w = [1, 1, 1]
func.func @integers_count() {
  %n = sinter.read @count : tensor<i32>
  %one = arith.constant dense<1> : tensor<i32>
  %next = arith.addi %n, %one : tensor<i32>
  sinter.write @count, %next : tensor<i32>
  return
}

// CHECK: matmul_by_hand result 0 = {{\[\[}}7, 10], [15, 22{{\]\]}}
func.func @matmul_by_hand() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = sinter.matmul %a, %a : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %c : tensor<2x2xf32>
}

// A map reads through its maps (here transposed and repeated), knows its index, and gives several results.
// CHECK: map_by_hand result 0 = {{\[\[}}11, 24, 35], [12, 25, 36{{\]\]}}
// CHECK-NEXT: map_by_hand result 1 = {{\[\[}}0, 1, 2], [0, 1, 2{{\]\]}}
func.func @map_by_hand() -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  %a = arith.constant dense<[[1.0, 2.0], [4.0, 5.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %b = arith.constant dense<[10.0, 20.0, 30.0]> : tensor<3xf32>
  %0:2 = sinter.map (%a, %b) [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (j)>]
      : (tensor<3x2xf32>, tensor<3xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  ^bb0(%x: f32, %y: f32):
    %sum = arith.addf %x, %y : f32
    %j = sinter.index 1 : i32
    sinter.yield %sum, %j : f32, i32
  }
  return %0#0, %0#1 : tensor<2x3xf32>, tensor<2x3xi32>
}

// A map over a scalar has one index.
// CHECK: map_of_rank_zero result 0 = 7.5
func.func @map_of_rank_zero() -> tensor<f32> {
  %a = arith.constant dense<3.0> : tensor<f32>
  %0 = sinter.map (%a) [affine_map<() -> ()>] : (tensor<f32>) -> tensor<f32> {
  ^bb0(%x: f32):
    %half = arith.constant 2.5 : f32
    %y = arith.mulf %x, %half : f32
    sinter.yield %y : f32
  }
  return %0 : tensor<f32>
}

// Booleans are 0 and 1, and leave a function as i32; integers are signed.
// CHECK: booleans_and_signs result 0 = [1, 0, 0]
// CHECK-NEXT: booleans_and_signs result 1 = [-1, 0, 5]
func.func @booleans_and_signs() -> (tensor<3xi1>, tensor<3xi32>) {
  %a = arith.constant dense<[-1, 0, 5]> : tensor<3xi32>
  %zero = arith.constant dense<0> : tensor<3xi32>
  %negative = arith.cmpi slt, %a, %zero : tensor<3xi32>
  return %negative, %a : tensor<3xi1>, tensor<3xi32>
}

// The precision is that of doubles: in f32 this difference is 0.
// CHECK: double_precision result 0 = 1e-10
func.func @double_precision() -> tensor<f32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %big = arith.constant dense<1.0e10> : tensor<f32>
  %tiny = arith.divf %one, %big : tensor<f32>
  %sum = arith.addf %one, %tiny : tensor<f32>
  %difference = arith.subf %sum, %one : tensor<f32>
  return %difference : tensor<f32>
}
