// RUN: sinter-opt %s -split-input-file -verify-diagnostics -o /dev/null
// Which kernels may write a result over an argument: sections without an expected error are those that may.

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// Row by row: the sum of a row is complete before the row is written.
func.func private @divide_by_sum(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %room = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [#full, #row, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<8x16xf32>, tensor<8xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %0 = arith.divf %a, %s : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
plan.entry @rows_may arena 2048 live 2048 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %y = plan.arena 0 : memref<8x16xf32>
  plan.launch @divide_by_sum(%x) -> (%y) in_place [0] : (memref<8x16xf32>) -> memref<8x16xf32>
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#reduced = affine_map<(r, d) -> (d)>

// Column by column: the sum of a column needs rows that other tiles may have written.
func.func private @subtract_column_sum(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {sinter.kernel, sinter.kind = "columns"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<16xf32>) -> tensor<16xf32>
  %sum = linalg.generic {indexing_maps = [#full, #reduced], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%start : tensor<16xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<16xf32>
  %room = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [#full, #reduced, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<8x16xf32>, tensor<16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %0 = arith.subf %a, %s : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
plan.entry @columns_may_not arena 2048 live 2048 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %y = plan.arena 0 : memref<8x16xf32>
  // expected-error @+1 {{kernel @subtract_column_sum may not write result 0 over argument 0}}
  plan.launch @subtract_column_sum(%x) -> (%y) in_place [0] : (memref<8x16xf32>) -> memref<8x16xf32>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// The argument is read once more for another result, possibly after it was overwritten.
func.func private @twice_and_negated(%x: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) attributes {sinter.kernel, sinter.kind = "elements"} {
  %room = tensor.empty() : tensor<16xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<16xf32>) outs(%room : tensor<16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<16xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<16xf32>) outs(%room : tensor<16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  } -> tensor<16xf32>
  return %y, %z : tensor<16xf32>, tensor<16xf32>
}
plan.entry @second_reader_may_not arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  %z = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{kernel @twice_and_negated may not write result 0 over argument 0}}
  plan.launch @twice_and_negated(%x) -> (%y, %z) in_place [0, -1] : (memref<16xf32>) -> (memref<16xf32>, memref<16xf32>)
}

// -----

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#full = affine_map<(m, n) -> (m, n)>

// A product keeps partial sums where its result goes.
func.func private @product_plus(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>, %r: tensor<4x4xf32>) -> tensor<4x4xf32>
    attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x4xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x4xf32>) -> tensor<4x4xf32>
  %c = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%start : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  %y = linalg.generic {indexing_maps = [#full, #full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%c, %r : tensor<4x4xf32>, tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %0 = arith.addf %x, %z : f32
    linalg.yield %0 : f32
  } -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
plan.entry @products_may_not arena 768 live 768 {
  %a = plan.arena 0 : memref<4x4xf32>
  plan.input "a" %a : memref<4x4xf32>
  %b = plan.arena 256 : memref<4x4xf32>
  plan.input "b" %b : memref<4x4xf32>
  %r = plan.arena 512 : memref<4x4xf32>
  plan.input "r" %r : memref<4x4xf32>
  %y = plan.arena 512 : memref<4x4xf32>
  // expected-error @+1 {{kernel @product_plus may not write result 0 over argument 2}}
  plan.launch @product_plus(%a, %b, %r) -> (%y) in_place [2] : (memref<4x4xf32>, memref<4x4xf32>, memref<4x4xf32>) -> memref<4x4xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// A gather reads anywhere.
func.func private @gathers(%x: tensor<16xf32>, %i: tensor<16xi32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %room = tensor.empty() : tensor<16xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%i : tensor<16xi32>) outs(%room : tensor<16xf32>) {
  ^bb0(%a: i32, %o: f32):
    %at = arith.index_cast %a : i32 to index
    %0 = tensor.extract %x[%at] : tensor<16xf32>
    linalg.yield %0 : f32
  } -> tensor<16xf32>
  return %y : tensor<16xf32>
}
plan.entry @gathers_may_not arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %i = plan.arena 256 : memref<16xi32>
  plan.input "i" %i : memref<16xi32>
  %y = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{kernel @gathers may not write result 0 over argument 0}}
  plan.launch @gathers(%x, %i) -> (%y) in_place [0] : (memref<16xf32>, memref<16xi32>) -> memref<16xf32>
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#across = affine_map<(r, d) -> (d, r)>

// What is computed from the argument is read across the diagonal: rows that other tiles may have written.
func.func private @less_its_transpose(%x: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %room = tensor.empty() : tensor<8x8xf32>
  %square = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x8xf32>) outs(%room : tensor<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  %y = linalg.generic {indexing_maps = [#full, #across, #full], iterator_types = ["parallel", "parallel"]}
      ins(%square, %square : tensor<8x8xf32>, tensor<8x8xf32>) outs(%room : tensor<8x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
plan.entry @across_may_not arena 256 live 256 {
  %x = plan.arena 0 : memref<8x8xf32>
  plan.input "x" %x : memref<8x8xf32>
  %y = plan.arena 0 : memref<8x8xf32>
  // expected-error @+1 {{kernel @less_its_transpose may not write result 0 over argument 0}}
  plan.launch @less_its_transpose(%x) -> (%y) in_place [0] : (memref<8x8xf32>) -> memref<8x8xf32>
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>

// A row's sum is taken from the column of that number: other tiles may have overwritten the row.
func.func private @less_a_column(%x: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x8xf32>) outs(%start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %room = tensor.empty() : tensor<8x8xf32>
  %y = linalg.generic {indexing_maps = [#full, affine_map<(r, d) -> (d)>, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<8x8xf32>, tensor<8xf32>) outs(%room : tensor<8x8xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %0 = arith.subf %a, %s : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
plan.entry @row_sums_by_column_may_not arena 256 live 256 {
  %x = plan.arena 0 : memref<8x8xf32>
  plan.input "x" %x : memref<8x8xf32>
  %y = plan.arena 0 : memref<8x8xf32>
  // expected-error @+1 {{kernel @less_a_column may not write result 0 over argument 0}}
  plan.launch @less_a_column(%x) -> (%y) in_place [0] : (memref<8x8xf32>) -> memref<8x8xf32>
}
