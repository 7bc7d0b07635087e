// One kernel for all of attention: never more than a block of queries of anything over queries x keys.
// RUN: sinterc %s --from model --emit=plan -o - | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-attention --canonicalize --cse | FileCheck %s
// RUN: sinterc %s --from model --emit=plan -o - | FileCheck %s --check-prefix=PLAN
// RUN: sinterc %s --from model --dtype=bf16 --emit=plan -o - | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-attention | FileCheck %s --check-prefix=NARROW

// A tile is a block of 64 queries of a head: 2 * 128 / 64. The buffer has rows of 128 + 16 floats.
// CHECK-LABEL: func private @attention_1x2x128x128
// CHECK-SAME: memref<1x2x128x16xf32>, %{{[^:]*}}: memref<1x2x128x16xf32>, %{{[^:]*}}: memref<1x2x128x16xf32>, %{{[^:]*}}: memref<1x2x128x16xf32>
// Two products of 2 x 128 x 129 / 2 rows of 16, and six operations for each of 2 x 128 x 128 weights. Rounding is none.
// (1253376, as MLIR prints such a number)
// CHECK-SAME: sinter.flops = 0x4133200000000000
// NARROW: func private @attention_1x2x128x128{{.*}}sinter.flops = 0x4133200000000000
// CHECK-SAME: sinter.tiles = 4
// CHECK-NOT: linalg
// CHECK: memref.view %{{.*}} : memref<?xi8> to memref<9216xf32>
// Keys are packed once per head, and scores go into the buffer.
// CHECK: scf.for
// CHECK: scf.if
// CHECK: vector.store
// CHECK: math.fma
// CHECK: vector.store %{{.*}} : memref<9216xf32>
// Rows: the largest score, weights and their sum, weights divided by that.
// CHECK: scf.for
// CHECK: memref.prefetch
// CHECK: arith.cmpf ogt
// CHECK: math.exp
// CHECK: arith.divf
// CHECK: vector.store %{{.*}} : memref<9216xf32>
// CHECK: math.fma
// CHECK: return

// Nothing of that size is in the arena: q, k, v, w and o with its gradients are 16 kB each.
// PLAN: plan.entry @causal
// PLAN-NOT: memref<{{.*}}x128x128xf32>
// PLAN: plan.launch @attention_1x2x128x128(
// PLAN-NOT: memref<{{.*}}x128x128xf32>
// PLAN: plan.launch @attention_1x2x128x128.1(
// PLAN-NOT: memref<{{.*}}x128x128xf32>
// PLAN: plan.output

#id = affine_map<(b, h, i, j) -> (b, h, i, j)>
func.func @causal(%q: tensor<1x2x128x16xf32>, %k: tensor<1x2x128x16xf32>, %v: tensor<1x2x128x16xf32>)
    -> (tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>) -> tensor<1x2x128x128xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x128x128xf32>) -> tensor<1x2x128x128xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x128x128xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x128x128xf32>, tensor<1x2x128x16xf32>) -> tensor<1x2x128x16xf32>
  %oo = arith.mulf %o, %o : tensor<1x2x128x16xf32>
  %l = sinter.reduce sum %oo axes [0, 1, 2, 3] : tensor<1x2x128x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>)
    -> (tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>, tensor<1x2x128x16xf32>
}
