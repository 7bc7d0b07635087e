// What `sinter.NAME` attributes say is checked by the dialect, whenever a module is read or a pass has run.
// RUN: sinter-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{attribute `sinter.program` is a string, not 7}}
module attributes {sinter.program = 7} {}

// -----

// expected-error@+1 {{attribute `sinter.kernel` is unknown on a module}}
module attributes {sinter.kernel} {}

// -----

// expected-error@+1 {{attribute `sinter.entry` has no value, not "train"}}
func.func @entry(%x: tensor<2xf32>) -> tensor<2xf32> attributes {sinter.entry = "train"} {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{attribute `sinter.flavour` is unknown on a function}}
func.func @unknown() attributes {sinter.flavour = 1 : i64} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.noalias` is unknown on a function}}
func.func private @gone() attributes {sinter.kernel, sinter.noalias} {
  return
}

// -----

// Work has one type.
// expected-error@+1 {{attribute `sinter.flops` is an f64, finite and not negative, not 12 : i64}}
func.func private @flops() attributes {sinter.kernel, sinter.flops = 12 : i64} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.flops` is an f64, finite and not negative, not 1.200000e+01 : f32}}
func.func private @flops() attributes {sinter.kernel, sinter.flops = 12.0 : f32} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.bytes` is an f64, finite and not negative, not -1.200000e+01 : f64}}
func.func private @bytes() attributes {sinter.kernel, sinter.bytes = -12.0} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.bytes` is an f64, finite and not negative, not 0x7FF0000000000000 : f64}}
func.func private @bytes() attributes {sinter.kernel, sinter.bytes = 0x7FF0000000000000 : f64} {
  return
}

// -----

func.func private @work() attributes {sinter.kernel, sinter.flops = 0.0, sinter.bytes = 1.0e+30, sinter.tiles = 0} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.tiles` is an i64 of at least 0, not -1 : i64}}
func.func private @tiles() attributes {sinter.kernel, sinter.tiles = -1} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.members` is an i64 of at least 1, not 0 : i64}}
func.func private @members() attributes {sinter.kernel, sinter.members = 0} {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.in_place` names result 0 and argument 1 of 1 and 1}}
func.func private @in_place(%x: tensor<2xf32>) -> tensor<2xf32> attributes {sinter.kernel, sinter.in_place = array<i64: 0, 1>} {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{attribute `sinter.name` is a string, not 1 : i64}}
func.func @argument(%x: tensor<2xf32> {sinter.name = 1}) {
  return
}

// -----

// expected-error@+1 {{attribute `sinter.default` is unknown on result 0}}
func.func @result(%x: tensor<2xf32>) -> (tensor<2xf32> {sinter.default = 1.0}) {
  return %x : tensor<2xf32>
}

// -----

func.func @op(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{attribute `sinter.prologue` has no value, not 0 : i64}}
  %y = math.exp %x {sinter.prologue = 0} : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @op(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{attribute `sinter.kernel` is unknown on math.exp}}
  %y = math.exp %x {sinter.kernel} : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#row = affine_map<(i, j, k) -> (i, k)>
#column = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>
func.func @ordered(%a: tensor<8x4xf32>, %b: tensor<4x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %y = linalg.generic {indexing_maps = [#row, #column, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<8x4xf32>, tensor<4x8xf32>) outs(%c : tensor<8x8xf32>) attrs = {sinter.ordered = array<i64: 0, 1, 0>} {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %0 = math.fma %p, %q, %s : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

#row = affine_map<(i, j, k) -> (i, k)>
#column = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>
func.func @ordered(%a: tensor<8x4xf32>, %b: tensor<4x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-error@+1 {{attribute `sinter.ordered` is pairs of different loops of one size, of 3 loops; (0, 3) is none, not array<i64: 0, 3, 0>}}
  %y = linalg.generic {indexing_maps = [#row, #column, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<8x4xf32>, tensor<4x8xf32>) outs(%c : tensor<8x8xf32>) attrs = {sinter.ordered = array<i64: 0, 3, 0>} {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %0 = math.fma %p, %q, %s : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

// Loops of different sizes.
#row = affine_map<(i, j, k) -> (i, k)>
#column = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>
func.func @ordered(%a: tensor<8x4xf32>, %b: tensor<4x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-error@+1 {{(0, 2) is none}}
  %y = linalg.generic {indexing_maps = [#row, #column, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<8x4xf32>, tensor<4x8xf32>) outs(%c : tensor<8x8xf32>) attrs = {sinter.ordered = array<i64: 0, 1, 0, 0, 2, 0>} {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %0 = math.fma %p, %q, %s : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

func.func @ordered(%a: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error@+1 {{attribute `sinter.ordered` is pairs of loops of a linalg.generic, each with a distance, not array<i64: 0, 1, 0>}}
  %y = math.exp %a {sinter.ordered = array<i64: 0, 1, 0>} : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

// An op that is wrong in other ways, too, is no place to look for sizes.
func.func @broken(%a: tensor<8x4xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-error@+1 {{of 2 loops; (0, 7) is none}}
  %y = "linalg.generic"(%a, %c) <{indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%p: f32, %s: f32):
    "linalg.yield"(%p) : (f32) -> ()
  }) {sinter.ordered = array<i64: 0, 7, 0>} : (tensor<8x4xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @ordered(%a: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-error@+1 {{attribute `sinter.ordered` has a negative distance -1}}
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) attrs = {sinter.ordered = array<i64: 0, 1, -1>} {
  ^bb0(%p: f32, %s: f32):
    linalg.yield %p : f32
  } -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
