// What the compiler did to a model, for people and for programs: `--report=text|json`.
#pragma once

#include "compiler/Remarks.h"
#include "dialects/Precompiled.h"

namespace sinter {

/// Describes a module at stage `plan`, for one target: parameters, FLOPs, arena and state bytes, the largest buffers at
/// the peak, and every kernel with what it fuses and why its results are stored, each with its model line. `vulkan`:
/// the same module at stage `target` by profile, of which the kernels are named that the general lowering made.
/// `remarks` of the passes that led here: what they did not fuse is said with its reason.
void printReport(mlir::ModuleOp plan, llvm::raw_ostream &out, bool json,
                 llvm::ArrayRef<std::pair<std::string, mlir::ModuleOp>> vulkan = {}, const Remarks *remarks = nullptr);

} // namespace sinter
