// The subcommand score.
#pragma once

#include "commands/commands.h"

namespace sinter {

Exit score(const ScoreCommand &command);

} // namespace sinter
