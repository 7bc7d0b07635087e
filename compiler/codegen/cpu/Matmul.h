// The passes `sinter-cpu-emit-matmul` and `sinter-cpu-emit-attention`.
#pragma once

#include "compiler/codegen/cpu/MatmulCost.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace sinter {

/// On a tile function: how its products are cut up (MatmulPlan::describe), in order.
inline constexpr llvm::StringLiteral kPlanAttr = "sinter.plan";

/// A pass whose options say what the cost model knows of the processor.
template <typename Derived> struct MatmulTargetPass : mlir::PassWrapper<Derived, mlir::OperationPass<mlir::ModuleOp>> {
  MatmulTargetPass() = default;
  MatmulTargetPass(const MatmulTargetPass &other)
      : mlir::PassWrapper<Derived, mlir::OperationPass<mlir::ModuleOp>>(other) {}

  void getDependentDialects(mlir::DialectRegistry &registry) const override {
    registry.insert<mlir::LLVM::LLVMDialect, mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                    mlir::vector::VectorDialect>();
  }

  cpu::MatmulTarget target() const { return {vectorRegisters, cacheBytes, dotProducts}; }
  static std::unique_ptr<mlir::Pass> create(const cpu::MatmulTarget &target) {
    auto pass = std::make_unique<Derived>();
    pass->vectorRegisters = target.vectorRegisters;
    pass->cacheBytes = target.cacheBytes;
    pass->dotProducts = target.dotProducts;
    return pass;
  }

  mlir::Pass::Option<int64_t> vectorRegisters{
      *this, "vector-registers", llvm::cl::desc("16: registers of 8 floats (AVX2); 32: of 16 floats (AVX-512)"),
      llvm::cl::init(16)};
  mlir::Pass::Option<int64_t> cacheBytes{*this, "cache-bytes", llvm::cl::desc("of the second-level cache of one core"),
                                         llvm::cl::init(512 * 1024)};
  mlir::Pass::Option<bool> dotProducts{*this, "dot-products", llvm::cl::desc("there is a fast vdpbf16ps"),
                                       llvm::cl::init(false)};
};

/// Turns kernels that hold a matrix product into tile functions; leaves all others alone.
std::unique_ptr<mlir::Pass> createEmitMatmulPass(const cpu::MatmulTarget &target);

/// Turns attention kernels into tile functions (Attention.cpp); leaves all others alone.
std::unique_ptr<mlir::Pass> createEmitAttentionPass(const cpu::MatmulTarget &target);

/// Registers the passes for `sinter-opt`.
void registerEmitMatmulPass();

} // namespace sinter
