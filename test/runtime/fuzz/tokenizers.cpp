// Tokenizers in files: tokenizer.json, GPT-2's two files, tiktoken's ranks, SentencePiece's models; and the patterns
// that they split texts by. Whatever is taken gives ids of its vocabulary, and is the same when it was written and
// read.
#include "target.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <optional>

namespace sinter::test {

namespace {

using Ids = std::vector<int32_t>;

void use(const TextTokenizer &tokenizer, const std::string &hostile) {
  const std::string written = tokenizer.saved();
  std::shared_ptr<const TextTokenizer> again;
  attempt([&] { again = readTokenizerJson(written, "again"); });
  require(again != nullptr, "what was written can be read");
  require(again->size() == tokenizer.size() && again->saved() == written, "what was written is read as the same");
  for (const std::string &text :
       {std::string("hello ab \u00e9e\u0301 12 \u4e2d\U0001f600\r\n <|endoftext|> oh\t's \xff\xfe"),
        std::string("abcabb a b"), hostile.substr(0, 200)})
    for (const bool special : {false, true}) {
      const auto encode = [&](const TextTokenizer &by) -> std::optional<Ids> {
        Ids ids;
        const auto all = [&] {
          if (special)
            ids = by.encodeWithSpecial(text, "t");
          else
            for (size_t position = 0; position < text.size();)
              by.encodeSome(text, position, 1 << 20, ids, "t");
        };
        return attempt(all) ? std::optional(ids) : std::nullopt;
      };
      const std::optional<Ids> ids = encode(tokenizer);
      require(ids == encode(*again), "tokens of what was written are the same");
      if (!ids)
        continue;
      for (const int32_t id : *ids)
        require(id >= 0 && id < tokenizer.size(), "ids are in the vocabulary");
      require(tokenizer.decodeAll(*ids) == again->decodeAll(*ids), "texts of what was written are the same");
    }
}

// --- tokenizer.json

std::string jsonWith(const std::string &parts, const std::string &model) {
  return R"({"version":"1.0","added_tokens":[{"id":0,"content":"<unk>","special":true},)"
         R"({"id":20,"content":"<|endoftext|>","special":true,"lstrip":true},)"
         R"({"id":21,"content":"oh","single_word":true,"rstrip":true,"special":false}],)" +
         parts + R"("model":)" + model + "}";
}

std::vector<std::string> jsonSeeds() {
  const std::string characters =
      R"({"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"ignore_merges":true,"vocab":)"
      R"({"<unk>":0,"a":1,"b":2,"\u2581":3,"ab":4,"\u2581ab":5,"<0x0A>":6,"h":7,"e":8},)"
      R"("merges":["a b",["\u2581","ab"]]})";
  const std::string bytes = R"({"type":"BPE","vocab":{"<unk>":0,"a":1,"b":2,"\u0120":3,"ab":4,"\u0120ab":5,"h":7},)"
                            R"("merges":["a b","\u0120 ab"],"unk_token":"<unk>"})";
  const std::string unigram = R"({"type":"Unigram","unk_id":0,"byte_fallback":false,"vocab":)"
                              R"([["<unk>",0],["\u2581",-2.5],["a",-3],["b",-3],["ab",-4.25],["hello",-1e1]]})";
  const std::string space = R"("\u2581")";
  return {jsonWith("", bytes),
          jsonWith(R"("normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split",)"
                   R"("pattern":{"Regex":"\\p{L}+|\\s+(?!\\S)|[^ab]{1,3}"},"behavior":"Isolated","invert":false},)"
                   R"({"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true}]},)"
                   R"("decoder":{"type":"ByteLevel"},"post_processor":{"type":"TemplateProcessing","single":)"
                   R"([{"SpecialToken":{"id":"<unk>"}},{"Sequence":{"id":"A"}}],)"
                   R"("special_tokens":{"<unk>":{"ids":[0]}}},)",
                   bytes),
          jsonWith(R"("normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":)" + space +
                       R"(},{"type":"Replace","pattern":{"String":" "},"content":)" + space +
                       R"(}]},"decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},)"
                       R"({"type":"Strip","content":" ","start":1,"stop":0}]},)",
                   characters),
          jsonWith(R"("pre_tokenizer":{"type":"Metaspace","replacement":)" + space +
                       R"(,"prepend_scheme":"first","split":true},"decoder":{"type":"Metaspace"},)",
                   unigram)};
}

void readJson(const std::string &input) { use(*readTokenizerJson(input, "t"), input); }

// --- GPT-2's files

std::vector<std::string> gpt2Seeds() {
  return {joined(R"({"a":0,"b":1,"\u0120":2,"ab":3,"\u0120ab":4,"<|endoftext|>":5,"h":6,"e":7,"\u010a":8})",
                 "#version: 0.2\na b\n\u0120 ab\n")};
}

void readGpt2(const std::string &input) {
  const auto [vocabulary, merges] = parted(input);
  use(*readGpt2Files(vocabulary, merges, "t"), merges);
}

void changeGpt2(Mutator &mutator, std::string &input) {
  auto [vocabulary, merges] = parted(input);
  if (mutator.below(2))
    mutator.below(3) ? mutator.lines(merges) : mutator.bytes(merges);
  else
    mutator.below(3) ? mutator.json(vocabulary) : mutator.bytes(vocabulary);
  input = joined(vocabulary, merges);
}

// --- tiktoken's ranks

void readRanks(const std::string &input) {
  static const char *names[] = {"gpt2", "cl100k", "o200k", "llama3", "qwen2"};
  use(*readTiktoken(contentOf(input), names[settingsOf(input) % 5], "t"), input);
}

void changeRanks(Mutator &mutator, std::string &input) {
  changeContent(mutator, input, [&](std::string &text) {
    switch (mutator.below(3)) {
    case 0:
      return mutator.lines(text);
    case 1:
      return mutator.json(text); // its numbers
    default:
      mutator.bytes(text);
    }
  });
}

// --- SentencePiece

std::string field(int number, std::string_view bytes) {
  return std::string{char(number << 3 | 2), char(bytes.size())} + std::string(bytes);
}

std::vector<std::string> pieceSeeds() {
  const auto piece = [&](std::string_view text, float score, int type) {
    std::string bytes = field(1, text) + char(2 << 3 | 5);
    bytes.append(reinterpret_cast<const char *>(&score), 4);
    return field(1, bytes + char(3 << 3) + char(type));
  };
  std::string pieces = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("<0x0A>", 0, 6);
  pieces += piece("\u2581a", -1, 1) + piece("bc", -2, 1) + piece("\u2581abc", -3, 1) + piece("oh", -0.0F, 4);
  for (const char *text : {"\u2581", "a", "b", "c"})
    pieces += piece(text, -9, 1);
  const std::string normalizer = field(3, std::string{char(3 << 3), 1, char(4 << 3), 0, char(5 << 3), 1});
  const std::string fallback{char(0x98), 2, 1}; // field 35
  std::vector<std::string> seeds;
  for (const char model : {1, 2})
    seeds.push_back(pieces + field(2, std::string{char(3 << 3), model} + fallback) + normalizer);
  return seeds;
}

void readPieces(const std::string &input) { use(*readSentencePiece(input, "t"), input); }

// Messages of a length in one byte, as far as they follow each other: their begins, and the end.
std::vector<size_t> messages(std::string_view bytes) {
  std::vector<size_t> begins;
  size_t at = 0;
  while (at + 1 < bytes.size() && (bytes[at] & 7) == 2 && bytes[at + 1] >= 0) {
    begins.push_back(at);
    at += 2 + size_t(bytes[at + 1]);
  }
  begins.push_back(std::min(at, bytes.size()));
  return begins;
}

// A message is repeated, left out, put elsewhere, or changed inside, with its length made right.
void changePieces(Mutator &mutator, std::string &input) {
  const std::vector<size_t> begins = messages(input);
  if (begins.size() < 2 || mutator.below(6) == 0)
    return mutator.below(2) ? mutator.bytes(input) : mutator.numbers(input, input.size());
  const size_t chosen = mutator.below(begins.size() - 1), begin = begins[chosen], size = begins[chosen + 1] - begin;
  std::string message = input.substr(begin, size);
  const size_t to = begins[mutator.below(begins.size())];
  switch (mutator.below(4)) {
  case 0:
    input.insert(to, message);
    return;
  case 1:
    input.erase(begin, size);
    return;
  case 2:
    message[0] = char((1 + mutator.below(4)) << 3 | 2);
    break;
  default:
    std::string content = message.substr(std::min<size_t>(2, message.size()));
    mutator.below(2) ? mutator.bytes(content) : mutator.numbers(content, content.size());
    message = field(message[0] >> 3, content.substr(0, 127));
  }
  input.replace(begin, size, message);
}

// --- Patterns

std::vector<std::string> patternSeeds() {
  std::vector<std::string> seeds;
  for (const char *pattern : {"[a-c]+|\\d{2}", "a{1,2}?c|a", "(?>a+)ab|.", "(?i:ab)+", "a(?=b)|a(?!c)|c",
                              "[^\\S\\n]+|\\x{4e2d}|\\u00e9|\\p{Lu}\\p{Ll}*", "[]a-]++"})
    seeds.push_back(joined(pattern, "abc12345 aaac aBAb\u4e2d\u00e9 \t\n]-a"));
  seeds.push_back(joined(Splitter::patternOf(Splitter::Known::O200k), "It's 1234 O'CLOCK\r\n  x"));
  return seeds;
}

void readPattern(const std::string &input) {
  const auto [pattern, text] = parted(input);
  std::string all;
  Splitter(pattern, "t", false).split(text, false, [&](std::string_view piece) { all += piece; });
  require(all == text, "pieces are the whole text");
}

void changePattern(Mutator &mutator, std::string &input) {
  static const char *parts[] = {"(",      ")",      "(?:",     "(?i:",        "(?=",     "(?!", "(?>", "[",
                                "]",      "[^",     "-",       "+",           "*",       "?",   "++",  "{2}",
                                "{1,3}?", "{0,}",   "{99,",    "|",           ".",       "\\s", "\\S", "\\d",
                                "\\p{L}", "\\P{N}", "\\p{Lu}", "\\x{10ffff}", "\\u00e9", "\\"};
  auto [pattern, text] = parted(input);
  switch (mutator.below(4)) {
  case 0:
    mutator.bytes(text);
    break;
  case 1:
    mutator.bytes(pattern);
    break;
  case 2:
    pattern.erase(mutator.below(pattern.size() + 1), 1 + mutator.below(3));
    break;
  default:
    pattern.insert(mutator.below(pattern.size() + 1), parts[mutator.below(std::size(parts))]);
  }
  input = joined(pattern, text);
}

} // namespace

std::vector<Target> tokenizerTargets() {
  const auto changeJson = [](Mutator &mutator, std::string &input) {
    mutator.below(4) ? mutator.json(input) : mutator.bytes(input);
  };
  const std::string ranks = "YQ== 0\nYg== 1\nYw== 2\nYmM= 3\nYWJj 4\n";
  return {{"tokenizer.json", jsonSeeds(), readJson, changeJson},
          {"gpt2", gpt2Seeds(), readGpt2, changeGpt2},
          {"tiktoken", {char(0) + ranks, char(1) + ranks, char(2) + ranks, char(4) + ranks}, readRanks, changeRanks},
          {"sentencepiece", pieceSeeds(), readPieces, changePieces},
          {"pattern", patternSeeds(), readPattern, changePattern}};
}

} // namespace sinter::test
