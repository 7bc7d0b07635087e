// sinter-expand-math: the functions that training calls for every element become polynomials, on all lanes at once.
//
//   %y = math.exp %x : vector<16xf32>   =>   range reduction, a polynomial in fma, scaling by powers of two
//
// All are within 4 ulp (erfc within 8) on all of f32 and keep NaN, infinities and denormals (test/codegen/math-*.mlir).
// exp, tanh, the sigmoid, erf and erfc are written here, with coefficients fitted by weighted least squares to the
// double precision functions; log, log2, log1p and expm1 are upstream's approximations. Other functions reach libm, one
// lane at a time.
#include "compiler/codegen/Passes.h"
#include "compiler/codegen/scalars/Arithmetic.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_EXPANDMATH
#include "compiler/codegen/Passes.h.inc"

namespace {

/// x = n ln 2 + r with integer n and |r| <= ln 2 / 2.
struct Reduced {
  Value whole;   ///< n
  Value n;       ///< as an i32
  Value lessOne; ///< e^r - 1
};

/// c[0] + ... + c[4] x^4 by Estrin's scheme: a shorter chain of dependent ops than by Horner's rule. A processor's
/// scheduler holds few vectors' chains at a time, so that their length counts here, and not only how many multiply-adds
/// they have.
Value shortChain(Arithmetic &a, Value x, Value square, std::array<float, 5> c) {
  Value low = a.polynomial(x, {c[0], c[1]}), middle = a.polynomial(x, {c[2], c[3]});
  return a.fma(square, a.fma(square, a.constant(c[4]), middle), low);
}

Reduced reduceExponent(Arithmetic &a, Value x) {
  // Adding 1.5 * 2^23 rounds to an integer, which is then also in the low bits: no conversion, which NaN would poison.
  Value shifted = a.fma(x, a.constant(1.44269502f), a.constant(Arithmetic::kRounder));
  Value n = a.sub(shifted, a.constant(Arithmetic::kRounder));
  Value integer = a.subI(a.bits(shifted), a.integer(std::bit_cast<int32_t>(Arithmetic::kRounder)));
  // ln 2 in two parts; the first has few enough bits that n times it is exact.
  Value r = a.fma(n, a.constant(-0.693359375f), x);
  r = a.fma(n, a.constant(2.12194440e-4f), r);
  Value square = a.mul(r, r);
  Value q = shortChain(a, r, square,
                       {0.5f, 0.166665181517601f, 0.04166620597242309f, 0.008368918672204018f, 0.0013950533466413617f});
  return {n, integer, a.fma(square, q, r)};
}

/// y 2^n, rounded once, or zero where `vanishes`, by vscalefps: what expandExp does in several steps without it.
Value scaleOrVanish(Arithmetic &a, Value y, Value n, Value vanishes) {
  Builder &b = a.builder;
  Value stays = arith::XOrIOp::create(a.builder, a.loc, vanishes, a.constant(b.getBoolAttr(true)));
  auto word = VectorType::get({1}, b.getI16Type());
  Value mask = vector::ExtractOp::create(a.builder, a.loc, vector::BitCastOp::create(a.builder, a.loc, word, stays), 0);
  constexpr int32_t asTheControlWordSays = 4;
  Value rounding = arith::ConstantOp::create(a.builder, a.loc, b.getI32IntegerAttr(asTheControlWordSays));
  return LLVM::CallIntrinsicOp::create(a.builder, a.loc, a.type, b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                       ValueRange{y, n, a.constant(0.0f), mask, rounding})
      .getResult(0);
}

/// e^x = 2^n e^r for x that is no larger than 89.
Value expOfAtMost89(Arithmetic &a, Value x, bool scales) {
  Value low = a.constant(-104.5f), vanishes = a.less(x, low); // the comparison lets NaN through
  auto lanes = dyn_cast<VectorType>(a.type);
  if (scales && lanes && lanes.getShape() == ArrayRef<int64_t>(16)) {
    Reduced reduced = reduceExponent(a, a.select(vanishes, a.constant(0.0f), x));
    return scaleOrVanish(a, a.add(reduced.lessOne, a.constant(1.0f)), reduced.whole, vanishes);
  }
  x = a.select(vanishes, low, x);
  Reduced reduced = reduceExponent(a, x);
  Value y = a.add(reduced.lessOne, a.constant(1.0f));
  // In two steps, as n reaches from -151 to 128: overflow gives infinity, underflow rounds once. What becomes zero is
  // multiplied by zero: processors take hundreds of cycles over a product that underflows, and masks such as
  // attention's put -inf everywhere.
  Value half = arith::ShRSIOp::create(a.builder, a.loc, reduced.n, a.integer(1));
  Value rest = a.select(vanishes, a.constant(0.0f), a.powerOfTwo(a.subI(reduced.n, half)));
  return a.mul(a.mul(y, a.powerOfTwo(half)), rest);
}

/// Beyond 89 the result is infinite.
Value expandExp(math::ExpOp op, bool scales) {
  Arithmetic a(op);
  Value x = op.getOperand(), high = a.constant(89.0f);
  return expOfAtMost89(a, a.select(a.less(high, x), high, x), scales);
}

/// tanh x = sign(x) d / (1 - d) with d = (1 - e^(-2 |x|)) / 2 = (1 - 2^n) / 2 + 2^n (1 - e^(-2r)) / 2, which cancels
/// nowhere.
Value expandTanh(math::TanhOp op) {
  Arithmetic a(op);
  Value x = op.getOperand(), size = a.abs(x), most = a.constant(10.0f), half = a.constant(0.5f);
  size = a.select(a.less(most, size), most, size); // 1 - tanh(10) is below half an ulp of 1
  // |x| = -n ln 2 / 2 + r. (One part of ln 2 is enough: where n makes its error large, 2^n makes it vanish.)
  Value shifted = a.fma(size, a.constant(-2 * 1.44269502f), a.constant(Arithmetic::kRounder));
  Value n = a.sub(shifted, a.constant(Arithmetic::kRounder));
  Value r = a.fma(n, a.constant(0.693147181f / 2), size);
  Value square = a.mul(r, r);
  // The coefficients of reduceExponent, times powers of -2.
  Value q = shortChain(
      a, r, square, {-1.0f, 0.666660726070404f, -0.33332964777946472f, 0.13390269875526428f, -0.044641707092523575f});
  Value part = a.fma(square, q, r);
  Value power = a.powerOfTwo(a.subI(a.bits(shifted), a.integer(std::bit_cast<int32_t>(Arithmetic::kRounder))));
  Value d = a.fma(power, part, a.fma(power, a.constant(-0.5f), half));
  return a.withSign(a.div(d, a.sub(a.constant(1.0f), d)), x);
}

/// sigmoid x = 1 / (1 + e^-|x|) on the right, e^-|x| times that on the left. Both are at hand, so that sigmoid(-x), of
/// which gradients are made, is another choice between the same two.
Value expandSigmoid(SigmoidOp op, bool scales) {
  Arithmetic a(op);
  Value x = op.getInput();
  auto negation = x.getDefiningOp<arith::NegFOp>();
  if (negation)
    x = negation.getOperand();
  Value one = a.constant(1.0f), isLeft = a.less(x, a.constant(0.0f));
  Value small = expOfAtMost89(a, arith::NegFOp::create(a.builder, a.loc, a.abs(x)), scales);
  Value right = a.div(one, a.add(small, one)), left = a.mul(small, right);
  return negation ? a.select(isLeft, right, left) : a.select(isLeft, left, right);
}

/// erf x = x + x p(x^2) below 1; above, sign(x) (1 - e^p(|x|)) with p fitted to the logarithm of 1 - erf.
Value expandErf(math::ErfOp op) {
  Arithmetic a(op);
  Value x = op.getOperand(), size = a.abs(x), square = a.mul(x, x), one = a.constant(1.0f), four = a.constant(4.0f);
  Value p = a.polynomial(square, {0.128379167f, -0.37612637877464294f, 0.11283784359693527f, -0.0268655177205801f,
                                  0.005221251398324966f, -0.0008487041923217475f, 0.00011286194785498083f,
                                  -9.722113645693753e-06f});
  Value small = a.fma(x, p, x);
  Value clamped = a.select(a.less(four, size), four, size); // 1 - erf(4) is below half an ulp of 1
  Value logarithm = a.polynomial(clamped, {0.00018246327817905694f, -1.1295520067214966f, -0.6332724094390869f,
                                           -0.10836158692836761f, 0.025171834975481033f, -0.004190865904092789f,
                                           0.00043853215174749494f, -2.1445766833494417e-05f});
  Value large = a.withSign(a.sub(one, a.exp(logarithm)), x);
  return a.select(a.less(size, one), small, large);
}

/// erfc |x| = e^(-x^2) t p(t) with t = 1 / (1 + 3/8 |x|), and 2 less that on the left. The square is that of |x|'s
/// first 12 bits, which is exact, and a rest: an error of half an ulp in 100 would be one of many in its exponential.
Value expandErfc(math::ErfcOp op) {
  Arithmetic a(op);
  Value x = op.getOperand(), size = a.abs(x), most = a.constant(10.2f), one = a.constant(1.0f); // erfc(10.2) is zero
  size = a.select(a.less(most, size), most, size);
  Value t = a.div(one, a.fma(size, a.constant(0.375f), one));
  Value p = a.polynomial(t, {0.2116115689277649f, 0.21068276464939117f, 0.2050725668668747f, 0.12246859073638916f,
                             0.27140340209007263f, -0.22595833241939545f, 0.42928895354270935f, -0.28577926754951477f,
                             0.061209749430418015f});
  Value first =
      a.fromBits(arith::AndIOp::create(a.builder, a.loc, a.bits(size), a.integer(static_cast<int32_t>(0xfffff000))));
  Value rest = a.mul(a.sub(first, size), a.add(first, size));
  Value minusSquare = arith::NegFOp::create(a.builder, a.loc, a.mul(first, first));
  Value y = a.mul(a.mul(a.exp(minusSquare), a.exp(rest)), a.mul(t, p));
  return a.select(a.less(x, a.constant(0.0f)), a.sub(a.constant(2.0f), y), y);
}

/// The upper half of the bits, after rounding to nearest, ties to even. Adding could turn NaN into something else.
Value expandNarrowing(arith::TruncFOp op) {
  Arithmetic a(op);
  Value x = op.getIn(), bits = arith::BitcastOp::create(a.builder, a.loc, a.with(a.builder.getI32Type()), x);
  Value sixteen = a.integer(16);
  Value odd =
      arith::AndIOp::create(a.builder, a.loc, arith::ShRUIOp::create(a.builder, a.loc, bits, sixteen), a.integer(1));
  Value rounded = a.addI(a.addI(bits, a.integer(0x7fff)), odd);
  Value isNan = arith::CmpFOp::create(a.builder, a.loc, arith::CmpFPredicate::UNO, x, x);
  Value quiet = arith::OrIOp::create(a.builder, a.loc, bits, a.integer(0x400000));
  Value upper = arith::ShRUIOp::create(a.builder, a.loc, a.select(isNan, quiet, rounded), sixteen);
  Value half = arith::TruncIOp::create(a.builder, a.loc, a.with(a.builder.getI16Type()), upper);
  return arith::BitcastOp::create(a.builder, a.loc, op.getType(), half);
}

Value expandWidening(arith::ExtFOp op) {
  Arithmetic a(op);
  Value half = arith::BitcastOp::create(a.builder, a.loc, a.with(a.builder.getI16Type()), op.getIn());
  Value bits = arith::ExtUIOp::create(a.builder, a.loc, a.with(a.builder.getI32Type()), half);
  return a.fromBits(arith::ShLIOp::create(a.builder, a.loc, bits, a.integer(16)));
}

/// f16 by its bits, to nearest, ties to even: the exponent's bias is less by 112, the fraction shorter by 13 bits.
/// Below 2^-14, where the least bit is 2^-24, adding 0.5 rounds: that is the least bit of numbers from 0.5 to 1.
Value expandHalfNarrowing(arith::TruncFOp op) {
  Arithmetic a(op);
  Type single = a.with(a.builder.getF32Type());
  auto bitsOf = [&](Value x) -> Value {
    return arith::BitcastOp::create(a.builder, a.loc, a.with(a.builder.getI32Type()), x);
  };
  auto below = [&](Value x, int32_t limit) -> Value {
    return arith::CmpIOp::create(a.builder, a.loc, arith::CmpIPredicate::ult, x, a.integer(limit));
  };
  auto mask = [&](Value x, int32_t bits) -> Value {
    return arith::AndIOp::create(a.builder, a.loc, x, a.integer(bits));
  };
  auto down = [&](Value x, int32_t by) -> Value { return arith::ShRUIOp::create(a.builder, a.loc, x, a.integer(by)); };
  Value bits = bitsOf(op.getIn()), size = mask(bits, 0x7fffffff), sign = mask(down(bits, 16), 0x8000);
  Value odd = mask(down(size, 13), 1);
  Value normal = down(a.addI(a.addI(size, a.integer(0xfff - (112 << 23))), odd), 13);
  Value shifted = a.add(arith::BitcastOp::create(a.builder, a.loc, single, size), a.constant(0.5f));
  Value denormal = a.subI(bitsOf(shifted), a.integer(0x3f000000));
  Value finite = a.select(below(size, 0x38800000), denormal, normal); // 2^-14
  Value special = a.select(below(size, 0x7f800001), a.integer(0x7c00), a.integer(0x7e00));
  Value half = a.select(below(size, 0x477ff000), finite, special); // 65520 and more are infinity
  half = arith::OrIOp::create(a.builder, a.loc, half, sign);
  half = arith::TruncIOp::create(a.builder, a.loc, a.with(a.builder.getI16Type()), half);
  return arith::BitcastOp::create(a.builder, a.loc, op.getType(), half);
}

Value expandHalfWidening(arith::ExtFOp op) {
  Arithmetic a(op);
  auto integer = [&](Value x) -> Value {
    return arith::ExtUIOp::create(a.builder, a.loc, a.with(a.builder.getI32Type()), x);
  };
  auto below = [&](Value x, int32_t limit) -> Value {
    return arith::CmpIOp::create(a.builder, a.loc, arith::CmpIPredicate::ult, x, a.integer(limit));
  };
  Value bits = integer(arith::BitcastOp::create(a.builder, a.loc, a.with(a.builder.getI16Type()), op.getIn()));
  Value size = arith::AndIOp::create(a.builder, a.loc, bits, a.integer(0x7fff));
  Value sign = arith::ShLIOp::create(a.builder, a.loc, arith::AndIOp::create(a.builder, a.loc, bits, a.integer(0x8000)),
                                     a.integer(16));
  Value fraction = arith::ShLIOp::create(a.builder, a.loc, size, a.integer(13));
  Value normal = a.addI(fraction, a.integer(112 << 23));
  Value special = arith::OrIOp::create(a.builder, a.loc, fraction, a.integer(0x7f800000));
  Value denormal = a.bits(a.mul(arith::SIToFPOp::create(a.builder, a.loc, a.type, size), a.constant(0x1p-24f)));
  Value wide = a.select(below(size, 0x400), denormal, a.select(below(size, 0x7c00), normal, special));
  return a.fromBits(arith::OrIOp::create(a.builder, a.loc, wide, sign));
}

/// Makes the operand of a logarithm normal: log x = log(2^23 x) - log 2^23 for denormal x.
void scaleDenormals(Operation *op, float shift) {
  Arithmetic a(op);
  Value x = op->getOperand(0);
  Value denormal = a.less(x, a.constant(1.17549435e-38f));
  op->setOperand(0, a.select(denormal, a.mul(x, a.constant(8388608.0f)), x));
  Value correction = a.select(denormal, a.constant(shift), a.constant(0.0f));
  a.builder.setInsertionPointAfter(op);
  Value result = a.sub(op->getResult(0), correction);
  op->getResult(0).replaceAllUsesExcept(result, result.getDefiningOp());
}

struct ExpandMathPass : impl::ExpandMathBase<ExpandMathPass> {
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    Operation *root = getOperation();
    root->walk([](Operation *op) {
      if (op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        return;
      if (isa<math::LogOp>(op))
        scaleDenormals(op, 15.9423847f); // 23 ln 2
      else if (isa<math::Log2Op>(op))
        scaleDenormals(op, 23.0f);
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return llvm::is_contained({"math.expm1", "math.log", "math.log1p", "math.log2"}, name);
    });
    if (failed(applyPatternsGreedily(root, std::move(patterns))))
      return signalPassFailure();
    // These last: those before are written with exp.
    expandAll<math::TanhOp>(root, expandTanh);
    expandAll<SigmoidOp>(root, [&](SigmoidOp op) { return expandSigmoid(op, scales); });
    expandAll<math::ErfOp>(root, expandErf);
    expandAll<math::ErfcOp>(root, expandErfc);
    expandAll<math::ExpOp>(root, [&](math::ExpOp op) { return expandExp(op, scales); });
    // In integers, so that no processor's idea of denormals matters.
    root->walk([](Operation *op) {
      Value result;
      if (auto narrow = dyn_cast<arith::TruncFOp>(op)) {
        Type to = getElementTypeOrSelf(narrow.getType());
        result = to.isBF16() ? expandNarrowing(narrow) : to.isF16() ? expandHalfNarrowing(narrow) : Value();
      } else if (auto widen = dyn_cast<arith::ExtFOp>(op)) {
        Type from = getElementTypeOrSelf(widen.getIn().getType());
        result = from.isBF16() ? expandWidening(widen) : from.isF16() ? expandHalfWidening(widen) : Value();
      }
      if (!result)
        return;
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    });
  }
};

} // namespace

} // namespace sinter
