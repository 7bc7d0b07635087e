// The subcommand sample.
#include "base/error.h"
#include "base/json.h"
#include "base/output.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "files/files.h"
#include "program/program.h"

#include <fmt/format.h>

namespace sinter {

static std::string tokenJson(const Tokenizer &tokenizer, int32_t id, double logProbability) {
  return fmt::format("\"id\":{},\"text\":{},\"logprob\":{:.9g}", id, jsonQuoted(tokenizer.decode(id)),
                     JsonNumber{logProbability});
}

// What follows the prompt.
static std::string resultJson(const Tokenizer &tokenizer, const Generated &result, bool logProbabilities) {
  std::string json = fmt::format(",\"text\":{},\"finish\":\"{}\",\"tokens\":[", jsonQuoted(result.text),
                                 result.stopped ? "stop"
                                 : result.full  ? "context"
                                                : "length");
  for (size_t i = 0; i < result.tokens.size(); ++i)
    json += fmt::format("{}{}", i ? "," : "", result.tokens[i].id);
  json += "]";
  if (logProbabilities) {
    json += ",\"logprobs\":[";
    for (size_t i = 0; i < result.tokens.size(); ++i) {
      const GeneratedToken &token = result.tokens[i];
      json += fmt::format("{}{{{},\"top\":[", i ? "," : "", tokenJson(tokenizer, token.id, token.logProbability));
      for (size_t k = 0; k < token.top.size(); ++k)
        json += fmt::format("{}{{{}}}", k ? "," : "", tokenJson(tokenizer, token.top[k].first, token.top[k].second));
      json += "]}";
    }
    json += "]";
  }
  return json + "}\n";
}

Exit sample(const sinter_program &description, const CommonOptions &common, const SampleCommand &command) {
  const auto program = openProgram(description, common);
  requireEntry(*program, "logits");
  bool complete;
  const Checkpoint checkpoint =
      loadForUse(command.checkpoint, *program, Use::Parameters, command.ignoreConfiguration, &complete);
  const Tokenizer tokenizer = command.tokenizer.empty() ? checkpoint.tokenizer : makeTokenizer(command.tokenizer, "");
  const std::string prompt = command.promptFile.empty() ? command.prompt : readFile(command.promptFile);
  Generator generator(*program, tokenizer);
  const auto tokens = generator.promptTokens(prompt, command.promptFile.empty() ? "--prompt" : command.promptFile);
  const bool json = command.json || command.generate.logProbabilities > 0;
  bool open = json || printText(prompt);
  GenerateOptions options = command.generate;
  if (command.full)
    options.full = fullContextNamed(*command.full);
  const Generated result = generator.run(tokens, options, [&](const std::string &text) {
    open = open && (json || printText(text));
    return open; // who closed the pipe has read enough
  });
  if (!json)
    open = open && printText("\n");
  else if (printText("{\"prompt\":") && printJsonQuoted(prompt))
    printText(resultJson(tokenizer, result, command.generate.logProbabilities > 0));
  return Exit::Done;
}

} // namespace sinter
