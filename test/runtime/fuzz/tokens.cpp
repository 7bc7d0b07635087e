// Texts and files of tokens, what a checkpoint says of its tokenizer, with prompts for it, templates of chats.
#include "data/data.h"
#include "data/token_files.h"
#include "sampling/generate.h"
#include "target.h"
#include "tokenizers/chat_template.h"

namespace sinter::test {

namespace {

/// Fills some batches; no id is outside of the vocabulary, and no target but padding.
void use(const DataOptions &options, int64_t vocabulary) {
  int32_t tokens[8], targets[8];
  const Batch batch = {2, 4, tokens, targets, nullptr, nullptr};
  const Data data = loadData(options, batch, vocabulary);
  for (int64_t step = 0; step < 3; ++step)
    for (const Order order : {Order::Random, Order::Sequential}) {
      data.training->fill(batch, order, 1, step);
      for (int i = 0; i < 8; ++i)
        require(tokens[i] >= 0 && tokens[i] < vocabulary && targets[i] >= -1 && targets[i] < vocabulary,
                "ids are in the vocabulary");
    }
  (void)data.training->hash();
  (void)data.training->bytesOfRow(batch, 0);
}

enum : unsigned { Bytes = 1, Small = 2, Separated = 4 };

void readText(const std::string &input) {
  const unsigned settings = settingsOf(input);
  DataOptions options;
  options.path = fuzzFile("t.txt", contentOf(input));
  options.tokenizer = settings & Bytes ? "bytes" : "chars";
  if (settings & Separated)
    options.separator = "\n\n";
  use(options, settings & Bytes ? 256 : settings & Small ? 20 : 300);
}

enum : unsigned { Wide = 1 };

std::vector<std::string> tokenFileSeeds() {
  std::vector<std::string> seeds;
  for (const int width : {2, 4}) {
    std::string tokens;
    for (int i = 0; i < 40; ++i)
      tokens += std::string{char(i * 7), char(i % 3)} + std::string(size_t(width) - 2, '\0');
    std::string padded = tokens;
    padded.replace(20, size_t(width), std::string(size_t(width), '\xff'));
    for (const std::string &ids : {tokens, padded})
      seeds.push_back(char(width == 4 ? Wide : 0) + ids);
    seeds.push_back(char(0) + tokenFileHeader(40, width, 12345) + tokens);
  }
  return seeds;
}

void readTokenFile(const std::string &input) {
  DataOptions options;
  options.path = fuzzFile(settingsOf(input) & Wide ? "t.u32.bin" : "t.bin", contentOf(input));
  use(options, 800);
}

std::vector<std::string> promptSeeds() {
  std::vector<std::string> seeds;
  for (int settings = 0; settings < 4; ++settings) {
    seeds.push_back(char(settings) + joined("chars", joined("\nabc\u00e9\u20ac\U0001f600", "abc\u00e9")));
    seeds.push_back(char(settings) + joined("bytes", joined("", "AB"))); // the mock has 96 tokens
  }
  return seeds;
}

void readPrompt(const std::string &input) {
  static Program program(sinter_program_v1, 1);
  static const bool initialized = (program.initialize(1), true);
  (void)initialized;
  const auto [kind, rest] = parted(contentOf(input));
  const auto [vocabulary, prompt] = parted(rest);
  const Tokenizer tokenizer = Tokenizer::restore(kind, vocabulary, "c");
  Generator generator(program, tokenizer);
  GenerateOptions options;
  options.count = 2;
  options.sampler.temperature = double(settingsOf(input) & 1);
  options.logProbabilities = int64_t(settingsOf(input) >> 1 & 1);
  const auto ids = generator.promptTokens(prompt.empty() ? "a" : prompt, "p");
  for (const GeneratedToken &token : generator.run(ids, options, [](const std::string &) { return true; }).tokens)
    require(token.id >= 0 && token.id < tokenizer.size(), "ids are in the vocabulary");
}

void changePrompt(Mutator &mutator, std::string &input) {
  changeContent(mutator, input, [&](std::string &content) {
    auto [kind, rest] = parted(content);
    auto [vocabulary, prompt] = parted(rest);
    mutator.bytes(mutator.below(8) == 0 ? kind : mutator.below(2) ? vocabulary : prompt);
    content = joined(kind, joined(vocabulary, prompt));
  });
}

// --- Templates of chats

std::vector<std::string> templateSeeds() {
  std::vector<std::string> seeds = {R"({"user":"u {content}\n","assistant":"a {content}\n","trim":true})"};
  for (const char *name : {"chatml", "llama3", "gemma", "plain"})
    seeds.push_back(ChatTemplate::named(name).saved());
  return seeds;
}

void readTemplate(const std::string &input) {
  const ChatTemplate chats = ChatTemplate::restore(input, "t", Exit::Damaged);
  const std::string saved = chats.saved();
  bool again = false;
  attempt([&] { again = ChatTemplate::restore(saved, "t", Exit::Damaged).saved() == saved; });
  require(again, "templates are read as they were saved");
  using Role = ChatMessage::Role;
  const std::vector<ChatMessage> messages = {{Role::User, " {content} "}, {Role::Assistant, input.substr(0, 50)}};
  for (const int32_t id : chats.tokens(Tokenizer::bytes(), messages, true, "t"))
    require(id >= 0 && id < 256, "ids are in the vocabulary");
  chats.endOf(Tokenizer::bytes());
}

} // namespace

std::vector<Target> tokenTargets() {
  const auto changeBytes = [](Mutator &mutator, std::string &input) {
    changeContent(mutator, input, [&](std::string &content) { mutator.bytes(content); });
  };
  const auto changeNumbers = [](Mutator &mutator, std::string &input) {
    changeContent(mutator, input, [&](std::string &content) {
      mutator.below(2) ? mutator.numbers(content, mutator.below(2) ? 16 : content.size()) : mutator.bytes(content);
    });
  };
  const auto changeJson = [](Mutator &mutator, std::string &input) {
    mutator.below(4) ? mutator.json(input) : mutator.bytes(input);
  };
  const std::string text = "in the beginning \u00e9\u20ac\U0001f600 was\n\nthe word";
  return {{"text", {char(0) + text, char(Bytes) + text, char(Separated) + text}, readText, changeBytes},
          {"tokens.bin", tokenFileSeeds(), readTokenFile, changeNumbers},
          {"prompt", promptSeeds(), readPrompt, changePrompt},
          {"chat-template", templateSeeds(), readTemplate, changeJson}};
}

} // namespace sinter::test
