// Total integer arithmetic: divisions, shifts and casts with a value for all operands, as the table in Ops.td has it.
//
// LLVM's and SPIR-V's own ops trap or give anything where C++ has no value either, and LLVM drops whatever depends on
// such a value. Each rule first replaces the operands that are not allowed, then the results that do not fit. Constant
// operands make most of it fold away.
#include "compiler/codegen/loops/Total.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace sinter::codegen {
namespace {

using Integers = arith::CmpIPredicate;
using Floats = arith::CmpFPredicate;

struct TotalBuilder {
  OpBuilder &builder;
  Location loc;
  Operation &op;

  /// `value` of the element type `element`, of the shape of `like`.
  Value constant(Value like, TypedAttr value) {
    if (auto lanes = dyn_cast<VectorType>(like.getType()))
      return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(lanes.clone(value.getType()), value));
    return arith::ConstantOp::create(builder, loc, value);
  }
  Value integer(Value like, const APInt &value) {
    return constant(like, builder.getIntegerAttr(builder.getIntegerType(value.getBitWidth()), value));
  }
  Value real(Value like, double value) {
    return constant(like, builder.getFloatAttr(getElementTypeOrSelf(like.getType()), value));
  }
  Value compare(Integers predicate, Value a, Value b) { return arith::CmpIOp::create(builder, loc, predicate, a, b); }
  Value compare(Floats predicate, Value a, Value b) { return arith::CmpFOp::create(builder, loc, predicate, a, b); }
  Value select(Value condition, Value a, Value b) { return arith::SelectOp::create(builder, loc, condition, a, b); }

  /// The op itself on other operands.
  Value own(ArrayRef<Value> operands) {
    Operation *copy = op.clone();
    copy->setLoc(loc);
    copy->setOperands(operands);
    Type element = getElementTypeOrSelf(copy->getResult(0).getType());
    if (auto lanes = dyn_cast<VectorType>(operands[0].getType()))
      element = lanes.clone(element);
    copy->getResult(0).setType(element);
    return builder.insert(copy)->getResult(0);
  }
};

unsigned widthOf(Value value) { return getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth(); }

/// By zero a quotient is 0, and so is a remainder: that of a division by 1. So is the least number's by -1, whose
/// quotient wraps around to the least number, which is that number by 1.
Value division(TotalBuilder b, Value dividend, Value divisor, bool isSigned, bool isQuotient) {
  unsigned width = widthOf(divisor);
  Value one = b.integer(divisor, APInt(width, 1)), zero = b.integer(divisor, APInt(width, 0));
  Value isZero = b.compare(Integers::eq, divisor, zero), byOne = isZero;
  if (isSigned) {
    Value least = b.compare(Integers::eq, dividend, b.integer(dividend, APInt::getSignedMinValue(width)));
    Value minusOne = b.compare(Integers::eq, divisor, b.integer(divisor, APInt::getAllOnes(width)));
    byOne = arith::OrIOp::create(b.builder, b.loc, isZero, arith::AndIOp::create(b.builder, b.loc, least, minusOne));
  }
  Value result = b.own({dividend, b.select(byOne, one, divisor)});
  return isQuotient ? b.select(isZero, zero, result) : result;
}

/// A count of the width or more shifts everything out: zeros, or signs, come in.
Value shift(TotalBuilder b, Value value, Value count, bool signsComeIn) {
  unsigned width = widthOf(count);
  Value fits = b.compare(Integers::ult, count, b.integer(count, APInt(width, width)));
  if (signsComeIn)
    return b.own({value, b.select(fits, count, b.integer(count, APInt(width, width - 1)))});
  Value zero = b.integer(count, APInt(width, 0));
  return b.select(fits, b.own({value, b.select(fits, count, zero)}), zero);
}

/// Towards zero; the nearest end of the range beyond it; NaN becomes 0.
Value toInteger(TotalBuilder b, Value x) {
  unsigned width = getElementTypeOrSelf(b.op.getResult(0).getType()).getIntOrFloatBitWidth();
  double limit = std::ldexp(1.0, static_cast<int>(width) - 1);
  Value tooHigh = b.compare(Floats::OGE, x, b.real(x, limit)), fits = b.compare(Floats::OGE, x, b.real(x, -limit));
  Value tooLow = b.compare(Floats::OLT, x, b.real(x, -limit));
  fits = arith::AndIOp::create(b.builder, b.loc, fits, b.compare(Floats::OLT, x, b.real(x, limit)));
  Value result = b.own(b.select(fits, x, b.real(x, 0)));
  result = b.select(tooHigh, b.integer(result, APInt::getSignedMaxValue(width)), result);
  return b.select(tooLow, b.integer(result, APInt::getSignedMinValue(width)), result);
}

} // namespace

Value buildTotal(OpBuilder &builder, Operation &op, ArrayRef<Value> operands) {
  TotalBuilder b{builder, op.getLoc(), op};
  return llvm::TypeSwitch<Operation *, Value>(&op)
      .Case(
          [&](arith::DivSIOp) { return division(b, operands[0], operands[1], /*isSigned=*/true, /*isQuotient=*/true); })
      .Case([&](arith::RemSIOp) { return division(b, operands[0], operands[1], true, false); })
      .Case([&](arith::DivUIOp) { return division(b, operands[0], operands[1], false, true); })
      .Case([&](arith::RemUIOp) { return division(b, operands[0], operands[1], false, false); })
      .Case([&](arith::ShLIOp) { return shift(b, operands[0], operands[1], /*signsComeIn=*/false); })
      .Case([&](arith::ShRUIOp) { return shift(b, operands[0], operands[1], false); })
      .Case([&](arith::ShRSIOp) { return shift(b, operands[0], operands[1], true); })
      .Case([&](arith::FPToSIOp) { return toInteger(b, operands[0]); })
      .Default(Value());
}

} // namespace sinter::codegen
