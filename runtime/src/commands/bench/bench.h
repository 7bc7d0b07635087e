// What the measurements of bench share.
#pragma once

#include "commands/commands.h"

#include <cstdint>

namespace sinter {

/// Seconds since some time.
double now();
/// The most memory that the process has had, in bytes.
int64_t peakMemory();
/// Of all parameters.
uint64_t parameterBytes(const sinter_program &description);

/// bench sample: prompts and new tokens of one or several texts, held against the memory's bandwidth.
Exit benchSample(const BenchCommand &command, Program &program);

} // namespace sinter
