// For writing formulas: f32 arithmetic of one shape, scalar or vector.
#pragma once

#include "dialects/Precompiled.h"

#include <bit>

namespace sinter {

/// Builds f32 arithmetic of one shape: scalar or vector.
struct Arithmetic {
  /// Adding 1.5 * 2^23 to a small number rounds it to an integer, which is then also in the low bits.
  static constexpr float kRounder = 12582912.0f;

  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Type type; ///< f32 or a vector of f32

  explicit Arithmetic(mlir::Operation *op) : builder(op), loc(op->getLoc()), type(op->getResult(0).getType()) {}

  mlir::Type with(mlir::Type element) {
    auto shaped = llvm::dyn_cast<mlir::ShapedType>(type);
    return shaped ? mlir::Type(shaped.clone(element)) : element;
  }
  mlir::Value constant(mlir::TypedAttr scalar) {
    if (auto shaped = llvm::dyn_cast<mlir::ShapedType>(with(scalar.getType())))
      return mlir::arith::ConstantOp::create(builder, loc, mlir::DenseElementsAttr::get(shaped, scalar));
    return mlir::arith::ConstantOp::create(builder, loc, scalar);
  }
  mlir::Value constant(float value) { return constant(builder.getF32FloatAttr(value)); }
  mlir::Value integer(int32_t value) { return constant(builder.getI32IntegerAttr(value)); }
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) {
    return mlir::math::FmaOp::create(builder, loc, a, b, c);
  }
  mlir::Value add(mlir::Value a, mlir::Value b) { return mlir::arith::AddFOp::create(builder, loc, a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return mlir::arith::SubFOp::create(builder, loc, a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return mlir::arith::MulFOp::create(builder, loc, a, b); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return mlir::arith::DivFOp::create(builder, loc, a, b); }
  mlir::Value abs(mlir::Value a) { return mlir::math::AbsFOp::create(builder, loc, a); }
  mlir::Value exp(mlir::Value a) { return mlir::math::ExpOp::create(builder, loc, a); }
  mlir::Value withSign(mlir::Value a, mlir::Value sign) {
    return mlir::math::CopySignOp::create(builder, loc, a, sign);
  }
  mlir::Value select(mlir::Value c, mlir::Value a, mlir::Value b) {
    return mlir::arith::SelectOp::create(builder, loc, c, a, b);
  }
  /// False if either is NaN.
  mlir::Value less(mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpFOp::create(builder, loc, mlir::arith::CmpFPredicate::OLT, a, b);
  }
  mlir::Value bits(mlir::Value a) {
    return mlir::arith::BitcastOp::create(builder, loc, with(builder.getI32Type()), a);
  }
  mlir::Value fromBits(mlir::Value a) { return mlir::arith::BitcastOp::create(builder, loc, type, a); }
  mlir::Value addI(mlir::Value a, mlir::Value b) { return mlir::arith::AddIOp::create(builder, loc, a, b); }
  mlir::Value subI(mlir::Value a, mlir::Value b) { return mlir::arith::SubIOp::create(builder, loc, a, b); }

  /// c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<float> coefficients) {
    mlir::Value sum = constant(coefficients.back());
    for (float c : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, constant(c));
    return sum;
  }

  /// 2^n of an integer n in [-126, 127].
  mlir::Value powerOfTwo(mlir::Value n) {
    mlir::Value exponent = mlir::arith::ShLIOp::create(builder, loc, addI(n, integer(127)), integer(23));
    return fromBits(exponent);
  }
};

/// Replaces every `Op` of f32 by what `expand` computes.
template <typename Op> void expandAll(mlir::Operation *root, llvm::function_ref<mlir::Value(Op)> expand) {
  root->walk([&](Op op) {
    if (!mlir::getElementTypeOrSelf(op.getType()).isF32())
      return;
    op.getResult().replaceAllUsesWith(expand(op));
    op.erase();
  });
}

} // namespace sinter
