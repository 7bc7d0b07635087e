// Transpose: permutes dimensions.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                            DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                            SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  ArrayRef<int64_t> permutation = op.getPermutation();
  // C1
  SmallVector<bool> seen(inputType.getRank(), false);
  bool valid = static_cast<int64_t>(permutation.size()) == inputType.getRank();
  for (int64_t dim : permutation) {
    valid = valid && dim >= 0 && dim < inputType.getRank() && !seen[dim];
    if (valid)
      seen[dim] = true;
  }
  if (!valid)
    return emitOptionalError(location, "transpose: [", permutation,
                             "] is not a permutation of the dimensions of a tensor of shape [", inputType.getShape(),
                             "] (rank ", inputType.getRank(), ")");
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(inputType.getDimSize(dim));
  types.push_back(RankedTensorType::get(shape, inputType.getElementType()));
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (llvm::is_sorted(getPermutation()))
    return getInput(); // the identity
  if (auto inner = getInput().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> permutation;
    for (int64_t dim : getPermutation())
      permutation.push_back(inner.getPermutation()[dim]);
    setPermutation(permutation);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  if (auto splat = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput()))
    return splat.resizeSplat(getType());
  return {};
}

/// The permutation that undoes `permutation`.
static SmallVector<int64_t> inverse(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> result(permutation.size());
  for (auto [to, from] : llvm::enumerate(permutation))
    result[from] = static_cast<int64_t>(to);
  return result;
}

LogicalResult TransposeOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                               MutableArrayRef<Value> operandCotangents) {
  if (needed[0] && isDifferentiable(getInput().getType()))
    operandCotangents[0] = TransposeOp::create(builder, getLoc(), cotangentType(getInput().getType()), cotangents[0],
                                               inverse(getPermutation()));
  return success();
}

FailureOr<SmallVector<Value>> TransposeOp::lowerToLinalg(OpBuilder &builder) {
  SmallVector<AffineExpr> coordinates; // of the operand, by the result's indices
  for (int64_t dim : inverse(getPermutation()))
    coordinates.push_back(builder.getAffineDimExpr(dim));
  auto map = AffineMap::get(getType().getRank(), 0, coordinates, getContext());
  return SmallVector<Value>{rules::copy(builder, getLoc(), getInput(), map, getType())};
}

/// Where the last two dimensions go. What is far below is not far above when they are swapped.
static Alignment alignmentOf(ArrayRef<int64_t> permutation, int64_t reach) {
  int64_t rank = permutation.size();
  if (rank >= 2 && permutation[rank - 2] == rank - 2 && permutation[rank - 1] == rank - 1)
    return Alignment::Same;
  bool swapped = rank >= 2 && permutation[rank - 2] == rank - 1 && permutation[rank - 1] == rank - 2;
  return swapped && reach == 1 ? Alignment::Swapped : Alignment::Other;
}

void TransposeOp::inferTriangles(int64_t reach, ArrayRef<Known> operands, MutableArrayRef<Known> results) {
  if (Alignment alignment = alignmentOf(getPermutation(), reach); alignment != Alignment::Other)
    for (Triangle triangle : {kAbove, kBelow})
      results[0][triangle] = operands[0][seen(triangle, alignment)];
}

void TransposeOp::demandTriangles(int64_t reach, ArrayRef<Known>, ArrayRef<Demanded> results,
                                  MutableArrayRef<Demanded> operands) {
  if (Alignment alignment = alignmentOf(getPermutation(), reach); alignment != Alignment::Other)
    for (Triangle triangle : {kAbove, kBelow})
      operands[0][seen(triangle, alignment)] = results[0][triangle];
}

LogicalResult TransposeOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                    MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0];
  std::vector<int64_t> yStrides = y.strides();
  int64_t from = 0; // x is read in row-major order
  reference::forEachIndex(x.shape, [&](const std::vector<int64_t> &index) {
    int64_t to = 0;
    for (size_t d = 0; d < y.shape.size(); ++d)
      to += index[getPermutation()[d]] * yStrides[d];
    y[to] = x[from++];
  });
  return success();
}

void TransposeOp::relateTime(TimeRule &rule) {
  rule.pass(llvm::find(getPermutation(), rule.timeOf(0)) - getPermutation().begin());
}

LogicalResult TransposeOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<TransposeOp>(lift.cloneAll(*getOperation(), mapping, units));
  copy.setPermutation(withLeading(0, getPermutation(), 1));
  return success();
}
