// The loops of a convolution whose channels are on their own, and of its kernel's gradient: all taps stand in the code,
// in ascending order.
//
// A block of neighbouring positions is computed at once: they share the kernel's elements, and most of what they read.
// If positions lie between those that are read (the gradient of a strided convolution), a block is as long as the
// stride, so that it is known which taps fall on one, and nothing is done for the others.
#include "dialects/sinter/ops/windows/BlockReads.h"

using namespace mlir;

namespace sinter::rules {
namespace {

/// Sizes of a block: from dimension to dimension as the strides want it, and some positions of the last one.
SmallVector<int64_t> blocksOf(const WindowShape &shape) {
  constexpr int64_t kMostPositions = 16;
  SmallVector<int64_t> blocks;
  int64_t positions = 1;
  for (size_t d = 0; d < shape.rank(); ++d) {
    SmallVector<int64_t> wanted{shape.divisors[d], 1};
    if (d + 1 == shape.rank())
      wanted = {4, 6, 7, 5, 3, 2, 1};
    blocks.push_back(*llvm::find_if(wanted, [&](int64_t size) {
      return size == 1 ||
             (shape.positions[d] % size == 0 && size % shape.divisors[d] == 0 && positions * size <= kMostPositions);
    }));
    positions *= blocks.back();
  }
  return blocks;
}

/// The positions of a block, in row-major order.
std::vector<std::vector<int64_t>> allOf(ArrayRef<int64_t> blocks) {
  std::vector<std::vector<int64_t>> all;
  reference::forEachIndex({blocks.begin(), blocks.end()}, [&](const std::vector<int64_t> &at) { all.push_back(at); });
  return all;
}

} // namespace

Value depthwiseLoops(OpBuilder &builder, Location loc, const WindowShape &shape, Value input, Value kernel,
                     RankedTensorType type) {
  int64_t rank = shape.rank();
  SmallVector<int64_t> blocks = blocksOf(shape), outer{type.getDimSize(0)}, apart{type.getDimSize(0)}, one(apart);
  for (int64_t d = 0; d < rank; ++d) {
    outer.push_back(shape.positions[d] / blocks[d]);
    apart.append({outer.back(), blocks[d]});
    one.append({outer.back(), 1});
  }
  for (SmallVector<int64_t> *sizes : {&outer, &apart, &one})
    sizes->push_back(type.getShape().back());
  std::vector<std::vector<int64_t>> inBlock = allOf(blocks);
  Mapped part{empty(builder, loc, type.clone(outer)), builder.getMultiDimIdentityMap(rank + 2)};
  SmallVector<Value> parts =
      generic(builder, loc, rank + 2, {}, {}, SmallVector<Mapped>(inBlock.size(), part),
              [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                OpBuilder &inner = *scalars[0].builder;
                IndexMath index(inner, scalars[0].loc);
                BlockPlace place{index.loop(0), {}, index.loop(rank + 1)};
                for (int64_t d = 0; d < rank; ++d)
                  place.blocks.push_back(index.loop(d + 1));
                BlockReads reads(index, input, shape, blocks, place);
                SmallVector<Expr> sums(inBlock.size(), scalars[0].constant(0));
                for (const std::vector<int64_t> &k : tapsOf(shape)) {
                  Value factor;
                  for (auto [sum, at] : llvm::zip_equal(sums, inBlock)) {
                    Value element = reads.read(at, k);
                    if (!element)
                      continue;
                    if (!factor) {
                      SmallVector<Value> places;
                      for (int64_t tap : k)
                        places.push_back(index.place(index.constant(tap)));
                      places.append({index.place(index.constant(0)), index.place(place.channel)});
                      factor = tensor::ExtractOp::create(inner, sum.loc, kernel, places);
                    }
                    sum = sum.with(math::FmaOp::create(inner, sum.loc, element, factor, sum));
                  }
                }
                return sums;
              });
  if (parts.size() == 1)
    return reshaped(builder, loc, parts.front(), type.getShape());
  Value result = empty(builder, loc, type.clone(apart));
  SmallVector<OpFoldResult> offsets(apart.size(), builder.getIndexAttr(0)),
      strides(apart.size(), builder.getIndexAttr(1)), sizes;
  for (int64_t size : one)
    sizes.push_back(builder.getIndexAttr(size));
  for (auto [value, at] : llvm::zip_equal(parts, inBlock)) {
    for (int64_t d = 0; d < rank; ++d)
      offsets[2 * d + 2] = builder.getIndexAttr(at[d]);
    result = tensor::InsertSliceOp::create(builder, loc, reshaped(builder, loc, value, one), result, offsets, sizes,
                                           strides);
  }
  return reshaped(builder, loc, result, type.getShape());
}

Value tapSumLoops(OpBuilder &builder, Location loc, const WindowShape &shape, Value input, Value windows,
                  RankedTensorType type) {
  int64_t rank = shape.rank(), parts = type.getDimSize(0), channels = type.getDimSize(2);
  int64_t images = cast<RankedTensorType>(windows.getType()).getDimSize(0) / parts;
  SmallVector<int64_t> blocks = blocksOf(shape), sizes{images};
  for (int64_t d = 0; d < rank; ++d)
    sizes.push_back(shape.positions[d] / blocks[d]);
  WindowShape own = shape; // of one tap, at each position
  own.taps.assign(rank, 1), own.strides.assign(rank, 1), own.low.assign(rank, 0);
  own.sizes = shape.positions;
  std::vector<std::vector<int64_t>> taps = tapsOf(shape), inBlock = allOf(blocks);
  const std::vector<int64_t> onlyTap(rank, 0);
  AffineMap all = builder.getMultiDimIdentityMap(3), sums = all.dropResult(1);
  // A loop has its size from something that is read or written.
  Mapped terms{empty(builder, loc, type.clone({parts, countOf(sizes)})), all.dropResult(2)};
  SmallVector<Mapped> results(taps.size(), {filled(builder, loc, type.clone({parts, channels}), 0), sums});
  SmallVector<Value> values =
      generic(builder, loc, 3, 1, terms, results, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        OpBuilder &inner = *scalars[0].builder;
        IndexMath index(inner, scalars[0].loc);
        SmallVector<Value> term = index.split(index.loop(1), sizes);
        BlockPlace place{index.add(index.multiply(index.loop(0), images), term[0]),
                         SmallVector<Value>(ArrayRef(term).drop_front()), index.loop(2)};
        BlockReads reads(index, input, shape, blocks, place), ofWindows(index, windows, own, blocks, place);
        SmallVector<Expr> after(scalars.drop_front());
        for (auto [sum, k] : llvm::zip_equal(after, taps)) {
          Value products;
          for (const std::vector<int64_t> &at : inBlock)
            if (Value element = reads.read(at, k)) {
              Value factor = ofWindows.read(at, onlyTap);
              products = products ? math::FmaOp::create(inner, sum.loc, element, factor, products).getResult()
                                  : arith::MulFOp::create(inner, sum.loc, element, factor).getResult();
            }
          sum = sum + sum.with(products ? products : sum.constant(0).value);
        }
        return after;
      });
  Value result = empty(builder, loc, type);
  SmallVector<OpFoldResult> offsets(3, builder.getIndexAttr(0)), strides(3, builder.getIndexAttr(1)),
      extents{builder.getIndexAttr(parts), builder.getIndexAttr(1), builder.getIndexAttr(channels)};
  for (auto [number, value] : llvm::enumerate(values)) {
    offsets[1] = builder.getIndexAttr(static_cast<int64_t>(number));
    result = tensor::InsertSliceOp::create(builder, loc, value, result, offsets, extents, strides);
  }
  return result;
}

} // namespace sinter::rules
