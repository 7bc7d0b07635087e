// A kernel with one contraction and elementwise ops on its result, as one dispatch. Sizes and addresses are read in
// codegen/MatmulShape; the profile says how the product is computed: in registers of a subgroup (MatmulRegisters) or from
// tiles in shared memory (MatmulShared). Every element is a sequence of multiply-adds over ascending k from zero.
#pragma once

#include "compiler/codegen/MatmulShape.h"
#include "compiler/codegen/vulkan/Shader.h"

namespace sinter::vulkan {

/// Whether the kernel's tiles fit into a grid of workgroups, whatever the profile.
bool fitsGrid(const MatmulKernel &kernel);

llvm::LogicalResult emitMatmul(mlir::func::FuncOp function, const MatmulKernel &kernel, ShaderTable &shaders,
                               const Profile &profile);

} // namespace sinter::vulkan
