// plan.loop and plan.step: they print and parse back, and the ways in which a loop's memory can be wrong. Labels are
// those of plan.entry, plan.loop and plan.step in dialects/plan/Ops.td.
// RUN: split-file %s %t
// RUN: sinter-opt %t/good.mlir | sinter-opt | FileCheck %t/good.mlir
// RUN: sinter-opt %t/wrong.mlir --split-input-file --verify-diagnostics

//--- good.mlir
// A carry in place, a sequence whose parts a stack takes over, a buffer that each step writes anew.
// CHECK: plan.loop 3 carry(%[[H:.*]], %[[X:.*]]) to(%[[N:.*]], %[[Y:.*]]) {
// CHECK:   %[[P:.*]] = plan.step %[[X]] from 512 by -256 : memref<3x64xf32> -> memref<64xf32>
// CHECK:   plan.launch @add(%[[H]], %[[P]]) -> (%[[T:.*]]) :
// CHECK:   plan.launch @copy(%[[T]]) -> (%[[N]])
// CHECK: } : (memref<64xf32>, memref<3x64xf32>) -> (memref<64xf32>, memref<3x64xf32>)
func.func private @add(tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
func.func private @copy(tensor<64xf32>) -> tensor<64xf32>
plan.entry @good arena 1280 live 1280 {
  %h = plan.arena 0 : memref<64xf32>
  plan.input "h" %h : memref<64xf32>
  %x = plan.arena 256 : memref<3x64xf32>
  plan.input "x" %x : memref<3x64xf32>
  %n = plan.arena 0 : memref<64xf32>
  %y = plan.arena 256 : memref<3x64xf32>
  %t = plan.arena 1024 : memref<64xf32>
  plan.loop 3 carry(%h, %x) to(%n, %y) {
    %p = plan.step %x from 512 by -256 : memref<3x64xf32> -> memref<64xf32>
    %q = plan.step %y from 512 by -256 : memref<3x64xf32> -> memref<64xf32>
    plan.launch @add(%h, %p) -> (%t) : (memref<64xf32>, memref<64xf32>) -> memref<64xf32>
    plan.launch @copy(%t) -> (%n) : (memref<64xf32>) -> memref<64xf32>
    plan.launch @copy(%t) -> (%q) : (memref<64xf32>) -> memref<64xf32>
  } : (memref<64xf32>, memref<3x64xf32>) -> (memref<64xf32>, memref<3x64xf32>)
  plan.output "h" %n : memref<64xf32>
  plan.output "y" %y : memref<3x64xf32>
}

//--- wrong.mlir
plan.entry @steps arena 256 live 256 {
  %h = plan.arena 0 : memref<64xf32>
  // expected-error @+1 {{has 0 steps; it takes at least one}}
  plan.loop 0 carry() to() {} : () -> ()
}

// -----
plan.entry @outside arena 1024 live 1024 {
  %x = plan.arena 0 : memref<3x64xf32>
  plan.loop 3 carry() to() {
    // expected-error @+1 {{parts of 'memref<64xf32>' lie at bytes 256 to 1024 of a 'memref<3x64xf32>'}}
    %p = plan.step %x from 256 by 256 : memref<3x64xf32> -> memref<64xf32>
  } : () -> ()
}

// -----
plan.entry @parts_meet arena 1024 live 1024 {
  %x = plan.arena 0 : memref<3x64xf32>
  plan.loop 3 carry() to() {
    // expected-error @+1 {{parts of 256 bytes are 128 bytes apart}}
    %p = plan.step %x from 0 by 128 : memref<3x64xf32> -> memref<64xf32>
  } : () -> ()
}

// -----
// C11: the loop's own buffer takes the place of what is read in the next step.
plan.entry @c11_read_again arena 256 live 256 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<64xf32>
  plan.input "x" %x : memref<64xf32>
  // expected-error @+1 {{bytes [0, 256) are in use at launch 1: another buffer has [0, 256) from launch -1 to 1}}
  %t = plan.arena 0 : memref<64xf32>
  plan.loop 3 carry() to() {
    plan.launch @read(%x) -> () : (memref<64xf32>) -> ()
    plan.launch @make() -> (%t) : () -> memref<64xf32>
  } : () -> ()
}
func.func private @read(tensor<64xf32>)
func.func private @make() -> tensor<64xf32>

// -----
// C11: what is stacked takes its place from the first step on.
func.func private @read(tensor<64xf32>)
func.func private @make() -> tensor<64xf32>
plan.entry @c11_stack arena 768 live 768 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 512 : memref<64xf32>
  plan.input "x" %x : memref<64xf32>
  // expected-error @+1 {{bytes [0, 768) are in use at launch 0: another buffer has [512, 768) from launch -1 to 1}}
  %y = plan.arena 0 : memref<3x64xf32>
  plan.loop 3 carry() to() {
    plan.launch @read(%x) -> () : (memref<64xf32>) -> ()
    %p = plan.step %y from 0 by 256 : memref<3x64xf32> -> memref<64xf32>
    plan.launch @make() -> (%p) : () -> memref<64xf32>
  } : () -> ()
}

// -----
// C11: a loop's own buffer means nothing behind it.
func.func private @read(tensor<64xf32>)
func.func private @make() -> tensor<64xf32>
plan.entry @c11_behind arena 256 live 256 {
  %t = plan.arena 0 : memref<64xf32>
  plan.loop 3 carry() to() {
    plan.launch @make() -> (%t) : () -> memref<64xf32>
  } : () -> ()
  // expected-error @+1 {{input 0 is a buffer of a loop, which has ended}}
  plan.launch @read(%t) -> () : (memref<64xf32>) -> ()
}

// -----
func.func private @copy(tensor<64xf32>) -> tensor<64xf32>
plan.entry @c12_places arena 512 live 512 {
  %h = plan.arena 0 : memref<64xf32>
  plan.input "h" %h : memref<64xf32>
  %n = plan.arena 256 : memref<64xf32>
  // expected-error @+1 {{carry 0 and the next one are not one place of the arena}}
  plan.loop 3 carry(%h) to(%n) {
    plan.launch @copy(%h) -> (%n) : (memref<64xf32>) -> memref<64xf32>
  } : (memref<64xf32>) -> memref<64xf32>
}

// -----
plan.entry @c12_not_written arena 256 live 256 {
  %h = plan.arena 0 : memref<64xf32>
  plan.input "h" %h : memref<64xf32>
  %n = plan.arena 0 : memref<64xf32>
  // expected-error @+1 {{no launch writes the next carry 0}}
  plan.loop 3 carry(%h) to(%n) {} : (memref<64xf32>) -> memref<64xf32>
}

// -----
func.func private @copy(tensor<64xf32>) -> tensor<64xf32>
plan.entry @c12_overwritten_while_read arena 256 live 256 {
  %h = plan.arena 0 : memref<64xf32>
  plan.input "h" %h : memref<64xf32>
  %n = plan.arena 0 : memref<64xf32>
  plan.loop 3 carry(%h) to(%n) {
    // expected-error @+1 {{output 0 overwrites a carry while input 0 reads it}}
    plan.launch @copy(%h) -> (%n) : (memref<64xf32>) -> memref<64xf32>
  } : (memref<64xf32>) -> memref<64xf32>
}

// -----
func.func private @make() -> tensor<64xf32>
func.func private @read(tensor<64xf32>)
plan.entry @c12_read_too_late arena 256 live 256 {
  %h = plan.arena 0 : memref<64xf32>
  plan.input "h" %h : memref<64xf32>
  %n = plan.arena 0 : memref<64xf32>
  plan.loop 3 carry(%h) to(%n) {
    plan.launch @make() -> (%n) : () -> memref<64xf32>
    // expected-error @+1 {{input 0 is a carry that has been overwritten by the next one}}
    plan.launch @read(%h) -> () : (memref<64xf32>) -> ()
  } : (memref<64xf32>) -> memref<64xf32>
}

// -----
func.func private @make() -> tensor<64xf32>
func.func private @read(tensor<64xf32>)
plan.entry @c12_read_too_early arena 256 live 256 {
  %h = plan.arena 0 : memref<64xf32>
  plan.input "h" %h : memref<64xf32>
  %n = plan.arena 0 : memref<64xf32>
  plan.loop 3 carry(%h) to(%n) {
    // expected-error @+1 {{input 0 is a next carry, which is not written yet}}
    plan.launch @read(%n) -> () : (memref<64xf32>) -> ()
    plan.launch @make() -> (%n) : () -> memref<64xf32>
  } : (memref<64xf32>) -> memref<64xf32>
}

// -----
// C12: a step would overwrite what a later one reads.
func.func private @make() -> tensor<64xf32>
func.func private @read(tensor<64xf32>)
plan.entry @c12_other_parts arena 768 live 768 {
  %x = plan.arena 0 : memref<3x64xf32>
  plan.input "x" %x : memref<3x64xf32>
  %y = plan.arena 0 : memref<3x64xf32>
  // expected-error @+1 {{a step reads and writes different parts of carry 0}}
  plan.loop 3 carry(%x) to(%y) {
    %p = plan.step %x from 0 by 256 : memref<3x64xf32> -> memref<64xf32>
    %q = plan.step %y from 512 by -256 : memref<3x64xf32> -> memref<64xf32>
    plan.launch @read(%p) -> () : (memref<64xf32>) -> ()
    plan.launch @make() -> (%q) : () -> memref<64xf32>
  } : (memref<3x64xf32>) -> memref<3x64xf32>
}

// -----
func.func private @make() -> tensor<64xf32>
sinter.state @s : tensor<64xf32> {init = "zeros"}
plan.entry @state arena 0 live 0 {
  %s = plan.state @s : memref<64xf32>
  plan.loop 3 carry() to() {
    // expected-error @+1 {{state @s is written in a loop}}
    plan.launch @make() -> (%s) : () -> memref<64xf32>
  } : () -> ()
}
