// Dispatches that go row by row: softmax, norms, cross entropy, sums of rows. A row's reductions and whatever is
// computed from them stay together, so that they cost one pass over memory each and no dispatch.
//
// On CPU-like devices an invocation has a row, and reads it four elements at a time: lane i adds up elements i, i + 4,
// ...; then (0 + 2) + (1 + 3), then what is left over. On GPUs as many invocations as the row has fours, at most 64,
// share a row: each does the same with every so many-th four, and a tree in shared memory adds them up. Either order is
// fixed by the row's length.
#pragma once

#include "compiler/codegen/vulkan/loops/Units.h"

namespace sinter::vulkan {

/// Of a row, and of a workgroup that reduces rows through shared memory.
inline constexpr int64_t kMostInvocationsOfRow = 64;

/// How many invocations share a row: fixed by the length of what is reduced.
int64_t invocationsOfRow(const GroupedKernel &kernel, const DispatchGroups &dispatch, const Profile &profile);

llvm::LogicalResult emitRows(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch);

} // namespace sinter::vulkan
