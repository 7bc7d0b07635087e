// The DSL's elementwise functions: `arith` and `math` ops on tensors of one shape, after explicit broadcasts.
#include "compiler/frontend/Builder.h"
#include "compiler/include/sinter/nn.h"

#include <cmath>

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

/// Creates an op of `Op` with the result type of its operands.
template <typename Op> static Value make(const Loc &loc, ValueRange operands) {
  ModelBuilder &builder = ModelBuilder::get();
  return Op::create(builder.ops, builder.at(loc), operands).getResult();
}

/// A number as a rank-0 constant of `dtype`.
static Value number(double value, DType dtype, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  auto type = RankedTensorType::get({}, elementType(builder.ops.getContext(), dtype));
  if (!whyNotHeld(type.getElementType(), value).empty() && !isFloat(dtype))
    fail(loc, Twine(what) + ": " + digits(value) + " is not " + (dtype == DType::Bool ? "a " : "an ") + name(dtype) +
                  ", but the other operand is");
  checkElement(value, dtype, Twine(what) + ":", loc);
  return splat(builder.ops, builder.at(loc), type, value);
}

/// Gives all operands one type and one shape. `dtype` is what numbers become if no operand says otherwise.
static void unify(MutableArrayRef<Value> values, ArrayRef<Operand> operands, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry(what, loc);
  std::optional<size_t> first;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (operand.isNumber)
      continue;
    values[i] = builder.use(operand.tensor, what, loc);
    if (!first) {
      first = i;
      continue;
    }
    DType a = dtypeOf(values[*first].getType()), b = dtypeOf(values[i].getType());
    if (a != b)
      fail(loc, Twine(what) + ": element types differ: " + name(a) + " and " + name(b) + "; use cast",
           {{"the first operand", values[*first]}, {"the other operand", values[i]}});
  }
  DType dtype = first ? dtypeOf(values[*first].getType()) : DType::F32;
  Shape shape;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (operand.isNumber) {
      values[i] = number(operand.number, dtype, what, loc);
      continue;
    }
    std::optional<Shape> common = commonShape(shape, shapeOf(values[i]));
    if (!common)
      fail(loc, Twine(what) + ": shapes do not broadcast: " + text(shape) + " and " + text(shapeOf(values[i])),
           {{"the first operand", values[*first]}, {"the other operand", values[i]}});
    shape = *common;
  }
  for (auto [i, operand] : llvm::enumerate(operands)) {
    // A number becomes a constant of the whole shape; nothing is left of the scalar.
    if (operand.isNumber && !shape.empty()) {
      Operation *scalar = values[i].getDefiningOp();
      values[i] = splat(builder.ops, builder.at(loc), typeOf(values[i]).clone(shape), operand.number);
      scalar->erase();
    } else {
      values[i] = broadcastTo(values[i], shape, builder.at(loc));
    }
  }
}

/// 16-bit floats are stored, and nothing else.
static void refuseHalves(ArrayRef<Value> operands, const char *what, const Loc &loc) {
  DType dtype = dtypeOf(operands[0].getType());
  if (isHalf(dtype))
    fail(loc, Twine(what) + ": nothing is computed in " + name(dtype) + ", which only stores; use cast(x, f32)",
         {{"an operand", operands[0]}});
}

/// A binary op by element type; booleans are refused.
template <typename FloatOp, typename IntOp>
static Tensor arithmetic(const Operand &a, const Operand &b, const char *what, const Loc &loc) {
  Value values[2];
  unify(values, {a, b}, what, loc);
  refuseHalves(values, what, loc);
  DType dtype = dtypeOf(values[0].getType());
  if (dtype == DType::Bool)
    fail(loc, Twine(what) + ": booleans have no arithmetic; use cast(x, f32) or the logical operators",
         {{"the first operand", values[0]}, {"the other operand", values[1]}});
  return wrap(isFloat(dtype) ? make<FloatOp>(loc, values) : make<IntOp>(loc, values));
}

static void refuseZero(const Operand &divisor, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  if (!divisor.isNumber || divisor.number != 0)
    return;
  builder.entry(what, loc);
  fail(loc, Twine(what) + ": the divisor is the constant 0");
}

Tensor operator+(Operand a, Operand b) { return arithmetic<arith::AddFOp, arith::AddIOp>(a, b, "add", a.loc); }
Tensor operator-(Operand a, Operand b) { return arithmetic<arith::SubFOp, arith::SubIOp>(a, b, "subtract", a.loc); }
Tensor operator*(Operand a, Operand b) { return arithmetic<arith::MulFOp, arith::MulIOp>(a, b, "multiply", a.loc); }
Tensor operator/(Operand a, Operand b) {
  refuseZero(b, "divide", a.loc);
  return arithmetic<arith::DivFOp, arith::DivSIOp>(a, b, "divide", a.loc);
}
Tensor remainder(Operand a, Operand b, Loc loc) {
  refuseZero(b, "remainder", loc);
  return arithmetic<arith::RemFOp, arith::RemSIOp>(a, b, "remainder", loc);
}
Tensor maximum(Operand a, Operand b, Loc loc) {
  return arithmetic<arith::MaximumFOp, arith::MaxSIOp>(a, b, "maximum", loc);
}
Tensor minimum(Operand a, Operand b, Loc loc) {
  return arithmetic<arith::MinimumFOp, arith::MinSIOp>(a, b, "minimum", loc);
}

Tensor operator-(Operand a) {
  if (a.isNumber || !isFloat(dtypeOf(ModelBuilder::get().use(a.tensor, "negate", a.loc).getType())))
    return arithmetic<arith::SubFOp, arith::SubIOp>(Operand(0.0, a.loc), a, "negate", a.loc);
  return wrap(make<arith::NegFOp>(a.loc, ModelBuilder::get().useReal(a.tensor, "negate", a.loc)));
}

Tensor pow(Operand base, Operand exponent, Loc loc) {
  // Small whole exponents are products: exact for negative bases, and far cheaper.
  if (!base.isNumber && exponent.isNumber) {
    Value x = ModelBuilder::get().useReal(base.tensor, "pow", loc);
    if (exponent.number == 1)
      return wrapResult(x, base.tensor, loc);
    if (exponent.number == 2)
      return wrap(make<arith::MulFOp>(loc, {x, x}));
    if (exponent.number == 3)
      return wrap(make<arith::MulFOp>(loc, {make<arith::MulFOp>(loc, {x, x}), x}));
    if (exponent.number == 0.5) {
      // Unlike the square root, that of -inf is inf and that of -0 is 0 (which -0 + 0 is).
      CallSite here(loc);
      return sqrt(where(base.tensor == -INFINITY, INFINITY, base.tensor + 0.0));
    }
  }
  Value values[2];
  unify(values, {base, exponent}, "pow", loc);
  ModelBuilder::get().useReal(wrap(values[0]), "pow", loc);
  return wrap(make<math::PowFOp>(loc, values));
}

Tensor fma(Operand a, Operand b, Operand c, Loc loc) {
  Value values[3];
  unify(values, {a, b, c}, "fma", loc);
  ModelBuilder::get().useReal(wrap(values[0]), "fma", loc);
  return wrap(make<math::FmaOp>(loc, values));
}

static Tensor compare(const Operand &a, const Operand &b, arith::CmpFPredicate ofFloats, arith::CmpIPredicate ofInts,
                      const char *what) {
  Value values[2];
  unify(values, {a, b}, what, a.loc);
  refuseHalves(values, what, a.loc);
  ModelBuilder &builder = ModelBuilder::get();
  if (isFloat(dtypeOf(values[0].getType())))
    return wrap(arith::CmpFOp::create(builder.ops, builder.at(a.loc), ofFloats, values[0], values[1]));
  bool ordered = ofInts != arith::CmpIPredicate::eq && ofInts != arith::CmpIPredicate::ne;
  if (ordered && dtypeOf(values[0].getType()) == DType::Bool)
    fail(a.loc, Twine(what) + ": booleans have no order",
         {{"the first operand", values[0]}, {"the other operand", values[1]}});
  return wrap(arith::CmpIOp::create(builder.ops, builder.at(a.loc), ofInts, values[0], values[1]));
}

// Comparisons with NaN are false, but for !=, as in C++.
Tensor operator<(Operand a, Operand b) {
  return compare(a, b, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, "less");
}
Tensor operator<=(Operand a, Operand b) {
  return compare(a, b, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, "less or equal");
}
Tensor operator>(Operand a, Operand b) {
  return compare(a, b, arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt, "greater");
}
Tensor operator>=(Operand a, Operand b) {
  return compare(a, b, arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge, "greater or equal");
}
Tensor operator==(Operand a, Operand b) {
  return compare(a, b, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, "equal");
}
Tensor operator!=(Operand a, Operand b) {
  return compare(a, b, arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, "not equal");
}

template <typename Op> static Tensor logical(const Operand &a, const Operand &b, const char *what) {
  Value values[2];
  unify(values, {a, b}, what, a.loc);
  if (dtypeOf(values[0].getType()) != DType::Bool)
    fail(a.loc, Twine(what) + ": needs booleans, but the operands are " + name(dtypeOf(values[0].getType())),
         {{"the first operand", values[0]}, {"the other operand", values[1]}});
  return wrap(make<Op>(a.loc, values));
}
Tensor operator&&(Operand a, Operand b) { return logical<arith::AndIOp>(a, b, "and"); }
Tensor operator||(Operand a, Operand b) { return logical<arith::OrIOp>(a, b, "or"); }
Tensor operator!(Operand a) { return logical<arith::XOrIOp>(a, Operand(1.0, a.loc), "not"); }

Tensor where(Operand condition, Operand a, Operand b, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry("where", loc);
  if (condition.isNumber)
    fail(loc, "where: the condition is a number, not a tensor");
  Value mask = builder.use(condition.tensor, "where", loc);
  if (dtypeOf(mask.getType()) != DType::Bool)
    fail(loc, Twine("where: the condition must be boolean, but is ") + name(dtypeOf(mask.getType())),
         {{"the condition", mask}});
  Value values[2];
  unify(values, {a, b}, "where", loc);
  std::optional<Shape> shape = commonShape(shapeOf(mask), shapeOf(values[0]));
  if (!shape)
    fail(loc, "where: shapes do not broadcast: " + text(shapeOf(mask)) + " and " + text(shapeOf(values[0])),
         {{"the condition", mask}, {"the chosen value", values[0]}});
  mlir::Location at = builder.at(loc);
  for (auto [value, operand] : llvm::zip_equal(values, std::array{a, b})) {
    if (operand.isNumber && shapeOf(value) != ArrayRef<int64_t>(*shape)) {
      Operation *small = value.getDefiningOp();
      value = splat(builder.ops, at, typeOf(value).clone(*shape), operand.number);
      small->erase();
    }
    value = broadcastTo(value, *shape, at);
  }
  mask = broadcastTo(mask, *shape, at);
  return wrap(arith::SelectOp::create(builder.ops, at, mask, values[0], values[1]));
}

template <typename Op> static Tensor unary(Tensor x, const char *what, const Loc &loc) {
  return wrap(make<Op>(loc, ModelBuilder::get().useReal(x, what, loc)));
}
Tensor exp(Tensor x, Loc loc) { return unary<math::ExpOp>(x, "exp", loc); }
Tensor expm1(Tensor x, Loc loc) { return unary<math::ExpM1Op>(x, "expm1", loc); }
Tensor log1p(Tensor x, Loc loc) { return unary<math::Log1pOp>(x, "log1p", loc); }
Tensor log(Tensor x, Loc loc) { return unary<math::LogOp>(x, "log", loc); }
Tensor sqrt(Tensor x, Loc loc) { return unary<math::SqrtOp>(x, "sqrt", loc); }
Tensor rsqrt(Tensor x, Loc loc) { return unary<math::RsqrtOp>(x, "rsqrt", loc); }
Tensor tanh(Tensor x, Loc loc) { return unary<math::TanhOp>(x, "tanh", loc); }
Tensor erf(Tensor x, Loc loc) { return unary<math::ErfOp>(x, "erf", loc); }
Tensor erfc(Tensor x, Loc loc) { return unary<math::ErfcOp>(x, "erfc", loc); }
Tensor sigmoid(Tensor x, Loc loc) { return unary<SigmoidOp>(x, "sigmoid", loc); }
Tensor sin(Tensor x, Loc loc) { return unary<math::SinOp>(x, "sin", loc); }
Tensor cos(Tensor x, Loc loc) { return unary<math::CosOp>(x, "cos", loc); }
Tensor abs(Tensor x, Loc loc) { return unary<math::AbsFOp>(x, "abs", loc); }
Tensor square(Tensor x, Loc loc) { return arithmetic<arith::MulFOp, arith::MulIOp>({x, loc}, {x, loc}, "square", loc); }

Tensor cast(Tensor x, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "cast", loc);
  DType from = dtypeOf(value.getType());
  if (from == dtype)
    return wrapResult(value, x, loc);
  // Between 16-bit floats and others than f32: by way of f32, which computes.
  if ((isHalf(from) && dtype != DType::F32) || (isHalf(dtype) && from != DType::F32))
    return cast(cast(x, f32, loc), dtype, loc);
  if (dtype == DType::Bool)
    return Operand(x, loc) != Operand(0.0, loc);
  auto make = [&]<typename Op>() {
    auto type = typeOf(value).clone(elementType(builder.ops.getContext(), dtype));
    return wrap(Op::create(builder.ops, builder.at(loc), type, value));
  };
  bool wider = getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth() <
               elementType(builder.ops.getContext(), dtype).getIntOrFloatBitWidth();
  if (isFloat(from) && isFloat(dtype))
    return wider ? make.operator()<arith::ExtFOp>() : make.operator()<arith::TruncFOp>();
  if (isFloat(from))
    return make.operator()<arith::FPToSIOp>();
  if (isFloat(dtype))
    return from == DType::Bool ? make.operator()<arith::UIToFPOp>() : make.operator()<arith::SIToFPOp>();
  if (!wider)
    return make.operator()<arith::TruncIOp>();
  return from == DType::Bool ? make.operator()<arith::ExtUIOp>() : make.operator()<arith::ExtSIOp>();
}

} // namespace sinter
