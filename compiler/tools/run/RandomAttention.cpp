// Attention in random functions, as models write it: any mask, any function of the scores, of any size.
#include "RandomGraph.h"

#include <cmath>

using namespace mlir;

namespace sinter::run {
namespace {

/// One vector and one block more or less, and single rows and columns.
constexpr int64_t kTokens[] = {1, 2, 5, 15, 16, 17, 24, 32, 33, 47};

const double kInfinity = std::numeric_limits<double>::infinity();

} // namespace

Value RandomGraph::maybeAttention() {
  return chance(0.5) ? matmul() : attention(); // kernels of attention take long to compile
}

Value RandomGraph::attention() {
  ++attentions;
  int64_t rows = kTokens[below(std::size(kTokens))];
  int64_t columns = chance(0.6) ? rows : kTokens[below(std::size(kTokens))]; // else as a decoder reads an encoder
  int64_t heads = 1 + below(3), shared = chance(0.25) ? 2 : 1, depth = 1 + below(17), width = 1 + below(17);
  Shape batch{heads * shared};
  if (chance(0.25))
    batch.insert(batch.begin(), 1 + below(2));
  auto with = [&](Shape shape, int64_t last, int64_t width) {
    shape.insert(shape.end(), {last, width});
    return shape;
  };
  // Keys and values of a group of heads are read by each of them.
  auto keys = [&](int64_t width) {
    Shape own(batch), wide(batch);
    own.back() = heads;
    Value x = argument(with(own, columns, width));
    if (shared == 1)
      return x;
    wide.back() = heads;
    wide.push_back(shared);
    SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(own.size()));
    dims.append({static_cast<int64_t>(wide.size()), static_cast<int64_t>(wide.size()) + 1});
    Value repeated = make<BroadcastOp>(floats(with(wide, columns, width)), x, builder.getDenseI64ArrayAttr(dims));
    return reshapeTo(repeated, with(batch, columns, width));
  };
  Value q = argument(with(batch, rows, depth)), k = keys(depth), v = keys(width);
  double factor = 1 / std::sqrt(static_cast<double>(depth));
  bool early = chance(0.3);
  Value scores = MatmulOp::create(builder, loc, early ? scale(q, factor) : q, k, false, true);
  if (!early)
    scores = scale(scores, factor);
  for (int64_t changes = below(3); changes > 0; --changes)
    scores = changeScores(scores);
  for (int64_t masks = below(3); masks > 0; --masks)
    scores = maskScores(scores);
  Value weights = make<SoftmaxOp>(scores.getType(), scores);
  if (chance(0.2))
    weights = dropoutOf(weights);
  return MatmulOp::create(builder, loc, weights, v, false, false);
}

/// A soft cap, ALiBi's slope, a bias that is a tensor, a temperature for each row or head.
Value RandomGraph::changeScores(Value scores) {
  int64_t rank = rankOf(scores);
  ArrayRef<int64_t> shape = shapeOf(scores);
  auto index = [&](int64_t axis) -> Value {
    Value i = make<IotaOp>(integers(shape), builder.getI64IntegerAttr(axis));
    return make<arith::SIToFPOp>(scores.getType(), i);
  };
  auto repeated = [&](ArrayRef<int64_t> dims) -> Value {
    SmallVector<int64_t> sizes;
    for (int64_t d : dims)
      sizes.push_back(shape[d]);
    return make<BroadcastOp>(scores.getType(), argument(sizes), builder.getDenseI64ArrayAttr(dims));
  };
  switch (below(5)) {
  case 0:
    return scale(make<math::TanhOp>(scale(scores, 0.5)), 2);
  case 1: {
    Value slope = make<math::ExpOp>(scale(add(index(rank - 3), 1), -0.7));
    return make<arith::AddFOp>(scores,
                               make<arith::MulFOp>(slope, make<arith::SubFOp>(index(rank - 1), index(rank - 2))));
  }
  case 2: // one for all heads, or for each its own
    return make<arith::AddFOp>(scores, chance(0.5) ? repeated({rank - 2, rank - 1})
                                                   : repeated(llvm::to_vector(llvm::seq<int64_t>(rank))));
  case 3:
    return make<arith::MulFOp>(scores, make<math::TanhOp>(repeated(chance(0.5) ? SmallVector<int64_t>{rank - 2}
                                                                               : SmallVector<int64_t>{rank - 3})));
  default:
    return make<arith::AddFOp>(scores, repeated({rank - 1}));
  }
}

/// Hides keys: later ones, those beyond a window, those of other documents, those behind the end of a head's text,
/// which may be empty.
Value RandomGraph::maskScores(Value scores) {
  int64_t rank = rankOf(scores);
  ArrayRef<int64_t> shape = shapeOf(scores);
  RankedTensorType type = integers(shape);
  auto index = [&](int64_t axis) -> Value { return make<IotaOp>(type, builder.getI64IntegerAttr(axis)); };
  auto repeated = [&](int64_t dim, int64_t limit) -> Value {
    return make<BroadcastOp>(type, integerArgument({shape[dim]}, limit), builder.getDenseI64ArrayAttr({dim}));
  };
  Value row = index(rank - 2), column = index(rank - 1), keep;
  switch (below(4)) {
  case 0:
    keep = make<arith::CmpIOp>(arith::CmpIPredicate::sge, row, column);
    break;
  case 1: {
    Value distance = make<arith::SubIOp>(row, column);
    keep = make<arith::CmpIOp>(arith::CmpIPredicate::slt, distance,
                               splat(builder, loc, type, static_cast<double>(1 + below(20))));
    break;
  }
  case 2:
    keep = make<arith::CmpIOp>(arith::CmpIPredicate::eq, repeated(rank - 2, 3), repeated(rank - 1, 3));
    break;
  default:
    keep = make<arith::CmpIOp>(arith::CmpIPredicate::slt, column, repeated(rank - 3, shape.back() + 1));
  }
  Value hidden = constant(scores, -kInfinity);
  if (chance(0.3)) // as a bias of 0 or -inf
    return make<arith::AddFOp>(scores, make<arith::SelectOp>(keep, constant(scores, 0), hidden));
  return make<arith::SelectOp>(keep, scores, hidden);
}

} // namespace sinter::run
