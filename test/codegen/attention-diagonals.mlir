// A learned bias by the distance of key and query: kernels of attention read its table and sum up its gradient along diagonals;
// nothing of queries x keys is stored for it. Numbers against the interpreter, bits against kernels of their own.
// RUN: split-file %s %t
// RUN: sinter-opt %t/numbers.mlir --sinter-to-train | FileCheck %t/numbers.mlir --check-prefix=TRAIN
// RUN: sinter-opt %t/numbers.mlir --sinter-to-kernels | FileCheck %t/numbers.mlir --check-prefix=KERNELS
// RUN: sinter-opt %t/numbers.mlir --sinter-to-kernels=target=vulkan | FileCheck %t/numbers.mlir --check-prefix=VULKAN
// RUN: sinter-run %t/numbers.mlir
// RUN: sinter-run --device cpu --threads 2 --print %t/numbers.mlir > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t/numbers.mlir > %t.many
// RUN: cmp %t.one %t.many
// RUN: sinter-run --device cpu --threads 1 --print --march=x86-64-v3 %t/numbers.mlir > %t.v3
// RUN: cmp %t.one %t.v3
// RUN: sinter-opt %t/numbers.mlir --sinter-to-train=bf16 > %t.bf16
// RUN: sinter-run --device cpu --threads 2 --print --entry causal %t.bf16 > %t.bf16.one
// RUN: sinter-run --device cpu --threads 2 --print --entry causal --portable-kernels %t.bf16 > %t.bf16.many
// RUN: cmp %t.bf16.one %t.bf16.many
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir
// RUN: sinter-opt %t/twice.mlir --sinter-to-kernels | FileCheck %t/twice.mlir
// RUN: sinter-run --device=cpu %t/twice.mlir
// RUN: not sinter-opt %t/apart.mlir --sinter-cpu-schedule 2>&1 | FileCheck %t/apart.mlir

//--- numbers.mlir
#id3 = affine_map<(h, i, j) -> (h, i, j)>
#id4 = affine_map<(b, h, i, j) -> (b, h, i, j)>
#ij = affine_map<(h, i, j) -> (i, j)>
#hij = affine_map<(b, h, i, j) -> (h, i, j)>

// More queries than a run of a sum has; batches share the table, whose gradients are added up behind the kernel.
// TRAIN-LABEL: func @causal
// TRAIN: sinter.attention
// TRAIN: sinter.diagonals %{{.*}} rows 80
// TRAIN: %{{.*}}:4 = sinter.attention
// TRAIN: sinter.sum_diagonals %{{.*}} : tensor<2x2x80x80xf32> -> tensor<2x2x159xf32>
// TRAIN: sinter.reduce sum %{{.*}} axes [0] : tensor<2x2x159xf32> -> tensor<2x159xf32>
// KERNELS-NOT: call {{.*}}tensor<2x2x80x80xf32>
// KERNELS-LABEL: func @causal
// KERNELS: call @attention_2x2x80x80(
// KERNELS: call @attention_2x2x80x80.1({{.*}}tensor<2x2x159xf32>
// KERNELS: call @reduce
// KERNELS: return
// VULKAN-LABEL: func @causal
// VULKAN: call @attention_{{.*}}tensor<2x159xf32>
func.func @causal(%q: tensor<2x2x80x16xf32>, %k: tensor<2x2x80x16xf32>, %v: tensor<2x2x80x16xf32>, %table: tensor<2x159xf32>, %w: tensor<2x2x80x16xf32>) -> (tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x159xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>) -> tensor<2x2x80x80xf32>
  %d = sinter.diagonals %table rows 80 : tensor<2x159xf32> -> tensor<2x80x80xf32>
  %m = sinter.map(%s, %d) [#id4, #hij] : (tensor<2x2x80x80xf32>, tensor<2x80x80xf32>) -> tensor<2x2x80x80xf32> {
  ^bb0(%x: f32, %y: f32):
    %scale = arith.constant 0.25 : f32
    %0 = arith.mulf %x, %scale : f32
    %1 = arith.addf %0, %y : f32
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %keep, %1, %inf : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<2x2x80x80xf32>
  %o = sinter.matmul %p, %v : (tensor<2x2x80x80xf32>, tensor<2x2x80x16xf32>) -> tensor<2x2x80x16xf32>
  %f = sinter.map(%o, %w) [#id4, #id4] : (tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>) -> tensor<2x2x80x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.mulf %x, %0 : f32
    sinter.yield %1 : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<2x2x80x16xf32> -> tensor<f32>
  %g:4 = sinter.grad %l wrt %q, %k, %v, %table : (tensor<f32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x159xf32>) -> (tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x159xf32>)
  return %o, %g#0, %g#1, %g#2, %g#3 : tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x2x80x16xf32>, tensor<2x159xf32>
}
// No whole vectors and blocks, no mask, one table for all heads.
// KERNELS-LABEL: func @ragged
// KERNELS: call @attention_
// KERNELS: call @attention_{{.*}} -> ({{.*}}tensor<3x201xf32>
// KERNELS: return
func.func @ragged(%q: tensor<3x101x24xf32>, %k: tensor<3x101x24xf32>, %v: tensor<3x101x24xf32>, %table: tensor<201xf32>, %w: tensor<3x101x24xf32>) -> (tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<201xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x101x24xf32>, tensor<3x101x24xf32>) -> tensor<3x101x101xf32>
  %d = sinter.diagonals %table rows 101 : tensor<201xf32> -> tensor<101x101xf32>
  %m = sinter.map(%s, %d) [#id3, #ij] : (tensor<3x101x101xf32>, tensor<101x101xf32>) -> tensor<3x101x101xf32> {
  ^bb0(%x: f32, %y: f32):
    %scale = arith.constant 0.25 : f32
    %0 = arith.mulf %x, %scale : f32
    %1 = arith.addf %0, %y : f32
    sinter.yield %1 : f32
  }
  %p = sinter.softmax %m : tensor<3x101x101xf32>
  %o = sinter.matmul %p, %v : (tensor<3x101x101xf32>, tensor<3x101x24xf32>) -> tensor<3x101x24xf32>
  %f = sinter.map(%o, %w) [#id3, #id3] : (tensor<3x101x24xf32>, tensor<3x101x24xf32>) -> tensor<3x101x24xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.mulf %x, %0 : f32
    sinter.yield %1 : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<3x101x24xf32> -> tensor<f32>
  %g:4 = sinter.grad %l wrt %q, %k, %v, %table : (tensor<f32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<201xf32>) -> (tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<201xf32>)
  return %o, %g#0, %g#1, %g#2, %g#3 : tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<3x101x24xf32>, tensor<201xf32>
}
// Fewer queries than keys.
// KERNELS-LABEL: func @cross
// KERNELS: call @attention_
// KERNELS: call @attention_{{.*}} -> ({{.*}}tensor<2x111xf32>
// KERNELS: return
func.func @cross(%q: tensor<2x40x16xf32>, %k: tensor<2x72x16xf32>, %v: tensor<2x72x16xf32>, %table: tensor<2x111xf32>, %w: tensor<2x40x16xf32>) -> (tensor<2x40x16xf32>, tensor<2x40x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x111xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x40x16xf32>, tensor<2x72x16xf32>) -> tensor<2x40x72xf32>
  %d = sinter.diagonals %table rows 40 : tensor<2x111xf32> -> tensor<2x40x72xf32>
  %m = sinter.map(%s, %d) [#id3, #id3] : (tensor<2x40x72xf32>, tensor<2x40x72xf32>) -> tensor<2x40x72xf32> {
  ^bb0(%x: f32, %y: f32):
    %scale = arith.constant 0.25 : f32
    %0 = arith.mulf %x, %scale : f32
    %1 = arith.addf %0, %y : f32
    sinter.yield %1 : f32
  }
  %p = sinter.softmax %m : tensor<2x40x72xf32>
  %o = sinter.matmul %p, %v : (tensor<2x40x72xf32>, tensor<2x72x16xf32>) -> tensor<2x40x16xf32>
  %f = sinter.map(%o, %w) [#id3, #id3] : (tensor<2x40x16xf32>, tensor<2x40x16xf32>) -> tensor<2x40x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.mulf %x, %0 : f32
    sinter.yield %1 : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x40x16xf32> -> tensor<f32>
  %g:4 = sinter.grad %l wrt %q, %k, %v, %table : (tensor<f32>, tensor<2x40x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x111xf32>) -> (tensor<2x40x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x111xf32>)
  return %o, %g#0, %g#1, %g#2, %g#3 : tensor<2x40x16xf32>, tensor<2x40x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x111xf32>
}
// Fewer keys than queries.
// KERNELS-LABEL: func @few_keys
// KERNELS: call @attention_
// KERNELS: call @attention_{{.*}} -> ({{.*}}tensor<2x88xf32>
// KERNELS: return
func.func @few_keys(%q: tensor<2x72x16xf32>, %k: tensor<2x17x16xf32>, %v: tensor<2x17x16xf32>, %table: tensor<2x88xf32>, %w: tensor<2x72x16xf32>) -> (tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x17x16xf32>, tensor<2x17x16xf32>, tensor<2x88xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x72x16xf32>, tensor<2x17x16xf32>) -> tensor<2x72x17xf32>
  %d = sinter.diagonals %table rows 72 : tensor<2x88xf32> -> tensor<2x72x17xf32>
  %m = sinter.map(%s, %d) [#id3, #id3] : (tensor<2x72x17xf32>, tensor<2x72x17xf32>) -> tensor<2x72x17xf32> {
  ^bb0(%x: f32, %y: f32):
    %scale = arith.constant 0.25 : f32
    %0 = arith.mulf %x, %scale : f32
    %1 = arith.addf %0, %y : f32
    sinter.yield %1 : f32
  }
  %p = sinter.softmax %m : tensor<2x72x17xf32>
  %o = sinter.matmul %p, %v : (tensor<2x72x17xf32>, tensor<2x17x16xf32>) -> tensor<2x72x16xf32>
  %f = sinter.map(%o, %w) [#id3, #id3] : (tensor<2x72x16xf32>, tensor<2x72x16xf32>) -> tensor<2x72x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.mulf %x, %0 : f32
    sinter.yield %1 : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x72x16xf32> -> tensor<f32>
  %g:4 = sinter.grad %l wrt %q, %k, %v, %table : (tensor<f32>, tensor<2x72x16xf32>, tensor<2x17x16xf32>, tensor<2x17x16xf32>, tensor<2x88xf32>) -> (tensor<2x72x16xf32>, tensor<2x17x16xf32>, tensor<2x17x16xf32>, tensor<2x88xf32>)
  return %o, %g#0, %g#1, %g#2, %g#3 : tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x17x16xf32>, tensor<2x17x16xf32>, tensor<2x88xf32>
}
// Only near keys count: the sums hold zeros for other distances.
// KERNELS-LABEL: func @window
// KERNELS: call @attention_
// KERNELS: call @attention_{{.*}}tensor<2x299xf32>
// KERNELS: return
func.func @window(%q: tensor<1x2x150x16xf32>, %k: tensor<1x2x150x16xf32>, %v: tensor<1x2x150x16xf32>, %table: tensor<2x299xf32>, %w: tensor<1x2x150x16xf32>) -> (tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<2x299xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>) -> tensor<1x2x150x150xf32>
  %d = sinter.diagonals %table rows 150 : tensor<2x299xf32> -> tensor<2x150x150xf32>
  %m = sinter.map(%s, %d) [#id4, #hij] : (tensor<1x2x150x150xf32>, tensor<2x150x150xf32>) -> tensor<1x2x150x150xf32> {
  ^bb0(%x: f32, %y: f32):
    %scale = arith.constant 0.25 : f32
    %0 = arith.mulf %x, %scale : f32
    %1 = arith.addf %0, %y : f32
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 3 : i32
    %i = sinter.index 2 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %far = arith.subi %i, %j : i32
    %window = arith.constant 17 : i32
    %near = arith.cmpi slt, %far, %window : i32
    %both = arith.andi %keep, %near : i1
    %2 = arith.select %both, %1, %inf : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<1x2x150x150xf32>
  %o = sinter.matmul %p, %v : (tensor<1x2x150x150xf32>, tensor<1x2x150x16xf32>) -> tensor<1x2x150x16xf32>
  %f = sinter.map(%o, %w) [#id4, #id4] : (tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>) -> tensor<1x2x150x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.mulf %x, %0 : f32
    sinter.yield %1 : f32
  }
  %l = sinter.reduce sum %f axes [0, 1, 2, 3] : tensor<1x2x150x16xf32> -> tensor<f32>
  %g:4 = sinter.grad %l wrt %q, %k, %v, %table : (tensor<f32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<2x299xf32>) -> (tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<2x299xf32>)
  return %o, %g#0, %g#1, %g#2, %g#3 : tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<1x2x150x16xf32>, tensor<2x299xf32>
}
//--- smooth.mlir
// First and second order against finite differences, with a function of the bias in the middle.
#id = affine_map<(h, i, j) -> (h, i, j)>
func.func @curved(%q: tensor<2x17x4xf32>, %k: tensor<2x17x4xf32>, %v: tensor<2x17x4xf32>, %table: tensor<2x33xf32>) -> tensor<2x17x4xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x17x4xf32>, tensor<2x17x4xf32>) -> tensor<2x17x17xf32>
  %d = sinter.diagonals %table rows 17 : tensor<2x33xf32> -> tensor<2x17x17xf32>
  %m = sinter.map(%s, %d) [#id, #id] : (tensor<2x17x17xf32>, tensor<2x17x17xf32>) -> tensor<2x17x17xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = math.sin %y : f32
    %1 = arith.mulf %x, %0 : f32
    %2 = arith.addf %1, %y : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<2x17x17xf32>
  %o = sinter.matmul %p, %v : (tensor<2x17x17xf32>, tensor<2x17x4xf32>) -> tensor<2x17x4xf32>
  return %o : tensor<2x17x4xf32>
}

//--- twice.mlir
// Two layers share a bias: each kernel reads its table.
// CHECK-LABEL: func @layers
// CHECK-COUNT-2: call @attention_{{.*}}tensor<2x63xf32>
// CHECK-NOT: call
#id = affine_map<(h, i, j) -> (h, i, j)>
func.func @layers(%q: tensor<2x32x16xf32>, %k: tensor<2x32x16xf32>, %table: tensor<2x63xf32>) -> tensor<2x32x16xf32> attributes {sinter.entry} {
  %d = sinter.diagonals %table rows 32 : tensor<2x63xf32> -> tensor<2x32x32xf32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x16xf32>, tensor<2x32x16xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s, %d) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.addf %x, %y : f32
    sinter.yield %0 : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x16xf32>) -> tensor<2x32x16xf32>
  %s1 = sinter.matmul %o, %k {transpose_rhs} : (tensor<2x32x16xf32>, tensor<2x32x16xf32>) -> tensor<2x32x32xf32>
  %m1 = sinter.map(%s1, %d) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.addf %x, %y : f32
    sinter.yield %0 : f32
  }
  %p1 = sinter.softmax %m1 : tensor<2x32x32xf32>
  %o1 = sinter.matmul %p1, %k : (tensor<2x32x32xf32>, tensor<2x32x16xf32>) -> tensor<2x32x16xf32>
  return %o1 : tensor<2x32x16xf32>
}

//--- apart.mlir
// A sum along diagonals of what is no matrix of the kernel.
#l = affine_map<(b, i, j, k) -> (b, i, k)>
#r = affine_map<(b, i, j, k) -> (b, j, k)>
#o = affine_map<(b, i, j, k) -> (b, i, j)>
// CHECK: error: @sums is said to be an attention, but its parts do not fit together
func.func private @sums(%q: tensor<2x32x16xf32>, %k: tensor<2x32x16xf32>, %t: tensor<2x63xf32>) -> tensor<2x63xf32> attributes {sinter.kernel, sinter.kind = "attention"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x32x32xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x32x32xf32>) -> tensor<2x32x32xf32>
  %s = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x32x16xf32>, tensor<2x32x16xf32>) outs(%f : tensor<2x32x32xf32>) attrs = {sinter.role = "makes"} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %c, %m : f32
    linalg.yield %n : f32
  } -> tensor<2x32x32xf32>
  %e1 = tensor.empty() : tensor<2x63xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(b, d) -> (b, d)>, affine_map<(b, d) -> (b, d)>], iterator_types = ["parallel", "parallel"]}
      ins(%t : tensor<2x63xf32>) outs(%e1 : tensor<2x63xf32>) attrs = {sinter.role = "sums diagonals"} {
  ^bb0(%a: f32, %c: f32):
    linalg.yield %a : f32
  } -> tensor<2x63xf32>
  return %d : tensor<2x63xf32>
}
