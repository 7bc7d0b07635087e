// Files of options, options saved in checkpoints, logs.
#include "commands/options.h"
#include "files/log_file.h"
#include "target.h"
#include "training/trainer.h"

#include <cmath>

namespace sinter::test {

namespace {

// What a file says, written again, is read as the same.
void readOptions(const std::string &input) {
  const auto written = [](const std::string &text) {
    Commands commands;
    CommandTable table = commandTable(sinter_program_v1, "mock", commands);
    readConfiguration(table, table.commands[0], fuzzFile("options.toml", text));
    return configurationText(table.commands[0], "");
  };
  const std::string once = written(input);
  bool again = false;
  attempt([&] { again = written(once) == once; });
  require(again, "options are read as they were written");
}

std::string savedOptions() {
  TrainingOptions options;
  options.lr = 0.1;
  options.beta1 = 0.9;
  return options.json();
}

void readSavedOptions(const std::string &input) {
  const TrainingOptions parsed = TrainingOptions::parse(input, "c");
  require(parsed.steps >= 0 && parsed.warmup >= 0 && parsed.validationFraction >= 0 && parsed.validationFraction < 1,
          "options are in range");
  require(!parsed.lr || (*parsed.lr >= 0 && std::isfinite(*parsed.lr)), "rates are numbers");
  bool again = false;
  attempt([&] { again = TrainingOptions::parse(parsed.json(), "c").json() == parsed.json(); });
  require(again, "options are read as they were saved");
}

// A log that is refused stays as it was; one that is taken is cut at the end of a line.
void readLog(const std::string &input) {
  const std::string text = contentOf(input), path = fuzzFile("l.jsonl", text);
  const bool taken = attempt([&] { LogFile(path, int64_t(settingsOf(input) % 8)); });
  const std::string left = readFile(path);
  if (taken)
    require(text.starts_with(left) && (left.empty() || left.back() == '\n'), "logs are cut at the end of a line");
  else
    require(left == text, "a log that is refused stays");
  if (!taken)
    fail(Exit::Input, "refused");
}

void changeJson(Mutator &mutator, std::string &input) { mutator.below(4) ? mutator.json(input) : mutator.bytes(input); }

} // namespace

std::vector<Target> settingTargets() {
  std::string log(1, '\3');
  for (int i = 1; i <= 6; ++i)
    log += "{\"step\":" + std::to_string(i) + ",\"loss\":1.5}\n";
  const auto changeLog = [](Mutator &mutator, std::string &input) {
    changeContent(mutator, input,
                  [&](std::string &text) { mutator.below(3) ? mutator.lines(text) : changeJson(mutator, text); });
  };
  const auto changeOptions = [](Mutator &mutator, std::string &input) {
    mutator.below(2) ? mutator.lines(input) : changeJson(mutator, input);
  };
  return {{"options.toml",
           {"threads = 2\n[train] # comment\ndata = \"a\\\\b\\u00e9\"\ninput = [\"x=1\",\n 'y=2', ]\n"
            "lr = 3e-4\nflip = true\nkeep_best = false\nschedule = \"cosine\"\n[sample]\ntokens = 3\n"},
           readOptions,
           changeOptions},
          {"saved-options", {savedOptions(), TrainingOptions().json()}, readSavedOptions, changeJson},
          {"log", {log}, readLog, changeLog}};
}

} // namespace sinter::test
