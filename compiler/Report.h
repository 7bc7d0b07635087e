// What the compiler did to a model, for people and for programs: `--report=text|json`.
#pragma once

#include "compiler/Remarks.h"
#include "dialects/Precompiled.h"

namespace sinter {

/// What a program allocates in one of its versions, in bytes.
struct Memory {
  std::string label; ///< of the version
  uint64_t states = 0, constants = 0, arena = 0, scratch = 0;
  unsigned threads = 0; ///< that have a scratch each; 0 on Vulkan, where all have one

  uint64_t total() const { return states + constants + arena + scratch; }
};

/// Describes a module at stage `plan`, for one target: parameters, FLOPs, arena and state bytes, the largest buffers at
/// the peak, and every kernel with what it fuses and why its results are stored, each with its model line. `vulkan`:
/// the same module at stage `target` by profile, of which the kernels are named that the general lowering made.
/// `memory`: of each version. `remarks` of the passes that led here: what they did not fuse is said with its reason.
void printReport(mlir::ModuleOp plan, llvm::raw_ostream &out, bool json,
                 llvm::ArrayRef<std::pair<std::string, mlir::ModuleOp>> vulkan = {}, llvm::ArrayRef<Memory> memory = {},
                 const Remarks *remarks = nullptr);

} // namespace sinter
