// Which version of a program's kernels this processor can run.
#pragma once

#include "sinter/abi.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sinter {

/// What this processor and its system have, as bits of SINTER_X86_FEATURES.
uint64_t processorFeatures();

/// The names of these features, with spaces between.
std::string featureNames(uint64_t features);

/// The last of the program's versions that needs nothing but `features`, or the one called `wanted` if that is not
/// empty. Failure (device) that says what is missing if there is none; Failure (usage) if no version has the name;
/// Failure (device) if the program has none at all.
const sinter_version &chooseVersion(const sinter_program &program, std::string_view wanted,
                                    uint64_t features = processorFeatures());

} // namespace sinter
