// sample, translate, serve.
#include "commands/tables/tables.h"

#include "base/format.h"
#include "program/program.h"

#include <algorithm>

namespace sinter::tables {

static void addPenalties(Options &options, SampleCommand &c) {
  SamplerOptions &s = c.generate.sampler;
  add(options, "--logit-bias", &c.logitBias, notEmpty,
      {"TOKEN=X", "add X to the logit of a token, by its number; -inf: never choose it; may be repeated", "none"});
  add(options, "--repeat-penalty", &s.repeatPenalty, above,
      {"X", "of tokens among the last --repeat-window: logits above 0 are divided by X, others multiplied",
       formatted("{:g}", s.repeatPenalty)});
  add(options, "--repeat-window", &s.repeatWindow, moderateOrNone,
      {"TOKENS", "of prompt and text", fmt::to_string(s.repeatWindow)});
  add(options, "--frequency-penalty", &s.frequencyPenalty, finite,
      {"X", "taken off a token's logit as often as it was made", formatted("{:g}", s.frequencyPenalty)});
  add(options, "--presence-penalty", &s.presencePenalty, finite,
      {"X", "taken off a token's logit once it was made", formatted("{:g}", s.presencePenalty)});
}

void addSample(Options &options, SampleCommand &c) {
  SamplerOptions &s = c.generate.sampler;
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(options, "--prompt", &c.prompt, anyText, {"TEXT", "what the text begins with", "a new line"});
  add(options, "--prompt-file", &c.promptFile, notEmpty, {"FILE", "file with the prompt; - is standard input"})
      .excludes = "--prompt";
  add(options, "-n,--tokens", &c.generate.count, notNegative, {"TOKENS", "how many to make", "200"});
  addPenalties(options, c);
  add(options, "--temperature", &s.temperature, amount,
      {"X",
       "divides logits, after bias and penalties, before --top-k, --top-p and --min-p, which come in this order; 0: "
       "always the most probable",
       formatted("{:g}", s.temperature)});
  add(options, "--top-k", &s.topK, notNegative,
      {"K", "choose among the K most probable; 0: all", fmt::to_string(s.topK)});
  add(options, "--top-p", &s.topP, probability,
      {"P", "among the fewest that together have this probability", formatted("{:g}", s.topP)});
  add(options, "--min-p", &s.minP, probability,
      {"P", "among those with this share of the highest probability", formatted("{:g}", s.minP)});
  add(options, "--stop", &c.generate.stop, notEmpty, {"TEXT", "end before this text; may be repeated"});
  add(options, "--seed", &s.seed, anySeed, {"N", "of the choice", fmt::to_string(s.seed)});
  add(options, "--samples", &c.samples, moderate,
      {"N",
       "continuations to make, as many at once as the program takes; number I, from 0, is what --seed SEED+I gives",
       "1"});
  add(options, "--beams", &c.beam.beams, whole(1, 4096, "from 1 to 4096"),
      {"N",
       "search for the most probable continuation, or for as many as --samples says, keeping N at each step; "
       "ties: the lowest token",
       "none: draw"});
  add(options, "--length-penalty", &c.beam.lengthPenalty, finite,
      {"A", "of --beams: the score is the log-probability / tokens^A", formatted("{:g}", c.beam.lengthPenalty)});
  add(options, "--context-full", &c.full, oneOf("slide,half,stop"),
      {"NAME",
       "a text longer than the context: slide: each token sees as much as fits, all computed anew; half: its "
       "older half is forgotten whenever it is full; stop: it ends",
       "half where the program remembers positions, else slide"});
  add(options, "--logprobs", &c.generate.logProbabilities, notNegative,
      {"K", "log-probabilities of the K most probable; implies --json", "0"});
  addFlag(options, "--prompt-logprobs", c.promptLogProbabilities,
          "log-probabilities of the prompt's tokens, and of as many of the most probable as --logprobs says; implies "
          "--json");
  add(options, "--prompt-chunk", &c.chunk, notNegative,
      {"TOKENS", "compute so many tokens of the prompt at a time at most; the results are the same",
       "as many as the program takes"});
  add(options, "--interactive", &c.interactive, anyText,
      {"", "read lines from the terminal: each goes on with the text, and then the model does, for --tokens or up to "
           "--stop; Ctrl-C ends its turn"})
      .excludes = "--json";
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile,
      {"NAME", "for files without one: bytes, or a file as for train"})
      .suggestions = "bytes";
  addFlag(options, "--json", c.json, "one JSON object instead of text");
  addIgnore(options, c.ignoreConfiguration);
}

bool readsSource(const sinter_program &program) {
  const std::span entries(anyPlan(program).entries, program.entry_count);
  return std::any_of(entries.begin(), entries.end(), [](const sinter_entry &entry) {
    return std::string_view(entry.name) == "logits" && Program::findInput(entry, "source");
  });
}

void addTranslate(Options &options, TranslateCommand &c) {
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  addRequired(options, "--source", &c.source, notEmpty, {"FILE", "a sentence a line; - is standard input"});
  add(options, "--beams", &c.beam.beams, whole(1, 4096, "from 1 to 4096"),
      {"N", "translations of a sentence that a search keeps at each step; 1: always the most probable token",
       fmt::to_string(c.beam.beams)});
  add(options, "--length-penalty", &c.beam.lengthPenalty, finite,
      {"A", "the score is the log-probability / tokens^A", formatted("{:g}", c.beam.lengthPenalty)});
  add(options, "-n,--tokens", &c.tokens, notNegative,
      {"TOKENS", "of a translation at most; 0: as many as the model makes", "0"});
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile, {"NAME", "for files without one: a file as for train"});
  addFlag(options, "--json", c.json, "one JSON object a line, with the score");
  addIgnore(options, c.ignoreConfiguration);
}

void addServe(Options &options, ServeCommand &c) {
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(options, "--host", &c.host, notEmpty,
      {"ADDRESS", "where to listen; 0.0.0.0 or :: for all who can reach this machine, which wants an --api-key",
       c.host});
  add(options, "--port", &c.port, whole(0, 65535, "from 0 to 65535"),
      {"N", "0: any that is free", fmt::to_string(c.port)});
  add(options, "--api-key", &c.apiKey, notEmpty,
      {"KEY", "what requests must have as Authorization: Bearer KEY; safer as the variable SINTER_API_KEY", "none"});
  add(options, "--cors", &c.cors, notEmpty,
      {"ORIGIN", "whose pages may call, such as https://example.org; *: all", "none"});
  add(options, "--name", &c.name, notEmpty, {"NAME", "of the model, in the API", "the program's"});
  add(options, "--slots", &c.slots, whole(0, 4096, "from 0 to 4096"),
      {"N", "texts that are made at once", "as many as the program takes at once, and 4 at least"});
  add(options, "--queue", &c.queue, whole(1, 65536, "from 1 to 65536"),
      {"N", "texts that wait at most; further ones are refused (429)", fmt::to_string(c.queue)});
  add(options, "--max-tokens", &c.maxTokens, moderate,
      {"N", "that a request may ask for", fmt::to_string(c.maxTokens)});
  add(options, "--max-body", &c.maxBody, whole(1024, 1 << 30, "from 1024 to 2^30"),
      {"BYTES", "of a request", fmt::to_string(c.maxBody)});
  add(options, "--connections", &c.connections, whole(1, 65536, "from 1 to 65536"),
      {"N", "that are open at once", fmt::to_string(c.connections)});
  add(options, "--timeout", &c.timeout, whole(1, 1 << 20, "from 1 to 1048576"),
      {"SECONDS", "after which a request ends that is not done", fmt::to_string(c.timeout)});
  add(options, "--request-timeout", &c.requestTimeout, whole(1, 3600, "from 1 to 3600"),
      {"SECONDS", "until a request has come, and until a part of the response was taken",
       fmt::to_string(c.requestTimeout)});
  add(options, "--context-full", &c.full, oneOf("slide,half,stop"),
      {"NAME", "what becomes of texts longer than the context, as for sample", "as for sample"});
  add(options, "--log", &c.log, notEmpty,
      {"FILE", "of the training, whose losses the page shows", "log.jsonl beside the checkpoint"});
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile,
      {"NAME", "for files without one: bytes, or a file as for train"})
      .suggestions = "bytes";
  addChatTemplate(options, c.chatTemplate, "the checkpoint's, or none: no chats");
  addIgnore(options, c.ignoreConfiguration);
}

} // namespace sinter::tables
