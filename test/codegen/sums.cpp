// Long sums have one order (codegen/loops/SumOrder.h): the bits are those of the order written down here, at lengths around
// each of its steps, however the sum is fused; and their error stays below 1e-6, for equal terms too.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run --device=cpu %t.mlir | FileCheck %s
// RUN: sinter-run --device=cpu --unfused --threads=2 --entry=rows_1025 %t.mlir
// RUN: sinter-run --device=cpu --unfused --threads=2 --entry=columns_1025 %t.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 --threads=2 --entry=rows_1025 %t.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 --threads=2 --entry=columns_1025 %t.mlir
#include <algorithm>
#include <sinter/sinter.h>
#include <cmath>
#include <vector>
using namespace sinter;

// CHECK-NOT: FAILED
// CHECK: rows_15: cpu ok
// CHECK: columns_262145: cpu ok
// CHECK: scatter_9_64_8: cpu ok
// CHECK: specials: cpu ok
// CHECK: equal_terms: cpu ok
// CHECK-NOT: FAILED

namespace {

/// Terms that are all positive: the one with index i (of row or column j) is one of 997 numbers that are exact in f32.
double term(int64_t i, int64_t j) { return static_cast<double>((i * 7919 + j * 104729) % 997 + 1); }
Tensor terms(Shape shape, int64_t along, int64_t other) {
  Tensor i = iota(shape, along), j = iota(shape, other) + scalar_input("zero", 0, i32);
  return cast(remainder(i * 7919 + j * 104729, 997) + 1, f32) * 0.1f;
}

/// Sums of runs, by Kahan's method.
class RunSum {
public:
  void add(float run) {
    volatile float next = run - excess, before = sum;
    sum = before + next;
    excess = sum - before;
    excess = excess - next;
  }
  float value() const { return sum; }

private:
  volatile float sum = 0, excess = 0;
};

/// Runs of 64 terms, each from zero.
float sumInRuns(int64_t count, const auto &term) {
  RunSum sum;
  for (int64_t from = 0; from < count; from += 64) {
    volatile float run = 0;
    for (int64_t i = from; i < std::min(from + 64, count); ++i)
      run = run + term(i);
    sum.add(run);
  }
  return sum.value();
}

/// What falls into a row of a table: runs of its own terms, which end where 65536 positions do.
float scatteredSum(int64_t count, const auto &rowOf, int64_t row, int64_t column) {
  RunSum sum;
  volatile float run = 0;
  int64_t terms = 0;
  for (int64_t i = 0; i <= count; ++i) {
    if (terms > 0 && (terms == 64 || i % 65536 == 0 || i == count)) {
      sum.add(run);
      run = 0, terms = 0;
    }
    if (i < count && rowOf(i) == row)
      run = run + static_cast<float>(term(i, column)) * 0.1f, ++terms;
  }
  return sum.value();
}

/// Along the lanes: lane l takes each 16th term; halves join.
float rowSum(int64_t n, const auto &term) {
  volatile float lanes[16];
  for (int64_t l = 0; l < 16; ++l)
    lanes[l] = l < n ? sumInRuns((n - l + 15) / 16, [&](int64_t i) { return term(i * 16 + l); }) : 0;
  for (int64_t half = 8; half >= 1; half /= 2)
    for (int64_t l = 0; l < half; ++l)
      lanes[l] = lanes[l] + lanes[l + half];
  return lanes[0];
}

void expectBits(Tensor actual, const std::vector<double> &expected) {
  Tensor same = actual == constant(expected, {static_cast<int64_t>(expected.size())});
  expect(cast(same, i32), full({static_cast<int64_t>(expected.size())}, 1, i32));
}
void expectWithin(Tensor actual, double expected) {
  expect(cast(abs(actual - expected) <= 1e-6 * expected, i32), full({}, 1, i32));
}

} // namespace

SINTER_MODEL(sums) {
  const int64_t lengths[] = {15, 16, 17, 1023, 1024, 1025, 1040, 16383, 16385, 262143, 262145};
  for (int64_t n : lengths)
    entry("rows_" + std::to_string(n), [=] {
      std::vector<double> expected, sums;
      for (int64_t row = 0; row < 3; ++row)
        expected.push_back(rowSum(n, [&](int64_t i) { return static_cast<float>(term(i, row)) * 0.1f; }));
      expectBits(sum(terms({3, n}, 1, 0), 1), expected);
      // Beside a maximum of the same terms, and a sum of others, in one loop.
      Tensor x = terms({3, n}, 1, 0);
      expectBits(sum(x * max(x, 1, true) * 0 + x, 1), expected);
    });
  const int64_t heights[] = {1, 63, 64, 65, 128, 129, 1023, 1025, 4096, 262145};
  for (int64_t n : heights)
    entry("columns_" + std::to_string(n), [=] {
      std::vector<double> expected;
      for (int64_t column = 0; column < 21; ++column)
        expected.push_back(sumInRuns(n, [&](int64_t i) { return static_cast<float>(term(i, column)) * 0.1f; }));
      expectBits(sum(terms({n, 21}, 0, 1), 0), expected);
      // In the middle; of one column; of more columns than a tile has.
      if (n > 4096)
        return;
      expectBits(reshape(slice(sum(terms({2, n, 21}, 1, 2), 1), 0, 1, 2), {21}), expected);
      expectBits(sum(terms({n, 1}, 0, 1), 0), {expected[0]});
      expectBits(slice(sum(terms({n, 330}, 0, 1), 0), 0, 0, 21), expected);
    });

  // Rows with and without terms, of several runs, in several segments of positions; indices outside the table.
  for (auto [rows, width, n] : {std::tuple(2, 1, 65536), {2, 3, 65537}, {70, 85, 4480}, {70, 85, 4481}, {3, 16, 200000}, {9, 64, 8}})
    entry("scatter_" + std::to_string(rows) + "_" + std::to_string(width) + "_" + std::to_string(n), [=] {
      auto rowOf = [=](int64_t i) { return (i * 31 + i / 1000) % (rows + 1) - 1; };
      Tensor i = iota({n}, 0) + scalar_input("zero", 0, i32), table = full({rows, width}, 0) * scalar_input("one", 1);
      Tensor index = remainder(i * 31 + i / 1000, rows + 1) - 1;
      Tensor added = grad(sum(gather(table, index) * terms({n, width}, 0, 1)), table);
      std::vector<double> expected;
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t column = 0; column < width; ++column)
          expected.push_back(scatteredSum(n, rowOf, row, column));
      expectBits(reshape(added, {rows * width}), expected);
    });

  entry("specials", [] {
    int64_t n = 5000;
    for (Shape shape : {Shape{3, 5000}, Shape{5000, 3}}) {
      int64_t axis = shape[1] == n;
      Tensor i = iota(shape, axis), x = terms(shape, axis, 1 - axis), zero = full({3}, 0);
      auto with = [&](int64_t at, double special, Tensor others) { return where(i == at, special, others); };
      expect(sum(with(70, INFINITY, x), axis), zero + INFINITY);
      expect(sum(with(4999, -INFINITY, x), axis), zero - INFINITY);
      expect(sum(with(0, INFINITY, with(4000, -INFINITY, x)), axis), zero + NAN);
      expect(sum(with(2100, NAN, x), axis), zero + NAN);
      expect(sum(x * 0 + 3e38, axis), zero + INFINITY);
      expect(1 / sum(x * -0.0, axis), zero + INFINITY);
      expect(max(with(3000, NAN, x), axis), zero + NAN);
    }
  });

  entry("equal_terms", [] {
    Tensor one = scalar_input("one", 1);
    for (double value : {0.1, 1.0 / 3, 2.7, 1e-6})
      for (int64_t n : {1000, 100000, 20000000}) {
        double exact = static_cast<double>(n) * static_cast<float>(value);
        expectWithin(sum(broadcast(one * value, {n})), exact);
        expectWithin(mean(broadcast(one * value, {n})), exact / static_cast<double>(n));
        expectWithin(reshape(slice(sum(broadcast(one * value, {n, 2}), 0), 0, 0, 1), {}), exact);
        expectWithin(reshape(sum(broadcast(one * value, {n, 1}), 0), {}), exact);
        expectWithin(sum(broadcast(one * value, {n / 100, 10, 10})), exact);
      }
  });
}
