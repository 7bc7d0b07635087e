// Malformed files, structure-aware: valid ones are changed in their bytes, JSON tokens and numbers, and half of the time the
// hash is made right again so that what lies behind it is reached. Whatever comes must be taken or refused by a Failure;
// the sanitizers watch the rest. Seconds a format: SINTER_FUZZ_SECONDS (default 1).
#include "checkpoint.h"
#include "data.h"
#include "safetensors.h"
#include "support.h"
#include "trainer.h"

#include <chrono>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter::test {

namespace {

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
    static const char *numbers[] = {"0", "-1", "1", "8", "36864", "73728", "4294967296", "9223372036854775807", "9223372036854775808",
                                    "18446744073709551615", "18446744073709551616", "1e400", "-0", "1.5", "1e2", "96", "00", "true"};
    static const char *tokens[] = {"{", "}", "[", "]", ",", ":", "\"", "\\", "null", "\"dtype\":\"F64\"", "\"\\ud800\"", "\"\\u0000\"",
                                   "\"__metadata__\":{}", "\"shape\":[]", "\"F32\"", "\xff", "[[[[[[[[[[", "\"step\":\"99999999999999999999\""};
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
      const size_t begin = text.find(',', below(text.size())), end = text.find(',', begin == std::string::npos ? begin : begin + 1);
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

bool timeIsUp(std::chrono::steady_clock::time_point start) {
  const char *seconds = std::getenv("SINTER_FUZZ_SECONDS");
  return std::chrono::steady_clock::now() - start > std::chrono::duration<double>(seconds ? std::atof(seconds) : 1);
}

// Runs `load`, which may fail in no other way than by a Failure.
template <typename Load> int attempt(Load load) {
  try {
    load();
    return 1;
  } catch (const Failure &) {
    return 0;
  }
}

void repairHash(std::string &header, const std::string &data) {
  const size_t at = header.find("\"xxh3\":\"");
  if (at == std::string::npos || at + 24 > header.size())
    return;
  header.replace(at + 8, 16, "0000000000000000");
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  const std::string length = headerLengthBytes(header);
  for (const std::string *part : {&length, static_cast<const std::string *>(&header), &data})
    XXH3_64bits_update(&state, part->data(), part->size());
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(&state)));
  header.replace(at + 8, 16, text);
}

} // namespace

TEST(Fuzz, Checkpoints) {
  Folder folder;
  const std::string path = folder / "c.safetensors";
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  Checkpoint checkpoint;
  checkpoint.options = TrainingOptions().json();
  checkpoint.tokenizer = Tokenizer::charsOf("abc\u00e9\u20ac", "t");
  saveCheckpoint(path, program, checkpoint);
  const std::string good = readFile(path);
  const size_t headerSize = good.find("}}") == std::string::npos ? 0 : size_t(static_cast<unsigned char>(good[0]) | static_cast<unsigned char>(good[1]) << 8);
  const std::string goodHeader = good.substr(8, headerSize), goodData = good.substr(8 + headerSize);
  int64_t tries = 0, headers = 0, taken = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 0; !timeIsUp(start); ++seed) {
    Mutator mutator(seed);
    std::string header = goodHeader, data = goodData, bytes;
    if (mutator.below(8) == 0) {
      bytes = good.substr(0, 2000);
      mutator.bytes(bytes);
    } else {
      for (size_t n = 1 + mutator.below(3); n > 0; --n)
        mutator.below(4) ? mutator.json(header) : mutator.bytes(header);
      if (mutator.below(4) == 0)
        data.resize(mutator.below(2 * data.size()));
      if (mutator.below(2))
        repairHash(header, data);
      bytes = headerLengthBytes(header) + header + data;
    }
    // Most of it is about the header, and memory is faster than files.
    for (int n = 0; n < 30; ++n) {
      std::string changed = goodHeader;
      for (size_t changes = 1 + mutator.below(4); changes > 0; --changes)
        mutator.below(4) ? mutator.json(changed) : mutator.bytes(changed);
      ++headers;
      attempt([&] { parseTensorHeader(std::move(changed), goodData.size(), path); });
    }
    FILE *file = std::fopen(path.c_str(), "wb");
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    ++tries;
    taken += attempt([&] {
      const Checkpoint loaded = loadCheckpoint(path, program);
      TrainingOptions::parse(loaded.options, path);
    });
    attempt([&] {
      bool complete;
      std::vector<std::string> notes;
      loadParameters(path, program, &complete, notes);
    });
  }
  std::printf("%lld files, %lld headers, %lld taken\n", static_cast<long long>(tries), static_cast<long long>(headers), static_cast<long long>(taken));
  EXPECT_GT(tries, 10);
  EXPECT_LT(taken, tries / 2);
}

TEST(Fuzz, Images) {
  Folder folder;
  DataOptions options;
  options.path = folder / "x-images-idx3-ubyte";
  int32_t labels[1];
  float images[4];
  const Batch batch = {1, 4, nullptr, nullptr, images, labels};
  const std::string goodImages = std::string("\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2", 16) + "abcdefgh";
  const std::string goodLabels = std::string("\0\0\10\1\0\0\0\2", 8) + std::string("\1\2", 2);
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 0; !timeIsUp(start); ++seed) {
    Mutator mutator(seed);
    std::string first = goodImages, second = goodLabels;
    if (seed)
      mutator.bytes(mutator.below(2) ? first : second);
    for (const auto &[path, bytes] : {std::pair(options.path, first), std::pair(folder / "x-labels-idx1-ubyte", second)}) {
      FILE *file = std::fopen(path.c_str(), "wb");
      std::fwrite(bytes.data(), 1, bytes.size(), file);
      std::fclose(file);
    }
    const int taken = attempt([&] {
      const Data data = loadData(options, batch, 10);
      data.training->fill(batch, Order::Random, seed, 0);
    });
    if (!seed)
      EXPECT_EQ(taken, 1);
  }
}

TEST(Fuzz, Text) {
  Folder folder;
  int32_t tokens[8], targets[8];
  const Batch batch = {2, 4, tokens, targets, nullptr, nullptr};
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 0; !timeIsUp(start); ++seed) {
    Mutator mutator(seed);
    DataOptions options;
    options.path = folder / (mutator.below(4) ? "t.txt" : "t.bin");
    options.tokenizer = mutator.below(2) ? "chars" : "";
    std::string text = "in the beginning \u00e9\u20ac\U0001f600 was";
    mutator.bytes(text);
    FILE *file = std::fopen(options.path.c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    attempt([&] {
      const Data data = loadData(options, batch, mutator.below(2) ? 300 : 20);
      for (int64_t step = 0; step < 3; ++step)
        data.training->fill(batch, mutator.below(2) ? Order::Random : Order::Sequential, seed, step);
    });
  }
}

} // namespace sinter::test
