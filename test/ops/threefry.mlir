// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-to-train %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-fuse-elementwise --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @scalars_vectors_and_tensors
func.func @scalars_vectors_and_tensors(%s: i32, %v: vector<16xi32>, %t: tensor<4x8xi32>) -> (i32, vector<16xi32>, tensor<4x8xi32>) {
  // CHECK: sinter.threefry %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : i32
  %0 = sinter.threefry %s, %s, %s, %s : i32
  // CHECK: sinter.threefry {{.*}} : vector<16xi32>
  %1 = sinter.threefry %v, %v, %v, %v : vector<16xi32>
  // CHECK: sinter.threefry {{.*}} : tensor<4x8xi32>
  %2 = sinter.threefry %t, %t, %t, %t : tensor<4x8xi32>
  return %0, %1, %2 : i32, vector<16xi32>, tensor<4x8xi32>
}

//--- errors.mlir
func.func @floats(%x: tensor<8xf32>) {
  // expected-error @+1 {{operand #0 must be signless-integer, but got 'tensor<8xf32>'}}
  %0 = sinter.threefry %x, %x, %x, %x : tensor<8xf32>
  return
}

//--- vjp.mlir
// Dropout: the mask is no function of x, and is made again from the same counters rather than kept.
// CHECK-LABEL: @random_bits_have_no_gradient
func.func @random_bits_have_no_gradient(%x: tensor<8xf32>, %key: tensor<i32>) -> tensor<8xf32> {
  // CHECK: %[[G:.*]] = sinter.map
  // CHECK: sinter.threefry
  // CHECK: sinter.yield
  // CHECK: return %[[G]]
  %k = sinter.broadcast %key dims [] : tensor<i32> -> tensor<8xi32>
  %zero = arith.constant dense<0> : tensor<8xi32>
  %i = sinter.iota axis 0 : tensor<8xi32>
  %bits = sinter.threefry %k, %zero, %i, %zero : tensor<8xi32>
  %keep = arith.cmpi sgt, %bits, %zero : tensor<8xi32>
  %none = arith.constant dense<0.0> : tensor<8xf32>
  %y = arith.select %keep, %x, %none : tensor<8xi1>, tensor<8xf32>
  %l = sinter.reduce sum %y axes [0] : tensor<8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %g : tensor<8xf32>
}

//--- lower.mlir
// Code generators expand it themselves, so it stays in the body.
// CHECK-LABEL: @on_scalars_in_a_body
func.func @on_scalars_in_a_body(%k: tensor<8xi32>) -> tensor<8xi32> {
  // CHECK: linalg.generic
  // CHECK: sinter.threefry {{.*}} : i32
  %bits = sinter.threefry %k, %k, %k, %k : tensor<8xi32>
  return %bits : tensor<8xi32>
}

//--- run.mlir
// The known-answer vectors that Random123 publishes for threefry2x32 with 20 rounds: first words 6b200159, 1cb996fc
// and c4923a9c. The keys and counters are gathered, so that nothing can be folded.
func.func @known_answers(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<3xi32>, tensor<3xi32>) attributes {sinter.expect} {
  %words = arith.constant dense<[[[0, 0xffffffff, 0x13198a2e], [0, 0xffffffff, 0x03707344],
                                  [0, 0xffffffff, 0x243f6a88], [0, 0xffffffff, 0x85a308d3]]]> : tensor<1x4x3xi32>
  %all = sinter.gather %words, %zero : (tensor<1x4x3xi32>, tensor<i32>) -> tensor<4x3xi32>
  %0 = sinter.slice %all [0, 0] to [1, 3] by [1, 1] : tensor<4x3xi32> -> tensor<1x3xi32>
  %1 = sinter.slice %all [1, 0] to [2, 3] by [1, 1] : tensor<4x3xi32> -> tensor<1x3xi32>
  %2 = sinter.slice %all [2, 0] to [3, 3] by [1, 1] : tensor<4x3xi32> -> tensor<1x3xi32>
  %3 = sinter.slice %all [3, 0] to [4, 3] by [1, 1] : tensor<4x3xi32> -> tensor<1x3xi32>
  %k0 = sinter.reshape %0 : tensor<1x3xi32> -> tensor<3xi32>
  %k1 = sinter.reshape %1 : tensor<1x3xi32> -> tensor<3xi32>
  %c0 = sinter.reshape %2 : tensor<1x3xi32> -> tensor<3xi32>
  %c1 = sinter.reshape %3 : tensor<1x3xi32> -> tensor<3xi32>
  %bits = sinter.threefry %k0, %k1, %c0, %c1 : tensor<3xi32>
  %e = arith.constant dense<[0x6b200159, 0x1cb996fc, 0xc4923a9c]> : tensor<3xi32>
  return %bits, %e : tensor<3xi32>, tensor<3xi32>
}

func.func @a_stream_agrees(%key: tensor<i32> {sinter.limit = 1000000 : i64}, %step: tensor<i32> {sinter.limit = 1000 : i64}) -> tensor<37x19xi32> {
  %k = sinter.broadcast %key dims [] : tensor<i32> -> tensor<37x19xi32>
  %s = sinter.broadcast %step dims [] : tensor<i32> -> tensor<37x19xi32>
  %i = sinter.iota axis 0 : tensor<37x19xi32>
  %j = sinter.iota axis 1 : tensor<37x19xi32>
  %bits = sinter.threefry %k, %s, %i, %j : tensor<37x19xi32>
  return %bits : tensor<37x19xi32>
}

// 4096 numbers, uniform in [0, 1) from the upper 24 bits: mean 1/2 +- 5 sigma (0.0226), mean square 1/3 +- 5 sigma (0.0233).
func.func @uniform_numbers() -> (tensor<i32>, tensor<i32>) attributes {sinter.expect} {
  %i = sinter.iota axis 0 : tensor<4096xi32>
  %c = arith.constant dense<7> : tensor<4096xi32>
  %bits = sinter.threefry %c, %c, %i, %c : tensor<4096xi32>
  %eight = arith.constant dense<8> : tensor<4096xi32>
  %upper = arith.shrui %bits, %eight : tensor<4096xi32>
  %f = arith.sitofp %upper : tensor<4096xi32> to tensor<4096xf32>
  %scale = arith.constant dense<5.9604644775390625e-08> : tensor<4096xf32>
  %u = arith.mulf %f, %scale : tensor<4096xf32>
  %q = arith.mulf %u, %u : tensor<4096xf32>
  %su = sinter.reduce sum %u axes [0] : tensor<4096xf32> -> tensor<f32>
  %sq = sinter.reduce sum %q axes [0] : tensor<4096xf32> -> tensor<f32>
  %n = arith.constant dense<4096.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %third = arith.constant dense<0.333333343> : tensor<f32>
  %bu = arith.constant dense<0.0226> : tensor<f32>
  %bq = arith.constant dense<0.0233> : tensor<f32>
  %mu = arith.divf %su, %n : tensor<f32>
  %mq = arith.divf %sq, %n : tensor<f32>
  %du = arith.subf %mu, %half : tensor<f32>
  %dq = arith.subf %mq, %third : tensor<f32>
  %au = math.absf %du : tensor<f32>
  %aq = math.absf %dq : tensor<f32>
  %ou = arith.cmpf olt, %au, %bu : tensor<f32>
  %oq = arith.cmpf olt, %aq, %bq : tensor<f32>
  %both = arith.andi %ou, %oq : tensor<i1>
  %r = arith.extui %both : tensor<i1> to tensor<i32>
  %one = arith.constant dense<1> : tensor<i32>
  return %r, %one : tensor<i32>, tensor<i32>
}
