// Kernels that are loops, from the decision how they are cut into tiles to code.
#pragma once

#include "dialects/Precompiled.h"

#include <random>

namespace sinter::cpu {

/// How the loops of a kernel are to be cut up: its `sinter.schedule` (LoopSchedule.h; EmitScatter.h for scattered
/// rows). With `random`, any legal way. Emits an error if the kernel is none that can be emitted.
mlir::FailureOr<mlir::DictionaryAttr> scheduleLoops(mlir::func::FuncOp kernel, std::mt19937_64 *random);

} // namespace sinter::cpu
