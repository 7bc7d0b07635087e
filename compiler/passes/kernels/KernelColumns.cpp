// The sums of a matrix's columns, as a bias's gradient is, become part of the product that multiplies this matrix: its
// kernel brings every element to registers once in any case, in the order in which a column adds up.
#include "compiler/passes/kernels/KernelGraph.h"

using namespace mlir;

namespace sinter {
namespace {

/// A product of fewer rows reads its right operand in place; columns that fill no vector are not worth a thought.
constexpr int64_t kFewRows = 64, kFewColumns = 16;

/// The one sum over all rows of a matrix that `group` is, or null.
ReductionLike columnSumsOf(const Group &group) {
  auto reduce = group.kind == GroupKind::Columns && group.ops.size() == 1 ? dyn_cast<ReductionLike>(group.ops.front())
                                                                          : ReductionLike();
  bool fits = reduce && reduce.isSum() && shapeOf(reduce.getInput()).size() == 2 &&
              reduce.getAxes() == ArrayRef<int64_t>{0} &&
              cast<RankedTensorType>(reduce.getInput().getType()).getElementType().isF32();
  return fits ? reduce : ReductionLike();
}

/// The product of `group`, if its kernel copies the whole right operand while it multiplies by it, or null. (Products
/// of bf16 take denormals for zero, which sums do not.)
ProductLike copyingProductOf(const Group &group) {
  if (group.kind != GroupKind::Product)
    return {};
  auto *found = llvm::find_if(group.ops, llvm::IsaPred<ProductLike>);
  // (Behind a transpose, what was the right operand could become the left one.)
  if (found == group.ops.end() || !llvm::all_of(llvm::make_range(found + 1, group.ops.end()), llvm::IsaPred<MapOp>))
    return {};
  auto product = cast<ProductLike>(*found);
  ArrayRef<int64_t> shape = shapeOf(product->getResult(0));
  bool copies = product.isWhole() && shape.size() == 2 && shape[0] >= kFewRows && shape[1] >= kFewColumns &&
                !product.getTransposeRhs();
  return copies && !product.getBf16() ? product : ProductLike();
}

} // namespace

void mergeColumnSums(GroupGraph &graph) {
  for (auto &product : graph.groups)
    if (ProductLike copying = copyingProductOf(*product))
      for (auto &columns : graph.groups) {
        ReductionLike sums = columnSumsOf(*columns);
        if (!sums || sums.getInput() != copying.getRhs() || graph.follows(*product, *columns) ||
            graph.follows(*columns, *product))
          continue;
        sums->setAttr(kRoleAttr, StringAttr::get(sums.getContext(), kOfColumns));
        graph.merge(*product, *columns);
        break;
      }
}

} // namespace sinter
