// What `train --dry-run` says.
#pragma once

#include "training/trainer.h"

namespace sinter {

/// One step of a training that writes nothing.
struct DryRun {
  const TrainingOptions &options;
  int64_t step;                          ///< its number
  StepResult result;                     ///< of it
  double seconds;                        ///< that it took
  std::string trainingSize, heldOutSize; ///< "5400 tokens"; the latter may be empty
};

/// Prints parameters with their shapes, inputs, bytes, FLOPs, and how the step went.
void printSummary(const Program &program, const Trainer &trainer, const DryRun &run);

} // namespace sinter
