// What the ops' rules are written with: expressions that build arith and math ops (on tensors, or on scalars inside a
// map or a linalg body, alike), sums and broadcasts along rows, and linalg.generic with little ceremony.
#pragma once

#include "dialects/sinter/Sinter.h"

namespace sinter::rules {

/// A value and the place where ops that use it are built, so that rules read like the formulas they implement.
struct Expr {
  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::Value value;

  Expr(mlir::OpBuilder &b, mlir::Location at, mlir::Value v) : builder(&b), loc(at), value(v) {}
  operator mlir::Value() const { return value; }
  mlir::Type type() const { return value.getType(); }
  /// `v` at the same place.
  Expr with(mlir::Value v) const { return {*builder, loc, v}; }
  /// A splat of this expression's type.
  Expr constant(double v) const { return with(splat(*builder, loc, type(), v)); }
};

/// Builds `Op` from expressions of one type.
template <typename Op, typename... Rest> Expr build(Expr a, Rest... rest) {
  return a.with(Op::create(*a.builder, a.loc, a.value, rest.value...)->getResult(0));
}

inline Expr operator+(Expr a, Expr b) { return build<mlir::arith::AddFOp>(a, b); }
inline Expr operator-(Expr a, Expr b) { return build<mlir::arith::SubFOp>(a, b); }
inline Expr operator*(Expr a, Expr b) { return build<mlir::arith::MulFOp>(a, b); }
inline Expr operator/(Expr a, Expr b) { return build<mlir::arith::DivFOp>(a, b); }
inline Expr operator-(Expr a) { return build<mlir::arith::NegFOp>(a); }
inline Expr operator+(Expr a, double b) { return a + a.constant(b); }
inline Expr operator-(Expr a, double b) { return a - a.constant(b); }
inline Expr operator*(Expr a, double b) { return a * a.constant(b); }
inline Expr operator/(Expr a, double b) { return a / a.constant(b); }
inline Expr operator-(double a, Expr b) { return b.constant(a) - b; }
inline Expr operator/(double a, Expr b) { return b.constant(a) / b; }

inline Expr exp(Expr a) { return build<mlir::math::ExpOp>(a); }
inline Expr log(Expr a) { return build<mlir::math::LogOp>(a); }
inline Expr sqrt(Expr a) { return build<mlir::math::SqrtOp>(a); }
inline Expr sin(Expr a) { return build<mlir::math::SinOp>(a); }
inline Expr cos(Expr a) { return build<mlir::math::CosOp>(a); }
inline Expr pow(Expr a, Expr b) { return build<mlir::math::PowFOp>(a, b); }
inline Expr copysign(Expr a, Expr b) { return build<mlir::math::CopySignOp>(a, b); }
inline Expr maximum(Expr a, Expr b) { return build<mlir::arith::MaximumFOp>(a, b); }
inline Expr minimum(Expr a, Expr b) { return build<mlir::arith::MinimumFOp>(a, b); }

/// f32 to the nearest bf16 and back.
inline Expr roundToBf16(Expr a) {
  mlir::Type narrow = a.builder->getBF16Type();
  mlir::Value rounded = mlir::arith::TruncFOp::create(*a.builder, a.loc, narrow, a.value);
  return a.with(mlir::arith::ExtFOp::create(*a.builder, a.loc, a.value.getType(), rounded));
}

/// Ordered comparisons: false if either side is NaN.
inline Expr compare(mlir::arith::CmpFPredicate predicate, Expr a, Expr b) {
  return a.with(mlir::arith::CmpFOp::create(*a.builder, a.loc, predicate, a.value, b.value));
}
inline Expr compare(mlir::arith::CmpIPredicate predicate, Expr a, Expr b) {
  return a.with(mlir::arith::CmpIOp::create(*a.builder, a.loc, predicate, a.value, b.value));
}
inline Expr operator>(Expr a, Expr b) { return compare(mlir::arith::CmpFPredicate::OGT, a, b); }
inline Expr operator<(Expr a, Expr b) { return compare(mlir::arith::CmpFPredicate::OLT, a, b); }
inline Expr equal(Expr a, Expr b) { return compare(mlir::arith::CmpFPredicate::OEQ, a, b); }
inline Expr less(Expr a, double b) { return compare(mlir::arith::CmpFPredicate::OLT, a, a.constant(b)); }
inline Expr equal(Expr a, double b) { return equal(a, a.constant(b)); }

inline Expr select(Expr condition, Expr a, Expr b) {
  return a.with(mlir::arith::SelectOp::create(*a.builder, a.loc, condition.value, a.value, b.value));
}
inline Expr select(Expr condition, Expr a, double b) { return select(condition, a, a.constant(b)); }
inline Expr select(Expr condition, double a, Expr b) { return select(condition, b.constant(a), b); }

//===--- tensors, row by row of the last dimension ---------------------------------------------------===//

/// The type of one value per row: `type` without its last dimension.
mlir::RankedTensorType rowType(mlir::RankedTensorType type);
/// Sums each row; and the transpose, repeating one value per row along a row of `type`.
Expr sumRows(Expr x);
Expr alongRows(Expr perRow, mlir::RankedTensorType type);

/// Checks what every row op asks of its operand: an element type of f32 and a rank of at least 1.
mlir::LogicalResult verifyRows(std::optional<mlir::Location> loc, llvm::StringRef name, mlir::RankedTensorType type);

/// "[8, 64, 64]", for messages.
std::string shapeText(mlir::RankedTensorType type);
inline std::string text(mlir::Type type) {
  std::string result;
  llvm::raw_string_ostream(result) << type;
  return result;
}

//===--- linalg --------------------------------------------------------------------------------------===//

/// An operand of a linalg.generic with its indexing map.
struct Mapped {
  mlir::Value value;
  mlir::AffineMap map;
};
/// From the scalars read (inputs, then the outputs' old values) to the scalars written.
using Body = llvm::function_ref<llvm::SmallVector<Expr>(llvm::ArrayRef<Expr>)>;

/// The map from an index of `rank` dimensions to its first `count`, which may be none (AffineMap::getMajorSubMap would
/// then give a null map).
mlir::AffineMap leadingDims(mlir::Builder &builder, int64_t rank, int64_t count);

/// A linalg.generic; dimensions in `reduced` are reductions, the others parallel.
llvm::SmallVector<mlir::Value> generic(mlir::OpBuilder &builder, mlir::Location loc, int64_t rank,
                                       llvm::ArrayRef<int64_t> reduced, llvm::ArrayRef<Mapped> inputs,
                                       llvm::ArrayRef<Mapped> outputs, Body body);
/// A tensor whose elements do not matter yet, or are all `value`.
mlir::Value empty(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type);
mlir::Value filled(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type, double value);

/// A tensor of `type` with result[i] = input[map(i)]; `map` is a projected permutation of the result's dimensions.
mlir::Value copy(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input, mlir::AffineMap map,
                 mlir::RankedTensorType type);

/// The passes of a row op over a tensor of `type`: operands are tensors of its shape, or of one value per row.
class Rows {
public:
  Rows(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type)
      : builder(builder), loc(loc), type(type) {}

  /// One value per row: `body` gets the inputs and then the accumulator, which starts at `seed`.
  mlir::Value reduce(double seed, mlir::ValueRange inputs, llvm::function_ref<Expr(llvm::ArrayRef<Expr>)> body);
  /// One value per element.
  mlir::Value map(mlir::ValueRange inputs, llvm::function_ref<Expr(llvm::ArrayRef<Expr>)> body);
  /// `count` values per row, of f32, from inputs with one value per row.
  llvm::SmallVector<mlir::Value> mapRows(mlir::ValueRange inputs, int64_t count, Body body);

private:
  llvm::SmallVector<Mapped> operands(mlir::ValueRange inputs, int64_t rank);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::RankedTensorType type;
};

} // namespace sinter::rules
