// The subcommand sample.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "commands/sample/interactive.h"
#include "commands/sample/sample_json.h"
#include "files/files.h"
#include "program/program.h"

#include <charconv>
#include <cmath>

namespace sinter {

// "17=-2.5" as (17, -2.5).
static std::pair<int32_t, double> biasOf(const std::string &text) {
  const char *end = text.data() + text.size();
  std::pair<int32_t, double> bias;
  const auto [equals, wrongId] = std::from_chars(text.data(), end, bias.first);
  if (wrongId == std::errc() && equals != end && *equals == '=') {
    const auto [rest, wrongBias] = std::from_chars(equals + 1, end, bias.second);
    if (wrongBias == std::errc() && rest == end && bias.first >= 0 &&
        (bias.second == -INFINITY || std::abs(bias.second) <= 1e38))
      return bias;
  }
  fail(Exit::Usage, formatted("--logit-bias {}: must be TOKEN=X, a token's number and what to add to its logit", text));
}

// What the options say together.
static GenerateOptions optionsOf(const SampleCommand &command, int64_t vocabulary) {
  GenerateOptions options = command.generate;
  if (command.full)
    options.full = fullContextNamed(*command.full);
  for (const std::string &text : command.logitBias) {
    options.sampler.logitBias.push_back(biasOf(text));
    if (const int32_t id = options.sampler.logitBias.back().first; id >= vocabulary)
      fail(Exit::Usage, formatted("--logit-bias {}: the model has {} tokens, numbered from 0", text, vocabulary));
  }
  if (command.beam.beams > 0 && command.samples > command.beam.beams)
    fail(Exit::Usage, formatted("--samples {}: a search with --beams {} finds no more than {}", command.samples,
                                command.beam.beams, command.beam.beams));
  for (const auto &[given, name] : {std::pair(command.beam.beams > 0, "--beams"),
                                    {command.samples > 1, "--samples"},
                                    {options.logProbabilities > 0, "--logprobs"},
                                    {command.promptLogProbabilities, "--prompt-logprobs"}})
    if (command.interactive && given)
      fail(Exit::Usage, formatted("--interactive: one text, as text: {} does not go with it", name));
  return options;
}

static std::vector<Generated> generate(Generator &generator, const std::vector<int32_t> &tokens,
                                       const GenerateOptions &options, const SampleCommand &command) {
  if (command.beam.beams > 0)
    return beamSearch(generator, tokens, options, command.beam, command.samples);
  return generator.samples(tokens, options, command.samples);
}

// One object, flat if there is one text.
static void printAsJson(const std::string &prompt, const std::vector<Generated> &results,
                        const std::vector<GeneratedToken> *ofPrompt, const Tokenizer &tokenizer,
                        const SampleCommand &command) {
  std::string json = ofPrompt ? ",\"prompt_logprobs\":" + tokensJson(tokenizer, *ofPrompt) : "";
  const bool one = command.samples == 1;
  json += one ? "," : ",\"samples\":[";
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string members =
        generatedJson(tokenizer, results[i], command.generate.logProbabilities > 0, command.beam.beams > 0);
    json += one ? members : formatted("{}{{{}}}", i ? "," : "", members);
  }
  json += one ? "}\n" : "]}\n";
  if (printText("{\"prompt\":") && printJsonQuoted(prompt))
    printText(json);
}

// Each text whole, with a line between them.
static void printAsText(const std::string &prompt, const std::vector<Generated> &results) {
  bool open = true;
  for (size_t i = 0; i < results.size() && open; ++i)
    open = (i == 0 || printText("---\n")) && printText(prompt) && printText(results[i].text) && printText("\n");
}

// One text as it is made. Who closes the pipe has read enough.
static void stream(Generator &generator, const std::string &prompt, const std::vector<int32_t> &tokens,
                   const GenerateOptions &options) {
  bool open = printText(prompt);
  generator.run(tokens, options, [&](const std::string &text) { return open = open && printText(text); });
  if (open)
    printText("\n");
}

Exit sample(const sinter_program &description, const CommonOptions &common, const SampleCommand &command) {
  const auto program = openProgram(description, common);
  requireEntry(*program, "logits");
  bool complete;
  const Checkpoint checkpoint =
      loadForUse(command.checkpoint, *program, Use::Parameters, command.ignoreConfiguration, &complete);
  const Tokenizer tokenizer = command.tokenizer.empty() ? checkpoint.tokenizer : makeTokenizer(command.tokenizer, "");
  Generator generator(*program, tokenizer);
  const GenerateOptions options = optionsOf(command, generator.model().vocabulary());
  generator.model().setChunk(size_t(command.chunk));
  const std::string prompt = command.promptFile.empty() ? command.prompt : readFile(command.promptFile);
  const std::string what = command.promptFile.empty() ? "--prompt" : command.promptFile;
  if (command.interactive) {
    std::vector<int32_t> begun;
    if (!prompt.empty())
      begun = generator.promptTokens(prompt, what, options.sampler.repeatWindow);
    return printText(prompt) ? interact(generator, std::move(begun), options) : Exit::Done;
  }
  const auto tokens =
      generator.promptTokens(prompt, what, options.sampler.repeatWindow, command.promptLogProbabilities);
  const bool json = command.json || options.logProbabilities > 0 || command.promptLogProbabilities;
  if (!json && command.samples == 1 && command.beam.beams == 0) {
    stream(generator, prompt, tokens, options);
    return Exit::Done;
  }
  std::vector<GeneratedToken> ofPrompt;
  if (command.promptLogProbabilities)
    ofPrompt = generator.promptProbabilities(tokens, options);
  const std::vector<Generated> results = generate(generator, tokens, options, command);
  if (json)
    printAsJson(prompt, results, command.promptLogProbabilities ? &ofPrompt : nullptr, tokenizer, command);
  else
    printAsText(prompt, results);
  return Exit::Done;
}

} // namespace sinter
