// Reads headers of GGUF files.
#include "checkpoint/gguf.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "checkpoint/number_formats.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace sinter {

namespace {

/// Numbers and texts of a header, of which no more is taken than the file has.
class Reader {
public:
  explicit Reader(FileReader &file) : file_(file) {}

  template <typename T> T number() {
    T value;
    read(&value, sizeof value);
    return value;
  }
  std::string text(uint64_t most) {
    const auto size = number<uint64_t>();
    if (size > std::min(most, left()))
      damaged(formatted("a text of {} bytes", size));
    std::string result(size_t(size), '\0');
    read(result.data(), result.size());
    return result;
  }
  uint64_t left() const { return file_.size() - at_; }
  uint64_t at() const { return at_; }
  void skip(uint64_t size) {
    if (size > left())
      damaged("truncated inside its header");
    at_ += size;
  }
  [[noreturn]] void damaged(const std::string &what) const {
    fail(Exit::Damaged, formatted("{}: damaged, or not GGUF: {}", file_.path(), what));
  }

private:
  void read(void *data, size_t size) {
    // A part at a time: headers are many small things.
    while (size > 0) {
      if (next_ == part_.size()) {
        part_.resize(size_t(std::min<uint64_t>(1 << 16, left())));
        if (part_.empty() || file_.readAt(at_, part_.data(), part_.size()) != part_.size())
          damaged("truncated inside its header");
        next_ = 0;
        begin_ = at_;
      }
      if (begin_ + next_ != at_) { // something was skipped
        next_ = part_.size();
        continue;
      }
      const size_t now = std::min(size, part_.size() - next_);
      std::memcpy(data, part_.data() + next_, now);
      data = static_cast<char *>(data) + now;
      size -= now;
      next_ += now;
      at_ += now;
    }
  }

  FileReader &file_;
  uint64_t at_ = 0, begin_ = 0;
  size_t next_ = 0;
  std::string part_;
};

enum ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, Text, Array, U64, I64, F64 };

constexpr uint64_t bytesOf(uint32_t type) {
  constexpr uint64_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type <= F64 ? bytes[type] : 0;
}

struct TensorType {
  uint32_t number;
  const char *name;
};
constexpr TensorType tensorTypes[] = {{0, "F32"}, {1, "F16"}, {2, "Q4_0"}, {8, "Q8_0"}, {28, "F64"}, {30, "BF16"}};

/// The metadata that matters here.
struct Metadata {
  std::map<std::string, int64_t> numbers;
  std::map<std::string, std::string> texts;
  std::vector<std::string> tokens, merges;
  std::vector<int64_t> tokenTypes;
};

int64_t wholeNumber(Reader &reader, uint32_t type) {
  switch (type) {
  case U8:
  case Bool:
    return reader.number<uint8_t>();
  case I8:
    return reader.number<int8_t>();
  case U16:
    return reader.number<uint16_t>();
  case I16:
    return reader.number<int16_t>();
  case U32:
    return reader.number<uint32_t>();
  case I32:
    return reader.number<int32_t>();
  default:
    return reader.number<int64_t>();
  }
}

void readArray(Reader &reader, const std::string &key, Metadata &metadata) {
  const auto type = reader.number<uint32_t>();
  const auto count = reader.number<uint64_t>();
  if (type == Text) {
    if (count > reader.left() / 8 || count > uint64_t(mostTokens))
      reader.damaged(formatted("{} has {} texts", printable(key), count));
    std::vector<std::string> ignored;
    auto &to = key == "tokenizer.ggml.tokens"   ? metadata.tokens
               : key == "tokenizer.ggml.merges" ? metadata.merges
                                                : ignored;
    if (!to.empty())
      reader.damaged(formatted("{} is given twice", printable(key)));
    if (&to != &ignored)
      to.reserve(size_t(count));
    for (uint64_t i = 0; i < count; ++i) {
      std::string text = reader.text(65536);
      if (&to != &ignored)
        to.push_back(std::move(text));
    }
    return;
  }
  const uint64_t bytes = bytesOf(type);
  if (!bytes || count > reader.left() / bytes)
    reader.damaged(formatted("{} is an array of {} values of type {}", printable(key), count, type));
  if (key != "tokenizer.ggml.token_type" || type == F32 || type == F64)
    return reader.skip(count * bytes);
  if (count > uint64_t(mostTokens) || !metadata.tokenTypes.empty())
    reader.damaged(formatted("{} has {} values, or is given twice", printable(key), count));
  for (uint64_t i = 0; i < count; ++i)
    metadata.tokenTypes.push_back(wholeNumber(reader, type));
}

void readValue(Reader &reader, Metadata &metadata) {
  const std::string key = reader.text(65535);
  const auto type = reader.number<uint32_t>();
  if (type == Array)
    return readArray(reader, key, metadata);
  if (type == Text) {
    std::string text = reader.text(uint64_t(1) << 20);
    metadata.texts[key] = std::move(text);
  } else if (type == F32 || type == F64)
    reader.skip(bytesOf(type));
  else if (bytesOf(type))
    metadata.numbers[key] = wholeNumber(reader, type);
  else
    reader.damaged(formatted("{} is of type {}", printable(key), type));
}

SourceTensor readTensor(Reader &reader) {
  SourceTensor tensor;
  tensor.name = reader.text(TensorLimits::nameLength);
  const auto rank = reader.number<uint32_t>();
  if (rank > TensorLimits::rank)
    reader.damaged(formatted("tensor {}: rank {}", printable(tensor.name), rank));
  for (uint32_t i = 0; i < rank; ++i) {
    const auto size = reader.number<uint64_t>();
    if (size > uint64_t(INT64_MAX))
      reader.damaged(formatted("tensor {}: size {}", printable(tensor.name), size));
    tensor.shape.insert(tensor.shape.begin(), int64_t(size)); // the last axis comes first
  }
  const auto type = reader.number<uint32_t>();
  const auto *found = std::find_if(std::begin(tensorTypes), std::end(tensorTypes),
                                   [&](const TensorType &t) { return t.number == type; });
  tensor.dtype = found != std::end(tensorTypes) ? found->name : formatted("type {}", type);
  tensor.begin = reader.number<uint64_t>();
  return tensor;
}

// From where in the data to where in the file.
void place(SourceTensor &tensor, uint64_t data, const Reader &reader, uint64_t size) {
  uint64_t count = 1;
  for (const int64_t axis : tensor.shape)
    if (__builtin_mul_overflow(count, uint64_t(axis), &count) || count > uint64_t(INT64_MAX))
      reader.damaged(formatted("tensor {}: its shape overflows", printable(tensor.name)));
  const NumberFormat *format = findNumberFormat(tensor.dtype);
  const uint64_t bytes = format ? count / uint64_t(format->block) * format->bytes : 0;
  if (tensor.begin > size - data || bytes > size - data - tensor.begin ||
      (format && count / uint64_t(format->block) > size))
    reader.damaged(formatted("tensor {}: {} bytes from {} are not inside the {} of data", printable(tensor.name), bytes,
                             tensor.begin, size - data));
  tensor.begin += data;
  tensor.end = tensor.begin + bytes;
}

// llama.cpp's names of patterns.
Splitter::Known patternOf(const std::string &name) {
  return name == "gpt-2"                                             ? Splitter::Known::Gpt2
         : name == "llama-bpe" || name == "cl100k" || name == "dbrx" ? Splitter::Known::Cl100k
         : name == "qwen2"                                           ? Splitter::Known::Qwen2
         : name == "gpt-4o"                                          ? Splitter::Known::O200k
                                                                     : Splitter::Known::None;
}

std::string tokenizerOf(const Metadata &metadata, const std::string &path) {
  const auto text = [&](const char *key) {
    const auto found = metadata.texts.find(key);
    return found == metadata.texts.end() ? std::string() : found->second;
  };
  const Splitter::Known pattern = patternOf(text("tokenizer.ggml.pre"));
  if (text("tokenizer.ggml.model") != "gpt2" || pattern == Splitter::Known::None || metadata.tokens.empty())
    return {};
  TokenizerParts parts;
  for (size_t i = 0; i < metadata.tokens.size(); ++i) {
    const std::string &printed = metadata.tokens[i];
    const int64_t type = i < metadata.tokenTypes.size() ? metadata.tokenTypes[i] : 1;
    const auto bytes = bytesOfPrinted(printed);
    const auto id = int32_t(i);
    if (printed.empty() || type == 5)
      continue; // unused
    if (type == 3 || type == 4)
      parts.added.push_back({id, printed, type == 3});
    if (!parts.texts.add(id, bytes && type != 3 && type != 4 ? *bytes : printed))
      fail(Exit::Damaged, formatted("{}: token {}, '{}', is given twice", path, i, printable(printed)));
  }
  for (const std::string &merge : metadata.merges) {
    const size_t space = merge.find(' ', 1);
    const auto left = bytesOfPrinted(merge.substr(0, space));
    const auto right = space == merge.npos ? std::nullopt : bytesOfPrinted(merge.substr(space + 1));
    const Merge found{left ? parts.texts.find(*left) : -1, right ? parts.texts.find(*right) : -1,
                      left && right ? parts.texts.find(*left + *right) : -1};
    if (found.left < 0 || found.right < 0 || found.whole < 0)
      fail(Exit::Damaged, formatted("{}: merge '{}' is not of two tokens that make a third", path, printable(merge)));
    parts.merges.push_back(found);
  }
  parts.wholePieces = pattern != Splitter::Known::Gpt2;
  parts.splittings.push_back({Splitting::Kind::Pattern});
  parts.splittings.back().splitter.emplace(pattern);
  return TextTokenizer(std::move(parts), path).saved();
}

} // namespace

GgufFile readGgufHeader(FileReader &file) {
  if (!file.regular())
    fail(Exit::Input, formatted("{}: not a regular file", file.path()));
  Reader reader(file);
  if (reader.number<uint32_t>() != 0x46554747)
    reader.damaged("it does not begin with GGUF");
  if (const auto version = reader.number<uint32_t>(); version < 2 || version > 3)
    fail(Exit::Input, formatted("{}: GGUF of version {}, of which 2 and 3 are read", file.path(), version));
  const auto tensors = reader.number<uint64_t>(), values = reader.number<uint64_t>();
  if (tensors > TensorLimits::tensors || values > 65536)
    reader.damaged(formatted("{} tensors and {} values", tensors, values));
  Metadata metadata;
  for (uint64_t i = 0; i < values; ++i)
    readValue(reader, metadata);
  GgufFile result;
  for (uint64_t i = 0; i < tensors; ++i)
    result.tensors.push_back(readTensor(reader));
  const int64_t alignment = metadata.numbers.contains("general.alignment") ? metadata.numbers["general.alignment"] : 32;
  if (alignment < 1 || alignment > 65536)
    reader.damaged(formatted("an alignment of {}", alignment));
  const uint64_t data = (reader.at() + uint64_t(alignment) - 1) / uint64_t(alignment) * uint64_t(alignment);
  if (data > file.size() && !result.tensors.empty())
    reader.damaged("truncated in front of its tensors");
  for (SourceTensor &tensor : result.tensors)
    place(tensor, data, reader, file.size());
  for (const auto &[key, value] : metadata.numbers) {
    if (key.ends_with(".attention.head_count"))
      result.heads = value;
    if (key.ends_with(".attention.head_count_kv"))
      result.keyHeads = value;
  }
  result.tokenizer = tokenizerOf(metadata, file.path());
  return result;
}

void pairHeads(float *rows, int64_t count, int64_t width, int64_t heads, bool back) {
  const int64_t size = count / heads, half = size / 2;
  std::vector<float> head(size_t(size * width));
  for (int64_t h = 0; h < heads; ++h) {
    float *of = rows + h * size * width;
    std::copy_n(of, size * width, head.data());
    for (int64_t i = 0; i < size; ++i) {
      // Row i of ours is the first or second of pair i % half.
      const int64_t paired = i % half * 2 + i / half;
      std::copy_n(head.data() + (back ? paired : i) * width, width, of + (back ? i : paired) * width);
    }
  }
}

} // namespace sinter
