#include "dialects/sinter/Axes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter {
namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Takes `found` for `axis`, unless that is known to be another one.
bool merge(int64_t &axis, int64_t found) {
  if (found >= 0 && axis >= 0 && axis != found)
    return false;
  axis = std::max(axis, found);
  return true;
}

} // namespace

AffineMap tableIndexOf(DiagonalsOp diagonals) {
  auto rank = static_cast<unsigned>(shapeOf(diagonals.getResult()).size());
  AffineMap all = AffineMap::getMultiDimIdentityMap(rank, diagonals.getContext());
  SmallVector<AffineExpr> results(all.getResults().drop_back(2));
  results.push_back(all.getResult(rank - 1) - all.getResult(rank - 2) +
                    (static_cast<int64_t>(diagonals.getRows()) - 1));
  return AffineMap::get(rank, 0, results, diagonals.getContext());
}

AxisAnalysis::AxisAnalysis(AttentionOp attention) : over(attention.getOver()) {
  Block &body = attention.getBody().front();
  for (auto [argument, row, column] :
       llvm::zip_equal(body.getArguments(), attention.getRowDims(), attention.getColumnDims()))
    known[argument] = {row, column};
  for (Operation &inner : body.without_terminator())
    if (!visit(inner))
      return;
}

bool AxisAnalysis::fail(Operation &at, const Twine &why) {
  op = &at;
  text = why.str();
  return false;
}

bool AxisAnalysis::visit(Operation &inner) {
  if (isa<arith::ConstantOp>(inner))
    return true; // neither
  if (auto map = dyn_cast<MapOp>(inner))
    return visitMap(map);
  if (auto matmul = dyn_cast<MatmulOp>(inner))
    return visitMatmul(matmul);
  if (auto reduce = dyn_cast<ReduceOp>(inner))
    return visitReduce(reduce);
  if (inner.hasTrait<Rowwise>())
    return visitRowwise(inner);
  if (auto broadcast = dyn_cast<BroadcastOp>(inner)) {
    Axes from = of(broadcast.getInput());
    auto moved = [&](int64_t dim) { return dim < 0 ? dim : broadcast.getDims()[dim]; };
    known[broadcast] = {moved(from.row), moved(from.column)};
    if (shapeOf(broadcast) == over && !from.none() && (from.row < 0 || known[broadcast].row == whole().row))
      known[broadcast] = whole(); // one value a row or column, along the other
    return true;
  }
  if (auto diagonals = dyn_cast<DiagonalsOp>(inner))
    return visitDiagonals(diagonals);
  if (auto sum = dyn_cast<SumDiagonalsOp>(inner))
    return visitSumDiagonals(sum);
  if (auto iota = dyn_cast<IotaOp>(inner)) {
    if (shapeOf(iota) == over)
      known[iota] = whole();
    return true;
  }
  if (auto transpose = dyn_cast<TransposeOp>(inner)) {
    Axes from = of(transpose.getInput());
    auto moved = [&](int64_t dim) {
      return dim < 0 ? dim : llvm::find(transpose.getPermutation(), dim) - transpose.getPermutation().begin();
    };
    known[transpose] = {moved(from.row), moved(from.column)};
    return true;
  }
  if (OpTrait::hasElementwiseMappableTraits(&inner))
    return visitElementwise(inner);
  return fail(inner, "does not say what becomes of rows and columns");
}

/// Where its inputs have their axes. A map over all of the shape that only meets one of the two, or none, spreads along
/// the other, unless some input fills that dimension with something else.
bool AxisAnalysis::visitMap(MapOp map) {
  Axes result;
  bool lastIsOther = false;
  int64_t last = static_cast<int64_t>(map.getShape().size()) - 1;
  for (auto [input, read] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    Axes axes = of(input);
    auto moved = [&, read = read](int64_t dim) { return dim < 0 ? dim : int64_t(read.getDimPosition(dim)); };
    if (!merge(result.row, moved(axes.row)) || !merge(result.column, moved(axes.column)))
      return fail(*map, "reads rows or columns along different dimensions");
    for (unsigned r = 0; r < read.getNumResults(); ++r)
      lastIsOther |= int64_t(read.getDimPosition(r)) == last && int64_t(r) != axes.column && !axes.none();
  }
  if (result.row >= 0 && result.row == result.column)
    return fail(*map, "reads rows and columns along one dimension");
  bool fits = map.getShape() == over && (result.row < 0 || result.row == whole().row) &&
              (result.column < 0 || result.column == whole().column);
  if (fits && !lastIsOther)
    result = whole();
  for (Value value : map.getResults())
    known[value] = result;
  return true;
}

/// What is summed over is rows on both sides, or columns, or neither.
bool AxisAnalysis::visitMatmul(MatmulOp matmul) {
  int64_t rank = shapeOf(matmul.getResult()).size();
  Axes lhs = of(matmul.getLhs()), rhs = of(matmul.getRhs());
  int64_t lhsSum = matmul.getTransposeLhs() ? rank - 2 : rank - 1,
          rhsSum = matmul.getTransposeRhs() ? rank - 1 : rank - 2;
  if ((lhs.row == lhsSum) != (rhs.row == rhsSum) || (lhs.column == lhsSum) != (rhs.column == rhsSum))
    return fail(*matmul, "sums over rows or columns of one operand, but not of the other");
  Axes result;
  auto take = [&](Axes axes, int64_t sum, int64_t to) {
    int64_t kept = 2 * rank - 3 - sum;
    auto moved = [&](int64_t dim) { return dim == sum ? -1 : dim == kept ? to : dim; };
    return merge(result.row, moved(axes.row)) && merge(result.column, moved(axes.column));
  };
  if (!take(lhs, lhsSum, rank - 2) || !take(rhs, rhsSum, rank - 1))
    return fail(*matmul, "has rows or columns along different dimensions");
  known[matmul.getResult()] = result;
  return true;
}

bool AxisAnalysis::visitReduce(ReduceOp reduce) {
  Axes from = of(reduce.getInput());
  auto moved = [&](int64_t dim) {
    if (dim < 0 || llvm::is_contained(reduce.getAxes(), dim))
      return int64_t(-1);
    return dim - llvm::count_if(reduce.getAxes(), [&](int64_t axis) { return axis < dim; });
  };
  known[reduce.getResult()] = {moved(from.row), moved(from.column)};
  return true;
}

/// Where there are as many of each, the last two dimensions are rows and columns. (Their distances are neither.)
bool AxisAnalysis::visitDiagonals(DiagonalsOp diagonals) {
  if (!of(diagonals.getTable()).none())
    return fail(*diagonals, "is made of rows or columns");
  ArrayRef<int64_t> shape = shapeOf(diagonals.getResult());
  auto rank = static_cast<int64_t>(shape.size());
  if (shape.take_back(2) == over.take_back(2))
    known[diagonals.getResult()] = {rank - 2, rank - 1};
  return true;
}

bool AxisAnalysis::visitSumDiagonals(SumDiagonalsOp sum) {
  auto rank = static_cast<int64_t>(shapeOf(sum.getInput()).size());
  Axes from = of(sum.getInput());
  if (!from.none() && from != Axes{rank - 2, rank - 1})
    return fail(*sum, "does not sum over rows and columns");
  return true;
}

/// Results have the leading dimensions of the operands; the last one too, or it is gone.
bool AxisAnalysis::visitRowwise(Operation &inner) {
  Axes from;
  for (Value operand : inner.getOperands())
    if (Axes axes = of(operand); !merge(from.row, axes.row) || !merge(from.column, axes.column))
      return fail(inner, "has rows or columns along different dimensions");
  for (Value result : inner.getResults()) {
    auto rank = static_cast<int64_t>(shapeOf(result).size());
    known[result] = {from.row < rank ? from.row : -1, from.column < rank ? from.column : -1};
  }
  return true;
}

bool AxisAnalysis::visitElementwise(Operation &inner) {
  Axes result;
  for (Value operand : inner.getOperands())
    if (Axes axes = of(operand); !merge(result.row, axes.row) || !merge(result.column, axes.column))
      return fail(inner, "has rows or columns along different dimensions");
  for (Value value : inner.getResults())
    known[value] = result;
  return true;
}

} // namespace sinter
