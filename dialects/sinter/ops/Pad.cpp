// Pad: zeros around and between the elements of a tensor; the transpose (as a linear map) of slice.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                      DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                      SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  ArrayRef<int64_t> low = op.getLow(), high = op.getHigh(), interior = op.getInterior();
  // C1
  size_t rank = static_cast<size_t>(inputType.getRank());
  if (low.size() != rank || high.size() != rank || interior.size() != rank)
    return emitOptionalError(location, "pad: low [", low, "] high [", high, "] interior [", interior,
                             "] must each have one entry per dimension of a tensor of shape [", inputType.getShape(),
                             "] (rank ", rank, ")");
  SmallVector<int64_t> shape;
  for (size_t d = 0; d < rank; ++d) {
    // C2
    if (low[d] < 0 || high[d] < 0 || interior[d] < 0)
      return emitOptionalError(location, "pad: low ", low[d], ", high ", high[d], ", interior ", interior[d],
                               " of dimension ", d, " must not be negative");
    // C3
    if (inputType.getDimSize(d) == 0)
      return emitOptionalError(location, "pad: dimension ", d, " of a tensor of shape [", inputType.getShape(),
                               "] is empty");
    shape.push_back(low[d] + (inputType.getDimSize(d) - 1) * (interior[d] + 1) + 1 + high[d]);
  }
  types.push_back(RankedTensorType::get(shape, inputType.getElementType()));
  return success();
}

OpFoldResult PadOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput(); // nothing was added
  auto splat = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput());
  if (splat && splat.getSplatValue<Attribute>() == Builder(getContext()).getZeroAttr(getType().getElementType()))
    return splat.resizeSplat(getType()); // zeros among zeros
  return {};
}

LogicalResult PadOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         MutableArrayRef<Value> operandCotangents) {
  RankedTensorType inputType = getInput().getType();
  if (!needed[0] || !isDifferentiable(inputType))
    return success();
  // The zeros depend on nothing: keep the places where the operand's elements stand.
  SmallVector<int64_t> limits, strides;
  for (int64_t d = 0; d < inputType.getRank(); ++d) {
    strides.push_back(getInterior()[d] + 1);
    limits.push_back(getLow()[d] + (inputType.getDimSize(d) - 1) * strides[d] + 1);
  }
  operandCotangents[0] = SliceOp::create(builder, getLoc(), cotangentType(inputType), cotangents[0], getLow(),
                                         ArrayRef<int64_t>(limits), strides);
  return success();
}

FailureOr<SmallVector<Value>> PadOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType inputType = getInput().getType(), type = getType();
  Value zeros = rules::filled(builder, getLoc(), type, 0);
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    offsets.push_back(builder.getIndexAttr(getLow()[d]));
    sizes.push_back(builder.getIndexAttr(inputType.getDimSize(d)));
    strides.push_back(builder.getIndexAttr(getInterior()[d] + 1));
  }
  return SmallVector<Value>{
      tensor::InsertSliceOp::create(builder, getLoc(), getInput(), zeros, offsets, sizes, strides)};
}

LogicalResult PadOp::evaluate(ArrayRef<const reference::Tensor *> inputs, MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0]; // holds zeros
  std::vector<int64_t> yStrides = y.strides();
  int64_t from = 0; // x is read in row-major order
  reference::forEachIndex(x.shape, [&](const std::vector<int64_t> &index) {
    int64_t to = 0;
    for (size_t d = 0; d < index.size(); ++d)
      to += (getLow()[d] + index[d] * (getInterior()[d] + 1)) * yStrides[d];
    y[to] = x[from++];
  });
  return success();
}

void PadOp::relateTime(TimeRule &rule) {
  int64_t d = rule.timeOf(0);
  if (getLow()[d] != 0 || getHigh()[d] != 0 || getInterior()[d] != 0)
    return rule.refuse("pad: moves positions");
  rule.pass(d);
}

LogicalResult PadOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<PadOp>(lift.cloneAll(*getOperation(), mapping, units));
  copy.setLow(withLeading(0, getLow(), 0));
  copy.setHigh(withLeading(0, getHigh(), 0));
  copy.setInterior(withLeading(0, getInterior(), 0));
  return success();
}
