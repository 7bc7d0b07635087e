// The rules of the elementwise ops of `arith` and `math`: one row of the table below per op.
//
// A row gives the op, its meaning on numbers, and for each operand through which a gradient flows, the cotangent of
// that operand: an expression in the operands a, b, c, the result y and the result's cotangent g. Operands without one
// (booleans, integers, steps) get none. The rules build ops of the types they meet: tensors, or scalars in a map.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

//===--- gradients -----------------------------------------------------------------------------------===//

/// What a cotangent may be written in. Operands that the op does not have are null.
struct At {
  Expr g, y, a, b, c;
  bool mayBeThrownAway; // g may be 0 because nothing was asked for
  Type type(int operand) const { return operand == 0 ? a.type() : operand == 1 ? b.type() : c.type(); }
};

using Cotangent = Expr (*)(const At &);

/// No gradient flows to this operand; the next one may have some.
constexpr Cotangent none = nullptr;

template <typename Op, Cotangent... Rules>
struct Gradient : DifferentiableOp::ExternalModel<Gradient<Op, Rules...>, Op> {
  LogicalResult vjp(Operation *op, OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                    MutableArrayRef<Value> operandCotangents) const {
    constexpr std::array<Cotangent, sizeof...(Rules)> rules{Rules...};
    auto at = [&](Value value) { return Expr(builder, op->getLoc(), value); };
    auto operand = [&](unsigned i) { return at(i < op->getNumOperands() ? op->getOperand(i) : Value()); };
    At values{at(cotangents[0]), at(op->getResult(0)), operand(0),
              operand(1),        operand(2),           op->hasAttr(kMayBeThrownAway)};
    for (size_t i = 0; i < rules.size(); ++i)
      if (rules[i] && needed[i])
        operandCotangents[i] = rules[i](values);
    return success();
  }
};

// What a mask threw away sends back a cotangent of 0, and an infinite slope would make that NaN. Such a slope is
// replaced where nothing flows, and only there: with respect to g, every rule stays as linear as it is. Where nothing
// is thrown away, a 0 is what was computed, and the slope stays what it is.

Expr flows(Expr g) { return compare(arith::CmpFPredicate::UNE, g, g.constant(0)); }

/// `x`, which g is divided by; any number in place of 0 or NaN where nothing flows.
Expr divisor(Expr x, const At &v) {
  if (!v.mayBeThrownAway)
    return x;
  Expr divides = compare(arith::CmpFPredicate::ONE, x, x.constant(0));
  return select(build<arith::OrIOp>(divides, flows(v.g)), x, x.constant(1));
}
/// `x`, which g is multiplied by; 0 in place of infinities and NaN where nothing flows.
Expr factor(Expr x, const At &v) {
  if (!v.mayBeThrownAway)
    return x;
  Expr finite = build<math::AbsFOp>(x) < x.constant(std::numeric_limits<double>::infinity());
  return select(build<arith::OrIOp>(finite, flows(v.g)), x, 0.0);
}

/// What reaches the first of two operands between which a maximum or minimum chooses: all if it is chosen, half at a
/// tie, and all if a NaN is; `loses` says that the other one is chosen.
Expr chosen(Expr g, Expr loses, Expr tie) { return select(loses, 0.0, select(tie, g * 0.5, g)); }
Expr larger(Expr g, Expr a, Expr b) { return chosen(g, a < b, equal(a, b)); }
Expr smaller(Expr g, Expr a, Expr b) { return chosen(g, a > b, equal(a, b)); }

/// d|a| / da, and 0 at 0.
Expr sign(Expr a) { return select(a > a.constant(0), a.constant(1), select(a < a.constant(0), a.constant(-1), 0.0)); }

/// d pow(a, b) / da = b pow(a, b - 1), where a constant's slope (b = 0) is 0 also at a = 0.
Expr powBase(const At &v) {
  Expr flat = equal(v.b, 0.0);
  return v.g * factor(v.b * pow(v.a, select(flat, 1.0, v.b - 1.0)), v);
}
/// d pow(a, b) / db = pow(a, b) log(a), and 0 at a = 0: the logarithm there is replaced, so that no infinity enters.
Expr powExponent(const At &v) { return v.g * factor(v.y * log(select(equal(v.a, 0.0), 1.0, v.a)), v); }

/// d (a - b trunc(a / b)) / db = -trunc(a / b), a step elsewhere. (a - y) / b is that quotient, with no step to miss.
Expr remainderDivisor(const At &v) { return -(v.g * factor((v.a - v.y) / v.b, v)); }

//===--- meaning on numbers --------------------------------------------------------------------------===//

/// A number as the argument of a row's function: floats are doubles, integers are read as signed or unsigned by the
/// parameter's type, at the width that the operand's type has.
template <typename T> T argument(double value, unsigned width) {
  if constexpr (std::is_same_v<T, uint64_t>)
    return width < 64 ? static_cast<uint64_t>(static_cast<int64_t>(value)) & ((uint64_t{1} << width) - 1)
                      : static_cast<uint64_t>(static_cast<int64_t>(value));
  else
    return static_cast<T>(value);
}

/// An integer result at the width of its type: signed, but a boolean is 0 or 1.
double wrapped(uint64_t bits, unsigned width) {
  if (width == 1)
    return static_cast<double>(bits & 1);
  unsigned unused = 64 - width;
  return static_cast<double>(static_cast<int64_t>(bits << unused) >> unused);
}

unsigned widthOf(Type type) { return getElementTypeOrSelf(type).getIntOrFloatBitWidth(); }

template <typename Op, auto Function> struct Meaning : ReferenceOp::ExternalModel<Meaning<Op, Function>, Op> {
  LogicalResult evaluate(Operation *op, ArrayRef<const reference::Tensor *> inputs,
                         MutableArrayRef<reference::Tensor> outputs) const {
    return run(cast<Op>(op), inputs, outputs[0], +Function);
  }

private:
  template <typename Result, typename... Args>
  static LogicalResult run(Op op, ArrayRef<const reference::Tensor *> inputs, reference::Tensor &output,
                           Result (*function)(Op, Args...)) {
    return loop(
        op, inputs, output, [&](Args... args) { return function(op, args...); }, std::type_identity<Result(Args...)>(),
        std::index_sequence_for<Args...>());
  }
  template <typename Result, typename... Args>
  static LogicalResult run(Op op, ArrayRef<const reference::Tensor *> inputs, reference::Tensor &output,
                           Result (*function)(Args...)) {
    return loop(op, inputs, output, function, std::type_identity<Result(Args...)>(),
                std::index_sequence_for<Args...>());
  }

  template <typename Call, typename Result, typename... Args, size_t... I>
  static LogicalResult loop(Op op, ArrayRef<const reference::Tensor *> inputs, reference::Tensor &output, Call call,
                            std::type_identity<Result(Args...)>, std::index_sequence<I...>) {
    const unsigned widths[] = {widthOf(op->getOperand(I).getType())...};
    for (int64_t i = 0; i < output.size(); ++i) {
      // A scalar stands for all elements: the condition of a select may be one.
      auto read = [&](size_t operand) { return (*inputs[operand])[inputs[operand]->size() == 1 ? 0 : i]; };
      Result result = call(argument<Args>(read(I), widths[I])...);
      if constexpr (std::is_floating_point_v<Result>)
        output[i] = result;
      else
        output[i] = wrapped(static_cast<uint64_t>(result), widthOf(op->getResult(0).getType()));
    }
    return success();
  }
};

struct ConstantMeaning : ReferenceOp::ExternalModel<ConstantMeaning, arith::ConstantOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<const reference::Tensor *>,
                         MutableArrayRef<reference::Tensor> outputs) const {
    auto integer = [](const APInt &value) {
      return static_cast<double>(value.getBitWidth() == 1 ? value.getSExtValue() & 1 : value.getSExtValue());
    };
    auto real = [](APFloat value) {
      bool lossy;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
      return value.convertToDouble();
    };
    Attribute value = cast<arith::ConstantOp>(op).getValue();
    std::vector<double> &data = outputs[0].data;
    if (auto scalar = dyn_cast<FloatAttr>(value))
      data[0] = real(scalar.getValue());
    else if (auto scalar = dyn_cast<IntegerAttr>(value))
      data[0] = integer(scalar.getValue());
    else if (auto floats = dyn_cast<DenseFPElementsAttr>(value))
      llvm::transform(floats.getValues<APFloat>(), data.begin(), real);
    else if (auto integers = dyn_cast<DenseIntElementsAttr>(value))
      llvm::transform(integers.getValues<APInt>(), data.begin(), integer);
    else
      return op->emitError("constant: only dense, splat and scalar numbers have a reference meaning");
    return success();
  }
};

double maximumOf(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b); }
double minimumOf(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b); }

/// The integer nearest to `value` in the direction of zero; where the op's result is undefined, the nearest end.
int64_t truncated(double value, unsigned width) {
  double limit = std::ldexp(1.0, static_cast<int>(width) - 1);
  if (std::isnan(value))
    return 0;
  if (value >= limit)
    return static_cast<int64_t>((uint64_t{1} << (width - 1)) - 1);
  return static_cast<int64_t>(std::max(value, -limit));
}

double bitcastOf(arith::BitcastOp op, double value) {
  Type from = getElementTypeOrSelf(op.getIn().getType()), to = getElementTypeOrSelf(op.getType());
  if (from.isF32() && to.isInteger(32))
    return std::bit_cast<int32_t>(static_cast<float>(value));
  if (from.isInteger(32) && to.isF32())
    return std::bit_cast<float>(static_cast<int32_t>(value));
  return value;
}

/// What a narrower float keeps of `value`, to nearest, ties to even.
double narrowed(arith::TruncFOp op, double value) {
  bool lossy;
  APFloat rounded(value);
  rounded.convert(cast<FloatType>(getElementTypeOrSelf(op.getType())).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &lossy);
  rounded.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
  return rounded.convertToDouble();
}

/// The cotangent of what was cast from the type of `from` to another float: cotangents of 16-bit floats are f32.
Expr castBack(Expr g, Expr from) {
  Type have = getElementTypeOrSelf(g.type()), want = cotangentType(getElementTypeOrSelf(from.type()));
  auto tensor = dyn_cast<RankedTensorType>(g.type());
  Type type = tensor ? Type(tensor.clone(want)) : want;
  if (have == want)
    return g;
  if (want.getIntOrFloatBitWidth() < have.getIntOrFloatBitWidth())
    return g.with(arith::TruncFOp::create(*g.builder, g.loc, type, g.value));
  return g.with(arith::ExtFOp::create(*g.builder, g.loc, type, g.value));
}

bool compareFloats(arith::CmpFOp op, double a, double b) {
  return arith::applyCmpPredicate(op.getPredicate(), APFloat(a), APFloat(b));
}
bool compareIntegers(arith::CmpIOp op, int64_t a, int64_t b) {
  unsigned width = widthOf(op.getLhs().getType());
  return arith::applyCmpPredicate(op.getPredicate(), APInt(64, a, true).trunc(width), APInt(64, b, true).trunc(width));
}

//===--- the table -----------------------------------------------------------------------------------===//

template <typename Op, auto Function, Cotangent... Rules> void row(MLIRContext *context) {
  Op::template attachInterface<Gradient<Op, Rules...>, Meaning<Op, Function>>(*context);
}

using V = const At &;
using f = double;
using i = int64_t;
using u = uint64_t;

void attachArith(MLIRContext *context) {
  using namespace mlir::arith;
  // clang-format off
  row<AddFOp, [](f a, f b) { return a + b; }, [](V v) { return v.g; }, [](V v) { return v.g; }>(context);
  row<SubFOp, [](f a, f b) { return a - b; }, [](V v) { return v.g; }, [](V v) { return -v.g; }>(context);
  row<MulFOp, [](f a, f b) { return a * b; }, [](V v) { return v.g * v.b; }, [](V v) { return v.g * v.a; }>(context);
  row<DivFOp, [](f a, f b) { return a / b; }, [](V v) { return v.g / divisor(v.b, v); },
      [](V v) { return -(v.g * factor(v.y, v) / divisor(v.b, v)); }>(context);
  row<RemFOp, [](f a, f b) { return std::fmod(a, b); }, [](V v) { return v.g; }, remainderDivisor>(context);
  row<NegFOp, [](f a) { return -a; }, [](V v) { return -v.g; }>(context);
  row<MaximumFOp, maximumOf, [](V v) { return larger(v.g, v.a, v.b); },
      [](V v) { return larger(v.g, v.b, v.a); }>(context);
  row<MinimumFOp, minimumOf, [](V v) { return smaller(v.g, v.a, v.b); },
      [](V v) { return smaller(v.g, v.b, v.a); }>(context);
  row<MaxNumFOp, [](f a, f b) { return std::fmax(a, b); }, [](V v) { return larger(v.g, v.a, v.b); },
      [](V v) { return larger(v.g, v.b, v.a); }>(context);
  row<MinNumFOp, [](f a, f b) { return std::fmin(a, b); }, [](V v) { return smaller(v.g, v.a, v.b); },
      [](V v) { return smaller(v.g, v.b, v.a); }>(context);
  row<SelectOp, [](f c, f a, f b) { return c != 0 ? a : b; }, none, [](V v) { return select(v.a, v.g, 0.0); },
      [](V v) { return select(v.a, 0.0, v.g); }>(context);
  row<CmpFOp, compareFloats>(context);
  row<CmpIOp, compareIntegers>(context);
  row<AddIOp, [](u a, u b) { return a + b; }>(context);
  row<SubIOp, [](u a, u b) { return a - b; }>(context);
  row<MulIOp, [](u a, u b) { return a * b; }>(context);
  row<AndIOp, [](u a, u b) { return a & b; }>(context);
  row<OrIOp, [](u a, u b) { return a | b; }>(context);
  row<XOrIOp, [](u a, u b) { return a ^ b; }>(context);
  // What divisions by zero and shifts by the width or more give is the table's choice (Ops.td).
  row<ShLIOp, [](ShLIOp op, u a, u b) { return b < widthOf(op.getType()) ? a << b : 0; }>(context);
  row<ShRUIOp, [](ShRUIOp op, u a, u b) { return b < widthOf(op.getType()) ? a >> b : 0; }>(context);
  row<ShRSIOp, [](ShRSIOp op, i a, u b) { return b < widthOf(op.getType()) ? a >> b : a < 0 ? -1 : 0; }>(context);
  row<DivUIOp, [](u a, u b) { return b != 0 ? a / b : 0; }>(context);
  row<RemUIOp, [](u a, u b) { return b != 0 ? a % b : 0; }>(context);
  row<DivSIOp, [](i a, i b) { return b != 0 ? a / b : 0; }>(context);
  row<RemSIOp, [](i a, i b) { return b != 0 ? a % b : 0; }>(context);
  row<MinSIOp, [](i a, i b) { return std::min(a, b); }>(context);
  row<MaxSIOp, [](i a, i b) { return std::max(a, b); }>(context);
  row<MinUIOp, [](u a, u b) { return std::min(a, b); }>(context);
  row<MaxUIOp, [](u a, u b) { return std::max(a, b); }>(context);
  row<SIToFPOp, [](SIToFPOp op, i a) { return static_cast<f>(widthOf(op.getIn().getType()) > 1 ? a : -a); }>(context);
  row<UIToFPOp, [](u a) { return static_cast<f>(a); }>(context);
  row<FPToSIOp, [](FPToSIOp op, f a) { return truncated(a, widthOf(op.getType())); }>(context);
  row<ExtUIOp, [](u a) { return a; }>(context);
  row<ExtSIOp, [](ExtSIOp op, i a) { return widthOf(op.getIn().getType()) > 1 ? a : -a; }>(context);
  row<TruncIOp, [](i a) { return a; }>(context);
  row<ExtFOp, [](f a) { return a; }, [](V v) { return castBack(v.g, v.a); }>(context);
  row<TruncFOp, narrowed, [](V v) { return castBack(v.g, v.a); }>(context);
  row<BitcastOp, bitcastOf>(context);
  // clang-format on
  ConstantOp::attachInterface<ConstantMeaning>(*context);
}

void attachMath(MLIRContext *context) {
  using namespace mlir::math;
  using std::numbers::inv_sqrtpi, std::numbers::ln2;
  // clang-format off
  row<ExpOp, [](f a) { return std::exp(a); }, [](V v) { return v.g * factor(v.y, v); }>(context);
  row<Exp2Op, [](f a) { return std::exp2(a); }, [](V v) { return v.g * factor(v.y * ln2, v); }>(context);
  // y + 1 has no digits left on the left
  row<ExpM1Op, [](f a) { return std::expm1(a); }, [](V v) { return v.g * factor(exp(v.a), v); }>(context);
  row<LogOp, [](f a) { return std::log(a); }, [](V v) { return v.g / divisor(v.a, v); }>(context);
  row<Log1pOp, [](f a) { return std::log1p(a); }, [](V v) { return v.g / divisor(v.a + 1.0, v); }>(context);
  row<SqrtOp, [](f a) { return std::sqrt(a); }, [](V v) { return v.g * 0.5 / divisor(v.y, v); }>(context);
  row<RsqrtOp, [](f a) { return 1 / std::sqrt(a); },
      [](V v) { return v.g * -0.5 * factor(v.y * v.y * v.y, v); }>(context);
  row<TanhOp, [](f a) { return std::tanh(a); }, [](V v) { return v.g * (1.0 - v.y * v.y); }>(context);
  row<ErfOp, [](f a) { return std::erf(a); },
      [](V v) { return v.g * (exp(-(v.a * v.a)) * (2 * inv_sqrtpi)); }>(context);
  row<ErfcOp, [](f a) { return std::erfc(a); },
      [](V v) { return -(v.g * (exp(-(v.a * v.a)) * (2 * inv_sqrtpi))); }>(context);
  row<SinOp, [](f a) { return std::sin(a); }, [](V v) { return v.g * factor(cos(v.a), v); }>(context);
  row<CosOp, [](f a) { return std::cos(a); }, [](V v) { return -(v.g * factor(sin(v.a), v)); }>(context);
  row<AbsFOp, [](f a) { return std::fabs(a); }, [](V v) { return v.g * sign(v.a); }>(context);
  row<PowFOp, [](f a, f b) { return std::pow(a, b); }, powBase, powExponent>(context);
  row<FmaOp, [](f a, f b, f c) { return std::fma(a, b, c); }, [](V v) { return v.g * v.b; },
      [](V v) { return v.g * v.a; }, [](V v) { return v.g; }>(context);
  row<CopySignOp, [](f a, f b) { return std::copysign(a, b); },
      [](V v) { return v.g * (sign(v.a) * copysign(v.b.constant(1), v.b)); }>(context);
  row<FloorOp, [](f a) { return std::floor(a); }>(context);
  row<CeilOp, [](f a) { return std::ceil(a); }>(context);
  row<RoundEvenOp, [](f a) { return std::nearbyint(a); }>(context); // the mode is to nearest, ties to even
  // clang-format on
}

} // namespace

void sinter::registerElementwiseModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) { attachArith(context); });
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) { attachMath(context); });
}
