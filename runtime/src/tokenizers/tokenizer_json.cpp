// Reads Hugging Face's tokenizer.json, and the vocab.json of GPT-2.
#include "base/error.h"
#include "base/format.h"
#include "base/json_tree.h"
#include "base/report.h"
#include "base/utf8.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <charconv>

namespace sinter {

namespace {

using Kind = JsonTree::Kind;

/// Pairs of texts, one behind the other: files may have millions of short ones.
class TextPairs {
public:
  void add(std::string_view first, std::string_view second) {
    all_.append(first).append(second);
    sizes_.push_back(uint32_t(first.size()));
    sizes_.push_back(uint32_t(second.size()));
  }
  template <typename Function> void each(Function function) const {
    std::string_view rest = all_;
    for (size_t i = 0; i < sizes_.size(); i += 2) {
      const std::string_view first = rest.substr(0, sizes_[i]), second = rest.substr(sizes_[i], sizes_[i + 1]);
      function(first, second);
      rest.remove_prefix(first.size() + second.size());
    }
  }

private:
  std::string all_;
  std::vector<uint32_t> sizes_;
};

/// Listens to the whole file: vocabulary and merges, which are long, are kept apart from the rest.
class FileListener final : public JsonTreeBuilder {
public:
  explicit FileListener(bool vocabularyOnly) : JsonTreeBuilder(200'000), bare_(vocabularyOnly) {}

  bool number_unsigned(number_unsigned_t value) override {
    if (state_ == State::Vocabulary && inside_ == 1 && listed_ == Kind::Object)
      return addToken(value < uint64_t(mostTokens) ? int32_t(value) : mostTokens);
    return score(double(value)) || (outside() && JsonTreeBuilder::number_unsigned(value));
  }
  bool number_integer(number_integer_t value) override {
    return score(double(value)) || (outside() && JsonTreeBuilder::number_integer(value));
  }
  bool number_float(number_float_t value, const std::string &text) override {
    return score(value) || (outside() && JsonTreeBuilder::number_float(value, text));
  }
  bool string(std::string &value) override {
    if (state_ == State::Merges) {
      if (inside_ == 1)
        return addMerge(value);
      return inside_ == 2 && addPart(value);
    }
    if (state_ == State::Vocabulary) {
      text_ = std::move(value);
      return inside_ == 2 && parts_++ == 0;
    }
    return JsonTreeBuilder::string(value);
  }
  bool null() override { return outside() && JsonTreeBuilder::null(); }
  bool boolean(bool value) override { return outside() && JsonTreeBuilder::boolean(value); }
  bool key(std::string &value) override {
    if (outside())
      return JsonTreeBuilder::key(value);
    text_ = std::move(value);
    return true;
  }
  bool start_object(size_t size) override {
    return outside() ? enters(Kind::Object) || JsonTreeBuilder::start_object(size) : enterPair(Kind::Object);
  }
  bool start_array(size_t size) override {
    return outside() ? enters(Kind::Array) || JsonTreeBuilder::start_array(size) : enterPair(Kind::Array);
  }
  bool end_object() override { return outside() ? JsonTreeBuilder::end_object() : leave(); }
  bool end_array() override { return outside() ? JsonTreeBuilder::end_array() : leave(); }

  TokenTexts texts; ///< as the file writes them
  std::vector<double> scores;
  TextPairs merges;
  std::string problem;

private:
  enum class State { Outside, Vocabulary, Merges };
  bool outside() const { return state_ == State::Outside; }

  bool isAt(const char *name) const {
    if (bare_)
      return depth() == 0 && std::string_view(name) == "vocab";
    return depth() == 2 && nameAt(1) == "model" && name_ == name;
  }
  // Whether this is one of the two long parts.
  bool enters(Kind kind) {
    if (isAt("vocab"))
      state_ = State::Vocabulary;
    else if (isAt("merges") && kind == Kind::Array)
      state_ = State::Merges;
    else
      return false;
    listed_ = kind;
    inside_ = 1;
    return true;
  }
  bool enterPair(Kind kind) {
    parts_ = 0;
    return ++inside_ == 2 && kind == Kind::Array;
  }
  bool leave() {
    if (--inside_ == 0)
      state_ = State::Outside;
    return inside_ == 0 || parts_ == 2 || refuse("an entry of other than two parts");
  }
  bool score(double value) {
    if (state_ != State::Vocabulary || inside_ != 2 || parts_++ != 1)
      return false;
    scores.push_back(value + 0.0); // of -0, which would be written as a whole number, 0
    return addToken(int32_t(std::min<size_t>(scores.size() - 1, mostTokens)));
  }
  bool addToken(int32_t id) {
    if (id >= mostTokens)
      return refuse(formatted("token '{}': its id is not below {}", printable(text_), mostTokens));
    if (!text_.empty() && !texts.add(id, text_))
      return refuse(formatted("token '{}' of id {}: given twice", printable(text_), id));
    return true;
  }
  bool addMerge(const std::string &pair) {
    const size_t space = pair.find(' ', 1);
    if (space == pair.npos || space + 1 >= pair.size())
      return refuse(formatted("merge '{}' is not of two tokens", printable(pair)));
    merges.add(std::string_view(pair).substr(0, space), std::string_view(pair).substr(space + 1));
    return true;
  }
  bool addPart(std::string &part) {
    if (parts_++ == 0)
      text_ = std::move(part);
    else if (parts_ == 2)
      merges.add(text_, part);
    return true;
  }
  bool refuse(std::string what) {
    problem = std::move(what);
    return false;
  }

  bool bare_;
  State state_ = State::Outside;
  Kind listed_ = Kind::Null;
  int inside_ = 0, parts_ = 0;
  std::string text_;
};

/// Turns the tree into parts.
class JsonReader {
public:
  JsonReader(FileListener &file, const std::string &what) : file_(file), root_(file.tree()), what_(what) {}

  std::shared_ptr<const TextTokenizer> read() {
    readModel();
    readNormalizer(root_["normalizer"]);
    readSplitting(root_["pre_tokenizer"]);
    readDecoder(root_["decoder"]);
    readTemplate(root_["post_processor"]);
    if (parts_.byteLevel)
      readBytes();
    else
      parts_.texts = std::move(file_.texts);
    readAdded();
    readMerges();
    return std::make_shared<const TextTokenizer>(std::move(parts_), what_);
  }

private:
  [[noreturn]] void unsupported(const std::string &part) const {
    fail(Exit::Input, formatted("{}: tokenizer.json: {} is not supported", what_, part));
  }
  [[noreturn]] void damaged(const std::string &problem) const {
    fail(Exit::Damaged, formatted("{}: tokenizer.json: {}", what_, problem));
  }
  static std::string shown(std::string_view text) { return printable(text.substr(0, 64)); }

  void readModel() {
    const JsonTree &model = root_["model"];
    const std::string type = model["type"].isText() ? model["type"].text : "BPE";
    if (type == "Unigram")
      parts_.algorithm = TokenizerParts::Algorithm::Unigram;
    else if (type != "BPE")
      unsupported(formatted("a model of type {}", shown(type)));
    if (const JsonTree &dropout = model["dropout"];
        !dropout.isNull() && dropout.text.find_first_of("123456789") != dropout.text.npos)
      unsupported("dropout");
    for (const char *affix : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (!model[affix].text.empty())
        unsupported(formatted("{} {}", affix, shown(model[affix].text)));
    parts_.wholePieces = model.flag("ignore_merges", false);
    parts_.byteFallback = model.flag("byte_fallback", false);
    parts_.fuseUnknown = model.flag("fuse_unk", false);
    if (model["unk_token"].isText())
      unknown_ = model["unk_token"].text;
    if (parts_.algorithm != TokenizerParts::Algorithm::Unigram)
      return;
    parts_.scores = std::move(file_.scores);
    parts_.scores.resize(size_t(file_.texts.size()));
    parts_.unknown = model["unk_id"].whole();
    parts_.fuseUnknown = true;
  }

  // One, or the members of a sequence, in their order.
  template <typename Function> void each(const JsonTree &part, const char *members, Function function) {
    if (part.isNull())
      return;
    if (part["type"].text != "Sequence")
      return function(part, part["type"].text);
    for (const JsonTree &member : part[members].members)
      each(member, members, function);
  }

  void readNormalizer(const JsonTree &part) {
    each(part, "normalizers", [this](const JsonTree &step, const std::string &type) {
      if (type == "NFC")
        parts_.normalizations.push_back({Normalization::Kind::Nfc});
      else if (type == "Prepend")
        parts_.normalizations.push_back({Normalization::Kind::Prepend, {}, step["prepend"].text});
      else if (type == "Replace" && step["pattern"]["String"].isText() && !step["pattern"]["String"].text.empty())
        parts_.normalizations.push_back(
            {Normalization::Kind::Replace, step["pattern"]["String"].text, step["content"].text});
      else
        unsupported(formatted("a normalizer of type {}{}", shown(type), type == "Replace" ? " by a pattern" : ""));
    });
  }

  Splitting::Behaviour behaviour(const JsonTree &step) {
    const std::string &name = step["behavior"].text;
    if (step.flag("invert", false)) {
      // What is removed is what does not match: the matches are left.
      if (name == "Removed" || name == "Isolated")
        return Splitting::Behaviour::Isolated;
      unsupported(formatted("a split of behavior {}, inverted", shown(name)));
    }
    if (name == "Isolated")
      return Splitting::Behaviour::Isolated;
    if (name == "Removed")
      return Splitting::Behaviour::Removed;
    if (name == "MergedWithPrevious")
      return Splitting::Behaviour::MergedWithPrevious;
    if (name == "MergedWithNext")
      return Splitting::Behaviour::MergedWithNext;
    unsupported(formatted("a split of behavior {}", shown(name)));
  }

  void readSplitting(const JsonTree &part) {
    each(part, "pretokenizers", [this](const JsonTree &step, const std::string &type) {
      Splitting splitting{Splitting::Kind::ByteLevel};
      if (type == "ByteLevel") {
        hasByteLevel_ = true;
        splitting.prefix = step.flag("add_prefix_space", true) ? Splitting::Prefix::Always : Splitting::Prefix::Never;
        splitting.splits = step.flag("use_regex", true);
        if (splitting.prefix == Splitting::Prefix::Never && !splitting.splits)
          return; // nothing to do
      } else if (type == "Split" && step["pattern"]["Regex"].isText()) {
        splitting.kind = Splitting::Kind::Pattern;
        splitting.splitter.emplace(step["pattern"]["Regex"].text, what_);
        splitting.behaviour = behaviour(step);
      } else if (type == "Split" && !step["pattern"]["String"].text.empty()) {
        splitting.kind = Splitting::Kind::Text;
        splitting.text = step["pattern"]["String"].text;
        splitting.behaviour = behaviour(step);
      } else if (type == "Digits") {
        splitting.kind = Splitting::Kind::Digits;
        splitting.splits = step.flag("individual_digits", false);
      } else if (type == "Metaspace") {
        splitting = readMetaspace(step);
      } else
        unsupported(formatted("a pre_tokenizer of type {}", shown(type)));
      parts_.splittings.push_back(std::move(splitting));
    });
  }

  Splitting readMetaspace(const JsonTree &step) {
    Splitting splitting{Splitting::Kind::Metaspace};
    if (!step["replacement"].isNull() && step["replacement"].text != "\u2581")
      unsupported(formatted("a Metaspace with '{}' for spaces", shown(step["replacement"].text)));
    const std::string &scheme = step["prepend_scheme"].text;
    splitting.splits = step.flag("split", true);
    splitting.prefix = scheme == "never"                                        ? Splitting::Prefix::Never
                       : scheme == "first"                                      ? Splitting::Prefix::First
                       : scheme.empty() && !step.flag("add_prefix_space", true) ? Splitting::Prefix::Never
                                                                                : Splitting::Prefix::Always;
    return splitting;
  }

  void readDecoder(const JsonTree &part) {
    each(part, "decoders", [this](const JsonTree &step, const std::string &type) {
      if (type == "ByteLevel")
        hasByteLevel_ = true;
      else if (type == "Metaspace")
        parts_.stripped = readMetaspace(step).prefix == Splitting::Prefix::Never ? 0 : 1;
      else if (type == "Strip" && step["content"].text == " ")
        parts_.stripped = std::clamp(step["start"].whole(), 0, 1024);
      else if (type != "ByteFallback" && type != "Fuse" &&
               !(type == "Replace" && step["pattern"]["String"].text == "\u2581" && step["content"].text == " "))
        unsupported(formatted("a decoder of type {}", shown(type)));
    });
    parts_.byteLevel = hasByteLevel_;
  }

  void readTemplate(const JsonTree &part) {
    each(part, "processors", [this](const JsonTree &step, const std::string &type) {
      if (type == "ByteLevel")
        return;
      if (type != "TemplateProcessing")
        unsupported(formatted("a post_processor of type {}", shown(type)));
      bool behind = false;
      for (const JsonTree &item : step["single"].members) {
        if (!item["Sequence"].isNull())
          behind = true;
        const JsonTree &ids = step["special_tokens"][item["SpecialToken"]["id"].text]["ids"];
        for (const JsonTree &id : ids.members)
          (behind ? parts_.end : parts_.begin).push_back(id.whole());
      }
    });
  }

  // Byte-level texts are bytes from here on; what cannot be read so is a token that was added, and stays.
  void readBytes() {
    for (int32_t id = 0; id < file_.texts.size(); ++id) {
      const std::string_view printed = file_.texts.text(id);
      if (printed.empty())
        continue;
      const std::optional<std::string> bytes = bytesOfPrinted(printed);
      if (!parts_.texts.add(id, bytes ? std::string_view(*bytes) : printed))
        damaged(formatted("token '{}': its bytes are another one's", printable(printed)));
    }
  }

  void readAdded() {
    for (const JsonTree &entry : root_["added_tokens"].members) {
      AddedToken token;
      token.id = entry["id"].whole();
      token.text = entry["content"].text;
      token.special = entry.flag("special", false);
      token.leftStrip = entry.flag("lstrip", false);
      token.rightStrip = entry.flag("rstrip", false);
      token.singleWord = entry.flag("single_word", false);
      token.normalized = entry.flag("normalized", !token.special);
      if (unknown_ && token.text == *unknown_)
        parts_.unknown = token.id;
      // Added tokens that are among the model's are written there as they are.
      if (parts_.byteLevel && token.id >= 0 && token.id < file_.texts.size() && token.id < mostTokens &&
          file_.texts.has(token.id) && file_.texts.text(token.id) != token.text)
        damaged(
            formatted("added token '{}' has the id of '{}'", shown(token.text), printable(file_.texts.text(token.id))));
      parts_.added.push_back(std::move(token));
    }
    if (unknown_ && parts_.unknown < 0)
      parts_.unknown = parts_.texts.find(*unknown_);
    if (unknown_ && parts_.unknown < 0)
      damaged(formatted("unk_token '{}' is no token", shown(*unknown_)));
  }

  void readMerges() {
    const auto idOf = [&](std::string_view text) {
      if (!parts_.byteLevel)
        return parts_.texts.find(text);
      const std::optional<std::string> bytes = bytesOfPrinted(text);
      return bytes ? parts_.texts.find(*bytes) : -1;
    };
    file_.merges.each([&](std::string_view left, std::string_view right) {
      // What they make is written behind each other there, too.
      const Merge merge{idOf(left), idOf(right), idOf({left.data(), left.size() + right.size()})};
      if (merge.left < 0 || merge.right < 0 || merge.whole < 0)
        damaged(formatted("merge of '{}' and '{}': they or what they make are no tokens", shown(left), shown(right)));
      parts_.merges.push_back(merge);
    });
  }

  FileListener &file_;
  const JsonTree &root_;
  const std::string &what_;
  TokenizerParts parts_;
  std::optional<std::string> unknown_;
  bool hasByteLevel_ = false;
};

} // namespace

static void listen(FileListener &listener, const std::string &text, const std::string &what, const char *kind) {
  if (!readJson(text, listener))
    fail(Exit::Damaged, formatted("{}: {}: {}", what, kind,
                                  !listener.problem.empty() ? listener.problem
                                  : listener.wrongAt() ? formatted("not JSON at byte {}", listener.wrongAt())
                                                       : "has other parts, or more of them, than such a file has"));
}

std::shared_ptr<const TextTokenizer> readTokenizerJson(const std::string &text, const std::string &what) {
  FileListener listener(false);
  listen(listener, text, what, "tokenizer.json");
  return JsonReader(listener, what).read();
}

// Tokens that no merge makes and that are written so.
static bool looksSpecial(std::string_view text) {
  return text.size() > 4 && text.starts_with("<|") && text.ends_with("|>");
}

std::shared_ptr<const TextTokenizer> readGpt2Files(const std::string &vocabulary, const std::string &merges,
                                                   const std::string &what) {
  FileListener listener(true);
  listen(listener, vocabulary, what, "vocabulary");
  TokenizerParts parts;
  for (int32_t id = 0; id < listener.texts.size(); ++id) {
    const std::string_view printed = listener.texts.text(id);
    const std::optional<std::string> bytes = bytesOfPrinted(printed);
    if (!bytes && !looksSpecial(printed))
      fail(Exit::Damaged, formatted("{}: token {}, '{}', is not as GPT-2 writes bytes", what, id, printable(printed)));
    if (!printed.empty() && !parts.texts.add(id, bytes ? std::string_view(*bytes) : printed))
      fail(Exit::Damaged, formatted("{}: token {}, '{}', is another one's bytes", what, id, printable(printed)));
    if (looksSpecial(printed))
      parts.added.push_back({id, std::string(printed), true});
  }
  size_t line = 0;
  for (size_t at = 0; at < merges.size();) {
    const size_t end = std::min(merges.find('\n', at), merges.size());
    std::string_view pair(merges.data() + at, end - at);
    at = end + 1;
    if (pair.ends_with('\r'))
      pair.remove_suffix(1);
    if (++line == 1 && pair.starts_with("#version"))
      continue;
    if (pair.empty())
      continue;
    const size_t space = pair.find(' ');
    const auto left = bytesOfPrinted(pair.substr(0, space));
    const auto right = space == pair.npos ? std::nullopt : bytesOfPrinted(pair.substr(space + 1));
    const Merge merge{left ? parts.texts.find(*left) : -1, right ? parts.texts.find(*right) : -1,
                      left && right ? parts.texts.find(*left + *right) : -1};
    if (merge.left < 0 || merge.right < 0 || merge.whole < 0)
      fail(Exit::Damaged, formatted("{}: line {} of the merges, '{}', is not of two tokens that make a third", what,
                                    line, printable(pair.substr(0, 64))));
    parts.merges.push_back(merge);
  }
  parts.splittings.push_back({Splitting::Kind::ByteLevel});
  return std::make_shared<const TextTokenizer>(std::move(parts), what);
}

} // namespace sinter
