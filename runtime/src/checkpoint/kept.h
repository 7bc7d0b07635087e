// Checkpoints that a training keeps beside its last one: the best, and some of those before.
#pragma once

#include "checkpoint/checkpoint.h"

namespace sinter {

/// "FOLDER/best.safetensors", "FOLDER/checkpoint-STEP.safetensors".
std::string bestPath(const std::string &folder);
std::string keptPath(const std::string &folder, int64_t step);

/// The steps of those that are there, in ascending order.
std::vector<int64_t> keptSteps(const std::string &folder);

/// Those of an earlier training in the folder get other names, which are returned: none is replaced or removed.
std::vector<std::string> putKeptAside(const std::string &folder);

/// Gives the checkpoint of `step`, which was just saved, a name of its own, and removes the oldest beyond `count` such.
/// Failure (input) that names the file.
void keepCheckpoint(const std::string &folder, int64_t step, int64_t count);

} // namespace sinter
