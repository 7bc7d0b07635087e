// Sums of a matrix's columns, such as a bias's gradient, by the kernel of a product that multiplies the matrix.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %t/kernels.mlir
// RUN: sinterc --from=model --emit=kernels %t/numbers.mlir | FileCheck %t/numbers.mlir
// RUN: sinterc --from=model --emit=plan -o - %t/numbers.mlir | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-matmul | FileCheck %s --check-prefix=EMITTED
// RUN: sinter-run %t/numbers.mlir
// RUN: sinter-run --march=x86-64-v3 %t/numbers.mlir
// The same bits as of sums in kernels of their own.
// RUN: sinter-run --device cpu --threads 2 --print %t/numbers.mlir > %t/fused.out
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t/numbers.mlir > %t/apart.out
// RUN: cmp %t/fused.out %t/apart.out
// RUN: sinter-run --device cpu --threads 2 --print --march=x86-64-v3 %t/numbers.mlir > %t/narrow.out
// RUN: cmp %t/fused.out %t/narrow.out

// All of these products are recognised with their sums: none is left on tensors, for loops to do slowly.
// EMITTED-NOT: func private @matmul{{[^:]*}}: tensor

//--- kernels.mlir
// The first rows of the left operand are multiplied while the right one is copied, and its columns add up on the way: one
// more addition for each of its vectors, and none for the other rows; a few more after each run of 64 steps.
// CHECK-LABEL: func private @sums
// CHECK: scf.if
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-2: arith.addf {{.*}} : vector<16xf32>
// CHECK-NOT: arith.addf
// CHECK: math.fma
// CHECK-NOT: arith.addf
// CHECK: scf.yield
// CHECK: scf.if
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: arith.subf
// CHECK: } else {
// CHECK-NOT: arith.addf
// CHECK: scf.yield
// The tile of the first rows writes them (here there is no other).
// CHECK: %[[SUM:.*]] = vector.load %{{.*}}[%c0] : memref<96xf32>, vector<16xf32>
// CHECK-NEXT: vector.store %[[SUM]], %arg3[%{{.*}}] : memref<256xf32>, vector<16xf32>
func.func private @sums(%a: tensor<128x192xf32>, %b: tensor<128x256xf32>) -> (tensor<192x256xf32>, tensor<256xf32>) attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<192x256xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<192x256xf32>) -> tensor<192x256xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<128x192xf32>, tensor<128x256xf32>) outs(%f : tensor<192x256xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<192x256xf32>
  %e2 = tensor.empty() : tensor<256xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<256xf32>) -> tensor<256xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(k, n) -> (k, n)>, affine_map<(k, n) -> (n)>], iterator_types = ["reduction", "parallel"],
      sinter.role = "sums of columns"}
      ins(%b : tensor<128x256xf32>) outs(%f2 : tensor<256xf32>) {
  ^bb0(%y: f32, %acc: f32):
    %s = arith.addf %acc, %y : f32
    linalg.yield %s : f32
  } -> tensor<256xf32>
  return %c, %d : tensor<192x256xf32>, tensor<256xf32>
}

//--- numbers.mlir
// (Nothing cancels in sums of what is positive.)
// A gradient of weights and one of a bias: sizes that nothing divides, more rows than a block holds.
// CHECK-LABEL: func @bias
// CHECK: call @matmul
// CHECK-NOT: call
// CHECK: return
func.func @bias(%x: tensor<1301x100xf32> {sinter.range = [0.0, 1.0]}, %dy: tensor<1301x77xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<100x77xf32>, tensor<77xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {transpose_lhs} : (tensor<1301x100xf32>, tensor<1301x77xf32>) -> tensor<100x77xf32>
  %db = sinter.reduce sum %dy axes [0] : tensor<1301x77xf32> -> tensor<77xf32>
  return %dw, %db : tensor<100x77xf32>, tensor<77xf32>
}
// The sum first, and of a tensor of more dimensions; many columns, and fewer than a register tile has.
// CHECK-LABEL: func @wide
// CHECK: call @matmul
// CHECK-NOT: call
// CHECK: return
func.func @wide(%x: tensor<4x50x200xf32> {sinter.range = [0.0, 1.0]}, %dy: tensor<4x50x700xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<700xf32>, tensor<200x700xf32>) attributes {sinter.entry} {
  %db = sinter.reduce sum %dy axes [0, 1] : tensor<4x50x700xf32> -> tensor<700xf32>
  %x2 = sinter.reshape %x : tensor<4x50x200xf32> -> tensor<200x200xf32>
  %dy2 = sinter.reshape %dy : tensor<4x50x700xf32> -> tensor<200x700xf32>
  %dw = sinter.matmul %x2, %dy2 {transpose_lhs} : (tensor<200x200xf32>, tensor<200x700xf32>) -> tensor<200x700xf32>
  return %db, %dw : tensor<700xf32>, tensor<200x700xf32>
}
// CHECK-LABEL: func @narrow
// CHECK: call @matmul
// CHECK-NOT: call
// CHECK: return
func.func @narrow(%x: tensor<64x300xf32> {sinter.range = [0.0, 1.0]}, %dy: tensor<300x19xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<64x19xf32>, tensor<19xf32>) attributes {sinter.entry} {
  %y = sinter.matmul %x, %dy : (tensor<64x300xf32>, tensor<300x19xf32>) -> tensor<64x19xf32>
  %s = sinter.reduce sum %dy axes [0] : tensor<300x19xf32> -> tensor<19xf32>
  return %y, %s : tensor<64x19xf32>, tensor<19xf32>
}
// With a computed left operand, and an epilogue.
// CHECK-LABEL: func @computed
// CHECK: call @matmul
// CHECK-NOT: call
// CHECK: return
func.func @computed(%x: tensor<4x200x80xf32> {sinter.range = [0.0, 1.0]}, %s: tensor<80xf32> {sinter.range = [0.0, 1.0]}, %dy: tensor<800x96xf32> {sinter.range = [0.0, 1.0]}, %old: tensor<80x96xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<80x96xf32>, tensor<96xf32>) attributes {sinter.entry} {
  %s2 = sinter.broadcast %s dims [2] : tensor<80xf32> -> tensor<4x200x80xf32>
  %h = arith.mulf %x, %s2 : tensor<4x200x80xf32>
  %h2 = sinter.reshape %h : tensor<4x200x80xf32> -> tensor<800x80xf32>
  %dw = sinter.matmul %h2, %dy {transpose_lhs} : (tensor<800x80xf32>, tensor<800x96xf32>) -> tensor<80x96xf32>
  %new = arith.addf %old, %dw : tensor<80x96xf32>
  %db = sinter.reduce sum %dy axes [0] : tensor<800x96xf32> -> tensor<96xf32>
  return %new, %db : tensor<80x96xf32>, tensor<96xf32>
}
// The product reads what becomes of the sums: a kernel of their own.
// CHECK-LABEL: func @depends
// CHECK: call @reduce
// CHECK: call @matmul
// CHECK: return
func.func @depends(%dy: tensor<128x64xf32> {sinter.range = [0.0, 1.0]}) -> tensor<128x64xf32> attributes {sinter.entry} {
  %s = sinter.reduce sum %dy axes [0] : tensor<128x64xf32> -> tensor<64xf32>
  %small = arith.constant dense<0.01> : tensor<64xf32>
  %t = arith.mulf %s, %small : tensor<64xf32>
  %left = sinter.broadcast %t dims [0] : tensor<64xf32> -> tensor<64x128xf32>
  %r = sinter.transpose %left [1, 0] : tensor<64x128xf32> -> tensor<128x64xf32>
  %y = sinter.matmul %r, %dy {transpose_lhs} : (tensor<128x64xf32>, tensor<128x64xf32>) -> tensor<64x64xf32>
  %z = sinter.matmul %dy, %y : (tensor<128x64xf32>, tensor<64x64xf32>) -> tensor<128x64xf32>
  return %z : tensor<128x64xf32>
}
