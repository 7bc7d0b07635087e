// The DSL's functions that make tensors and change their shapes.
#include "compiler/frontend/Builder.h"

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

//===--- asking a tensor -----------------------------------------------------------------------------===//

int64_t Tensor::rank(Loc loc) const { return shapeOf(ModelBuilder::get().use(*this, "rank", loc)).size(); }
Shape Tensor::shape(Loc loc) const { return shapeOf(ModelBuilder::get().use(*this, "shape", loc)).vec(); }
DType Tensor::dtype(Loc loc) const { return dtypeOf(ModelBuilder::get().use(*this, "dtype", loc).getType()); }
int64_t Tensor::dim(int64_t axis, Loc loc) const {
  Value value = ModelBuilder::get().use(*this, "dim", loc);
  return shapeOf(value)[checkAxis(axis, shapeOf(value), "dim", loc)];
}

//===--- making tensors ------------------------------------------------------------------------------===//

Tensor iota(Shape shape, int64_t axis, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry("iota", loc);
  checkShape(shape, "iota", loc);
  axis = checkAxis(axis, shape, "iota", loc);
  checkHeld(static_cast<double>(shape[axis] - 1), DType::I32, "iota: the last index,", loc);
  auto type = RankedTensorType::get(shape, builder.ops.getI32Type());
  return wrap(IotaOp::create(builder.ops, builder.at(loc), type, axis));
}

Tensor arange(int64_t n, Loc loc) { return sinter::iota(Shape{n}, 0, loc); }

Tensor full(Shape shape, double value, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry("full", loc);
  checkShape(shape, "full", loc);
  checkElement(value, dtype, "full:", loc);
  auto type = RankedTensorType::get(shape, elementType(builder.ops.getContext(), dtype));
  return wrap(splat(builder.ops, builder.at(loc), type, value));
}

Tensor constant(std::vector<double> values, Shape shape, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry("constant", loc);
  checkShape(shape, "constant", loc);
  auto type = RankedTensorType::get(shape, elementType(builder.ops.getContext(), dtype));
  if (type.getNumElements() != static_cast<int64_t>(values.size()))
    fail(loc, "constant: shape " + text(shape) + " holds " + Twine(type.getNumElements()) + " elements, but " +
                  Twine(values.size()) + " are given");
  SmallVector<Attribute> elements;
  for (auto [i, value] : llvm::enumerate(values))
    checkElement(value, dtype, "constant: element " + Twine(i) + ",", loc);
  for (double value : values)
    elements.push_back(isFloat(dtype) ? Attribute(builder.ops.getFloatAttr(type.getElementType(), value))
                                      : builder.ops.getIntegerAttr(type.getElementType(), int64_t(value)));
  return wrap(arith::ConstantOp::create(builder.ops, builder.at(loc), DenseElementsAttr::get(type, elements)));
}

//===--- shape ---------------------------------------------------------------------------------------===//

Tensor reshape(Tensor x, Shape shape, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "reshape", loc);
  int64_t count = typeOf(value).getNumElements(), known = 1, open = -1;
  auto mismatch = [&] {
    fail(loc,
         "reshape: " + text(shapeOf(value)) + " has " + Twine(count) + " elements, which do not fill " + text(shape),
         {{"the operand", value}});
  };
  for (auto [d, size] : llvm::enumerate(shape)) {
    if (size == -1 && open < 0)
      open = d;
    else if (size == -1)
      fail(loc, "reshape: " + text(shape) + " leaves more than one size open");
    else if (size <= 0 || size > count)
      mismatch();
    else
      known *= size; // at most count^rank, and checkShape bounds both
    if (known > count)
      mismatch();
  }
  if (open >= 0 ? count % known != 0 : known != count)
    mismatch();
  if (open >= 0)
    shape[open] = count / known;
  checkShape(shape, "reshape", loc);
  return wrapResult(reshapeTo(value, shape, builder.at(loc)), x, loc);
}

Tensor transpose(Tensor x, Loc loc) {
  Value value = ModelBuilder::get().use(x, "transpose", loc);
  int64_t rank = shapeOf(value).size();
  if (rank < 2)
    fail(loc, "transpose: needs at least 2 dimensions, but the operand has shape " + text(shapeOf(value)),
         {{"the operand", value}});
  Shape permutation = firstAxes(rank);
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return wrap(permute(value, permutation, ModelBuilder::get().at(loc)));
}

Tensor transpose(Tensor x, Shape permutation, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "transpose", loc);
  ArrayRef<int64_t> shape = shapeOf(value);
  if (permutation.size() != shape.size())
    fail(loc,
         "transpose: " + text(permutation) + " permutes " + Twine(permutation.size()) +
             " dimensions, but the operand has shape " + text(shape) + " (rank " + Twine(shape.size()) + ")",
         {{"the operand", value}});
  std::vector<bool> seen(shape.size());
  for (int64_t &d : permutation) {
    int64_t written = d;
    d = checkAxis(d, shape, "transpose", loc);
    if (seen[d])
      fail(loc, "transpose: axis " + Twine(written) + " stands twice in " + text(permutation));
    seen[d] = true;
  }
  return wrapResult(permute(value, permutation, builder.at(loc)), x, loc);
}

Tensor broadcast(Tensor x, Shape shape, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "broadcast", loc);
  checkShape(shape, "broadcast", loc);
  std::optional<Shape> common = commonShape(shapeOf(value), shape);
  if (!common || *common != shape)
    fail(loc, "broadcast: shape " + text(shapeOf(value)) + " does not broadcast to " + text(shape),
         {{"the operand", value}});
  return wrapResult(broadcastTo(value, shape, builder.at(loc)), x, loc);
}

Tensor slice(Tensor x, int64_t axis, int64_t start, int64_t limit, int64_t stride, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "slice", loc);
  ArrayRef<int64_t> shape = shapeOf(value);
  axis = checkAxis(axis, shape, "slice", loc);
  int64_t size = shape[axis], from = start < 0 ? start + size : start, to = limit < 0 ? limit + size : limit;
  if (from < 0 || to > size || from >= to)
    fail(loc,
         "slice: [" + Twine(start) + ", " + Twine(limit) + ") is empty or outside of axis " + Twine(axis) +
             " of a tensor of shape " + text(shape),
         {{"the operand", value}});
  if (stride < 1)
    fail(loc, "slice: the stride must be at least 1, but is " + Twine(stride));
  Shape starts(shape.size(), 0), limits = shape.vec(), strides(shape.size(), 1), result = shape.vec();
  starts[axis] = from;
  limits[axis] = to;
  strides[axis] = stride;
  result[axis] = (to - from + stride - 1) / stride;
  return wrap(
      SliceOp::create(builder.ops, builder.at(loc), typeOf(value).clone(result), value, starts, limits, strides));
}

Tensor concat(std::vector<Tensor> tensors, int64_t axis, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry("concat", loc);
  if (tensors.empty())
    fail(loc, "concat: there is nothing to join");
  SmallVector<Value> values;
  for (const Tensor &tensor : tensors)
    values.push_back(builder.use(tensor, "concat", loc));
  Shape shape = shapeOf(values[0]).vec();
  axis = checkAxis(axis, shape, "concat", loc);
  for (Value value : ArrayRef(values).drop_front()) {
    auto other = shapeOf(value);
    bool fits = other.size() == shape.size();
    for (size_t d = 0; fits && d < shape.size(); ++d)
      fits = static_cast<int64_t>(d) == axis || shape[d] == other[d];
    if (!fits || typeOf(value).getElementType() != typeOf(values[0]).getElementType())
      fail(loc, "concat: along axis " + Twine(axis) + ", " + text(values[0]) + " and " + text(value) + " do not join",
           {{"the first operand", values[0]}, {"the other operand", value}});
  }
  for (Value value : ArrayRef(values).drop_front())
    shape[axis] += shapeOf(value)[axis];
  return wrap(ConcatOp::create(builder.ops, builder.at(loc), typeOf(values[0]).clone(shape), values, axis));
}

std::vector<Tensor> split(Tensor x, int64_t parts, int64_t axis, Loc loc) {
  Value value = ModelBuilder::get().use(x, "split", loc);
  axis = checkAxis(axis, shapeOf(value), "split", loc);
  int64_t size = shapeOf(value)[axis];
  if (parts < 1 || size % parts != 0)
    fail(loc,
         "split: axis " + Twine(axis) + " of a tensor of shape " + text(shapeOf(value)) + " does not divide into " +
             Twine(parts) + " equal parts",
         {{"the operand", value}});
  std::vector<Tensor> result;
  for (int64_t i = 0, step = size / parts; i < parts; ++i)
    result.push_back(slice(x, axis, i * step, (i + 1) * step, 1, loc));
  return result;
}

Tensor gather(Tensor table, Tensor indices, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value rows = builder.use(table, "gather", loc), at = builder.use(indices, "gather", loc);
  if (dtypeOf(at.getType()) != DType::I32)
    fail(loc, Twine("gather: indices must be i32, but are ") + name(dtypeOf(at.getType())), {{"the operand", at}});
  if (shapeOf(rows).empty())
    fail(loc, "gather: the table has rank 0", {{"the table", rows}});
  Shape shape = shapeOf(at).vec();
  llvm::append_range(shape, shapeOf(rows).drop_front());
  checkShape(shape, "gather", loc);
  return wrap(GatherOp::create(builder.ops, builder.at(loc), typeOf(rows).clone(shape), rows, at));
}

Tensor diagonals(Tensor table, int64_t rows, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(table, "diagonals", loc);
  if (shapeOf(value).empty())
    fail(loc, "diagonals: the table has rank 0", {{"the table", value}});
  if (rows < 1 || rows > shapeOf(value).back())
    fail(loc,
         "diagonals: a table of " + Twine(shapeOf(value).back()) + " has diagonals of 1 to " +
             Twine(shapeOf(value).back()) + " rows, not of " + Twine(rows),
         {{"the table", value}});
  Shape shape = shapeOf(value).vec();
  shape.back() -= rows - 1;
  shape.insert(shape.end() - 1, rows);
  checkShape(shape, "diagonals", loc);
  return wrap(DiagonalsOp::create(builder.ops, builder.at(loc), value, builder.ops.getI64IntegerAttr(rows)));
}

} // namespace sinter
