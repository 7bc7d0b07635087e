// RUN: sinter-opt %s -split-input-file -verify-diagnostics
// What single ops of the plan dialect refuse.

plan.entry @unknown_state arena 0 live 0 {
  // expected-error @+1 {{there is no state @w}}
  %w = plan.state @w : memref<4xf32>
}

// -----

sinter.state @w : tensor<4xf32> {init = "zeros"}
plan.entry @state_of_another_type arena 0 live 0 {
  // expected-error @+1 {{state @w is a 'tensor<4xf32>', but the buffer a 'memref<8xf32>'}}
  %w = plan.state @w : memref<8xf32>
}

// -----

plan.entry @constant_of_another_type arena 0 live 0 {
  // expected-error @+1 {{the value is a 'tensor<2xf32>', but the buffer a 'memref<2xi32>'}}
  %c = plan.constant dense<[1.0, 2.0]> : tensor<2xf32> : memref<2xi32>
}

// -----

plan.entry @view_changes_the_count arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{a view keeps element type and count: 'memref<16xf32>' and 'memref<3x5xf32>'}}
  %v = plan.view %x : memref<16xf32> -> memref<3x5xf32>
}

// -----

plan.entry @default_of_a_vector arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{only a scalar has a default, not a 'memref<16xf32>'}}
  plan.input "x" %x default 1.0 : memref<16xf32>
}

// -----

plan.entry @unknown_kernel arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{there is no kernel @missing}}
  plan.launch @missing() -> (%x) : () -> memref<16xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"}
plan.entry @too_few_operands arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{kernel @k has 1 arguments and 1 results, the launch 0 and 1}}
  plan.launch @k() -> (%x) : () -> memref<16xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"}
plan.entry @operand_of_another_type arena 512 live 512 {
  %x = plan.arena 0 : memref<16xi32>
  plan.input "x" %x : memref<16xi32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{argument 0 of kernel @k is a 'tensor<16xf32>', the buffer a 'memref<16xi32>'}}
  plan.launch @k(%x) -> (%y) : (memref<16xi32>) -> memref<16xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"}
plan.entry @result_of_another_type arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<4x4xf32>
  // expected-error @+1 {{result 0 of kernel @k is a 'tensor<16xf32>', the buffer a 'memref<4x4xf32>'}}
  plan.launch @k(%x) -> (%y) : (memref<16xf32>) -> memref<4x4xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32>
plan.entry @in_place_per_output arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{in_place has 2 numbers for 1 outputs}}
  plan.launch @k(%x) -> (%y) in_place [0, -1] : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32>
plan.entry @own_per_operand arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{own has 1 numbers for 2 operands}}
  plan.launch @k(%x) -> (%y) pieces 4 own [-1] : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32>
plan.entry @one_piece arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @+1 {{runs in 1 pieces; a chain has two at least}}
  plan.launch @k(%x) -> (%y) pieces 1 : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func private @k(tensor<16xf32>) -> tensor<16xf32>
plan.entry @in_place_of_no_input arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{in_place names input 1 of 1}}
  plan.launch @k(%x) -> (%y) in_place [1] : (memref<16xf32>) -> memref<16xf32>
}
