// Kernels as dispatches: they print and parse back, and their rules hold.
// RUN: split-file %s %t
// RUN: sinter-opt %t/good.mlir | sinter-opt | FileCheck %s
// RUN: sinter-opt %t/wrong.mlir --split-input-file --verify-diagnostics
// RUN: sinter-opt %t/stage.mlir --split-input-file --sinter-verify-stage=stage=target --verify-diagnostics

// CHECK: plan.kernel @softmax scratch 3072 general {
// CHECK-NEXT: plan.dispatch @rows groups [12, 1, 1] push [] bind (read 0 at 0 bytes 196608, write scratch at 0 bytes 3072)
// CHECK-NEXT: plan.dispatch @rows groups [3, 2, 1] push [64, 7] bind (update 1 at 256 bytes 64)

//--- good.mlir
spirv.module @rows Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @softmax scratch 3072 general {
  plan.dispatch @rows groups [12, 1, 1] push [] bind (read 0 at 0 bytes 196608, write scratch at 0 bytes 3072)
  plan.dispatch @rows groups [3, 2, 1] push [64, 7] bind (update 1 at 256 bytes 64)
}

//--- wrong.mlir
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @groups scratch 0 {
  // expected-error @below {{needs three numbers of workgroups in 1 ... 65535}}
  plan.dispatch @s groups [65536, 1, 1] push [] bind ()
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @no_groups scratch 0 {
  // expected-error @below {{needs three numbers of workgroups in 1 ... 65535}}
  plan.dispatch @s groups [1, 0, 1] push [] bind ()
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @two_numbers scratch 0 {
  // expected-error @below {{needs three numbers of workgroups in 1 ... 65535}}
  plan.dispatch @s groups [1, 1] push [] bind ()
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @constants scratch 0 {
  // expected-error @below {{has at most 4 push constants of 32 bits}}
  plan.dispatch @s groups [1, 1, 1] push [1, 2, 3, 4, 5] bind ()
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @many scratch 0 {
  // expected-error @below {{binds 33 places: at most 32}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 0 bytes 4, read 1 at 0 bytes 4, read 2 at 0 bytes 4, read 3 at 0 bytes 4, read 4 at 0 bytes 4, read 5 at 0 bytes 4, read 6 at 0 bytes 4, read 7 at 0 bytes 4, read 8 at 0 bytes 4, read 9 at 0 bytes 4, read 10 at 0 bytes 4, read 11 at 0 bytes 4, read 12 at 0 bytes 4, read 13 at 0 bytes 4, read 14 at 0 bytes 4, read 15 at 0 bytes 4, read 16 at 0 bytes 4, read 17 at 0 bytes 4, read 18 at 0 bytes 4, read 19 at 0 bytes 4, read 20 at 0 bytes 4, read 21 at 0 bytes 4, read 22 at 0 bytes 4, read 23 at 0 bytes 4, read 24 at 0 bytes 4, read 25 at 0 bytes 4, read 26 at 0 bytes 4, read 27 at 0 bytes 4, read 28 at 0 bytes 4, read 29 at 0 bytes 4, read 30 at 0 bytes 4, read 31 at 0 bytes 4, read 32 at 0 bytes 4)
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @offset scratch 0 {
  // expected-error @below {{offset 64 is not a multiple of 256}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 64 bytes 4)
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @large scratch 0 {
  // expected-error @below {{binds 134217732 bytes: at least 1 and at most 134217728}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 0 bytes 134217732)
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @texels scratch 0 {
  // expected-error @below {{binds 40 bytes as texels of 16}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (texels 0 at 0 bytes 40)
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @scratch scratch 256 {
  // expected-error @below {{binds bytes 256 to 260 of a scratch of 256}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (write scratch at 256 bytes 4)
}

// -----
plan.kernel @shader scratch 0 {
  // expected-error @below {{there is no shader @nowhere}}
  plan.dispatch @nowhere groups [1, 1, 1] push [] bind ()
}

// -----
plan.kernel @other scratch 0 {
  // expected-error @below {{may not stand in a plan.kernel: it holds dispatches}}
  plan.push_constant 0
}

// -----
func.func @constant() {
  // expected-error @below {{a dispatch has 4 push constants}}
  %0 = plan.push_constant 4
  return
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @k scratch 0 {
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 0 bytes 64, write 2 at 0 bytes 64)
}
plan.entry @operands arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @below {{kernel @k binds operand 2 of 2}}
  plan.launch @k(%x) -> (%y) : (memref<16xf32>) -> memref<16xf32>
  plan.output "y" %y : memref<16xf32>
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {}
plan.kernel @k scratch 0 {
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 0 bytes 64, write 1 at 0 bytes 68)
}
plan.entry @sizes arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  // expected-error @below {{kernel @k binds bytes 0 to 68 of operand 1, which has 64}}
  plan.launch @k(%x) -> (%y) : (memref<16xf32>) -> memref<16xf32>
  plan.output "y" %y : memref<16xf32>
}

//--- stage.mlir
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {
  spirv.GlobalVariable @b bind(0, 1) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
}
plan.kernel @k scratch 0 {
  // expected-error @below {{stage `target`: shader @s has more storage buffers than the 1 that are bound}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 0 bytes 64)
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {
  spirv.GlobalVariable @b bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
  spirv.func @main() "None" {
    %zero = spirv.Constant 0 : i32
    %b = spirv.mlir.addressof @b : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
    %element = spirv.AccessChain %b[%zero, %zero] : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>, i32, i32 -> !spirv.ptr<f32, StorageBuffer>
    %value = spirv.Constant 0.0 : f32
    spirv.Store "StorageBuffer" %element, %value : f32
    spirv.Return
  }
}
plan.kernel @k scratch 0 {
  // expected-error @below {{stage `target`: shader @s writes storage buffer 0, which is not bound for that}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (read 0 at 0 bytes 64)
}

// -----
spirv.module @s Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {
  spirv.GlobalVariable @b bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
  spirv.func @main() "None" {
    %zero = spirv.Constant 0 : i32
    %b = spirv.mlir.addressof @b : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
    %element = spirv.AccessChain %b[%zero, %zero] : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>, i32, i32 -> !spirv.ptr<f32, StorageBuffer>
    %value = spirv.Load "StorageBuffer" %element : f32
    spirv.Return
  }
}
plan.kernel @k scratch 0 {
  // expected-error @below {{stage `target`: shader @s reads storage buffer 0, which is not bound for that}}
  plan.dispatch @s groups [1, 1, 1] push [] bind (write 0 at 0 bytes 64)
}

// -----
// expected-error @below {{stage `target`: gpu.module may not stand at module level}}
gpu.module @s {}
