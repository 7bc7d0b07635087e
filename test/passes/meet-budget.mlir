// RUN: split-file %s %t
// RUN: sinter-opt %t/ways.mlir -sinter-meet-budget=memory-budget=9000 -split-input-file | FileCheck %t/ways.mlir
// RUN: sinter-opt %t/ways.mlir -sinter-meet-budget=memory-budget=20000 -split-input-file | FileCheck %t/ways.mlir --check-prefix=ENOUGH
// RUN: sinter-opt %t/ways.mlir -sinter-meet-budget=curve -split-input-file | FileCheck %t/ways.mlir --check-prefix=CURVE
// RUN: sinter-opt %t/ways.mlir "-sinter-meet-budget=memory-budget=109000 besides=100000" -split-input-file | FileCheck %t/ways.mlir
// RUN: sinter-opt %t/ways.mlir -sinter-meet-budget=memory-budget=9000 -sinter-plan-memory -split-input-file | FileCheck %t/ways.mlir --check-prefix=PLAN
// RUN: sed -n '/OTHER-LABEL/,$p' %t/ways.mlir | sinter-opt -sinter-meet-budget=memory-budget=2000 | FileCheck %t/ways.mlir --check-prefix=OTHER
// RUN: sed -n '/OTHER-LABEL/,$p' %t/ways.mlir | sinter-opt -sinter-meet-budget=curve | FileCheck %t/ways.mlir --check-prefix=BOTH
// RUN: sed -n '/OTHER-LABEL/,$p' %t/ways.mlir | sinter-opt -sinter-plan-memory | FileCheck %t/ways.mlir --check-prefix=IGNORED
// RUN: sinter-opt %t/rows.mlir "-sinter-meet-budget=memory-budget=15600 besides=3000 fewer-rows=32,16 besides-of-fewer=2900,2800" | FileCheck %t/rows.mlir --check-prefix=ENOUGH
// RUN: sinter-opt %t/rows.mlir "-sinter-meet-budget=memory-budget=15500 besides=3000 fewer-rows=32,16 besides-of-fewer=2900,2700" | FileCheck %t/rows.mlir --check-prefix=FEWER
// RUN: sinter-opt %t/rows.mlir "-sinter-meet-budget=memory-budget=15500 besides=3000 fewer-rows=32,16 besides-of-fewer=2990,2700" | FileCheck %t/rows.mlir --check-prefix=FEWEST
// RUN: sinter-opt %t/rows.mlir "-sinter-meet-budget=memory-budget=15500 besides=3000 fewer-rows=32,16 besides-of-fewer=2990,2700" -sinter-plan-memory | FileCheck %t/rows.mlir --check-prefix=KEPT
// RUN: sinter-opt %t/cheap.mlir "-sinter-meet-budget=memory-budget=16786828 besides=9000 fewer-rows=32 besides-of-fewer=1000" | FileCheck %t/cheap.mlir
// RUN: not sinter-opt %t/rows.mlir "-sinter-meet-budget=memory-budget=9000 besides=3000 fewer-rows=32,16 besides-of-fewer=2900,2700" 2>&1 | FileCheck %t/rows.mlir --check-prefix=LEAST
// RUN: not sinter-opt %t/rows.mlir "-sinter-meet-budget=memory-budget=9000 besides=3000 fewer-rows=32,16 besides-of-fewer=2900" 2>&1 | FileCheck %t/rows.mlir --check-prefix=PAIRS
// RUN: sinter-opt %t/errors.mlir "-sinter-meet-budget=memory-budget=6000 besides=1000" -split-input-file -verify-diagnostics -o /dev/null

//--- ways.mlir
// %h waits for its gradient while 8192 bytes are in use: it is computed once more, from %x, which is small.
// 4096 + 256 + 8192 bytes are alive at @narrow; without %h, 256 + 8192 + 256.
// CHECK-LABEL: func.func @chain
// CHECK-SAME:    %[[X:.*]]: tensor<64xf32>
// CHECK-NEXT:    %[[H:.*]] = call @fc(%[[X]]) : (tensor<64xf32>) -> tensor<1024xf32>
// CHECK-NEXT:    %[[Y:.*]] = call @proj(%[[H]])
// CHECK-NEXT:    %[[A:.*]] = call @wide(%[[Y]])
// CHECK-NEXT:    %[[Z:.*]] = call @narrow(%[[A]])
// CHECK-NEXT:    %[[AGAIN:.*]] = call @fc(%[[X]]) {sinter.again}
// CHECK-NEXT:    %[[D:.*]] = call @grad(%[[Z]], %[[AGAIN]])
// CHECK-NEXT:    return %[[D]]
// ENOUGH-NOT: sinter.again
// CURVE: sinter.curve = array<f64: 1.254400e+04, 0.000000e+00, {{.*}}, 8.704000e+03, {{.*}}>
// PLAN-LABEL: plan.entry @chain arena 8704 live 8704 {
// PLAN:         plan.launch @fc(
// PLAN:         plan.launch @narrow(
// PLAN:         plan.launch @fc({{.*}}) -> ({{.*}}) {sinter.again}
// PLAN:         plan.launch @grad(
func.func @chain(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.entry} {
  %h = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  %y = call @proj(%h) : (tensor<1024xf32>) -> tensor<64xf32>
  %a = call @wide(%y) : (tensor<64xf32>) -> tensor<2048xf32>
  %z = call @narrow(%a) : (tensor<2048xf32>) -> tensor<64xf32>
  %d = call @grad(%z, %h) : (tensor<64xf32>, tensor<1024xf32>) -> tensor<64xf32>
  return %d : tensor<64xf32>
}
func.func private @fc(%x: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @proj(%x: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @wide(%x: tensor<64xf32>) -> tensor<2048xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<2048xf32>
  return %empty : tensor<2048xf32>
}
func.func private @narrow(%x: tensor<2048xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @grad(%g: tensor<64xf32>, %h: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}

// -----
// The gradient reads a view of what is computed again; a constant and a state cost nothing to read once more.
// CHECK-LABEL: func.func @views
// CHECK:         %[[AGAIN:.*]] = call @fc(%{{.*}}, %{{.*}}) {sinter.again}
// CHECK-NEXT:    %[[VIEW:.*]] = sinter.reshape %[[AGAIN]] : tensor<1024xf32> -> tensor<32x32xf32>
// CHECK-NEXT:    call @grad(%{{.*}}, %[[VIEW]])
// ENOUGH-NOT: sinter.again
sinter.state @w : tensor<64xf32> {init = "ones", trainable}
func.func @views(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.entry} {
  %w = sinter.read @w : tensor<64xf32>
  %h = call @fc(%x, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<1024xf32>
  %v = sinter.reshape %h : tensor<1024xf32> -> tensor<32x32xf32>
  %y = call @proj(%v) : (tensor<32x32xf32>) -> tensor<64xf32>
  %a = call @wide(%y) : (tensor<64xf32>) -> tensor<2048xf32>
  %z = call @narrow(%a) : (tensor<2048xf32>) -> tensor<64xf32>
  %d = call @grad(%z, %v) : (tensor<64xf32>, tensor<32x32xf32>) -> tensor<64xf32>
  return %d : tensor<64xf32>
}
func.func private @fc(%x: tensor<64xf32>, %w: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @proj(%x: tensor<32x32xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @wide(%x: tensor<64xf32>) -> tensor<2048xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<2048xf32>
  return %empty : tensor<2048xf32>
}
func.func private @narrow(%x: tensor<2048xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @grad(%g: tensor<64xf32>, %h: tensor<32x32xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}

// -----
// What is an output waits in any case, and the new value of a state is written once.
// CHECK-LABEL: func.func @kept
// CHECK-NOT:     sinter.again
sinter.state @s : tensor<1024xf32> {init = "zeros"}
func.func @kept(%x: tensor<64xf32>) -> (tensor<1024xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %h = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  %s = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  sinter.write @s, %s : tensor<1024xf32>
  %z = call @both(%h, %s) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<64xf32>
  return %h, %z : tensor<1024xf32>, tensor<64xf32>
}
func.func private @fc(%x: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @both(%x: tensor<1024xf32>, %y: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}

// -----
// Another manner to compute the entry takes less memory and more time: it is taken where nothing faster fits, and goes in any case.
// 4096 + 256 bytes are alive at @proj, and three times 256 at the second @half.
// CHECK-LABEL: func.func @manners
// CHECK-NEXT:    call @fc
// CHECK-NEXT:    call @proj
// CHECK-NOT:   @manners.other
// ENOUGH-LABEL: func.func @manners
// ENOUGH-NEXT:    call @fc
// ENOUGH-NOT:  @manners.other
// OTHER-LABEL: func.func @manners(
// OTHER-NEXT:    call @half
// OTHER-NEXT:    call @half
// OTHER-NEXT:    call @add
// OTHER-NEXT:    return
// OTHER-NOT:   @manners.other
// IGNORED: plan.entry @manners arena 4352
// IGNORED-NOT: manners.other
// BOTH-LABEL:  func.func @manners(
// BOTH-SAME:   sinter.curve = array<f64: 4.352000e+03, 0.000000e+00, {{[^,]*}}, 7.680000e+02, 0.000000e+00, {{[^,]*}}>
func.func @manners(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.entry} {
  %h = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  %y = call @proj(%h) : (tensor<1024xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}
func.func @manners.other(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.alternative = "manners", sinter.entry} {
  %a = call @half(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %b = call @half(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %y = call @add(%a, %b) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}
func.func private @fc(%x: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @proj(%x: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @half(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @add(%x: tensor<64xf32>, %y: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}

//--- rows.mlir
// 12544 bytes of arena, or 8704 if @fc is called again. Fewer rows of attentions cost less than that.
// ENOUGH-NOT: sinter.again
// ENOUGH-NOT: sinter.most_rows
// FEWER-NOT: sinter.again
// FEWER: func.func private @fc({{.*}} {sinter.kernel, sinter.kind = "elements"}
// FEWER: func.func private @attend({{.*}} {sinter.kernel, sinter.kind = "attention", sinter.most_rows = 32 : i64}
// FEWER-NOT: sinter.most_rows
// FEWEST: sinter.most_rows = 16 : i64
// KEPT: plan.entry @attends arena 12544
// KEPT: func.func private @attend({{.*}} sinter.most_rows = 16 : i64
// LEAST: attends: takes 11404 bytes at least, but the memory budget is 9000: 8704 of arena, and 2700 for states
// PAIRS: error: meet-budget: for each number of rows, bytes beside the arena are given
func.func @attends(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.entry} {
  %h = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  %y = call @proj(%h) : (tensor<1024xf32>) -> tensor<64xf32>
  %a = call @wide(%y) : (tensor<64xf32>) -> tensor<2048xf32>
  %z = call @attend(%a) : (tensor<2048xf32>) -> tensor<64xf32>
  %d = call @grad(%z, %h) : (tensor<64xf32>, tensor<1024xf32>) -> tensor<64xf32>
  return %d : tensor<64xf32>
}
func.func private @fc(%x: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @proj(%x: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @wide(%x: tensor<64xf32>) -> tensor<2048xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<2048xf32>
  return %empty : tensor<2048xf32>
}
func.func private @attend(%x: tensor<2048xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "attention"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @grad(%g: tensor<64xf32>, %h: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}

//--- cheap.mlir
// Where attention takes nearly all of the time, a small call is repeated instead: the same budget would be met by fewer rows.
// CHECK: call @fc(%{{.*}}) {sinter.again}
// CHECK-NOT: sinter.most_rows
func.func @attends(%x: tensor<64xf32>) -> tensor<64xf32> attributes {sinter.entry} {
  %h = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  %y = call @proj(%h) : (tensor<1024xf32>) -> tensor<64xf32>
  %q = call @wide(%y) : (tensor<64xf32>) -> tensor<4194304xf32>
  %z = call @attend(%q) : (tensor<4194304xf32>) -> tensor<64xf32>
  %d = call @grad(%z, %h) : (tensor<64xf32>, tensor<1024xf32>) -> tensor<64xf32>
  return %d : tensor<64xf32>
}
func.func private @fc(%x: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @proj(%x: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @wide(%x: tensor<64xf32>) -> tensor<4194304xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<4194304xf32>
  return %empty : tensor<4194304xf32>
}
func.func private @attend(%x: tensor<4194304xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "attention"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}
func.func private @grad(%g: tensor<64xf32>, %h: tensor<1024xf32>) -> tensor<64xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<64xf32>
  return %empty : tensor<64xf32>
}

//--- errors.mlir
// Nothing can be computed again: 4096 + 1024 bytes at @proj.
// expected-error @+1 {{too_big: takes 6120 bytes at least, but the memory budget is 6000: 5120 of arena, and 1000 for states, constants and the scratch of threads}}
func.func @too_big(%x: tensor<64xf32>) -> tensor<256xf32> attributes {sinter.entry} {
  // expected-note @+1 {{live at the peak: 4096 bytes of 'f32' of shape [1024]}}
  %h = call @fc(%x) : (tensor<64xf32>) -> tensor<1024xf32>
  // expected-note @+1 {{live at the peak: 1024 bytes of 'f32' of shape [256]}}
  %y = call @proj(%h) : (tensor<1024xf32>) -> tensor<256xf32>
  return %y : tensor<256xf32>
}
func.func private @fc(%x: tensor<64xf32>) -> tensor<1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<1024xf32>
  return %empty : tensor<1024xf32>
}
func.func private @proj(%x: tensor<1024xf32>) -> tensor<256xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<256xf32>
  return %empty : tensor<256xf32>
}
