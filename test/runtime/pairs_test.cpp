// Pairs of sentences: what rows hold, which are left out, where they come in a training.
#include "pairs/pairs.h"
#include "support.h"
#include "tokenizers/train.h"

#include <set>

namespace sinter::test {

namespace {

constexpr int64_t rows = 2, sourceLength = 5, targetLength = 6;

class PairsTest : public testing::Test {
protected:
  Folder folder;
  DataOptions options;
  int32_t source[rows * sourceLength], target[rows * targetLength];

  Batch batch() {
    return {rows,
            0,
            nullptr,
            nullptr,
            nullptr,
            nullptr,
            {{"source", SINTER_I32, {rows, sourceLength}, 4, 4 * sourceLength, reinterpret_cast<char *>(source)},
             {"target", SINTER_I32, {rows, targetLength}, 4, 4 * targetLength, reinterpret_cast<char *>(target)}}};
  }
  /// Tokens of single bytes: 3 + byte, and no merges.
  Data load(const std::string &sources, const std::string &targets, int64_t vocabulary = 0) {
    options.inputs = {{"source", write(folder / "s", sources), "lines"},
                      {"target", write(folder / "t", targets), "lines"}};
    options.restored = Tokenizer::of(TokenizerTrainer(Splitter::Known::Gpt2).train(259, {"<pad>", "<s>", "</s>"}));
    return loadPairs(options, batch(), vocabulary);
  }
  std::string error(const std::string &sources, const std::string &targets, int64_t vocabulary = 0) {
    return failureOf([&] { load(sources, targets, vocabulary); }).message;
  }
};

int32_t id(char c) { return 3 + c; }

} // namespace

TEST_F(PairsTest, RowsEndAndAreFilledUp) {
  options.validationFraction = 0;
  const Data data = load("ab\nabcd", "x\r\nwxyz\n"); // no line end behind the last; one of Windows
  ASSERT_EQ(data.training->rows(0), 2);
  EXPECT_EQ(data.validation, nullptr);
  EXPECT_EQ(data.training->size(), "2 pairs");
  data.training->copyRow(batch(), 1, 0);
  data.training->copyRow(batch(), 0, 1);
  EXPECT_EQ(std::vector<int32_t>(source, source + 10),
            (std::vector<int32_t>{id('a'), id('b'), id('c'), id('d'), 2, id('a'), id('b'), 2, 0, 0}));
  EXPECT_EQ(std::vector<int32_t>(target, target + 12),
            (std::vector<int32_t>{1, id('w'), id('x'), id('y'), id('z'), 2, 1, id('x'), 2, 0, 0, 0}));
}

TEST_F(PairsTest, WhatIsEmptyOrTooLongIsLeftOut) {
  options.validationFraction = 0;
  const Data data = load("a\nabcde\n\nb\nc\nd\n", "x\nx\nx\n\nvwxyz\ny\n");
  ASSERT_EQ(data.training->rows(0), 2);
  data.training->copyRow(batch(), 0, 0);
  data.training->copyRow(batch(), 1, 1);
  EXPECT_EQ(source[0], id('a'));
  EXPECT_EQ(source[sourceLength], id('d'));
  EXPECT_EQ(target[targetLength + 1], id('y'));
  EXPECT_NE(error("\n", "\n").find("no pair that fits, of 1"), std::string::npos);
}

// A round has each pair once, and is a function of the seed; what is held out is never trained on.
TEST_F(PairsTest, RoundsHaveAllPairsOnceButThoseHeldOut) {
  std::string sources, targets;
  for (int i = 0; i < 40; ++i)
    sources += std::to_string(i) + "\n", targets += std::to_string(i) + "\n";
  options.validationFraction = 0.25;
  for (const bool random : {false, true}) {
    options.randomSplit = random;
    const Data data = load(sources, targets);
    const auto written = [&](int64_t row) {
      const int32_t *at = source + row * sourceLength, *same = target + row * targetLength + 1;
      EXPECT_EQ(std::vector<int32_t>(at, at + 5), std::vector<int32_t>(same, same + 5));
      return std::vector<int32_t>(at, at + 5);
    };
    std::set<std::vector<int32_t>> seen;
    std::vector<std::vector<int32_t>> order, other;
    for (int64_t step = 0; step < 15; ++step)
      for (int64_t row = 0; row < rows; ++row) {
        data.training->fill(batch(), Order::Shuffled, 1, step);
        order.push_back(written(row));
        EXPECT_TRUE(seen.insert(order.back()).second);
        data.training->fill(batch(), Order::Shuffled, 2, step);
        other.push_back(written(row));
      }
    EXPECT_NE(order, other);
    for (int64_t row = 0; row < data.validation->rows(0); ++row) {
      data.validation->copyRow(batch(), 0, row);
      EXPECT_TRUE(seen.insert(written(0)).second);
    }
    EXPECT_EQ(seen.size(), 40u);
  }
}

TEST_F(PairsTest, RefusesWhatDoesNotBelongTogether) {
  EXPECT_NE(error("a\nb\n", "x\n").find("s has 2 lines, but "), std::string::npos);
  EXPECT_NE(error("a\xff\n", "x\n").find("byte 0xff at offset 1"), std::string::npos);
  EXPECT_NE(error("a\n", "x\n", 258).find("has 259 tokens, but the model's vocabulary holds 258"), std::string::npos);
  Batch other = batch();
  other.inputs[1].name = "targets";
  const Failed failed = failureOf([&] { loadPairs(options, other, 0); });
  EXPECT_EQ(failed.exit, Exit::Usage);
  EXPECT_NE(failed.message.find("lines of a text fill source and target"), std::string::npos);
}

// The content counts, and where one sentence ends and the next begins.
TEST_F(PairsTest, HashKnowsSentences) {
  options.validationFraction = 0;
  const uint64_t hash = load("ab\nc\n", "x\ny\n").training->hash();
  EXPECT_EQ(load("ab\nc\n", "x\ny\n").training->hash(), hash);
  EXPECT_NE(load("a\nbc\n", "x\ny\n").training->hash(), hash);
}

} // namespace sinter::test
