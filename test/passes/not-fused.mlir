// Every refusal to fuse is a remark at the model's line, for those who listen.
// RUN: split-file %s %t
// RUN: sinter-opt %t/elementwise.mlir --sinter-fuse-elementwise='most-ops=2' --remarks-filter-missed=fusion --remark-format=emitRemark \
// RUN:   --verify-diagnostics -o /dev/null
// RUN: sinter-opt %S/fuse-elementwise-limits.mlir --sinter-fuse-elementwise=most-ops=2 -o /dev/null 2>&1 | count 0

//--- elementwise.mlir
// A chain of five ops, of which a map may hold two, falls into three pieces: two refusals.
func.func @too_many_ops(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-remark@+1 {{one map holds at most 2 ops, but with them their reader would hold 3"}}
  %a = math.sin %x : tensor<8xf32>
  %b = math.cos %a : tensor<8xf32>
  // expected-remark@+1 {{one map holds at most 2 ops, but with them their reader would hold 4}}
  %c = math.tanh %b : tensor<8xf32>
  %d = math.exp %c : tensor<8xf32>
  %e = math.absf %d : tensor<8xf32>
  return %e : tensor<8xf32>
}
// An exponential for each row would be computed for every column.
func.func @costly(%x: tensor<8xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark@+1 {{their reader takes each of their elements several times, and they cost too much to be computed as often}}
  %a = math.exp %x : tensor<8xf32>
  %b = sinter.broadcast %a dims [0] : tensor<8xf32> -> tensor<8x64xf32>
  %c = arith.addf %b, %y : tensor<8x64xf32>
  return %c : tensor<8x64xf32>
}
// What two ops read is stored for both: no refusal.
func.func @two_readers(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %a = math.exp %x : tensor<8xf32>
  %b = math.sin %a : tensor<8xf32>
  return %a, %b : tensor<8xf32>, tensor<8xf32>
}
// Two large products that only their sum reads wait for it; a third is added to it.
func.func @running_sum(%x: tensor<128x128xf32>, %w: tensor<128x128xf32>) -> tensor<128x128xf32> {
  %p = sinter.matmul %x, %w : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %q = sinter.matmul %w, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  %r = sinter.matmul %x, %x : (tensor<128x128xf32>, tensor<128x128xf32>) -> tensor<128x128xf32>
  // expected-remark@+1 {{a sum of many large values adds each to what the last one left}}
  %s = arith.addf %p, %q : tensor<128x128xf32>
  %t = arith.addf %s, %r : tensor<128x128xf32>
  return %t : tensor<128x128xf32>
}
