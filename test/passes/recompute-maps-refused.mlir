// What recompute-maps leaves alone: each function differs in one thing from @accepted.
// RUN: sinter-opt %s --sinter-recompute-maps | FileCheck %s
// RUN: sinter-run %s --device=cpu

#id = affine_map<(i, j) -> (i, j)>
#swap = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (i)>
#vector = affine_map<(i) -> (i)>

// CHECK-LABEL: func @accepted
// CHECK: sinter.map(%arg0)
// CHECK: sinter.reduce sum %{{.*}} axes [0]
// CHECK: sinter.map(%arg0)
// CHECK: sinter.reduce sum %{{.*}} axes [1]
func.func @accepted(%x: tensor<6x4xf32>) -> (tensor<4xf32>, tensor<6xf32>) attributes {sinter.entry} {
  %d = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %d axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %a, %b : tensor<4xf32>, tensor<6xf32>
}

// Five readers.
// CHECK-LABEL: func @readers
// CHECK-COUNT-1: sinter.map
// CHECK-NOT: sinter.map
func.func @readers(%x: tensor<6x4xf32>) -> (tensor<4xf32>, tensor<6xf32>, tensor<4xf32>, tensor<6xf32>, tensor<4xf32>) attributes {sinter.entry} {
  %d = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %d axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  %c = sinter.reduce max %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %e = sinter.reduce max %d axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  %f = sinter.reduce min %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  return %a, %b, %c, %e, %f : tensor<4xf32>, tensor<6xf32>, tensor<4xf32>, tensor<6xf32>, tensor<4xf32>
}

// Three tensors to read instead of one.
// CHECK-LABEL: func @three_inputs
// CHECK-COUNT-1: sinter.map
// CHECK-NOT: sinter.map
func.func @three_inputs(%x: tensor<6x4xf32>, %y: tensor<6x4xf32>, %z: tensor<6x4xf32>) -> (tensor<4xf32>, tensor<6xf32>) attributes {sinter.entry} {
  %d = sinter.map (%x, %y, %z) [#id, #id, #id] : (tensor<6x4xf32>, tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    sinter.yield %4 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %d axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %a, %b : tensor<4xf32>, tensor<6xf32>
}

// A reader that reads it for several of its own elements would compute it for each.
// CHECK-LABEL: func @broadcast
// CHECK: %[[D:.*]] = sinter.map(%arg0)
// CHECK: sinter.reduce sum %[[D]]
// CHECK: sinter.map(%arg1, %[[D]])
func.func @broadcast(%x: tensor<6xf32>, %y: tensor<6x4xf32>) -> (tensor<f32>, tensor<6x4xf32>) attributes {sinter.entry} {
  %d = sinter.map (%x) [#vector] : (tensor<6xf32>) -> tensor<6xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<6xf32> -> tensor<f32>
  %b = sinter.map (%y, %d) [#id, #row] : (tensor<6x4xf32>, tensor<6xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %a, %b : tensor<f32>, tensor<6x4xf32>
}

// One reader: nothing to gain. And two results.
// CHECK-LABEL: func @one_reader
// CHECK: sinter.map(%arg0)
// CHECK: sinter.map(%{{.*}}, %arg1)
// CHECK-LABEL: func @two_results
// CHECK: sinter.map
// CHECK-NOT: sinter.map
// CHECK: return
func.func @one_reader(%x: tensor<6x4xf32>, %y: tensor<6x4xf32>) -> tensor<6x4xf32> attributes {sinter.entry} {
  %d = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %b = sinter.map (%d, %y) [#id, #id] : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %b : tensor<6x4xf32>
}
func.func @two_results(%x: tensor<6x4xf32>) -> (tensor<4xf32>, tensor<6xf32>, tensor<6x4xf32>) attributes {sinter.entry} {
  %d:2 = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    %2 = arith.mulf %0, %0 : f32
    sinter.yield %1, %2 : f32, f32
  }
  %a = sinter.reduce sum %d#0 axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %d#0 axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %a, %b, %d#1 : tensor<4xf32>, tensor<6xf32>, tensor<6x4xf32>
}

// A map that swaps what it reads is no identity.
// CHECK-LABEL: func @no_identity
// CHECK: sinter.map(%arg0)
// CHECK: sinter.reduce
func.func @no_identity(%x: tensor<4x4xf32>) -> tensor<4xf32> attributes {sinter.entry} {
  %d = sinter.map (%x) [#swap] : (tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%0: f32):
    sinter.yield %0 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<4x4xf32> -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// A single number: there is nothing to save.
// CHECK-LABEL: func @scalar
// CHECK: %[[D:.*]] = sinter.map(%arg0)
// CHECK: sinter.map(%[[D]])
// CHECK: sinter.map(%[[D]])
#scalar = affine_map<() -> ()>
func.func @scalar(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) attributes {sinter.entry} {
  %d = sinter.map (%x) [#scalar] : (tensor<f32>) -> tensor<f32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.map (%d) [#scalar] : (tensor<f32>) -> tensor<f32> {
  ^bb0(%0: f32):
    %1 = math.exp %0 : f32
    sinter.yield %1 : f32
  }
  %b = sinter.map (%d) [#scalar] : (tensor<f32>) -> tensor<f32> {
  ^bb0(%0: f32):
    %1 = math.sin %0 : f32
    sinter.yield %1 : f32
  }
  return %a, %b : tensor<f32>, tensor<f32>
}

// One of the readers only moves elements: it has no place to compute them.
// CHECK-LABEL: func @view
// CHECK: %[[D:.*]] = sinter.map(%arg0)
// CHECK: sinter.reduce sum %[[D]]
// CHECK: sinter.transpose %[[D]]
func.func @view(%x: tensor<6x4xf32>) -> (tensor<4xf32>, tensor<4x6xf32>) attributes {sinter.entry} {
  %d = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.transpose %d [1, 0] : tensor<6x4xf32> -> tensor<4x6xf32>
  return %a, %b : tensor<4xf32>, tensor<4x6xf32>
}

// A second result beside the one that is what was read: the map stays.
// CHECK-LABEL: func @identity_of_two
// CHECK: %[[D:.*]]:2 = sinter.map(%arg0)
// CHECK: return %[[D]]#0, %[[D]]#1
func.func @identity_of_two(%x: tensor<6x4xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) attributes {sinter.entry} {
  %d:2 = sinter.map (%x) [#id] : (tensor<6x4xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %0, %1 : f32, f32
  }
  return %d#0, %d#1 : tensor<6x4xf32>, tensor<6x4xf32>
}

// What is scattered goes onto what is added to it: the table of sums alone would be in memory otherwise, beside the other.
// CHECK-LABEL: func @scattered
// CHECK: %[[S:.*]] = sinter.scatter_add
// CHECK: %[[D:.*]] = sinter.map(%arg0, %[[S]])
// CHECK: sinter.reduce sum %[[D]] axes [0]
// CHECK: sinter.reduce sum %[[D]] axes [1]
// CHECK-NOT: sinter.map
func.func @scattered(%x: tensor<6x4xf32>, %i: tensor<3xi32> {sinter.limit = 6 : i64}, %g: tensor<3x4xf32>) -> (tensor<4xf32>, tensor<6xf32>) attributes {sinter.entry} {
  %s = sinter.scatter_add %i, %g : (tensor<3xi32>, tensor<3x4xf32>) -> tensor<6x4xf32>
  %d = sinter.map (%x, %s) [#id, #id] : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %a = sinter.reduce sum %d axes [0] : tensor<6x4xf32> -> tensor<4xf32>
  %b = sinter.reduce sum %d axes [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %a, %b : tensor<4xf32>, tensor<6xf32>
}
