// LLVM's view of the processor that code is generated for.
#pragma once

#include "compiler/codegen/Codegen.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
}

namespace sinter {

/// What compiles for the processor; null, with the reason in `error`, if it is unknown.
std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const TargetOptions &options, std::string &error);

/// The processor's name: the host's for `native`.
std::string processorName(const TargetOptions &options);

/// What code for the machine needs, as bits of SINTER_X86_FEATURES (abi.h).
uint64_t requiredFeatures(const llvm::TargetMachine &machine);

} // namespace sinter
