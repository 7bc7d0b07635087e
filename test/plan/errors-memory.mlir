// RUN: sinter-opt %s -split-input-file -verify-diagnostics
// One way a plan of memory can be wrong per section; the labels are those of plan.entry in dialects/plan/Ops.td.

plan.entry @c1_unaligned arena 512 live 512 {
  // expected-error @+1 {{offset 32 is not a multiple of 256}}
  %x = plan.arena 32 : memref<16xf32>
}

// -----

plan.entry @c2_outside_the_arena arena 256 live 256 {
  // expected-error @+1 {{the buffer ends at byte 320 of an arena of 256}}
  %x = plan.arena 256 : memref<16xf32>
}

// -----

func.func private @make() -> tensor<16xf32>
plan.entry @c3_written_twice arena 256 live 256 {
  // expected-note @+1 {{the buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.launch @make() -> (%x) : () -> memref<16xf32>
  // expected-error @+1 {{output 0 is written twice}}
  plan.launch @make() -> (%x) : () -> memref<16xf32>
}

// -----

func.func private @make() -> tensor<16xf32>
plan.entry @c3_input_overwritten arena 256 live 256 {
  // expected-note @+1 {{the buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  // expected-error @+1 {{output 0 is written twice}}
  plan.launch @make() -> (%x) : () -> memref<16xf32>
}

// -----

plan.entry @c3_two_inputs_in_one_buffer arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  // expected-error @+1 {{the buffer is written twice}}
  plan.input "y" %x : memref<16xf32>
}

// -----

func.func private @copy(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c4_read_before_written arena 512 live 512 {
  // expected-note @+1 {{the buffer}}
  %x = plan.arena 0 : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{input 0 is read before anything wrote it}}
  plan.launch @copy(%x) -> (%y) : (memref<16xf32>) -> memref<16xf32>
}

// -----

plan.entry @c4_output_never_written arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{nothing writes the buffer}}
  plan.output "x" %x : memref<16xf32>
}

// -----

func.func private @make() -> tensor<16xf32>
func.func private @add(tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
plan.entry @c5_two_live_buffers_overlap arena 768 live 768 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.launch @make() -> (%x) : () -> memref<16xf32>
  // expected-error @+1 {{bytes [0, 64) are in use at launch 1: another buffer has [0, 64) from launch 0 to 2}}
  %y = plan.arena 0 : memref<16xf32>
  plan.launch @make() -> (%y) : () -> memref<16xf32>
  %z = plan.arena 512 : memref<16xf32>
  plan.launch @add(%x, %y) -> (%z) : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @make() -> tensor<128xf32>
func.func private @add(tensor<128xf32>, tensor<128xf32>) -> tensor<128xf32>
plan.entry @c5_partial_overlap arena 2048 live 2048 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<128xf32>
  plan.launch @make() -> (%x) : () -> memref<128xf32>
  // expected-error @+1 {{bytes [256, 768) are in use at launch 1: another buffer has [0, 512) from launch 0 to 2}}
  %y = plan.arena 256 : memref<128xf32>
  plan.launch @make() -> (%y) : () -> memref<128xf32>
  %z = plan.arena 1024 : memref<128xf32>
  plan.launch @add(%x, %y) -> (%z) : (memref<128xf32>, memref<128xf32>) -> memref<128xf32>
}

// -----

plan.entry @c5_inputs_overlap arena 256 live 256 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  // expected-error @+1 {{bytes [0, 64) are in use at launch -1}}
  %y = plan.arena 0 : memref<16xf32>
  plan.input "y" %y : memref<16xf32>
}

// -----

func.func private @make() -> tensor<16xf32>
plan.entry @c5_output_overwritten arena 256 live 256 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.launch @make() -> (%x) : () -> memref<16xf32>
  // expected-error @+1 {{bytes [0, 64) are in use at launch 1: another buffer has [0, 64) from launch 0 to 2}}
  %y = plan.arena 0 : memref<16xf32>
  plan.launch @make() -> (%y) : () -> memref<16xf32>
  plan.output "x" %x : memref<16xf32>
}

// -----

func.func private @twice(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c5_in_place_but_not_declared arena 256 live 256 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  // expected-error @+1 {{bytes [0, 64) are in use at launch 0: another buffer has [0, 64) from launch -1 to 0}}
  %y = plan.arena 0 : memref<16xf32>
  plan.launch @twice(%x) -> (%y) : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @both() -> (tensor<16xf32>, tensor<16xf32>)
plan.entry @c5_two_results_of_one_launch arena 256 live 256 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{bytes [0, 64) are in use at launch 0}}
  %y = plan.arena 0 : memref<16xf32>
  plan.launch @both() -> (%x, %y) : () -> (memref<16xf32>, memref<16xf32>)
}

// -----

func.func private @twice(tensor<16xf32>) -> tensor<16xf32>
func.func private @add(tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
plan.entry @c6_input_is_read_later arena 512 live 512 {
  // expected-note @+1 {{the other buffer}}
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  // expected-error @+1 {{takes the place of a buffer that is read later: by launch 1, it is overwritten by launch 0}}
  %y = plan.arena 0 : memref<16xf32>
  plan.launch @twice(%x) -> (%y) in_place [0] : (memref<16xf32>) -> memref<16xf32>
  %z = plan.arena 256 : memref<16xf32>
  plan.launch @add(%x, %y) -> (%z) : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @twice(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c6_not_the_same_memory arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{output 0 does not have the memory of input 0}}
  plan.launch @twice(%x) -> (%y) in_place [0] : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @add(tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
plan.entry @c6_input_is_read_twice arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{output 0 overwrites input 0, which is also input 1}}
  plan.launch @add(%x, %x) -> (%y) in_place [0] : (memref<16xf32>, memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @flip(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<4x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
plan.entry @c6_kernel_does_not_allow_it arena 256 live 256 {
  %x = plan.arena 0 : memref<4x4xf32>
  plan.input "x" %x : memref<4x4xf32>
  %y = plan.arena 0 : memref<4x4xf32>
  // expected-error @+1 {{kernel @flip may not write result 0 over argument 0}}
  plan.launch @flip(%x) -> (%y) in_place [0] : (memref<4x4xf32>) -> memref<4x4xf32>
}

// -----

sinter.state @w : tensor<16xf32> {init = "zeros"}
func.func private @make() -> tensor<16xf32>
plan.entry @c7_state_written_twice arena 0 live 0 {
  %w = plan.state @w : memref<16xf32>
  plan.launch @make() -> (%w) : () -> memref<16xf32>
  // expected-error @+1 {{state @w is written twice}}
  plan.launch @make() -> (%w) : () -> memref<16xf32>
}

// -----

sinter.state @w : tensor<16xf32> {init = "zeros"}
func.func private @make() -> tensor<16xf32>
func.func private @copy(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c7_old_value_read_too_late arena 256 live 256 {
  %old = plan.state @w : memref<16xf32>
  %new = plan.state @w : memref<16xf32>
  // expected-note @+1 {{by this launch}}
  plan.launch @make() -> (%new) : () -> memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{input 0 is the old value of state @w, which was overwritten}}
  plan.launch @copy(%old) -> (%y) : (memref<16xf32>) -> memref<16xf32>
}

// -----

sinter.state @w : tensor<16xf32> {init = "zeros"}
func.func private @make() -> tensor<16xf32>
func.func private @copy(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c7_new_value_read_too_early arena 256 live 256 {
  %new = plan.state @w : memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{input 0 is the new value of state @w, read before it is written}}
  plan.launch @copy(%new) -> (%y) : (memref<16xf32>) -> memref<16xf32>
  plan.launch @make() -> (%new) : () -> memref<16xf32>
}

// -----

sinter.state @w : tensor<16xf32> {init = "zeros"}
func.func private @copy(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c7_state_overwritten_while_read arena 0 live 0 {
  %old = plan.state @w : memref<16xf32>
  %new = plan.state @w : memref<16xf32>
  // expected-error @+1 {{output 0 overwrites state @w while input 0 reads it}}
  plan.launch @copy(%old) -> (%new) : (memref<16xf32>) -> memref<16xf32>
}

// -----

sinter.state @v : tensor<16xf32> {init = "zeros"}
sinter.state @w : tensor<16xf32> {init = "zeros"}
func.func private @copy(tensor<16xf32>) -> tensor<16xf32>
plan.entry @c7_in_place_of_another_state arena 0 live 0 {
  %old = plan.state @v : memref<16xf32>
  %new = plan.state @w : memref<16xf32>
  // expected-error @+1 {{output 0 does not have the memory of input 0}}
  plan.launch @copy(%old) -> (%new) in_place [0] : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @make() -> tensor<2xf32>
plan.entry @c8_constant_written arena 0 live 0 {
  %c = plan.constant dense<[1.0, 2.0]> : tensor<2xf32> : memref<2xf32>
  // expected-error @+1 {{output 0 is a constant}}
  plan.launch @make() -> (%c) : () -> memref<2xf32>
}

// -----

sinter.state @w : tensor<16xf32> {init = "zeros"}
plan.entry @c9_output_is_a_state arena 0 live 0 {
  %w = plan.state @w : memref<16xf32>
  // expected-error @+1 {{an output lies in the arena}}
  plan.output "w" %w : memref<16xf32>
}

// -----

plan.entry @c9_input_is_a_constant arena 0 live 0 {
  %c = plan.constant dense<[1.0, 2.0]> : tensor<2xf32> : memref<2xf32>
  // expected-error @+1 {{an input lies in the arena}}
  plan.input "c" %c : memref<2xf32>
}

// -----

plan.entry @c10_names_repeat arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{the name "x" appears twice}}
  plan.input "x" %y : memref<16xf32>
}
