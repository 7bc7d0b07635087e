// Gather (rows of a table by index) and its transpose, scatter_add. Indices outside the table name no row: gather gives
// zeros for them, scatter_add drops them.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

/// The number of elements in one row of `table`, [V, d...].
static int64_t rowWidth(const reference::Tensor &table) {
  int64_t width = 1;
  for (size_t d = 1; d < table.shape.size(); ++d)
    width *= table.shape[d];
  return width;
}

//===--- gather ------------------------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                         DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                         SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  auto tableType = cast<RankedTensorType>(op.getTable().getType());
  auto indexType = cast<RankedTensorType>(op.getIndices().getType());
  // C1
  if (tableType.getRank() < 1)
    return emitOptionalError(location, "gather: the table must have at least one dimension, but its type is ",
                             tableType);
  // C2
  if (!indexType.getElementType().isSignlessInteger(32))
    return emitOptionalError(location, "gather: indices must be i32, but their type is ", indexType);
  SmallVector<int64_t> shape(indexType.getShape());
  llvm::append_range(shape, tableType.getShape().drop_front());
  types.push_back(RankedTensorType::get(shape, tableType.getElementType()));
  return success();
}

LogicalResult GatherOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                            MutableArrayRef<Value> operandCotangents) {
  // Indices are integers and get no gradient.
  if (needed[0] && isDifferentiable(getTable().getType()))
    operandCotangents[0] =
        ScatterAddOp::create(builder, getLoc(), cotangentType(getTable().getType()), getIndices(), cotangents[0]);
  return success();
}

FailureOr<SmallVector<Value>> GatherOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType type = getType();
  int64_t rank = type.getRank(), indexRank = getIndices().getType().getRank();
  int64_t rows = getTable().getType().getDimSize(0);
  Location loc = getLoc();
  if (rows == 0) // there is no row to read, not even by a clamped index
    return SmallVector<Value>{rules::filled(builder, loc, type, 0)};
  auto element = [&](ArrayRef<rules::Expr> scalars) {
    rules::Expr index = scalars[0];
    OpBuilder &inner = *index.builder;
    // Read some row in any case, so that the loop has no branch.
    Value atLeastZero = arith::MaxSIOp::create(inner, loc, index, index.constant(0));
    Value row = arith::MinSIOp::create(inner, loc, atLeastZero, index.constant(static_cast<double>(rows - 1)));
    SmallVector<Value> coordinates{arith::IndexCastOp::create(inner, loc, inner.getIndexType(), row)};
    for (int64_t d = indexRank; d < rank; ++d)
      coordinates.push_back(linalg::IndexOp::create(inner, loc, d));
    rules::Expr read = index.with(tensor::ExtractOp::create(inner, loc, getTable(), coordinates));
    rules::Expr isRow = rules::compare(arith::CmpIPredicate::eq, index, index.with(row));
    return SmallVector<rules::Expr>{rules::select(isRow, read, 0)};
  };
  return rules::generic(builder, loc, rank, {},
                        rules::Mapped{getIndices(), rules::leadingDims(builder, rank, indexRank)},
                        rules::Mapped{rules::empty(builder, loc, type), builder.getMultiDimIdentityMap(rank)}, element);
}

LogicalResult GatherOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                 MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &table = *inputs[0], &indices = *inputs[1]; // [V, d...], [i...]
  reference::Tensor &y = outputs[0];                                  // [i..., d...], holds zeros
  int64_t width = rowWidth(table);
  for (int64_t i = 0; i < indices.size(); ++i)
    if (indices[i] >= 0 && indices[i] < static_cast<double>(table.shape[0]))
      for (int64_t j = 0; j < width; ++j)
        y[i * width + j] = table[static_cast<int64_t>(indices[i]) * width + j];
  return success();
}

//===--- scatter_add -------------------------------------------------------------------------------===//

LogicalResult ScatterAddOp::verify() {
  RankedTensorType indexType = getIndices().getType(), updateType = getUpdates().getType(), type = getType();
  // C1
  if (!indexType.getElementType().isSignlessInteger(32))
    return emitError() << "scatter_add: indices must be i32, but their type is " << indexType;
  // C2
  if (type.getRank() < 1)
    return emitError() << "scatter_add: the result must have at least one dimension, but its type is " << type;
  SmallVector<int64_t> expected(indexType.getShape());
  llvm::append_range(expected, type.getShape().drop_front());
  if (updateType.getShape() != ArrayRef<int64_t>(expected))
    return emitError() << "scatter_add: indices of shape [" << indexType.getShape() << "] and a result of shape ["
                       << type.getShape() << "] need updates of shape [" << ArrayRef<int64_t>(expected)
                       << "], but theirs is [" << updateType.getShape() << "]";
  // C3
  if (!updateType.getElementType().isF32() || !type.getElementType().isF32())
    return emitError() << "scatter_add: updates and result must be f32, but their element types are "
                       << updateType.getElementType() << " and " << type.getElementType();
  return success();
}

LogicalResult ScatterAddOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                                MutableArrayRef<Value> operandCotangents) {
  // Linear in the updates: each reads back the row that it was added to. Indices get no gradient.
  if (needed[1])
    operandCotangents[1] = GatherOp::create(builder, getLoc(), getUpdates().getType(), cotangents[0], getIndices());
  return success();
}

LogicalResult ScatterAddOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                     MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &indices = *inputs[0], &updates = *inputs[1]; // [i...], [i..., d...]
  reference::Tensor &table = outputs[0];                                // [V, d...], holds zeros
  int64_t width = rowWidth(table);
  for (int64_t i = 0; i < indices.size(); ++i)
    if (indices[i] >= 0 && indices[i] < static_cast<double>(table.shape[0]))
      for (int64_t j = 0; j < width; ++j)
        table[static_cast<int64_t>(indices[i]) * width + j] += updates[i * width + j];
  return success();
}

void GatherOp::relateTime(TimeRule &rule) {
  constexpr unsigned table = 0, indices = 1;
  if (!rule.isTimed(table))
    return rule.pass(rule.timeOf(indices));
  if (!rule.isTimed(indices) && rule.timeOf(table) > 0)
    return rule.pass(getIndices().getType().getRank() + rule.timeOf(table) - 1);
  if (rule.isTimed(indices) || !rule.isPosition(getIndices()))
    return rule.refuse("gather: looks up other positions");
  rule.readNew(table, 0); // one of the new positions, which then is no time any more
}

/// One table for all copies.
LogicalResult GatherOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  if (lift.isLifted(mapping.lookup(getTable())))
    return failure(); // each copy would have a table of its own
  Operation *copy = lift.builder().clone(*getOperation(), mapping);
  copy->getResult(0).setType(lift.typeOf(getResult(), units.front()));
  lift.markLifted(copy->getResult(0));
  mapping.map(getResult(), copy->getResult(0));
  return success();
}
