// What a pass says about its work to those who ask: each step (`--debug-only=PASS`), and how much it did
// (`--statistics`). They take the place of LLVM_DEBUG and Pass::Statistic, which are compiled out of release builds, of
// this project's as of Debian's MLIR; these cost a look at a flag unless they are asked for. What a pass refused:
// NotFused.h.
#pragma once

#include "mlir/IR/Operation.h"

#include <string>

/// `DEBUG_AT(op) << "joins group " << n;` writes a line to stderr, "[DEBUG_TYPE] gpt.cpp:41:18: joins group 3", if
/// --debug-only asks for DEBUG_TYPE, which every pass defines to be its name.
#define DEBUG_AT(OP)                                                                                                   \
  for (bool asked_ = ::sinter::isDebugged(DEBUG_TYPE); asked_; asked_ = false)                                         \
  ::sinter::DebugLine(DEBUG_TYPE, OP).stream()

namespace sinter {

/// Asks for the steps of some passes: `sinter-fuse-elementwise,sinter-plan-memory`.
void setDebugTypes(llvm::StringRef commaSeparated);
bool isDebugged(const char *type);

/// One line, which is written whole at the end: other threads have lines, too.
class DebugLine {
public:
  DebugLine(const char *type, mlir::Operation *op);
  ~DebugLine();
  llvm::raw_ostream &stream() { return os; }

private:
  std::string text;
  llvm::raw_string_ostream os;
};

/// The category of remarks that hold counts.
inline constexpr llvm::StringLiteral kCountCategory = "count";

/// A pass did `what` this often in `op` (a function or a module): counted(op, DEBUG_TYPE, "maps formed", 12). Those of
/// all functions are added up.
void counted(mlir::Operation *op, llvm::StringRef pass, llvm::StringRef what, int64_t number);

} // namespace sinter
