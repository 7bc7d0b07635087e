// RUN: sinterc %s --from=kernels --report | FileCheck %s
// RUN: sinterc %s --from=kernels --report=json | FileCheck %s --check-prefix=JSON
// The report counts parameters, work and memory, and gives each its line.

// CHECK:      model toy (toy.cpp)
// CHECK-NEXT: parameters 16 (64 bytes), other state 64 bytes, state block 512 bytes
// CHECK-NEXT: kernels 2, merged from 3 in all entries
// CHECK:      entry train: 64 FLOPs, 3 launches of 2 kernels
// @step runs before the second @twice, whose result then takes the memory of its operand: two vectors at once, not three.
// CHECK-NEXT:   arena 512 bytes, of which 512 are live at once at the peak
// CHECK-NEXT:   largest then:
// CHECK-NEXT:     64 bytes f32 [16]
// CHECK:          1 32 192 step report.mlir:[[@LINE+25]]:
// CHECK-NEXT:     fuses
// CHECK-NEXT:     stores its result: it is the new value of state @w
// CHECK:          2 16 128 twice report.mlir:[[@LINE+20]]:

// JSON:      "program": "toy",
// JSON:      "parameters": 16,
// JSON-NEXT: "parameter_bytes": 64,
// JSON-NEXT: "other_state_bytes": 64,
// JSON-NEXT: "state_bytes": 512,
// JSON-NEXT: "kernels": 2,
// JSON-NEXT: "launches": 3,
// JSON:      "name": "train",
// JSON-NEXT: "flops": 64,
// JSON-NEXT: "arena_bytes": 512,
// JSON-NEXT: "live_bytes": 512,

module attributes {sinter.program = "toy", sinter.source = "toy.cpp"} {
sinter.state @w : tensor<16xf32> {init = "ones", trainable}
sinter.state @m : tensor<16xf32> {init = "zeros"}
func.func @train(%g: tensor<16xf32> {sinter.name = "g"}) -> (tensor<16xf32> {sinter.name = "y"})
    attributes {sinter.entry} {
  %w = sinter.read @w : tensor<16xf32>
  %a = call @twice(%g) : (tensor<16xf32>) -> tensor<16xf32>
  %y = call @twice(%a) : (tensor<16xf32>) -> tensor<16xf32>
  %new = call @step(%a, %g) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  sinter.write @w, %new : tensor<16xf32>
  return %y : tensor<16xf32>
}
func.func private @twice(%x: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<16xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<16xf32>) outs(%empty : tensor<16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<16xf32>
  return %z : tensor<16xf32>
}
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
}
