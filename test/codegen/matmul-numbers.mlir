// Products of every layout and awkward size against the interpreter, on one thread and on several (the same bits).
// RUN: sinter-run %s
// RUN: sinter-run --march=x86-64-v3 %s
// RUN: sinter-opt %s --sinter-narrow-products | sinter-run -
// RUN: sinter-opt %s --sinter-narrow-products | sinter-run --march=x86-64-v3 -

func.func @nn(%a: tensor<100x130xf32>, %b: tensor<130x77xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<100x130xf32>, tensor<130x77xf32>) -> tensor<100x77xf32>
  return %c : tensor<100x77xf32>
}
func.func @nt(%a: tensor<100x130xf32>, %b: tensor<77x130xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<100x130xf32>, tensor<77x130xf32>) -> tensor<100x77xf32>
  return %c : tensor<100x77xf32>
}
func.func @tn(%a: tensor<130x100xf32>, %b: tensor<130x77xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<130x100xf32>, tensor<130x77xf32>) -> tensor<100x77xf32>
  return %c : tensor<100x77xf32>
}
func.func @tt(%a: tensor<130x100xf32>, %b: tensor<77x130xf32>) -> tensor<100x77xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<130x100xf32>, tensor<77x130xf32>) -> tensor<100x77xf32>
  return %c : tensor<100x77xf32>
}
// Several blocks of k, each continuing the sums of the one before. One operand is small, so that sums are of order one
// and what cancels in them stays within the bound, which is relative to the result.
func.func @long_k(%a: tensor<40x1100xf32>, %b: tensor<1100x50xf32>) -> tensor<40x50xf32> attributes {sinter.entry} {
  %scale = arith.constant dense<0.03> : tensor<40x1100xf32>
  %small = arith.mulf %a, %scale : tensor<40x1100xf32>
  %c = sinter.matmul %small, %b : (tensor<40x1100xf32>, tensor<1100x50xf32>) -> tensor<40x50xf32>
  return %c : tensor<40x50xf32>
}
func.func @long_k_tn(%a: tensor<1100x100xf32>, %b: tensor<1100x50xf32>) -> tensor<100x50xf32> attributes {sinter.entry} {
  %scale = arith.constant dense<0.03> : tensor<1100x100xf32>
  %small = arith.mulf %a, %scale : tensor<1100x100xf32>
  %c = sinter.matmul %small, %b {transpose_lhs} : (tensor<1100x100xf32>, tensor<1100x50xf32>) -> tensor<100x50xf32>
  return %c : tensor<100x50xf32>
}
func.func @batched(%a: tensor<2x3x33x20xf32>, %b: tensor<2x3x17x20xf32>) -> tensor<2x3x33x17xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<2x3x33x20xf32>, tensor<2x3x17x20xf32>) -> tensor<2x3x33x17xf32>
  return %c : tensor<2x3x33x17xf32>
}
func.func @single_element(%a: tensor<1x1xf32>, %b: tensor<1x1xf32>) -> tensor<1x1xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %c : tensor<1x1xf32>
}
func.func @outer_product(%a: tensor<37x1xf32>, %b: tensor<1x21xf32>) -> tensor<37x21xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<37x1xf32>, tensor<1x21xf32>) -> tensor<37x21xf32>
  return %c : tensor<37x21xf32>
}
func.func @inner_product(%a: tensor<1x300xf32>, %b: tensor<300x1xf32>) -> tensor<1x1xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<1x300xf32>, tensor<300x1xf32>) -> tensor<1x1xf32>
  return %c : tensor<1x1xf32>
}
func.func @narrow(%a: tensor<64x128xf32>, %b: tensor<128x10xf32>) -> tensor<64x10xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<64x128xf32>, tensor<128x10xf32>) -> tensor<64x10xf32>
  return %c : tensor<64x10xf32>
}
func.func @matrix_times_vector(%a: tensor<300x40xf32>, %b: tensor<40x1xf32>) -> tensor<300x1xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<300x40xf32>, tensor<40x1xf32>) -> tensor<300x1xf32>
  return %c : tensor<300x1xf32>
}
// Few rows: the matrix streams by, in either layout, and neither size is a multiple of a block.
func.func @row(%a: tensor<1x129xf32>, %b: tensor<129x301xf32>) -> tensor<1x301xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<1x129xf32>, tensor<129x301xf32>) -> tensor<1x301xf32>
  return %c : tensor<1x301xf32>
}
func.func @row_nt(%a: tensor<1x131xf32>, %b: tensor<301x131xf32>, %bias: tensor<301xf32>) -> tensor<1x301xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<1x131xf32>, tensor<301x131xf32>) -> tensor<1x301xf32>
  %rows = sinter.broadcast %bias dims [1] : tensor<301xf32> -> tensor<1x301xf32>
  %r = arith.addf %c, %rows : tensor<1x301xf32>
  return %r : tensor<1x301xf32>
}
func.func @three_rows_nt(%a: tensor<3x131xf32>, %b: tensor<301x131xf32>) -> tensor<3x301xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<3x131xf32>, tensor<301x131xf32>) -> tensor<3x301xf32>
  return %c : tensor<3x301xf32>
}
// Rows of a power of two compete for cache lines and are copied; k is cut, and one operand is kept from tile to tile.
func.func @crowded(%a: tensor<50x1024xf32>, %b: tensor<1024x300xf32>) -> tensor<50x300xf32> attributes {sinter.entry} {
  %scale = arith.constant dense<0.03> : tensor<50x1024xf32>
  %small = arith.mulf %a, %scale : tensor<50x1024xf32>
  %c = sinter.matmul %small, %b : (tensor<50x1024xf32>, tensor<1024x300xf32>) -> tensor<50x300xf32>
  return %c : tensor<50x300xf32>
}
// Bias and an activation on the sums; the value before the activation is a result too.
func.func @epilogue(%a: tensor<50x60xf32>, %b: tensor<60x70xf32>, %bias: tensor<70xf32>) -> (tensor<50x70xf32>, tensor<50x70xf32>) attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<50x60xf32>, tensor<60x70xf32>) -> tensor<50x70xf32>
  %rows = sinter.broadcast %bias dims [1] : tensor<70xf32> -> tensor<50x70xf32>
  %s = arith.addf %c, %rows : tensor<50x70xf32>
  %t = math.tanh %s : tensor<50x70xf32>
  %u = arith.mulf %t, %s : tensor<50x70xf32>
  return %s, %u : tensor<50x70xf32>, tensor<50x70xf32>
}

// A row computed alone (its matrix streamed), among four, and among many has the same bits.
func.func @row_alone(%a: tensor<64x200xf32>, %b: tensor<200x96xf32>) -> (tensor<1x96xf32>, tensor<1x96xf32>, tensor<4x96xf32>, tensor<4x96xf32>) attributes {sinter.entry, sinter.expect} {
  %all = sinter.matmul %a, %b : (tensor<64x200xf32>, tensor<200x96xf32>) -> tensor<64x96xf32>
  %a1 = sinter.slice %a [9, 0] to [10, 200] by [1, 1] : tensor<64x200xf32> -> tensor<1x200xf32>
  %a4 = sinter.slice %a [7, 0] to [11, 200] by [1, 1] : tensor<64x200xf32> -> tensor<4x200xf32>
  %one = sinter.matmul %a1, %b : (tensor<1x200xf32>, tensor<200x96xf32>) -> tensor<1x96xf32>
  %four = sinter.matmul %a4, %b : (tensor<4x200xf32>, tensor<200x96xf32>) -> tensor<4x96xf32>
  %all1 = sinter.slice %all [9, 0] to [10, 96] by [1, 1] : tensor<64x96xf32> -> tensor<1x96xf32>
  %all4 = sinter.slice %all [7, 0] to [11, 96] by [1, 1] : tensor<64x96xf32> -> tensor<4x96xf32>
  %same1 = arith.cmpf oeq, %one, %all1 : tensor<1x96xf32>
  %same4 = arith.cmpf oeq, %four, %all4 : tensor<4x96xf32>
  %yes1 = arith.constant dense<1.0> : tensor<1x96xf32>
  %no1 = arith.constant dense<0.0> : tensor<1x96xf32>
  %yes4 = arith.constant dense<1.0> : tensor<4x96xf32>
  %no4 = arith.constant dense<0.0> : tensor<4x96xf32>
  %r1 = arith.select %same1, %yes1, %no1 : tensor<1x96xi1>, tensor<1x96xf32>
  %r4 = arith.select %same4, %yes4, %no4 : tensor<4x96xi1>, tensor<4x96xf32>
  return %r1, %yes1, %r4, %yes4 : tensor<1x96xf32>, tensor<1x96xf32>, tensor<4x96xf32>, tensor<4x96xf32>
}
// So has the same row of a matrix that is given transposed.
func.func @row_alone_nt(%a: tensor<64x200xf32>, %b: tensor<96x200xf32>) -> (tensor<1x96xf32>, tensor<1x96xf32>) attributes {sinter.entry, sinter.expect} {
  %all = sinter.matmul %a, %b {transpose_rhs} : (tensor<64x200xf32>, tensor<96x200xf32>) -> tensor<64x96xf32>
  %a1 = sinter.slice %a [63, 0] to [64, 200] by [1, 1] : tensor<64x200xf32> -> tensor<1x200xf32>
  %one = sinter.matmul %a1, %b {transpose_rhs} : (tensor<1x200xf32>, tensor<96x200xf32>) -> tensor<1x96xf32>
  %all1 = sinter.slice %all [63, 0] to [64, 96] by [1, 1] : tensor<64x96xf32> -> tensor<1x96xf32>
  %same1 = arith.cmpf oeq, %one, %all1 : tensor<1x96xf32>
  %yes1 = arith.constant dense<1.0> : tensor<1x96xf32>
  %no1 = arith.constant dense<0.0> : tensor<1x96xf32>
  %r1 = arith.select %same1, %yes1, %no1 : tensor<1x96xi1>, tensor<1x96xf32>
  return %r1, %yes1 : tensor<1x96xf32>, tensor<1x96xf32>
}
// Too long for any second-level cache that we plan for: stored past it.
func.func @past_caches(%a: tensor<1100x3xf32>, %b: tensor<3x1024xf32>) -> (tensor<1100x1024xf32>, tensor<1100x1024xf32>) attributes {sinter.entry} {
  %p = sinter.matmul %a, %b : (tensor<1100x3xf32>, tensor<3x1024xf32>) -> tensor<1100x1024xf32>
  %q = arith.addf %p, %p : tensor<1100x1024xf32>
  return %p, %q : tensor<1100x1024xf32>, tensor<1100x1024xf32>
}
