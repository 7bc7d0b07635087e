// LLVM's view of the processor that code is generated for.
#pragma once

#include "compiler/codegen/Codegen.h"

#include <memory>

namespace llvm {
class TargetMachine;
}

namespace sinter {

/// What compiles for the processor; null, with the reason in `error`, if it is unknown.
std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const TargetOptions &options, std::string &error);

} // namespace sinter
