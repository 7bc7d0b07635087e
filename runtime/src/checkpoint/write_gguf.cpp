// Writes a program's parameters as GGUF.
#include "checkpoint/gguf.h"

#include "base/error.h"
#include "base/format.h"
#include "base/utf8.h"
#include "checkpoint/number_formats.h"
#include "program/program.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <cstring>

namespace sinter {

const std::vector<NameRule> &ggufNames() {
  using Turn = NameRule::Turn;
  static const std::vector<NameRule> names = {
      // GPT-2
      {"token_embd.weight", "wte.weight"},
      {"position_embd.weight", "wpe.weight"},
      {"blk.*.attn_norm.weight", "h.*.ln_1.weight"},
      {"blk.*.attn_norm.bias", "h.*.ln_1.bias"},
      {"blk.*.attn_qkv.weight", "h.*.attn.c_attn.weight", true},
      {"blk.*.attn_qkv.bias", "h.*.attn.c_attn.bias"},
      {"blk.*.attn_output.weight", "h.*.attn.c_proj.weight", true},
      {"blk.*.attn_output.bias", "h.*.attn.c_proj.bias"},
      {"blk.*.ffn_norm.weight", "h.*.ln_2.weight"},
      {"blk.*.ffn_norm.bias", "h.*.ln_2.bias"},
      {"blk.*.ffn_up.weight", "h.*.mlp.c_fc.weight", true},
      {"blk.*.ffn_up.bias", "h.*.mlp.c_fc.bias"},
      {"blk.*.ffn_down.weight", "h.*.mlp.c_proj.weight", true},
      {"blk.*.ffn_down.bias", "h.*.mlp.c_proj.bias"},
      {"output_norm.weight", "ln_f.weight"},
      {"output_norm.bias", "ln_f.bias"},
      // Llama
      {"token_embd.weight", "embed_tokens.weight"},
      {"blk.*.attn_norm.weight", "layers.*.input_layernorm.weight"},
      {"blk.*.attn_q.weight", "layers.*.q_proj.weight", true, Turn::Queries},
      {"blk.*.attn_k.weight", "layers.*.k_proj.weight", true, Turn::Keys},
      {"blk.*.attn_v.weight", "layers.*.v_proj.weight", true},
      {"blk.*.attn_output.weight", "layers.*.o_proj.weight", true},
      {"blk.*.ffn_norm.weight", "layers.*.post_attention_layernorm.weight"},
      {"blk.*.ffn_gate.weight", "layers.*.gate_proj.weight", true},
      {"blk.*.ffn_up.weight", "layers.*.up_proj.weight", true},
      {"blk.*.ffn_down.weight", "layers.*.down_proj.weight", true},
      {"output_norm.weight", "norm.weight"},
      {"output.weight", "lm_head.weight", true},
  };
  return names;
}

namespace {

/// Keys and values, as the file has them.
class Values {
public:
  void number(const std::string &key, int64_t value) {
    put(key, 4);
    raw(uint32_t(value));
  }
  void real(const std::string &key, float value) {
    put(key, 6);
    raw(value);
  }
  void flag(const std::string &key, bool value) {
    put(key, 7);
    raw(uint8_t(value));
  }
  void text(const std::string &key, std::string_view value) {
    put(key, 8);
    rawText(value);
  }
  void texts(const std::string &key, const std::vector<std::string> &values) {
    put(key, 9);
    raw(uint32_t(8));
    raw(uint64_t(values.size()));
    for (const std::string &value : values)
      rawText(value);
  }
  void numbers(const std::string &key, const std::vector<int32_t> &values) {
    put(key, 9);
    raw(uint32_t(5));
    raw(uint64_t(values.size()));
    for (const int32_t value : values)
      raw(value);
  }
  template <typename T> void raw(T value) { bytes.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void rawText(std::string_view text) {
    raw(uint64_t(text.size()));
    bytes += text;
  }

  std::string bytes;
  uint64_t count = 0;

private:
  void put(const std::string &key, uint32_t type) {
    ++count;
    rawText(key);
    raw(type);
  }
};

/// A tensor to write.
struct Written {
  const sinter_state *state;
  const NameRule *rule;
  std::string name;
  std::vector<int64_t> shape; // as theirs
  const NumberFormat *format;
};

class Export {
public:
  Export(Program &program, const Tokenizer &tokenizer, const GgufOptions &options)
      : program_(program), tokenizer_(tokenizer), options_(options) {
    std::string type = options.type;
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    matrices_ = findNumberFormat(type);
  }

  void write(const std::string &path) {
    collect();
    Values values;
    describeModel(values);
    describeTokens(values);
    std::string head = "GGUF";
    Values first;
    first.raw(uint32_t(3));
    first.raw(uint64_t(tensors_.size()));
    first.raw(values.count);
    head += first.bytes + values.bytes + tensorInfos();
    head.resize((head.size() + 31) / 32 * 32);
    AtomicFile file(path);
    file.write(head.data(), head.size());
    for (const Written &tensor : tensors_)
      writeTensor(file, tensor);
    file.commit();
  }

private:
  // The numbers of an architecture are those of its parameters, and of the settings that they do not tell.
  void collect() {
    const sinter_program &description = program_.description();
    for (uint32_t s = 0; s < description.state_count; ++s) {
      const sinter_state &state = description.states[s];
      if (!isParameter(state))
        continue;
      Written tensor{&state, nullptr, {}, {state.tensor.shape, state.tensor.shape + state.tensor.rank}, nullptr};
      for (const NameRule &rule : ggufNames())
        if (const std::string name = NameRule{rule.to, rule.from}.apply(state.tensor.name); !name.empty()) {
          tensor.rule = &rule;
          tensor.name = name;
        }
      if (!tensor.rule || state.tensor.dtype != SINTER_F32)
        fail(Exit::Input, formatted("{}: is no parameter of GPT-2's or of Llama's in examples/zoo: GGUF is written of "
                                    "these",
                                    state.tensor.name));
      if (tensor.rule->transpose)
        std::swap(tensor.shape[0], tensor.shape[1]);
      const bool matrix = tensor.shape.size() == 2 && tensor.name != "position_embd.weight";
      tensor.format = matrix ? matrices_ : findNumberFormat("F32");
      if (tensor.shape.back() % tensor.format->block)
        fail(Exit::Input, formatted("{}: rows of {} are not a whole number of {}'s blocks of {}; --type f16 has none",
                                    state.tensor.name, tensor.shape.back(), options_.type, tensor.format->block));
      tensors_.push_back(std::move(tensor));
    }
    std::sort(tensors_.begin(), tensors_.end(), [](const Written &a, const Written &b) { return a.name < b.name; });
  }

  const Written &find(std::string_view name) const {
    for (const Written &tensor : tensors_)
      if (tensor.name == name)
        return tensor;
    fail(Exit::Input, formatted("the program has no parameter that is {} in a GGUF", name));
  }
  bool has(std::string_view name) const {
    return std::any_of(tensors_.begin(), tensors_.end(), [&](const Written &t) { return t.name == name; });
  }

  void describeModel(Values &values) {
    const bool gpt2 = has("position_embd.weight");
    const std::string prefix = gpt2 ? "gpt2." : "llama.";
    const std::vector<int64_t> table = find("token_embd.weight").shape;
    const int64_t width = table[1], hidden = find("blk.0.ffn_up.weight").shape[0];
    const int64_t context = gpt2 ? find("position_embd.weight").shape[0] : options_.context;
    vocabulary_ = table[0];
    int64_t blocks = 0;
    while (has(formatted("blk.{}.attn_norm.weight", blocks)))
      ++blocks;
    if (options_.heads < 1 || width % options_.heads || (!gpt2 && (options_.keyHeads < 1 || context < 1)))
      fail(Exit::Input, formatted("the program's configuration does not say its heads{}: a width of {} and {} heads",
                                  gpt2 ? "" : ", shared heads and context", width, options_.heads));
    static constexpr std::pair<const char *, int> types[] = {
        {"f32", 0}, {"f16", 1}, {"q4_0", 2}, {"q8_0", 7}, {"bf16", 32}};
    values.text("general.architecture", gpt2 ? "gpt2" : "llama");
    values.text("general.name", program_.description().name);
    for (const auto &[name, number] : types)
      if (options_.type == name)
        values.number("general.file_type", number);
    values.number("general.quantization_version", 2);
    values.number(prefix + "block_count", blocks);
    values.number(prefix + "context_length", context);
    values.number(prefix + "embedding_length", width);
    values.number(prefix + "feed_forward_length", hidden);
    values.number(prefix + "attention.head_count", options_.heads);
    if (gpt2) {
      values.real(prefix + "attention.layer_norm_epsilon", 1e-5f);
      return;
    }
    values.number(prefix + "attention.head_count_kv", options_.keyHeads);
    values.real(prefix + "attention.layer_norm_rms_epsilon", 1e-5f);
    values.number(prefix + "rope.dimension_count", width / options_.heads);
    values.real(prefix + "rope.freq_base", 10000.0f);
    values.number(prefix + "vocab_size", vocabulary_);
  }

  // Byte-level tokens are written as GPT-2 writes them; of the others, those that are as if they were such.
  void describeTokens(Values &values) {
    std::vector<std::string> tokens(size_t(vocabulary_), "");
    std::vector<int32_t> kinds(size_t(vocabulary_), 5); // unused
    std::vector<std::string> merges;
    const TextTokenizer *text = tokenizer_.text();
    for (int64_t id = 0; id < std::min(vocabulary_, tokenizer_.size()); ++id) {
      const std::string bytes = tokenizer_.decode(int32_t(id));
      const bool special = text && text->isSpecial(int32_t(id));
      if (bytes.empty())
        continue;
      tokens[size_t(id)] = special ? bytes : printedBytes(bytes);
      kinds[size_t(id)] = special ? 3 : 1;
    }
    for (size_t id = 0; id < tokens.size(); ++id)
      if (tokens[id].empty())
        tokens[id] = formatted("[unused {}]", id);
    if (text)
      for (const Merge &merge : text->mergeTable().merges())
        merges.push_back(printedBytes(text->decode(merge.left)) + " " + printedBytes(text->decode(merge.right)));
    values.text("tokenizer.ggml.model", "gpt2");
    values.text("tokenizer.ggml.pre", patternName());
    values.texts("tokenizer.ggml.tokens", tokens);
    values.numbers("tokenizer.ggml.token_type", kinds);
    values.texts("tokenizer.ggml.merges", merges);
    const int32_t end = tokenizer_.endOfText();
    if (end >= 0) {
      values.number("tokenizer.ggml.bos_token_id", end);
      values.number("tokenizer.ggml.eos_token_id", end);
    }
    values.flag("tokenizer.ggml.add_bos_token", false);
  }

  const char *patternName() const {
    const TextTokenizer *text = tokenizer_.text();
    if (!text)
      return "gpt-2";
    const TokenizerParts &parts = text->parts();
    Splitter::Known known = Splitter::Known::None;
    for (const Splitting &step : parts.splittings)
      known = step.kind == Splitting::Kind::Pattern                    ? step.splitter->known()
              : step.kind == Splitting::Kind::ByteLevel && step.splits ? Splitter::Known::Gpt2
                                                                       : known;
    if (!parts.byteLevel || known == Splitter::Known::None || parts.algorithm != TokenizerParts::Algorithm::Bpe)
      fail(Exit::Input,
           "the tokenizer is not byte-level with a pattern that llama.cpp knows (GPT-2's, Llama 3's, Qwen's "
           "or o200k's): no GGUF is written");
    return known == Splitter::Known::Gpt2     ? "gpt-2"
           : known == Splitter::Known::Cl100k ? "llama-bpe"
           : known == Splitter::Known::Qwen2  ? "qwen2"
                                              : "gpt-4o";
  }

  static uint64_t bytesOf(const Written &tensor) {
    uint64_t count = 1;
    for (const int64_t size : tensor.shape)
      count *= uint64_t(size);
    return count / uint64_t(tensor.format->block) * tensor.format->bytes;
  }

  std::string tensorInfos() const {
    static constexpr std::pair<std::string_view, uint32_t> types[] = {
        {"F32", 0}, {"F16", 1}, {"Q4_0", 2}, {"Q8_0", 8}, {"BF16", 30}};
    Values infos;
    uint64_t at = 0;
    for (const Written &tensor : tensors_) {
      infos.rawText(tensor.name);
      infos.raw(uint32_t(tensor.shape.size()));
      for (size_t i = tensor.shape.size(); i-- > 0;)
        infos.raw(uint64_t(tensor.shape[i]));
      for (const auto &[name, number] : types)
        if (name == tensor.format->name)
          infos.raw(number);
      infos.raw(at);
      at += (bytesOf(tensor) + 31) / 32 * 32;
    }
    return infos.bytes;
  }

  void writeTensor(AtomicFile &file, const Written &tensor) {
    const auto *ours = static_cast<const float *>(program_.toRead(*tensor.state));
    const int64_t count = elementCount(tensor.state->tensor);
    std::vector<float> values(ours, ours + count);
    if (tensor.rule->transpose)
      for (int64_t r = 0; r < tensor.shape[0]; ++r)
        for (int64_t c = 0; c < tensor.shape[1]; ++c)
          values[size_t(r * tensor.shape[1] + c)] = ours[c * tensor.shape[0] + r];
    if (tensor.rule->turn != NameRule::Turn::None)
      pairHeads(values.data(), tensor.shape[0], tensor.shape[1],
                tensor.rule->turn == NameRule::Turn::Keys ? options_.keyHeads : options_.heads, false);
    std::string bytes((bytesOf(tensor) + 31) / 32 * 32, '\0');
    tensor.format->fromFloat(values.data(), count, bytes.data());
    file.write(bytes.data(), bytes.size());
  }

  Program &program_;
  const Tokenizer &tokenizer_;
  const GgufOptions &options_;
  const NumberFormat *matrices_;
  std::vector<Written> tensors_;
  int64_t vocabulary_ = 0;
};

} // namespace

void exportGguf(const std::string &path, Program &program, const Tokenizer &tokenizer, const GgufOptions &options) {
  Export(program, tokenizer, options).write(path);
}

} // namespace sinter
