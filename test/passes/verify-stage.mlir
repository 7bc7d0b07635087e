// RUN: split-file %s %t
// RUN: sinter-opt %t/model.mlir -sinter-verify-stage=stage=model -split-input-file -verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/fused.mlir -sinter-verify-stage=stage=fused -split-input-file -verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/train.mlir -sinter-verify-stage=stage=train -split-input-file -verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/kernels.mlir -sinter-verify-stage=stage=kernels -split-input-file -verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/plan.mlir -sinter-verify-stage=stage=plan -split-input-file -verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/target.mlir -sinter-verify-stage=stage=target -split-input-file -verify-diagnostics -o /dev/null
// RUN: not sinter-opt %t/model.mlir -sinter-verify-stage=stage=modle 2>&1 | FileCheck %s
// Each file: what a stage lets through, then what it does not.
// CHECK: verify-stage: there is no stage `modle`

//--- model.mlir
sinter.state @w : tensor<4xf32> {init = "ones", trainable}
func.func @good(%x: tensor<4xf32>) -> tensor<4xf32> attributes {sinter.entry} {
  %w = sinter.read @w : tensor<4xf32>
  %y = arith.mulf %x, %w : tensor<4xf32>
  %less = arith.cmpf olt, %x, %y : tensor<4xf32>
  %z = arith.select %less, %x, %y : tensor<4xi1>, tensor<4xf32>
  sinter.write @w, %z : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @+1 {{stage `model`: @boolean: booleans do not cross the boundary: 'tensor<4xi1>'}}
func.func @boolean(%x: tensor<4xi1>) attributes {sinter.entry} {
  return
}

// -----

func.func @dynamic(%x: tensor<4xf32>) attributes {sinter.entry} {
  // expected-error @+1 {{stage `model`: tensor.cast may not stand in an entry}}
  %y = tensor.cast %x : tensor<4xf32> to tensor<?xf32>
  return
}

// -----

func.func @not_static(%x: tensor<?xf32>) attributes {sinter.entry} {
  // expected-error @+1 {{stage `model`: math.exp: shapes are static, 'tensor<?xf32>' is not}}
  %y = math.exp %x : tensor<?xf32>
  return
}

// -----

func.func @extended(%x: tensor<4xf80>) attributes {sinter.entry} {
  // expected-error @+1 {{stage `model`: math.exp: tensors are of f32, f64, bf16, f16, i32, i64, i8 or i1, not of 'f80'}}
  %y = math.exp %x : tensor<4xf80>
  return
}

// -----

// expected-error @+1 {{stage `model`: plan.entry may not stand at module level}}
plan.entry @too_early arena 0 live 0 {
}

//--- fused.mlir
func.func @good(%x: tensor<4xf32>) -> tensor<4xf32> attributes {sinter.entry} {
  %y = sinter.map (%x) [affine_map<(d0) -> (d0)>] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: f32):
    %1 = math.exp %0 : f32
    sinter.yield %1 : f32
  }
  return %y : tensor<4xf32>
}

// -----

func.func @elementwise(%x: tensor<4xf32>) -> tensor<4xf32> attributes {sinter.entry} {
  // expected-error @+1 {{stage `fused`: math.exp on tensors may not remain: fuse it into a sinter.map}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

//--- train.mlir
func.func @good(%x: tensor<f32>) -> tensor<f32> attributes {sinter.entry} {
  %zero = arith.constant dense<0.0> : tensor<f32>
  return %zero : tensor<f32>
}

// -----

func.func @variable(%x: tensor<f32>) -> tensor<f32> attributes {sinter.entry} {
  // expected-error @+1 {{stage `train`: sinter.variable may not remain}}
  %v = sinter.variable %x : tensor<f32>
  return %v : tensor<f32>
}
func.func @gradient(%x: tensor<f32>) -> tensor<f32> attributes {sinter.entry} {
  // expected-error @+1 {{stage `train`: sinter.grad may not remain}}
  %g = sinter.grad %x wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- kernels.mlir
sinter.state @w : tensor<4x4xf32> {init = "ones"}
func.func @good(%x: tensor<16xf32>) -> tensor<4x4xf32> attributes {sinter.entry} {
  %y = call @zero(%x) : (tensor<16xf32>) -> tensor<16xf32>
  %z = sinter.reshape %y : tensor<16xf32> -> tensor<4x4xf32>
  %w = sinter.read @w : tensor<4x4xf32>
  sinter.write @w, %z : tensor<4x4xf32>
  return %w : tensor<4x4xf32>
}
func.func private @zero(%x: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16xf32>
  %y = linalg.fill ins(%zero : f32) outs(%empty : tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}

// -----

func.func @computes(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {sinter.entry} {
  // expected-error @+1 {{stage `kernels`: sinter.softmax may not stand in an entry}}
  %y = sinter.softmax %x : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

func.func private @k(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  // expected-error @+1 {{stage `kernels`: sinter.softmax may not stand in a kernel}}
  %y = sinter.softmax %x : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// expected-error @+1 {{stage `kernels`: @neither is neither an entry nor a kernel}}
func.func @neither() {
  return
}

// -----

// expected-error @+1 {{stage `kernels`: kernel @k is not private}}
func.func @k() attributes {sinter.kernel, sinter.kind = "elements"} {
  return
}

// -----

// expected-error @+1 {{stage `kernels`: @k: booleans do not cross the boundary: 'tensor<4xi1>'}}
func.func private @k(%x: tensor<4xi1>) attributes {sinter.kernel, sinter.kind = "elements"} {
  return
}

// -----

func.func @entry() attributes {sinter.entry} {
  // expected-error @+1 {{stage `kernels`: @entry is not a kernel}}
  call @entry() : () -> ()
  return
}

// -----

func.func private @k(%x: tensor<8xf32>) -> tensor<4xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %empty = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{stage `kernels`: linalg.generic: the indexing map affine_map<(d0) -> (d0 * 2)> is not a projected permutation}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i * 2)>, affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @+1 {{stage `kernels`: kernel @k does not say of which kind it is}}
func.func private @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel} {
  return %x : tensor<16xf32>
}

// -----

// expected-error @+1 {{stage `kernels`: kernel @k is of kind "product" and holds no product}}
func.func private @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  return %x : tensor<16xf32>
}

// -----

// A role is a promise: this product starts from one.
// expected-error @+1 {{stage `kernels`: kernel @k is of kind "rows" and holds a product}}
func.func private @k(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>) -> tensor<4x4xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %f = linalg.fill ins(%one : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-error @+1 {{stage `kernels`: linalg.generic is not what its role says: its sums do not start from 0}}
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%f : tensor<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}

//--- plan.mlir
func.func private @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16xf32>
  %y = linalg.fill ins(%zero : f32) outs(%empty : tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}
plan.entry @good arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  plan.launch @k(%x) -> (%y) : (memref<16xf32>) -> memref<16xf32>
}

// -----

func.func @unplanned() attributes {sinter.entry} {
  // expected-error @+1 {{stage `plan`: func.return may not stand in an entry}}
  return
}

// -----

plan.entry @computes arena 256 live 256 {
  // expected-error @+1 {{stage `plan`: arith.constant may not stand in a plan}}
  %c = arith.constant 1 : i32
}

//--- target.mlir
llvm.func @k(!llvm.ptr, i64, i64, !llvm.ptr) attributes {sinter.tiles = 1 : i64}
plan.entry @good arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  plan.launch @k() -> (%x) : () -> memref<16xf32>
}

// -----

llvm.func @k(!llvm.ptr, i64, i64, !llvm.ptr)
plan.entry @no_tiles arena 256 live 256 {
  %x = plan.arena 0 : memref<16xf32>
  // expected-error @+1 {{stage `target`: kernel @k is not an llvm.func with `sinter.tiles`}}
  plan.launch @k() -> (%x) : () -> memref<16xf32>
}

// -----

// expected-error @+1 {{stage `target`: func.func may not stand at module level}}
func.func private @k(tensor<16xf32>) attributes {sinter.kernel}
