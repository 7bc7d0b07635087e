// Diagonals (a matrix by the distance of its columns from its rows) and its transpose, sum_diagonals.
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/ops/Rules.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace sinter;

//===--- diagonals ---------------------------------------------------------------------------------===//

LogicalResult DiagonalsOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                            DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                            SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  auto type = cast<RankedTensorType>(op.getTable().getType());
  auto rows = static_cast<int64_t>(op.getRows());
  // C1
  if (type.getRank() < 1)
    return emitOptionalError(location, "diagonals: the table must have at least one dimension, but its type is ", type);
  // C2
  SmallVector<int64_t> shape(type.getShape());
  if (rows < 1 || rows > shape.back())
    return emitOptionalError(location, "diagonals: ", shape.back(), " diagonals are those of 1 to ", shape.back(),
                             " rows, not of ", rows);
  shape.back() -= rows - 1;
  shape.insert(shape.end() - 1, rows);
  types.push_back(type.clone(shape));
  return success();
}

/// A matrix of equal elements.
OpFoldResult DiagonalsOp::fold(FoldAdaptor adaptor) {
  auto constant = dyn_cast_if_present<SplatElementsAttr>(adaptor.getTable());
  return constant ? OpFoldResult(SplatElementsAttr::get(getResult().getType(), constant.getSplatValue<Attribute>()))
                  : OpFoldResult();
}

LogicalResult DiagonalsOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                               MutableArrayRef<Value> operandCotangents) {
  if (needed[0] && isDifferentiable(getTable().getType()))
    operandCotangents[0] = SumDiagonalsOp::create(builder, getLoc(), cotangents[0]);
  return success();
}

/// A copy that walks backwards along a row of the table from row to row: what reads it can do so itself (TensorViews).
FailureOr<SmallVector<Value>> DiagonalsOp::lowerToLinalg(OpBuilder &builder) {
  return SmallVector<Value>{rules::copy(builder, getLoc(), getTable(), tableIndexOf(*this), getType())};
}

LogicalResult DiagonalsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                    MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &table = *inputs[0]; // [b..., rows + columns - 1]
  reference::Tensor &y = outputs[0];           // [b..., rows, columns]
  int64_t columns = y.shape.back(), rows = y.shape[y.shape.size() - 2], row = rows + columns - 1;
  for (int64_t at = 0; at < y.size(); ++at) {
    int64_t j = at % columns, i = at / columns % rows, b = at / columns / rows;
    y[at] = table[b * row + rows - 1 + j - i];
  }
  return success();
}

//===--- sum_diagonals -----------------------------------------------------------------------------===//

LogicalResult SumDiagonalsOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                               DictionaryAttr attributes, OpaqueProperties properties,
                                               RegionRange regions, SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  auto type = cast<RankedTensorType>(op.getInput().getType());
  // C1
  SmallVector<int64_t> shape(type.getShape());
  if (shape.size() < 2 || shape.back() == 0 || shape[shape.size() - 2] == 0)
    return emitOptionalError(location, "sum_diagonals: the operand must have rows and columns, but its type is ", type);
  // C2
  if (!type.getElementType().isF32())
    return emitOptionalError(location, "sum_diagonals: the operand has elements of ",
                             rules::text(type.getElementType()), ", not f32");
  int64_t columns = shape.pop_back_val();
  shape.back() += columns - 1;
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult SumDiagonalsOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                                  MutableArrayRef<Value> operandCotangents) {
  RankedTensorType type = getInput().getType();
  if (needed[0])
    operandCotangents[0] = DiagonalsOp::create(builder, getLoc(), cotangents[0],
                                               builder.getI64IntegerAttr(type.getDimSize(type.getRank() - 2)));
  return success();
}

/// Sums over batches come last: there is less to add up then, and what stands in front may have a kernel that holds no
/// more of the matrix than some rows.
///
///   sum_diagonals(reduce sum x over batches)   =>   reduce sum (sum_diagonals x) over the same
LogicalResult SumDiagonalsOp::canonicalize(SumDiagonalsOp op, PatternRewriter &rewriter) {
  auto reduce = op.getInput().getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReduceKind::sum || reduce.getAxes().empty() ||
      reduce.getAxes().back() >= reduce.getInput().getType().getRank() - 2)
    return failure();
  Value each = SumDiagonalsOp::create(rewriter, op.getLoc(), reduce.getInput());
  rewriter.replaceOpWithNewOp<ReduceOp>(op, ReduceKind::sum, each, reduce.getAxes());
  return success();
}

/// Rows are reduced down a column for each diagonal, where those that it does not meet count as zero.
FailureOr<SmallVector<Value>> SumDiagonalsOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType from = getInput().getType(), type = getType();
  int64_t rank = from.getRank(), rows = from.getDimSize(rank - 2), columns = from.getDimSize(rank - 1);
  AffineMap all = builder.getMultiDimIdentityMap(rank); // batch, row, diagonal
  // Nobody reads it: it says how many rows there are.
  Value counter = rules::empty(builder, getLoc(), RankedTensorType::get({rows}, from.getElementType()));
  AffineMap counts = AffineMap::get(rank, 0, all.getResult(rank - 2), getContext());
  auto element = [&](ArrayRef<rules::Expr> scalars) {
    OpBuilder &inner = *scalars[0].builder;
    Location loc = scalars[0].loc;
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(inner, loc, value); };
    SmallVector<Value> coordinates;
    for (int64_t d = 0; d < rank; ++d)
      coordinates.push_back(linalg::IndexOp::create(inner, loc, d));
    Value &column = coordinates.back();
    column = arith::AddIOp::create(inner, loc, column, coordinates[rank - 2]);
    column = arith::SubIOp::create(inner, loc, column, constant(rows - 1));
    Value within = arith::MaxSIOp::create(inner, loc, column, constant(0));
    within = arith::MinSIOp::create(inner, loc, within, constant(columns - 1));
    rules::Expr meets =
        scalars[0].with(arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq, column, within).getResult());
    column = within;
    rules::Expr read = scalars[0].with(tensor::ExtractOp::create(inner, loc, getInput(), coordinates));
    return SmallVector<rules::Expr>{scalars[1] + rules::select(meets, read, 0)};
  };
  return rules::generic(builder, getLoc(), rank, rank - 2, rules::Mapped{counter, counts},
                        rules::Mapped{rules::filled(builder, getLoc(), type, 0), all.dropResult(rank - 2)}, element);
}

LogicalResult SumDiagonalsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                       MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0]; // [b..., rows, columns]
  reference::Tensor &table = outputs[0];   // [b..., rows + columns - 1], holds zeros
  int64_t columns = x.shape.back(), rows = x.shape[x.shape.size() - 2], row = rows + columns - 1;
  for (int64_t at = 0; at < x.size(); ++at) {
    int64_t j = at % columns, i = at / columns % rows, b = at / columns / rows;
    table[b * row + rows - 1 + j - i] += x[at];
  }
  return success();
}
