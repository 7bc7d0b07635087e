// Launches that run piece by piece: which are chained, and that nothing is computed otherwise.
// RUN: split-file %s %t
// RUN: sinter-opt %t/plan.mlir --sinter-cpu-schedule --sinter-cpu-emit-matmul --sinter-cpu-emit-loops --sinter-cpu-chain-launches | FileCheck %t/plan.mlir
// RUN: sinterc %t/run.mlir --from=fused --emit=target -o - | FileCheck %t/run.mlir
// RUN: sinter-run %t/run.mlir --from=fused

//--- plan.mlir
#bmk = affine_map<(b, m, n, k) -> (b, m, k)>
#bkn = affine_map<(b, m, n, k) -> (b, k, n)>
#bmn = affine_map<(b, m, n, k) -> (b, m, n)>
#kbn = affine_map<(b, m, n, k) -> (k, b, n)>
#row = affine_map<(r, d) -> (r)>
#all = affine_map<(r, d) -> (r, d)>

// A piece per head, of operands that lie head by head.
// CHECK-LABEL: func private @product
// CHECK-SAME: sinter.pieces = 16 : i64, sinter.piecewise = array<i64: 0, 1, 2>
func.func private @product(%a: tensor<16x32x8xf32>, %b: tensor<16x8x32xf32>) -> tensor<16x32x32xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x32x32xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x32x32xf32>) -> tensor<16x32x32xf32>
  %c = linalg.generic {indexing_maps = [#bmk, #bkn, #bmn], iterator_types = ["parallel", "parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<16x32x8xf32>, tensor<16x8x32xf32>) outs(%start : tensor<16x32x32xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<16x32x32xf32>
  return %c : tensor<16x32x32xf32>
}

// Heads of the right operand lie side by side in a row: it belongs to no piece.
// CHECK-LABEL: func private @product_of_columns
// CHECK-SAME: sinter.piecewise = array<i64: 0, 2>
func.func private @product_of_columns(%a: tensor<16x32x32xf32>, %b: tensor<32x16x8xf32>) -> tensor<16x32x8xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x32x8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x32x8xf32>) -> tensor<16x32x8xf32>
  %c = linalg.generic {indexing_maps = [#bmk, #kbn, #bmn], iterator_types = ["parallel", "parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<16x32x32xf32>, tensor<32x16x8xf32>) outs(%start : tensor<16x32x8xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<16x32x8xf32>
  return %c : tensor<16x32x8xf32>
}

// A piece per row.
// CHECK-LABEL: func private @normalized
// CHECK-SAME: sinter.pieces = 512 : i64, sinter.piecewise = array<i64: 0, 1>
func.func private @normalized(%x: tensor<512x32xf32>) -> tensor<512x32xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<512xf32>) -> tensor<512xf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<512x32xf32>) outs(%start : tensor<512xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  } -> tensor<512xf32>
  %room = tensor.empty() : tensor<512x32xf32>
  %y = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<512x32xf32>, tensor<512xf32>) outs(%room : tensor<512x32xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %0 = arith.divf %a, %s : f32
    linalg.yield %0 : f32
  } -> tensor<512x32xf32>
  return %y : tensor<512x32xf32>
}

// Scores, rows, values: a chain of heads. Nobody else reads what the first two write: a thread keeps its head's 4096 bytes.
// CHECK-LABEL: plan.entry @chain
// CHECK: plan.launch @product({{.*}}) -> ({{.*}}) pieces 16 own [-1, -1, 0] :
// CHECK: plan.launch @normalized({{.*}}) -> ({{.*}}) in_place [0] pieces 16 own [0, 0] :
// CHECK: plan.launch @product_of_columns({{.*}}) -> ({{.*}}) own [0, -1, -1] :
plan.entry @chain arena 163840 live 163840 {
  %a = plan.arena 0 : memref<16x32x8xf32>
  plan.input "a" %a : memref<16x32x8xf32>
  %b = plan.arena 16384 : memref<16x8x32xf32>
  plan.input "b" %b : memref<16x8x32xf32>
  %v = plan.arena 32768 : memref<32x16x8xf32>
  plan.input "v" %v : memref<32x16x8xf32>
  %s = plan.arena 65536 : memref<16x32x32xf32>
  plan.launch @product(%a, %b) -> (%s) : (memref<16x32x8xf32>, memref<16x8x32xf32>) -> memref<16x32x32xf32>
  %rows = plan.view %s : memref<16x32x32xf32> -> memref<512x32xf32>
  %p = plan.arena 65536 : memref<512x32xf32>
  plan.launch @normalized(%rows) -> (%p) in_place [0] : (memref<512x32xf32>) -> memref<512x32xf32>
  %heads = plan.view %p : memref<512x32xf32> -> memref<16x32x32xf32>
  %o = plan.arena 131072 : memref<16x32x8xf32>
  plan.launch @product_of_columns(%heads, %v) -> (%o) : (memref<16x32x32xf32>, memref<32x16x8xf32>) -> memref<16x32x8xf32>
  plan.output "o" %o : memref<16x32x8xf32>
}

// Two results at once, one of which the caller reads as well: the other one is the thread's own.
// CHECK-LABEL: plan.entry @read_by_others
// CHECK: plan.launch @product({{.*}}) -> ({{.*}}) pieces 16 own [-1, -1, 0] :
// CHECK: plan.launch @normalized({{.*}}) -> ({{.*}}) pieces 16 own [0, -1] :
// CHECK: plan.launch @product_of_columns({{.*}}) -> ({{.*}}) :
plan.entry @read_by_others arena 229376 live 229376 {
  %a = plan.arena 0 : memref<16x32x8xf32>
  plan.input "a" %a : memref<16x32x8xf32>
  %b = plan.arena 16384 : memref<16x8x32xf32>
  plan.input "b" %b : memref<16x8x32xf32>
  %v = plan.arena 32768 : memref<32x16x8xf32>
  plan.input "v" %v : memref<32x16x8xf32>
  %s = plan.arena 65536 : memref<16x32x32xf32>
  plan.launch @product(%a, %b) -> (%s) : (memref<16x32x8xf32>, memref<16x8x32xf32>) -> memref<16x32x32xf32>
  %rows = plan.view %s : memref<16x32x32xf32> -> memref<512x32xf32>
  %p = plan.arena 131072 : memref<512x32xf32>
  plan.launch @normalized(%rows) -> (%p) : (memref<512x32xf32>) -> memref<512x32xf32>
  %heads = plan.view %p : memref<512x32xf32> -> memref<16x32x32xf32>
  %o = plan.arena 196608 : memref<16x32x8xf32>
  plan.launch @product_of_columns(%heads, %v) -> (%o) : (memref<16x32x32xf32>, memref<32x16x8xf32>) -> memref<16x32x8xf32>
  plan.output "p" %p : memref<512x32xf32>
  plan.output "o" %o : memref<16x32x8xf32>
}

// The result takes the memory of an operand that later pieces of the first product still read: no chain.
// CHECK-LABEL: plan.entry @reused
// CHECK: plan.launch @product({{.*}}) -> ({{.*}}) :
// CHECK: plan.launch @product_of_columns({{.*}}) -> ({{.*}}) :
plan.entry @reused arena 163840 live 163840 {
  %a = plan.arena 0 : memref<16x32x8xf32>
  plan.input "a" %a : memref<16x32x8xf32>
  %b = plan.arena 16384 : memref<16x8x32xf32>
  plan.input "b" %b : memref<16x8x32xf32>
  %v = plan.arena 32768 : memref<32x16x8xf32>
  plan.input "v" %v : memref<32x16x8xf32>
  %s = plan.arena 65536 : memref<16x32x32xf32>
  plan.launch @product(%a, %b) -> (%s) : (memref<16x32x8xf32>, memref<16x8x32xf32>) -> memref<16x32x32xf32>
  %o = plan.arena 8192 : memref<16x32x8xf32>
  plan.launch @product_of_columns(%s, %v) -> (%o) : (memref<16x32x32xf32>, memref<32x16x8xf32>) -> memref<16x32x8xf32>
  plan.output "o" %o : memref<16x32x8xf32>
}

// The second product reads all heads of what the first one has written: no chain.
// CHECK-LABEL: plan.entry @across
// CHECK: plan.launch @product_of_columns({{.*}}) -> ({{.*}}) :
// CHECK: plan.launch @product_of_columns({{.*}}) -> ({{.*}}) :
plan.entry @across arena 163840 live 163840 {
  %p = plan.arena 0 : memref<16x32x32xf32>
  plan.input "p" %p : memref<16x32x32xf32>
  %v = plan.arena 65536 : memref<32x16x8xf32>
  plan.input "v" %v : memref<32x16x8xf32>
  %o = plan.arena 81920 : memref<16x32x8xf32>
  plan.launch @product_of_columns(%p, %v) -> (%o) : (memref<16x32x32xf32>, memref<32x16x8xf32>) -> memref<16x32x8xf32>
  %again = plan.view %o : memref<16x32x8xf32> -> memref<32x16x8xf32>
  %o2 = plan.arena 98304 : memref<16x32x8xf32>
  plan.launch @product_of_columns(%p, %again) -> (%o2) : (memref<16x32x32xf32>, memref<32x16x8xf32>) -> memref<16x32x8xf32>
  plan.output "o" %o2 : memref<16x32x8xf32>
}

//--- run.mlir
// Twelve heads through scores, softmax and values, large enough to be shared by threads; against the interpreter, and with
// the same bits for 1, 2 and 3 threads. (Behind stage `fused` nothing makes one kernel of them.)
// CHECK-LABEL: plan.entry @attention
// CHECK: plan.launch @{{.*}} pieces 12 own [-1, -1, 0] :
// CHECK: plan.launch @softmax{{.*}} pieces 12 own [0, 0] :
// CHECK-LABEL: plan.entry @attention_and_weights
// CHECK: plan.launch @{{.*}} pieces 9 :
// CHECK: plan.launch @softmax{{.*}} pieces 9 :
func.func @attention(%q: tensor<12x72x16xf32>, %k: tensor<12x72x16xf32>, %v: tensor<12x72x16xf32>) -> tensor<12x72x16xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<12x72x16xf32>, tensor<12x72x16xf32>) -> tensor<12x72x72xf32>
  %p = sinter.softmax %s : tensor<12x72x72xf32>
  %o = sinter.matmul %p, %v : (tensor<12x72x72xf32>, tensor<12x72x16xf32>) -> tensor<12x72x16xf32>
  return %o : tensor<12x72x16xf32>
}

// The same weights are asked for, too: they are written once, and read while they are warm.
func.func @attention_and_weights(%q: tensor<3x3x64x16xf32>, %k: tensor<3x3x64x16xf32>, %v: tensor<3x3x64x16xf32>) -> (tensor<3x3x64x64xf32>, tensor<3x3x64x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x3x64x16xf32>, tensor<3x3x64x16xf32>) -> tensor<3x3x64x64xf32>
  %p = sinter.softmax %s : tensor<3x3x64x64xf32>
  %o = sinter.matmul %p, %v : (tensor<3x3x64x64xf32>, tensor<3x3x64x16xf32>) -> tensor<3x3x64x16xf32>
  return %p, %o : tensor<3x3x64x64xf32>, tensor<3x3x64x16xf32>
}
