// Products that pack windows tap by tap: no schedule and no number of threads changes a bit, and a kernel that is more
// than a product has loops.
// RUN: split-file %s %t
// RUN: sinterc --from=model --emit=plan -o - %t/numbers.mlir | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-matmul | FileCheck %s --check-prefix=EMITTED
// RUN: sinterc --from=model --emit=plan -o - %t/numbers.mlir | sinter-opt --sinter-cpu-schedule | FileCheck %s --check-prefix=LINES
// RUN: sinter-run %t/numbers.mlir
// RUN: sinter-run --march=x86-64-v3 %t/numbers.mlir
// RUN: sinter-run --device cpu --threads 1 --print %t/numbers.mlir > %t/one.out
// RUN: bash -c 'for seed in 1 2 3 4 5 6; do sinter-run --device cpu --threads 3 --print --schedule-seed $seed %t/numbers.mlir | cmp - %t/one.out || exit 1; done'
// RUN: sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-matmul %t/loops.mlir | FileCheck %t/loops.mlir
// RUN: sinter-run --from=kernels --device cpu %t/loops.mlir

// EMITTED-NOT: func private @matmul{{[^:]*}}: tensor
// LINES-LABEL: func.func private @matmul_144x40(
// LINES-SAME: left = "direct"
// LINES-LABEL: func.func private @matmul_72x20(
// LINES-SAME: -> (tensor<72x20xf32>, tensor<20xf32>)
// LINES-SAME: left = "direct"
// LINES-LABEL: func.func private @matmul_27x33(
// LINES-SAME: left = "direct"
// LINES-LABEL: func.func private @matmul_84x40(
// LINES-SAME: right = "transposed"

//--- numbers.mlir
// Channels: whole vectors, and no whole ones; blocks of k that end within a tap, which may have fewer than a vector.
func.func @output(%a: tensor<3x6x7x32xf32>, %u: tensor<3x3x32x40xf32>, %b: tensor<2x19x45xf32>, %v: tensor<11x45x33xf32>, %c: tensor<2x9x11x5xf32>, %t: tensor<7x13x5x8xf32>)
    -> (tensor<3x6x7x40xf32>, tensor<2x19x33xf32>, tensor<2x9x11x8xf32>) attributes {sinter.entry} {
  %0 = sinter.conv output %a, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<3x6x7x32xf32>, tensor<3x3x32x40xf32>) -> tensor<3x6x7x40xf32>
  %1 = sinter.conv output %b, %v strides [1] low [5] dilations [1] : (tensor<2x19x45xf32>, tensor<11x45x33xf32>) -> tensor<2x19x33xf32>
  %2 = sinter.conv output %c, %t strides [1, 1] low [3, 6] dilations [1, 1] : (tensor<2x9x11x5xf32>, tensor<7x13x5x8xf32>) -> tensor<2x9x11x8xf32>
  return %0, %1, %2 : tensor<3x6x7x40xf32>, tensor<2x19x33xf32>, tensor<2x9x11x8xf32>
}
// As many images as places and more: places are batches, whose taps outside are left out. Of one, two and three
// dimensions; steps in both directions; blocks of k that begin and end within a tap; what follows is computed on the way.
func.func @places(%a: tensor<20x4x4x45xf32>, %u: tensor<3x3x45x40xf32>, %y: tensor<20x4x4x40xf32>, %b: tensor<33x6x7xf32>, %v: tensor<5x7x24xf32>, %c: tensor<24x2x3x2x8xf32>, %t: tensor<3x3x3x8x17xf32>, %bias: tensor<40xf32>)
    -> (tensor<20x4x4x40xf32>, tensor<20x4x4x45xf32>, tensor<33x6x24xf32>, tensor<24x2x3x2x17xf32>, tensor<24x1x2x1x17xf32>) attributes {sinter.entry} {
  %0 = sinter.conv output %a, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<20x4x4x45xf32>, tensor<3x3x45x40xf32>) -> tensor<20x4x4x40xf32>
  %1 = sinter.broadcast %bias dims [3] : tensor<40xf32> -> tensor<20x4x4x40xf32>
  %2 = arith.addf %0, %1 : tensor<20x4x4x40xf32>
  %3 = arith.mulf %2, %y : tensor<20x4x4x40xf32>
  %4 = sinter.conv input %y, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<20x4x4x40xf32>, tensor<3x3x45x40xf32>) -> tensor<20x4x4x45xf32>
  %5 = sinter.conv output %b, %v strides [1] low [4] dilations [2] : (tensor<33x6x7xf32>, tensor<5x7x24xf32>) -> tensor<33x6x24xf32>
  %6 = sinter.conv output %c, %t strides [1, 1, 1] low [1, 2, 1] dilations [1, 2, 1] : (tensor<24x2x3x2x8xf32>, tensor<3x3x3x8x17xf32>) -> tensor<24x2x3x2x17xf32>
  %7 = sinter.conv output %c, %t strides [2, 2, 2] low [1, 2, 1] dilations [1, 2, 1] : (tensor<24x2x3x2x8xf32>, tensor<3x3x3x8x17xf32>) -> tensor<24x1x2x1x17xf32>
  return %3, %4, %5, %6, %7 : tensor<20x4x4x40xf32>, tensor<20x4x4x45xf32>, tensor<33x6x24xf32>, tensor<24x2x3x2x17xf32>, tensor<24x1x2x1x17xf32>
}
// One channel, one filter, one window.
func.func @ones(%a: tensor<2x9x11x1xf32>, %u: tensor<3x3x1x24xf32>, %b: tensor<2x9x11x24xf32>, %v: tensor<3x3x24x1xf32>, %c: tensor<1x3x3x8xf32>, %t: tensor<3x3x8x24xf32>)
    -> (tensor<2x9x11x24xf32>, tensor<2x9x11x1xf32>, tensor<1x1x1x24xf32>) attributes {sinter.entry} {
  %0 = sinter.conv output %a, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x9x11x1xf32>, tensor<3x3x1x24xf32>) -> tensor<2x9x11x24xf32>
  %1 = sinter.conv output %b, %v strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x9x11x24xf32>, tensor<3x3x24x1xf32>) -> tensor<2x9x11x1xf32>
  %2 = sinter.conv output %c, %t strides [1, 1] low [0, 0] dilations [1, 1] : (tensor<1x3x3x8xf32>, tensor<3x3x8x24xf32>) -> tensor<1x1x1x24xf32>
  return %0, %1, %2 : tensor<2x9x11x24xf32>, tensor<2x9x11x1xf32>, tensor<1x1x1x24xf32>
}
// Strides and dilations, seen from the other side: taps that would lie between two windows.
func.func @input(%y: tensor<2x5x4x20xf32>, %w: tensor<3x3x7x20xf32>, %z: tensor<2x3x4x5x17xf32>, %v: tensor<2x3x2x16x17xf32>) -> (tensor<2x9x8x7xf32>, tensor<2x3x8x14x16xf32>) attributes {sinter.entry} {
  %0 = sinter.conv input %y, %w strides [2, 2] low [1, 1] dilations [1, 1] : (tensor<2x5x4x20xf32>, tensor<3x3x7x20xf32>) -> tensor<2x9x8x7xf32>
  %1 = sinter.conv input %z, %v strides [1, 2, 3] low [0, 1, 1] dilations [1, 1, 2] : (tensor<2x3x4x5x17xf32>, tensor<2x3x2x16x17xf32>) -> tensor<2x3x8x14x16xf32>
  return %0, %1 : tensor<2x9x8x7xf32>, tensor<2x3x8x14x16xf32>
}
// Of several units: rows that cross taps, whatever a panel's size is.
func.func @kernel(%a: tensor<4x13x15x24xf32>, %b: tensor<4x13x15x40xf32>, %c: tensor<9x31x3xf32>, %d: tensor<9x16x33xf32>) -> (tensor<3x3x24x40xf32>, tensor<5x3x33xf32>) attributes {sinter.entry} {
  %0 = sinter.conv kernel %a, %b strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<4x13x15x24xf32>, tensor<4x13x15x40xf32>) -> tensor<3x3x24x40xf32>
  %1 = sinter.conv kernel %c, %d strides [2] low [2] dilations [1] : (tensor<9x31x3xf32>, tensor<9x16x33xf32>) -> tensor<5x3x33xf32>
  return %0, %1 : tensor<3x3x24x40xf32>, tensor<5x3x33xf32>
}
// Register tiles of windows in one line (or plane) leave out the lines of taps that are outside it: forwards and
// backwards, of strides and dilations, lines of taps that no window has within, blocks of k that end within a line.
func.func @planes(%a: tensor<3x9x16x32xf32>, %u: tensor<3x3x32x40xf32>, %y: tensor<3x9x16x40xf32>, %b: tensor<2x17x16x20xf32>, %v: tensor<5x3x20x33xf32>, %c: tensor<2x3x16x60xf32>, %w: tensor<7x2x60x33xf32>, %d: tensor<2x3x4x4x8xf32>, %t: tensor<3x3x3x8x24xf32>)
    -> (tensor<3x9x16x40xf32>, tensor<3x9x16x32xf32>, tensor<2x9x16x33xf32>, tensor<2x3x16x33xf32>, tensor<2x3x4x4x24xf32>) attributes {sinter.entry} {
  %0 = sinter.conv output %a, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<3x9x16x32xf32>, tensor<3x3x32x40xf32>) -> tensor<3x9x16x40xf32>
  %1 = sinter.conv input %y, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<3x9x16x40xf32>, tensor<3x3x32x40xf32>) -> tensor<3x9x16x32xf32>
  %2 = sinter.conv output %b, %v strides [2, 1] low [2, 1] dilations [1, 1] : (tensor<2x17x16x20xf32>, tensor<5x3x20x33xf32>) -> tensor<2x9x16x33xf32>
  %3 = sinter.conv output %c, %w strides [1, 1] low [6, 0] dilations [2, 1] : (tensor<2x3x16x60xf32>, tensor<7x2x60x33xf32>) -> tensor<2x3x16x33xf32>
  %4 = sinter.conv output %d, %t strides [1, 1, 1] low [1, 1, 1] dilations [1, 1, 1] : (tensor<2x3x4x4x8xf32>, tensor<3x3x3x8x24xf32>) -> tensor<2x3x4x4x24xf32>
  return %0, %1, %2, %3, %4 : tensor<3x9x16x40xf32>, tensor<3x9x16x32xf32>, tensor<2x9x16x33xf32>, tensor<2x3x16x33xf32>, tensor<2x3x4x4x24xf32>
}
// Channels that fill a register tile are read where they stand, line by line: of strides, dilations and one to three
// dimensions; taps that no window of a line has within; few channels, which lines of taps make many; the columns' sums
// add up beside them.
func.func @lines(%a: tensor<3x13x15x16xf32>, %b: tensor<3x7x8x40xf32>, %c: tensor<2x9x20x8xf32>, %d: tensor<2x9x20x20xf32>, %e: tensor<2x3x4x9x8xf32>, %f: tensor<2x3x4x9x24xf32>, %g: tensor<60x7x8xf32>, %h: tensor<60x7x17xf32>)
    -> (tensor<3x3x16x40xf32>, tensor<3x3x8x20xf32>, tensor<3x3x3x8x24xf32>, tensor<15x8x17xf32>, tensor<20xf32>) attributes {sinter.entry} {
  %0 = sinter.conv kernel %a, %b strides [2, 2] low [1, 1] dilations [1, 1] : (tensor<3x13x15x16xf32>, tensor<3x7x8x40xf32>) -> tensor<3x3x16x40xf32>
  %1 = sinter.conv kernel %c, %d strides [1, 1] low [1, 2] dilations [1, 2] : (tensor<2x9x20x8xf32>, tensor<2x9x20x20xf32>) -> tensor<3x3x8x20xf32>
  %2 = sinter.conv kernel %e, %f strides [1, 1, 1] low [1, 1, 1] dilations [1, 1, 1] : (tensor<2x3x4x9x8xf32>, tensor<2x3x4x9x24xf32>) -> tensor<3x3x3x8x24xf32>
  %3 = sinter.conv kernel %g, %h strides [1] low [7] dilations [1] : (tensor<60x7x8xf32>, tensor<60x7x17xf32>) -> tensor<15x8x17xf32>
  %4 = sinter.reduce sum %d axes [0, 1, 2] : tensor<2x9x20x20xf32> -> tensor<20xf32>
  return %0, %1, %2, %3, %4 : tensor<3x3x16x40xf32>, tensor<3x3x8x20xf32>, tensor<3x3x3x8x24xf32>, tensor<15x8x17xf32>, tensor<20xf32>
}
func.func @few_channels(%a: tensor<5x9x11x3xf32>, %b: tensor<5x9x11x33xf32>, %c: tensor<3x12x30x1xf32>, %d: tensor<3x4x14x16xf32>) -> (tensor<3x3x3x33xf32>, tensor<5x7x1x16xf32>) attributes {sinter.entry} {
  %1 = sinter.conv kernel %a, %b strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<5x9x11x3xf32>, tensor<5x9x11x33xf32>) -> tensor<3x3x3x33xf32>
  %3 = sinter.conv kernel %c, %d strides [3, 2] low [1, 1] dilations [1, 1] : (tensor<3x12x30x1xf32>, tensor<3x4x14x16xf32>) -> tensor<5x7x1x16xf32>
  return %1, %3 : tensor<3x3x3x33xf32>, tensor<5x7x1x16xf32>
}
// Whole vectors of filters: the kernel's taps are transposed while they are packed, all of them or every other one.
func.func @transposed(%y: tensor<2x6x7x32xf32>, %w: tensor<3x3x40x32xf32>, %z: tensor<2x5x4x48xf32>, %v: tensor<3x3x24x48xf32>, %p: tensor<20x4x4x16xf32>, %q: tensor<3x3x17x16xf32>)
    -> (tensor<2x6x7x40xf32>, tensor<2x9x8x24xf32>, tensor<20x4x4x17xf32>) attributes {sinter.entry} {
  %0 = sinter.conv input %y, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x7x32xf32>, tensor<3x3x40x32xf32>) -> tensor<2x6x7x40xf32>
  %1 = sinter.conv input %z, %v strides [2, 2] low [1, 1] dilations [1, 1] : (tensor<2x5x4x48xf32>, tensor<3x3x24x48xf32>) -> tensor<2x9x8x24xf32>
  %2 = sinter.conv input %p, %q strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<20x4x4x16xf32>, tensor<3x3x17x16xf32>) -> tensor<20x4x4x17xf32>
  return %0, %1, %2 : tensor<2x6x7x40xf32>, tensor<2x9x8x24xf32>, tensor<20x4x4x17xf32>
}
// What follows is computed on the way: a bias, a maximum, another tensor.
func.func @epilogue(%x: tensor<3x6x7x32xf32>, %w: tensor<3x3x32x32xf32>, %b: tensor<32xf32>) -> tensor<3x6x7x32xf32> attributes {sinter.entry} {
  %0 = sinter.conv output %x, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<3x6x7x32xf32>, tensor<3x3x32x32xf32>) -> tensor<3x6x7x32xf32>
  %1 = sinter.broadcast %b dims [3] : tensor<32xf32> -> tensor<3x6x7x32xf32>
  %2 = arith.addf %0, %1 : tensor<3x6x7x32xf32>
  %3 = arith.addf %2, %x : tensor<3x6x7x32xf32>
  %zero = arith.constant dense<0.0> : tensor<3x6x7x32xf32>
  %4 = arith.maximumf %3, %zero : tensor<3x6x7x32xf32>
  return %4 : tensor<3x6x7x32xf32>
}

//--- loops.mlir
// The sums of rows are no epilogue.
// CHECK-LABEL: func.func private @more
// CHECK-NOT: sinter.windows
// CHECK: tensor.extract
#lhs = affine_map<(d0, d1, d2) -> (d0, d2)>
#rhs = affine_map<(d0, d1, d2) -> (d2, d1)>
#result = affine_map<(d0, d1, d2) -> (d0, d1)>
#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
module attributes {sinter.target = "cpu"} {
  func.func @f(%x: tensor<2x5x4xf32>, %w: tensor<12x5xf32>) -> tensor<10xf32> attributes {sinter.entry} {
    %0 = call @more(%x, %w) : (tensor<2x5x4xf32>, tensor<12x5xf32>) -> tensor<10xf32>
    return %0 : tensor<10xf32>
  }
  func.func private @more(%x: tensor<2x5x4xf32>, %w: tensor<12x5xf32>) -> tensor<10xf32> attributes {sinter.kernel, sinter.kind = "product"} {
    %m = sinter.windows %x positions [5] taps [3] strides [1] steps [1] low [1] divisors [1] : tensor<2x5x4xf32> -> tensor<10x3x4xf32>
    %a = tensor.collapse_shape %m [[0], [1, 2]] : tensor<10x3x4xf32> into tensor<10x12xf32>
    %zero = arith.constant 0.000000e+00 : f32
    %e = tensor.empty() : tensor<10x5xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<10x5xf32>) -> tensor<10x5xf32>
    %p = linalg.generic {indexing_maps = [#lhs, #rhs, #result], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %w : tensor<10x12xf32>, tensor<12x5xf32>) outs(%z : tensor<10x5xf32>) attrs = {sinter.role = "product"} {
    ^bb0(%i: f32, %j: f32, %out: f32):
      %0 = arith.mulf %i, %j : f32
      %1 = arith.addf %out, %0 : f32
      linalg.yield %1 : f32
    } -> tensor<10x5xf32>
    %er = tensor.empty() : tensor<10xf32>
    %zr = linalg.fill ins(%zero : f32) outs(%er : tensor<10xf32>) -> tensor<10xf32>
    %s = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<10x5xf32>) outs(%zr : tensor<10xf32>) {
    ^bb0(%i: f32, %out: f32):
      %0 = arith.addf %out, %i : f32
      linalg.yield %0 : f32
    } -> tensor<10xf32>
    return %s : tensor<10xf32>
  }
}
