// Parameters that a training starts from: --init and --new.
#pragma once

#include "checkpoint/checkpoint.h"

namespace sinter {

struct TrainCommand;

/// Fills the program's parameters from the files of --init, if there are any, but for those of --new. Returns what the
/// first file holds beside parameters; `*isCheckpoint` says whether that is one. Failure: usage or input.
Checkpoint startFrom(Program &program, const TrainCommand &command, bool *isCheckpoint);

} // namespace sinter
