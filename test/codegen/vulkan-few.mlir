// Products of few elements and long k: in profile `shared` a workgroup takes a part of k, an invocation a block of it. The sums
// are those of all other products, bit for bit, whatever profile they are computed with.
// RUN: split-file %s %t
// RUN: sinter-opt %t/numbers.mlir --sinter-to-plan=target=vulkan | sinter-opt --sinter-vulkan-schedule="profile=shared" --sinter-vulkan-emit-kernels="profile=shared" | FileCheck %t/numbers.mlir
// RUN: sinter-run --device=vulkan --same-profiles %t/numbers.mlir
// RUN: sinter-run --device=compiled %t/long.mlir

//--- numbers.mlir
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// 33281 is a part, a block and one term more: two dispatches of parts, and one of what they come to.
// CHECK: plan.kernel @{{.*}}1x1
// CHECK: memref.alloc() : memref<256xf32, #spirv.storage_class<Workgroup>>
func.func @one(%a: tensor<1x33281xf32>, %b: tensor<33281x1xf32>) -> tensor<1x1xf32> attributes {sinter.entry} {
  %y = sinter.matmul %a, %b : (tensor<1x33281xf32>, tensor<33281x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// More rows than an invocation has, columns that are no fours, an epilogue.
func.func @odd(%a: tensor<32800x9xf32>, %b: tensor<5x32800xf32>, %bias: tensor<5xf32>) -> tensor<9x5xf32> attributes {sinter.entry} {
  %p = sinter.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<32800x9xf32>, tensor<5x32800xf32>) -> tensor<9x5xf32>
  %y = sinter.map(%p, %bias) [#id, #column] : (tensor<9x5xf32>, tensor<5xf32>) -> tensor<9x5xf32> {
  ^bb0(%u: f32, %v: f32):
    %s = arith.addf %u, %v : f32
    %t = math.tanh %s : f32
    sinter.yield %t : f32
  }
  return %y : tensor<9x5xf32>
}

// Batches; whole parts only.
func.func @batches(%a: tensor<3x2x65536xf32>, %b: tensor<3x65536x8xf32>) -> tensor<3x2x8xf32> attributes {sinter.entry} {
  %y = sinter.matmul %a, %b : (tensor<3x2x65536xf32>, tensor<3x65536x8xf32>) -> tensor<3x2x8xf32>
  return %y : tensor<3x2x8xf32>
}

// One element more than few.
func.func @many(%a: tensor<1x32769xf32>, %b: tensor<32769x257xf32>) -> tensor<1x257xf32> attributes {sinter.entry} {
  %y = sinter.matmul %a, %b : (tensor<1x32769xf32>, tensor<32769x257xf32>) -> tensor<1x257xf32>
  return %y : tensor<1x257xf32>
}

//--- long.mlir
sinter.state @one : tensor<f32> {init = "ones"}

// Takes a moment, not minutes.
func.func @twenty_millions() -> (tensor<1x1xf32>, tensor<1x1xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %x = sinter.broadcast %one dims [] : tensor<f32> -> tensor<20000000x1xf32>
  %y = sinter.matmul %x, %x {transpose_lhs} : (tensor<20000000x1xf32>, tensor<20000000x1xf32>) -> tensor<1x1xf32>
  %e = arith.constant dense<2.0e7> : tensor<1x1xf32>
  return %y, %e : tensor<1x1xf32>, tensor<1x1xf32>
}
