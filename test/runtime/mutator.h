// Structure-aware changes of valid files, for the tests that feed hostile ones.
#pragma once

#include "base/error.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
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

private:
  uint64_t state_;
};

/// SINTER_FUZZ_SECONDS a format, 1 unless set.
inline bool timeIsUp(std::chrono::steady_clock::time_point start) {
  const char *seconds = std::getenv("SINTER_FUZZ_SECONDS");
  return std::chrono::steady_clock::now() - start > std::chrono::duration<double>(seconds ? std::atof(seconds) : 1);
}

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
