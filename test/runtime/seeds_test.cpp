// Seeds differ where they should: initial values, the order of the data, samples; and parameters differ from each
// other. Every bit of a seed counts: seeds that agree in their low or high half, or in their exclusive or, are others.
#include "data/data.h"
#include "program/device.h"
#include "sampling/sampler.h"
#include "support.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace sinter::test {

static const uint64_t seeds[] = {
    0, 1, 2, uint64_t(1) << 31, uint64_t(1) << 32, (uint64_t(1) << 32) + 1, uint64_t(1) << 63, UINT64_MAX};

// Share of the positions at which both have the same value.
template <typename T> static double agreement(const std::vector<T> &a, const std::vector<T> &b) {
  size_t same = 0;
  for (size_t i = 0; i < a.size(); ++i)
    same += a[i] == b[i];
  return double(same) / double(a.size());
}

static std::vector<float> valuesOf(Program &program, const char *name) {
  const sinter_state &state = *program.findState(name);
  const auto *values = static_cast<const float *>(program.toRead(state));
  return {values, values + elementCount(state.tensor)};
}

TEST(Seeds, InitialValues) {
  std::vector<std::vector<float>> started;
  for (const uint64_t seed : seeds) {
    Program program(sinter_program_v1, 1);
    program.initialize(seed);
    started.push_back(valuesOf(program, "table.weight"));
    program.initialize(seed);
    EXPECT_EQ(valuesOf(program, "table.weight"), started.back()) << seed;
    for (size_t other = 0; other + 1 < started.size(); ++other)
      EXPECT_LT(agreement(started[other], started.back()), 0.01) << seed << " and " << seeds[other];
  }
}

// A program of vectors that differ in name and distribution alone.
class Vectors {
public:
  static constexpr int64_t size = 4096;

  void add(const char *name, sinter_init init, double scale) {
    states_.push_back({{name, SINTER_F32, 1, shape_, 4 * size * states_.size(), 4 * size}, init, 1, scale});
  }
  std::unique_ptr<Program> start(uint64_t seed) {
    description_.states = states_.data();
    description_.state_count = uint32_t(states_.size());
    description_.state_bytes = 4 * size * states_.size();
    auto program = std::make_unique<Program>(description_, makeNullDevice(description_));
    program->initialize(seed);
    return program;
  }

private:
  const int64_t shape_[1] = {size};
  std::vector<sinter_state> states_;
  sinter_program description_ = sinter_program_v1;
};

// Parameters of the same shape and distribution, of which names differ by as little as they can.
TEST(Seeds, EveryParameterStartsFromNumbersOfItsOwn) {
  const char *names[] = {"h.0.weight", "h.1.weight", "h.0.weighu", "h.0.bias"};
  Vectors vectors;
  for (size_t i = 0; i < std::size(names); ++i)
    vectors.add(names[i], i == 3 ? SINTER_UNIFORM : SINTER_NORMAL, 1);
  const std::unique_ptr<Program> started = vectors.start(7);
  Program &program = *started;
  for (size_t i = 0; i < std::size(names); ++i)
    for (size_t j = 0; j < i; ++j) {
      const std::vector<float> a = valuesOf(program, names[i]), b = valuesOf(program, names[j]);
      EXPECT_LT(agreement(a, b), 0.01) << names[i] << " and " << names[j];
      // Nor are the ones a multiple of the others: of independent numbers, the correlation is 0 with a deviation of
      // 1/64.
      double products = 0, squaresA = 0, squaresB = 0;
      for (size_t n = 0; n < a.size(); ++n) {
        products += double(a[n]) * b[n];
        squaresA += double(a[n]) * a[n];
        squaresB += double(b[n]) * b[n];
      }
      EXPECT_LT(std::abs(products / std::sqrt(squaresA * squaresB)), 5.0 / 64) << names[i] << " and " << names[j];
    }
}

// What each distribution promises, of 4,096 numbers: bounds, and shares of five intervals that are equally likely.
// Chance moves such a share by less than 0.03 in 99.99 % of all draws.
TEST(Seeds, InitialValuesHaveTheirDistribution) {
  Vectors vectors;
  vectors.add("uniform", SINTER_UNIFORM, 0.5);
  vectors.add("normal", SINTER_NORMAL, 0.25);
  vectors.add("constant", SINTER_CONSTANT, 3);
  const std::unique_ptr<Program> program = vectors.start(11);
  const auto expectFifths = [](const std::vector<float> &values, std::vector<double> limits) {
    std::vector<double> shares(limits.size() + 1);
    for (const float value : values)
      shares[size_t(std::upper_bound(limits.begin(), limits.end(), value) - limits.begin())] += 1.0 / Vectors::size;
    for (size_t i = 0; i < shares.size(); ++i)
      EXPECT_NEAR(shares[i], 0.2, 0.03) << "interval " << i;
  };
  const std::vector<float> uniform = valuesOf(*program, "uniform");
  const auto [lowest, highest] = std::minmax_element(uniform.begin(), uniform.end());
  EXPECT_GE(*lowest, -0.5f);
  EXPECT_LE(*highest, 0.5f);
  expectFifths(uniform, {-0.3, -0.1, 0.1, 0.3});
  // The quantiles of a normal distribution of deviation 1 at 0.2, 0.4, 0.6, 0.8, and a quarter of them.
  expectFifths(valuesOf(*program, "normal"), {-0.8416 / 4, -0.2533 / 4, 0.2533 / 4, 0.8416 / 4});
  EXPECT_EQ(valuesOf(*program, "constant"), std::vector<float>(Vectors::size, 3.0f));
}

// The quantiles of a normal distribution that is cut at two deviations: 0.9545 of it are left.
TEST(Seeds, TruncatedNormal) {
  Vectors vectors;
  vectors.add("truncated", SINTER_TRUNCATED_NORMAL, 0.5);
  vectors.add("normal", SINTER_NORMAL, 0.5);
  const std::unique_ptr<Program> program = vectors.start(5);
  const std::vector<float> values = valuesOf(*program, "truncated");
  double squares = 0, fourths = 0;
  int64_t inner = 0;
  for (const float value : values) {
    ASSERT_LE(std::abs(value), 1.0f);
    squares += double(value) * value / Vectors::size;
    fourths += std::abs(value) < 0.25f;
    inner += std::abs(value) < 0.5f;
  }
  // Variance 1 - 4 phi(2) / 0.9545 = 0.7737 of an untruncated one; P(|z| < 1) = 0.6827 / 0.9545; P(|z| < 1/2) likewise.
  EXPECT_NEAR(squares, 0.7737 / 4, 0.015);
  EXPECT_NEAR(double(inner) / Vectors::size, 0.7152, 0.03);
  EXPECT_NEAR(fourths / Vectors::size, 0.3829 / 0.9545, 0.03);
}

// Rows or columns, whichever are fewer, are orthonormal, times the gain; and each entry is as often positive as not.
TEST(Seeds, Orthogonal) {
  for (const auto &[rows, columns] : {std::pair<int64_t, int64_t>(48, 80), {80, 48}, {33, 33}, {1, 5}}) {
    const int64_t shape[] = {rows / (rows % 2 ? 1 : 2), rows % 2 ? 1 : 2, columns};
    const uint64_t bytes = uint64_t(4 * rows * columns);
    const sinter_state states[] = {{{"q", SINTER_F32, 3, shape, 0, bytes}, SINTER_ORTHOGONAL, 1, 3.0}};
    sinter_program description = sinter_program_v1;
    description.states = states;
    description.state_count = 1;
    description.state_bytes = bytes;
    Program program(description, makeNullDevice(description));
    program.initialize(3);
    const std::vector<float> q = valuesOf(program, "q");
    const bool wide = rows < columns;
    const int64_t count = wide ? rows : columns, length = wide ? columns : rows;
    const auto at = [&](int64_t vector, int64_t k) {
      return double(wide ? q[vector * columns + k] : q[k * columns + vector]);
    };
    int64_t positive = 0;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j <= i; ++j) {
        double dot = 0;
        for (int64_t k = 0; k < length; ++k) {
          dot += at(i, k) * at(j, k);
          positive += i == j && at(i, k) > 0;
        }
        EXPECT_NEAR(dot, i == j ? 9 : 0, 1e-5) << i << ", " << j;
      }
    if (rows * columns > 1000)
      EXPECT_NEAR(double(positive) / double(rows * columns), 0.5, 0.06);
  }
}

TEST(Seeds, OrderOfTheData) {
  Folder folder;
  int32_t tokens[4 * 8], targets[4 * 8];
  const Batch batch = {4, 8, tokens, targets, nullptr, nullptr};
  DataOptions options;
  options.path = write(folder / "t.txt", someText(20000));
  const Data data = loadData(options, batch, 256);
  std::vector<std::vector<int32_t>> orders;
  for (const uint64_t seed : seeds) {
    std::vector<int32_t> order;
    std::set<std::vector<int32_t>> rows;
    for (int64_t step = 0; step < 20; ++step) {
      data.training->fill(batch, Order::Random, seed, step);
      order.insert(order.end(), tokens, tokens + 32);
      for (int row = 0; row < 4; ++row)
        rows.insert({tokens + 8 * row, tokens + 8 * row + 8});
    }
    EXPECT_GT(rows.size(), 60u) << seed; // of 80, some alike: rows and steps do not repeat each other
    for (size_t other = 0; other < orders.size(); ++other)
      EXPECT_LT(agreement(orders[other], order), 0.3)
          << seed << " and " << seeds[other]; // chance alone: letters repeat
    orders.push_back(std::move(order));
  }
}

TEST(Seeds, Samples) {
  const std::vector<float> logits(1000, 0.0f);
  std::vector<std::vector<int32_t>> drawn;
  for (const uint64_t seed : seeds) {
    SamplerOptions options;
    options.seed = seed;
    Sampler sampler(options, 1000);
    History text;
    for (uint64_t i = 0; i < 200; ++i)
      text.choose(sampler.pick(logits, text));
    std::vector<int32_t> tokens = text.tokens;
    EXPECT_GT(std::set<int32_t>(tokens.begin(), tokens.end()).size(), 150u) << seed;
    for (size_t other = 0; other < drawn.size(); ++other)
      EXPECT_LT(agreement(drawn[other], tokens), 0.05) << seed << " and " << seeds[other];
    drawn.push_back(std::move(tokens));
  }
}

} // namespace sinter::test
