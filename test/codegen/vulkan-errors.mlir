// What is not valid SPIR-V for Vulkan, or has no meaning in a shader, is an error that names the kernel and the model's line.
// RUN: split-file %s %t
// RUN: not sinterc %t/invalid.mlir --from=target --target=vulkan --validate-spirv -o %t/out 2>&1 | FileCheck %s --check-prefix=INVALID
// RUN: sinter-opt %t/kernels.mlir --split-input-file --verify-diagnostics --sinter-vulkan-pipeline

// INVALID: gpt.cpp:41:18: vulkan: shader @double.s0 is not valid: {{.*}}LocalSize

//--- invalid.mlir
spirv.module @double.s0 Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []> {
  spirv.func @main() "None" { spirv.Return }
  spirv.EntryPoint "GLCompute" @main
} loc("gpt.cpp":41:18)
plan.kernel @double scratch 0 {
  plan.dispatch @double.s0 groups [1, 1, 1] push [] bind ()
}
plan.entry @run arena 512 live 512 {
  %x = plan.arena 0 : memref<16xf32>
  plan.input "x" %x : memref<16xf32>
  %y = plan.arena 256 : memref<16xf32>
  plan.launch @double(%x) -> (%y) : (memref<16xf32>) -> memref<16xf32>
  plan.output "y" %y : memref<16xf32>
}

//--- kernels.mlir
func.func private @doubles(%x: tensor<16xf32>) -> tensor<16xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
  %e = tensor.empty() : tensor<16xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<16xf32>) outs(%e : tensor<16xf32>) {
  ^bb0(%v: f32, %o: f32):
    // expected-error @below {{vulkan: f64 is for the CPU: compile with --target=cpu, or compute in f32}}
    %d = arith.extf %v : f32 to f64
    %s = arith.addf %d, %d : f64
    %t = arith.truncf %s : f64 to f32
    linalg.yield %t : f32
  } -> tensor<16xf32>
  return %y : tensor<16xf32>
}

