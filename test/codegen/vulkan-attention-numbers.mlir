// Attention on Vulkan, forwards and backwards, against the interpreter, with both profiles, which give the same bits: at
// and off the multiples of tiles, blocks and vectors. That kernels are what they should be says vulkan-attention.mlir.
// RUN: sinter-run %s --device vulkan --same-profiles
// RUN: sinter-opt %s --sinter-to-train=bf16 > %t.narrow
// RUN: sinter-run --entry sweeps --device vulkan --same-profiles %t.narrow
// RUN: sinterc %s --from=model --target=vulkan --emit=kernels -o - | FileCheck %s --check-prefix=KERNELS

// Each is one kernel forwards and one backwards; nothing is left of its ops.
// KERNELS-COUNT-31: call @attention_
// KERNELS-NOT: call @matmul
// KERNELS-NOT: call @softmax

#id = affine_map<(b, h, i, j) -> (b, h, i, j)>
#id1 = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, h, i, j) -> (b, h, i)>
#column = affine_map<(b, h, i, j) -> (b, j)>
#head = affine_map<(b, h, i, j) -> (h)>
#swapped = affine_map<(b, h, i, j) -> (j, i)>
#onlyrow = affine_map<(b, h, i, j) -> (i)>
#onlycolumn = affine_map<(b, h, i, j) -> (j)>
#number = affine_map<(b, i, j) -> ()>

// All columns in one tile, whole rows of it.
func.func @one_tile(%q: tensor<2x3x32x16xf32>, %k: tensor<2x3x32x16xf32>, %v: tensor<2x3x32x16xf32>, %w: tensor<2x3x32x16xf32>) -> (tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>) -> tensor<2x3x32x32xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x3x32x32xf32>) -> tensor<2x3x32x32xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x3x32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<2x3x32x32xf32>, tensor<2x3x32x16xf32>) -> tensor<2x3x32x16xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>) -> tensor<2x3x32x16xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x3x32x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>) -> (tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>, tensor<2x3x32x16xf32>
}
// In one tile of two parts, and heads of a third of a tile and of more than one.
func.func @two_parts(%q: tensor<1x2x40x12xf32>, %k: tensor<1x2x64x12xf32>, %v: tensor<1x2x64x40xf32>, %w: tensor<1x2x40x40xf32>) -> (tensor<1x2x40x40xf32>, tensor<1x2x40x12xf32>, tensor<1x2x64x12xf32>, tensor<1x2x64x40xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x40x12xf32>, tensor<1x2x64x12xf32>) -> tensor<1x2x40x64xf32>
  %p = sinter.softmax %s : tensor<1x2x40x64xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x40x64xf32>, tensor<1x2x64x40xf32>) -> tensor<1x2x40x40xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x40x40xf32>, tensor<1x2x40x40xf32>) -> tensor<1x2x40x40xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x40x40xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x40x12xf32>, tensor<1x2x64x12xf32>, tensor<1x2x64x40xf32>) -> (tensor<1x2x40x12xf32>, tensor<1x2x64x12xf32>, tensor<1x2x64x40xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x40x40xf32>, tensor<1x2x40x12xf32>, tensor<1x2x64x12xf32>, tensor<1x2x64x40xf32>
}
// Of two parts, of which rows before the second do not see it.
func.func @two_parts_causal(%q: tensor<2x50x8xf32>, %k: tensor<2x50x8xf32>, %v: tensor<2x50x8xf32>, %w: tensor<2x50x8xf32>) -> (tensor<2x50x8xf32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x50x8xf32>, tensor<2x50x8xf32>) -> tensor<2x50x50xf32>
  %m = sinter.map(%s) [#id1] : (tensor<2x50x50xf32>) -> tensor<2x50x50xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x50x50xf32>
  %o = sinter.matmul %p, %v : (tensor<2x50x50xf32>, tensor<2x50x8xf32>) -> tensor<2x50x8xf32>
  %f = sinter.map(%o, %w) [#id1, #id1] : (tensor<2x50x8xf32>, tensor<2x50x8xf32>) -> tensor<2x50x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x50x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>) -> (tensor<2x50x8xf32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x50x8xf32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>, tensor<2x50x8xf32>
}
// A window: tiles before it are left out, too.
func.func @window(%q: tensor<1x2x150x4xf32>, %k: tensor<1x2x150x4xf32>, %v: tensor<1x2x150x4xf32>, %w: tensor<1x2x150x4xf32>) -> (tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>) -> tensor<1x2x150x150xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x150x150xf32>) -> tensor<1x2x150x150xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %c20 = arith.constant 20 : i32
    %d = arith.subi %i, %j : i32
    %past = arith.cmpi sge, %i, %j : i32
    %near = arith.cmpi slt, %d, %c20 : i32
    %keep = arith.andi %past, %near : i1
    %z = arith.select %keep, %x0, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x150x150xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x150x150xf32>, tensor<1x2x150x4xf32>) -> tensor<1x2x150x4xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>) -> tensor<1x2x150x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x150x4xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>) -> (tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>, tensor<1x2x150x4xf32>
}
// Tiles that a causal mask ends early, the last of them ragged.
func.func @sweeps(%q: tensor<1x2x72x8xf32>, %k: tensor<1x2x72x8xf32>, %v: tensor<1x2x72x8xf32>, %w: tensor<1x2x72x8xf32>) -> (tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>) -> tensor<1x2x72x72xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x72x72xf32>) -> tensor<1x2x72x72xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x72x72xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x72x72xf32>, tensor<1x2x72x8xf32>) -> tensor<1x2x72x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>) -> tensor<1x2x72x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x72x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>) -> (tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>, tensor<1x2x72x8xf32>
}
// Nothing is a multiple of four.
func.func @odd(%q: tensor<3x67x5xf32>, %k: tensor<3x67x5xf32>, %v: tensor<3x67x7xf32>, %w: tensor<3x67x7xf32>) -> (tensor<3x67x7xf32>, tensor<3x67x5xf32>, tensor<3x67x5xf32>, tensor<3x67x7xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x67x5xf32>, tensor<3x67x5xf32>) -> tensor<3x67x67xf32>
  %m = sinter.map(%s) [#id1] : (tensor<3x67x67xf32>) -> tensor<3x67x67xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<3x67x67xf32>
  %o = sinter.matmul %p, %v : (tensor<3x67x67xf32>, tensor<3x67x7xf32>) -> tensor<3x67x7xf32>
  %f = sinter.map(%o, %w) [#id1, #id1] : (tensor<3x67x7xf32>, tensor<3x67x7xf32>) -> tensor<3x67x7xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<3x67x7xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<3x67x5xf32>, tensor<3x67x5xf32>, tensor<3x67x7xf32>) -> (tensor<3x67x5xf32>, tensor<3x67x5xf32>, tensor<3x67x7xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<3x67x7xf32>, tensor<3x67x5xf32>, tensor<3x67x5xf32>, tensor<3x67x7xf32>
}
// More columns than rows, no mask.
func.func @cross(%q: tensor<1x2x19x16xf32>, %k: tensor<1x2x101x16xf32>, %v: tensor<1x2x101x8xf32>, %w: tensor<1x2x19x8xf32>) -> (tensor<1x2x19x8xf32>, tensor<1x2x19x16xf32>, tensor<1x2x101x16xf32>, tensor<1x2x101x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x19x16xf32>, tensor<1x2x101x16xf32>) -> tensor<1x2x19x101xf32>
  %p = sinter.softmax %s : tensor<1x2x19x101xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x19x101xf32>, tensor<1x2x101x8xf32>) -> tensor<1x2x19x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x19x8xf32>, tensor<1x2x19x8xf32>) -> tensor<1x2x19x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x19x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x19x16xf32>, tensor<1x2x101x16xf32>, tensor<1x2x101x8xf32>) -> (tensor<1x2x19x16xf32>, tensor<1x2x101x16xf32>, tensor<1x2x101x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x19x8xf32>, tensor<1x2x19x16xf32>, tensor<1x2x101x16xf32>, tensor<1x2x101x8xf32>
}
// One row, one column.
func.func @one_row(%q: tensor<1x2x1x8xf32>, %k: tensor<1x2x70x8xf32>, %v: tensor<1x2x70x8xf32>, %w: tensor<1x2x1x8xf32>) -> (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x1x8xf32>, tensor<1x2x70x8xf32>) -> tensor<1x2x1x70xf32>
  %p = sinter.softmax %s : tensor<1x2x1x70xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x1x70xf32>, tensor<1x2x70x8xf32>) -> tensor<1x2x1x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>) -> tensor<1x2x1x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x1x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x1x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>) -> (tensor<1x2x1x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>
}
//
func.func @one_column(%q: tensor<1x2x5x8xf32>, %k: tensor<1x2x1x8xf32>, %v: tensor<1x2x1x8xf32>, %w: tensor<1x2x5x8xf32>) -> (tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x5x8xf32>, tensor<1x2x1x8xf32>) -> tensor<1x2x5x1xf32>
  %p = sinter.softmax %s : tensor<1x2x5x1xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x5x1xf32>, tensor<1x2x1x8xf32>) -> tensor<1x2x5x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>) -> tensor<1x2x5x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x5x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x5x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>) -> (tensor<1x2x5x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>
}
// The other triangle.
func.func @later(%q: tensor<1x2x48x8xf32>, %k: tensor<1x2x48x8xf32>, %v: tensor<1x2x48x8xf32>, %w: tensor<1x2x48x8xf32>) -> (tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>) -> tensor<1x2x48x48xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x48x48xf32>) -> tensor<1x2x48x48xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %keep = arith.cmpi sle, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x48x48xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x48x48xf32>, tensor<1x2x48x8xf32>) -> tensor<1x2x48x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>) -> tensor<1x2x48x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x48x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>) -> (tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>, tensor<1x2x48x8xf32>
}
// The first row sees nothing, and gets zeros.
func.func @empty_row(%q: tensor<1x2x70x8xf32>, %k: tensor<1x2x70x8xf32>, %v: tensor<1x2x70x8xf32>, %w: tensor<1x2x70x8xf32>) -> (tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>) -> tensor<1x2x70x70xf32>
  %m = sinter.map(%s) [#id] : (tensor<1x2x70x70xf32>) -> tensor<1x2x70x70xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %keep = arith.cmpi sgt, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x2x70x70xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x70x70xf32>, tensor<1x2x70x8xf32>) -> tensor<1x2x70x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>) -> tensor<1x2x70x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x70x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>) -> (tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>, tensor<1x2x70x8xf32>
}
// More than 512 columns: blocks.
func.func @several_blocks(%q: tensor<1x8x4xf32>, %k: tensor<1x1100x4xf32>, %v: tensor<1x1100x4xf32>, %w: tensor<1x8x4xf32>) -> (tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x1100x4xf32>, tensor<1x1100x4xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x1100x4xf32>) -> tensor<1x8x1100xf32>
  %p = sinter.softmax %s : tensor<1x8x1100xf32>
  %o = sinter.matmul %p, %v : (tensor<1x8x1100xf32>, tensor<1x1100x4xf32>) -> tensor<1x8x4xf32>
  %f = sinter.map(%o, %w) [#id1, #id1] : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<1x8x4xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x8x4xf32>, tensor<1x1100x4xf32>, tensor<1x1100x4xf32>) -> (tensor<1x8x4xf32>, tensor<1x1100x4xf32>, tensor<1x1100x4xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x1100x4xf32>, tensor<1x1100x4xf32>
}
//
func.func @several_blocks_of_rows(%q: tensor<1x1100x4xf32>, %k: tensor<1x12x4xf32>, %v: tensor<1x12x4xf32>, %w: tensor<1x1100x4xf32>) -> (tensor<1x1100x4xf32>, tensor<1x1100x4xf32>, tensor<1x12x4xf32>, tensor<1x12x4xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x1100x4xf32>, tensor<1x12x4xf32>) -> tensor<1x1100x12xf32>
  %p = sinter.softmax %s : tensor<1x1100x12xf32>
  %o = sinter.matmul %p, %v : (tensor<1x1100x12xf32>, tensor<1x12x4xf32>) -> tensor<1x1100x4xf32>
  %f = sinter.map(%o, %w) [#id1, #id1] : (tensor<1x1100x4xf32>, tensor<1x1100x4xf32>) -> tensor<1x1100x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<1x1100x4xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<1x1100x4xf32>, tensor<1x12x4xf32>, tensor<1x12x4xf32>) -> (tensor<1x1100x4xf32>, tensor<1x12x4xf32>, tensor<1x12x4xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x1100x4xf32>, tensor<1x1100x4xf32>, tensor<1x12x4xf32>, tensor<1x12x4xf32>
}
//
func.func @long_causal(%q: tensor<1x600x4xf32>, %k: tensor<1x600x4xf32>, %v: tensor<1x600x4xf32>) -> tensor<1x600x4xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x600x4xf32>, tensor<1x600x4xf32>) -> tensor<1x600x600xf32>
  %m = sinter.map(%s) [#id1] : (tensor<1x600x600xf32>) -> tensor<1x600x600xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %scale = arith.constant 0.25 : f32
    %y = arith.mulf %x0, %scale : f32
    %z = arith.select %keep, %y, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<1x600x600xf32>
  %o = sinter.matmul %p, %v : (tensor<1x600x600xf32>, tensor<1x600x4xf32>) -> tensor<1x600x4xf32>
  return %o : tensor<1x600x4xf32>
}
// A number for each row, column, head and score, and how far the two are apart.
func.func @operands(%q: tensor<2x2x33x8xf32>, %k: tensor<2x2x45x8xf32>, %v: tensor<2x2x45x8xf32>, %r: tensor<2x2x33xf32>, %cc: tensor<2x45xf32>, %h: tensor<2xf32>, %bias: tensor<45x33xf32>, %ir: tensor<33xi32>, %ic: tensor<45xi32>, %w: tensor<2x2x33x8xf32>) -> (tensor<2x2x33x8xf32>, tensor<2x2x33x8xf32>, tensor<2x2x45x8xf32>, tensor<2x2x45x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x2x33x8xf32>, tensor<2x2x45x8xf32>) -> tensor<2x2x33x45xf32>
  %m = sinter.map(%s, %r, %cc, %h, %bias, %ir, %ic) [#id, #row, #column, #head, #swapped, #onlyrow, #onlycolumn] : (tensor<2x2x33x45xf32>, tensor<2x2x33xf32>, tensor<2x45xf32>, tensor<2xf32>, tensor<45x33xf32>, tensor<33xi32>, tensor<45xi32>) -> tensor<2x2x33x45xf32> {
  ^bb0(%x0: f32, %x1: f32, %x2: f32, %x3: f32, %x4: f32, %x5: i32, %x6: i32):
    %i = sinter.index 2 : i32
    %j = sinter.index 3 : i32
    %d = arith.subi %i, %j : i32
    %df = arith.sitofp %d : i32 to f32
    %slope = arith.mulf %df, %x3 : f32
    %a = arith.addf %x0, %x1 : f32
    %b = arith.mulf %a, %x2 : f32
    %t = arith.addf %b, %slope : f32
    %u = arith.addf %t, %x4 : f32
    %f = math.tanh %u : f32
    %same = arith.cmpi sle, %x5, %x6 : i32
    %low = arith.constant -3.0e+00 : f32
    %z = arith.select %same, %f, %low : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x2x33x45xf32>
  %o = sinter.matmul %p, %v : (tensor<2x2x33x45xf32>, tensor<2x2x45x8xf32>) -> tensor<2x2x33x8xf32>
  %f = sinter.map(%o, %w) [#id, #id] : (tensor<2x2x33x8xf32>, tensor<2x2x33x8xf32>) -> tensor<2x2x33x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x2x33x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x2x33x8xf32>, tensor<2x2x45x8xf32>, tensor<2x2x45x8xf32>) -> (tensor<2x2x33x8xf32>, tensor<2x2x45x8xf32>, tensor<2x2x45x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x2x33x8xf32>, tensor<2x2x33x8xf32>, tensor<2x2x45x8xf32>, tensor<2x2x45x8xf32>
}
// A quarter of the weights are dropped, by random numbers that both directions compute: the masks of one seed must agree.
func.func @dropout(%q: tensor<2x40x8xf32>, %k: tensor<2x40x8xf32>, %v: tensor<2x40x8xf32>, %w: tensor<2x40x8xf32>, %seed: tensor<i32> {sinter.limit = 1000 : i64}) -> (tensor<2x40x8xf32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x40x8xf32>, tensor<2x40x8xf32>) -> tensor<2x40x40xf32>
  %m = sinter.map(%s) [#id1] : (tensor<2x40x40xf32>) -> tensor<2x40x40xf32> {
  ^bb0(%x0: f32):
    %inf = arith.constant 0xFF800000 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x0, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x40x40xf32>
  %d = sinter.map(%p, %seed) [#id1, #number] : (tensor<2x40x40xf32>, tensor<i32>) -> tensor<2x40x40xf32> {
  ^bb0(%x0: f32, %key: i32):
    %zero = arith.constant 0.0 : f32
    %more = arith.constant 1.33333337 : f32
    %none = arith.constant 0 : i32
    %size = arith.constant 40 : i32
    %quarter = arith.constant 1073741824 : i32
    %b = sinter.index 0 : i32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %0 = arith.muli %b, %size : i32
    %1 = arith.addi %0, %i : i32
    %2 = arith.muli %1, %size : i32
    %3 = arith.addi %2, %j : i32
    %bits = sinter.threefry %key, %none, %3, %none : i32
    %keep = arith.cmpi uge, %bits, %quarter : i32
    %y = arith.mulf %x0, %more : f32
    %z = arith.select %keep, %y, %zero : f32
    sinter.yield %z : f32
  }
  %o = sinter.matmul %d, %v : (tensor<2x40x40xf32>, tensor<2x40x8xf32>) -> tensor<2x40x8xf32>
  %f = sinter.map(%o, %w) [#id1, #id1] : (tensor<2x40x8xf32>, tensor<2x40x8xf32>) -> tensor<2x40x8xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.mulf %a, %b : f32
    %e = arith.mulf %a, %c : f32
    sinter.yield %e : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x40x8xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>) -> (tensor<2x40x8xf32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x40x8xf32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>, tensor<2x40x8xf32>
}
