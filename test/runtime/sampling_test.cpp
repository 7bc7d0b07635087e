// Several texts at once: what a text's logits are does not depend on the others, on their order, on how a prompt is
// cut, or on what the caches hold of earlier texts. And searches among them.
#include "commands/sample/sample_json.h"
#include "mock_decoder.h"
#include "sampling/beams.h"
#include "support.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

namespace sinter::test {

namespace {

using Tokens = std::vector<int32_t>;

/// A program that remembers, for `batch` texts at once.
struct Decoding {
  explicit Decoding(int64_t batch, int threads = 1) : program(mockDecoder(batch), threads) { program.initialize(7); }
  Program program;
  TokenModel model{program};
  Tokenizer none;
};

/// The truth: every token computed anew, by the entry `logits` alone.
std::vector<float> logitsOf(const Tokens &tokens, FullContext full) {
  static Decoding decoding(1);
  TokenModel &model = decoding.model;
  const size_t context = size_t(decoderContext), half = context / 2;
  TextView seen = tokens;
  while (full == FullContext::Half && seen.size() > context)
    seen = seen.subspan(half);
  if (seen.size() > context)
    seen = seen.last(context);
  Program &program = decoding.program;
  const sinter_entry &entry = *program.findEntry("logits");
  auto *rows = static_cast<int32_t *>(program.data(*Program::findInput(entry, "tokens")));
  std::copy(seen.begin(), seen.end(), rows);
  program.setScalar(entry, "position", double(seen.size() - 1));
  program.run(entry);
  const auto *logits = static_cast<const float *>(program.data(*Program::findOutput(entry, "logits")));
  return {logits, logits + model.vocabulary()};
}

std::vector<float> rowOf(std::span<const float> logits, size_t row) {
  const auto part = logits.subspan(row * size_t(decoderVocabulary), size_t(decoderVocabulary));
  return {part.begin(), part.end()};
}

} // namespace

TEST(TokenModel, TextsDoNotDependOnEachOther) {
  std::mt19937 random(3);
  const auto below = [&](size_t limit) { return random() % limit; };
  for (const int64_t batch : {1, 3, 4}) {
    Decoding decoding(batch, 2);
    EXPECT_EQ(decoding.model.batch(), size_t(batch));
    std::vector<Tokens> texts(1, Tokens{1});
    for (int call = 0; call < 400; ++call) {
      // Texts go on, branch off, begin anew, or leave; in any order, and more than fit into a batch.
      if (texts.size() < 10)
        texts.push_back(below(2) ? texts[below(texts.size())] : Tokens{int32_t(below(12))});
      if (below(6) == 0)
        texts.erase(texts.begin() + int64_t(below(texts.size() - 1)));
      if (below(4) == 0)
        texts[below(texts.size())].resize(1);
      for (Tokens &text : texts)
        for (size_t more = below(4) ? below(2) : below(9); more > 0; --more)
          text.push_back(int32_t(below(12)));
      std::shuffle(texts.begin(), texts.end(), random);
      std::vector<TextView> views(texts.begin(), texts.begin() + int64_t(1 + below(texts.size())));
      const FullContext full = below(5) ? FullContext::Half : FullContext::Slide;
      decoding.model.setChunk(below(4));
      const auto logits = decoding.model.logitsAfter(views, full);
      for (size_t i = 0; i < views.size(); ++i)
        ASSERT_EQ(rowOf(logits, i), logitsOf(texts[i], full)) << "batch " << batch << ", call " << call << ", " << i;
    }
  }
}

// What is known of a text is not computed again, also when texts take turns or branch off.
TEST(TokenModel, RemembersAcrossPages) {
  for (const int64_t batch : {1, 4}) {
    Decoding decoding(batch);
    std::vector<Tokens> texts(6, Tokens{1, 2, 3, 4, 5, 6, 7});
    for (size_t i = 0; i < texts.size(); ++i)
      texts[i].push_back(int32_t(i));
    const auto all = [&] {
      return decoding.model.logitsAfter(std::vector<TextView>(texts.begin(), texts.end()), FullContext::Half);
    };
    all();
    // A parameter that changes shows what is computed anew: the last tokens alone.
    auto *table = static_cast<float *>(decoding.program.data(*decoding.program.findState("table.weight")));
    const std::vector<float> before = logitsOf({1, 2, 3, 4, 5, 6, 7, 3}, FullContext::Half);
    std::fill_n(table + 9 * decoderVocabulary, decoderVocabulary, 1000.0f);
    std::fill_n(table + 2 * decoderVocabulary, decoderVocabulary, NAN);
    for (Tokens &text : texts)
      text.push_back(9);
    const std::vector<float> after = rowOf(all(), 3);
    for (size_t v = 0; v < after.size(); ++v)
      EXPECT_NEAR(after[v], before[v] + 1000 * (1 + 0.37 * 3), 0.01) << batch;
    texts.push_back(texts[5]); // goes on from what another one knows
    texts.back().back() = 8;
    EXPECT_FALSE(std::isnan(rowOf(all(), 6)[0])) << batch;
  }
}

TEST(TokenModel, TakesNoOtherEntriesForIncrementalOnes) {
  sinter_program changed = mockDecoder(4);
  sinter_plan plan = *changed.cpu_plan;
  std::vector<sinter_entry> entries(plan.entries, plan.entries + 3);
  plan.entries = entries.data();
  changed.cpu_plan = &plan;
  const auto remembers = [&] {
    Program program(changed, 1);
    return TokenModel(program).remembers();
  };
  EXPECT_TRUE(remembers());
  entries[1].input_count = 2; // no count
  EXPECT_FALSE(remembers());
  entries[1] = plan.entries[2];
  entries[1].name = "prefill"; // takes one token as well, which is fine
  EXPECT_TRUE(remembers());
  entries[2] = mockDecoder(1).cpu_plan->entries[2]; // of one text, beside a prefill of four
  EXPECT_FALSE(remembers());
}

TEST(Generator, SamplesAreThoseOfTheirSeeds) {
  GenerateOptions options;
  options.count = 25;
  options.logProbabilities = 2;
  options.stop = {"7 1", "3 11", "5 5"};
  options.sampler.seed = 5;
  options.sampler.presencePenalty = 0.3;
  options.sampler.temperature = 8;
  std::vector<Generated> expected;
  for (uint64_t i = 0; i < 9; ++i) {
    Decoding alone(1);
    GenerateOptions own = options;
    own.sampler.seed += i;
    expected.push_back(
        Generator(alone.program, alone.none).run({1, 2, 3}, own, [](const std::string &) { return true; }));
  }
  size_t stopped = 0;
  for (const int64_t batch : {1, 3, 4}) {
    Decoding decoding(batch, 2);
    const auto samples = Generator(decoding.program, decoding.none).samples({1, 2, 3}, options, 9);
    ASSERT_EQ(samples.size(), 9u);
    for (size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(samples[i].text, expected[i].text) << i;
      ASSERT_EQ(samples[i].tokens.size(), expected[i].tokens.size());
      for (size_t t = 0; t < samples[i].tokens.size(); ++t) {
        EXPECT_EQ(samples[i].tokens[t].logProbability, expected[i].tokens[t].logProbability);
        EXPECT_EQ(samples[i].tokens[t].top, expected[i].tokens[t].top);
      }
      stopped += samples[i].stopped;
    }
  }
  EXPECT_GT(stopped, 0u);
  EXPECT_NE(expected[0].text, expected[1].text);
}

// Whatever tokens and numbers are, what is printed is JSON; a token that is no text by itself tells its bytes.
TEST(SampleJson, HoldsAnyValue) {
  const Tokenizer bytes = Tokenizer::bytes();
  Generated result;
  result.text = "\xe2\x82";
  result.score = -INFINITY;
  result.tokens = {{0xe2, NAN, {{0x41, -INFINITY}, {0xff, -0.25}}}, {0, INFINITY, {}}};
  const auto json = nlohmann::json::parse("{" + generatedJson(bytes, result, true, true) + "}");
  EXPECT_EQ(json["text"], "\uFFFD");
  EXPECT_TRUE(json["score"].is_null());
  const nlohmann::json &first = json["logprobs"][0];
  EXPECT_TRUE(first["logprob"].is_null());
  EXPECT_EQ(first["bytes"], nlohmann::json({0xe2}));
  EXPECT_EQ(first["text"], "\uFFFD");
  EXPECT_EQ(first["top"][0]["text"], "A");
  EXPECT_FALSE(first["top"][0].contains("bytes"));
  EXPECT_TRUE(first["top"][0]["logprob"].is_null());
  EXPECT_EQ(first["top"][1]["bytes"], nlohmann::json({0xff}));
  EXPECT_EQ(json["logprobs"][1]["text"], std::string(1, '\0'));
}

// All continuations of three tokens, by their score; of those with equal scores the lower tokens first.
static std::vector<std::pair<double, Tokens>> everyContinuation(const Tokens &prompt) {
  std::vector<std::pair<double, Tokens>> all;
  const auto logProbabilities = [](const Tokens &text) {
    const std::vector<float> logits = logitsOf(text, FullContext::Half);
    double sum = 0;
    for (const float logit : logits)
      sum += std::exp(double(logit));
    std::vector<double> result;
    for (const float logit : logits)
      result.push_back(logit - std::log(sum));
    return result;
  };
  std::function<void(Tokens, double)> visit = [&](const Tokens &made, double sum) {
    if (made.size() == 3)
      return all.emplace_back(sum, made), void();
    Tokens text = prompt;
    text.insert(text.end(), made.begin(), made.end());
    const std::vector<double> next = logProbabilities(text);
    for (int32_t id = 0; id < decoderVocabulary; ++id) {
      Tokens longer = made;
      longer.push_back(id);
      visit(longer, sum + next[size_t(id)]);
    }
  };
  visit({}, 0);
  std::sort(all.begin(), all.end(),
            [](const auto &a, const auto &b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  return all;
}

TEST(Beams, FindWhatASearchOfAllFinds) {
  const auto all = everyContinuation({4, 2});
  for (const int64_t batch : {1, 4}) {
    Decoding decoding(batch);
    Generator generator(decoding.program, decoding.none);
    GenerateOptions options;
    options.count = 3;
    options.logProbabilities = 1;
    const auto found = beamSearch(generator, {4, 2}, options, {.beams = 144, .lengthPenalty = 2}, 20);
    ASSERT_EQ(found.size(), 20u);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i].score, all[i].first / 9, 1e-12);
      Tokens tokens;
      double sum = 0;
      for (const GeneratedToken &token : found[i].tokens)
        tokens.push_back(token.id), sum += token.logProbability;
      EXPECT_EQ(tokens, all[i].second) << i;
      EXPECT_NEAR(sum, all[i].first, 1e-12);
    }
    // One beam is the most probable token each time.
    options.sampler.temperature = 0;
    const auto greedy = generator.run({4, 2}, options, [](const std::string &) { return true; });
    EXPECT_EQ(beamSearch(generator, {4, 2}, options, {.beams = 1}, 1).front().text, greedy.text);
  }
}

} // namespace sinter::test
