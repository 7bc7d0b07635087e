#include "arrays/array.h"

#include "base/error.h"
#include "base/format.h"
#include "base/numbers.h"

namespace sinter {

namespace {

struct Pixel {
  uint8_t value;
};

using sinter::valueOf;
double valueOf(Pixel pixel) { return pixel.value; }

template <typename To, typename From> To converted(From number) {
  if constexpr (std::is_same_v<From, Pixel> && isFloatType<To>)
    return rounded<To>(float(number.value) / 255.0f);
  else if constexpr (std::is_arithmetic_v<To>)
    return To(valueOf(number));
  else
    return rounded<To>(double(valueOf(number)));
}

template <typename T> T load(const char *at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Calls `body` with a number of the type that the element has in memory.
template <typename Body> auto withType(Element element, Body body) {
  switch (element) {
  case Element::Pixel:
    return body(Pixel{});
  case Element::Bool:
  case Element::U8:
    return body(uint8_t{});
  case Element::I8:
    return body(int8_t{});
  case Element::U16:
    return body(uint16_t{});
  case Element::I16:
    return body(int16_t{});
  case Element::U32:
    return body(uint32_t{});
  case Element::I32:
    return body(int32_t{});
  case Element::U64:
    return body(uint64_t{});
  case Element::I64:
    return body(int64_t{});
  case Element::F16:
    return body(Half{});
  case Element::BF16:
    return body(Bfloat{});
  case Element::F32:
    return body(float{});
  default:
    return body(double{});
  }
}

template <typename To> void copyNumbers(Element element, const char *from, int64_t count, To *out) {
  withType(element, [&]<typename From>(From) {
    for (int64_t i = 0; i < count; ++i)
      out[i] = converted<To>(load<From>(from + size_t(i) * sizeof(From)));
  });
}

template <typename To> void copyRowOf(const Array &array, int64_t row, To *out) {
  const char *at = array.bytes->data() + array.begin + size_t(row) * array.rowBytes;
  if (array.cells.empty())
    return copyNumbers(array.element, at, array.rowSize(), out);
  for (const Array::Cell &cell : array.cells)
    copyNumbers(cell.element, at + cell.offset, 1, out++);
}

constexpr std::string_view outOfRange = "out of range";

std::string_view notFinite(uint32_t dtype) {
  switch (dtype) {
  case SINTER_BF16:
    return "which is not finite as bf16";
  case SINTER_F16:
    return "which is not finite as f16";
  case SINTER_F64:
    return "which is not finite as f64";
  default:
    return "which is not finite as f32";
  }
}

// What keeps a number from being one of the input's; empty if nothing does.
std::string_view problemOf(double value, uint32_t dtype, int64_t least, int64_t most) {
  if (isFloat(dtype))
    return std::isfinite(scalarOf(dtype, value)) ? "" : notFinite(dtype);
  if (dtype == SINTER_I8)
    return value == 0 || value == 1 ? "" : "which is neither 0 nor 1";
  if (value != std::floor(value))
    return "which is not whole";
  return value >= double(least) && value <= double(most) ? "" : outOfRange;
}

} // namespace

size_t elementBytes(Element element) {
  return withType(element, [](auto number) { return sizeof number; });
}

const char *elementName(Element element) {
  constexpr const char *names[] = {"uint8", "bool",   "uint8", "int8",    "uint16",   "int16",   "uint32",
                                   "int32", "uint64", "int64", "float16", "bfloat16", "float32", "float64"};
  return names[int(element)];
}

int64_t Array::rowSize() const {
  uint64_t size = 1; // of an empty array, whose other sizes may be anything, it wraps
  for (size_t d = 1; d < shape.size(); ++d)
    size *= uint64_t(shape[d]);
  return int64_t(size);
}

void Array::copyRow(int64_t row, uint32_t dtype, void *out) const {
  withDtype(dtype, [&]<typename To>(To) { copyRowOf(*this, row, static_cast<To *>(out)); });
}

double Array::number(int64_t row, int64_t i) const {
  const char *at = bytes->data() + begin + size_t(row) * rowBytes;
  const Element kind = cells.empty() ? element : cells[size_t(i)].element;
  at += cells.empty() ? size_t(i) * elementBytes(kind) : cells[size_t(i)].offset;
  return withType(kind, [&]<typename From>(From) { return double(valueOf(load<From>(at))); });
}

// The first number of the row that is a problem, or its size.
static int64_t findProblem(const Array &array, int64_t row, uint32_t dtype, int64_t least, int64_t most) {
  const int64_t size = array.rowSize();
  if (!array.cells.empty()) {
    int64_t i = 0;
    while (i < size && problemOf(array.number(row, i), dtype, least, most).empty())
      ++i;
    return i;
  }
  const char *at = array.bytes->data() + array.begin + size_t(row) * array.rowBytes;
  return withType(array.element, [&]<typename From>(From) {
    int64_t i = 0;
    while (i < size &&
           problemOf(double(valueOf(load<From>(at + size_t(i) * sizeof(From)))), dtype, least, most).empty())
      ++i;
    return i;
  });
}

void checkArray(const Array &array, const std::string &name, uint32_t dtype, int64_t least, int64_t most) {
  const bool whole = array.element != Element::F16 && array.element != Element::BF16 && array.element != Element::F32 &&
                     array.element != Element::F64;
  if (dtype == SINTER_F32 && whole && array.cells.empty())
    return;
  for (int64_t row = 0; row < array.rows(); ++row)
    if (const int64_t i = findProblem(array, row, dtype, least, most); i < array.rowSize()) {
      const double value = array.number(row, i);
      const std::string_view problem = problemOf(value, dtype, least, most);
      const std::string range =
          problem == outOfRange ? formatted("which is not in [{}, {}]", least, most) : std::string(problem);
      fail(Exit::Input, formatted("{}: number {} of example {} is {}, {}: the input {} takes {}", array.origin, i, row,
                                  value, range, name, dtype == SINTER_I8 ? "booleans" : dtypeName(dtype)));
    }
}

std::string shapeText(const std::vector<int64_t> &shape) { return formatted("[{}]", fmt::join(shape, ", ")); }

} // namespace sinter
