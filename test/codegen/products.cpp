// Long products have one order (codegen/products/ProductOrder.h): the bits are those of the order written down here, at lengths
// around its units and groups, in every form that a kernel has; and their error stays below 1e-6 at any length.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run --device=cpu --threads=2 %t.mlir | FileCheck %s
// RUN: sinter-run --device=cpu --threads=1 --march=x86-64-v3 %t.mlir | FileCheck %s
// Operands are numbers of bf16, so that rounding them to it changes nothing.
// RUN: sinterc %s --set narrow=true --emit=model -o - | sinter-opt --sinter-narrow-products -o %t.narrow.mlir
// RUN: sinter-run --device=cpu --threads=1 --march=x86-64-v3 %t.narrow.mlir | FileCheck %s
// RUN: %if avx512bf16 %{ sinter-run --device=cpu --threads=2 --march=cooperlake %t.narrow.mlir | FileCheck %s %}
//
// Every emitter is taken, also for processors that this machine is not.
// RUN: sinterc %s --emit=target --march=skylake-avx512 -o - | FileCheck %s --check-prefix=FORMS
// RUN: sinterc %s --emit=target --march=skylake-avx512 --dtype=bf16 -o - | FileCheck %s --check-prefix=ROUNDED
// RUN: sinterc %s --emit=target --march=cooperlake --dtype=bf16 -o - | FileCheck %s --check-prefix=PAIRS
#include <algorithm>
#include <sinter/sinter.h>
#include <cmath>
#include <vector>
using namespace sinter;

// CHECK-NOT: FAILED
// CHECK: nn_2_20_575: cpu ok
// CHECK: long_98500: cpu ok
// CHECK: specials: cpu ok
// CHECK: accuracy: cpu ok
// CHECK-NOT: FAILED

// FORMS-DAG: flags = ["stream"{{.*}}right = "direct"
// FORMS-DAG: flags = ["stream"{{.*}}right = "transposed"
// FORMS-DAG: sinter.schedule = {block = {{[^"]*}}keeps = {{[^,]*}}, left = "direct", right = "direct"
// FORMS-DAG: sinter.schedule = {block = {{.*}}left = "direct", right = "copied"
// FORMS-DAG: sinter.schedule = {block = {{[^"]*}}keeps = {{[^,]*}}, left = "direct", right = "transposed"
// FORMS-DAG: flags = [{{.*}}"packs ahead"{{.*}}left = "panels", right = "copied"
// FORMS-DAG: sinter.schedule = {block = array<i64: {{[0-9]+, [0-9]+}}, 384>
// FORMS-DAG: flags = [{{.*}}"finishes later"
// ROUNDED-NOT: pairs
// ROUNDED: left = "rows", right = "copied"
// ROUNDED-NOT: pairs
// PAIRS-DAG: flags = [{{.*}}"pairs"{{.*}}left = "rows", right = "copied"
// PAIRS-DAG: flags = [{{.*}}"pairs"{{.*}}left = "panels", right = "copied"
// PAIRS-DAG: flags = [{{.*}}"pairs"{{.*}}left = "rows", right = "transposed"

namespace {

/// Number (i, j) of an operand: up to 8 bits, of one of two sizes, so that every sum of some of them is rounded.
double term(int64_t i, int64_t j) {
  return static_cast<double>((i % 255 * 7919 + j * 104729) % 255 + 1) * (i % 3 == 0 ? 0x1p-10 : 1.0);
}
Tensor terms(Shape shape, int64_t along, int64_t other) {
  Tensor i = iota(shape, along), j = iota(shape, other) + scalar_input("zero", 0, i32);
  return cast(remainder(remainder(i, 255) * 7919 + j * 104729, 255) + 1, f32) * where(remainder(i, 3) == 0, 0x1p-10, 1.0);
}

/// Steps of all units but the last: as many units as make them nearest to 384 long, each a multiple of 64, and none so
/// that the last has less than 16.
int64_t unitOf(int64_t k) {
  const auto units = static_cast<int64_t>(std::floor(static_cast<double>(k) / 384 + 0.5));
  if (units < 2)
    return k;
  int64_t unit = 64;
  while (unit * units < k || (k % unit > 0 && k % unit < 16))
    unit += 64;
  return unit;
}

/// Units from zero, then groups of 16 from zero until one is left.
float productOf(int64_t k, const auto &left, const auto &right) {
  std::vector<float> sums;
  for (int64_t from = 0, unit = unitOf(k); from < k; from += unit) {
    float sum = 0;
    for (int64_t i = from; i < std::min(from + unit, k); ++i)
      sum = std::fma(static_cast<float>(left(i)), static_cast<float>(right(i)), sum);
    sums.push_back(sum);
  }
  while (sums.size() > 1) {
    std::vector<float> groups((sums.size() + 15) / 16, 0.0f);
    for (size_t i = 0; i < sums.size(); ++i)
      groups[i / 16] += sums[i];
    sums = groups;
  }
  return sums[0];
}

void expectBits(Tensor actual, const std::vector<double> &expected) {
  const auto count = static_cast<int64_t>(expected.size());
  Tensor same = reshape(actual, {count}) == constant(expected, {count});
  expect(cast(same, i32), full({count}, 1, i32));
}

/// Checks corners and some of the middle of an m x n product.
void product(const std::string &form, int64_t m, int64_t n, int64_t k) {
  entry(form + "_" + std::to_string(m) + "_" + std::to_string(n) + "_" + std::to_string(k), [=] {
    Tensor a = form[0] == 't' ? transpose(terms({k, m}, 0, 1)) : terms({m, k}, 1, 0);
    Tensor b = form[1] == 't' ? transpose(terms({n, k}, 1, 0)) : terms({k, n}, 0, 1);
    Tensor c = matmul(a, b);
    for (int64_t i : {int64_t(0), m / 2, m - 1}) {
      std::vector<double> expected;
      const int64_t from[] = {0, n / 2, n - std::min<int64_t>(n, 5)};
      Tensor row = slice(c, 0, i, i + 1);
      std::vector<Tensor> parts;
      for (int64_t first : from) {
        const int64_t last = std::min(first + 5, n);
        parts.push_back(slice(row, 1, first, last));
        for (int64_t j = first; j < last; ++j)
          expected.push_back(productOf(k, [&](int64_t s) { return term(s, i); }, [&](int64_t s) { return term(s, j); }));
      }
      expectBits(concat(parts, 1), expected);
    }
  });
}

void expectWithin(Tensor actual, double expected, double error) {
  expect(cast(abs(actual - expected) <= error * expected, i32), full({1, 1}, 1, i32));
}

} // namespace

SINTER_MODEL(products) {
  // Around one unit and two, 16 units and 17 (one group and two), even and odd.
  for (int64_t k : {575, 576, 577, 639, 641, 767, 768, 769, 6143, 6144, 6145, 6335, 6336, 6337})
    for (const char *form : {"nn", "nt"})
      product(form, 2, 20, k);
  // Few rows stream by; what is read in place; what is copied, transposed, cut into panels.
  for (int64_t k : {575, 577, 1101, 6401})
    for (const char *form : {"nn", "nt", "tn", "tt"}) {
      product(form, 1, 40, k);
      product(form, 9, 33, k);
      product(form, 50, 77, k);
    }
  for (int64_t k : {768, 1101}) {
    product("nn", 70, 330, k);
    product("nt", 70, 330, k);
    product("tn", 300, 330, k);
  }
  // Blocks that are packed ahead; results that go past the caches.
  product("nn", 48, 200, 2048);
  product("tn", 384, 384, 3072);
  product("nn", 1030, 1040, 577);
  product("nt", 1030, 1040, 801);

  // Three levels of groups.
  for (int64_t k : {98304, 98305, 98500})
    entry("long_" + std::to_string(k), [=] {
      std::vector<double> expected;
      for (int64_t j = 0; j < 17; ++j)
        expected.push_back(productOf(k, [](int64_t s) { return term(s, 0); }, [&](int64_t s) { return term(s, j); }));
      Tensor row = terms({1, k}, 1, 0), column = terms({k, 1}, 0, 1);
      expectBits(matmul(row, terms({k, 17}, 0, 1)), expected);
      expectBits(matmul(row, transpose(terms({17, k}, 1, 0))), expected);
      expectBits(matmul(transpose(column), terms({k, 17}, 0, 1)), expected);
    });

  entry("specials", [] {
    // Lengths of one unit and of more, in streams and in tiles.
    for (int64_t k : {400, 7001})
      for (int64_t n : {3, 40}) {
        Tensor i = iota({1, k}, 1) + scalar_input("zero", 0, i32), b = terms({k, n}, 0, 1), zero = full({1, n}, 0);
        auto with = [&](int64_t at, double special, Tensor others) { return where(i == at, special, others); };
        for (Tensor right : {b, transpose(terms({n, k}, 1, 0))}) {
          Tensor a = terms({1, k}, 1, 0);
          expect(matmul(with(k - 1, INFINITY, a), right), zero + INFINITY);
          expect(matmul(with(0, -INFINITY, a), right), zero - INFINITY);
          expect(matmul(with(5, INFINITY, with(k - 2, -INFINITY, a)), right), zero + NAN);
          expect(matmul(with(k / 2, NAN, a), right), zero + NAN);
          expect(matmul(a * 0 + 0x1p126, right), zero + INFINITY);
          expect(1 / matmul(a * -0.0, right), zero + INFINITY);
        }
      }
  });

  // Terms of all sizes, equal ones that no float holds exactly, and ones: what is expected is computed in double, or
  // known.
  const bool narrow = config("narrow", false, "operands are numbers of bf16");
  entry("accuracy", [=] {
    const double bound = (512 + 16 * 4) * 0x1p-24; // roundings of a unit and of four levels
    const float tenth = narrow ? 0x1.9ap-4f : 0.1f;
    Tensor one = scalar_input("one", 1);
    for (int64_t k : {1000, 70000, 20000000}) {
      double exact = 0;
      for (int64_t i = 0; i < k; ++i)
        exact += term(i, 0) * term(i, 0);
      Tensor x = terms({1, k}, 1, 0), tenths = broadcast(one * tenth, {k, 1}), ones = broadcast(one, {1, k});
      expectWithin(matmul(x, transpose(x)), exact, 1e-6);
      expectWithin(matmul(ones, tenths), static_cast<double>(k) * tenth, bound);
      expect(matmul(ones, transpose(ones)), full({1, 1}, static_cast<double>(k)));
      if (k > 70000)
        continue;
      expectWithin(slice(matmul(x, terms({k, 40}, 0, 1)), 1, 0, 1), exact, 1e-6);
      expectWithin(slice(slice(matmul(terms({33, k}, 1, 0), terms({k, 40}, 0, 1)), 0, 0, 1), 1, 0, 1), exact, 1e-6);
    }
  });
}
