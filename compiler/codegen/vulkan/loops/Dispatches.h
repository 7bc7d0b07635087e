// Which loop nests of a kernel may share a dispatch. Rows stay together, so that what is computed from them costs one
// pass over memory: whatever comes before and after a reduction of rows and fits them. Other nests stand alone.
#pragma once

#include "compiler/codegen/vulkan/loops/Units.h"

namespace sinter::vulkan {

/// How many nests from number `begin` on a dispatch may have, ascending: the last is what a pass over memory is saved
/// by. One nest is always possible.
llvm::SmallVector<size_t> possibleNests(const GroupedKernel &kernel, size_t begin);

/// The dispatch of so many (possible) nests: its form, its rows, and whether they may stay in registers.
DispatchGroups makeDispatch(GroupedKernel &kernel, size_t begin, size_t nests, const Profile &profile);

/// Rows of a dispatch that goes by them.
int64_t countRows(const GroupedKernel &kernel, const DispatchGroups &dispatch);

} // namespace sinter::vulkan
