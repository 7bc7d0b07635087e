// Text that tells two pieces of IR apart by what they compute, and by nothing else.
#pragma once

#include "mlir/IR/OperationSupport.h"

#include <limits>

namespace sinter {

/// Flags that print all of an op but where it comes from, whatever the command line asks of printed modules
/// (`-mlir-print-debuginfo`, `-mlir-elide-elementsattrs-if-larger`), which every OpPrintingFlags starts from.
inline mlir::OpPrintingFlags exactText() {
  mlir::OpPrintingFlags flags;
  flags.useLocalScope().enableDebugInfo(false);
  flags.elideLargeElementsAttrs(std::numeric_limits<int64_t>::max());
  flags.elideLargeResourceString(std::numeric_limits<int64_t>::max());
  return flags;
}

} // namespace sinter
