// The subcommand tokenizer: learns one, shows and converts them, turns text into tokens and back. No model takes part.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "commands/commands.h"
#include "data/token_files.h"
#include "files/same_file.h"
#include "tokenizers/tokenizer_files.h"
#include "tokenizers/train.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace sinter {

Splitter::Known patternNamed(const std::string &name) {
  return name == "cl100k" || name == "llama3" ? Splitter::Known::Cl100k
         : name == "o200k"                    ? Splitter::Known::O200k
         : name == "qwen2"                    ? Splitter::Known::Qwen2
                                              : Splitter::Known::Gpt2;
}

// Of all paths, the files.
static std::vector<std::string> filesOfAll(const std::vector<std::string> &paths) {
  std::vector<std::string> files;
  for (const std::string &path : paths)
    for (const std::string &file : textFiles(path))
      files.push_back(file);
  return files;
}

static void write(const std::string &path, std::string_view content) {
  path.empty() ? void(printText(content)) : writeFileAtomically(path, content);
}

// Texts that a tokenizer.json writes as they are, and that are no byte's.
static void checkFirstTokens(const std::vector<std::string> &tokens) {
  for (auto token = tokens.begin(); token != tokens.end(); ++token) {
    if (token->size() < 2 || std::any_of(token->begin(), token->end(), [](char c) { return c <= ' ' || c > '~'; }))
      fail(Exit::Usage,
           formatted("--first-token {}: expected two characters of ASCII or more, without spaces", printable(*token)));
    if (std::find(tokens.begin(), token, *token) != token)
      fail(Exit::Usage, formatted("--first-token {}: is given twice", *token));
  }
}

static Exit trainTokenizer(const TokenizerCommand &command) {
  if (command.data.empty() || command.out.empty())
    fail(Exit::Usage, "tokenizer train needs --data, texts to learn from, and --out, the file to write");
  const std::vector<std::string> files = filesOfAll(command.data);
  std::vector<NamedFile> inputs;
  for (const std::string &file : files)
    inputs.push_back({"--data", file});
  keepApart({"--out", command.out}, inputs);
  checkFirstTokens(command.firstTokens);
  if (command.vocabulary < 257 + int64_t(command.firstTokens.size()))
    fail(Exit::Usage, formatted("--vocab {}: 256 bytes and {} of --first-token leave no room for others",
                                command.vocabulary, command.firstTokens.size()));
  TokenizerTrainer trainer(patternNamed(command.pattern));
  const auto start = std::chrono::steady_clock::now();
  size_t bytes = 0;
  for (const std::string &file : files) {
    const std::string text = readFile(file);
    forEachDocument(text, command.separator, [&](std::string_view document) { trainer.add(document); });
    bytes += text.size();
  }
  const auto tokenizer = trainer.train(command.vocabulary, command.firstTokens);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (tokenizer->size() < command.vocabulary)
    reportWarning(formatted("{} tokens, not {}: no pair of neighbours is there twice any more", tokenizer->size(),
                            command.vocabulary));
  writeFileAtomically(command.out, tokenizer->saved());
  reportNote(formatted("{} tokens from {} bytes with {} distinct pieces in {:.2f} s ({:.1f} MB/s): {}",
                       tokenizer->size(), bytes, trainer.pieces(), seconds, double(bytes) / 1e6 / seconds,
                       command.out));
  return Exit::Done;
}

// Of --tokenizer or --checkpoint.
static Tokenizer given(const TokenizerCommand &command) {
  if (command.tokenizer.empty() == command.checkpoint.empty())
    fail(Exit::Usage,
         formatted("tokenizer {}: give one of --tokenizer, a file, and --checkpoint, which has one", command.action));
  if (command.checkpoint.empty())
    return command.tokenizer == "bytes" ? Tokenizer::bytes()
                                        : Tokenizer::of(readTokenizer(command.tokenizer, command.pattern));
  return readContents(findCheckpoint(command.checkpoint)).checkpoint.tokenizer;
}

static std::string inputOf(const TokenizerCommand &command) {
  if (command.text)
    return *command.text;
  if (command.data.empty())
    return readFile("-");
  std::string text;
  for (const std::string &file : filesOfAll(command.data))
    text += readFile(file);
  return text;
}

static std::string lineOf(const std::vector<int32_t> &ids, bool json) {
  std::string line;
  for (const int32_t id : ids)
    line += formatted("{}{}", line.empty() ? "" : json ? "," : " ", id);
  return json ? "[" + line + "]\n" : line + "\n";
}

// Each document as if it stood alone.
static Exit encodeDocuments(const TokenizerCommand &command, const Tokenizer &tokenizer, const std::string &text,
                            const std::string &what) {
  std::string lines;
  forEachDocument(text, command.separator, [&](std::string_view document) {
    lines += lineOf(command.special && tokenizer.text() ? tokenizer.text()->encodeWithSpecial(document, what)
                                                        : tokenizer.encode(document, what),
                    command.json);
  });
  write(command.out, lines);
  return Exit::Done;
}

static Exit encode(const TokenizerCommand &command, const Tokenizer &tokenizer) {
  const std::string text = inputOf(command), what = command.data.empty() ? "the text" : command.data[0];
  if (!command.separator.empty())
    return encodeDocuments(command, tokenizer, text, what);
  const auto start = std::chrono::steady_clock::now();
  std::vector<int32_t> ids = command.special && tokenizer.text() ? tokenizer.text()->encodeWithSpecial(text, what)
                                                                 : tokenizer.encode(text, what);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (isTokenFile(command.out)) {
    const int width = tokenizer.size() > 0x10000 ? 4 : 2;
    std::string bytes;
    for (const int32_t id : ids)
      bytes.append(reinterpret_cast<const char *>(&id), size_t(width));
    writeFileAtomically(command.out, tokenFileHeader(int64_t(ids.size()), width, 0) + bytes);
    reportNote(formatted("{} tokens from {} bytes in {:.3f} s ({:.1f} MB/s)", ids.size(), text.size(), seconds,
                         double(text.size()) / 1e6 / seconds));
    return Exit::Done;
  }
  write(command.out, lineOf(ids, command.json));
  return Exit::Done;
}

// Numbers with anything that is no digit between them.
static std::vector<int32_t> idsOf(std::string_view text, const Tokenizer &tokenizer) {
  std::vector<int32_t> ids;
  for (size_t at = 0; at < text.size();) {
    if (text[at] < '0' || text[at] > '9') {
      ++at;
      continue;
    }
    int32_t id = -1;
    const auto [rest, error] = std::from_chars(text.data() + at, text.data() + text.size(), id);
    if (error != std::errc() || id >= tokenizer.size())
      fail(Exit::Input, formatted("token {} is not below {}, the number of tokens",
                                  text.substr(at, std::min<size_t>(rest - text.data() - at, 20)), tokenizer.size()));
    ids.push_back(id);
    at = size_t(rest - text.data());
  }
  return ids;
}

static Exit decode(const TokenizerCommand &command, const Tokenizer &tokenizer) {
  std::vector<int32_t> ids;
  if (command.data.size() == 1 && isTokenFile(command.data[0]) && !command.text) {
    std::vector<TokenFile> files = {openTokenFile(command.data[0], TokenWidth::Unknown)};
    const TokenStore store = TokenStore::ofFiles(std::move(files));
    ids.resize(size_t(store.size()));
    store.copy(0, store.size(), ids.data());
  } else {
    ids = idsOf(inputOf(command), tokenizer);
  }
  write(command.out, tokenizer.decodeAll(ids));
  return Exit::Done;
}

static Exit describe(const TokenizerCommand &command, const Tokenizer &tokenizer) {
  const TextTokenizer *text = tokenizer.text();
  std::string special, kind = tokenizer.name();
  int64_t merges = 0;
  if (text) {
    merges = int64_t(text->mergeTable().merges().size());
    kind = text->parts().algorithm == TokenizerParts::Algorithm::Unigram ? "unigram"
           : text->parts().byteLevel                                     ? "byte-level BPE"
                                                                         : "BPE of characters";
    for (const AddedToken &token : text->parts().added)
      special += command.json ? formatted("{}{}:{}", special.empty() ? "" : ",", jsonQuoted(token.text), token.id)
                              : formatted("  {:<8} {}\n", token.id, printable(token.text));
  }
  if (command.json)
    print("{{\"kind\":\"{}\",\"tokens\":{},\"merges\":{},\"end_of_text\":{},\"added\":{{{}}}}}\n", kind,
          tokenizer.size(), merges, tokenizer.endOfText(), special);
  else
    print("{}, {} tokens, {} merges\nadded tokens, which no text becomes by accident unless they are not special:\n{}",
          kind, tokenizer.size(), merges, special.empty() ? "  none\n" : special);
  return Exit::Done;
}

Exit tokenizerCommand(const TokenizerCommand &command) {
  if (command.action == "train")
    return trainTokenizer(command);
  const Tokenizer tokenizer = given(command);
  keepApart({"--out", command.out},
            {{"--tokenizer", command.tokenizer}, {"--data", command.data.empty() ? "" : command.data[0]}});
  keepTraining(command.out);
  if (command.action == "encode")
    return encode(command, tokenizer);
  if (command.action == "decode")
    return decode(command, tokenizer);
  if (command.action == "info")
    return describe(command, tokenizer);
  if (!tokenizer.text())
    fail(Exit::Input, formatted("tokenizer convert: {} are no tokens of a file", tokenizer.name()));
  write(command.out, tokenizer.vocabulary());
  return Exit::Done;
}

} // namespace sinter
