// sinter.put: rows of a tensor are replaced, from a place on that is known at run time.
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

static Type elementOf(Value value) { return getElementTypeOrSelf(value.getType()); }

LogicalResult PutOp::verify() {
  // C1
  Type element = elementOf(getTable());
  if (elementOf(getValue()) != element || elementOf(getResult()) != element ||
      !elementOf(getPlace()).isSignlessInteger(32))
    return emitOpError("table, value and result have one element type, and places are i32");
  // C2
  ArrayRef<int64_t> table = shapeOf(getTable()), value = shapeOf(getValue()), place = shapeOf(getPlace());
  int64_t rank = static_cast<int64_t>(table.size()), dim = static_cast<int64_t>(getDim());
  if (getResult().getType() != getTable().getType())
    return emitOpError("gives a tensor of the table's type, not ") << getResult().getType();
  bool fits = dim >= 0 && dim < rank && static_cast<int64_t>(value.size()) == rank;
  for (int64_t d = 0; fits && d < rank; ++d)
    fits = d == dim || table[d] == value[d];
  if (!fits)
    return emitOpError("rows of shape [") << value << "] do not fit into [" << table << "] along " << dim;
  // C3
  if (static_cast<int64_t>(place.size()) > dim || place != table.take_front(place.size()))
    return emitOpError("places of shape [") << place << "] are not of the first dimensions of [" << table << "]";
  return success();
}

/// One pass over the table, which the CPU makes one over the rows (PutRows.h).
FailureOr<SmallVector<Value>> PutOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType type = getTable().getType();
  int64_t rank = type.getRank(), places = getPlace().getType().getRank(), dim = static_cast<int64_t>(getDim());
  int64_t count = shapeOf(getValue())[dim];
  Location loc = getLoc();
  AffineMap all = builder.getMultiDimIdentityMap(rank);
  if (count == 0)
    return SmallVector<Value>{getTable()};
  SmallVector<Value> result =
      generic(builder, loc, rank, {}, {{getTable(), all}, {getPlace(), leadingDims(builder, rank, places)}},
              {{empty(builder, loc, type), all}}, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                OpBuilder &inner = *scalars[0].builder;
                Value index = linalg::IndexOp::create(inner, loc, dim);
                Expr row = build<arith::SubIOp>(
                    scalars[1].with(arith::IndexCastOp::create(inner, loc, inner.getI32Type(), index)), scalars[1]);
                // Some row is read in any case, so that the loop has no branch. As unsigned numbers, negative ones are
                // large.
                Expr last = row.constant(static_cast<double>(count - 1));
                Expr read = build<arith::MinUIOp>(row, last);
                SmallVector<Value> coordinates;
                for (int64_t d = 0; d < rank; ++d)
                  coordinates.push_back(
                      d == dim ? arith::IndexCastOp::create(inner, loc, inner.getIndexType(), read).getResult()
                               : linalg::IndexOp::create(inner, loc, d).getResult());
                Expr value = row.with(tensor::ExtractOp::create(inner, loc, getValue(), coordinates));
                return {select(compare(arith::CmpIPredicate::ule, row, last), value, scalars[0])};
              });
  result[0].getDefiningOp()->setDiscardableAttr(kPutsAttr, builder.getI64IntegerAttr(dim));
  return result;
}

LogicalResult PutOp::evaluate(ArrayRef<const reference::Tensor *> inputs, MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &table = *inputs[0], &value = *inputs[1], &place = *inputs[2];
  reference::Tensor &result = outputs[0]; // [before, rows, after]
  auto dim = static_cast<size_t>(getDim());
  int64_t before = 1, after = 1, rows = table.shape[dim], count = value.shape[dim];
  for (size_t d = 0; d < table.shape.size(); ++d)
    (d < dim ? before : after) *= d == dim ? 1 : table.shape[d];
  for (int64_t i = 0; i < table.size(); ++i)
    result[i] = table[i];
  for (int64_t i = 0; i < before; ++i) {
    auto start = static_cast<int64_t>(place[i * place.size() / before]);
    for (int64_t row = 0; row < count; ++row)
      if (start + row >= 0 && start + row < rows)
        for (int64_t j = 0; j < after; ++j)
          result[(i * rows + start + row) * after + j] = value[(i * count + row) * after + j];
  }
  return success();
}
