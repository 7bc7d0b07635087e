// What a text comes with is read once, by an entry of its own: others take what it keeps. (Bits: end-to-end/translate.test.)
// RUN: split-file %s %t
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode=chunk=4 -mlir-print-local-scope | FileCheck %t/model.mlir
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode=chunk=4 | sinter-opt | FileCheck %t/model.mlir --check-prefix=AGAIN
// RUN: sinter-opt %t/model.mlir --sinter-derive-decode='chunk=4 texts=3' -mlir-print-local-scope | FileCheck %t/model.mlir --check-prefix=TEXTS
// RUN: sinter-opt %t/taken.mlir --verify-diagnostics --sinter-derive-decode

//--- model.mlir
// What the tokens meet is kept: embeddings, which they meet each at its own place, their sum, and keys. A number is no
// condition. Nothing of the source is left in `decode`.
// CHECK: sinter.state @encode.cache.0 : tensor<1x8x4xf32> {init = "zeros", transient}
// CHECK: sinter.state @encode.cache.1 : tensor<1x4xf32>
// CHECK: sinter.state @encode.cache.2 : tensor<1x8x4xf32>
// CHECK-NOT: sinter.state
// CHECK: func.func @encode(%[[SOURCE:.*]]: tensor<1x8xi32> {sinter.name = "source"}, %{{.*}}: tensor<f32> {sinter.default = 1.000000e+00 : f64, sinter.name = "scale"}) attributes {sinter.entry} {
// CHECK: %[[READ:.*]] = sinter.gather %{{.*}}, %[[SOURCE]]
// CHECK: %[[KEYS:.*]] = sinter.map(%[[READ]])
// CHECK: %[[SUM:.*]] = sinter.reduce sum %[[READ]] axes [1]
// CHECK: sinter.write @encode.cache.0, %[[READ]]
// CHECK: sinter.write @encode.cache.1, %[[SUM]]
// CHECK: sinter.write @encode.cache.2, %[[KEYS]]
// CHECK-NEXT: return
// CHECK: func.func @decode(%{{.*}}: tensor<1x1xi32> {sinter.name = "tokens"}, %{{.*}}: tensor<i32> {sinter.name = "position"}, %{{.*}}: tensor<f32> {sinter.default = 1.000000e+00 : f64, sinter.name = "scale"}, %[[OFFSET:.*]]: tensor<i32> {sinter.default = 0.000000e+00 : f64, sinter.name = "offset"}) -> (tensor<4xf32> {sinter.name = "logits"})
// CHECK-DAG: %[[KEPT:.*]] = sinter.read @encode.cache.0
// CHECK-DAG: %[[EACH:.*]] = sinter.read @encode.cache.1
// CHECK-DAG: %[[KEYS:.*]] = sinter.read @encode.cache.2
// CHECK: sinter.transpose %[[KEPT]]
// CHECK: sinter.gather %{{.*}} : (tensor<8x1x4xf32>, tensor<1xi32>) -> tensor<1x1x4xf32>
// CHECK: sinter.map(%{{.*}}, %{{.*}}, %[[EACH]]
// CHECK: sinter.matmul %{{.*}}, %[[KEYS]] {transpose_rhs} : (tensor<1x1x4xf32>, tensor<1x8x4xf32>) -> tensor<1x1x8xf32>
// CHECK: sinter.softmax %{{.*}} : tensor<1x1x8xf32>
// CHECK: func.func @prefill(%{{.*}}: tensor<1x4xi32> {sinter.name = "tokens"}
// CHECK: sinter.matmul %{{.*}} {transpose_rhs} : (tensor<1x4x4xf32>, tensor<1x8x4xf32>) -> tensor<1x4x8xf32>
// AGAIN: func.func @encode
// Each of three texts has what it came with; that of one is encoded beside them.
// TEXTS: sinter.state @prefill.encode.cache.0 : tensor<1x8x4xf32>
// TEXTS: sinter.state @encode.cache.0 : tensor<3x1x8x4xf32>
// TEXTS: sinter.state @encode.cache.1 : tensor<3x1x4xf32>
// TEXTS: func.func @encode
// TEXTS: sinter.write @prefill.encode.cache.0
// TEXTS: func.func @decode(%{{.*}}: tensor<3x1xi32> {sinter.name = "tokens"}
// TEXTS: sinter.gather %{{.*}} : (tensor<24x1x4xf32>, tensor<3xi32>) -> tensor<3x1x4xf32>
// TEXTS: sinter.map(%{{.*}}) [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> ()>]
// TEXTS: sinter.matmul %{{.*}} {transpose_rhs} : (tensor<3x1x1x4xf32>, tensor<3x1x8x4xf32>) -> tensor<3x1x1x8xf32>
// TEXTS: func.func @prefill
// TEXTS: sinter.read @prefill.encode.cache.0
#id = affine_map<(b, i, j) -> (b, i, j)>
#each = affine_map<(b, i, j) -> (b, j)>
#none = affine_map<(b, i, j) -> ()>
sinter.state @words : tensor<16x4xf32> {init = "normal", scale = 1.0, trainable}
func.func @logits(%source: tensor<1x8xi32> {sinter.name = "source"}, %tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}, %scale: tensor<f32> {sinter.default = 1.0, sinter.name = "scale"}) -> (tensor<4xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %words = sinter.read @words : tensor<16x4xf32>
  %read = sinter.gather %words, %source : (tensor<16x4xf32>, tensor<1x8xi32>) -> tensor<1x8x4xf32>
  %keys = sinter.map(%read) [#id] : (tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%a: f32):
    %s = math.tanh %a : f32
    sinter.yield %s : f32
  }
  %sum = sinter.reduce sum %read axes [1] : tensor<1x8x4xf32> -> tensor<1x4xf32>
  %x = sinter.gather %words, %tokens : (tensor<16x4xf32>, tensor<1x8xi32>) -> tensor<1x8x4xf32>
  %y = sinter.map(%x, %read, %sum, %scale) [#id, #id, #each, #none] : (tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x4xf32>, tensor<f32>) -> tensor<1x8x4xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
    %s = arith.addf %a, %b : f32
    %t = arith.addf %s, %c : f32
    %u = arith.mulf %t, %d : f32
    sinter.yield %u : f32
  }
  %z = sinter.attention over [1, 8, 8] (%y rows 1, %keys columns 1) : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%q: tensor<1x8x4xf32>, %k: tensor<1x8x4xf32>):
    %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x8xf32>
    %p = sinter.softmax %s : tensor<1x8x8xf32>
    %o = sinter.matmul %p, %k : (tensor<1x8x8xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
    sinter.yield %o : tensor<1x8x4xf32>
  }
  %rows = sinter.reshape %z : tensor<1x8x4xf32> -> tensor<8x4xf32>
  %one = sinter.gather %rows, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  return %one : tensor<4xf32>
}

//--- taken.mlir
sinter.state @words : tensor<16x4xf32> {init = "normal", scale = 1.0, trainable}
// expected-error@+1 {{the sampler's entry 'encode' cannot be derived: the model has one of its own}}
func.func @encode() attributes {sinter.entry} {
  return
}
func.func @logits(%source: tensor<1x8x4xf32> {sinter.name = "source"}, %tokens: tensor<1x8xi32> {sinter.name = "tokens"}, %position: tensor<i32> {sinter.name = "position"}) -> (tensor<4xf32> {sinter.name = "logits"}) attributes {sinter.entry} {
  %words = sinter.read @words : tensor<16x4xf32>
  %x = sinter.gather %words, %tokens : (tensor<16x4xf32>, tensor<1x8xi32>) -> tensor<1x8x4xf32>
  %y = sinter.map(%x, %source) [affine_map<(b, i, j) -> (b, i, j)>, affine_map<(b, i, j) -> (b, i, j)>] : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    sinter.yield %s : f32
  }
  %rows = sinter.reshape %y : tensor<1x8x4xf32> -> tensor<8x4xf32>
  %one = sinter.gather %rows, %position : (tensor<8x4xf32>, tensor<i32>) -> tensor<4xf32>
  return %one : tensor<4xf32>
}
