#include "checkpoint/configuration.h"

#include "base/error.h"
#include "base/flat_json.h"
#include "base/format.h"
#include "base/json.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "sinter/abi.h"

#include <algorithm>
#include <span>
#include <vector>

namespace sinter {

// Files may hold anything: long texts are of no use here.
static constexpr size_t longest = 40, mostShown = 8;

static std::string valueText(const FlatValue &value) {
  const std::string text = value.quoted ? jsonQuoted(value.text) : value.text;
  return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

std::map<std::string, std::string> configurationValues(const std::string &json) {
  std::map<std::string, std::string> values;
  if (const auto object = parseFlatJson(json))
    for (const auto &[name, value] : *object)
      values[name.substr(0, longest)] = valueText(value);
  return values;
}

namespace {

struct Difference {
  std::string name, saved, compiled; // empty: not there
};

} // namespace

static std::vector<Difference> differences(const std::string &saved, const sinter_program &program) {
  const auto there = configurationValues(saved), here = configurationValues(program.config);
  std::vector<Difference> result;
  if (there.empty())
    return result; // of a program without configuration, or a file that does not tell
  for (const auto &[name, value] : here)
    if (const auto found = there.find(name); found == there.end())
      result.push_back({name, "", value});
    else if (found->second != value)
      result.push_back({name, found->second, value});
  for (const auto &[name, value] : there)
    if (!here.contains(name))
      result.push_back({name, value, ""});
  return result;
}

static std::string text(const std::vector<Difference> &list) {
  std::vector<std::string> parts;
  for (const Difference &difference : std::span(list).first(std::min(list.size(), mostShown)))
    parts.push_back(difference.saved.empty() ? formatted("no {} (here {})", difference.name, difference.compiled)
                    : difference.compiled.empty()
                        ? formatted("{}={} (here there is none)", difference.name, difference.saved)
                        : formatted("{}={} (here {})", difference.name, difference.saved, difference.compiled));
  return formatted("{}{}", fmt::join(parts, ", "), list.size() > mostShown ? ", ..." : "");
}

std::string configurationDifferences(const std::string &saved, const sinter_program &program) {
  return text(differences(saved, program));
}

// How a training goes, not what its parameters compute.
static bool ofTrainingOnly(const std::string &name) { return name == "batch" || name == "dropout"; }

// A value that only one side has was added to the model or taken out of it: nobody can tell what the other side meant.
static bool counts(const Difference &difference, Use use) {
  const bool both = !difference.saved.empty() && !difference.compiled.empty();
  return both && use != Use::Bytes && (use == Use::Resume || !ofTrainingOnly(difference.name));
}

std::string trainedOtherwise(const Checkpoint &checkpoint, const sinter_program &program) {
  std::vector<Difference> list = differences(checkpoint.config, program);
  std::erase_if(list, [](const Difference &difference) { return !counts(difference, Use::Parameters); });
  return text(list);
}

void checkConfiguration(const std::string &path, const Checkpoint &checkpoint, const sinter_program &program, Use use,
                        bool ignore) {
  std::vector<Difference> counted, others;
  for (Difference &difference : differences(checkpoint.config, program))
    (counts(difference, use) ? counted : others).push_back(std::move(difference));
  if (!counted.empty() && !ignore) {
    std::string settings;
    for (const Difference &difference : std::span(counted).first(std::min(counted.size(), mostShown)))
      settings += formatted(" --set {}={}", difference.name, difference.saved);
    fail(Exit::Input,
         formatted("{}: trained with {}: {}; compile with{}, or use --ignore-configuration", path, text(counted),
                   use == Use::Resume ? "this would be another training" : "the program computes something else",
                   settings));
  }
  if (!counted.empty())
    reportWarning(formatted("{}: trained with {}, which is ignored", path, text(counted)));
  if (!others.empty() && use != Use::Bytes)
    reportNote(formatted("{}: trained with {}{}", path, text(others),
                         std::all_of(others.begin(), others.end(), [](auto &d) { return ofTrainingOnly(d.name); })
                             ? ", which does not change what parameters compute"
                             : ""));
  if (!checkpoint.program.empty() && checkpoint.program != program.name && use != Use::Bytes)
    reportNote(
        formatted("{}: made by the program '{}', this is '{}'", path, checkpoint.program.substr(0, 64), program.name));
}

} // namespace sinter
