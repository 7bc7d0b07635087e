//===- Passes.td - code generation for the CPU, in the order in which the passes run --------------===//
// With those of MLIR between them: CpuPipeline.cpp.
#ifndef SINTER_CODEGEN_CPU_PASSES
#define SINTER_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def CpuSchedule : Pass<"sinter-cpu-schedule", "::mlir::ModuleOp"> {
  let summary = "decide how kernels are cut up";
  let description = [{
    Written on each kernel as `sinter.schedule` (Schedule.cpp), unless one is there: tiles, blocks and forms of operands
    of products, rows of attention, tiled dimensions of loops. No schedule changes a bit of a result. Example:
    test/codegen/schedules.mlir.
  }];
  let options = [
    // What the cost model knows of the processor.
    Option<"vectorRegisters", "vector-registers", "int64_t", "16",
           "16: registers of 8 floats (AVX2); 32: of 16 floats (AVX-512)">,
    Option<"cacheBytes", "cache-bytes", "int64_t", "512 * 1024", "of the second-level cache of one core">,
    Option<"dotProducts", "dot-products", "bool", "false", "there is a fast vdpbf16ps">,
    Option<"byteDots", "byte-dots", "bool", "false", "there is a vpdpbusd of 512 bits">,
    Option<"seed", "seed", "uint64_t", "0", "other than 0: any legal schedule, by chance">];
}

def CpuEmitAttention : Pass<"sinter-cpu-emit-attention", "::mlir::ModuleOp"> {
  let summary = "turn attention kernels into tile functions";
  let description = [{
    By their `sinter.schedule`. A tile is a block of queries of one head, with all keys that these look at. Other
    kernels are left alone. Example: test/codegen/attention.mlir.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def CpuEmitMatmul : Pass<"sinter-cpu-emit-matmul", "::mlir::ModuleOp"> {
  let summary = "turn kernels with a matrix product into tile functions";
  let description = [{
    By their `sinter.schedule`, and nothing else. Other kernels are left alone. Example: test/codegen/matmul.mlir.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def CpuEmitLoops : Pass<"sinter-cpu-emit-loops", "::mlir::ModuleOp"> {
  let summary = "turn kernels into loops over tiles, 16 lanes at a time";
  let description = [{
    By their `sinter.schedule`. All kernels that no earlier pass took. Example: test/codegen/loops-elements.mlir.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::func::FuncDialect"];
}

def CpuChainLaunches : Pass<"sinter-cpu-chain-launches", "::mlir::ModuleOp"> {
  let summary = "launches that can run piece by piece say so";
  let description = [{
    A thread then takes one piece through all of them while it is in the cache. Example:
    test/codegen/chain-launches.mlir.
  }];
}

def CpuDoubleMath : Pass<"sinter-cpu-double-math", "::mlir::ModuleOp"> {
  let summary = "functions of f64 call the C library";
  let description = "Those that LLVM has no operation for. Example: test/codegen/types.mlir.";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def CpuAbi : Pass<"sinter-cpu-abi", "::mlir::ModuleOp"> {
  let summary = "give tile functions the signature that the runtime calls";
  let description = "(operands, begin, end, scratch) of abi.h, on pointers.";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect"];
}

def StrictFma : Pass<"sinter-strict-fma", "::mlir::ModuleOp"> {
  let summary = "make every fused multiply-add round once";
  let description = "`vector.fma` lowers to an operation that may or may not round between product and sum.";
}

#endif // SINTER_CODEGEN_CPU_PASSES
