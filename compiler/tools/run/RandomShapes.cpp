// Steps of random functions that move elements: views, concatenations, tables.
#include "RandomGraph.h"

using namespace mlir;

namespace sinter::run {

Value RandomGraph::broadcast() {
  Value a = pick();
  int64_t size = randomSize();
  if (rankOf(a) >= 4 || sizeOf(a) * size > kLargestTensor)
    return nullptr;
  Shape shape(shapeOf(a).begin(), shapeOf(a).end());
  int64_t at = below(rankOf(a) + 1);
  shape.insert(shape.begin() + at, size);
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d <= rankOf(a); ++d)
    if (d != at)
      dims.push_back(d);
  return make<BroadcastOp>(floats(shape), a, builder.getDenseI64ArrayAttr(dims));
}

Value RandomGraph::reshape() {
  Value a = pick();
  Shape shape;
  for (int64_t rest = sizeOf(a); rest > 1 && shape.size() < 3;) {
    int64_t factor = 2 + below(8);
    if (rest % factor)
      factor = rest;
    shape.push_back(factor);
    rest /= factor;
    if (shape.size() == 3)
      shape.back() *= rest;
  }
  if (chance(0.3))
    shape.insert(shape.begin() + below(shape.size() + 1), 1);
  return reshapeTo(a, shape);
}

Value RandomGraph::transpose() {
  Value a = pickOfRank(2);
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rankOf(a)));
  std::shuffle(permutation.begin(), permutation.end(), generator);
  return TransposeOp::create(builder, loc, a, ArrayRef<int64_t>(permutation));
}

Value RandomGraph::slice() {
  Value a = pickOfRank(1);
  SmallVector<int64_t> starts, limits, strides;
  for (int64_t size : shapeOf(a)) {
    starts.push_back(chance(0.5) ? 0 : below(size));
    limits.push_back(chance(0.5) ? size : starts.back() + 1 + below(size - starts.back()));
    strides.push_back(chance(0.7) ? 1 : 1 + below(3));
  }
  return SliceOp::create(builder, loc, a, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(limits),
                         ArrayRef<int64_t>(strides));
}

Value RandomGraph::pad() {
  Value a = pickOfRank(1);
  SmallVector<int64_t> low, high, interior;
  int64_t size = 1;
  for (int64_t n : shapeOf(a)) {
    low.push_back(chance(0.5) ? 0 : below(3));
    high.push_back(chance(0.5) ? 0 : below(3));
    interior.push_back(chance(0.7) ? 0 : below(3));
    size *= low.back() + (n - 1) * (interior.back() + 1) + 1 + high.back();
  }
  if (size > kLargestTensor)
    return nullptr;
  return PadOp::create(builder, loc, a, builder.getDenseI64ArrayAttr(low), builder.getDenseI64ArrayAttr(high),
                       builder.getDenseI64ArrayAttr(interior));
}

Value RandomGraph::concat() {
  Value a = pickOfRank(1);
  int64_t axis = below(rankOf(a));
  SmallVector<Value> parts{a};
  for (int64_t more = 1 + below(2); more > 0; --more) {
    Shape shape(shapeOf(a).begin(), shapeOf(a).end());
    shape[static_cast<size_t>(axis)] = randomSize();
    parts.insert(parts.begin() + below(parts.size() + 1), valueOfShape(shape));
  }
  Value joined = ConcatOp::create(builder, loc, ValueRange(parts), static_cast<uint64_t>(axis));
  return sizeOf(joined) <= 2 * kLargestTensor ? joined : Value();
}

Value RandomGraph::gather() {
  Value table = pickOfRank(1);
  Shape shape = randomShape(1 + below(2));
  int64_t rows = shapeOf(table)[0];
  if (Tensor::count(shape) * (sizeOf(table) / rows) > kLargestTensor)
    return nullptr;
  return make<GatherOp>(table, integerArgument(shape, rows + below(2))); // now and then outside of the table
}

Value RandomGraph::scatter() {
  Value updates = pickOfRank(1);
  ArrayRef<int64_t> shape = shapeOf(updates);
  int64_t indexRank = 1 + below(std::min<int64_t>(2, rankOf(updates)));
  Shape table(shape.begin() + indexRank, shape.end());
  table.insert(table.begin(), randomSize());
  if (Tensor::count(table) > kLargestTensor)
    return nullptr;
  Value indices = integerArgument(shape.take_front(indexRank), table[0] + below(2));
  return scale(make<ScatterAddOp>(floats(table), indices, updates), 0.3);
}

/// Parts side by side, each padded to the whole: their sum is a concatenation, unless something else than a sum is made
/// of them, or they overlap.
Value RandomGraph::sideBySide() {
  Value a = pickOfRank(1);
  int64_t axis = below(rankOf(a)), end = 0, count = 2 + below(2);
  SmallVector<Value> parts;
  SmallVector<int64_t> begins;
  for (int64_t i = 0; i < count; ++i) {
    Shape shape(shapeOf(a).begin(), shapeOf(a).end());
    shape[static_cast<size_t>(axis)] = i == 0 ? shape[static_cast<size_t>(axis)] : 1 + below(9);
    parts.push_back(i == 0 ? a : valueOfShape(shape));
    if (i > 0 && chance(0.1))
      --end; // one in common with the part before
    begins.push_back(end);
    end += shape[static_cast<size_t>(axis)];
  }
  if (sizeOf(a) / shapeOf(a)[axis] * end > kLargestTensor)
    return nullptr;
  Value whole;
  for (auto [part, begin] : llvm::zip_equal(parts, begins)) {
    SmallVector<int64_t> low(rankOf(a), 0), high(rankOf(a), 0), interior(rankOf(a), 0);
    low[axis] = begin;
    high[axis] = end - begin - shapeOf(part)[axis];
    Value padded = PadOp::create(builder, loc, part, builder.getDenseI64ArrayAttr(low),
                                 builder.getDenseI64ArrayAttr(high), builder.getDenseI64ArrayAttr(interior));
    if (!whole)
      whole = padded;
    else
      whole = chance(0.8) ? make<arith::AddFOp>(whole, padded) : make<arith::SubFOp>(whole, padded);
  }
  return whole;
}

} // namespace sinter::run
