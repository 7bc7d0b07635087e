// RUN: split-file %s %t
// RUN: sinter-opt %t/plan.mlir -sinter-plan-memory -split-input-file | FileCheck %t/plan.mlir
// RUN: sinter-opt %t/errors.mlir -sinter-plan-memory -split-input-file -verify-diagnostics -o /dev/null

//--- plan.mlir
// A dead buffer's memory is used again; an elementwise kernel writes over its input; a reshape is a view.
// CHECK-LABEL: plan.entry @reuses_memory arena 1024 live 1024 {
// CHECK:         %[[X:.*]] = plan.arena [[X_AT:.*]] : memref<8x16xf32>
// CHECK-NEXT:    plan.input "x" %[[X]]
// CHECK-NEXT:    %[[Y:.*]] = plan.arena [[Y_AT:.*]] : memref<8x16xf32>
// CHECK-NEXT:    plan.launch @flip(%[[X]]) -> (%[[Y]]) :
// CHECK-NEXT:    %[[Z:.*]] = plan.arena [[Y_AT]] : memref<8x16xf32>
// CHECK-NEXT:    plan.launch @relu(%[[Y]]) -> (%[[Z]]) in_place [0] :
// CHECK-NEXT:    %[[A:.*]] = plan.arena [[X_AT]] : memref<8x16xf32>
// CHECK-NEXT:    plan.launch @flip(%[[Z]]) -> (%[[A]]) :
// CHECK-NEXT:    %[[V:.*]] = plan.view %[[A]] : memref<8x16xf32> -> memref<128xf32>
// CHECK-NEXT:    plan.output "y" %[[V]] : memref<128xf32>
func.func @reuses_memory(%x: tensor<8x16xf32> {sinter.name = "x"}) -> (tensor<128xf32> {sinter.name = "y"})
    attributes {sinter.entry} {
  %0 = call @flip(%x) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %1 = call @relu(%0) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %2 = call @flip(%1) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %3 = sinter.reshape %2 : tensor<8x16xf32> -> tensor<128xf32>
  return %3 : tensor<128xf32>
}

// A buffer that is read again later is not written over. An input that nobody reads has a place until the first launch.
// CHECK-LABEL: plan.entry @keeps_what_is_read_later arena 1024 live 1024 {
// CHECK:         plan.input "unused" %{{.*}} default 5.000000e-01
// CHECK:         plan.launch @relu(%[[X:.*]]) -> (%[[Y:.*]]) : (memref
// CHECK:         plan.launch @add(%[[X]], %[[Y]]) -> (%{{.*}}) in_place [0] : (memref
func.func @keeps_what_is_read_later(%unused: tensor<f32> {sinter.name = "unused", sinter.default = 0.5},
                                    %x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {sinter.entry} {
  %0 = call @relu(%x) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %1 = call @add(%x, %0) : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}

// Written so, every sum would keep what it reads until the end; each runs as soon as it frees memory.
// CHECK-LABEL: plan.entry @frees_early arena 1536 live 1536 {
// CHECK:         plan.launch @flip(%{{.*}}) -> (%[[A:.*]]) :
// CHECK:         plan.launch @flip(%[[A]]) -> (%[[B:.*]]) :
// CHECK:         plan.launch @sum(%[[A]])
// CHECK:         plan.launch @flip(%[[B]]) -> (%[[C:.*]]) :
// CHECK:         plan.launch @sum(%[[B]])
func.func @frees_early(%x: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<f32>, tensor<f32>)
    attributes {sinter.entry} {
  %a = call @flip(%x) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %b = call @flip(%a) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %c = call @flip(%b) : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %sum_a = call @sum(%a) : (tensor<8x16xf32>) -> tensor<f32>
  %sum_b = call @sum(%b) : (tensor<8x16xf32>) -> tensor<f32>
  return %c, %sum_a, %sum_b : tensor<8x16xf32>, tensor<f32>, tensor<f32>
}
func.func private @sum(%x: tensor<8x16xf32>) -> tensor<f32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<f32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>],
                       iterator_types = ["reduction", "reduction"]}
      ins(%x : tensor<8x16xf32>) outs(%start : tensor<f32>) {
  ^bb0(%a: f32, %sum: f32):
    %0 = arith.addf %sum, %a : f32
    linalg.yield %0 : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}

// A kernel that reads other elements than it writes is told so by nothing; one that may run in place is marked, once.
// CHECK:     func.func private @relu{{.*}}sinter.in_place = array<i64: 0, 0>
// CHECK:     func.func private @flip
// CHECK-NOT: sinter.in_place
// CHECK:     linalg.generic
func.func private @relu(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%empty : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
func.func private @flip(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<8x16xf32>
  %flat = tensor.collapse_shape %x [[0, 1]] : tensor<8x16xf32> into tensor<128xf32>
  %turned = tensor.expand_shape %flat [[0, 1]] output_shape [16, 8] : tensor<128xf32> into tensor<16x8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%turned : tensor<16x8xf32>) outs(%empty : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
func.func private @add(%x: tensor<8x16xf32>, %y: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<8x16xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>,
                                        affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<8x16xf32>, tensor<8x16xf32>) outs(%empty : tensor<8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %z : tensor<8x16xf32>
}

// -----

sinter.state @w : tensor<16xf32> {init = "ones", trainable}
sinter.state @m : tensor<16xf32> {init = "zeros"}

// The new value goes straight into the state: the kernel reads the old one element by element, and nobody does later.
// CHECK-LABEL: plan.entry @updates_in_place arena 256 live 256 {
// CHECK:         %[[OLD:.*]] = plan.state @w
// CHECK-NEXT:    %[[NEW:.*]] = plan.state @w
// CHECK-NEXT:    plan.launch @step(%[[OLD]], %{{.*}}) -> (%[[NEW]]) in_place [0]
// CHECK-NEXT:  }
func.func @updates_in_place(%g: tensor<16xf32>) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %new = call @step(%w, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  sinter.write @w, %new : tensor<16xf32>
  return
}

// A state that is not read is written without further ado.
// CHECK-LABEL: plan.entry @overwrites arena 256 live 256 {
// CHECK:         plan.launch @step(%[[G:.*]], %[[G]]) -> (%[[NEW:.*]]) : (memref
// CHECK-NEXT:  }
func.func @overwrites(%g: tensor<16xf32>) attributes {sinter.entry} {
  %new = call @step(%g, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  sinter.write @w, %new : tensor<16xf32>
  return
}

// The old value is read after the new one is computed: a copy at the end.
// CHECK-LABEL: plan.entry @old_value_read_later arena 512 live 512 {
// CHECK:         plan.launch @step(%[[OLD:.*]], %[[G:.*]]) -> (%[[NEW:.*]]) in_place [1] : (memref
// CHECK:         plan.launch @step(%[[OLD]], %[[NEW]]) -> (%[[Y:.*]]) : (memref
// CHECK:         %[[W:.*]] = plan.state @w
// CHECK-NEXT:    plan.launch @copy_f32_16(%[[NEW]]) -> (%[[W]])
// CHECK-NEXT:    plan.output "result0" %[[Y]]
func.func @old_value_read_later(%g: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %new = call @step(%w, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %y = call @step(%w, %new) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  sinter.write @w, %new : tensor<16xf32>
  return %y : tensor<16xf32>
}

// ... unless the reader can as well run first.
// CHECK-LABEL: plan.entry @old_value_read_first arena 512 live 512 {
// CHECK:         plan.launch @step(%[[OLD:.*]], %[[G:.*]]) -> (%[[Y:.*]]) : (memref
// CHECK:         plan.launch @step(%[[OLD]], %[[G]]) -> (%[[NEW:.*]]) in_place [0] : (memref
// CHECK-NEXT:    plan.output "result0" %[[Y]]
func.func @old_value_read_first(%g: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %new = call @step(%w, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %y = call @step(%w, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  sinter.write @w, %new : tensor<16xf32>
  return %y : tensor<16xf32>
}

// A new value that is an output too stays in the arena and is copied to the state.
// CHECK-LABEL: plan.entry @new_value_is_output arena 256 live 256 {
// CHECK:         plan.launch @step(%{{.*}}, %[[G:.*]]) -> (%[[NEW:.*]]) in_place [1]
// CHECK:         plan.launch @copy_f32_16(%[[NEW]]) -> (%{{.*}})
// CHECK-NEXT:    plan.output "result0" %[[NEW]]
func.func @new_value_is_output(%g: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %new = call @step(%w, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  sinter.write @w, %new : tensor<16xf32>
  return %new : tensor<16xf32>
}

// Two states change places: both old values are saved first.
// CHECK-LABEL: plan.entry @swap arena 512 live 512 {
// CHECK:         plan.launch @copy_f32_16(%[[M:.*]]) -> (%[[SAVED_M:.*]]) :
// CHECK:         plan.launch @copy_f32_16(%[[W:.*]]) -> (%[[SAVED_W:.*]]) :
// CHECK:         %[[NEW_W:.*]] = plan.state @w
// CHECK-NEXT:    plan.launch @copy_f32_16(%[[SAVED_M]]) -> (%[[NEW_W]]) :
// CHECK-NEXT:    %[[NEW_M:.*]] = plan.state @m
// CHECK-NEXT:    plan.launch @copy_f32_16(%[[SAVED_W]]) -> (%[[NEW_M]]) :
func.func @swap() attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %m = sinter.read @m : tensor<16xf32>
  sinter.write @w, %m : tensor<16xf32>
  sinter.write @m, %w : tensor<16xf32>
  return
}

// Writing what is there already is nothing to do.
// CHECK-LABEL: plan.entry @unchanged arena 0 live 0 {
// CHECK-NEXT:  }
func.func @unchanged() attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  sinter.write @w, %w : tensor<16xf32>
  return
}

// Outputs lie in the arena: states and constants are copied, inputs are there already, and so is a value twice.
// CHECK-LABEL: plan.entry @outputs arena 768 live 768 {
// CHECK-NEXT:    %[[X:.*]] = plan.arena
// CHECK-NEXT:    plan.input "x" %[[X]]
// CHECK:         plan.launch @copy_f32_16(%{{.*}}) -> (%[[W:.*]]) :
// CHECK:         %[[C:.*]] = plan.constant dense<[1, 2]> : tensor<2xi32> : memref<2xi32>
// CHECK:         plan.launch @copy_i32_2(%[[C]]) -> (%[[CC:.*]]) :
// CHECK-NEXT:    plan.output "result0" %[[W]]
// CHECK-NEXT:    plan.output "result1" %[[CC]]
// CHECK-NEXT:    plan.output "result2" %[[X]]
// CHECK-NEXT:    %[[V:.*]] = plan.view %[[W]] : memref<16xf32> -> memref<4x4xf32>
// CHECK-NEXT:    plan.output "result3" %[[V]]
func.func @outputs(%x: tensor<8xf32> {sinter.name = "x"})
    -> (tensor<16xf32>, tensor<2xi32>, tensor<8xf32>, tensor<4x4xf32>) attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %v = sinter.reshape %w : tensor<16xf32> -> tensor<4x4xf32>
  %c = arith.constant dense<[1, 2]> : tensor<2xi32>
  return %w, %c, %x, %v : tensor<16xf32>, tensor<2xi32>, tensor<8xf32>, tensor<4x4xf32>
}

// The kernel's own figures: 2 operations an element; it reads 128 bytes and writes 64.
// CHECK: func.func private @step{{.*}}sinter.bytes = 1.920000e+02 : f64, sinter.flops = 3.200000e+01 : f64
func.func private @step(%w: tensor<16xf32>, %g: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %rate = arith.constant 0.1 : f32
  %empty = tensor.empty() : tensor<16xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]}
      ins(%w, %g : tensor<16xf32>, tensor<16xf32>) outs(%empty : tensor<16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %b, %rate : f32
    %1 = arith.subf %a, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<16xf32>
  return %z : tensor<16xf32>
}

//--- errors.mlir
func.func @not_a_kernel() attributes {sinter.entry} {
  // expected-error @+1 {{@not_a_kernel is not a kernel}}
  call @not_a_kernel() : () -> ()
  return
}

// -----

func.func @not_outlined(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {sinter.entry} {
  // expected-error @+1 {{an entry of stage `kernels` holds calls of kernels, loops, states, constants and reshapes only}}
  %y = sinter.softmax %x : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
