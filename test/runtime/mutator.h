// Structure-aware changes of valid files, for the tests that feed hostile ones.
#pragma once

#include "base/error.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace sinter::test {

class Mutator {
public:
  explicit Mutator(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 24;
  }
  size_t below(size_t bound) { return bound ? size_t(next() % bound) : 0; }

  void bytes(std::string &text) {
    for (size_t n = 1 + below(4); n > 0; --n) {
      const size_t at = below(text.size() + 1);
      switch (below(6)) {
      case 0:
        if (at < text.size())
          text[at] = char(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < text.size())
          text[at] = char(next());
        break;
      case 2:
        text.erase(at, below(20));
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(40)));
        break;
      case 4:
        text.insert(at, below(30), char(next()));
        break;
      default:
        text.resize(at);
      }
    }
  }

  // One change of a JSON text: a number, a token, a repeated or missing piece.
  void json(std::string &text) {
    static const char *numbers[] = {"0",
                                    "-1",
                                    "1",
                                    "8",
                                    "36864",
                                    "73728",
                                    "4294967296",
                                    "9223372036854775807",
                                    "9223372036854775808",
                                    "18446744073709551615",
                                    "18446744073709551616",
                                    "1e400",
                                    "-0",
                                    "1.5",
                                    "1e2",
                                    "96",
                                    "00",
                                    "true"};
    static const char *tokens[] = {"{",
                                   "}",
                                   "[",
                                   "]",
                                   ",",
                                   ":",
                                   "\"",
                                   "\\",
                                   "null",
                                   "\"dtype\":\"F64\"",
                                   "\"\\ud800\"",
                                   "\"\\u0000\"",
                                   "\"__metadata__\":{}",
                                   "\"shape\":[]",
                                   "\"F32\"",
                                   "\xff",
                                   "[[[[[[[[[[",
                                   "\"step\":\"99999999999999999999\""};
    std::vector<size_t> digits;
    for (size_t i = 0; i < text.size(); ++i)
      if (isdigit(static_cast<unsigned char>(text[i])) && (i == 0 || !isdigit(static_cast<unsigned char>(text[i - 1]))))
        digits.push_back(i);
    switch (below(4)) {
    case 0:
    case 1: {
      if (digits.empty())
        return;
      const size_t at = digits[below(digits.size())];
      size_t length = 0;
      while (at + length < text.size() && isdigit(static_cast<unsigned char>(text[at + length])))
        ++length;
      text.replace(at, length, numbers[below(std::size(numbers))]);
      return;
    }
    case 2:
      text.insert(below(text.size() + 1), tokens[below(std::size(tokens))]);
      return;
    default: {
      // From one comma to another: an entry or a part of one, once more or not at all.
      const size_t begin = text.find(',', below(text.size())),
                   end = text.find(',', begin == std::string::npos ? begin : begin + 1);
      if (begin == std::string::npos || end == std::string::npos)
        return;
      if (below(2))
        text.insert(end, text.substr(begin, end - begin));
      else
        text.erase(begin, end - begin);
    }
    }
  }

  /// A number of 1, 2, 4 or 8 bytes, of either order, within the first bytes becomes another that is often a limit.
  void numbers(std::string &text, size_t within) {
    const size_t width = size_t(1) << below(4);
    if (text.size() < width)
      return bytes(text);
    const uint64_t size = text.size();
    const uint64_t values[] = {0,
                               1,
                               2,
                               3,
                               8,
                               below(256),
                               127,
                               128,
                               255,
                               0x7fff,
                               0x8000,
                               0xffff,
                               65536,
                               0x7fffffff,
                               0x80000000,
                               0xffffffff,
                               uint64_t(1) << 32,
                               uint64_t(INT64_MAX),
                               uint64_t(INT64_MIN),
                               UINT64_MAX,
                               UINT64_MAX - 7,
                               size,
                               size - 1,
                               size + 1,
                               size / 2,
                               below(size)};
    const uint64_t value = values[below(std::size(values))];
    const size_t at = below(std::min(within, text.size() - width + 1));
    const bool turned = below(4) == 0;
    for (size_t i = 0; i < width; ++i)
      text[at + (turned ? width - 1 - i : i)] = char(value >> (8 * i));
  }

  /// A line once more, elsewhere, or not at all.
  void lines(std::string &text) {
    const auto lineFrom = [&](size_t place) {
      const size_t begin = place ? text.rfind('\n', place - 1) + 1 : 0; // of none it is 0
      const size_t end = std::min(text.find('\n', begin), text.size() - 1);
      return std::pair(begin, end + 1 - begin);
    };
    if (text.empty())
      return;
    const auto [begin, size] = lineFrom(below(text.size()));
    const std::string line = text.substr(begin, size);
    switch (below(3)) {
    case 0:
      text.erase(begin, size);
      return;
    case 1:
      text.erase(begin, size);
      if (text.empty())
        return;
      [[fallthrough]];
    default:
      text.insert(lineFrom(below(text.size())).first, line);
    }
  }

private:
  uint64_t state_;
};

/// Runs `load`, which may fail in no other way than by a Failure.
template <typename Load> int attempt(Load load) {
  try {
    load();
    return 1;
  } catch (const Failure &) {
    return 0;
  }
}

} // namespace sinter::test
