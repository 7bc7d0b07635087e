#include "compiler/codegen/products/Contraction.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::codegen {

bool readsThroughDimensions(linalg::GenericOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); });
}

/// `value`, or what it is rounded to bf16 from.
static Value stripRounding(Value value) {
  auto wide = value.getDefiningOp<arith::ExtFOp>();
  auto narrow = wide ? wide.getIn().getDefiningOp<arith::TruncFOp>() : arith::TruncFOp();
  return narrow && narrow.getType().isBF16() && narrow.getIn().getType() == value.getType() ? narrow.getIn() : value;
}

bool isMultiplyAdd(linalg::GenericOp op, bool &bf16) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return false;
  Block &body = *op.getBody();
  auto yield = cast<linalg::YieldOp>(body.getTerminator());
  auto add = yield.getOperand(0).getDefiningOp<arith::AddFOp>();
  size_t ops = body.getOperations().size();
  bf16 = ops == 7;
  if (!add || !add.getType().isF32() || (ops != 3 && !bf16))
    return false;
  for (bool swapped : {false, true}) {
    auto multiply = (swapped ? add.getLhs() : add.getRhs()).getDefiningOp<arith::MulFOp>();
    Value accumulator = swapped ? add.getRhs() : add.getLhs();
    if (!multiply || accumulator != body.getArgument(2))
      continue;
    Value x = multiply.getLhs(), y = multiply.getRhs();
    if (bf16) {
      if (stripRounding(x) == x || stripRounding(y) == y)
        continue;
      x = stripRounding(x), y = stripRounding(y);
    }
    if ((x == body.getArgument(0) && y == body.getArgument(1)) ||
        (x == body.getArgument(1) && y == body.getArgument(0)))
      return true;
  }
  return false;
}

linalg::GenericOp findContraction(func::FuncOp kernel) {
  linalg::GenericOp found;
  for (linalg::GenericOp op : kernel.getOps<linalg::GenericOp>()) {
    bool bf16;
    if (op.getNumReductionLoops() == 0 || !isMultiplyAdd(op, bf16) || !readsThroughDimensions(op))
      continue;
    // The value that sums start from; -0.0 would do as well, but nobody writes it.
    Value initial = op.getDpsInits()[0];
    if (auto fill = initial.getDefiningOp<linalg::FillOp>())
      initial = fill.getInputs()[0];
    if (!matchPattern(initial, m_PosZeroFloat()))
      continue;
    if (found)
      return {};
    found = op;
  }
  return found;
}

bool sumsColumns(linalg::GenericOp op, linalg::GenericOp contraction) {
  if (op.getNumReductionLoops() != 1 || op.getNumLoops() != 2 || op.getNumDpsInputs() != 1)
    return false;
  auto isReduced = [](linalg::GenericOp of, AffineExpr dim) {
    return of.getIteratorTypesArray()[cast<AffineDimExpr>(dim).getPosition()] == utils::IteratorType::reduction;
  };
  AffineMap read = contraction.getIndexingMapsArray()[1];
  bool matrix = op.getDpsInputs()[0] == contraction.getDpsInputs()[1] && read.getNumResults() == 2 &&
                isReduced(contraction, read.getResult(0)) && !isReduced(contraction, read.getResult(1));
  AffineMap whole = op.getIndexingMapsArray()[0], written = op.getIndexingMapsArray()[1];
  if (!matrix || !whole.isPermutation() || written.getNumResults() != 1 || written.getResult(0) != whole.getResult(1) ||
      !isReduced(op, whole.getResult(0)))
    return false;
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  auto sum = cast<linalg::YieldOp>(op.getBody()->getTerminator()).getOperand(0).getDefiningOp<arith::AddFOp>();
  Block &body = *op.getBody();
  auto adds = [&](int64_t x, int64_t y) {
    return sum.getLhs() == body.getArgument(x) && sum.getRhs() == body.getArgument(y);
  };
  return fill && matchPattern(fill.getInputs()[0], m_PosZeroFloat()) && sum && sum.getType().isF32() &&
         (adds(0, 1) || adds(1, 0));
}

} // namespace sinter::codegen
