// sinter.matmul_below: a product of which only what lies below a run-time bound counts.
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

static Type elementOf(Value value) { return getElementTypeOrSelf(value.getType()); }

LogicalResult MatmulBelowOp::verify() {
  // C1
  SmallVector<Type> types;
  MatmulOp::Properties properties;
  properties.setTransposeLhs(getTransposeLhsAttr());
  properties.setTransposeRhs(getTransposeRhsAttr());
  if (failed(MatmulOp::inferReturnTypes(getContext(), getLoc(), {getLhs(), getRhs()}, {}, &properties, {}, types)))
    return failure();
  if (types.front() != getResult().getType())
    return emitOpError("gives ") << types.front() << ", not " << getResult().getType();
  // C2
  ArrayRef<int64_t> bound = shapeOf(getBound());
  bool ofBatches = bound == shapeOf(getLhs()).drop_back(2);
  if (!elementOf(getBound()).isSignlessInteger(32) || !(bound.empty() || ofBatches))
    return emitOpError("a bound is one i32, or one a batch, not ") << getBound().getType();
  return success();
}

int64_t MatmulBelowOp::getMultiplications() {
  ArrayRef<int64_t> lhs = shapeOf(getLhs());
  return getResult().getType().getNumElements() * lhs[lhs.size() - (getTransposeLhs() ? 2 : 1)];
}

/// The product's own contraction, with the bound as an input that its body does not look at.
FailureOr<SmallVector<Value>> MatmulBelowOp::lowerToLinalg(OpBuilder &builder) {
  auto whole = MatmulOp::create(builder, getLoc(), getLhs(), getRhs(), getTransposeLhs(), getTransposeRhs(), getBf16());
  FailureOr<SmallVector<Value>> product = whole.lowerToLinalg(builder);
  if (failed(product))
    return failure();
  auto plain = product->front().getDefiningOp<linalg::GenericOp>();
  int64_t rank = plain.getNumLoops(), bounds = getBound().getType().getRank();
  SmallVector<AffineMap> maps = plain.getIndexingMapsArray();
  maps.insert(maps.begin() + 2, leadingDims(builder, rank, bounds));
  auto bounded =
      linalg::GenericOp::create(builder, getLoc(), plain.getResultTypes(), ValueRange{getLhs(), getRhs(), getBound()},
                                plain.getDpsInits(), maps, plain.getIteratorTypesArray());
  bounded.getRegion().takeBody(plain.getRegion());
  bounded.getBody()->insertArgument(2u, builder.getI32Type(), getLoc());
  for (NamedAttribute attribute : plain->getDiscardableAttrs())
    bounded->setDiscardableAttr(attribute.getName(), attribute.getValue());
  bounded->setDiscardableAttr(kBoundedAttr, builder.getI64IntegerAttr(rank - (getTerms() ? 1 : 2)));
  plain.erase();
  whole.erase();
  return SmallVector<Value>(bounded.getResults());
}

LogicalResult MatmulBelowOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                      MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &a = *inputs[0], &b = *inputs[1], &bound = *inputs[2];
  reference::Tensor &c = outputs[0]; // [batch, m, n]
  size_t rank = c.shape.size();
  int64_t m = c.shape[rank - 2], n = c.shape[rank - 1], k = a.shape[getTransposeLhs() ? rank - 2 : rank - 1];
  int64_t batches = 1;
  for (size_t d = 0; d + 2 < rank; ++d)
    batches *= c.shape[d];
  auto narrowed = [&](double x) {
    if (!getBf16())
      return x;
    APFloat value(static_cast<float>(x));
    bool lossy;
    value.convert(APFloat::BFloat(), APFloat::rmNearestTiesToEven, &lossy);
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
    return value.convertToDouble();
  };
  for (int64_t batch = 0; batch < batches; ++batch) {
    auto limit = static_cast<int64_t>(bound[bound.shape.empty() ? 0 : batch]);
    for (int64_t row = 0; row < m; ++row)
      for (int64_t column = 0; column < n; ++column)
        for (int64_t step = 0; step < k; ++step) {
          if ((getTerms() ? step : column) >= limit)
            continue;
          double x = a[batch * m * k + (getTransposeLhs() ? step * m + row : row * k + step)];
          double y = b[batch * k * n + (getTransposeRhs() ? column * k + step : step * n + column)];
          c[(batch * m + row) * n + column] += narrowed(x) * narrowed(y);
        }
  }
  return success();
}
