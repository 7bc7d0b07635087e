// What the ops' rules are written with (see Rules.h).
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;

namespace sinter::rules {

//===--- tensors, row by row of the last dimension ---------------------------------------------------===//

RankedTensorType rowType(RankedTensorType type) {
  return RankedTensorType::get(type.getShape().drop_back(), type.getElementType());
}

Expr sumRows(Expr x) {
  int64_t last = cast<RankedTensorType>(x.type()).getRank() - 1;
  return x.with(ReduceOp::create(*x.builder, x.loc, ReduceKind::sum, x.value, ArrayRef<int64_t>(last)));
}

Expr alongRows(Expr perRow, RankedTensorType type) {
  auto dims = llvm::to_vector(llvm::seq<int64_t>(type.getRank() - 1));
  return perRow.with(BroadcastOp::create(*perRow.builder, perRow.loc, type, perRow.value, dims));
}

LogicalResult verifyRows(std::optional<Location> loc, StringRef name, RankedTensorType type) {
  if (!type.getElementType().isF32())
    return emitOptionalError(loc, name, ": the operand has elements of ", text(type.getElementType()), ", not f32");
  if (type.getRank() < 1)
    return emitOptionalError(loc, name, ": the operand has rank 0, but there must be a last dimension to work along");
  return success();
}

std::string shapeText(RankedTensorType type) {
  std::string result;
  llvm::raw_string_ostream os(result);
  os << "[";
  llvm::interleaveComma(type.getShape(), os);
  os << "]";
  return result;
}

//===--- linalg --------------------------------------------------------------------------------------===//

AffineMap leadingDims(Builder &builder, int64_t rank, int64_t count) {
  SmallVector<AffineExpr> dims;
  for (int64_t d = 0; d < count; ++d)
    dims.push_back(builder.getAffineDimExpr(d));
  return AffineMap::get(rank, 0, dims, builder.getContext());
}

SmallVector<Value> generic(OpBuilder &builder, Location loc, int64_t rank, ArrayRef<int64_t> reduced,
                           ArrayRef<Mapped> inputs, ArrayRef<Mapped> outputs, Body body) {
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  for (int64_t dim : reduced)
    iterators[dim] = utils::IteratorType::reduction;
  SmallVector<Value> ins, outs;
  SmallVector<AffineMap> maps;
  for (const Mapped &input : inputs) {
    ins.push_back(input.value);
    maps.push_back(input.map);
  }
  for (const Mapped &output : outputs) {
    outs.push_back(output.value);
    maps.push_back(output.map);
  }
  auto op = linalg::GenericOp::create(
      builder, loc, ValueRange(outs).getTypes(), ins, outs, maps, iterators,
      [&](OpBuilder &inner, Location at, ValueRange arguments) {
        SmallVector<Expr> scalars;
        for (Value argument : arguments)
          scalars.emplace_back(inner, at, argument);
        linalg::YieldOp::create(
            inner, at, SmallVector<Value>(llvm::map_range(body(scalars), [](const Expr &e) { return e.value; })));
      });
  return op.getResults();
}

Value empty(OpBuilder &builder, Location loc, RankedTensorType type) {
  return tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
}

Value filled(OpBuilder &builder, Location loc, RankedTensorType type, double value) {
  Value scalar = splat(builder, loc, type.getElementType(), value);
  return linalg::FillOp::create(builder, loc, scalar, empty(builder, loc, type)).getResult(0);
}

Value copy(OpBuilder &builder, Location loc, Value input, AffineMap map, RankedTensorType type) {
  return generic(builder, loc, type.getRank(), {}, Mapped{input, map},
                 Mapped{empty(builder, loc, type), builder.getMultiDimIdentityMap(type.getRank())},
                 [](ArrayRef<Expr> scalars) { return SmallVector<Expr>{scalars[0]}; })[0];
}

SmallVector<Mapped> Rows::operands(ValueRange inputs, int64_t rank) {
  SmallVector<Mapped> result;
  for (Value input : inputs) {
    int64_t own = cast<RankedTensorType>(input.getType()).getRank();
    result.push_back({input, leadingDims(builder, rank, own)});
  }
  return result;
}

Value Rows::reduce(double seed, ValueRange inputs, llvm::function_ref<Expr(ArrayRef<Expr>)> body) {
  int64_t rank = type.getRank();
  Value init = filled(builder, loc, rowType(type), seed);
  return generic(builder, loc, rank, rank - 1, operands(inputs, rank), operands(init, rank),
                 [&](ArrayRef<Expr> scalars) { return SmallVector<Expr>{body(scalars)}; })[0];
}

Value Rows::map(ValueRange inputs, llvm::function_ref<Expr(ArrayRef<Expr>)> body) {
  int64_t rank = type.getRank();
  Value init = empty(builder, loc, type);
  return generic(builder, loc, rank, {}, operands(inputs, rank), operands(init, rank),
                 [&](ArrayRef<Expr> scalars) { return SmallVector<Expr>{body(scalars)}; })[0];
}

SmallVector<Value> Rows::mapRows(ValueRange inputs, int64_t count, Body body) {
  int64_t rank = type.getRank() - 1;
  SmallVector<Value> inits;
  for (int64_t i = 0; i < count; ++i)
    inits.push_back(empty(builder, loc, rowType(type)));
  return generic(builder, loc, rank, {}, operands(inputs, rank), operands(inits, rank), body);
}

} // namespace sinter::rules
