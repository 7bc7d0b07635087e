// Reductions that are too long for one invocation, or that few invocations would do: in two dispatches.
#pragma once

#include "compiler/codegen/vulkan/loops/Units.h"

namespace sinter::vulkan {

/// Whether the group, alone in its dispatch, is reduced in parts: by the op and the length of what is reduced alone.
bool isReducedInParts(GroupedKernel &kernel, const UnitGroup &group, const Profile &profile);

/// Rows longer than this share no dispatch with what else is done with them.
inline constexpr int64_t kLongestRow = 1 << 17;

/// Parts of what is reduced, and points (or four neighbours) that are left.
int64_t countParts(const GroupedKernel &kernel, const UnitGroup &group);
int64_t countPointsOfParts(GroupedKernel &kernel, UnitGroup &group);

llvm::LogicalResult emitParts(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch);

} // namespace sinter::vulkan
