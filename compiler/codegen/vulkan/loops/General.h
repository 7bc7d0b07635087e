// The general lowering: any kernel of linalg ops, each group of units as a dispatch with one invocation for each
// parallel point. Reductions add up in ascending order inside the invocation. Right for everything, fast for little.
#pragma once

#include "compiler/codegen/vulkan/Shader.h"

#include <random>

namespace sinter::vulkan {

llvm::LogicalResult emitGeneral(mlir::func::FuncOp function, ShaderTable &shaders, const Profile &profile);

/// A kernel that is one sinter.scatter_add: updates are added in ascending order, parallel over blocks of rows and
/// elements of a row.
llvm::LogicalResult emitScatter(mlir::func::FuncOp function, ShaderTable &shaders, const Profile &profile);

/// What the kernel's `sinter.schedule` is to say: the fastest way by what was measured, or any with `random`.
mlir::DictionaryAttr scheduleScatter(mlir::func::FuncOp function, const Profile &profile, std::mt19937_64 *random);

} // namespace sinter::vulkan
