// The host's C++ compiler, which compiles models and links programs.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter {

struct HostCompiler {
  std::vector<std::string> command; ///< the program's path, and the words that stand before any arguments

  /// $CXX, taken apart as a shell would (`ccache g++`, `g++ -m64`), or c++ if it is unset or empty.
  static llvm::Expected<HostCompiler> find();

  /// As it was asked for: `ccache g++`.
  std::string name() const;

  /// Runs it to compile or link an executable or a shared object, and returns its exit status, 0 for success. What it
  /// says goes to the file `log`, if there is one. `error` says why it could not run. With `verbose` the command is
  /// printed.
  int run(llvm::ArrayRef<std::string> arguments, llvm::StringRef log, bool verbose, std::string &error) const;
};

} // namespace sinter
