// Which loops of a kernel's units are the same dimension.
//
//   1 unify    loops of different units that index the same dimension of the same storage are one kernel-wide dimension
//   2 merge    neighbouring parallel dimensions that memory holds contiguously everywhere become one
#pragma once

#include "compiler/codegen/loops/LoopGraph.h"

namespace sinter::codegen {

/// Rewrites the graph's accesses to kernel-wide dimensions (Unit::dims says which), and returns their extents.
llvm::SmallVector<int64_t> unifyDimensions(LoopGraph &graph);

} // namespace sinter::codegen
