// What sinter.map makes of triangles: its region is evaluated once for all elements above the diagonal and once for all
// below, as far as constants tell. There a comparison of the last two indices has one outcome.
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace sinter;

bool sinter::isZero(Attribute scalar) {
  auto number = dyn_cast_if_present<FloatAttr>(scalar);
  return number && number.getValue().isZero();
}

bool sinter::isInfinite(Attribute scalar) {
  auto number = dyn_cast_if_present<FloatAttr>(scalar);
  return number && number.getValue().isInfinity();
}

namespace {

/// How the last two dimensions of an input, read through `map`, lie in the map's iteration space.
Alignment alignmentOf(AffineMap map) {
  unsigned rank = map.getNumDims(), results = map.getNumResults();
  if (rank < 2 || results < 2)
    return Alignment::Other;
  unsigned row = map.getDimPosition(results - 2), column = map.getDimPosition(results - 1);
  if (row == rank - 2 && column == rank - 1)
    return Alignment::Same;
  return row == rank - 1 && column == rank - 2 ? Alignment::Swapped : Alignment::Other;
}

/// The region for elements of one triangle.
class Evaluation {
public:
  Evaluation(MapOp map, ArrayRef<Known> inputs, Triangle triangle)
      : map(map), rank(map.getShape().size()), triangle(triangle) {
    Block &block = map.getBody().front();
    for (auto [argument, input, read] :
         llvm::zip_equal(block.getArguments(), inputs, map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      Alignment alignment = alignmentOf(read);
      bool everywhere = input[kAbove] && input[kAbove] == input[kBelow] && read.getNumResults() < 2;
      if (alignment != Alignment::Other || everywhere)
        known[argument] = input[seen(triangle, alignment)];
    }
    for (Operation &op : block.without_terminator())
      if (op.getNumResults() == 1)
        evaluate(op);
  }

  /// The constant that `scalar` equals, or null.
  Attribute constantOf(Value scalar) const { return known.lookup(origin(scalar)); }

  /// What is asked of each scalar, given what is asked of those yielded.
  DenseMap<Value, Demand> demands(ArrayRef<Demanded> results) {
    DenseMap<Value, Demand> asked;
    auto ask = [&](Value scalar, Demand demand) {
      Demand &now = asked.try_emplace(origin(scalar), Demand::Nothing).first->second;
      now = std::max(now, demand);
    };
    Block &block = map.getBody().front();
    for (auto [scalar, result] : llvm::zip_equal(block.getTerminator()->getOperands(), results))
      ask(scalar, result[triangle]);
    for (Operation &op : llvm::reverse(block.without_terminator())) {
      if (op.getNumResults() != 1)
        continue;
      Demand demand = asked.lookup(op.getResult(0));
      if (demand == Demand::Nothing)
        continue;
      if (auto select = dyn_cast<arith::SelectOp>(op)) { // either side is finite if both are
        ask(select.getCondition(), Demand::Value);
        ask(select.getTrueValue(), demand);
        ask(select.getFalseValue(), demand);
        continue;
      }
      bool keepsFinite = isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::NegFOp>(op);
      // A known value is no reason to ask for less: the zero must really be there. What it absorbs may be anything
      // finite.
      for (Value operand : op.getOperands()) {
        bool vanishes = absorbed.contains(op.getResult(0)) && !constantOf(operand);
        ask(operand, keepsFinite && (vanishes || demand == Demand::Finite) ? Demand::Finite : Demand::Value);
      }
    }
    return asked;
  }

private:
  /// The scalar that `scalar` is the same as here, such as the chosen side of a select.
  Value origin(Value scalar) const {
    while (Value other = same.lookup(scalar))
      scalar = other;
    return scalar;
  }

  void evaluate(Operation &op) {
    Value result = op.getResult(0);
    if (Attribute outcome = compareIndices(op)) {
      known[result] = outcome;
      return;
    }
    OpFoldResult folded = fold(op);
    if (auto value = dyn_cast_if_present<Value>(folded))
      same[result] = value;
    else if (auto constant = dyn_cast_if_present<Attribute>(folded))
      known[result] = constant;
    else if (Attribute constant = agree(op))
      known[result] = constant;
    else if (Attribute constant = absorb(op)) {
      known[result] = constant;
      absorbed.insert(result);
    }
  }

  /// The index along one of the last two dimensions, counted from the smaller of both; none for other scalars.
  std::optional<int64_t> positionOf(Value scalar) const {
    auto index = origin(scalar).getDefiningOp<IndexOp>();
    int64_t fromLast = index ? rank - 1 - static_cast<int64_t>(index.getDim()) : -1;
    if (fromLast != 0 && fromLast != 1)
      return std::nullopt;
    bool column = fromLast == 0;
    return column == (triangle == kAbove) ? 1 : 0;
  }

  Attribute compareIndices(Operation &op) const {
    auto compare = dyn_cast<arith::CmpIOp>(op);
    if (!compare)
      return {};
    std::optional<int64_t> lhs = positionOf(compare.getLhs()), rhs = positionOf(compare.getRhs());
    if (!lhs || !rhs)
      return {};
    bool holds = arith::applyCmpPredicate(compare.getPredicate(), APInt(32, *lhs), APInt(32, *rhs));
    return BoolAttr::get(op.getContext(), holds);
  }

  /// What the op's folder makes of the constants among the operands. A folder may change the op: it works on a copy.
  OpFoldResult fold(Operation &op) const {
    Operation *copy = op.clone();
    OpFoldResult result;
    for (int attempt = 0; attempt < 2 && !result; ++attempt) { // the first may only have moved a constant to the right
      SmallVector<Attribute> constants;
      for (Value operand : copy->getOperands())
        constants.push_back(constantOf(operand));
      SmallVector<OpFoldResult> results;
      if (failed(copy->fold(constants, results)))
        break;
      if (!results.empty())
        result = results.front();
    }
    if (result == OpFoldResult(copy->getResult(0)))
      result = {};
    copy->erase();
    return result;
  }

  /// Zero times x, and infinity plus x: known if x is finite.
  Attribute absorb(Operation &op) const {
    if (op.getNumOperands() != 2)
      return {};
    Attribute lhs = constantOf(op.getOperand(0)), rhs = constantOf(op.getOperand(1));
    if (isa<arith::MulFOp>(op))
      return isZero(lhs) ? lhs : isZero(rhs) ? rhs : Attribute();
    if (isa<arith::AddFOp>(op))
      return isInfinite(lhs) ? lhs : isInfinite(rhs) ? rhs : Attribute();
    if (isa<arith::SubFOp>(op) && isInfinite(lhs))
      return lhs;
    if (isa<arith::SubFOp>(op) && isInfinite(rhs))
      return FloatAttr::get(op.getResult(0).getType(), -cast<FloatAttr>(rhs).getValue());
    return {};
  }

  /// A choice between zero and zero is zero whatever decides: dropout of something masked.
  Attribute agree(Operation &op) const {
    auto select = dyn_cast<arith::SelectOp>(op);
    if (!select)
      return {};
    Attribute yes = constantOf(select.getTrueValue()), no = constantOf(select.getFalseValue());
    return yes == no || (isZero(yes) && isZero(no)) ? yes : Attribute();
  }

  MapOp map;
  int64_t rank;
  Triangle triangle;
  DenseMap<Value, Attribute> known;
  DenseMap<Value, Value> same;
  DenseSet<Value> absorbed; ///< known only if what they were computed from is finite
};

} // namespace

void MapOp::inferTriangles(ArrayRef<Known> operands, MutableArrayRef<Known> results) {
  for (Triangle triangle : {kAbove, kBelow}) {
    Evaluation evaluation(*this, operands, triangle);
    for (auto [scalar, result] : llvm::zip_equal(getBody().front().getTerminator()->getOperands(), results))
      result[triangle] = evaluation.constantOf(scalar);
  }
}

void MapOp::demandTriangles(ArrayRef<Known> known, ArrayRef<Demanded> results, MutableArrayRef<Demanded> operands) {
  SmallVector<AffineMap> reads(getIndexingMaps().getAsValueRange<AffineMapAttr>());
  for (Triangle triangle : {kAbove, kBelow}) {
    DenseMap<Value, Demand> asked = Evaluation(*this, known, triangle).demands(results);
    for (auto [argument, read, operand] : llvm::zip_equal(getBody().front().getArguments(), reads, operands))
      if (Alignment alignment = alignmentOf(read); alignment != Alignment::Other)
        operand[seen(triangle, alignment)] = asked.lookup(argument);
  }
}
