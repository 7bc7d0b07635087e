// A kernel with one contraction and elementwise ops on its result, as one dispatch. Sizes and addresses are read in
// codegen/MatmulShape; the profile says how the product is computed: in registers of a subgroup (MatmulRegisters) or
// from tiles in shared memory (MatmulShared). Every element is the same sum, whatever tile it is in: blocks of k, each
// a sequence of multiply-adds in ascending order from zero; blocks added up to groups; groups to parts, and parts, as
// runs are (SumOrder.h).
#pragma once

#include "compiler/codegen/products/MatmulShape.h"
#include "compiler/codegen/vulkan/Shader.h"

namespace sinter::vulkan {

/// Terms of a block, of a group and of a part: what is longer in k is several dispatches. (A step of Kahan's is seven
/// operations: those of every block would be felt; and GPUs have few registers for what blocks have come to.)
inline constexpr int64_t kProductBlock = 512, kProductGroup = 4096, kProductPart = 1 << 15;

/// The product that a kernel is, if shaders of either profile can read and write what it does, and its tiles fit into a
/// grid of workgroups.
std::optional<MatmulKernel> productOf(mlir::func::FuncOp function);

/// By the function's `sinter.schedule` (MatmulSchedule.h).
llvm::LogicalResult emitMatmul(mlir::func::FuncOp function, const MatmulKernel &kernel, ShaderTable &shaders,
                               const Profile &profile);

} // namespace sinter::vulkan
