// The DSL's random numbers: bits of Threefry, and what is made of them: by shifts, conversions that are exact, sums and
// products, whose bits are the same on every device, and by polynomials and sinter's own logarithm, where a device may
// round a multiply-add once or twice.
#include "sinter/random.h"
#include "compiler/frontend/Builder.h"
#include "compiler/include/sinter/nn.h"

#include <cmath>

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

/// The two words of the key that the calls of one step draw their bits with: for each step another bijection of the
/// seed's 64 bits, two rounds of a Feistel network, so that different seeds have different keys in every step.
static std::array<Value, 2> keyOfStep(mlir::Location at) {
  ModelBuilder &builder = ModelBuilder::get();
  auto scalar = [&](const char *name, double fallback) {
    return Value::getFromOpaquePointer(program_input(name, fallback, i32).handle());
  };
  Value low = scalar("seed", 0), high = scalar("seed_high", 0), step = scalar("step", 1);
  auto mixed = [&](Value word, Value with, double round) -> Value {
    Value zero = splat(builder.ops, at, word.getType(), 0), number = splat(builder.ops, at, word.getType(), round);
    Value bits = ThreefryOp::create(builder.ops, at, word.getType(), step, zero, with, number);
    return arith::XOrIOp::create(builder.ops, at, word, bits);
  };
  high = mixed(high, low, 0);
  low = mixed(low, high, 1);
  // In loops, each step has a key of its own: words that this key makes of the step's number.
  for (Value number : builder.loopSteps) {
    Value zero = splat(builder.ops, at, number.getType(), 0), one = splat(builder.ops, at, number.getType(), 1);
    Value ofLow = ThreefryOp::create(builder.ops, at, number.getType(), low, high, number, zero);
    high = ThreefryOp::create(builder.ops, at, number.getType(), low, high, number, one);
    low = ofLow;
  }
  return {low, high};
}

/// 32 bits for each element, of the entry's next stream.
static Value draw(const Shape &shape, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry(what, loc);
  checkShape(shape, what, loc);
  // The element's row-major number, spelled with one iota per dimension so that all of it fuses with what surrounds it.
  Tensor element = full(shape, 0, i32);
  int64_t elements = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    element = element * static_cast<double>(shape[d]) + iota(shape, d);
    elements *= shape[d];
  }
  if (elements > int64_t{1} << 32)
    fail(loc, Twine(what) + ": shape " + text(shape) + " has more than 2^32 elements, and no more numbers are drawn");
  mlir::Location at = builder.at(loc);
  Value counter = builder.use(element, what, loc);
  Value key[2];
  for (auto [word, ofStep] : llvm::zip(key, keyOfStep(at)))
    word = broadcastTo(ofStep, shape, at);
  Value site = splat(builder.ops, at, counter.getType(), entry.draws++);
  return ThreefryOp::create(builder.ops, at, counter.getType(), key[0], key[1], counter, site);
}

/// Whether each of the bits, as unsigned numbers, is below probability * 2^32, or is not.
static Tensor isBelow(Value bits, double probability, bool holds, mlir::Location at) {
  OpBuilder &ops = ModelBuilder::get().ops;
  auto threshold = static_cast<int32_t>(static_cast<uint32_t>(probability * 4294967296.0));
  auto predicate = holds ? arith::CmpIPredicate::ult : arith::CmpIPredicate::uge;
  Value limit = splat(ops, at, bits.getType(), threshold);
  return wrap(arith::CmpIOp::create(ops, at, predicate, bits, limit));
}

/// The first `count` of the 32 bits, as a whole number: at most 31.
static Tensor firstBits(Value bits, int count, mlir::Location at) {
  OpBuilder &ops = ModelBuilder::get().ops;
  return wrap(arith::ShRUIOp::create(ops, at, bits, splat(ops, at, bits.getType(), 32 - count)));
}

Tensor dropout(Tensor x, double probability, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useFloat(x, "dropout", loc);
  Entry &entry = builder.entry("dropout", loc);
  if (!(probability >= 0 && probability < 1))
    fail(loc, "dropout: the probability must be at least 0 and below 1, but is " + digits(probability));
  if (probability == 0 || !entry.training)
    return wrapResult(value, x, loc);
  CallSite here(loc);
  Tensor keep = isBelow(draw(shapeOf(value).vec(), "dropout", loc), probability, false, builder.at(loc));
  return where(keep, x * (1 / (1 - probability)), 0.0);
}

Tensor uniform(Shape shape, double low, double high, Loc loc) {
  for (double end : {low, high})
    checkHeld(end, DType::F32, "uniform: the end", loc);
  if (!(low < high) || !std::isfinite(high - low))
    fail(loc, "uniform: numbers are drawn from [low, high), but that is [" + digits(low) + ", " + digits(high) + ")");
  CallSite here(loc);
  Value bits = draw(shape, "uniform", loc);
  // Exact: 24 bits and a power of two.
  Tensor part = cast(firstBits(bits, 24, ModelBuilder::get().at(loc)), f32) * 0x1p-24;
  // (No fma: some devices round it twice.)
  return low == 0 && high == 1 ? part : part * (high - low) + low;
}

Tensor normal(Shape shape, Loc loc) {
  CallSite here(loc);
  Value bits = draw(shape, "normal", loc);
  mlir::Location at = ModelBuilder::get().at(loc);
  OpBuilder &ops = ModelBuilder::get().ops;
  // One bit for the sign, 31 for the probability of what lies beyond: w is its negative logarithm.
  Value rest = arith::AndIOp::create(ops, at, bits, splat(ops, at, bits.getType(), 0x7fffffff));
  Tensor w = -log((cast(wrap(rest), f32) + 0.5) * 0x1p-32);
  Tensor low = w < 4.0, lowest = w < 1.7, lower = w < 9.5;
  auto pick = [&](std::array<double, 4> c) { return where(low, where(lowest, c[0], c[1]), where(lower, c[2], c[3])); };
  static constexpr std::array<double, 4> middle = {1.1963236331939697, 2.8499999046325684, 6.75, 16.200000762939453};
  static constexpr std::array<double, 4> coefficients[] = {
      {-0.0199427493, -2.18052719e-05, -2.67032618e-08, -3.09189063e-11},
      {0.0276368186, 7.24127749e-05, 2.11336982e-07, 5.918393e-10},
      {-0.0278126933, -0.000181566225, -1.26224347e-06, -8.52231885e-09},
      {0.0416259058, 0.000652462651, 1.08631421e-05, 1.78351812e-07},
      {-0.0679499805, -0.00254778657, -0.000101977872, -4.08773622e-06},
      {0.116707101, 0.0106130289, 0.0010276041, 0.000101039717},
      {-0.238863721, -0.0534364618, -0.0126812095, -0.00308832945},
      {0.866462886, 0.499726981, 0.300917923, 0.185381576},
      {0.517786682, 1.57313025, 3.04307246, 5.21454191}};
  Tensor t = w - pick(middle), size = pick(coefficients[0]);
  for (const auto &next : ArrayRef(coefficients).drop_front())
    size = fma(size, t, pick(next));
  return where(Operand(wrap(bits)) < 0.0, -size, size);
}

Tensor bernoulli(Shape shape, double probability, Loc loc) {
  if (!(probability >= 0 && probability <= 1))
    fail(loc, "bernoulli: the probability must be from 0 to 1, but is " + digits(probability));
  CallSite here(loc);
  Value bits = draw(shape, "bernoulli", loc);
  if (probability == 1)
    return full(shape, 1, boolean);
  return isBelow(bits, probability, true, ModelBuilder::get().at(loc));
}

Tensor bernoulli(Tensor probabilities, Loc loc) {
  ModelBuilder::get().useFloat(probabilities, "bernoulli", loc);
  CallSite here(loc);
  Value bits = draw(probabilities.shape(), "bernoulli", loc);
  return cast(firstBits(bits, 24, ModelBuilder::get().at(loc)), f32) * 0x1p-24 < probabilities;
}

Tensor gumbel(Shape shape, Loc loc) {
  CallSite here(loc);
  Value bits = draw(shape, "gumbel", loc);
  // -log(1 - part), whose small values keep their digits, is as good as -log(part). No log1p: devices need not divide
  // exactly.
  Tensor whole = firstBits(bits, 31, ModelBuilder::get().at(loc));
  Tensor part = (cast(whole, f32) + 0.5) * 0x1p-31, rest = (cast(0x7fffffff - whole, f32) + 0.5) * 0x1p-31;
  static constexpr double coefficients[] = {1.73361194,  -2.45896196, 1.95987058,  -0.590088725, 0.340746462,
                                            0.175440773, 0.251956791, 0.333255172, 0.500001192,  1};
  Tensor quotient = full(shape, coefficients[0]); // -log(1 - part) / part for part < 1/2
  for (double next : ArrayRef(coefficients).drop_front())
    quotient = fma(quotient, part, next);
  return -log(where(part < 0.5, part * quotient, -log(rest)));
}

Tensor categorical(Tensor logits, int64_t axis, Loc loc) {
  ModelBuilder::get().useFloat(logits, "categorical", loc);
  CallSite here(loc);
  return argmax(logits + gumbel(logits.shape()), axis);
}

} // namespace sinter
