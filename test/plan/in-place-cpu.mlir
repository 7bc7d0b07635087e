// RUN: sinter-opt %s -split-input-file -verify-diagnostics -o /dev/null
// On the CPU, loops run in the order of a kernel, and store what a row adds up to. So a sum that a result does not need may read the
// argument that the result takes the place of, if it stands before all that the result's memory may hold. The first section may; the
// others miss it by a little.

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// The sums of rows stand in front of all that the result may overwrite.
module attributes {sinter.target = "cpu"} {
func.func private @sums_in_front(%x: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<8x16xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %room = tensor.empty() : tensor<8x16xf32>
  %s_empty = tensor.empty() : tensor<8xf32>
  %s_start = linalg.fill ins(%zero : f32) outs(%s_empty : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%s_start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %s, %y : tensor<8xf32>, tensor<8x16xf32>
}
plan.entry @entry arena 2560 live 2560 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %o0 = plan.arena 2048 : memref<8xf32>
  %o1 = plan.arena 0 : memref<8x16xf32>
  plan.launch @sums_in_front(%x) -> (%o0, %o1) in_place [-1, 0] : (memref<8x16xf32>) -> (memref<8xf32>, memref<8x16xf32>)
  plan.output "o0" %o0 : memref<8xf32>
  plan.output "o1" %o1 : memref<8x16xf32>
}
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// The same on a target that has not said in which order it computes.
module {
func.func private @sums_elsewhere(%x: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<8x16xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %room = tensor.empty() : tensor<8x16xf32>
  %s_empty = tensor.empty() : tensor<8xf32>
  %s_start = linalg.fill ins(%zero : f32) outs(%s_empty : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%s_start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %s, %y : tensor<8xf32>, tensor<8x16xf32>
}
plan.entry @entry arena 2560 live 2560 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %o0 = plan.arena 2048 : memref<8xf32>
  %o1 = plan.arena 0 : memref<8x16xf32>
  // expected-error @+1 {{kernel @sums_elsewhere may not write result 1 over argument 0}}
  plan.launch @sums_elsewhere(%x) -> (%o0, %o1) in_place [-1, 0] : (memref<8x16xf32>) -> (memref<8xf32>, memref<8x16xf32>)
  plan.output "o0" %o0 : memref<8xf32>
  plan.output "o1" %o1 : memref<8x16xf32>
}
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// They stand behind it: the argument is gone.
module attributes {sinter.target = "cpu"} {
func.func private @sums_behind(%x: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<8x16xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %room = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  %s_empty = tensor.empty() : tensor<8xf32>
  %s_start = linalg.fill ins(%zero : f32) outs(%s_empty : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%s_start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  return %s, %y : tensor<8xf32>, tensor<8x16xf32>
}
plan.entry @entry arena 2560 live 2560 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %o0 = plan.arena 2048 : memref<8xf32>
  %o1 = plan.arena 0 : memref<8x16xf32>
  // expected-error @+1 {{kernel @sums_behind may not write result 1 over argument 0}}
  plan.launch @sums_behind(%x) -> (%o0, %o1) in_place [-1, 0] : (memref<8x16xf32>) -> (memref<8xf32>, memref<8x16xf32>)
  plan.output "o0" %o0 : memref<8xf32>
  plan.output "o1" %o1 : memref<8x16xf32>
}
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// In front of the result, but behind something as large, which may wait in the memory of the result.
module attributes {sinter.target = "cpu"} {
func.func private @sums_between(%x: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<8x16xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %room = tensor.empty() : tensor<8x16xf32>
  %e = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  %s_empty = tensor.empty() : tensor<8xf32>
  %s_start = linalg.fill ins(%zero : f32) outs(%s_empty : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%s_start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%e : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %s, %y : tensor<8xf32>, tensor<8x16xf32>
}
plan.entry @entry arena 2560 live 2560 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %o0 = plan.arena 2048 : memref<8xf32>
  %o1 = plan.arena 0 : memref<8x16xf32>
  // expected-error @+1 {{kernel @sums_between may not write result 1 over argument 0}}
  plan.launch @sums_between(%x) -> (%o0, %o1) in_place [-1, 0] : (memref<8x16xf32>) -> (memref<8xf32>, memref<8x16xf32>)
  plan.output "o0" %o0 : memref<8xf32>
  plan.output "o1" %o1 : memref<8x16xf32>
}
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// Sums of columns need rows that other tiles may have written.
module attributes {sinter.target = "cpu"} {
func.func private @columns_in_front(%x: tensor<8x16xf32>) -> (tensor<16xf32>, tensor<8x16xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %room = tensor.empty() : tensor<8x16xf32>
  %s_empty = tensor.empty() : tensor<16xf32>
  %s_start = linalg.fill ins(%zero : f32) outs(%s_empty : tensor<16xf32>) -> tensor<16xf32>
  %s = linalg.generic {indexing_maps = [#full, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%s_start : tensor<16xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<16xf32>
  %y = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %s, %y : tensor<16xf32>, tensor<8x16xf32>
}
plan.entry @entry arena 2560 live 2560 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %o0 = plan.arena 2048 : memref<16xf32>
  %o1 = plan.arena 0 : memref<8x16xf32>
  // expected-error @+1 {{kernel @columns_in_front may not write result 1 over argument 0}}
  plan.launch @columns_in_front(%x) -> (%o0, %o1) in_place [-1, 0] : (memref<8x16xf32>) -> (memref<16xf32>, memref<8x16xf32>)
  plan.output "o0" %o0 : memref<16xf32>
  plan.output "o1" %o1 : memref<8x16xf32>
}
}

// -----

#full = affine_map<(r, d) -> (r, d)>
#row = affine_map<(r, d) -> (r)>
#column = affine_map<(r, d) -> (d)>

// Another result as large reads the argument behind the result that takes its place.
module attributes {sinter.target = "cpu"} {
func.func private @another_behind(%x: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<8x16xf32>, tensor<8x16xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %room = tensor.empty() : tensor<8x16xf32>
  %s_empty = tensor.empty() : tensor<8xf32>
  %s_start = linalg.fill ins(%zero : f32) outs(%s_empty : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#full, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%s_start : tensor<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  %z = linalg.generic {indexing_maps = [#full, #full], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%room : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %s, %y, %z : tensor<8xf32>, tensor<8x16xf32>, tensor<8x16xf32>
}
plan.entry @entry arena 3072 live 3072 {
  %x = plan.arena 0 : memref<8x16xf32>
  plan.input "x" %x : memref<8x16xf32>
  %o0 = plan.arena 2048 : memref<8xf32>
  %o1 = plan.arena 0 : memref<8x16xf32>
  %o2 = plan.arena 2560 : memref<8x16xf32>
  // expected-error @+1 {{kernel @another_behind may not write result 1 over argument 0}}
  plan.launch @another_behind(%x) -> (%o0, %o1, %o2) in_place [-1, 0, -1] : (memref<8x16xf32>) -> (memref<8xf32>, memref<8x16xf32>, memref<8x16xf32>)
  plan.output "o0" %o0 : memref<8xf32>
  plan.output "o1" %o1 : memref<8x16xf32>
  plan.output "o2" %o2 : memref<8x16xf32>
}
}
