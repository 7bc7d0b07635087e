// Attention, forwards and backwards, against the interpreter: masks, sizes, gradients; on one thread and on several. That one
// kernel takes each direction says attention.mlir; here, that this changes no bit.
// RUN: sinter-run %s
// RUN: sinter-run --march=x86-64-v3 %s
// RUN: sinter-opt %s --sinter-to-train=bf16 > %t.narrow
// RUN: sinter-run --entry causal %t.narrow
// RUN: sinter-run --entry cross %t.narrow
// RUN: sinter-run --device cpu --threads 2 --print %t.narrow > %t.narrow.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t.narrow > %t.narrow.many
// RUN: cmp %t.narrow.one %t.narrow.many
// RUN: sinter-run --device cpu --threads 2 --print %s > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %s > %t.many
// RUN: cmp %t.one %t.many
// RUN: sinterc %s --from model --emit=kernels -o - | FileCheck %s --check-prefix=KERNELS
// RUN: sinterc %s --from model --emit=plan -o - | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-attention | FileCheck %s --check-prefix=EMITTED

// One function knows its cotangent at once: forwards and backwards are one kernel there.
// KERNELS-COUNT-27: call @attention_
// EMITTED-NOT: func private @attention{{[^:]*}}: tensor
// KERNELS-NOT: call @softmax

#id = affine_map<(b, h, i, j) -> (b, h, i, j)>
#id3 = affine_map<(b, i, j) -> (b, i, j)>

func.func @causal(%q: tensor<2x3x128x64xf32>, %k: tensor<2x3x128x64xf32>, %v: tensor<2x3x128x64xf32>, %w: tensor<2x3x128x64xf32>) -> (tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>) -> tensor<2x3x128x128xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x3x128x128xf32>) -> tensor<2x3x128x128xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x3x128x128xf32>
  %o = sinter.matmul %p, %v : (tensor<2x3x128x128xf32>, tensor<2x3x128x64xf32>) -> tensor<2x3x128x64xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>) -> tensor<2x3x128x64xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x3x128x64xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>) -> (tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>, tensor<2x3x128x64xf32>
}
// Blocks of queries of which the last is no larger than others, and rows that are no multiple of a register tile.
func.func @causal_48(%q: tensor<1x2x48x20xf32>, %k: tensor<1x2x48x20xf32>, %v: tensor<1x2x48x20xf32>, %w: tensor<1x2x48x20xf32>) -> (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x48xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x48x48xf32>) -> tensor<1x2x48x48xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x48x48xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x48x48xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x20xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x20xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x48x20xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>
}
// As many keys as there are numbers in each: shapes do not tell scores from queries.
func.func @square(%q: tensor<1x2x64x64xf32>, %k: tensor<1x2x64x64xf32>, %v: tensor<1x2x64x64xf32>, %w: tensor<1x2x64x64xf32>) -> (tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) -> tensor<1x2x64x64xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x64x64xf32>) -> tensor<1x2x64x64xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x64x64xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) -> tensor<1x2x64x64xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) -> tensor<1x2x64x64xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x64x64xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) -> (tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>
}
func.func @one_block(%q: tensor<3x1x16x8xf32>, %k: tensor<3x1x16x8xf32>, %v: tensor<3x1x16x8xf32>, %w: tensor<3x1x16x8xf32>) -> (tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>) -> tensor<3x1x16x16xf32>
  %m = sinter.map(%s) [#id] : (tensor<3x1x16x16xf32>) -> tensor<3x1x16x16xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<3x1x16x16xf32>
  %o = sinter.matmul %p, %v : (tensor<3x1x16x16xf32>, tensor<3x1x16x8xf32>) -> tensor<3x1x16x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>) -> tensor<3x1x16x8xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<3x1x16x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>) -> (tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>, tensor<3x1x16x8xf32>
}
// Every key counts.
func.func @full(%q: tensor<2x2x80x32xf32>, %k: tensor<2x2x80x32xf32>, %v: tensor<2x2x80x32xf32>, %w: tensor<2x2x80x32xf32>) -> (tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>) -> tensor<2x2x80x80xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x2x80x80xf32>) -> tensor<2x2x80x80xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x2x80x80xf32>
  %o = sinter.matmul %p, %v : (tensor<2x2x80x80xf32>, tensor<2x2x80x32xf32>) -> tensor<2x2x80x32xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>) -> tensor<2x2x80x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x2x80x32xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>) -> (tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>, tensor<2x2x80x32xf32>
}
func.func @cross(%q: tensor<2x2x32x16xf32>, %k: tensor<2x2x96x16xf32>, %v: tensor<2x2x96x48xf32>, %w: tensor<2x2x32x48xf32>) -> (tensor<2x2x32x48xf32>, tensor<2x2x32x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x96x48xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x2x32x16xf32>, tensor<2x2x96x16xf32>) -> tensor<2x2x32x96xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x2x32x96xf32>) -> tensor<2x2x32x96xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %z = arith.mulf %x, %scale : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x2x32x96xf32>
  %o = sinter.matmul %p, %v : (tensor<2x2x32x96xf32>, tensor<2x2x96x48xf32>) -> tensor<2x2x32x48xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x2x32x48xf32>, tensor<2x2x32x48xf32>) -> tensor<2x2x32x48xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x2x32x48xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x2x32x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x96x48xf32>) -> (tensor<2x2x32x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x96x48xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x2x32x48xf32>, tensor<2x2x32x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x96x48xf32>
}
// A window, and a function of scores, heads and distances.
func.func @window(%q: tensor<1x2x64x16xf32>, %k: tensor<1x2x64x16xf32>, %v: tensor<1x2x64x16xf32>, %w: tensor<1x2x64x16xf32>) -> (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) -> tensor<1x2x64x64xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x64x64xf32>) -> tensor<1x2x64x64xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %c9 = arith.constant 9 : i32
    %d = arith.subi %i, %j : i32
    %past = arith.cmpi sge, %i, %j : i32
    %near = arith.cmpi slt, %d, %c9 : i32
    %keep = arith.andi %past, %near : i1
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x64x64xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x64x64xf32>, tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x64x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) -> (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>
}
func.func @soft(%q: tensor<2x3x48x16xf32>, %k: tensor<2x3x48x16xf32>, %v: tensor<2x3x48x16xf32>, %w: tensor<2x3x48x16xf32>) -> (tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>) -> tensor<2x3x48x48xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x3x48x48xf32>) -> tensor<2x3x48x48xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %h = sinter.index 1 : i32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %d = arith.subi %j, %i : i32
    %df = arith.sitofp %d : i32 to f32
    %hf = arith.sitofp %h : i32 to f32
    %slope = arith.mulf %hf, %scale : f32
    %bias = arith.mulf %df, %slope : f32
    %capped = math.tanh %x : f32
    %z = arith.addf %capped, %bias : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x3x48x48xf32>
  %o = sinter.matmul %p, %v : (tensor<2x3x48x48xf32>, tensor<2x3x48x16xf32>) -> tensor<2x3x48x16xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>) -> tensor<2x3x48x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x3x48x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>) -> (tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>, tensor<2x3x48x16xf32>
}
// The other triangle: what comes later.
func.func @later_keys(%q: tensor<1x2x48x20xf32>, %k: tensor<1x2x48x20xf32>, %v: tensor<1x2x48x20xf32>, %w: tensor<1x2x48x20xf32>) -> (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x48xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x48x48xf32>) -> tensor<1x2x48x48xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sle, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x48x48xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x48x48xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x20xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x20xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x48x20xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>
}
// Earlier keys only: the first query sees none, and gets zeros.
func.func @earlier_keys(%q: tensor<1x2x48x20xf32>, %k: tensor<1x2x48x20xf32>, %v: tensor<1x2x48x20xf32>, %w: tensor<1x2x48x20xf32>) -> (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x48xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x48x48xf32>) -> tensor<1x2x48x48xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.125 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sgt, %i, %j : i32
    %y = arith.mulf %x, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x48x48xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x48x48xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x20xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> tensor<1x2x48x20xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    %z = arith.mulf %x, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x48x20xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>) -> (tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>, tensor<1x2x48x20xf32>
}
// Results that are stored in another way, or next to each other; operands that are read in another way; little of all.
func.func @transposed(%q: tensor<1x2x32x16xf32>, %k: tensor<1x2x32x16xf32>, %v: tensor<1x2x32x16xf32>) -> tensor<1x2x16x32xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x32x16xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x32xf32>
  %p = sinter.softmax %s : tensor<1x2x32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x32x32xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x16xf32>
  %t = sinter.transpose %o [0, 1, 3, 2] : tensor<1x2x32x16xf32> -> tensor<1x2x16x32xf32>
  return %t : tensor<1x2x16x32xf32>
}
func.func @stacked(%q: tensor<1x2x32x16xf32>, %k: tensor<1x2x32x16xf32>, %v: tensor<1x2x32x16xf32>) -> tensor<2x2x32x16xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x32x16xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x32xf32>
  %p = sinter.softmax %s : tensor<1x2x32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x32x32xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x16xf32>
  %u = sinter.matmul %p, %k {transpose_lhs} : (tensor<1x2x32x32xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x16xf32>
  %t = sinter.concat %o, %u axis 0 : (tensor<1x2x32x16xf32>, tensor<1x2x32x16xf32>) -> tensor<2x2x32x16xf32>
  return %t : tensor<2x2x32x16xf32>
}
func.func @keys_transposed(%q: tensor<1x2x32x16xf32>, %k: tensor<1x2x16x32xf32>, %v: tensor<1x2x16x32xf32>) -> tensor<1x2x32x16xf32> attributes {sinter.entry} {
  %kt = sinter.transpose %k [0, 1, 3, 2] : tensor<1x2x16x32xf32> -> tensor<1x2x32x16xf32>
  %vt = sinter.transpose %v [0, 1, 3, 2] : tensor<1x2x16x32xf32> -> tensor<1x2x32x16xf32>
  %s = sinter.matmul %q, %kt {transpose_rhs} : (tensor<1x2x32x16xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x32xf32>
  %p = sinter.softmax %s : tensor<1x2x32x32xf32>
  %o = sinter.matmul %p, %vt : (tensor<1x2x32x32xf32>, tensor<1x2x32x16xf32>) -> tensor<1x2x32x16xf32>
  return %o : tensor<1x2x32x16xf32>
}
func.func @one_head(%q: tensor<1x32x1xf32>, %k: tensor<1x16x1xf32>, %v: tensor<1x16x3xf32>) -> tensor<1x32x3xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x32x1xf32>, tensor<1x16x1xf32>) -> tensor<1x32x16xf32>
  %p = sinter.softmax %s : tensor<1x32x16xf32>
  %o = sinter.matmul %p, %v : (tensor<1x32x16xf32>, tensor<1x16x3xf32>) -> tensor<1x32x3xf32>
  return %o : tensor<1x32x3xf32>
}
// Queries, keys and values side by side in one tensor, as models have them; so are their gradients, which the kernel
// stores there, and heads in the result.
func.func @joined(%x: tensor<2x48x96xf32>, %w: tensor<2x48x2x16xf32>) -> (tensor<2x48x2x16xf32>, tensor<2x48x96xf32>) attributes {sinter.entry} {
  %q0 = sinter.slice %x [0, 0, 0] to [2, 48, 32] by [1, 1, 1] : tensor<2x48x96xf32> -> tensor<2x48x32xf32>
  %q1 = sinter.reshape %q0 : tensor<2x48x32xf32> -> tensor<2x48x2x16xf32>
  %q = sinter.transpose %q1 [0, 2, 1, 3] : tensor<2x48x2x16xf32> -> tensor<2x2x48x16xf32>
  %k0 = sinter.slice %x [0, 0, 32] to [2, 48, 64] by [1, 1, 1] : tensor<2x48x96xf32> -> tensor<2x48x32xf32>
  %k1 = sinter.reshape %k0 : tensor<2x48x32xf32> -> tensor<2x48x2x16xf32>
  %k = sinter.transpose %k1 [0, 2, 1, 3] : tensor<2x48x2x16xf32> -> tensor<2x2x48x16xf32>
  %v0 = sinter.slice %x [0, 0, 64] to [2, 48, 96] by [1, 1, 1] : tensor<2x48x96xf32> -> tensor<2x48x32xf32>
  %v1 = sinter.reshape %v0 : tensor<2x48x32xf32> -> tensor<2x48x2x16xf32>
  %v = sinter.transpose %v1 [0, 2, 1, 3] : tensor<2x48x2x16xf32> -> tensor<2x2x48x16xf32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x2x48x16xf32>, tensor<2x2x48x16xf32>) -> tensor<2x2x48x48xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x2x48x48xf32>) -> tensor<2x2x48x48xf32> {
  ^bb0(%a: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %scale = arith.constant 0.125 : f32
    %b = arith.mulf %a, %scale : f32
    %z = arith.select %keep, %b, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x2x48x48xf32>
  %o0 = sinter.matmul %p, %v : (tensor<2x2x48x48xf32>, tensor<2x2x48x16xf32>) -> tensor<2x2x48x16xf32>
  %o = sinter.transpose %o0 [0, 2, 1, 3] : tensor<2x2x48x16xf32> -> tensor<2x48x2x16xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x48x2x16xf32>, tensor<2x48x2x16xf32>) -> tensor<2x48x2x16xf32> {
  ^bb0(%a: f32, %b: f32):
    %u = arith.mulf %a, %b : f32
    %z = arith.mulf %a, %u : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x48x2x16xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x48x96xf32>) -> tensor<2x48x96xf32>
  return %o, %g : tensor<2x48x2x16xf32>, tensor<2x48x96xf32>
}

// Keys and values of one number: products of a single column stay on their sides.
func.func @one_column(%q: tensor<2x17x1xf32>, %k: tensor<2x35x1xf32>, %v: tensor<2x35x1xf32>, %w: tensor<2x17x1xf32>) -> (tensor<2x17x1xf32>, tensor<2x17x1xf32>, tensor<2x35x1xf32>, tensor<2x35x1xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x17x1xf32>, tensor<2x35x1xf32>) -> tensor<2x17x35xf32>
  %p = sinter.softmax %s : tensor<2x17x35xf32>
  %o = sinter.matmul %p, %v : (tensor<2x17x35xf32>, tensor<2x35x1xf32>) -> tensor<2x17x1xf32>
  %f = sinter.map(%o, %w) [#id3, #id3] : (tensor<2x17x1xf32>, tensor<2x17x1xf32>) -> tensor<2x17x1xf32> {
  ^bb0(%x: f32, %y: f32):
    %u = arith.mulf %x, %y : f32
    sinter.yield %u : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x17x1xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x17x1xf32>, tensor<2x35x1xf32>, tensor<2x35x1xf32>) -> (tensor<2x17x1xf32>, tensor<2x35x1xf32>, tensor<2x35x1xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x17x1xf32>, tensor<2x17x1xf32>, tensor<2x35x1xf32>, tensor<2x35x1xf32>
}
