// From a model's C++ file to a module at stage `model`.
#pragma once

#include "dialects/Precompiled.h"

#include <functional>
#include <map>
#include <string>

namespace sinter {

struct ModelOptions {
  std::map<std::string, std::string> settings; ///< `--set`
  std::string includeDirectory;                ///< the folder that holds `sinter/sinter.h`
  bool verbose = false;                        ///< print the commands that are run
  bool accumulate = false;                     ///< entries with `minimize` also come in two parts (Steps.cpp)
  /// Told each call of the DSL by the running model: `gpt.cpp:41:18`. Whoever watches can say how far a model came that
  /// ended its process.
  std::function<void(llvm::StringRef)> onCall;
};

/// Compiles `path` with the host's C++ compiler ($CXX or c++), loads it, runs it, and returns the verified module at
/// stage `model`. On failure messages have been printed: the C++ compiler's own, or through the context's diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> loadModel(const std::string &path, mlir::MLIRContext &context,
                                            const ModelOptions &options);

/// Where a file of the model lies that it names from its own folder on, for the terminal: `models/` and `gpt.cpp`.
std::string placeUnder(llvm::StringRef model, llvm::StringRef file);

/// Prints diagnostics as `file:line:col: message` and `file:line:col: note: message` to stderr; install it with the
/// context's diagnostic engine. `model` is the path of the model that they are about.
void printDiagnostic(mlir::Diagnostic &diagnostic, llvm::StringRef model);

} // namespace sinter
