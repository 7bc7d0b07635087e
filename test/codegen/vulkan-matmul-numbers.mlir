// Products as the Vulkan targets compute them, against the interpreter: sizes at and off the multiples of tiles and of
// vectors of four in every layout, batches, what is computed on the sums, and sums that do not depend on the tile.
// (matmul-numbers.mlir has more sizes.)
// RUN: sinter-run %s --device vulkan

// Whole tiles and whole vectors, then rows, columns and k that are multiples of four only, and of nothing.
func.func @whole_nn(%a: tensor<64x48xf32>, %b: tensor<48x64xf32>) -> tensor<64x64xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<64x48xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
  return %c : tensor<64x64xf32>
}
func.func @whole_nt(%a: tensor<64x48xf32>, %b: tensor<64x48xf32>) -> tensor<64x64xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<64x48xf32>, tensor<64x48xf32>) -> tensor<64x64xf32>
  return %c : tensor<64x64xf32>
}
func.func @whole_tn(%a: tensor<48x64xf32>, %b: tensor<48x64xf32>) -> tensor<64x64xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<48x64xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
  return %c : tensor<64x64xf32>
}
func.func @whole_tt(%a: tensor<48x64xf32>, %b: tensor<64x48xf32>) -> tensor<64x64xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<48x64xf32>, tensor<64x48xf32>) -> tensor<64x64xf32>
  return %c : tensor<64x64xf32>
}
func.func @quads_nn(%a: tensor<44x36xf32>, %b: tensor<36x76xf32>) -> tensor<44x76xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<44x36xf32>, tensor<36x76xf32>) -> tensor<44x76xf32>
  return %c : tensor<44x76xf32>
}
func.func @quads_nt(%a: tensor<44x36xf32>, %b: tensor<76x36xf32>) -> tensor<44x76xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<44x36xf32>, tensor<76x36xf32>) -> tensor<44x76xf32>
  return %c : tensor<44x76xf32>
}
func.func @quads_tn(%a: tensor<36x44xf32>, %b: tensor<36x76xf32>) -> tensor<44x76xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<36x44xf32>, tensor<36x76xf32>) -> tensor<44x76xf32>
  return %c : tensor<44x76xf32>
}
func.func @odd_nn(%a: tensor<37x27xf32>, %b: tensor<27x45xf32>) -> tensor<37x45xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<37x27xf32>, tensor<27x45xf32>) -> tensor<37x45xf32>
  return %c : tensor<37x45xf32>
}
func.func @odd_tn(%a: tensor<27x37xf32>, %b: tensor<27x45xf32>) -> tensor<37x45xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<27x37xf32>, tensor<27x45xf32>) -> tensor<37x45xf32>
  return %c : tensor<37x45xf32>
}
// k of a part of a step; rows and columns of one operand in vectors, not of the other.
func.func @short_k(%a: tensor<20x3xf32>, %b: tensor<3x40xf32>) -> tensor<20x40xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<20x3xf32>, tensor<3x40xf32>) -> tensor<20x40xf32>
  return %c : tensor<20x40xf32>
}
func.func @vocabulary(%a: tensor<40x64xf32>, %b: tensor<64x65xf32>) -> tensor<40x65xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<40x64xf32>, tensor<64x65xf32>) -> tensor<40x65xf32>
  return %c : tensor<40x65xf32>
}
func.func @vocabulary_tn(%a: tensor<40x65xf32>, %b: tensor<40x64xf32>) -> tensor<65x64xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<40x65xf32>, tensor<40x64xf32>) -> tensor<65x64xf32>
  return %c : tensor<65x64xf32>
}
func.func @few_rows_tn(%a: tensor<24x4xf32>, %b: tensor<24x32xf32>) -> tensor<4x32xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<24x4xf32>, tensor<24x32xf32>) -> tensor<4x32xf32>
  return %c : tensor<4x32xf32>
}
func.func @twelve_rows_tn(%a: tensor<24x12xf32>, %b: tensor<24x32xf32>) -> tensor<12x32xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<24x12xf32>, tensor<24x32xf32>) -> tensor<12x32xf32>
  return %c : tensor<12x32xf32>
}

// Heads of attention, read and written through permutations of dense tensors.
func.func @heads(%q: tensor<2x20x3x8xf32>, %k: tensor<2x20x3x8xf32>) -> tensor<2x3x20x20xf32> attributes {sinter.entry} {
  %qt = sinter.transpose %q [0, 2, 1, 3] : tensor<2x20x3x8xf32> -> tensor<2x3x20x8xf32>
  %kt = sinter.transpose %k [0, 2, 1, 3] : tensor<2x20x3x8xf32> -> tensor<2x3x20x8xf32>
  %s = sinter.matmul %qt, %kt {transpose_rhs} : (tensor<2x3x20x8xf32>, tensor<2x3x20x8xf32>) -> tensor<2x3x20x20xf32>
  return %s : tensor<2x3x20x20xf32>
}
func.func @heads_back(%p: tensor<2x3x20x20xf32>, %v: tensor<2x20x3x8xf32>) -> tensor<2x20x3x8xf32> attributes {sinter.entry} {
  %vt = sinter.transpose %v [0, 2, 1, 3] : tensor<2x20x3x8xf32> -> tensor<2x3x20x8xf32>
  %o = sinter.matmul %p, %vt : (tensor<2x3x20x20xf32>, tensor<2x3x20x8xf32>) -> tensor<2x3x20x8xf32>
  %r = sinter.transpose %o [0, 2, 1, 3] : tensor<2x3x20x8xf32> -> tensor<2x20x3x8xf32>
  return %r : tensor<2x20x3x8xf32>
}

// A bias by column, a factor by row, an activation and a residual; sums, activation and comparison are results.
func.func @epilogue(%a: tensor<48x40xf32>, %b: tensor<40x72xf32>, %bias: tensor<72xf32>, %factor: tensor<48xf32>, %old: tensor<48x72xf32>) -> (tensor<48x72xf32>, tensor<48x72xf32>, tensor<48x72xi1>) attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<48x40xf32>, tensor<40x72xf32>) -> tensor<48x72xf32>
  %columns = sinter.broadcast %bias dims [1] : tensor<72xf32> -> tensor<48x72xf32>
  %rows = sinter.broadcast %factor dims [0] : tensor<48xf32> -> tensor<48x72xf32>
  %s = arith.addf %c, %columns : tensor<48x72xf32>
  %t = math.tanh %s : tensor<48x72xf32>
  %u = arith.mulf %t, %rows : tensor<48x72xf32>
  %r = arith.addf %u, %old : tensor<48x72xf32>
  %zero = arith.constant dense<0.0> : tensor<48x72xf32>
  %positive = arith.cmpf ogt, %columns, %zero : tensor<48x72xf32>
  %m = arith.select %positive, %s, %zero : tensor<48x72xi1>, tensor<48x72xf32>
  %big = arith.cmpf ogt, %old, %zero : tensor<48x72xf32>
  %both = arith.andi %positive, %big : tensor<48x72xi1>
  %kept = arith.select %both, %m, %r : tensor<48x72xi1>, tensor<48x72xf32>
  return %r, %kept, %both : tensor<48x72xf32>, tensor<48x72xf32>, tensor<48x72xi1>
}
// The same where neither rows nor columns fill their tiles.
func.func @epilogue_odd(%a: tensor<35x20xf32>, %b: tensor<20x33xf32>, %bias: tensor<33xf32>, %factor: tensor<35xf32>, %old: tensor<35x33xf32>) -> (tensor<35x33xf32>, tensor<35x33xf32>) attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<35x20xf32>, tensor<20x33xf32>) -> tensor<35x33xf32>
  %columns = sinter.broadcast %bias dims [1] : tensor<33xf32> -> tensor<35x33xf32>
  %rows = sinter.broadcast %factor dims [0] : tensor<35xf32> -> tensor<35x33xf32>
  %s = arith.addf %c, %columns : tensor<35x33xf32>
  %u = arith.mulf %s, %rows : tensor<35x33xf32>
  %r = arith.addf %u, %old : tensor<35x33xf32>
  return %s, %r : tensor<35x33xf32>, tensor<35x33xf32>
}
// The indices of rows and columns are asked for.
func.func @mask(%a: tensor<2x40x8xf32>, %b: tensor<2x40x8xf32>) -> tensor<2x40x40xf32> attributes {sinter.entry} {
  %i = sinter.iota axis 1 : tensor<2x40x40xi32>
  %j = sinter.iota axis 2 : tensor<2x40x40xi32>
  %mask = arith.cmpi sge, %i, %j : tensor<2x40x40xi32>
  %never = arith.constant dense<-1.0e9> : tensor<2x40x40xf32>
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<2x40x8xf32>, tensor<2x40x8xf32>) -> tensor<2x40x40xf32>
  %r = arith.select %mask, %c, %never : tensor<2x40x40xi1>, tensor<2x40x40xf32>
  return %r : tensor<2x40x40xf32>
}

// Tiles of 32, 16 and 8 rows, with steps of 4 and 8 along k, give a row the same bits.
func.func @same_bits(%a: tensor<256x52xf32>, %b: tensor<52x64xf32>) -> (tensor<16x64xf32>, tensor<16x64xf32>, tensor<5x64xf32>, tensor<5x64xf32>) attributes {sinter.entry, sinter.expect} {
  %all = sinter.matmul %a, %b : (tensor<256x52xf32>, tensor<52x64xf32>) -> tensor<256x64xf32>
  %a16 = sinter.slice %a [40, 0] to [56, 52] by [1, 1] : tensor<256x52xf32> -> tensor<16x52xf32>
  %a5 = sinter.slice %a [251, 0] to [256, 52] by [1, 1] : tensor<256x52xf32> -> tensor<5x52xf32>
  %c16 = sinter.matmul %a16, %b : (tensor<16x52xf32>, tensor<52x64xf32>) -> tensor<16x64xf32>
  %c5 = sinter.matmul %a5, %b : (tensor<5x52xf32>, tensor<52x64xf32>) -> tensor<5x64xf32>
  %all16 = sinter.slice %all [40, 0] to [56, 64] by [1, 1] : tensor<256x64xf32> -> tensor<16x64xf32>
  %all5 = sinter.slice %all [251, 0] to [256, 64] by [1, 1] : tensor<256x64xf32> -> tensor<5x64xf32>
  %same16 = arith.cmpf oeq, %c16, %all16 : tensor<16x64xf32>
  %same5 = arith.cmpf oeq, %c5, %all5 : tensor<5x64xf32>
  %yes16 = arith.constant dense<1.0> : tensor<16x64xf32>
  %no16 = arith.constant dense<0.0> : tensor<16x64xf32>
  %yes5 = arith.constant dense<1.0> : tensor<5x64xf32>
  %no5 = arith.constant dense<0.0> : tensor<5x64xf32>
  %r16 = arith.select %same16, %yes16, %no16 : tensor<16x64xi1>, tensor<16x64xf32>
  %r5 = arith.select %same5, %yes5, %no5 : tensor<5x64xi1>, tensor<5x64xf32>
  return %r16, %yes16, %r5, %yes5 : tensor<16x64xf32>, tensor<16x64xf32>, tensor<5x64xf32>, tensor<5x64xf32>
}
