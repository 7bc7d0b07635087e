// How a kernel's loop nests are cut into dispatches, as an attribute of it:
//
//   sinter.schedule = {dispatches = [{form = "rows", nests = 3 : i64, resident = true, workgroup = 64 : i64},
//                                    {each = 4 : i64, form = "points", nests = 1 : i64, workgroup = 128 : i64}]}
//
// nests: how many of the kernel's loop nests, in their order, share the dispatch; form: what it does with them, which
// follows from the nests and is there to be read (Units.h); workgroup: invocations. Beside these, points have `each`
// for how many an invocation takes, parts `totals` for the workgroups that add them up, and rows that fit the registers
// of a subgroup say whether they are `resident` there.
#pragma once

#include "compiler/codegen/vulkan/loops/Units.h"

#include <random>

namespace sinter::vulkan {

/// Cuts the kernel into dispatches, the fastest way by what was measured; with `random`, any that the emitters can do.
/// No choice changes a bit.
void chooseSchedule(GroupedKernel &kernel, const Profile &profile, std::mt19937_64 *random);

mlir::DictionaryAttr scheduleOf(const GroupedKernel &kernel, mlir::MLIRContext *context);

/// Cuts it as the function's `sinter.schedule` says; an error if there is none, or none that the emitters can do.
llvm::LogicalResult readSchedule(mlir::func::FuncOp function, GroupedKernel &kernel, const Profile &profile);

} // namespace sinter::vulkan
