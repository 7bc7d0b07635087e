// The subcommand translate: for each line of a text the line that a model with an encoder writes for it.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "files/files.h"
#include "pairs/metrics.h"
#include "pairs/pairs.h"
#include "program/program.h"

#include <algorithm>
#include <cmath>

namespace sinter {

Exit translate(const sinter_program &description, const CommonOptions &common, const TranslateCommand &command) {
  const auto program = openProgram(description, common);
  bool complete;
  const Checkpoint checkpoint =
      loadForUse(command.checkpoint, *program, Use::Parameters, command.ignoreConfiguration, &complete);
  const Tokenizer tokenizer = command.tokenizer.empty() ? checkpoint.tokenizer : makeTokenizer(command.tokenizer, "");
  if (tokenizer.kind() != Tokenizer::Kind::Model)
    fail(Exit::Usage, formatted("{}: has no tokenizer that knows where a sentence ends: give one with --tokenizer",
                                command.checkpoint));
  Generator generator(*program, tokenizer);
  const TokenModel &model = generator.model();
  if (model.sourceLength() < 2)
    fail(Exit::Usage, "entry logits: its source must be i32 [1, S] with room for a word and an end");
  GenerateOptions options;
  options.count = command.tokens > 0 ? std::min(command.tokens, model.context()) : model.context();
  options.full = FullContext::Stop;
  options.end = endToken;
  // What no translation holds.
  options.sampler.logitBias = {{paddingToken, -INFINITY}, {beginToken, -INFINITY}};

  const std::string text = readFile(command.source);
  const Lines lines = linesOf(text);
  std::vector<std::vector<int32_t>> sources;
  std::vector<size_t> places; // their lines: one without words has no translation
  int64_t cut = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::vector<int32_t> tokens = tokenizer.encode(lines[i], formatted("{}:{}", command.source, i + 1));
    if (tokens.empty())
      continue;
    if (const size_t room = size_t(model.sourceLength()) - 1; tokens.size() > room) {
      tokens.resize(room);
      ++cut;
    }
    tokens.push_back(endToken);
    sources.push_back(std::move(tokens));
    places.push_back(i);
  }

  size_t written = 0; // lines
  bool open = true;
  const auto write = [&](const std::string &translation, double score) {
    if (!command.json) {
      open = open && printText(translation + "\n");
    } else {
      open = open && printText("{\"source\":") && printJsonQuoted(lines[written]) && printText(",\"translation\":") &&
             printJsonQuoted(translation) && printText(formatted(",\"score\":{}}}\n", JsonNumber{score}));
    }
    ++written;
  };
  size_t known = 0;
  beamSearches(generator, {beginToken}, sources, options, command.beam, [&](const Generated &best) {
    for (const size_t line = places[known++]; written < line;)
      write("", 0);
    write(best.text, best.score);
  });
  while (written < lines.size())
    write("", 0);
  if (cut > 0)
    reportWarning(formatted("{}: {} of {} lines were cut to the {} tokens that the model reads", command.source, cut,
                            lines.size(), model.sourceLength()));
  return Exit::Done;
}

} // namespace sinter
