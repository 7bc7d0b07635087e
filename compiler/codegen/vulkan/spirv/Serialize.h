// SPIR-V modules as words, for the program descriptor.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::vulkan {

struct SerializedShader {
  std::string name;
  std::vector<uint32_t> words;
  uint32_t bindings = 0, constants = 0; ///< buffers and push constants
  uint32_t texels = 0;                  ///< which of the buffers are texel buffers, as bits
  uint32_t subgroupSize = 0;            ///< 0: any
  uint32_t features = 0;                ///< sinter_vulkan_feature bits of abi.h
};

/// All shaders of a module at stage target, each set of equal words once, on all cores. With `validate`, each is
/// checked by libSPIRV-Tools against the rules of Vulkan 1.2. `indices` gives each shader symbol its number. Emits the
/// error on failure.
llvm::FailureOr<std::vector<SerializedShader>> serializeShaders(mlir::ModuleOp module, bool validate,
                                                                llvm::DenseMap<mlir::StringAttr, uint32_t> &indices);

} // namespace sinter::vulkan
