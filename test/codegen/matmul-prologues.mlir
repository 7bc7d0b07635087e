// Operands that are computed, looked up, or read through a map while a product's kernel packs them.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %t/kernels.mlir
// RUN: sinterc --from=model --emit=kernels %t/numbers.mlir | FileCheck %t/numbers.mlir
// RUN: sinterc --from=model --emit=plan -o - %t/numbers.mlir | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-matmul | FileCheck %s --check-prefix=EMITTED
// RUN: sinterc --from=model --emit=plan -o - %t/long.mlir | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-matmul | FileCheck %s --check-prefix=EMITTED
// RUN: sinter-run %t/numbers.mlir
// RUN: sinter-run --march=x86-64-v3 %t/numbers.mlir
// RUN: sinterc --from=model --emit=kernels %t/long.mlir | FileCheck %t/long.mlir
// RUN: sinter-run %t/long.mlir
// RUN: sinter-run --march=x86-64-v3 %t/long.mlir
// RUN: sinter-opt %t/numbers.mlir --sinter-narrow-products | sinter-run -
// RUN: sinter-opt %t/numbers.mlir --sinter-narrow-products | sinter-run --march=x86-64-v3 -
// The same bits as of maps and gathers in kernels of their own.
// RUN: cat %t/numbers.mlir %t/long.mlir > %t/all.mlir
// RUN: sinter-run --device cpu --threads 2 --print %t/all.mlir > %t/fused.out
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t/all.mlir > %t/apart.out
// RUN: cmp %t/fused.out %t/apart.out
// RUN: sinter-opt %t/all.mlir --sinter-narrow-products > %t/narrow.mlir
// RUN: sinter-run --device cpu --threads 2 --print %t/narrow.mlir > %t/fused.out
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t/narrow.mlir > %t/apart.out
// RUN: cmp %t/fused.out %t/apart.out
// RUN: sinter-run --from=kernels %t/views.mlir
// RUN: sinter-run --from=kernels --march=x86-64-v3 %t/views.mlir

// All of these products are recognised with what they compute: none is left on tensors, for loops to do slowly.
// EMITTED-NOT: func private @matmul{{[^:]*}}: tensor

//--- kernels.mlir
// Scale and shift are computed once for an element, on lanes along k, and never again where rows are multiplied.
// CHECK-LABEL: func private @affine
// CHECK: arith.mulf %{{.*}} : vector<16xf32>
// CHECK: %[[H:.*]] = arith.addf %{{.*}} : vector<16xf32>
// CHECK: vector.store %[[H]]
// CHECK-NOT: arith.mulf {{.*}} vector
// CHECK: math.fma
// CHECK-NOT: arith.mulf {{.*}} vector
// CHECK: return
func.func private @affine(%x: tensor<96x64xf32>, %s: tensor<64xf32>, %b: tensor<96xf32>, %w: tensor<64x96xf32>) -> tensor<96x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %e = tensor.empty() : tensor<96x64xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %s, %b : tensor<96x64xf32>, tensor<64xf32>, tensor<96xf32>) outs(%e : tensor<96x64xf32>) {
  ^bb0(%0: f32, %1: f32, %2: f32, %o: f32):
    %3 = arith.mulf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    linalg.yield %4 : f32
  } -> tensor<96x64xf32>
  %zero = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<96x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%c : tensor<96x96xf32>) -> tensor<96x96xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"} ins(%h, %w : tensor<96x64xf32>, tensor<64x96xf32>) outs(%f : tensor<96x96xf32>) {
  ^bb0(%0: f32, %1: f32, %acc: f32):
    %p = arith.mulf %0, %1 : f32
    %q = arith.addf %acc, %p : f32
    linalg.yield %q : f32
  } -> tensor<96x96xf32>
  return %y : tensor<96x96xf32>
}

// Sixteen neighbours along k are part of one row of the table: they are loaded, not gathered.
// CHECK-LABEL: func private @words
// CHECK-NOT: vector.gather
// CHECK: %[[ROW:.*]] = vector.load %{{.*}} : memref<432xf32>, vector<16xf32>
// CHECK: %[[KNOWN:.*]] = arith.select %{{.*}}, %[[ROW]]
// CHECK: vector.store %[[KNOWN]]
// CHECK-NOT: vector.gather
// CHECK: return
func.func private @words(%table: tensor<27x16xf32>, %t: tensor<40x3xi32>, %w: tensor<48x64xf32>) -> tensor<40x64xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %e = tensor.empty() : tensor<40x3x16xf32>
  %g = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j)>, affine_map<(i, j, k) -> (i, j, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%t : tensor<40x3xi32>) outs(%e : tensor<40x3x16xf32>) {
  ^bb0(%word: i32, %o: f32):
    %last = arith.constant 26 : i32
    %inside = arith.minui %word, %last : i32
    %row = arith.index_cast %inside : i32 to index
    %column = linalg.index 2 : index
    %value = tensor.extract %table[%row, %column] : tensor<27x16xf32>
    %is = arith.cmpi eq, %word, %inside : i32
    %none = arith.constant 0.0 : f32
    %r = arith.select %is, %value, %none : f32
    linalg.yield %r : f32
  } -> tensor<40x3x16xf32>
  %h = tensor.collapse_shape %g [[0], [1, 2]] : tensor<40x3x16xf32> into tensor<40x48xf32>
  %zero = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<40x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%c : tensor<40x64xf32>) -> tensor<40x64xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"} ins(%h, %w : tensor<40x48xf32>, tensor<48x64xf32>) outs(%f : tensor<40x64xf32>) {
  ^bb0(%0: f32, %1: f32, %acc: f32):
    %p = arith.mulf %0, %1 : f32
    %q = arith.addf %acc, %p : f32
    linalg.yield %q : f32
  } -> tensor<40x64xf32>
  return %y : tensor<40x64xf32>
}

//--- numbers.mlir
// One kernel a product; what comes before it is in it. (Operands are small, so that sums are of order one and what cancels
// in them stays within the bound.)
// CHECK-LABEL: func @rows
// CHECK-NOT: call @map
// CHECK: call @matmul
func.func @rows(%x: tensor<100x130xf32>, %s: tensor<130xf32>, %b: tensor<100xf32>, %w: tensor<130x77xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %small = arith.constant dense<0.03> : tensor<130xf32>
  %s0 = arith.mulf %s, %small : tensor<130xf32>
  %s2 = sinter.broadcast %s0 dims [1] : tensor<130xf32> -> tensor<100x130xf32>
  %b2 = sinter.broadcast %b dims [0] : tensor<100xf32> -> tensor<100x130xf32>
  %h0 = arith.addf %x, %b2 : tensor<100x130xf32>
  %h = arith.mulf %h0, %s2 : tensor<100x130xf32>
  %y = sinter.matmul %h, %w : (tensor<100x130xf32>, tensor<130x77xf32>) -> tensor<100x77xf32>
  return %y : tensor<100x77xf32>
}
// The right operand; both operands at once.
// CHECK-LABEL: func @right
// CHECK-NOT: call @map
// CHECK: call @matmul
func.func @right(%x: tensor<100x131xf32>, %w: tensor<131x77xf32>, %mask: tensor<131x77xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %h = arith.mulf %w, %mask : tensor<131x77xf32>
  %y = sinter.matmul %x, %h : (tensor<100x131xf32>, tensor<131x77xf32>) -> tensor<100x77xf32>
  return %y : tensor<100x77xf32>
}
// CHECK-LABEL: func @both
// CHECK-NOT: call @map
// CHECK: call @matmul
func.func @both(%x: tensor<100x131xf32>, %v: tensor<100x131xf32>, %w: tensor<131x77xf32>, %mask: tensor<131x77xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %small = arith.constant dense<0.03> : tensor<131x77xf32>
  %g = arith.subf %x, %v : tensor<100x131xf32>
  %h0 = arith.mulf %w, %mask : tensor<131x77xf32>
  %h = arith.mulf %h0, %small : tensor<131x77xf32>
  %y = sinter.matmul %g, %h : (tensor<100x131xf32>, tensor<131x77xf32>) -> tensor<100x77xf32>
  return %y : tensor<100x77xf32>
}
// Indices of an element are asked for.
// CHECK-LABEL: func @indices
// CHECK-NOT: call @map
// CHECK: call @matmul
func.func @indices(%x: tensor<50x40xf32>, %w: tensor<40x33xf32>) -> tensor<50x33xf32> attributes {sinter.entry} {
  %i = sinter.iota axis 0 : tensor<50x40xi32>
  %j = sinter.iota axis 1 : tensor<50x40xi32>
  %seen = arith.cmpi sge, %i, %j : tensor<50x40xi32>
  %zero = arith.constant dense<0.0> : tensor<50x40xf32>
  %h = arith.select %seen, %x, %zero : tensor<50x40xi1>, tensor<50x40xf32>
  %y = sinter.matmul %h, %w : (tensor<50x40xf32>, tensor<40x33xf32>) -> tensor<50x33xf32>
  return %y : tensor<50x33xf32>
}
// Words in front of a layer, in vectors of sixteen and of ten; some words are not in the table.
// CHECK-LABEL: func @words
// CHECK-NOT: call @gather
// CHECK: call @matmul
func.func @words(%table: tensor<27x32xf32>, %t: tensor<40x3xi32> {sinter.limit = 29}, %w: tensor<96x70xf32>, %b: tensor<70xf32>) -> tensor<40x70xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x32xf32>, tensor<40x3xi32>) -> tensor<40x3x32xf32>
  %h = sinter.reshape %e : tensor<40x3x32xf32> -> tensor<40x96xf32>
  %y = sinter.matmul %h, %w : (tensor<40x96xf32>, tensor<96x70xf32>) -> tensor<40x70xf32>
  %b2 = sinter.broadcast %b dims [1] : tensor<70xf32> -> tensor<40x70xf32>
  %s = arith.addf %y, %b2 : tensor<40x70xf32>
  return %s : tensor<40x70xf32>
}
// CHECK-LABEL: func @short_words
// CHECK-NOT: call @gather
// CHECK-COUNT-2: call @matmul
// CHECK-NOT: call
// CHECK: return
func.func @short_words(%table: tensor<27x10xf32>, %t: tensor<40x3xi32> {sinter.limit = 29}, %w: tensor<30x70xf32>, %g: tensor<40x70xf32>) -> (tensor<40x70xf32>, tensor<30x70xf32>) attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x10xf32>, tensor<40x3xi32>) -> tensor<40x3x10xf32>
  %h = sinter.reshape %e : tensor<40x3x10xf32> -> tensor<40x30xf32>
  %y = sinter.matmul %h, %w : (tensor<40x30xf32>, tensor<30x70xf32>) -> tensor<40x70xf32>
  %d = sinter.matmul %h, %g {transpose_lhs} : (tensor<40x30xf32>, tensor<40x70xf32>) -> tensor<30x70xf32>
  return %y, %d : tensor<40x70xf32>, tensor<30x70xf32>
}
// Rows of a batch are one dimension of the product, two of the gather.
// CHECK-LABEL: func @tokens
// CHECK-NOT: call @gather
// CHECK: call @matmul
func.func @tokens(%table: tensor<27x61xf32>, %t: tensor<5x11xi32> {sinter.limit = 29}, %w: tensor<61x70xf32>) -> tensor<55x70xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x61xf32>, tensor<5x11xi32>) -> tensor<5x11x61xf32>
  %h = sinter.reshape %e : tensor<5x11x61xf32> -> tensor<55x61xf32>
  %y = sinter.matmul %h, %w : (tensor<55x61xf32>, tensor<61x70xf32>) -> tensor<55x70xf32>
  return %y : tensor<55x70xf32>
}
// What a kernel could not read fast stays in a kernel of its own: rows of another length; words against themselves; many
// words side by side in a dimension of the result.
// CHECK-LABEL: func @other_rows
// CHECK: call @gather
func.func @other_rows(%table: tensor<27x16xf32>, %t: tensor<10xi32> {sinter.limit = 29}, %w: tensor<8x33xf32>) -> tensor<20x33xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x16xf32>, tensor<10xi32>) -> tensor<10x16xf32>
  %h = sinter.reshape %e : tensor<10x16xf32> -> tensor<20x8xf32>
  %y = sinter.matmul %h, %w : (tensor<20x8xf32>, tensor<8x33xf32>) -> tensor<20x33xf32>
  return %y : tensor<20x33xf32>
}
// CHECK-LABEL: func @gram
// CHECK: call @gather
func.func @gram(%table: tensor<27x16xf32>, %t: tensor<40x3xi32> {sinter.limit = 29}) -> tensor<40x40xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x16xf32>, tensor<40x3xi32>) -> tensor<40x3x16xf32>
  %h = sinter.reshape %e : tensor<40x3x16xf32> -> tensor<40x48xf32>
  %y = sinter.matmul %h, %h {transpose_rhs} : (tensor<40x48xf32>, tensor<40x48xf32>) -> tensor<40x40xf32>
  return %y : tensor<40x40xf32>
}
// CHECK-LABEL: func @many_words
// CHECK: call @gather
func.func @many_words(%table: tensor<27x8xf32>, %t: tensor<40x6xi32> {sinter.limit = 29}, %g: tensor<40x20xf32>) -> tensor<48x20xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x8xf32>, tensor<40x6xi32>) -> tensor<40x6x8xf32>
  %h = sinter.reshape %e : tensor<40x6x8xf32> -> tensor<40x48xf32>
  %y = sinter.matmul %h, %g {transpose_lhs} : (tensor<40x48xf32>, tensor<40x20xf32>) -> tensor<48x20xf32>
  return %y : tensor<48x20xf32>
}
// Words, and a mask that asks where it is in the same sum.
// CHECK-LABEL: func @words_and_mask
// CHECK-NOT: call @gather
// CHECK: call @matmul
func.func @words_and_mask(%table: tensor<27x16xf32>, %t: tensor<40x3xi32> {sinter.limit = 29}, %w: tensor<48x70xf32>) -> tensor<40x70xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x16xf32>, tensor<40x3xi32>) -> tensor<40x3x16xf32>
  %h = sinter.reshape %e : tensor<40x3x16xf32> -> tensor<40x48xf32>
  %k = sinter.iota axis 0 : tensor<48x70xi32>
  %end = arith.constant dense<29> : tensor<48x70xi32>
  %counts = arith.cmpi slt, %k, %end : tensor<48x70xi32>
  %zero = arith.constant dense<0.0> : tensor<48x70xf32>
  %v = arith.select %counts, %w, %zero : tensor<48x70xi1>, tensor<48x70xf32>
  %y = sinter.matmul %h, %v : (tensor<40x48xf32>, tensor<48x70xf32>) -> tensor<40x70xf32>
  return %y : tensor<40x70xf32>
}

//--- long.mlir
// Along m, in blocks of k, with an epilogue. (Not of bf16: computed in f32, some operands round to other bf16 than in f64.)
// CHECK-LABEL: func @columns
// CHECK-NOT: call @map
// CHECK: call @matmul
func.func @columns(%x: tensor<1100x100xf32>, %s: tensor<100xf32>, %b: tensor<1100xf32>, %g: tensor<1100x50xf32>, %old: tensor<100x50xf32>) -> tensor<100x50xf32> attributes {sinter.entry} {
  %small = arith.constant dense<0.03> : tensor<1100x100xf32>
  %s2 = sinter.broadcast %s dims [1] : tensor<100xf32> -> tensor<1100x100xf32>
  %b2 = sinter.broadcast %b dims [0] : tensor<1100xf32> -> tensor<1100x100xf32>
  %h0 = arith.addf %s2, %b2 : tensor<1100x100xf32>
  %h1 = arith.mulf %x, %h0 : tensor<1100x100xf32>
  %h = arith.mulf %h1, %small : tensor<1100x100xf32>
  %y = sinter.matmul %h, %g {transpose_lhs} : (tensor<1100x100xf32>, tensor<1100x50xf32>) -> tensor<100x50xf32>
  %sum = arith.addf %y, %old : tensor<100x50xf32>
  return %sum : tensor<100x50xf32>
}
// A model of three words' context, with gradients: the second product looks words up for itself.
// CHECK-LABEL: func @context_of_three
// CHECK-NOT: call @gather
// CHECK: call @matmul_40x70(%arg0, %arg1
// CHECK: call @matmul_30x70(%arg0, %arg1
func.func @context_of_three(%table: tensor<27x10xf32>, %t: tensor<40x3xi32> {sinter.limit = 27}, %w: tensor<30x70xf32>, %y: tensor<40xi32> {sinter.limit = 70}) -> (tensor<f32>, tensor<27x10xf32>, tensor<30x70xf32>) attributes {sinter.entry} {
  %e = sinter.gather %table, %t : (tensor<27x10xf32>, tensor<40x3xi32>) -> tensor<40x3x10xf32>
  %h = sinter.reshape %e : tensor<40x3x10xf32> -> tensor<40x30xf32>
  %z = sinter.matmul %h, %w : (tensor<40x30xf32>, tensor<30x70xf32>) -> tensor<40x70xf32>
  %l, %lse = sinter.cross_entropy %z, %y : (tensor<40x70xf32>, tensor<40xi32>) -> (tensor<40xf32>, tensor<40xf32>)
  %loss = sinter.reduce sum %l axes [0] : tensor<40xf32> -> tensor<f32>
  %dt, %dw = sinter.grad %loss wrt %table, %w : (tensor<f32>, tensor<27x10xf32>, tensor<30x70xf32>) -> (tensor<27x10xf32>, tensor<30x70xf32>)
  return %loss, %dt, %dw : tensor<f32>, tensor<27x10xf32>, tensor<30x70xf32>
}

//--- views.mlir
// Heads side by side: no one stride leads through k. The same bits as of an operand that is copied together first.
func.func @heads(%x: tensor<4x6x5x16xf32>, %w: tensor<96x70xf32>) -> (tensor<20x70xf32>, tensor<20x70xf32>) attributes {sinter.entry, sinter.expect} {
  %y = call @through(%x, %w) : (tensor<4x6x5x16xf32>, tensor<96x70xf32>) -> tensor<20x70xf32>
  %h4 = call @copy(%x) : (tensor<4x6x5x16xf32>) -> tensor<4x5x6x16xf32>
  %h = sinter.reshape %h4 : tensor<4x5x6x16xf32> -> tensor<20x96xf32>
  %z = call @dense(%h, %w) : (tensor<20x96xf32>, tensor<96x70xf32>) -> tensor<20x70xf32>
  %d = call @differs(%y, %z) : (tensor<20x70xf32>, tensor<20x70xf32>) -> tensor<20x70xf32>
  %none = arith.constant dense<0.0> : tensor<20x70xf32>
  return %d, %none : tensor<20x70xf32>, tensor<20x70xf32>
}
func.func private @through(%x: tensor<4x6x5x16xf32>, %w: tensor<96x70xf32>) -> tensor<20x70xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %e = tensor.empty() : tensor<4x5x6x16xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(b, t, h, d) -> (b, h, t, d)>, affine_map<(b, t, h, d) -> (b, t, h, d)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<4x6x5x16xf32>) outs(%e : tensor<4x5x6x16xf32>) {
  ^bb0(%0: f32, %o: f32):
    linalg.yield %0 : f32
  } -> tensor<4x5x6x16xf32>
  %a = tensor.collapse_shape %t [[0, 1], [2, 3]] : tensor<4x5x6x16xf32> into tensor<20x96xf32>
  %zero = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<20x70xf32>
  %f = linalg.fill ins(%zero : f32) outs(%c : tensor<20x70xf32>) -> tensor<20x70xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"} ins(%a, %w : tensor<20x96xf32>, tensor<96x70xf32>) outs(%f : tensor<20x70xf32>) {
  ^bb0(%0: f32, %1: f32, %acc: f32):
    %p = arith.mulf %0, %1 : f32
    %q = arith.addf %acc, %p : f32
    linalg.yield %q : f32
  } -> tensor<20x70xf32>
  return %y : tensor<20x70xf32>
}
// Rows of another length: neither dimension is one of what is computed.
func.func @regrouped(%x: tensor<10x16xf32>, %s: tensor<16xf32>, %w: tensor<8x70xf32>) -> (tensor<20x70xf32>, tensor<20x70xf32>) attributes {sinter.entry, sinter.expect} {
  %y = call @regroup(%x, %s, %w) : (tensor<10x16xf32>, tensor<16xf32>, tensor<8x70xf32>) -> tensor<20x70xf32>
  %h16 = call @scale(%x, %s) : (tensor<10x16xf32>, tensor<16xf32>) -> tensor<10x16xf32>
  %h = sinter.reshape %h16 : tensor<10x16xf32> -> tensor<20x8xf32>
  %z = call @dense8(%h, %w) : (tensor<20x8xf32>, tensor<8x70xf32>) -> tensor<20x70xf32>
  return %y, %z : tensor<20x70xf32>, tensor<20x70xf32>
}
func.func private @regroup(%x: tensor<10x16xf32>, %s: tensor<16xf32>, %w: tensor<8x70xf32>) -> tensor<20x70xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %e = tensor.empty() : tensor<10x16xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %s : tensor<10x16xf32>, tensor<16xf32>) outs(%e : tensor<10x16xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<10x16xf32>
  %all = tensor.collapse_shape %t [[0, 1]] : tensor<10x16xf32> into tensor<160xf32>
  %a = tensor.expand_shape %all [[0, 1]] output_shape [20, 8] : tensor<160xf32> into tensor<20x8xf32>
  %zero = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<20x70xf32>
  %f = linalg.fill ins(%zero : f32) outs(%c : tensor<20x70xf32>) -> tensor<20x70xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"} ins(%a, %w : tensor<20x8xf32>, tensor<8x70xf32>) outs(%f : tensor<20x70xf32>) {
  ^bb0(%0: f32, %1: f32, %acc: f32):
    %p = arith.mulf %0, %1 : f32
    %q = arith.addf %acc, %p : f32
    linalg.yield %q : f32
  } -> tensor<20x70xf32>
  return %y : tensor<20x70xf32>
}
func.func private @scale(%x: tensor<10x16xf32>, %s: tensor<16xf32>) -> tensor<10x16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<10x16xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %s : tensor<10x16xf32>, tensor<16xf32>) outs(%e : tensor<10x16xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<10x16xf32>
  return %t : tensor<10x16xf32>
}
func.func private @dense8(%a: tensor<20x8xf32>, %w: tensor<8x70xf32>) -> tensor<20x70xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<20x70xf32>
  %f = linalg.fill ins(%zero : f32) outs(%c : tensor<20x70xf32>) -> tensor<20x70xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"} ins(%a, %w : tensor<20x8xf32>, tensor<8x70xf32>) outs(%f : tensor<20x70xf32>) {
  ^bb0(%0: f32, %1: f32, %acc: f32):
    %p = arith.mulf %0, %1 : f32
    %q = arith.addf %acc, %p : f32
    linalg.yield %q : f32
  } -> tensor<20x70xf32>
  return %y : tensor<20x70xf32>
}
func.func private @copy(%x: tensor<4x6x5x16xf32>) -> tensor<4x5x6x16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<4x5x6x16xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(b, t, h, d) -> (b, h, t, d)>, affine_map<(b, t, h, d) -> (b, t, h, d)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<4x6x5x16xf32>) outs(%e : tensor<4x5x6x16xf32>) {
  ^bb0(%0: f32, %o: f32):
    linalg.yield %0 : f32
  } -> tensor<4x5x6x16xf32>
  return %t : tensor<4x5x6x16xf32>
}
func.func private @dense(%a: tensor<20x96xf32>, %w: tensor<96x70xf32>) -> tensor<20x70xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<20x70xf32>
  %f = linalg.fill ins(%zero : f32) outs(%c : tensor<20x70xf32>) -> tensor<20x70xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"} ins(%a, %w : tensor<20x96xf32>, tensor<96x70xf32>) outs(%f : tensor<20x70xf32>) {
  ^bb0(%0: f32, %1: f32, %acc: f32):
    %p = arith.mulf %0, %1 : f32
    %q = arith.addf %acc, %p : f32
    linalg.yield %q : f32
  } -> tensor<20x70xf32>
  return %y : tensor<20x70xf32>
}
func.func private @differs(%y: tensor<20x70xf32>, %z: tensor<20x70xf32>) -> tensor<20x70xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<20x70xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%y, %z : tensor<20x70xf32>, tensor<20x70xf32>) outs(%e : tensor<20x70xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %same = arith.cmpf oeq, %0, %1 : f32
    %no = arith.constant 0.0 : f32
    %yes = arith.constant 1.0 : f32
    %r = arith.select %same, %no, %yes : f32
    linalg.yield %r : f32
  } -> tensor<20x70xf32>
  return %d : tensor<20x70xf32>
}
