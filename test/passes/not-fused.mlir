// Every refusal to fuse is a remark at the model's line, for those who listen.
// RUN: split-file %s %t
// RUN: sinter-opt %t/elementwise.mlir --sinter-fuse-elementwise='most-ops=2' --remarks-filter-missed=fusion --remark-format=emitRemark \
// RUN:   --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/prologues.mlir --sinter-fuse-prologues --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/weights.mlir --sinter-rematerialize --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/kernels.mlir --sinter-canonicalize-shapes --sinter-group-kernels --sinter-outline-kernels --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %S/fuse-elementwise-limits.mlir --sinter-fuse-elementwise=most-ops=2 -o /dev/null 2>&1 | count 0

//--- elementwise.mlir
// A chain of five ops, of which a map may hold two, falls into three pieces: two refusals.
func.func @too_many_ops(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-remark@+1 {{one map holds at most 2 ops, but with them their reader would hold 3"}}
  %a = math.sin %x : tensor<8xf32>
  %b = math.cos %a : tensor<8xf32>
  // expected-remark@+1 {{one map holds at most 2 ops, but with them their reader would hold 4}}
  %c = math.tanh %b : tensor<8xf32>
  %d = math.exp %c : tensor<8xf32>
  %e = math.absf %d : tensor<8xf32>
  return %e : tensor<8xf32>
}
// An exponential for each row would be computed for every column.
func.func @costly(%x: tensor<8xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark@+1 {{their reader takes each of their elements several times, and they cost too much to be computed as often}}
  %a = math.exp %x : tensor<8xf32>
  %b = sinter.broadcast %a dims [0] : tensor<8xf32> -> tensor<8x64xf32>
  %c = arith.addf %b, %y : tensor<8x64xf32>
  return %c : tensor<8x64xf32>
}
// What two ops read is stored for both: no refusal.
func.func @two_readers(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %a = math.exp %x : tensor<8xf32>
  %b = math.sin %a : tensor<8xf32>
  return %a, %b : tensor<8xf32>, tensor<8xf32>
}
// Two large products that only their sum reads wait for it; a third is added to it.
func.func @running_sum(%x: tensor<128x128xf32>, %w: tensor<128x128xf32>) -> tensor<128x128xf32> {
  %p = sinter.matmul %x, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %q = sinter.matmul %w, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %r = sinter.matmul %x, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  // expected-remark@+1 {{a sum of many large values adds each to what the last one left}}
  %s = arith.addf %p, %q : tensor<128x128xf32>
  %t = arith.addf %s, %r : tensor<128x128xf32>
  return %t : tensor<128x128xf32>
}

//--- prologues.mlir
#id = affine_map<(i, j) -> (i, j)>
func.func @taken(%x: tensor<8x8xf32>, %w: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %h = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
func.func @other_reader(%x: tensor<8x8xf32>, %w: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<8x8xf32>) {
  // expected-remark@+1 {{something else than a product reads it, too}}
  %h = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %y, %h : tensor<8x16xf32>, tensor<8x8xf32>
}
func.func @bf16(%x: tensor<8x8xf32>, %w: tensor<8x16xf32>) -> tensor<8x16xf32> {
  // expected-remark@+1 {{one of its products takes denormals for zero, as bf16 does}}
  %h = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w {bf16} : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
func.func @few_rows(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{one of its products has too few rows or columns to pack what it reads}}
  %h = sinter.map (%x) [#id] : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
func.func @costly_map(%x: tensor<8x8xf32>, %w: tensor<8x16xf32>) -> tensor<8x16xf32> {
  // expected-remark@+1 {{computing it costs more than reading it}}
  %h = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

//--- weights.mlir
// Scores of 16384 multiplications; a hundredth of all, 98304, is 983.
func.func @attention(%q: tensor<32x16xf32>, %k: tensor<32x16xf32>, %v: tensor<32x16xf32>) -> (tensor<32x32xf32>, tensor<32x32xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<32x16xf32>, tensor<32x16xf32>) -> tensor<32x32xf32>
  // expected-remark@+1 {{that takes 16384 multiplications, but of the hundredth that may be done again 983 are left}}
  %p = sinter.softmax %s : tensor<32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<32x32xf32>, tensor<32x16xf32>) -> tensor<32x16xf32>
  %b = sinter.broadcast %o dims [0, 1] : tensor<32x16xf32> -> tensor<32x16x16xf32>
  %c = sinter.reduce sum %b axes [2] : tensor<32x16x16xf32> -> tensor<32x16xf32>
  %dk = sinter.matmul %c, %k {transpose_lhs} : (tensor<32x16xf32>, tensor<32x16xf32>) -> tensor<16x16xf32>
  %e = sinter.matmul %k, %dk : (tensor<32x16xf32>, tensor<16x16xf32>) -> tensor<32x16xf32>
  %dv = sinter.matmul %e, %p {transpose_lhs} : (tensor<32x16xf32>, tensor<32x32xf32>) -> tensor<16x32xf32>
  %y = sinter.matmul %q, %dv : (tensor<32x16xf32>, tensor<16x32xf32>) -> tensor<32x32xf32>
  %z = sinter.matmul %k, %dv : (tensor<32x16xf32>, tensor<16x32xf32>) -> tensor<32x32xf32>
  return %y, %z : tensor<32x32xf32>, tensor<32x32xf32>
}

//--- kernels.mlir
#id = affine_map<(i, j) -> (i, j)>
#swap = affine_map<(i, j) -> (j, i)>
// A map over a product's result joins its kernel; one that reads it transposed does not.
func.func @epilogues(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %p = sinter.matmul %x, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %a = sinter.map (%p) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  // expected-remark@+1 {{it does not read that kernel's results element by element}}
  %b = sinter.map (%p, %x) [#swap, #id] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %a, %b : tensor<8x8xf32>, tensor<8x8xf32>
}
// Rows of a product seen as a batch, for a bias that differs within it.
func.func @shapes(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %y: tensor<2x8xf32>) -> tensor<2x4x8xf32> attributes {sinter.entry} {
  %p = sinter.matmul %x, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %v = sinter.reshape %p : tensor<8x8xf32> -> tensor<2x4x8xf32>
  // expected-remark@+1 {{it works on [2, 4, 8], but that kernel on [8, 8]}}
  %b = sinter.map (%v, %y) [affine_map<(b, i, j) -> (b, i, j)>, affine_map<(b, i, j) -> (b, j)>] : (tensor<2x4x8xf32>, tensor<2x8xf32>) -> tensor<2x4x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %b : tensor<2x4x8xf32>
}
// The second map waits for a product of what the first computes.
func.func @cycle(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {sinter.entry} {
  %a = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %t = sinter.transpose %a [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
  %g = sinter.concat %t, %t axis 0 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %h = sinter.slice %g [0, 0] to [8, 8] by [1, 1] : tensor<16x8xf32> -> tensor<8x8xf32>
  // expected-remark@+1 {{it also waits for other kernels, which read what that kernel computes}}
  %b = sinter.map (%a, %h) [#id, #id] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %b : tensor<8x8xf32>
}
