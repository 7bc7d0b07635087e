#include "commands/start_from.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "program/program.h"

#include <algorithm>
#include <set>

namespace sinter {

static std::vector<std::string> parameterNames(const Program &program) {
  std::vector<std::string> names;
  for (uint32_t s = 0; s < program.description().state_count; ++s)
    if (const sinter_state &state = program.description().states[s]; isParameter(state))
      names.emplace_back(state.tensor.name);
  return names;
}

static void checkAnew(const std::vector<std::string> &anew, bool hasFiles, const std::vector<std::string> &names) {
  if (!anew.empty() && !hasFiles)
    fail(Exit::Usage, "--new says which parameters --init need not have: without it, all begin anew");
  for (const std::string &pattern : anew) {
    const ParameterChoice choice{{pattern}};
    if (std::none_of(names.begin(), names.end(), [&](const std::string &name) { return choice.beginsAnew(name); }))
      fail(Exit::Usage, formatted("--new {}: the program has no parameter of that name; it has {}", pattern,
                                  fmt::join(names, ", ")));
  }
}

Checkpoint startFrom(Program &program, const TrainCommand &command, bool *isCheckpoint) {
  const std::vector<std::string> names = parameterNames(program);
  checkAnew(command.anew, !command.init.empty(), names);
  std::set<std::string> taken;
  const bool several = command.init.size() > 1;
  const ParameterChoice choice{command.anew, several ? &taken : nullptr};
  Checkpoint first;
  for (size_t i = 0; i < command.init.size(); ++i) {
    const std::string file = findCheckpoint(command.init[i]);
    std::vector<std::string> notes;
    bool complete = false;
    Checkpoint from = loadParameters(file, program, &complete, notes, {}, nullptr, choice);
    checkConfiguration(file, from, program.description(), Use::Parameters, command.ignoreConfiguration);
    for (const std::string &note : notes)
      reportNote(note);
    if (i > 0)
      continue;
    *isCheckpoint = complete;
    first = std::move(from);
  }
  for (const std::string &name : names)
    if (several && !taken.contains(name) && !choice.beginsAnew(name))
      fail(Exit::Input, formatted("--init: none of the {} files has {}, a parameter of the program; --new {} lets it "
                                  "begin anew",
                                  command.init.size(), name, name));
  return first;
}

} // namespace sinter
