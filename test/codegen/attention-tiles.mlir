// Sums over queries take tiles as wide as a head, so that weights are read once, where registers hold as much of it: not
// two panels of 32 columns, whose 13 rows would be as fast by themselves.
// RUN: sinterc %s --from model --emit=plan -o - | sinter-opt --sinter-cpu-schedule=vector-registers=32 --sinter-cpu-emit-attention | FileCheck %s
// RUN: sinterc %s --from model --emit=plan -o - | sinter-opt --sinter-cpu-schedule=vector-registers=16 --sinter-cpu-emit-attention | FileCheck %s --check-prefix=FEW

// CHECK: sinter.schedule = {products = [{{.*}}block = array<i64: 1000, 64, 64>, {{[^}]*}}, tile = array<i64: 6, 64>}{{.*}}block = array<i64: 1000, 64, 64>, {{[^}]*}}, tile = array<i64: 6, 64>}], rows = 64
// FEW-NOT: block = array<i64: 1000, 64, {{[0-9]+}}>, {{[^}]*}}, tile = array<i64: {{[0-9]+}}, 64>

#id = affine_map<(b, i, j) -> (b, i, j)>

func.func @causal(%q: tensor<2x1000x64xf32>, %k: tensor<2x1000x64xf32>, %v: tensor<2x1000x64xf32>, %w: tensor<2x1000x64xf32>) -> (tensor<2x1000x64xf32>, tensor<2x1000x64xf32>, tensor<2x1000x64xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x1000x64xf32>, tensor<2x1000x64xf32>) -> tensor<2x1000x1000xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x1000x1000xf32>) -> tensor<2x1000x1000xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x1000x1000xf32>
  %o = sinter.matmul %p, %v : (tensor<2x1000x1000xf32>, tensor<2x1000x64xf32>) -> tensor<2x1000x64xf32>
  %f = arith.mulf %o, %w : tensor<2x1000x64xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x1000x64xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x1000x64xf32>, tensor<2x1000x64xf32>, tensor<2x1000x64xf32>) -> (tensor<2x1000x64xf32>, tensor<2x1000x64xf32>, tensor<2x1000x64xf32>)
  return %g#0, %g#1, %g#2 : tensor<2x1000x64xf32>, tensor<2x1000x64xf32>, tensor<2x1000x64xf32>
}
