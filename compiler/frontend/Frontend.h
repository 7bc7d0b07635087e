// From a model's C++ file to a module at stage `model`.
#pragma once

#include "dialects/Precompiled.h"

#include <map>
#include <string>

namespace sinter {

struct ModelOptions {
  std::map<std::string, std::string> settings; ///< `--set`
  std::string includeDirectory;                ///< the folder that holds `sinter/sinter.h`
  bool verbose = false;                        ///< print the commands that are run
};

/// Compiles `path` with the host's C++ compiler ($CXX or c++), loads it, runs it, and returns the verified module at stage
/// `model`. On failure messages have been printed: the C++ compiler's own, or through the context's diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> loadModel(const std::string &path, mlir::MLIRContext &context,
                                            const ModelOptions &options);

/// Prints diagnostics as `file:line:col: message` and `file:line:col: note: message` to stderr; install it with the context's
/// diagnostic engine.
void printDiagnostic(mlir::Diagnostic &diagnostic);

} // namespace sinter
