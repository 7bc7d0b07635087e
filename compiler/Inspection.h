// Looking inside a compilation: the IR after passes, and a reproducer of what goes wrong. All of it is MLIR's own.
#pragma once

#include "dialects/Precompiled.h"

#include <string>
#include <vector>

namespace sinter {

struct Inspection {
  std::vector<std::string> after; ///< the passes after which the IR is printed; empty: all, if one of the next is set
  bool onChange = false;          ///< only where a pass changed something
  std::string treeDirectory;      ///< a file for each pass goes in here, instead of all to stderr
  std::string reproducer;         ///< file for the module and the passes that fail on it

  bool prints() const { return onChange || !after.empty() || !treeDirectory.empty(); }
};

/// Adds to `manager`, which holds all passes of `stage`, what is to be seen of them. The IR is printed by one thread at
/// a time: the context must not have more.
void inspect(mlir::PassManager &manager, const Inspection &inspection, llvm::StringRef stage);

/// The names of all passes of `manager`, nested ones too, in the order in which they run, each once.
std::vector<std::string> passNames(const mlir::OpPassManager &manager);

} // namespace sinter
