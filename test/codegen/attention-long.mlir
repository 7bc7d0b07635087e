// Attention over more keys than one run of a sum has terms for (16 lanes of 64), and than a unit of a product has: the bits
// of one op after the other.
// RUN: sinterc %s --from model --emit=kernels -o - | FileCheck %s
// RUN: sinter-run --device cpu --threads 2 --print %s > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %s > %t.many
// RUN: cmp %t.one %t.many
// RUN: sinter-run --device cpu --threads 1 --print --march=x86-64-v3 %s > %t.narrow
// RUN: cmp %t.one %t.narrow
// RUN: sinter-run --entry cross --device cpu %s
// RUN: sinterc %s --from model --emit=plan -o - | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-attention | FileCheck %s --check-prefix=UNITS

// CHECK-COUNT-6: call @attention_
// CHECK-NOT: call @softmax

// UNITS: sinter.schedule = {products = [{{.*}}, 64>, keeps = "neither"{{.*}}], rows = 64

#id = affine_map<(b, i, j) -> (b, i, j)>

// Of a causal row, the keys that count may end in the middle of a run.
func.func @causal(%q: tensor<1x1136x16xf32>, %k: tensor<1x1136x16xf32>, %v: tensor<1x1136x16xf32>) -> (tensor<1x1136x16xf32>, tensor<1x1136x16xf32>, tensor<1x1136x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x1136x16xf32>, tensor<1x1136x16xf32>) -> tensor<1x1136x1136xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x1136x1136xf32>) -> tensor<1x1136x1136xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 2 : i32
    %i = sinter.index 1 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x1136x1136xf32>
  %o = sinter.matmul %p, %v : (tensor<1x1136x1136xf32>, tensor<1x1136x16xf32>) -> tensor<1x1136x16xf32>
  %f = arith.mulf %o, %o : tensor<1x1136x16xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<1x1136x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %q, %k : (tensor<f32>, tensor<1x1136x16xf32>, tensor<1x1136x16xf32>) -> (tensor<1x1136x16xf32>, tensor<1x1136x16xf32>)
  return %o, %g#0, %g#1 : tensor<1x1136x16xf32>, tensor<1x1136x16xf32>, tensor<1x1136x16xf32>
}

func.func @cross(%q: tensor<2x16x16xf32>, %k: tensor<2x1040x16xf32>, %v: tensor<2x1040x16xf32>) -> (tensor<2x16x16xf32>, tensor<2x16x16xf32>, tensor<2x1040x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x16x16xf32>, tensor<2x1040x16xf32>) -> tensor<2x16x1040xf32>
  %p = sinter.softmax %s : tensor<2x16x1040xf32>
  %o = sinter.matmul %p, %v : (tensor<2x16x1040xf32>, tensor<2x1040x16xf32>) -> tensor<2x16x16xf32>
  %f = arith.mulf %o, %o : tensor<2x16x16xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x16x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %q, %k : (tensor<f32>, tensor<2x16x16xf32>, tensor<2x1040x16xf32>) -> (tensor<2x16x16xf32>, tensor<2x1040x16xf32>)
  return %o, %g#0, %g#1 : tensor<2x16x16xf32>, tensor<2x16x16xf32>, tensor<2x1040x16xf32>
}

// Three units of k in products over queries and over keys, each of six blocks of 64 queries.
func.func @units(%q: tensor<1x1152x16xf32>, %k: tensor<1x1152x16xf32>, %v: tensor<1x1152x16xf32>) -> (tensor<1x1152x16xf32>, tensor<1x1152x16xf32>, tensor<1x1152x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x1152x16xf32>, tensor<1x1152x16xf32>) -> tensor<1x1152x1152xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x1152x1152xf32>) -> tensor<1x1152x1152xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 2 : i32
    %i = sinter.index 1 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x1152x1152xf32>
  %o = sinter.matmul %p, %v : (tensor<1x1152x1152xf32>, tensor<1x1152x16xf32>) -> tensor<1x1152x16xf32>
  %f = arith.mulf %o, %o : tensor<1x1152x16xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<1x1152x16xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %q, %k : (tensor<f32>, tensor<1x1152x16xf32>, tensor<1x1152x16xf32>) -> (tensor<1x1152x16xf32>, tensor<1x1152x16xf32>)
  return %o, %g#0, %g#1 : tensor<1x1152x16xf32>, tensor<1x1152x16xf32>, tensor<1x1152x16xf32>
}
