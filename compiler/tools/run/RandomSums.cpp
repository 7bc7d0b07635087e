// Steps of random functions that sum: reductions, products, rows.
#include "RandomGraph.h"

#include <cmath>

using namespace mlir;

namespace sinter::run {

Value RandomGraph::reduce() {
  Value a = pickOfRank(1);
  SmallVector<int64_t> axes;
  int64_t length = 1;
  for (int64_t d = 0; d < rankOf(a); ++d)
    if (chance(0.5)) {
      axes.push_back(d);
      length *= shapeOf(a)[d];
    }
  if (axes.empty())
    return nullptr;
  switch (below(4)) {
  case 0:
    return ReduceOp::create(builder, loc, ReduceKind::max, a, ArrayRef<int64_t>(axes));
  case 1:
    return ReduceOp::create(builder, loc, ReduceKind::min, a, ArrayRef<int64_t>(axes));
  default:
    return scale(ReduceOp::create(builder, loc, ReduceKind::sum, a, ArrayRef<int64_t>(axes)),
                 1 / std::sqrt(static_cast<double>(length)));
  }
}

Value RandomGraph::matmul() {
  Value a = pickOfRank(2);
  bool transposeLeft = chance(0.3), transposeRight = chance(0.4), swap = chance(0.3);
  ArrayRef<int64_t> shape = shapeOf(a);
  // `a` is the left operand, or the right one if `swap`.
  bool innerIsLast = swap ? transposeRight : !transposeLeft;
  int64_t inner = shape[shape.size() - (innerIsLast ? 1 : 2)];
  int64_t outer = randomSize();
  if (sizeOf(a) / inner * outer > kLargestTensor)
    return nullptr;
  Shape other(shape.begin(), shape.end() - 2);
  bool otherInnerIsLast = swap ? !transposeLeft : transposeRight;
  other.push_back(otherInnerIsLast ? outer : inner);
  other.push_back(otherInnerIsLast ? inner : outer);
  Value b = valueOfShape(other);
  Value product = MatmulOp::create(builder, loc, swap ? b : a, swap ? a : b, transposeLeft, transposeRight);
  return scale(product, 1 / std::sqrt(static_cast<double>(inner)));
}

Value RandomGraph::rows() {
  Value a = pickOfRank(1);
  return chance(0.5) ? make<SoftmaxOp>(a.getType(), a) : make<LogSoftmaxOp>(a.getType(), a);
}

Value RandomGraph::normalize() {
  Value a = pickOfRank(1);
  auto made = NormalizeOp::create(builder, loc, a, builder.getF64FloatAttr(0.01),
                                  chance(0.5) ? builder.getUnitAttr() : nullptr);
  if (chance(0.3))
    values.push_back(made.getRstd());
  return made.getNormalized();
}

Value RandomGraph::crossEntropy() {
  Value a = pickOfRank(2);
  int64_t classes = shapeOf(a).back(), rows = sizeOf(a) / classes;
  Value logits = reshapeTo(a, {rows, classes});
  auto made = CrossEntropyOp::create(builder, loc, logits, integerArgument({rows}, classes + below(2)));
  if (chance(0.2))
    values.push_back(made.getLse());
  return made.getLosses();
}

/// A sum of several runs (codegen/loops/SumOrder.h): a long row, or long columns.
Value RandomGraph::longSum() {
  bool rows = chance(0.4);
  Shape shape = rows ? Shape{1, 1000 + below(300)} : Shape{60 + below(90), 1 + below(5)};
  int64_t axis = rows ? 1 : 0;
  Value a = argument(shape);
  if (chance(0.5))
    a = unaryOf(a);
  Value sum = ReduceOp::create(builder, loc, ReduceKind::sum, a, ArrayRef<int64_t>{axis});
  return scale(sum, 1 / std::sqrt(static_cast<double>(shape[static_cast<size_t>(axis)])));
}

} // namespace sinter::run
