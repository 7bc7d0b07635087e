// sinter-vulkan-expand: what a shader would compute badly or not at all.
//
//   %y = math.powf %x, %p : vector<4xf32>   =>   log2 as the sum of two floats, times %p, 2^that
//
// GLSL's own functions may be off by thousands of ulp, and differ between devices. The formulas here are within some
// ulp (sin and cos: absolutely), remainders are exact, and all keep NaN and the infinities; exp, tanh, erf and the
// logarithms are those of ExpandMath, shared with the CPU, where the others are libm's. No step relies on a fused
// multiply-add, which devices may round twice.
#include "compiler/codegen/scalars/Arithmetic.h"
#include "compiler/codegen/vulkan/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numbers>

using namespace mlir;

namespace sinter::vulkan {
#define GEN_PASS_DEF_EXPANDFORSHADERS
#include "compiler/codegen/vulkan/Passes.h.inc"

namespace {

using Predicate = arith::CmpFPredicate;

Value compare(Arithmetic &a, Predicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(a.builder, a.loc, predicate, x, y);
}
Value both(Arithmetic &a, Value x, Value y) { return arith::AndIOp::create(a.builder, a.loc, x, y); }
Value maskBits(Arithmetic &a, Value bits, int32_t mask) {
  return arith::AndIOp::create(a.builder, a.loc, bits, a.integer(mask));
}

//===--- sums of two floats --------------------------------------------------------------------------===//

/// high + low, low being below half an ulp of high or nearly so.
struct Pair {
  Value high, low;
};

/// The exact sum of any two.
Pair sum(Arithmetic &a, Value x, Value y) {
  Value high = a.add(x, y), second = a.sub(high, x);
  return {high, a.add(a.sub(x, a.sub(high, second)), a.sub(y, second))};
}

/// x in two halves of 12 bits.
Pair halves(Arithmetic &a, Value x) {
  Value high = a.fromBits(maskBits(a, a.bits(x), static_cast<int32_t>(0xfffff000)));
  return {high, a.sub(x, high)};
}

/// The exact product.
Pair product(Arithmetic &a, Value x, Value y) {
  Value high = a.mul(x, y);
  Pair u = halves(a, x), v = halves(a, y);
  Value low = a.sub(a.mul(u.high, v.high), high);
  low = a.add(a.add(low, a.mul(u.high, v.low)), a.mul(u.low, v.high));
  return {high, a.add(low, a.mul(u.low, v.low))};
}

//===--- powers --------------------------------------------------------------------------------------===//

/// 2^(x + rest), x in [-152, 129] and rest small.
Value powerOfTwo(Arithmetic &a, Value x, Value rest) {
  Value shifted = a.add(x, a.constant(Arithmetic::kRounder)), n = a.sub(shifted, a.constant(Arithmetic::kRounder));
  Value integer = a.subI(a.bits(shifted), a.integer(std::bit_cast<int32_t>(Arithmetic::kRounder)));
  Value r = a.mul(a.add(a.sub(x, n), rest), a.constant(std::numbers::ln2_v<float>));
  Value q =
      a.polynomial(r, {0.5f, 0.166665181517601f, 0.04166620597243309f, 0.008368918672204018f, 0.0013950533466413617f});
  Value y = a.add(a.add(a.mul(a.mul(r, r), q), r), a.constant(1.0f));
  Value half = arith::ShRSIOp::create(a.builder, a.loc, integer, a.integer(1));
  return a.mul(a.mul(y, a.powerOfTwo(half)), a.powerOfTwo(a.subI(integer, half)));
}

Value clamp(Arithmetic &a, Value x, float low, float high) {
  x = a.select(a.less(a.constant(high), x), a.constant(high), x);
  return a.select(a.less(x, a.constant(low)), a.constant(low), x);
}

Value expandExp2(math::Exp2Op op) {
  Arithmetic a(op);
  return powerOfTwo(a, clamp(a, op.getOperand(), -151.0f, 129.0f), a.constant(0.0f));
}

/// log2 of x > 0: an exponent, and the logarithm of m in [0.75, 1.5) as 2 / ln 2 * artanh((m - 1) / (m + 1)).
Pair logarithm(Arithmetic &a, Value x) {
  Value one = a.constant(1.0f), denormal = a.less(x, a.constant(1.17549435e-38f));
  x = a.select(denormal, a.mul(x, a.constant(16777216.0f)), x);
  Value shift = a.subI(a.bits(x), a.integer(0x3f400000)); // 0.75
  Value exponent = arith::ShRSIOp::create(a.builder, a.loc, shift, a.integer(23));
  Value m = a.fromBits(a.subI(a.bits(x), maskBits(a, shift, static_cast<int32_t>(0xff800000))));
  Value n = arith::SIToFPOp::create(a.builder, a.loc, a.type, exponent);
  n = a.sub(n, a.select(denormal, a.constant(24.0f), a.constant(0.0f)));

  Value numerator = a.sub(m, one), denominator = a.add(m, one), rest = a.sub(m, a.sub(denominator, one));
  Value s = a.div(numerator, denominator);
  Pair back = product(a, s, denominator);
  Value error = a.sub(a.sub(a.sub(numerator, back.high), back.low), a.mul(s, rest));
  Value square = a.mul(s, s);
  Value series =
      a.mul(a.mul(s, square), a.polynomial(square, {1.0f / 3, 1.0f / 5, 1.0f / 7, 1.0f / 9, 1.0f / 11, 1.0f / 13}));
  Value small = a.add(a.div(error, denominator), series);

  constexpr double kFactor = 2 * std::numbers::log2e;
  constexpr auto kHigh = static_cast<float>(kFactor);
  Pair scaled = product(a, s, a.constant(kHigh));
  scaled.low = a.add(scaled.low,
                     a.add(a.mul(s, a.constant(static_cast<float>(kFactor - kHigh))), a.mul(small, a.constant(kHigh))));
  Pair total = sum(a, n, scaled.high);
  return sum(a, total.high, a.add(total.low, scaled.low));
}

Value expandPow(math::PowFOp op) {
  Arithmetic a(op);
  Value x = op.getLhs(), y = op.getRhs(), size = a.abs(x), zero = a.constant(0.0f), one = a.constant(1.0f);
  Value infinity = a.fromBits(a.integer(0x7f800000)), nan = a.fromBits(a.integer(0x7fc00000));
  Pair log = logarithm(a, size);
  Value isZero = compare(a, Predicate::OEQ, size, zero), isInfinite = compare(a, Predicate::OEQ, size, infinity);
  Value high = a.select(isZero, a.fromBits(a.integer(static_cast<int32_t>(0xff800000))),
                        a.select(isInfinite, infinity, log.high));
  Pair scaled = product(a, y, high);
  Value rest = a.add(scaled.low, a.mul(y, log.low));
  // Where the product is beyond what a power can be, its rest is nothing, or garbage.
  Value beyond = a.less(a.constant(150.0f), a.abs(scaled.high));
  Value special = arith::OrIOp::create(a.builder, a.loc, isZero, isInfinite);
  rest = a.select(arith::OrIOp::create(a.builder, a.loc, beyond, special), zero, rest);
  Value power = powerOfTwo(a, clamp(a, scaled.high, -151.0f, 129.0f), rest);

  // Negative numbers have integer powers only; the sign is that of an odd one.
  Value floor = math::FloorOp::create(a.builder, a.loc, y);
  Value whole = compare(a, Predicate::OEQ, floor, y), fraction = compare(a, Predicate::UNE, floor, y);
  Value halved = a.mul(y, a.constant(0.5f));
  Value even = compare(a, Predicate::OEQ, math::FloorOp::create(a.builder, a.loc, halved), halved);
  Value negative = arith::CmpIOp::create(a.builder, a.loc, arith::CmpIPredicate::slt, a.bits(x), a.integer(0));
  Value odd = both(a, both(a, whole, negative), a.select(even, a.constant(a.builder.getBoolAttr(false)), whole));
  power = a.select(odd, arith::NegFOp::create(a.builder, a.loc, power), power);
  Value finite = both(a, a.less(size, infinity), a.less(zero, size));
  power = a.select(both(a, both(a, negative, finite), fraction), nan, power);
  Value unordered = compare(a, Predicate::UNO, x, y);
  power = a.select(unordered, nan, power);
  // 1 to any power, and anything to the power 0; -1 to the power of infinity.
  Value unit = compare(a, Predicate::OEQ, x, one), none = compare(a, Predicate::OEQ, y, zero);
  Value endless = both(a, compare(a, Predicate::OEQ, size, one), compare(a, Predicate::OEQ, a.abs(y), infinity));
  Value isOne = arith::OrIOp::create(a.builder, a.loc, unit, none);
  return a.select(arith::OrIOp::create(a.builder, a.loc, isOne, endless), one, power);
}

//===--- angles --------------------------------------------------------------------------------------===//

/// x = quarter * pi / 2 + rest, the rest in [-pi/4, pi/4] or nearly so; of the quarter only the last two bits count.
struct Angle {
  Value quarter, rest;
};

/// Of |x| up to 10^5, in floats.
Angle reduceNear(Arithmetic &a, Value x) {
  Value shifted = a.add(a.mul(x, a.constant(0.636619772f)), a.constant(Arithmetic::kRounder));
  Value n = a.sub(shifted, a.constant(Arithmetic::kRounder));
  Value quarter = a.subI(a.bits(shifted), a.integer(std::bit_cast<int32_t>(Arithmetic::kRounder)));
  // pi / 2 in parts of eight bits: n times each is exact as long as n has sixteen.
  double rest = std::numbers::pi / 2;
  Value r = x;
  for (int part = 0; part < 4; ++part) {
    auto piece = static_cast<float>(rest);
    if (part < 3)
      piece = std::bit_cast<float>(std::bit_cast<uint32_t>(piece) & 0xffff0000u);
    r = a.sub(r, a.mul(n, a.constant(piece)));
    rest -= piece;
  }
  return {quarter, r};
}

/// Of all larger ones, in integers (Payne and Hanek 1983): x = m 2^e with an integer m of 24 bits, and of 2 / pi only
/// 96 bits matter to x 2 / pi modulo 4. Those before them, times m, are multiples of 4, those behind them less than
/// 2^-70.
Angle reduceFar(Arithmetic &a, Value x) {
  OpBuilder &b = a.builder;
  auto shiftRight = [&](Value value, Value count) -> Value { return arith::ShRUIOp::create(b, a.loc, value, count); };
  auto shiftLeft = [&](Value value, Value count) -> Value { return arith::ShLIOp::create(b, a.loc, value, count); };
  auto either = [&](Value u, Value v) -> Value { return arith::OrIOp::create(b, a.loc, u, v); };
  auto times = [&](Value u, Value v) { return arith::MulUIExtendedOp::create(b, a.loc, u, v); };

  Value bits = maskBits(a, a.bits(x), 0x7fffffff);
  Value mantissa = either(maskBits(a, bits, 0x7fffff), a.integer(0x800000));
  // A word of zeros, then 2 / pi; the 96 bits begin at bit `place`, 23 to 134.
  constexpr uint32_t kWords[] = {0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
  Value place = a.subI(shiftRight(bits, a.integer(23)), a.integer(120));
  Value word = shiftRight(place, a.integer(5)), shift = maskBits(a, place, 31), back = a.subI(a.integer(31), shift);
  auto wordAt = [&](int offset) {
    Value chosen = a.integer(static_cast<int32_t>(kWords[offset]));
    for (int at = 1; at <= 4; ++at) {
      Value here = arith::CmpIOp::create(b, a.loc, arith::CmpIPredicate::eq, word, a.integer(at));
      chosen = a.select(here, a.integer(static_cast<int32_t>(kWords[at + offset])), chosen);
    }
    return chosen;
  };
  Value words[4], window[3];
  for (int i = 0; i < 4; ++i)
    words[i] = wordAt(i);
  for (int i = 0; i < 3; ++i)
    window[i] = either(shiftLeft(words[i], shift), shiftRight(shiftRight(words[i + 1], a.integer(1)), back));

  // The product's upper 64 bits of 96: two of the quarter, and the fraction of one.
  auto high = times(mantissa, window[0]), middle = times(mantissa, window[1]), low = times(mantissa, window[2]);
  Value second = a.addI(middle.getLow(), low.getHigh());
  Value carries = arith::CmpIOp::create(b, a.loc, arith::CmpIPredicate::ult, second, low.getHigh());
  Value first = a.addI(a.addI(high.getLow(), middle.getHigh()), a.select(carries, a.integer(1), a.integer(0)));
  Value quarter = shiftRight(a.addI(first, a.integer(0x20000000)), a.integer(30));
  Value fraction = a.subI(first, shiftLeft(quarter, a.integer(30)));
  auto toFloat = [&](Value integer, float unit) {
    return a.mul(arith::SIToFPOp::create(b, a.loc, a.type, integer), a.constant(unit));
  };
  Value rest = a.add(toFloat(fraction, 0x1p-30f), toFloat(shiftRight(second, a.integer(1)), 0x1p-61f));
  rest = a.mul(rest, a.constant(std::numbers::pi_v<float> / 2));

  Value negative = arith::CmpIOp::create(b, a.loc, arith::CmpIPredicate::slt, a.bits(x), a.integer(0));
  quarter = a.select(negative, a.subI(a.integer(0), quarter), quarter);
  rest = a.select(negative, arith::NegFOp::create(b, a.loc, rest), rest);
  Value finite = arith::CmpIOp::create(b, a.loc, arith::CmpIPredicate::ult, bits, a.integer(0x7f800000));
  return {quarter, a.select(finite, rest, a.fromBits(a.integer(0x7fc00000)))};
}

/// sin x or cos x from the quarter that x lies in and the rest of it.
template <typename Op> Value expandCircle(Op op) {
  constexpr bool isCosine = std::is_same_v<Op, math::CosOp>;
  Arithmetic a(op);
  Value x = op.getOperand();
  Angle close = reduceNear(a, x), far = reduceFar(a, x);
  Value isNear = a.less(a.abs(x), a.constant(65536.0f));
  Value quarter = a.select(isNear, close.quarter, far.quarter), r = a.select(isNear, close.rest, far.rest);
  Value square = a.mul(r, r);
  Value sine =
      a.add(r, a.mul(a.mul(r, square), a.polynomial(square, {-1.0f / 6, 1.0f / 120, -1.0f / 5040, 1.0f / 362880})));
  Value cosine = a.polynomial(square, {1.0f, -0.5f, 1.0f / 24, -1.0f / 720, 1.0f / 40320});
  auto bit = [&](Value value, int32_t mask) {
    return arith::CmpIOp::create(a.builder, a.loc, arith::CmpIPredicate::ne, maskBits(a, value, mask), a.integer(0));
  };
  Value swapped = bit(quarter, 1), flipped = bit(isCosine ? a.addI(quarter, a.integer(1)) : quarter, 2);
  Value value = isCosine ? a.select(swapped, sine, cosine) : a.select(swapped, cosine, sine);
  return a.select(flipped, arith::NegFOp::create(a.builder, a.loc, value), value);
}

//===--- remainders ----------------------------------------------------------------------------------===//

/// x % y exactly, as long division: x = m 2^i and y = n 2^j with integers m and n of 24 bits, and m 2^(i - j) modulo n
/// is computed by seven bits of i - j at a time, of which there are 253 at most.
Value expandRemainder(arith::RemFOp op) {
  Arithmetic a(op);
  OpBuilder &b = a.builder;
  using Integers = arith::CmpIPredicate;
  constexpr int32_t kBits = 7, kMostBits = 253;
  auto compareI = [&](Integers predicate, Value u, Value v) -> Value {
    return arith::CmpIOp::create(b, a.loc, predicate, u, v);
  };
  Value sizeX = maskBits(a, a.bits(op.getLhs()), 0x7fffffff), sizeY = maskBits(a, a.bits(op.getRhs()), 0x7fffffff);
  Value one = a.integer(1), infinite = a.integer(0x7f800000);
  auto exponentOf = [&](Value size) -> Value { // of denormals, that of the least normal number
    return arith::MaxSIOp::create(b, a.loc, arith::ShRUIOp::create(b, a.loc, size, a.integer(23)), one);
  };
  auto mantissaOf = [&](Value size) {
    Value fraction = maskBits(a, size, 0x7fffff);
    return a.select(compareI(Integers::ult, size, a.integer(0x800000)), fraction,
                    a.addI(fraction, a.integer(0x800000)));
  };
  Value exponent = exponentOf(sizeY), divisor = arith::MaxSIOp::create(b, a.loc, mantissaOf(sizeY), one);
  Value inverse = a.div(a.constant(1.0f), arith::SIToFPOp::create(b, a.loc, a.type, divisor));
  Value left = arith::MaxSIOp::create(b, a.loc, a.subI(exponentOf(sizeX), exponent), a.integer(0));
  Value rest = arith::RemUIOp::create(b, a.loc, mantissaOf(sizeX), divisor);
  for (int32_t done = 0; done < kMostBits; done += kBits) {
    Value some = arith::MinSIOp::create(b, a.loc, left, a.integer(kBits));
    left = a.subI(left, some);
    rest = arith::ShLIOp::create(b, a.loc, rest, some);
    // The quotient may be one too small or too large.
    Value quotient = a.mul(arith::SIToFPOp::create(b, a.loc, a.type, rest), inverse);
    Value whole = arith::FPToSIOp::create(b, a.loc, rest.getType(), quotient);
    rest = a.subI(rest, arith::MulIOp::create(b, a.loc, whole, divisor));
    rest = a.select(compareI(Integers::slt, rest, a.integer(0)), a.addI(rest, divisor), rest);
    rest = a.select(compareI(Integers::sge, rest, divisor), a.subI(rest, divisor), rest);
  }
  // rest 2^(exponent - 150) in bits: a normal number has the exponent that it has as an integer, moved.
  Value asInteger = a.bits(arith::SIToFPOp::create(b, a.loc, a.type, rest)), moved = a.subI(exponent, a.integer(150));
  Value own = a.addI(arith::ShRUIOp::create(b, a.loc, asInteger, a.integer(23)), moved);
  Value normal = a.addI(asInteger, arith::ShLIOp::create(b, a.loc, moved, a.integer(23)));
  Value count = arith::MinSIOp::create(b, a.loc, a.subI(exponent, one), a.integer(23));
  Value size =
      a.select(compareI(Integers::sgt, own, a.integer(0)), normal, arith::ShLIOp::create(b, a.loc, rest, count));
  size = a.select(compareI(Integers::eq, rest, a.integer(0)), a.integer(0), size);
  size = a.select(compareI(Integers::ult, sizeX, sizeY), sizeX, size);
  Value sign = maskBits(a, a.bits(op.getLhs()), static_cast<int32_t>(0x80000000));
  Value bits = arith::OrIOp::create(b, a.loc, size, sign);
  Value none = arith::OrIOp::create(b, a.loc, compareI(Integers::uge, sizeX, infinite),
                                    compareI(Integers::ugt, sizeY, infinite));
  none = arith::OrIOp::create(b, a.loc, none, compareI(Integers::eq, sizeY, a.integer(0)));
  return a.fromBits(a.select(none, a.integer(0x7fc00000), bits));
}

//===--- the rest ------------------------------------------------------------------------------------===//

Value expandRsqrt(math::RsqrtOp op) {
  Arithmetic a(op);
  return a.div(a.constant(1.0f), math::SqrtOp::create(a.builder, a.loc, op.getOperand()));
}

/// The larger or smaller of two, NaN if one is: as comparisons. MLIR's form asks the driver for its own maximum as
/// well.
template <typename Op> Value expandExtremum(Op op) {
  Arithmetic a(op);
  Value x = op.getLhs(), y = op.getRhs();
  Value better = compare(a, std::is_same_v<Op, arith::MaximumFOp> ? Predicate::OGT : Predicate::OLT, x, y);
  return a.select(arith::OrIOp::create(a.builder, a.loc, better, compare(a, Predicate::UNE, x, x)), x, y);
}

/// A boolean counts as -1 where it is signed, for which there is no conversion.
Value expandSigned(arith::SIToFPOp op) {
  Arithmetic a(op);
  return a.select(op.getIn(), a.constant(-1.0f), a.constant(0.0f));
}

/// x rounded to bf16 and back, as an f32: in 32 bits. Denormals count as zero.
void expandRounding(arith::ExtFOp widen) {
  auto narrow = widen.getIn().getDefiningOp<arith::TruncFOp>();
  if (!narrow || !getElementTypeOrSelf(narrow.getType()).isBF16() || narrow.getIn().getType() != widen.getType())
    return;
  Arithmetic a(widen);
  Value bits = a.bits(narrow.getIn());
  Value odd = maskBits(a, arith::ShRUIOp::create(a.builder, a.loc, bits, a.integer(16)), 1);
  Value rounded = a.addI(a.addI(bits, a.integer(0x7fff)), odd);
  auto exponent = [&](arith::CmpIPredicate predicate, int32_t of) -> Value {
    return arith::CmpIOp::create(a.builder, a.loc, predicate, maskBits(a, bits, 0x7fffffff), a.integer(of));
  };
  Value quiet = arith::OrIOp::create(a.builder, a.loc, bits, a.integer(0x400000));
  Value upper = a.select(exponent(arith::CmpIPredicate::ugt, 0x7f800000), quiet, rounded);
  upper = maskBits(a, upper, static_cast<int32_t>(0xffff0000));
  Value sign = maskBits(a, bits, static_cast<int32_t>(0x80000000));
  upper = a.select(exponent(arith::CmpIPredicate::ult, 0x00800000), sign, upper);
  widen.replaceAllUsesWith(a.fromBits(upper));
  widen.erase();
  if (narrow->use_empty())
    narrow->erase();
}

struct ExpandForShadersPass : impl::ExpandForShadersBase<ExpandForShadersPass> {
  using ExpandForShadersBase::ExpandForShadersBase;

  void runOnOperation() override {
    Operation *root = getOperation();
    root->walk([](arith::ExtFOp op) { expandRounding(op); });
    root->walk([](arith::SIToFPOp op) {
      if (!getElementTypeOrSelf(op.getIn().getType()).isInteger(1))
        return;
      op.replaceAllUsesWith(expandSigned(op));
      op.erase();
    });
    expandAll<arith::MaximumFOp>(root, expandExtremum<arith::MaximumFOp>);
    expandAll<arith::MinimumFOp>(root, expandExtremum<arith::MinimumFOp>);
    expandAll<math::RsqrtOp>(root, expandRsqrt);
    expandAll<math::Exp2Op>(root, expandExp2);
    expandAll<math::PowFOp>(root, expandPow);
    expandAll<arith::RemFOp>(root, expandRemainder);
    expandAll<math::SinOp>(root, expandCircle<math::SinOp>);
    expandAll<math::CosOp>(root, expandCircle<math::CosOp>);
  }
};

} // namespace

} // namespace sinter::vulkan
