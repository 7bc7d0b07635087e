// sinter.state declares what outlives a call; sinter.read and sinter.write are how an entry uses it.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-run %t/run.mlir --print --device=reference | FileCheck %t/run.mlir
// RUN: sinter-run %t/run.mlir

//--- roundtrip.mlir
// CHECK: sinter.state @h.0.attn.c_attn.weight : tensor<8x24xf32> {init = "normal", scale = 2.000000e-02 : f64, trainable}
sinter.state @h.0.attn.c_attn.weight : tensor<8x24xf32> {init = "normal", scale = 2.0e-2, trainable}
// CHECK: sinter.state @step : tensor<i32> {init = "zeros"}
sinter.state @step : tensor<i32> {init = "zeros"}
sinter.state @bound : tensor<3xf32> {init = "uniform", scale = 0.1}
// CHECK: sinter.state @turned : tensor<3x4xf32> {init = "orthogonal", scale = 1.000000e+00 : f64}
sinter.state @turned : tensor<3x4xf32> {init = "orthogonal", scale = 1.0}
sinter.state @gain : tensor<3xf32> {init = "ones"}
sinter.state @seven : tensor<3xi32> {init = "constant", scale = 7.0}

// CHECK-LABEL: @count
// CHECK: %[[S:.*]] = sinter.read @step : tensor<i32>
// CHECK: sinter.write @step, %{{.*}} : tensor<i32>
func.func @count() attributes {sinter.entry} {
  %s = sinter.read @step : tensor<i32>
  %one = arith.constant dense<1> : tensor<i32>
  %t = arith.addi %s, %one : tensor<i32>
  sinter.write @step, %t : tensor<i32>
  return
}

//--- errors.mlir
// expected-error@+1 {{state: @a must be a static tensor of floats, i32 or i64, but its type is 'tensor<?xf32>'}}
sinter.state @a : tensor<?xf32> {init = "zeros"}

// -----
// expected-error@+1 {{state: @a must be a static tensor of floats, i32 or i64, but its type is 'tensor<2xi8>'}}
sinter.state @a : tensor<2xi8> {init = "zeros"}

// -----
// expected-error@+1 {{state: @a has the unknown initialiser 'xavier'; known are zeros, ones, constant, normal, truncated_normal, uniform, orthogonal}}
sinter.state @a : tensor<2xf32> {init = "xavier"}

// -----
// expected-error@+1 {{state: @a of type 'tensor<2xi32>' cannot start from 'normal', which gives f32}}
sinter.state @a : tensor<2xi32> {init = "normal", scale = 1.0}

// -----
// expected-error@+1 {{state: @a of type 'tensor<2xi32>' cannot start from 'truncated_normal', which gives f32}}
sinter.state @a : tensor<2xi32> {init = "truncated_normal", scale = 1.0}

// -----
// expected-error@+1 {{state: @a of type 'tensor<2xf32>' cannot be orthogonal: that takes at least 2 dimensions}}
sinter.state @a : tensor<2xf32> {init = "orthogonal", scale = 1.0}

// -----
// expected-error@+1 {{state: @a of type 'tensor<2xi32>' cannot be trainable: gradients need f32}}
sinter.state @a : tensor<2xi32> {init = "zeros", trainable}

// -----

// expected-error@+1 {{state: @a is transient: it starts from zeros, and is no parameter}}
sinter.state @a : tensor<2xf32> {init = "ones", transient}

// -----

// expected-error@+1 {{state: @a is transient: it starts from zeros, and is no parameter}}
sinter.state @a : tensor<2xf32> {init = "zeros", trainable, transient}

// -----
func.func @unknown_state() {
  // expected-error@+1 {{read: @a is not a sinter.state of this module}}
  %a = sinter.read @a : tensor<2xf32>
  return
}

// -----
func.func private @a()
func.func @not_a_state(%x: tensor<2xf32>) {
  // expected-error@+1 {{write: @a is not a sinter.state of this module}}
  sinter.write @a, %x : tensor<2xf32>
  return
}

// -----
// expected-note@+1 {{the state is declared here}}
sinter.state @a : tensor<2xf32> {init = "zeros"}
func.func @read_of_another_type() {
  // expected-error@+1 {{read: @a has type 'tensor<2xf32>', but the value has type 'tensor<3xf32>'}}
  %a = sinter.read @a : tensor<3xf32>
  return
}

// -----
// expected-note@+1 {{the state is declared here}}
sinter.state @a : tensor<2xf32> {init = "zeros"}
func.func @write_of_another_type(%x: tensor<2xi32>) {
  // expected-error@+1 {{write: @a has type 'tensor<2xf32>', but the value has type 'tensor<2xi32>'}}
  sinter.write @a, %x : tensor<2xi32>
  return
}

// -----
sinter.state @a : tensor<2xf32> {init = "zeros"}
sinter.state @b : tensor<2xf32> {init = "zeros"}
func.func @written_twice(%x: tensor<2xf32>) {
  // expected-note@+1 {{the first write is here}}
  sinter.write @a, %x : tensor<2xf32>
  sinter.write @b, %x : tensor<2xf32>
  // expected-error@+1 {{write: @a is written twice in one entry}}
  sinter.write @a, %x : tensor<2xf32>
  return
}
func.func @another_entry_may(%x: tensor<2xf32>) {
  sinter.write @a, %x : tensor<2xf32>
  return
}

//--- fold.mlir
sinter.state @a : tensor<2xf32> {init = "zeros"}

// A read is pure and goes if nothing uses it; a write stays.
// CHECK-LABEL: @unused_read
// CHECK-NOT: sinter.read
// CHECK: sinter.write @a
func.func @unused_read(%x: tensor<2xf32>) {
  %a = sinter.read @a : tensor<2xf32>
  sinter.write @a, %x : tensor<2xf32>
  return
}

//--- vjp.mlir
sinter.state @w : tensor<3xf32> {init = "ones", trainable}

// CHECK-LABEL: @with_respect_to_a_read
// CHECK: %[[W:.*]] = sinter.read @w
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DW:.*]] = arith.mulf %{{.*}}, %arg0
// CHECK: sinter.write @w, %[[DW]]
func.func @with_respect_to_a_read(%c: tensor<3xf32>) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<3xf32>
  %p = arith.mulf %w, %c : tensor<3xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %w : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  sinter.write @w, %g : tensor<3xf32>
  return
}

//--- run.mlir
sinter.state @step : tensor<i32> {init = "constant", scale = 41.0}
sinter.state @a : tensor<3xf32> {init = "ones"}
sinter.state @b : tensor<3xf32> {init = "constant", scale = 2.5}

// Reads give the values at the start and writes count at the end: this exchanges the two, and no write is lost.
// CHECK-LABEL: exchange: reference ok
// CHECK: exchange result 0 = [1, 1, 1]
// CHECK: exchange state @a = [2.5, 2.5, 2.5]
// CHECK: exchange state @b = [1, 1, 1]
// CHECK: exchange state @step = 42
func.func @exchange() -> tensor<3xf32> attributes {sinter.entry} {
  %a = sinter.read @a : tensor<3xf32>
  %b = sinter.read @b : tensor<3xf32>
  sinter.write @a, %b : tensor<3xf32>
  sinter.write @b, %a : tensor<3xf32>
  %again = sinter.read @a : tensor<3xf32>
  %step = sinter.read @step : tensor<i32>
  %one = arith.constant dense<1> : tensor<i32>
  %next = arith.addi %step, %one : tensor<i32>
  sinter.write @step, %next : tensor<i32>
  return %again : tensor<3xf32>
}

// One step of gradient descent on sum(a^2 * c).
func.func @descend(%c: tensor<3xf32>) attributes {sinter.entry} {
  %a = sinter.read @a : tensor<3xf32>
  %s = arith.mulf %a, %a : tensor<3xf32>
  %p = arith.mulf %s, %c : tensor<3xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %rate = arith.constant dense<0.1> : tensor<3xf32>
  %d = arith.mulf %g, %rate : tensor<3xf32>
  %n = arith.subf %a, %d : tensor<3xf32>
  sinter.write @a, %n : tensor<3xf32>
  return
}

// An entry that changes nothing.
func.func @look() -> (tensor<3xf32>, tensor<i32>) attributes {sinter.entry} {
  %a = sinter.read @a : tensor<3xf32>
  %step = sinter.read @step : tensor<i32>
  return %a, %step : tensor<3xf32>, tensor<i32>
}
