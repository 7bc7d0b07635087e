// The report says what was not fused, at the model's line, and why; equal refusals once. Without refusals it says nothing.
// RUN: sinterc %s --report | FileCheck %s
// RUN: sinterc %s --report=json | FileCheck %s --check-prefix=JSON

// CHECK: entry train:
// CHECK: {{^}}  m.cpp:3:8: not fused: elementwise ops into their reader, because their reader takes each of their elements several times, and they cost too much to be computed as often (2 times)
// CHECK-NOT: not fused
// CHECK: entry other:
// CHECK-NOT: not fused

// JSON: "name": "train"
// JSON: "not_fused": [
// JSON-NEXT: {
// JSON-NEXT: "line": "dir/m.cpp:3:8",
// JSON-NEXT: "scopes": [],
// JSON-NEXT: "what": "elementwise ops into their reader",
// JSON-NEXT: "because": "their reader takes
// JSON-NEXT: "times": 2
// JSON-NEXT: }
// JSON-NEXT: ]
// JSON: "name": "other"
// JSON: "not_fused": []

module attributes {sinter.program = "toy", sinter.source = "toy.cpp"} {
// An exponential for each row would be computed for every column, of two tensors.
func.func @train(%x: tensor<8xf32> {sinter.name = "x"}, %y: tensor<8x64xf32> {sinter.name = "y"}, %z: tensor<8xf32> {sinter.name = "z"}) -> (tensor<8x64xf32> {sinter.name = "a"}, tensor<8x64xf32> {sinter.name = "b"})
    attributes {sinter.entry} {
  %a = math.exp %x : tensor<8xf32> loc("dir/m.cpp":3:8)
  %a2 = math.exp %z : tensor<8xf32> loc("dir/m.cpp":3:8)
  %b = sinter.broadcast %a dims [0] : tensor<8xf32> -> tensor<8x64xf32>
  %c = arith.addf %b, %y : tensor<8x64xf32>
  %d = sinter.broadcast %a2 dims [0] : tensor<8xf32> -> tensor<8x64xf32>
  %e = arith.mulf %d, %y : tensor<8x64xf32>
  return %c, %e : tensor<8x64xf32>, tensor<8x64xf32>
}
func.func @other(%x: tensor<8xf32> {sinter.name = "x"}) -> (tensor<8xf32> {sinter.name = "a"}) attributes {sinter.entry} {
  %a = math.exp %x : tensor<8xf32>
  return %a : tensor<8xf32>
}
}
