// The sums of a matrix's columns, as a bias's gradient is, become part of the product that multiplies this matrix: its
// kernel brings every element to registers once in any case, in the order in which a column adds up.
#include "compiler/passes/kernels/KernelGraph.h"

using namespace mlir;

namespace sinter {
namespace {

/// A product of fewer rows reads its right operand in place; columns that fill no vector are not worth a thought.
constexpr int64_t kFewRows = 64, kFewColumns = 16;

/// The one sum over all rows of a matrix that `group` is, or null.
ReduceOp columnSumsOf(const Group &group) {
  auto reduce =
      group.kind == GroupKind::Columns && group.ops.size() == 1 ? dyn_cast<ReduceOp>(group.ops.front()) : ReduceOp();
  bool fits = reduce && reduce.getKind() == ReduceKind::sum && shapeOf(reduce.getInput()).size() == 2 &&
              shapeOf(reduce.getResult()).size() == 1 && reduce.getAxes() == ArrayRef<int64_t>{0} &&
              cast<RankedTensorType>(reduce.getInput().getType()).getElementType().isF32();
  return fits ? reduce : ReduceOp();
}

/// The product of `group`, if its kernel copies the whole right operand while it multiplies by it, or null. (Products
/// of bf16 take denormals for zero, which sums do not.)
MatmulOp copyingProductOf(const Group &group) {
  if (group.kind != GroupKind::Product)
    return {};
  auto *found = llvm::find_if(group.ops, llvm::IsaPred<MatmulOp>);
  // (Behind a transpose, what was the right operand could become the left one.)
  if (found == group.ops.end() || !llvm::all_of(llvm::make_range(found + 1, group.ops.end()), llvm::IsaPred<MapOp>))
    return {};
  auto matmul = cast<MatmulOp>(*found);
  bool whole = !matmul.getLhsPart() && !matmul.getRhsPart() && !matmul.getResultPart();
  ArrayRef<int64_t> shape = shapeOf(matmul.getResult());
  bool copies =
      whole && shape.size() == 2 && shape[0] >= kFewRows && shape[1] >= kFewColumns && !matmul.getTransposeRhs();
  return copies && !matmul.getBf16() ? matmul : MatmulOp();
}

} // namespace

void mergeColumnSums(GroupGraph &graph) {
  for (auto &product : graph.groups)
    if (MatmulOp matmul = copyingProductOf(*product))
      for (auto &columns : graph.groups) {
        ReduceOp sums = columnSumsOf(*columns);
        if (!sums || sums.getInput() != matmul.getRhs() || graph.follows(*product, *columns) ||
            graph.follows(*columns, *product))
          continue;
        sums->setAttr(kRoleAttr, StringAttr::get(sums.getContext(), kOfColumns));
        graph.merge(*product, *columns);
        break;
      }
}

} // namespace sinter
