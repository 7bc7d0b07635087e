// Writes a tokenizer as a tokenizer.json.
#include "base/format.h"
#include "base/json.h"
#include "base/report.h"
#include "tokenizers/tokenizer_files.h"

#include <iterator>

namespace sinter {

namespace {

using Parts = TokenizerParts;

const char *boolean(bool value) { return value ? "true" : "false"; }

// Several as a sequence, one as itself, none as null.
std::string sequence(const std::vector<std::string> &steps, const char *members) {
  if (steps.empty())
    return "null";
  if (steps.size() == 1)
    return steps[0];
  return formatted(R"({{"type":"Sequence","{}":[{}]}})", members, fmt::join(steps, ","));
}

std::string normalizerJson(const Parts &parts) {
  std::vector<std::string> steps;
  for (const Normalization &step : parts.normalizations)
    steps.push_back(step.kind == Normalization::Kind::Nfc ? R"({"type":"NFC"})"
                    : step.kind == Normalization::Kind::Prepend
                        ? formatted(R"({{"type":"Prepend","prepend":{}}})", jsonQuoted(step.to))
                        : formatted(R"({{"type":"Replace","pattern":{{"String":{}}},"content":{}}})",
                                    jsonQuoted(step.from), jsonQuoted(step.to)));
  return sequence(steps, "normalizers");
}

std::string splittingJson(const Splitting &step) {
  static constexpr const char *behaviours[] = {"Isolated", "Removed", "MergedWithPrevious", "MergedWithNext"};
  static constexpr const char *schemes[] = {"never", "first", "always"};
  switch (step.kind) {
  case Splitting::Kind::ByteLevel:
    return formatted(R"({{"type":"ByteLevel","add_prefix_space":{},"trim_offsets":true,"use_regex":{}}})",
                     boolean(step.prefix != Splitting::Prefix::Never), boolean(step.splits));
  case Splitting::Kind::Digits:
    return formatted(R"({{"type":"Digits","individual_digits":{}}})", boolean(step.splits));
  case Splitting::Kind::Metaspace:
    return formatted(R"({{"type":"Metaspace","replacement":"▁","prepend_scheme":"{}","split":{}}})",
                     schemes[size_t(step.prefix)], boolean(step.splits));
  default:
    return formatted(R"({{"type":"Split","pattern":{{"{}":{}}},"behavior":"{}","invert":false}})",
                     step.kind == Splitting::Kind::Text ? "String" : "Regex",
                     jsonQuoted(step.kind == Splitting::Kind::Text ? step.text : step.splitter->source()),
                     behaviours[size_t(step.behaviour)]);
  }
}

std::string splittingsJson(const Parts &parts) {
  std::vector<std::string> steps;
  bool hasBytes = false;
  for (const Splitting &step : parts.splittings) {
    steps.push_back(splittingJson(step));
    hasBytes |= step.kind == Splitting::Kind::ByteLevel;
  }
  if (parts.byteLevel && !hasBytes)
    steps.push_back(splittingJson({Splitting::Kind::ByteLevel, {}, {}, {}, Splitting::Prefix::Never, false}));
  return sequence(steps, "pretokenizers");
}

std::string decoderJson(const Parts &parts) {
  if (parts.byteLevel)
    return R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true})";
  std::vector<std::string> steps = {R"({"type":"Replace","pattern":{"String":"▁"},"content":" "})"};
  if (parts.byteFallback)
    steps.push_back(R"({"type":"ByteFallback"})");
  steps.push_back(R"({"type":"Fuse"})");
  if (parts.stripped)
    steps.push_back(formatted(R"({{"type":"Strip","content":" ","start":{},"stop":0}})", parts.stripped));
  return sequence(steps, "decoders");
}

std::string templateJson(const TextTokenizer &tokenizer) {
  const Parts &parts = tokenizer.parts();
  if (parts.begin.empty() && parts.end.empty())
    return "null";
  std::string single, tokens;
  const auto add = [&](const std::vector<int32_t> &ids) {
    for (const int32_t id : ids) {
      const std::string name = jsonQuoted(tokenizer.decode(id));
      single += formatted(R"({}{{"SpecialToken":{{"id":{},"type_id":0}}}})", single.empty() ? "" : ",", name);
      if (tokens.find(name + ":") == tokens.npos)
        tokens +=
            formatted(R"({}{}:{{"id":{},"ids":[{}],"tokens":[{}]}})", tokens.empty() ? "" : ",", name, name, id, name);
    }
  };
  add(parts.begin);
  single += formatted(R"({}{{"Sequence":{{"id":"A","type_id":0}}}})", single.empty() ? "" : ",");
  add(parts.end);
  return formatted(R"({{"type":"TemplateProcessing","single":[{}],"pair":[],"special_tokens":{{{}}}}})", single,
                   tokens);
}

std::string addedJson(const Parts &parts) {
  std::string text;
  for (const AddedToken &token : parts.added)
    text += formatted("{}\n    {{\"id\":{},\"content\":{},\"single_word\":{},\"lstrip\":{},\"rstrip\":{},"
                      "\"normalized\":{},\"special\":{}}}",
                      text.empty() ? "" : ",", token.id, jsonQuoted(token.text), boolean(token.singleWord),
                      boolean(token.leftStrip), boolean(token.rightStrip), boolean(token.normalized),
                      boolean(token.special));
  return text;
}

// A token as the file writes it.
std::string written(const TextTokenizer &tokenizer, int32_t id) {
  const std::string_view text = tokenizer.parts().texts.text(id);
  return jsonQuoted(tokenizer.parts().byteLevel && !tokenizer.isSpecial(id) ? printedBytes(text) : std::string(text));
}

} // namespace

std::string tokenizerJson(const TextTokenizer &tokenizer) {
  const Parts &parts = tokenizer.parts();
  const bool unigram = parts.algorithm == Parts::Algorithm::Unigram;
  std::string text = formatted("{{\n  \"version\":\"1.0\",\n  \"truncation\":null,\n  \"padding\":null,\n"
                               "  \"added_tokens\":[{}],\n  \"normalizer\":{},\n  \"pre_tokenizer\":{},\n"
                               "  \"post_processor\":{},\n  \"decoder\":{},\n  \"model\":{{\"type\":\"{}\",",
                               addedJson(parts), normalizerJson(parts), splittingsJson(parts), templateJson(tokenizer),
                               decoderJson(parts), unigram ? "Unigram" : "BPE");
  // By its name: that of a byte's token is not what it stands for.
  auto nameOf = [&](int32_t id) {
    return parts.texts.has(id) ? std::string(parts.texts.text(id)) : tokenizer.decode(id);
  };
  const auto unknown = parts.unknown >= 0 && !unigram ? jsonQuoted(nameOf(parts.unknown)) : "null";
  if (unigram)
    text += formatted("\"unk_id\":{},\"byte_fallback\":{},", parts.unknown < 0 ? "null" : fmt::to_string(parts.unknown),
                      boolean(parts.byteFallback));
  else
    text += formatted("\"dropout\":null,\"unk_token\":{},\"continuing_subword_prefix\":null,\"end_of_word_suffix\":"
                      "null,\"fuse_unk\":{},\"byte_fallback\":{},\"ignore_merges\":{},",
                      unknown, boolean(parts.fuseUnknown), boolean(parts.byteFallback), boolean(parts.wholePieces));
  text += unigram ? "\n    \"vocab\":[" : "\n    \"vocab\":{";
  bool first = true;
  for (int32_t id = 0; id < parts.texts.size(); ++id) {
    if (!parts.texts.has(id) && !unigram) // there an entry's place is its id
      continue;
    const std::string token = written(tokenizer, id);
    text += first ? "\n" : ",\n";
    first = false;
    text += unigram ? formatted("      [{},{}]", token, parts.scores[size_t(id)]) : formatted("      {}:{}", token, id);
  }
  text += unigram ? "]" : "},\n    \"merges\":[";
  first = true;
  for (const Merge &merge : tokenizer.mergeTable().merges()) {
    text += formatted("{}\n      [{},{}]", first ? "" : ",", written(tokenizer, merge.left),
                      written(tokenizer, merge.right));
    first = false;
  }
  return text + (unigram ? "\n  }\n}\n" : "]\n  }\n}\n");
}

} // namespace sinter
