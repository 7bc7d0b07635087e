#include "checkpoint/safetensors.h"

#include "base/error.h"
#include "base/format.h"
#include "base/json_events.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace sinter {

namespace {

using Json = nlohmann::json;

// Takes the header's events one by one: no tree is built, so memory stays a small multiple of the text, nesting is
// bounded by the states below, and duplicate keys are seen.
class HeaderReader final : public JsonListener {
public:
  HeaderReader(TensorFile &file, const std::string &path) : file_(file), path_(path) {}

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t &) override { return unexpected("a number that is not whole"); }
  bool binary(binary_t &) override { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (state_ == State::Shape) {
      if (current_.shape.size() == TensorLimits::rank)
        damaged(formatted("tensor {}: rank is above {}", current_.name, TensorLimits::rank));
      if (value > uint64_t(INT64_MAX))
        damaged(formatted("tensor {}: size {} is too large", current_.name, value));
      current_.shape.push_back(int64_t(value));
      return true;
    }
    if (state_ == State::Offsets) {
      if (offsets_ == 2)
        damaged(formatted("tensor {}: data_offsets has more than 2 numbers", current_.name));
      (offsets_++ == 0 ? current_.begin : current_.end) = value;
      return true;
    }
    return unexpected("a number");
  }

  bool string(string_t &value) override {
    if (state_ == State::Metadata) {
      if (file_.metadata.size() == TensorLimits::metadata)
        damaged(formatted("more than {} entries of metadata", TensorLimits::metadata));
      if (!file_.metadata.emplace(key_, std::move(value)).second)
        damaged(formatted("metadata {}: given twice", shortened(key_)));
      return true;
    }
    if (state_ == State::Tensor && key_ == "dtype") {
      current_.dtype = value.substr(0, 16);
      return true;
    }
    return unexpected("a string");
  }

  bool start_object(size_t) override {
    if (state_ == State::Start)
      state_ = State::Top;
    else if (state_ == State::Top && key_ == "__metadata__")
      state_ = State::Metadata;
    else if (state_ == State::Top) {
      if (file_.tensors.size() == TensorLimits::tensors)
        damaged(formatted("more than {} tensors", TensorLimits::tensors));
      current_ = {};
      current_.name = key_;
      offsets_ = 0;
      fields_ = 0;
      state_ = State::Tensor;
    } else
      return unexpected("an object");
    return true;
  }

  bool key(string_t &key) override {
    if (key.size() > TensorLimits::nameLength)
      damaged(formatted("a name of {} bytes is longer than {}", key.size(), TensorLimits::nameLength));
    key_ = std::move(key);
    if (state_ == State::Top && key_ == "__metadata__" && std::exchange(hasMetadata_, true)) {
      damaged("metadata: given twice");
    } else if (state_ == State::Tensor) {
      const unsigned field = key_ == "dtype" ? 1 : key_ == "shape" ? 2 : key_ == "data_offsets" ? 4 : 0;
      if (!field || (fields_ & field))
        damaged(
            formatted("tensor {}: field {} is {}", current_.name, shortened(key_), field ? "given twice" : "unknown"));
      fields_ |= field;
    }
    return true;
  }

  bool end_object() override {
    if (state_ == State::Tensor) {
      if (fields_ != 7 || offsets_ != 2)
        damaged(formatted("tensor {}: needs dtype, shape and two data_offsets", current_.name));
      file_.tensors.push_back(std::move(current_));
      state_ = State::Top;
    } else if (state_ == State::Metadata)
      state_ = State::Top;
    else
      state_ = State::End;
    return true;
  }

  bool start_array(size_t) override {
    if (state_ == State::Tensor && key_ == "shape")
      state_ = State::Shape;
    else if (state_ == State::Tensor && key_ == "data_offsets")
      state_ = State::Offsets;
    else
      return unexpected("an array");
    return true;
  }

  bool end_array() override {
    state_ = State::Tensor;
    return true;
  }

  bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &) override {
    damaged(formatted("the header is not JSON at byte {}", position + 8));
  }

  [[noreturn]] void damaged(const std::string &what) const {
    fail(Exit::Damaged, formatted("{}: damaged, or not safetensors: {}", path_, what));
  }

private:
  enum class State { Start, Top, Metadata, Tensor, Shape, Offsets, End };

  bool unexpected(const char *what) const {
    damaged(formatted("{} where the header has none, after key '{}'", what, shortened(key_)));
  }
  static std::string shortened(const std::string &text) { return text.substr(0, 64); }

  TensorFile &file_;
  const std::string &path_;
  State state_ = State::Start;
  std::string key_;
  TensorEntry current_;
  unsigned offsets_ = 0, fields_ = 0;
  bool hasMetadata_ = false;
};

} // namespace

uint64_t tensorElementBytes(std::string_view dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64")
    return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32")
    return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16")
    return 2;
  return dtype == "I8" || dtype == "U8" || dtype == "BOOL" ? 1 : 0;
}

const TensorEntry *TensorFile::find(std::string_view name) const {
  for (const TensorEntry &tensor : tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

static void checkNames(const TensorFile &file, const HeaderReader &reader) {
  std::vector<std::string_view> names;
  for (const TensorEntry &tensor : file.tensors)
    names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    reader.damaged(formatted("tensor {}: given twice", *twice));
}

TensorFile parseTensorHeader(std::string header, uint64_t dataBytes, const std::string &path) {
  TensorFile file;
  HeaderReader reader(file, path);
  readJson(header, reader);
  checkNames(file, reader);
  for (const TensorEntry &tensor : file.tensors) {
    const uint64_t elementBytes = tensorElementBytes(tensor.dtype);
    uint64_t bytes = std::max<uint64_t>(elementBytes, 1);
    for (int64_t size : tensor.shape)
      if (__builtin_mul_overflow(bytes, uint64_t(size), &bytes))
        reader.damaged(formatted("tensor {}: shape [{}] overflows", tensor.name, fmt::join(tensor.shape, ", ")));
    if (tensor.begin > tensor.end || tensor.end > dataBytes)
      reader.damaged(
          formatted("tensor {}: bytes {} to {} are not inside the {} bytes of data: the file is truncated or its "
                    "header is wrong",
                    tensor.name, tensor.begin, tensor.end, dataBytes));
    // What a dtype means that is not known here is no concern unless the tensor is needed.
    if (elementBytes && tensor.end - tensor.begin != bytes)
      reader.damaged(formatted("tensor {}: {} bytes for shape [{}] of {}, which needs {}", tensor.name,
                               tensor.end - tensor.begin, fmt::join(tensor.shape, ", "), tensor.dtype, bytes));
  }
  const auto before = [](const TensorEntry &a, const TensorEntry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  };
  if (!std::is_sorted(file.tensors.begin(), file.tensors.end(), before))
    std::sort(file.tensors.begin(), file.tensors.end(), before);
  uint64_t position = 0;
  for (const TensorEntry &tensor : file.tensors) {
    if (tensor.begin != position)
      reader.damaged(formatted("tensor {}: starts at byte {}, but the one before it ends at {}", tensor.name,
                               tensor.begin, position));
    position = tensor.end;
  }
  if (position != dataBytes)
    reader.damaged(formatted("{} bytes of data, but the tensors end at {}", dataBytes, position));
  file.header = std::move(header);
  file.dataBytes = dataBytes;
  return file;
}

TensorFile readTensorHeader(FileReader &reader) {
  unsigned char length[8];
  if (!reader.regular())
    fail(Exit::Input, formatted("{}: not a regular file", reader.path()));
  // The length of a header may be the beginning of another format: 640 is that of a pickle.
  const std::string beginning = reader.beginning(kindBytes);
  const bool plausible = beginning.size() > 8 && beginning[8] == '{';
  if (const std::string kind = knownKind(beginning); !kind.empty() && !plausible)
    fail(Exit::Input, formatted("{}: not safetensors but {}", reader.path(), kind));
  if (reader.read(length, 8) != 8)
    fail(Exit::Damaged,
         formatted("{}: damaged, or not safetensors: {} bytes are too few", reader.path(), reader.size()));
  uint64_t headerBytes = 0;
  for (int i = 7; i >= 0; --i)
    headerBytes = headerBytes << 8 | length[i];
  if (headerBytes > TensorLimits::headerBytes || headerBytes > reader.size() - 8)
    fail(Exit::Damaged,
         formatted("{}: damaged, or not safetensors: a header of {} bytes in a file of {} bytes (at most {})",
                   reader.path(), headerBytes, reader.size(), TensorLimits::headerBytes));
  std::string header(headerBytes, '\0');
  if (reader.read(header.data(), header.size()) != header.size())
    fail(Exit::Damaged, formatted("{}: truncated inside its header", reader.path()));
  return parseTensorHeader(std::move(header), reader.size() - 8 - headerBytes, reader.path());
}

std::string makeTensorHeader(std::vector<TensorEntry> &tensors, const std::map<std::string, std::string> &metadata) {
  // Json's own quoting, in the order of the tensors' bytes.
  const auto quoted = [](const std::string &text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string header = "{";
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto &[key, value] : metadata)
      header += formatted("{}{}:{}", header.back() == '{' ? "" : ",", quoted(key), quoted(value));
    header += "}";
  }
  uint64_t position = 0;
  for (TensorEntry &tensor : tensors) {
    uint64_t bytes = tensorElementBytes(tensor.dtype);
    for (int64_t size : tensor.shape)
      bytes *= uint64_t(size);
    tensor.begin = position;
    tensor.end = position += bytes;
    header +=
        formatted("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", header.size() == 1 ? "" : ",",
                  quoted(tensor.name), tensor.dtype, fmt::join(tensor.shape, ","), tensor.begin, tensor.end);
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

std::string headerLengthBytes(const std::string &header) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i)
    bytes[size_t(i)] = char(uint64_t(header.size()) >> (8 * i));
  return bytes;
}

} // namespace sinter
