#include "compiler/codegen/loops/TensorViews.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"

using namespace mlir;

namespace sinter::codegen {

SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int i = static_cast<int>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/// Whether `op` yields what it reads, each of its results once.
static bool isCopy(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || op.getBody()->getOperations().size() != 1)
    return false;
  auto yield = cast<linalg::YieldOp>(op.getBody()->getTerminator());
  return yield.getOperand(0) == op.getBody()->getArgument(0) && op.getIndexingMapsArray()[1].isIdentity();
}

bool isTranspose(linalg::GenericOp op) { return isCopy(op) && op.getIndexingMapsArray()[0].isPermutation(); }

/// A copy along diagonals (DiagonalsOp).
static bool isDiagonals(linalg::GenericOp op) {
  return isCopy(op) && !op.getIndexingMapsArray()[0].isProjectedPermutation();
}

std::optional<LinearIndexOf> linearIndex(AffineExpr index, unsigned dims) {
  SmallVector<int64_t> factors;
  if (failed(getFlattenedAffineExpr(index, dims, 0, &factors)) || factors.size() != dims + 1)
    return std::nullopt;
  int64_t constant = factors.pop_back_val();
  return LinearIndexOf{factors, constant};
}

/// Dimensions become one where one stride leads through all of them.
static std::optional<View> viewOfCollapsed(tensor::CollapseShapeOp collapse) {
  std::optional<View> view = viewOfArgument(collapse.getSrc());
  if (!view)
    return std::nullopt;
  ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
  SmallVector<int64_t> strides;
  for (ArrayRef<int64_t> group : collapse.getReassociationIndices()) {
    int64_t innermost = view->strides[group.back()], size = 1;
    for (int64_t dim : llvm::reverse(group)) {
      if (shape[dim] == 1)
        continue;
      if (size == 1)
        innermost = view->strides[dim];
      else if (view->strides[dim] != innermost * size)
        return std::nullopt;
      size *= shape[dim];
    }
    strides.push_back(innermost);
  }
  view->strides = strides;
  return view;
}

std::optional<View> viewOfArgument(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (auto argument = dyn_cast<BlockArgument>(value))
    return View{argument.getArgNumber(), 0, rowMajorStrides(type.getShape())};
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>()) {
    std::optional<View> view = viewOfArgument(slice.getSource());
    if (!view || slice.getSourceType().getRank() != type.getRank() || !slice.getOffsets().empty() ||
        !slice.getSizes().empty() || !slice.getStrides().empty())
      return std::nullopt;
    for (auto [stride, start, step] :
         llvm::zip_equal(view->strides, slice.getStaticOffsets(), slice.getStaticStrides())) {
      view->offset += stride * start;
      stride *= step;
    }
    return view;
  }
  if (auto transpose = value.getDefiningOp<linalg::GenericOp>(); transpose && isTranspose(transpose)) {
    std::optional<View> view = viewOfArgument(transpose.getDpsInputs()[0]);
    if (!view)
      return std::nullopt;
    SmallVector<int64_t> strides(type.getRank());
    for (auto [stride, expression] : llvm::zip_equal(view->strides, transpose.getIndexingMapsArray()[0].getResults()))
      strides[cast<AffineDimExpr>(expression).getPosition()] = stride;
    view->strides = strides;
    return view;
  }
  if (auto diagonals = value.getDefiningOp<linalg::GenericOp>(); diagonals && isDiagonals(diagonals)) {
    std::optional<View> view = viewOfArgument(diagonals.getDpsInputs()[0]);
    if (!view)
      return std::nullopt;
    View result{view->operand, view->offset, SmallVector<int64_t>(type.getRank(), 0)};
    for (auto [stride, expression] : llvm::zip_equal(view->strides, diagonals.getIndexingMapsArray()[0].getResults())) {
      std::optional<LinearIndexOf> index = linearIndex(expression, type.getRank());
      if (!index)
        return std::nullopt;
      result.offset += stride * index->constant;
      for (auto [to, factor] : llvm::zip_equal(result.strides, index->factors))
        to += stride * factor;
    }
    return result;
  }
  // A dimension that splits has strides; others are left to the general emitter.
  if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>()) {
    std::optional<View> view = viewOfArgument(expand.getSrc());
    if (!view)
      return std::nullopt;
    SmallVector<int64_t> strides(type.getRank());
    for (auto [group, stride] : llvm::zip_equal(expand.getReassociationIndices(), view->strides))
      for (int64_t inner = stride; int64_t dim : llvm::reverse(group)) {
        strides[dim] = inner;
        inner *= type.getDimSize(dim);
      }
    view->strides = strides;
    return view;
  }
  if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>())
    return viewOfCollapsed(collapse);
  return std::nullopt;
}

Value stripReshapes(Value value) {
  while (true) {
    if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>())
      value = collapse.getSrc();
    else if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>())
      value = expand.getSrc();
    else
      return value;
  }
}

} // namespace sinter::codegen
