// Entries that compute new positions only, derived from one that computes all: everything shrinks to the new ones, what an
// attention or a sum so far reads is kept in caches, indices along time begin at the offset. (Bits: end-to-end/decode.test.)
// RUN: split-file %s %t
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode=chunk=4 -mlir-print-local-scope | FileCheck %t/model.mlir
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode=chunk=4 | sinter-opt | FileCheck %t/model.mlir --check-prefix=AGAIN
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode=chunk=100 | FileCheck %t/model.mlir --check-prefix=LONG
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode='chunk=4 texts=3' -mlir-print-local-scope | FileCheck %t/model.mlir --check-prefix=TEXTS
// RUN: sinter-opt %t/ways.mlir --sinter-derive-decode='chunk=4 texts=3' | sinter-opt | FileCheck %t/ways.mlir
// RUN: sinter-opt %t/scan.mlir --sinter-derive-decode=chunk=4 | sinter-opt -mlir-print-local-scope | FileCheck %t/scan.mlir
// RUN: sinter-opt %t/scan.mlir --sinter-derive-decode='chunk=4 texts=3' | sinter-opt | FileCheck %t/scan.mlir --check-prefix=TEXTS
// RUN: sinter-opt %t/lookup.mlir --verify-diagnostics --sinter-derive-decode=texts=2
// RUN: sinter-opt %t/other.mlir --sinter-derive-decode 2>&1 | FileCheck %t/other.mlir
// RUN: sinter-opt %t/errors.mlir --split-input-file --verify-diagnostics --sinter-derive-decode

// Models, at the line that looks ahead or mixes positions.
// RUN: not sinterc %t/mean.cpp --decode -o %t/none 2>&1 | FileCheck %t/mean.cpp
// RUN: sed 's/x + mean(x, {1}, true)/x + roll(x, 1, 1)/' %t/mean.cpp > %t/roll.cpp
// RUN: not sinterc %t/roll.cpp --decode -o %t/none 2>&1 | FileCheck %t/mean.cpp --check-prefix=ROLL
// RUN: sed 's/x + mean(x, {1}, true)/matmul(softmax(matmul(x, transpose(x))), x)/' %t/mean.cpp > %t/open.cpp
// RUN: not sinterc %t/open.cpp --decode -o %t/none 2>&1 | FileCheck %t/mean.cpp --check-prefix=OPEN
// RUN: sed 's/x + mean(x, {1}, true)/flip(x, 1)/' %t/mean.cpp > %t/flip.cpp
// RUN: not sinterc %t/flip.cpp --decode -o %t/none 2>&1 | FileCheck %t/mean.cpp --check-prefix=FLIP
// RUN: not sinterc %t/model.mlir --from=kernels --decode -o %t/none 2>&1 | FileCheck %t/mean.cpp --check-prefix=LATE

// Unless it is asked for, that is a warning, and a model that has such entries of its own is left alone.
// RUN: sinterc %t/mean.cpp --emit=fused -o - 2>&1 | FileCheck %t/mean.cpp --check-prefix=ANEW
// RUN: sinterc %t/mean.cpp --no-decode --emit=fused -o - 2>&1 | FileCheck %t/mean.cpp --check-prefix=SILENT
// RUN: sinter-opt %t/own.mlir --sinter-derive-decode=if-possible 2>&1 | FileCheck %t/own.mlir
// RUN: sinter-opt %t/other.mlir --sinter-derive-decode=if-possible 2>&1 | FileCheck %t/own.mlir --check-prefix=QUIET
// RUN: sed 's/x + mean(x, {1}, true)/x + cumsum(x, 1)/' %t/mean.cpp > %t/sum.cpp
// RUN: sinterc %t/sum.cpp --emit=fused -o - | FileCheck %t/mean.cpp --check-prefix=DERIVED
// RUN: not sinterc %t/sum.cpp --decode --no-decode -o %t/none 2>&1 | FileCheck %t/mean.cpp --check-prefix=BOTH

//--- model.mlir
// The column operand is kept, the row operand is not; the diagonal is that of absolute positions.
// CHECK: sinter.state @cache.0 : tensor<1x8x4xf32> {init = "zeros", transient}
// CHECK-NOT: sinter.state @cache.1
// CHECK: func.func @decode(%{{.*}}: tensor<1x1xi32> {sinter.name = "tokens"}, %{{.*}}: tensor<i32> {sinter.name = "position"}, %[[OFFSET:.*]]: tensor<i32> {sinter.default = 0.000000e+00 : f64, sinter.name = "offset"}) -> (tensor<4xf32> {sinter.name = "logits"})
// CHECK: %[[TABLE:.*]] = sinter.read @places : tensor<8x4xf32>
// CHECK: %[[PLACES:.*]] = sinter.map(%[[OFFSET]])
// CHECK: sinter.gather %[[TABLE]], %[[PLACES]] : (tensor<8x4xf32>, tensor<1xi32>) -> tensor<1x4xf32>
// CHECK: %[[BEFORE:.*]] = sinter.read @cache.0 : tensor<1x8x4xf32>
// CHECK: %[[NOW:.*]] = sinter.put %[[BEFORE]], %{{.*}} at %[[OFFSET]] along 1 : (tensor<1x8x4xf32>, tensor<1x1x4xf32>, tensor<i32>)
// CHECK-NOT: sinter.attention
// CHECK: %[[END:.*]] = sinter.map(%[[OFFSET]])
// CHECK: %[[NEW:.*]] = arith.constant 1 : i32
// CHECK: arith.addi %[[NEW]], %{{.*}} : i32
// CHECK: sinter.matmul_below %{{.*}}, %[[NOW]], %[[END]] {transpose_rhs} : (tensor<1x1x4xf32>, tensor<1x8x4xf32>, tensor<i32>) -> tensor<1x1x8xf32>
// CHECK: sinter.map(%{{.*}}, %[[OFFSET]])
// CHECK: %[[ROW:.*]] = sinter.index 1 : i32
// CHECK: arith.addi %[[ROW]], %{{.*}} : i32
// CHECK: %[[WEIGHTS:.*]] = sinter.softmax %{{.*}} : tensor<1x1x8xf32>
// CHECK: sinter.matmul_below %[[WEIGHTS]], %[[NOW]], %[[END]] {terms}
// CHECK: sinter.write @cache.0, %[[NOW]] : tensor<1x8x4xf32>
// CHECK: func.func @prefill(%{{.*}}: tensor<1x4xi32> {sinter.name = "tokens"}
// CHECK: sinter.put %{{.*}} along 1 : (tensor<1x8x4xf32>, tensor<1x4x4xf32>, tensor<i32>)
// CHECK: arith.constant 4 : i32
// CHECK: sinter.softmax %{{.*}} : tensor<1x4x8xf32>
// CHECK: sinter.write @cache.0
// AGAIN: func.func @decode
// LONG: func.func @prefill(%{{.*}}: tensor<1x8xi32>
// Of three texts: a row each along time, caches and offsets of each, a prefill of one text with caches of its own.
// TEXTS: sinter.state @prefill.cache.0 : tensor<1x8x4xf32>
// TEXTS: sinter.state @cache.0 : tensor<3x1x8x4xf32> {init = "zeros", transient}
// TEXTS: func.func @decode(%[[TOKENS:.*]]: tensor<3x1xi32> {sinter.name = "tokens"}, %{{.*}}: tensor<3xi32> {sinter.name = "position"}, %[[OFFSET:.*]]: tensor<3xi32> {sinter.name = "offset"}) -> (tensor<3x4xf32> {sinter.name = "logits"})
// TEXTS: %[[ROW:.*]] = sinter.reshape %[[TOKENS]] : tensor<3x1xi32> -> tensor<1x3xi32>
// TEXTS: sinter.gather %{{.*}}, %[[ROW]] : (tensor<16x4xf32>, tensor<1x3xi32>) -> tensor<1x3x4xf32>
// TEXTS: sinter.gather %{{.*}}, %[[OFFSET]] : (tensor<8x4xf32>, tensor<3xi32>) -> tensor<3x4xf32>
// TEXTS: sinter.put %{{.*}}, %{{.*}} at %[[OFFSET]] along 2 : (tensor<3x1x8x4xf32>, tensor<3x1x1x4xf32>, tensor<3xi32>)
// TEXTS: sinter.map(%[[OFFSET]]) [affine_map<(d0, d1) -> (d0)>] : (tensor<3xi32>) -> tensor<3x1xi32>
// TEXTS: sinter.matmul_below %{{.*}} {transpose_rhs} : (tensor<3x1x1x4xf32>, tensor<3x1x8x4xf32>, tensor<3x1xi32>) -> tensor<3x1x1x8xf32>
// TEXTS: sinter.map(%{{.*}}, %[[OFFSET]]) [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0)>]
// TEXTS: ^bb0(%{{.*}}: f32, %[[AT:.*]]: i32):
// TEXTS: %[[J:.*]] = sinter.index 3 : i32
// TEXTS: arith.cmpi sge, %[[AT]], %[[J]] : i32
// TEXTS: sinter.write @cache.0
// TEXTS: func.func @prefill(%{{.*}}: tensor<1x4xi32> {sinter.name = "tokens"}
// TEXTS: sinter.write @prefill.cache.0
#id = affine_map<(b, i, j) -> (b, i, j)>
#row = affine_map<(b, i, j) -> (i, j)>
sinter.state @words : tensor<16x4xf32> {init = "normal", scale = 1.0, trainable}
sinter.state @places : tensor<8x4xf32> {init = "normal", scale = 1.0, trainable}
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<4xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %words = sinter.read @words : tensor<16x4xf32>
  %places = sinter.read @places : tensor<8x4xf32>
  %x = sinter.gather %words, %tokens : (tensor<16x4xf32>, tensor<1x8xi32>) -> tensor<1x8x4xf32>
  %y = sinter.map(%x, %places) [#id, #row] : (tensor<1x8x4xf32>, tensor<8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    sinter.yield %s : f32
  }
  %z = sinter.attention over [1, 8, 8] (%x rows 1, %y columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>):
    %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %m = sinter.map(%s) [#id] : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> {
    ^bb0(%e: f32):
      %inf = arith.constant 0xFF800000 : f32
      %i = sinter.index 1 : i32
      %j = sinter.index 2 : i32
      %keep = arith.cmpi sge, %i, %j : i32
      %r = arith.select %keep, %e, %inf : f32
      sinter.yield %r : f32
    }
    %p = sinter.softmax %m : tensor<1x8x8xf32>
    %o = sinter.matmul %p, %k : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %o : tensor<1x8x4xf32>
  }
  %rows = sinter.reshape %z : tensor<1x8x4xf32> -> tensor<8x4xf32>
  %one = sinter.gather %rows, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  return %one : tensor<4xf32>
}

//--- own.mlir
// CHECK-NOT: warning
// CHECK: func.func @decode(%arg0: tensor<2xf32>
// CHECK-NOT: func.func @prefill
// QUIET-NOT: warning
// QUIET: func.func @logits
func.func @decode(%x: tensor<2xf32> {sinter.name = "x"}) -> (tensor<2xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  return %x : tensor<2xf32>
}
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<i32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %one = sinter.gather %tokens, %position : (tensor<8xi32>, tensor<i32>) -> tensor<i32>
  return %one : tensor<i32>
}

//--- other.mlir
// No language model: nothing is derived, which is said.
// CHECK: warning: nothing samples token by token: there is no entry `logits` that takes `tokens` [1, T] and `position`
// CHECK-NOT: func.func @decode
// CHECK: func.func @logits
func.func @logits(%x: tensor<1x8xf32> {sinter.name = "x"}) -> (tensor<1x8xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  return %x : tensor<1x8xf32>
}

//--- ways.mlir
// What an op makes of several texts: a sum so far has all positions of each text, of which each takes its own; indices
// along time are the offsets; behind the pick, rows of all texts meet a weight together.
// CHECK: func.func @decode(
// CHECK-SAME: %[[OFFSET:[^:]*]]: tensor<3xi32> {sinter.name = "offset"}) -> (tensor<3x5xf32> {sinter.name = "logits"})
// CHECK: sinter.map(%{{.*}}, %[[OFFSET]])
// CHECK: ^bb0(%{{.*}}: f32, %[[AT:.*]]: i32):
// CHECK-NEXT: arith.sitofp %[[AT]]
// CHECK: %[[NOW:.*]] = sinter.put %{{.*}} along 1 : (tensor<3x8x4xf32>, tensor<3x1x4xf32>, tensor<3xi32>)
// CHECK: %[[SUMS:.*]] = sinter.cumsum %[[NOW]] axis 1 : tensor<3x8x4xf32>
// CHECK: sinter.reshape %[[SUMS]] : tensor<3x8x4xf32> -> tensor<24x4xf32>
// CHECK: arith.muli
// CHECK: sinter.gather %{{.*}} : (tensor<24x4xf32>, tensor<3xi32>) -> tensor<3x4xf32>
// CHECK: sinter.reshape %{{.*}} : tensor<3x4xf32> -> tensor<3x1x4xf32>
// CHECK: sinter.softmax %{{.*}} : tensor<3x1x4xf32>
// CHECK: sinter.reduce sum %{{.*}} axes [2] : tensor<3x1x4xf32> -> tensor<3x1xf32>
// CHECK: sinter.broadcast %{{.*}} dims [0, 1] : tensor<3x1xf32> -> tensor<3x1x4xf32>
// CHECK: sinter.matmul %{{.*}} : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
// CHECK: return %{{.*}} : tensor<3x5xf32>
#two = affine_map<(i, j) -> (i, j)>
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<16x4xf32> {sinter.name = "table"}, %w: tensor<4x5xf32> {sinter.name = "w"}) -> (tensor<5xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %t = sinter.reshape %tokens : tensor<1x8xi32> -> tensor<8xi32>
  %x = sinter.gather %table, %t : (tensor<16x4xf32>, tensor<8xi32>) -> tensor<8x4xf32>
  %y = sinter.map(%x) [#two] : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: f32):
    %i = sinter.index 0 : i32
    %f = arith.sitofp %i : i32 to f32
    %s = arith.addf %a, %f : f32
    sinter.yield %s : f32
  }
  %z = sinter.cumsum %y axis 0 : tensor<8x4xf32>
  %at = sinter.reshape %position : tensor<i32> -> tensor<1xi32>
  %one = sinter.gather %z, %at : (tensor<8x4xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %p = sinter.softmax %one : tensor<1x4xf32>
  %q = sinter.reduce sum %p axes [1] : tensor<1x4xf32> -> tensor<1xf32>
  %b = sinter.broadcast %q dims [0] : tensor<1xf32> -> tensor<1x4xf32>
  %l = sinter.matmul %b, %w : (tensor<1x4xf32>, tensor<4x5xf32>) -> tensor<1x5xf32>
  %r = sinter.reshape %l : tensor<1x5xf32> -> tensor<5xf32>
  return %r : tensor<5xf32>
}

//--- scan.mlir
// What a scan carries is kept behind each position: it goes on from the one before the first new one, or begins. One new
// position needs no loop; of several texts, each has its own carry.
// CHECK: sinter.state @cache.0 : tensor<8x1x4xf32> {init = "zeros", transient}
// CHECK-LABEL: func.func @decode(
// CHECK-SAME: %[[OFFSET:[^:]*]]: tensor<i32> {sinter.default = 0.000000e+00 : f64, sinter.name = "offset"}
// CHECK: %[[KEPT:.*]] = sinter.read @cache.0
// CHECK: %[[LAST:.*]] = sinter.map(%[[OFFSET]])
// CHECK: arith.subi
// CHECK: %[[ROW:.*]] = sinter.gather %[[KEPT]], %[[LAST]] : (tensor<8x1x4xf32>, tensor<i32>) -> tensor<1x4xf32>
// CHECK: %[[H:.*]] = sinter.map(%{{.*}}, %[[ROW]], %[[OFFSET]])
// CHECK: arith.cmpi eq
// CHECK-NOT: sinter.scan
// CHECK: sinter.matmul %[[H]], %{{.*}} : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
// CHECK: %[[NOW:.*]] = sinter.put %{{.*}} at %[[OFFSET]] along 0 : (tensor<8x1x4xf32>, tensor<1x1x4xf32>, tensor<i32>)
// CHECK: sinter.write @cache.0, %[[NOW]]
// CHECK-LABEL: func.func @prefill(
// CHECK: sinter.scan 4 carry(%{{.*}}) over(%{{.*}}) with(%{{.*}}) : (tensor<1x4xf32>, tensor<4x1x4xf32>, tensor<4x4xf32>) -> (tensor<1x4xf32>, tensor<4x1x4xf32>, tensor<4x1x4xf32>)
// CHECK: sinter.put {{.*}} along 0 : (tensor<8x1x4xf32>, tensor<4x1x4xf32>, tensor<i32>)
// TEXTS: sinter.state @cache.0 : tensor<3x8x1x4xf32>
// TEXTS-LABEL: func.func @decode(
// TEXTS: sinter.gather %{{.*}} : (tensor<24x1x4xf32>, tensor<3xi32>) -> tensor<3x1x4xf32>
// TEXTS-NOT: sinter.scan
// TEXTS: sinter.put {{.*}} along 1 : (tensor<3x8x1x4xf32>, tensor<3x1x1x4xf32>, tensor<3xi32>)
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<16x4xf32> {sinter.name = "table"}, %w: tensor<4x4xf32> {sinter.name = "w"}) -> (tensor<4xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %zero = arith.constant dense<0.0> : tensor<1x4xf32>
  %t = sinter.reshape %tokens : tensor<1x8xi32> -> tensor<8xi32>
  %e = sinter.gather %table, %t : (tensor<16x4xf32>, tensor<8xi32>) -> tensor<8x4xf32>
  %x = sinter.reshape %e : tensor<8x4xf32> -> tensor<8x1x4xf32>
  %last, %all = sinter.scan 8 carry(%zero) over(%x) with(%w) : (tensor<1x4xf32>, tensor<8x1x4xf32>, tensor<4x4xf32>) -> (tensor<1x4xf32>, tensor<8x1x4xf32>) {
  ^bb0(%h: tensor<1x4xf32>, %now: tensor<1x4xf32>, %u: tensor<4x4xf32>):
    %p = sinter.matmul %h, %u : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
    %next = sinter.map(%p, %now) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      sinter.yield %s : f32
    }
    sinter.next %next, %p : tensor<1x4xf32>, tensor<1x4xf32>
  }
  %rows = sinter.reshape %all : tensor<8x1x4xf32> -> tensor<8x4xf32>
  %one = sinter.gather %rows, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  return %one : tensor<4xf32>
}

//--- lookup.mlir
// A table of each text's own, which no rule looks up in.
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<16x4xf32> {sinter.name = "table"}, %picks: tensor<3xi32> {sinter.name = "picks"}) -> (tensor<3xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %t = sinter.reshape %tokens : tensor<1x8xi32> -> tensor<8xi32>
  %x = sinter.gather %table, %t : (tensor<16x4xf32>, tensor<8xi32>) -> tensor<8x4xf32>
  %one = sinter.gather %x, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  // expected-error @+1 {{cannot be sampled for several texts at once: gather: has no rule for one more dimension}}
  %l = sinter.gather %one, %picks : (tensor<4xf32>, tensor<3xi32>) -> tensor<3xf32>
  return %l : tensor<3xf32>
}

//--- errors.mlir
// An entry of the same name.
// expected-error @+1 {{the sampler's entry 'decode' cannot be derived: the model has one of its own}}
func.func @decode(%x: tensor<2xf32> {sinter.name = "x"}) -> (tensor<2xf32> {sinter.name = "y"}) attributes {sinter.entry} {
  return %x : tensor<2xf32>
}
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<i32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %one = sinter.gather %tokens, %position : (tensor<8xi32>, tensor<i32>) -> tensor<i32>
  return %one : tensor<i32>
}

// -----
// What is given of all positions.
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<1x8xi32> {sinter.name = "logits"}) attributes {sinter.entry} {
  // expected-error @+1 {{cannot be sampled token by token: what an entry gives of all positions cannot be given of new ones alone}}
  return %tokens : tensor<1x8xi32>
}

// -----
// Time and another dimension in one.
func.func @logits(%tokens: tensor<2x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<i32> {sinter.name = "logits"}) attributes {sinter.entry} {
  // expected-error @+1 {{cannot be sampled token by token: reshape: mixes positions with another dimension}}
  %all = sinter.reshape %tokens : tensor<2x8xi32> -> tensor<16xi32>
  %one = sinter.gather %all, %position : (tensor<16xi32>, tensor<i32>) -> tensor<i32>
  return %one : tensor<i32>
}

// -----
// Another row than the one that is asked for.
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<i32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %first = arith.constant dense<0> : tensor<i32>
  // expected-error @+1 {{cannot be sampled token by token: gather: looks up other positions}}
  %one = sinter.gather %tokens, %first : (tensor<8xi32>, tensor<i32>) -> tensor<i32>
  return %one : tensor<i32>
}

// -----
// A sum of what comes later.
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<4x3xf32> {sinter.name = "table"}) -> (tensor<3xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %x = sinter.gather %table, %tokens : (tensor<4x3xf32>, tensor<8xi32>) -> tensor<8x3xf32>
  // expected-error @+1 {{cannot be sampled token by token: cumsum: of later positions}}
  %y = sinter.cumsum %x axis 0 {reverse} : tensor<8x3xf32>
  %one = sinter.gather %y, %position : (tensor<8x3xf32>, tensor<i32>) -> tensor<3xf32>
  return %one : tensor<3xf32>
}

// -----
// Softmax along time, a product that sums over it, one of positions with positions.
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<4x3xf32> {sinter.name = "table"}) -> (tensor<3xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %x = sinter.gather %table, %tokens : (tensor<4x3xf32>, tensor<8xi32>) -> tensor<8x3xf32>
  %t = sinter.transpose %x [1, 0] : tensor<8x3xf32> -> tensor<3x8xf32>
  // expected-error @+1 {{cannot be sampled token by token: softmax: along all positions, later ones too}}
  %y = sinter.softmax %t : tensor<3x8xf32>
  %u = sinter.transpose %y [1, 0] : tensor<3x8xf32> -> tensor<8x3xf32>
  %one = sinter.gather %u, %position : (tensor<8x3xf32>, tensor<i32>) -> tensor<3xf32>
  return %one : tensor<3xf32>
}

// -----
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<4x3xf32> {sinter.name = "table"}, %w: tensor<8x8xf32> {sinter.name = "w"}) -> (tensor<3xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %x = sinter.gather %table, %tokens : (tensor<4x3xf32>, tensor<8xi32>) -> tensor<8x3xf32>
  // expected-error @+1 {{cannot be sampled token by token: matmul: sums over all positions, later ones too}}
  %y = sinter.matmul %w, %x : (tensor<8x8xf32>, tensor<8x3xf32>) -> tensor<8x3xf32>
  %one = sinter.gather %y, %position : (tensor<8x3xf32>, tensor<i32>) -> tensor<3xf32>
  return %one : tensor<3xf32>
}

// -----
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<4x3xf32> {sinter.name = "table"}) -> (tensor<8xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %x = sinter.gather %table, %tokens : (tensor<4x3xf32>, tensor<8xi32>) -> tensor<8x3xf32>
  // expected-error @+1 {{cannot be sampled token by token: matmul: of positions with positions, in no attention that could be fused}}
  %y = sinter.matmul %x, %x {transpose_rhs} : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<8x8xf32>
  %one = sinter.gather %y, %position : (tensor<8x8xf32>, tensor<i32>) -> tensor<8xf32>
  return %one : tensor<8xf32>
}

// -----
// An attention whose mask lets one key too many through: j <= i + 1.
#id = affine_map<(i, j) -> (i, j)>
func.func @logits(%tokens: tensor<8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<4x3xf32> {sinter.name = "table"}) -> (tensor<3xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %x = sinter.gather %table, %tokens : (tensor<4x3xf32>, tensor<8xi32>) -> tensor<8x3xf32>
  %z = sinter.attention over [8, 8] (%x rows 0, %x columns 0) : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<8x3xf32> {
  ^bb0(%q: tensor<8x3xf32>, %k: tensor<8x3xf32>):
    %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<8x8xf32>
    %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
    ^bb0(%e: f32):
      %inf = arith.constant 0xFF800000 : f32
      %one = arith.constant 1 : i32
      %i = sinter.index 0 : i32
      %next = arith.addi %i, %one : i32
      %j = sinter.index 1 : i32
      %keep = arith.cmpi sge, %next, %j : i32
      %r = arith.select %keep, %e, %inf : f32
      sinter.yield %r : f32
    }
    // expected-error @+1 {{cannot be sampled token by token: softmax: of later positions, too}}
    %p = sinter.softmax %m : tensor<8x8xf32>
    %o = sinter.matmul %p, %k : (tensor<8x8xf32>, tensor<8x3xf32>) -> tensor<8x3xf32>
    sinter.yield %o : tensor<8x3xf32>
  }
  %one = sinter.gather %z, %position : (tensor<8x3xf32>, tensor<i32>) -> tensor<3xf32>
  return %one : tensor<3xf32>
}

// -----
// Steps in the other direction.
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<16x4xf32> {sinter.name = "table"}) -> (tensor<4xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %t = sinter.reshape %tokens : tensor<1x8xi32> -> tensor<8xi32>
  %x = sinter.gather %table, %t : (tensor<16x4xf32>, tensor<8xi32>) -> tensor<8x4xf32>
  // expected-error @+1 {{cannot be sampled token by token: scan: begins with later positions}}
  %last, %all = sinter.scan 8 reverse carry(%zero) over(%x) with() : (tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) {
  ^bb0(%h: tensor<4xf32>, %now: tensor<4xf32>):
    sinter.next %now, %h : tensor<4xf32>, tensor<4xf32>
  }
  %one = sinter.gather %all, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  return %one : tensor<4xf32>
}
// -----
// What is left at the end.
func.func @logits(%tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %table: tensor<16x4xf32> {sinter.name = "table"}) -> (tensor<4xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %t = sinter.reshape %tokens : tensor<1x8xi32> -> tensor<8xi32>
  %x = sinter.gather %table, %t : (tensor<16x4xf32>, tensor<8xi32>) -> tensor<8x4xf32>
  // expected-error @+1 {{cannot be sampled token by token: scan: what it ends with comes of all positions}}
  %last, %all = sinter.scan 8 carry(%zero) over(%x) with() : (tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) {
  ^bb0(%h: tensor<4xf32>, %now: tensor<4xf32>):
    sinter.next %now, %h : tensor<4xf32>, tensor<4xf32>
  }
  %one = sinter.gather %all, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  return %last : tensor<4xf32>
}

//--- mean.cpp
// CHECK: mean.cpp:18:17: cannot be sampled token by token: reduce: over all positions, later ones too
// ROLL: roll.cpp:18:17: cannot be sampled token by token: slice: reads other positions than its own
// OPEN: open.cpp:18:{{[0-9]+}}: cannot be sampled token by token: softmax: of later positions, too
// FLIP: flip.cpp:18:{{[0-9]+}}: cannot be sampled token by token:
// ANEW: mean.cpp:18:17: {{.*}}sampling computes all positions anew for each token: reduce: over all positions, later ones too
// ANEW-NOT: func.func @decode
// SILENT-NOT: sampling computes
// SILENT: func.func @logits
// DERIVED: func.func @decode
// BOTH: --no-decode: contradicts --decode and --decode-batch
// LATE: --decode: acts on the way to stage fused, but --from=kernels starts behind it
#include <sinter/sinter.h>
using namespace sinter;
SINTER_MODEL(mean) {
  language_model(LanguageModel{.batch = 2, .context = 32}, [](Tensor tokens, const Select &select) {
    Tensor table = parameter("table", {64, 16}, normal(0.1));
    Tensor x = gather(table, tokens);
    x = x + mean(x, {1}, true);
    return matmul(select(x), transpose(table));
  });
}
