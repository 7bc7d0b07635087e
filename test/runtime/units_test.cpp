// Random numbers, UTF-8, tokenizers, sampler.
#include "base/utf8.h"
#include "program/random.h"
#include "sampling/sampler.h"
#include "support.h"
#include "tokenizers/tokenizer.h"
#include "training/plot.h"

#include <cmath>
#include <map>

namespace sinter::test {

// The authors' known answers for threefry2x32, 20 rounds.
TEST(Random, KnownAnswers) {
  EXPECT_EQ(threefry(0, 0), 0x99ba4efe6b200159u);
  EXPECT_EQ(threefry(~0ull, ~0ull), 0xbb002be71cb996fcu);
  EXPECT_EQ(threefry(0x0370734413198a2eu, 0x85a308d3243f6a88u), 0x483df7a0c4923a9cu);
}

TEST(Random, NormalAgreesWithLibm) {
  const Random random(7, streamOf("h.0.attn.c_attn.weight"));
  double sum = 0, squares = 0;
  constexpr int count = 200000;
  for (int i = 0; i < count; ++i) {
    const uint64_t word = random.bits(uint64_t(i));
    const double u = (double(uint32_t(word)) + 0.5) * 0x1p-32, t = double(word >> 32) * 0x1p-32;
    const double expected = std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * t);
    const double value = random.normal(uint64_t(i));
    ASSERT_NEAR(value, expected, 1e-14 * (1 + std::abs(expected))) << i;
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / count, 0, 0.01);
  EXPECT_NEAR(squares / count, 1, 0.01);
}

TEST(Random, BelowIsInRangeAndEven) {
  const Random random(1, 2);
  int counts[10] = {};
  for (uint64_t i = 0; i < 100000; ++i)
    ++counts[random.below(i, 10)];
  for (int count : counts)
    EXPECT_NEAR(count, 10000, 500);
}

TEST(Utf8, RefusesWhatIsNotStrict) {
  for (const char *bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xe2\x82", "\xff", "\xf0\x80\x80\x80"})
    EXPECT_EQ(findInvalidUtf8(std::string("ok") + bad), 2u) << bad;
  EXPECT_EQ(findInvalidUtf8("a\u00e9\u20ac\U0001f600"), std::string::npos);
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t value = 0; value <= 0x10ffff; value += value < 0x3000 ? 1 : 257) {
    if (value >= 0xd800 && value <= 0xdfff)
      continue;
    std::string text;
    appendUtf8(text, value);
    const CodePoint point = decodeUtf8(text, 0);
    ASSERT_EQ(point.value, value);
    ASSERT_EQ(point.length, text.size());
  }
}

TEST(Utf8, StreamJoinsWhatTokensCut) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xe2"), "a");
  EXPECT_EQ(stream.push("\x82"), "");
  EXPECT_EQ(stream.push("\xac!"), "\u20ac!");
  EXPECT_EQ(stream.push("\xe2z"), "\ufffdz");
  EXPECT_EQ(stream.push("\xf0\x9f"), "");
  EXPECT_EQ(stream.finish(), "\ufffd\ufffd");
}

TEST(Tokenizer, CharsAreSortedAndComeBack) {
  const Tokenizer chars = Tokenizer::charsOf("b\u00e9a\nb", "t");
  EXPECT_EQ(chars.vocabulary(), "\nab\u00e9");
  EXPECT_EQ(chars.encode("ab\u00e9", "t"), (std::vector<int32_t>{1, 2, 3}));
  const Tokenizer restored = Tokenizer::restore("chars", chars.vocabulary(), "c");
  EXPECT_EQ(restored.decode(3), "\u00e9");
  EXPECT_EQ(restored.decode(4), "");
  EXPECT_EQ(restored.decode(-1), "");
}

TEST(Tokenizer, BytesTakeAnything) {
  const Tokenizer bytes = Tokenizer::bytes();
  EXPECT_EQ(bytes.encode("\xff\x00" + std::string("a"), "t").front(), 255);
  EXPECT_EQ(bytes.decode(255), "\xff");
}

TEST(Tokenizer, NamesTheCharacterItLacks) {
  const Tokenizer chars = Tokenizer::charsOf("abc", "t");
  const Failed failed = failureOf([&] { chars.encode("ab\u20ac", "--prompt"); });
  EXPECT_EQ(failed.exit, Exit::Input);
  EXPECT_EQ(failed.message,
            "--prompt: character '\u20ac' (U+20AC) at byte 2 is not among the 3 of the model's vocabulary");
  expectContains(failureOf([&] { Tokenizer::charsOf("ab\xff", "x.txt"); }).message,
                 "x.txt: not UTF-8 text: byte 0xff at offset 2");
}

TEST(Tokenizer, RefusesDamagedVocabularies) {
  EXPECT_EQ(failureOf([] { Tokenizer::restore("chars", "ba", "c"); }).exit, Exit::Damaged);
  EXPECT_EQ(failureOf([] { Tokenizer::restore("chars", "aa", "c"); }).exit, Exit::Damaged);
  EXPECT_EQ(failureOf([] { Tokenizer::restore("chars", "\xff", "c"); }).exit, Exit::Damaged);
  EXPECT_EQ(failureOf([] { Tokenizer::restore("bpe", "", "c"); }).exit, Exit::Damaged);
}

static std::map<int32_t, int> draws(const SamplerOptions &options, const std::vector<float> &logits, int count,
                                    const std::vector<int32_t> &history = {}) {
  Sampler sampler(options, int64_t(logits.size()));
  std::map<int32_t, int> counts;
  for (int i = 0; i < count; ++i)
    ++counts[sampler.pick(logits, {history, {}, uint64_t(i)})];
  return counts;
}

static const std::vector<float> probabilities = {std::log(0.5f), std::log(0.25f), std::log(0.15f), std::log(0.1f)};

TEST(Sampler, DrawsTheDistribution) {
  const auto counts = draws({.seed = 3}, probabilities, 40000);
  EXPECT_NEAR(counts.at(0), 20000, 400);
  EXPECT_NEAR(counts.at(1), 10000, 400);
  EXPECT_NEAR(counts.at(2), 6000, 400);
  EXPECT_NEAR(counts.at(3), 4000, 400);
}

TEST(Sampler, TemperatureSharpensAndZeroIsGreedy) {
  const auto counts = draws({.temperature = 0.5, .seed = 3}, probabilities, 10000);
  EXPECT_NEAR(counts.at(0), 10000 * 0.25 / 0.345, 300); // squares of the probabilities
  EXPECT_EQ(draws({.temperature = 0}, probabilities, 100).size(), 1u);
  EXPECT_EQ(draws({.temperature = 0}, {1, 2, 2, 0}, 1).begin()->first, 1); // ties go to the smaller id
  EXPECT_EQ(draws({.temperature = 1e-300}, {1, 2, 0}, 100).size(), 1u);
}

TEST(Sampler, Filters) {
  EXPECT_EQ(draws({.topK = 2}, probabilities, 1000).size(), 2u);
  EXPECT_EQ(draws({.topP = 0.5}, probabilities, 1000).size(), 1u);
  EXPECT_EQ(draws({.topP = 0.7}, probabilities, 1000).size(), 2u);
  EXPECT_EQ(draws({.topP = 0}, probabilities, 1000).size(), 1u);
  EXPECT_EQ(draws({.minP = 0.25}, probabilities, 1000).size(), 3u); // 0.1 is a fifth of 0.5
  EXPECT_EQ(draws({.minP = 1}, probabilities, 1000).size(), 1u);
  const auto tied = draws({.topK = 1}, {1, 2, 2, 0}, 1000); // of equals the smaller id has the better rank
  EXPECT_EQ(tied.size(), 1u);
  EXPECT_EQ(tied.begin()->first, 1);
}

TEST(Sampler, RepeatPenaltyLowersBothSigns) {
  EXPECT_EQ(draws({.temperature = 0, .repeatPenalty = 2}, {3, 2, 1}, 1, {0}).begin()->first, 1);
  EXPECT_EQ(draws({.temperature = 0, .repeatPenalty = 2}, {-1, -1.5f, -3}, 1, {0}).begin()->first, 1);
}

TEST(Sampler, SurvivesHostileLogits) {
  EXPECT_EQ(draws({}, {-INFINITY, 1, -INFINITY}, 100).size(), 1u);
  EXPECT_EQ(draws({}, {1e38f, -1e38f}, 100).size(), 1u);
  EXPECT_EQ(draws({}, {INFINITY, 0}, 10).begin()->first, 0);
  EXPECT_EQ(draws({}, {-INFINITY, -INFINITY}, 10).size(), 1u);
  EXPECT_EQ(failureOf([] { draws({}, {0, NAN}, 1); }).exit, Exit::Input);
}

TEST(Sampler, LogProbabilitiesAreOfTheModel) {
  const Sampler sampler({.temperature = 0.1, .topK = 1}, 4);
  EXPECT_NEAR(sampler.probability(probabilities, 2, 0).ofToken, std::log(0.15), 1e-6);
  const auto top = sampler.probability(probabilities, 2, 2).top;
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[1].first, 1);
  EXPECT_NEAR(top[1].second, std::log(0.25), 1e-6);
  const auto tied = sampler.probability(std::vector<float>{2, 1, 2, 2}, 2, 2).top;
  EXPECT_EQ(tied[0].first, 0);
  EXPECT_EQ(tied[1].first, 2);
}

TEST(Sampler, NeverChoosesBeyondTheVocabulary) {
  Sampler sampler({}, 2);
  for (uint64_t i = 0; i < 1000; ++i)
    EXPECT_LT(sampler.pick(probabilities, {{}, {}, i}), 2);
}

TEST(Plot, DrawsPointsInTheirPlaces) {
  // By hand: 11 x 3 characters behind labels of 9.
  EXPECT_EQ(plotText({{0, 3}, {5, 2}, {10, 1}}, {{10, 1}}, 20, 3, false), "       3 .\n"
                                                                          "              .\n"
                                                                          "       1           o\n"
                                                                          "         0   step 10\n");
  EXPECT_EQ(plotText({{0, 1}}, {}, 80, 5, true), "") << "one point is no line";
  EXPECT_EQ(plotText({{0, 1}, {1, 2}}, {}, 16, 5, true), "") << "no room";
  EXPECT_EQ(plotText({{0, 1}, {1, NAN}}, {{2, INFINITY}}, 80, 5, true), "") << "what is not finite has no place";
  expectContains(plotText({{0, 5}, {9, 5}}, {}, 40, 4, true), "5 ");
}

TEST(Plot, KeepsMeansInARoomThatDoesNotGrow) {
  PlotPoints points(4);
  for (int i = 1; i <= 16; ++i)
    points.add(i, i);
  // Of four each: the means of 1 to 4, 5 to 8 and so on.
  ASSERT_LE(points.points().size(), 4u);
  EXPECT_EQ(points.points().front(), (std::pair<double, double>(4, 2.5)));
  EXPECT_EQ(points.points().back(), (std::pair<double, double>(16, 14.5)));
  points.add(17, NAN);
  EXPECT_EQ(points.points().size(), 4u);
}

} // namespace sinter::test
