// An array that a file holds, in the file's own element type: rows along its first axis, converted when they are
// copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sinter {

/// How files keep numbers, least significant byte first. A pixel is a byte that stands for value / 255 where numbers
/// are wanted, and for itself where integers are.
enum class Element { Pixel, Bool, U8, I8, U16, I16, U32, I32, U64, I64, F16, BF16, F32, F64 };

/// What a file may make us allocate beyond its size, with room left for other things.
inline constexpr uint64_t spareBytes = uint64_t(48) << 20;

size_t elementBytes(Element element);
/// "float32".
const char *elementName(Element element);

struct Array {
  std::string origin;         ///< for messages: the file, and what in it
  std::vector<int64_t> shape; ///< [rows, ...]; empty: one number
  Element element = Element::F32;
  std::shared_ptr<const std::string> bytes;
  size_t begin = 0;    ///< of the first row
  size_t rowBytes = 0; ///< from row to row; rows may be parts of records

  /// A column of a table: an element type and a place in the row of its own.
  struct Cell {
    Element element;
    size_t offset;
  };
  std::vector<Cell> cells; ///< of a table, which has one number a cell; else empty

  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  /// Numbers in a row.
  int64_t rowSize() const;
  /// All dimensions but the first.
  std::vector<int64_t> rowShape() const { return {shape.begin() + !shape.empty(), shape.end()}; }

  /// A row as elements of a sinter_dtype; what does not fit was refused by `check`.
  void copyRow(int64_t row, uint32_t dtype, void *out) const;
  /// Number `i` of a row as it is, pixels undivided.
  double number(int64_t row, int64_t i) const;
};

/// Failure (input) that names the first number that a sinter_dtype cannot hold: for floats those that are not finite,
/// for integers those that are not whole, or outside of [least, most], for i8 all but 0 and 1. `name` is the input's.
void checkArray(const Array &array, const std::string &name, uint32_t dtype, int64_t least, int64_t most);

/// For example "[60000, 28, 28]".
std::string shapeText(const std::vector<int64_t> &shape);

} // namespace sinter
