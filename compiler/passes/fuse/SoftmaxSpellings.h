// Softmax, its logarithm and the logarithm of a sum of exponentials, as users write them out.
#pragma once

#include "compiler/passes/fuse/Spellings.h"

namespace sinter {

/// A sum of exponentials along an axis: what all of these formulas are made of.
struct ExpSum {
  ReduceOp sum;
  mlir::math::ExpOp exp;
  RowAxis axis;
};

/// If `op` is one.
std::optional<ExpSum> expSumOf(ReduceOp op);

/// x, of exponents x - max or (x - max) c: a softmax does not ask what was subtracted from all of a row.
struct Exponents {
  mlir::Value x;
  mlir::Value max;                  ///< null if none was subtracted
  mlir::Operation *scale = nullptr; ///< what multiplies the difference by a number, or divides it

  /// What a softmax is to be taken of: x, or x c.
  mlir::Value input(mlir::OpBuilder &builder) const;
};
Exponents exponentsOf(ExpSum sum, ValueNumbers &numbers);

/// A softmax, or its logarithm, of `input` along `axis`.
struct SoftmaxFormula : Formula {
  enum Kind { Softmax, LogSoftmax } kind = Softmax;
  RowAxis axis;
  Exponents of;
};

/// exp(x - max) / sum(exp(x - max)), or times one over it, if that is what `op` computes.
std::optional<SoftmaxFormula> matchSoftmax(mlir::Operation *op, ValueNumbers &numbers);

/// x - max - log(sum(exp(x - max))) in any order, if that is what `op` computes; `log` is the logarithm.
std::optional<SoftmaxFormula> matchLogSoftmax(mlir::Operation *op, mlir::math::LogOp log, ValueNumbers &numbers);

/// The sum of exponentials whose logarithm `log` is.
std::optional<ExpSum> logOfExpSum(mlir::math::LogOp log);

/// Adds up terms: `value` is taken apart into what additions, subtractions and negations join. Asks `term(v, sign)` of
/// each value that it meets whether it is a term; what is none must be joined of such. False if something is neither,
/// or there are too many.
bool takeApart(mlir::Value value, int sign, const RowAxis &axis,
               llvm::function_ref<bool(mlir::Value value, int sign)> term, int &budget);

} // namespace sinter
