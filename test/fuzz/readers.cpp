// libFuzzer on the readers of files, under address and undefined sanitizers: readers --format=NAME [libFuzzer's
// options] [CORPUS]. Inputs begin as valid files, and are changed as their format is made: fields of JSON, lines,
// bytes.
#include "base/error.h"
#include "checkpoint/gguf.h"
#include "checkpoint/safetensors.h"
#include "data/token_files.h"
#include "mutator.h"
#include "tokenizers/tokenizer_files.h"

#include <cstdio>
#include <cstring>
#include <functional>
#include <sys/mman.h>
#include <unistd.h>

namespace sinter::test {

namespace {

/// A file in memory, for readers that read from the disk.
class MemoryFile {
public:
  explicit MemoryFile(std::string_view content) : file_(memfd_create("fuzz", 0)) {
    if (::write(file_, content.data(), content.size()) != ssize_t(content.size()))
      std::abort();
    (void)lseek(file_, 0, SEEK_SET); // whoever opens it reads on from here
  }
  ~MemoryFile() { ::close(file_); }
  std::string path(const char *ending = "") const { return "/proc/self/fd/" + std::to_string(file_) + ending; }

private:
  int file_;
};

std::string base() {
  TokenizerParts parts;
  for (const char *text : {"a", "b", "c", "ab", "abc", "<|endoftext|>"})
    parts.texts.add(parts.texts.size(), text);
  parts.merges = {{0, 1, 3}, {3, 2, 4}};
  parts.wholePieces = true;
  parts.added.push_back({5, "<|endoftext|>", true});
  parts.normalizations.push_back({Normalization::Kind::Nfc});
  parts.splittings.push_back({Splitting::Kind::Pattern});
  parts.splittings.back().splitter.emplace("(?i:'s)|[^\\r\\n\\p{L}]?\\p{L}+|\\s+(?!\\S)|.{1,3}", "seed");
  parts.splittings.push_back({Splitting::Kind::ByteLevel, {}, {}, {}, Splitting::Prefix::Always, true});
  return TextTokenizer(std::move(parts), "seed").saved();
}

std::string metaspace() {
  std::string text =
      R"({"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":9,"content":"<t>","special":false,
"lstrip":true,"rstrip":true,"single_word":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend",
"prepend":"_"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]},"pre_tokenizer":{"type":"Sequence",
"pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"Metaspace","replacement":"_","prepend_scheme":"first",
"split":true},{"type":"Split","pattern":{"String":"b"},"behavior":"MergedWithNext","invert":false}]},"decoder":null,
"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<unk>"}},{"Sequence":{"id":"A"}}],
"special_tokens":{"<unk>":{"ids":[0]}}},"model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,
"vocab":{"<unk>":0,"_":1,"a":2,"b":3,"_a":4,"<0x0A>":5,"ab":6},"merges":[["_","a"],"a b"]}})";
  for (size_t at = text.find('_'); at != text.npos; at = text.find('_', at + 1)) // but not in the names of fields
    if ((text[at - 1] == '"' && (text[at + 1] == '"' || text[at + 1] == 'a')))
      text.replace(at, 1, "\u2581");
  return text;
}

void use(const TextTokenizer &tokenizer) {
  const std::string text = "ab abc <|endoftext|> b1 \u00e9e\u0301\n\xff <t>";
  std::vector<int32_t> ids = tokenizer.encodeWithSpecial(text, "t");
  for (size_t position = 0; position < text.size();)
    tokenizer.encodeSome(text, position, 4, ids, "t");
  for (const int32_t id : ids)
    if (id < 0 || id >= tokenizer.size())
      std::abort();
  (void)tokenizer.decodeAll(ids);
  if (readTokenizerJson(tokenizer.saved(), "again")->size() != tokenizer.size())
    std::abort();
}

std::string sentencePiece() {
  const auto field = [](int number, std::string_view bytes) {
    return std::string{char(number << 3 | 2), char(bytes.size())} + std::string(bytes);
  };
  std::string model;
  int type = 2;
  for (const char *text : {"<unk>", "\u2581", "a", "\u2581a", "<0x0A>"}) {
    model +=
        field(1, field(1, text) + std::string{char(2 << 3 | 5), 0, 0, char(-128), char(-65), char(3 << 3), char(type)});
    type = 1;
  }
  model += field(2, std::string{char(3 << 3), 2, char(0x98), 2, 1});
  return model + field(3, std::string{char(3 << 3), 1, char(4 << 3), 0});
}

template <typename T> void put(std::string &to, T value) {
  to.append(reinterpret_cast<const char *>(&value), sizeof value);
}
void putText(std::string &to, std::string_view text) {
  put(to, uint64_t(text.size()));
  to += text;
}

std::string gguf() {
  std::string file = "GGUF";
  put(file, uint32_t(3));
  put(file, uint64_t(1));
  put(file, uint64_t(4));
  for (const auto &[key, value] : {std::pair("tokenizer.ggml.model", "gpt2"), {"tokenizer.ggml.pre", "gpt-2"}}) {
    putText(file, key);
    put(file, uint32_t(8));
    putText(file, value);
  }
  for (const auto &[key, values] : {std::pair("tokenizer.ggml.tokens", std::vector<const char *>{"a", "b", "ab"}),
                                    {"tokenizer.ggml.merges", {"a b"}}}) {
    putText(file, key);
    put(file, uint32_t(9));
    put(file, uint32_t(8));
    put(file, uint64_t(values.size()));
    for (const char *value : values)
      putText(file, value);
  }
  putText(file, "token_embd.weight");
  put(file, uint32_t(2));
  put(file, uint64_t(32));
  put(file, uint64_t(1));
  put(file, uint32_t(8));
  put(file, uint64_t(0));
  file.resize((file.size() + 31) / 32 * 32 + 34);
  return file;
}

struct Format {
  const char *name;
  std::vector<std::string> seeds;
  std::function<void(const std::string &)> read;
  bool json = false;
};

const std::vector<Format> &formats() {
  static const std::vector<Format> all = {
      {"tokenizer.json",
       {base(), metaspace()},
       [](const std::string &text) { use(*readTokenizerJson(text, "t")); },
       true},
      {"gpt2",
       {"{\"a\":0,\"b\":1,\"ab\":2}\x01#version\na b\n"},
       [](const std::string &text) {
         const size_t cut = std::min(text.find('\x01'), text.size());
         use(*readGpt2Files(text.substr(0, cut), text.substr(std::min(cut + 1, text.size())), "t"));
       }},
      {"tiktoken",
       {"YQ== 0\nYg== 1\nYWI= 2\n"},
       [](const std::string &text) { use(*readTiktoken(text, "cl100k", "t")); }},
      {"sentencepiece", {sentencePiece()}, [](const std::string &text) { use(*readSentencePiece(text, "t")); }},
      {"pattern",
       {"(?i:'s|'ll)|[^\\r\\n\\p{L}]?\\p{L}+?|\\s+(?!\\S)|(?>a|ab)*c{1,3}+"},
       [](const std::string &text) {
         uint64_t budget = 100000;
         const std::string_view subject = "abcab's \n\xff\u00e9 ccc";
         const Pattern pattern(text, "t");
         for (size_t at = 0; at < subject.size(); at = pattern.find(subject, at, budget).second) {
         }
       }},
      {"tokens",
       {tokenFileHeader(4, 2, 1) + "abcdefgh", "abcd"},
       [](const std::string &text) {
         const MemoryFile file(text);
         const TokenStore store = TokenStore::ofFiles({openTokenFile(file.path(), TokenWidth::Unknown)});
         std::vector<int32_t> ids(size_t(store.size()));
         store.copy(0, store.size(), ids.data());
         (void)store.hash(0, store.size());
       }},
      {"safetensors",
       {std::string("\x40\0\0\0\0\0\0\0", 8) +
        R"({"a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}        1234)"},
       [](const std::string &text) {
         const MemoryFile file(text);
         const TensorSource source(file.path());
         for (const SourceTensor &tensor : source.tensors())
           if (TensorSource::isKnown(tensor.dtype)) {
             std::vector<float> values(size_t(tensor.count()));
             source.read(tensor, values.data());
           }
       }},
      {"gguf",
       {gguf()},
       [](const std::string &text) {
         const MemoryFile file(text);
         const TensorSource source(file.path());
         for (const SourceTensor &tensor : source.tensors())
           if (TensorSource::isKnown(tensor.dtype) && tensor.end - tensor.begin <= text.size() &&
               tensor.count() < 1 << 20) {
             std::vector<float> values(size_t(tensor.count()));
             source.read(tensor, values.data());
           }
       }},
  };
  return all;
}

const Format *chosen = nullptr;

} // namespace

} // namespace sinter::test

using namespace sinter::test;

extern "C" int LLVMFuzzerInitialize(int *count, char ***words) {
  for (int i = 1; i < *count; ++i)
    for (const Format &format : formats())
      if ((*words)[i] == "--format=" + std::string(format.name))
        chosen = &format;
  if (!chosen) {
    std::fprintf(stderr, "readers --format=NAME, one of:");
    for (const Format &format : formats())
      std::fprintf(stderr, " %s", format.name);
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  for (const std::string &seed : chosen->seeds) {
    try {
      chosen->read(seed);
    } catch (const sinter::Failure &failure) {
      std::fprintf(stderr, "a valid file is refused: %s\n", failure.what());
      std::exit(2);
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try {
    chosen->read(std::string(reinterpret_cast<const char *>(data), size));
  } catch (const sinter::Failure &) {
  }
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  Mutator mutator(seed);
  std::string text(reinterpret_cast<const char *>(data), size);
  if (size < 4 || mutator.below(64) == 0)
    text = chosen->seeds[mutator.below(chosen->seeds.size())];
  else if (mutator.below(4) == 0)
    return LLVMFuzzerMutate(data, size, most);
  chosen->json &&mutator.below(4) ? mutator.json(text) : mutator.bytes(text);
  text.resize(std::min(text.size(), most));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
