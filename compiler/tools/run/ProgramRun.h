// A case under test by way of a compiled program's command line: `PROGRAM run ENTRY`, with inputs and outputs in NumPy
// files, and states in checkpoints.
#pragma once

#include "Case.h"

#include "llvm/Support/Error.h"

namespace sinter::run {

/// What `program run` gives for the case on a device ("cpu", "vulkan:0"). Parameters come from a file; other states
/// start as their initialisers say, which is how the case has them unless they are random.
llvm::Expected<Outcome> runProgram(llvm::StringRef program, llvm::StringRef device, const Case &test);

} // namespace sinter::run
