// Files of tensors: checkpoints, other people's safetensors, GGUF.
#include "../array_files.h"
#include "base/format.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/number_formats.h"
#include "checkpoint/tensor_source.h"
#include "target.h"
#include "tokenizers/tokenizer_files.h"
#include "training/trainer.h"

#include <map>

namespace sinter::test {

namespace {

Program &mock() {
  static Program program(sinter_program_v1, 1);
  static const bool initialized = (program.initialize(1), true);
  (void)initialized;
  return program;
}

// --- Checkpoints and safetensors: the input is settings and a header; behind it come always the same numbers.

enum : unsigned { Repaired = 1, Raw = 2, Shorter = 4, Longer = 8 };

/// The file of such an input, whose hash is made right if the settings say so.
std::string tensorFileOf(const std::string &input, std::string data) {
  const unsigned settings = settingsOf(input);
  std::string header = contentOf(input);
  if (settings & Raw) // also the length of the header is the input's
    return header;
  if (settings & Repaired)
    if (const size_t at = header.find("\"xxh3\":\""); at != std::string::npos && at + 24 <= header.size())
      header.replace(at + 8, 16, "0000000000000000");
  if (settings & Shorter)
    data.resize(data.size() / 2);
  if (settings & Longer)
    data += 'x';
  const std::string bytes = headerLengthBytes(header) + header + data;
  return settings & Repaired ? withHash(bytes) : bytes;
}

/// Header and data of a checkpoint of the mock's.
const std::pair<std::string, std::string> &goodCheckpoint(const Tokenizer &tokenizer) {
  static std::map<std::string, std::pair<std::string, std::string>> known;
  auto [found, isNew] = known.try_emplace(tokenizer.name());
  if (isNew) {
    Checkpoint checkpoint;
    checkpoint.options = TrainingOptions().json();
    checkpoint.tokenizer = tokenizer;
    const std::string path = fuzzFile("good.safetensors", "");
    saveCheckpoint(path, mock(), checkpoint);
    const std::string bytes = readFile(path);
    uint64_t size;
    std::memcpy(&size, bytes.data(), sizeof size);
    found->second = {bytes.substr(8, size), bytes.substr(8 + size)};
  }
  return found->second;
}

std::vector<std::string> checkpointSeeds() {
  std::vector<std::string> seeds;
  for (const Tokenizer &tokenizer : {Tokenizer::charsOf("abc\u00e9\u20ac", "t"), Tokenizer::bytes()})
    seeds.push_back(char(Repaired) + goodCheckpoint(tokenizer).first);
  return seeds;
}

void readCheckpoint(const std::string &input) {
  static const std::string data = goodCheckpoint(Tokenizer::bytes()).second;
  const std::string path = fuzzFile("c.safetensors", tensorFileOf(input, data));
  bool complete;
  std::vector<std::string> notes;
  attempt([&] { loadParameters(path, mock(), &complete, notes); });
  attempt([&] { readContents(path); });
  TrainingOptions::parse(loadCheckpoint(path, mock()).options, path);
}

void changeHeader(Mutator &mutator, std::string &input) {
  changeContent(mutator, input,
                [&](std::string &header) { mutator.below(4) ? mutator.json(header) : mutator.bytes(header); });
}

constexpr size_t tableBytes = sizeof(float) * 96 * 96;

std::vector<std::string> parameterSeeds() {
  const auto tensor = [](const char *name, const char *type, const char *shape, size_t begin, size_t end) {
    return formatted(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", name, type, shape, begin, end);
  };
  const std::string buffer = tensor("h.0.attn.bias", "U8", "2,2", tableBytes / 2, tableBytes / 2 + 4) + "," +
                             tensor("lm_head.weight", "F8_E4M3", "4,96,48", tableBytes / 2 + 4, tableBytes);
  return {"\1{" + tensor("table.weight", "F32", "96,96", 0, tableBytes) + "}",
          "\1{\"__metadata__\":{\"format\":\"pt\"}," + tensor("transformer.table.weight", "F16", "96,96", 0, 18432) +
              "," + buffer + "}",
          "\1{" + tensor("_orig_mod.table.weight", "BF16", "96,96", 0, 18432) + "," + buffer + "}"};
}

void readParameters(const std::string &input) {
  const std::string path = fuzzFile("p.safetensors", tensorFileOf(input, std::string(tableBytes, 'a')));
  bool complete;
  std::vector<std::string> notes;
  std::vector<ImportedTensor> table;
  loadParameters(path, mock(), &complete, notes, parseNameRules({"h.*=table.*:transpose"}), &table);
  importTable(table);
}

// --- GGUF

std::string ggufText(const std::string &text) { return littleEndian(text.size(), 8) + text; }
std::string ggufTexts(const std::string &key, const std::vector<std::string> &texts) {
  std::string bytes = ggufText(key) + littleEndian(9, 4) + littleEndian(8, 4) + littleEndian(texts.size(), 8);
  for (const std::string &text : texts)
    bytes += ggufText(text);
  return bytes;
}
std::string ggufValue(const std::string &key, const std::string &text) {
  return ggufText(key) + littleEndian(8, 4) + ggufText(text);
}
std::string ggufNumber(const std::string &key, uint64_t number) {
  return ggufText(key) + littleEndian(4, 4) + littleEndian(number, 4);
}

/// The mock's table in a type of numbers, behind these values.
std::string ggufFile(const std::vector<std::string> &values, uint32_t type, size_t bytes, uint32_t version = 3) {
  std::string file = "GGUF" + littleEndian(version, 4) + littleEndian(1, 8) + littleEndian(values.size(), 8);
  for (const std::string &value : values)
    file += value;
  file += ggufText("table.weight") + littleEndian(2, 4) + littleEndian(96, 8) + littleEndian(96, 8) +
          littleEndian(type, 4) + littleEndian(0, 8);
  file.resize((file.size() + 31) / 32 * 32);
  return file + std::string(bytes, '\1');
}

std::vector<std::string> ggufSeeds() {
  const std::vector<std::string> tokenizer = {
      ggufValue("general.architecture", "gpt2"),
      ggufValue("tokenizer.ggml.model", "gpt2"),
      ggufValue("tokenizer.ggml.pre", "gpt-2"),
      ggufTexts("tokenizer.ggml.tokens", {"a", "b", "\u0120", "ab", "\u0120ab", "<|endoftext|>", "<x>"}),
      ggufText("tokenizer.ggml.token_type") + littleEndian(9, 4) + littleEndian(5, 4) + littleEndian(7, 8) +
          bytesOf<int32_t>({1, 1, 1, 1, 1, 3, 4}),
      ggufTexts("tokenizer.ggml.merges", {"a b", "\u0120 ab"}),
      ggufNumber("gpt2.attention.head_count", 4),
      ggufText("general.scale") + littleEndian(6, 4) + littleEndian(0, 4)};
  return {ggufFile({}, 2, 96 * 96 / 32 * 18), ggufFile(tokenizer, 2, 96 * 96 / 32 * 18),
          ggufFile({ggufNumber("general.alignment", 32), ggufNumber("llama.attention.head_count_kv", 2)}, 8,
                   96 * 96 / 32 * 34, 2)};
}

void readGguf(const std::string &input) {
  const std::string path = fuzzFile("m.gguf", input);
  const TensorSource source(path);
  attempt([&] {
    bool complete;
    std::vector<std::string> notes;
    loadParameters(path, mock(), &complete, notes);
  });
  if (source.tokenizer().empty())
    return;
  const auto tokenizer = readTokenizerJson(source.tokenizer(), path); // what is written can be read
  attempt([&] {
    for (const int32_t id : tokenizer->encodeWithSpecial("ab ab<|endoftext|> a<x>", "t"))
      require(id >= 0 && id < tokenizer->size(), "ids are in the vocabulary");
  });
}

} // namespace

std::vector<Target> tensorTargets() {
  const auto changeBinary = [](Mutator &mutator, std::string &input) {
    mutator.below(4) ? mutator.numbers(input, 1024) : mutator.bytes(input);
  };
  return {{"checkpoint", checkpointSeeds(), readCheckpoint, changeHeader},
          {"safetensors", parameterSeeds(), readParameters, changeHeader},
          {"gguf", ggufSeeds(), readGguf, changeBinary}};
}

} // namespace sinter::test
