#include "dialects/sinter/ops/windows/WindowRules.h"

using namespace mlir;

namespace sinter::rules {

Value IndexMath::constant(int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(static_cast<int32_t>(value)));
}

Value IndexMath::loop(int64_t dim) {
  return arith::IndexCastOp::create(b, loc, b.getI32Type(), linalg::IndexOp::create(b, loc, dim));
}

Value IndexMath::add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }

Value IndexMath::multiply(Value x, int64_t factor) {
  return factor == 1 ? x : arith::MulIOp::create(b, loc, x, constant(factor)).getResult();
}

Value IndexMath::divide(Value x, int64_t divisor) {
  return divisor == 1 ? x : arith::DivUIOp::create(b, loc, x, constant(divisor)).getResult();
}

Value IndexMath::remainder(Value x, int64_t divisor) {
  return divisor == 1 ? constant(0) : arith::RemUIOp::create(b, loc, x, constant(divisor)).getResult();
}

Value IndexMath::equal(Value x, Value y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y).getResult();
}

Value IndexMath::below(Value x, int64_t bound) {
  // One unsigned comparison: what is negative is beyond all positions.
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, constant(bound));
}

Value IndexMath::both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }

Value IndexMath::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, loc, condition, yes, no);
}

SmallVector<Value> IndexMath::split(Value index, ArrayRef<int64_t> sizes) {
  SmallVector<Value> parts(sizes.size());
  int64_t inner = 1;
  for (int64_t d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
    // Nothing has to be taken off the outermost one that is wider than one.
    bool outermost = llvm::all_of(sizes.take_front(d), [](int64_t size) { return size == 1; });
    Value above = divide(index, inner);
    parts[d] = sizes[d] == 1 ? constant(0) : outermost ? above : remainder(above, sizes[d]);
    inner *= sizes[d];
  }
  return parts;
}

Value IndexMath::place(Value x) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), x); }

IndexMath::Position IndexMath::position(const WindowShape &shape, ValueRange window, ValueRange tap) {
  Position result;
  auto require = [&](Value condition) { result.exists = result.exists ? both(result.exists, condition) : condition; };
  for (size_t d = 0; d < shape.rank(); ++d) {
    int64_t stride = shape.strides[d], step = shape.steps[d], divisor = shape.divisors[d],
            behind = (shape.sizes[d] - 1) * divisor + 1, across = step * (shape.taps[d] - 1),
            first = std::min<int64_t>(across, 0) - shape.low[d],
            last = stride * (shape.positions[d] - 1) + std::max<int64_t>(across, 0) - shape.low[d];
    Value index = multiply(window[d], stride);
    if (shape.taps[d] > 1)
      index = add(index, multiply(tap[d], step));
    if (shape.low[d] != 0)
      index = add(index, constant(-shape.low[d]));
    if (first < 0 || last >= behind) {
      Value inside = below(index, behind);
      index = select(inside, index, constant(0));
      require(inside);
    }
    if (divisor > 1)
      require(equal(remainder(index, divisor), constant(0)));
    result.indices.push_back(divide(index, divisor));
  }
  return result;
}

IndexMath::Position IndexMath::position(const WindowShape &shape, ValueRange window, ArrayRef<int64_t> tap) {
  WindowShape one = shape;
  for (size_t d = 0; d < shape.rank(); ++d) {
    one.taps[d] = 1;
    one.low[d] -= tap[d] * shape.steps[d];
  }
  return position(one, window, ValueRange());
}

Value IndexMath::read(Value tensor, Value first, const Position &position, Value last, double otherwise) {
  SmallVector<Value> places{place(first)};
  for (Value index : position.indices)
    places.push_back(place(index));
  places.push_back(place(last));
  Value element = tensor::ExtractOp::create(b, loc, tensor, places);
  if (!position.exists)
    return element;
  return arith::SelectOp::create(b, loc, position.exists, element, splat(b, loc, element.getType(), otherwise));
}

std::vector<std::vector<int64_t>> tapsOf(const WindowShape &shape) {
  std::vector<std::vector<int64_t>> taps;
  reference::forEachIndex({shape.taps.begin(), shape.taps.end()},
                          [&](const std::vector<int64_t> &k) { taps.push_back(k); });
  return taps;
}

ArrayRef<int64_t> positionsOf(RankedTensorType type) { return type.getShape().drop_front().drop_back(); }

int64_t countOf(ArrayRef<int64_t> sizes) { return llvm::product_of(sizes); }

SmallVector<int64_t> joined(int64_t first, ArrayRef<int64_t> rest) {
  SmallVector<int64_t> result{first};
  llvm::append_range(result, rest);
  return result;
}

Value reshaped(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getShape() == shape ? value : ReshapeOp::create(builder, loc, type.clone(shape), value).getResult();
}

int64_t elementAt(const WindowShape &shape, int64_t n, const std::vector<int64_t> &o, const std::vector<int64_t> &k,
                  int64_t channels) {
  int64_t element = n;
  for (size_t d = 0; d < shape.rank(); ++d) {
    int64_t place = o[d] * shape.strides[d] + k[d] * shape.steps[d] - shape.low[d];
    if (place < 0 || place % shape.divisors[d] != 0 || place / shape.divisors[d] >= shape.sizes[d])
      return -1;
    element = element * shape.sizes[d] + place / shape.divisors[d];
  }
  return element * channels;
}

} // namespace sinter::rules
