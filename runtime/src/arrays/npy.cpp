// The files are untrusted.
#include "arrays/npy.h"

#include "base/error.h"
#include "base/format.h"
#include "checkpoint/safetensors.h"
#include "files/file_kind.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sinter {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr size_t longestHeader = 65536;

/// The dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, of these three and nothing else.
class HeaderParser {
public:
  HeaderParser(std::string_view text, const std::string &what) : text_(text), what_(what) {}

  void run() {
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !type)
        type = descr();
      else if (key == "fortran_order" && !fortran)
        fortran = boolean();
      else if (key == "shape" && !shape)
        shape = tuple();
      else
        damaged();
      if (!take(',') && !peek('}'))
        damaged();
    }
    if (skipSpace() != text_.size() || !type || !fortran || !shape)
      damaged();
  }

  std::optional<std::string> type;
  std::optional<bool> fortran;
  std::optional<std::vector<int64_t>> shape;

private:
  [[noreturn]] void damaged() const {
    fail(Exit::Damaged, formatted("{}: damaged: byte {} of its NumPy header is not understood", what_, at_));
  }
  size_t skipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
      ++at_;
    return at_;
  }
  bool peek(char c) { return skipSpace() < text_.size() && text_[at_] == c; }
  bool take(char c) {
    const bool there = peek(c);
    at_ += there;
    return there;
  }
  void expect(char c) {
    if (!take(c))
      damaged();
  }
  std::string quoted() {
    const char quote = take('\'') ? '\'' : take('"') ? '"' : '\0';
    const size_t end = quote ? text_.find(quote, at_) : text_.npos;
    if (end == text_.npos)
      damaged();
    const std::string word(text_.substr(at_, end - at_));
    at_ = end + 1;
    return word;
  }
  std::string descr() {
    if (peek('['))
      fail(Exit::Input, formatted("{}: an array of records, which are not read; save its fields as arrays", what_));
    return quoted();
  }
  bool boolean() {
    skipSpace();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    damaged();
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> sizes;
    expect('(');
    while (!take(')')) {
      skipSpace();
      int64_t size = 0;
      const auto [rest, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0 || sizes.size() == TensorLimits::rank)
        damaged();
      at_ = size_t(rest - text_.data());
      sizes.push_back(size);
      if (!take(',') && !peek(')'))
        damaged();
    }
    return sizes;
  }

  std::string_view text_;
  const std::string &what_;
  size_t at_ = 0;
};

// The element of a type like "<f4"; nothing if it is not read.
std::optional<Element> elementOf(std::string_view type) {
  constexpr std::pair<std::string_view, Element> known[] = {
      {"u1", Element::Pixel}, {"b1", Element::Bool}, {"i1", Element::I8},  {"u2", Element::U16},
      {"i2", Element::I16},   {"u4", Element::U32},  {"i4", Element::I32}, {"u8", Element::U64},
      {"i8", Element::I64},   {"f2", Element::F16},  {"f4", Element::F32}, {"f8", Element::F64}};
  if (type.size() == 3 && std::string_view("<>|=").find(type[0]) != type.npos)
    for (const auto &[name, element] : known)
      if (type.substr(1) == name && (type[0] != '|' || elementBytes(element) == 1))
        return element;
  return std::nullopt;
}

} // namespace

void swapBytes(std::string &bytes, size_t width) {
  for (size_t at = 0; width > 1 && at + width <= bytes.size(); at += width)
    std::reverse(bytes.begin() + ptrdiff_t(at), bytes.begin() + ptrdiff_t(at + width));
}

Array readNpy(const std::string &what, uint64_t size, const ReadBytes &read) {
  char head[12];
  const auto whole = [&](void *data, size_t bytes) {
    if (read(data, bytes) != bytes)
      fail(Exit::Damaged, formatted("{}: damaged: truncated", what));
  };
  const size_t got = read(head, 8);
  const std::string_view beginning(head, got);
  if (!beginning.starts_with(magic)) {
    const std::string kind = knownKind(beginning);
    fail(kind.empty() ? Exit::Damaged : Exit::Input,
         formatted("{}: not a NumPy file{}", what, kind.empty() ? "" : " but " + kind));
  }
  if (got < 8 || head[6] < 1 || head[6] > 3)
    fail(Exit::Damaged, formatted("{}: damaged: a NumPy file of no known version", what));
  const size_t lengthBytes = head[6] == 1 ? 2 : 4;
  whole(head + 8, lengthBytes);
  size_t length = 0;
  for (size_t i = lengthBytes; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(head[8 + i]);
  if (length > longestHeader)
    fail(Exit::Damaged, formatted("{}: damaged: a NumPy header of {} bytes", what, length));
  std::string header(length, '\0');
  whole(header.data(), length);
  HeaderParser parsed(header, what);
  parsed.run();

  Array array;
  array.origin = what;
  array.shape = *parsed.shape;
  const std::optional<Element> element = elementOf(*parsed.type);
  if (!element)
    fail(Exit::Input, formatted("{}: an array of type '{}', which is not read; save it as float32 or int32", what,
                                parsed.type->substr(0, 32)));
  array.element = *element;
  if (*parsed.fortran && array.shape.size() > 1)
    fail(Exit::Input, formatted("{}: an array in Fortran's order; save numpy.ascontiguousarray() of it", what));
  uint64_t bytes = elementBytes(*element);
  for (const int64_t dimension : array.shape)
    if (__builtin_mul_overflow(bytes, uint64_t(dimension), &bytes))
      fail(Exit::Damaged, formatted("{}: damaged: shape {} overflows", what, shapeText(array.shape)));
  const uint64_t headBytes = 8 + lengthBytes + length;
  if (size < headBytes || size - headBytes != bytes)
    fail(Exit::Damaged,
         formatted("{}: damaged or truncated: shape {} of {} needs {} bytes, the file has {}", what,
                   shapeText(array.shape), elementName(*element), bytes, size < headBytes ? 0 : size - headBytes));
  std::string content(bytes, '\0');
  whole(content.data(), bytes);
  if (parsed.type->front() == '>')
    swapBytes(content, elementBytes(*element));
  array.bytes = std::make_shared<const std::string>(std::move(content));
  array.rowBytes = size_t(array.rowSize()) * elementBytes(*element);
  return array;
}

std::string npyHeader(std::string_view type, const std::vector<int64_t> &shape) {
  std::string header = formatted("{{'descr': '{}', 'fortran_order': False, 'shape': (", type);
  for (const int64_t size : shape)
    header += formatted("{},", size);
  header += "), }";
  // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string all(magic);
  all += {1, 0, char(header.size()), char(header.size() >> 8)};
  return all + header;
}

} // namespace sinter
