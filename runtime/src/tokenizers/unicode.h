// What tokenizers need of Unicode: general categories, white space, and canonical composition (NFC).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// General categories as bits of a mask, in the order of unicode_tables.inc.
enum Category : uint8_t {
  Lu,
  Ll,
  Lt,
  Lm,
  Lo,
  Mn,
  Mc,
  Me,
  Nd,
  Nl,
  No,
  Pc,
  Pd,
  Ps,
  Pe,
  Pi,
  Pf,
  Po,
  Sm,
  Sc,
  Sk,
  So,
  Zs,
  Zl,
  Zp,
  Cc,
  Cf,
  Cs,
  Co,
  Cn
};

/// A set of categories; the bit behind them is White_Space, which is none.
using CategorySet = uint32_t;
constexpr CategorySet setOf(Category category) { return CategorySet(1) << category; }
inline constexpr CategorySet letters = setOf(Lu) | setOf(Ll) | setOf(Lt) | setOf(Lm) | setOf(Lo);
inline constexpr CategorySet marks = setOf(Mn) | setOf(Mc) | setOf(Me);
inline constexpr CategorySet numbers = setOf(Nd) | setOf(Nl) | setOf(No);
inline constexpr CategorySet whiteSpace = CategorySet(1) << 30;

/// The set of a category's or a group's name ("L", "Lu"); 0 if there is none.
CategorySet categoriesNamed(std::string_view name);

/// The sets that code points are in, one bit for the category and the one for white space. What is not a code point,
/// such as bytes that are not UTF-8, is in none.
class CategoryTable {
public:
  static const CategoryTable &get();
  CategorySet of(char32_t point) const { return point < 0x110000 ? sets_[index_[point >> 7] * 128 + point % 128] : 0; }

private:
  CategoryTable();
  uint16_t index_[0x110000 / 128];
  std::vector<CategorySet> sets_;
};

/// Canonical composition. Bytes that are not UTF-8 stay.
std::string composed(std::string_view text);

} // namespace sinter
