// What sinter.map makes of triangles: its region is evaluated once for all elements above the diagonal and once for all
// below, as far as constants tell. There a comparison of the last two indices, or of their difference with a number,
// may have one outcome.
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

/// How the last two dimensions of an input, read through `map`, lie in the map's iteration space. What is far below is
/// not far above when they are swapped.
Alignment alignmentOf(AffineMap map, int64_t reach) {
  unsigned rank = map.getNumDims(), results = map.getNumResults();
  if (rank < 2 || results < 2)
    return Alignment::Other;
  unsigned row = map.getDimPosition(results - 2), column = map.getDimPosition(results - 1);
  if (row == rank - 2 && column == rank - 1)
    return Alignment::Same;
  return row == rank - 1 && column == rank - 2 && reach == 1 ? Alignment::Swapped : Alignment::Other;
}

/// The region for elements of one triangle.
class Evaluation {
public:
  Evaluation(MapOp map, int64_t reach, ArrayRef<Known> inputs, Triangle triangle)
      : map(map), shape(map.getShape()), rank(shape.size()), triangle(triangle), reach(reach) {
    Block &block = map.getBody().front();
    for (auto [argument, input, read] :
         llvm::zip_equal(block.getArguments(), inputs, map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      Alignment alignment = alignmentOf(read, reach);
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
      bool keepsFinite =
          isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp,
              math::FmaOp, math::AbsFOp, math::TanhOp, math::SinOp, math::CosOp, SigmoidOp>(op);
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

  /// row i + column j + offset, for indices (i, j) of the last two dimensions.
  struct Linear {
    int64_t row = 0, column = 0, offset = 0;

    Linear plus(const Linear &other, int64_t factor) const {
      return {row + factor * other.row, column + factor * other.column, offset + factor * other.offset};
    }
  };

  std::optional<Linear> linearOf(Value scalar) const {
    scalar = origin(scalar);
    APInt number;
    if (auto constant = dyn_cast_if_present<IntegerAttr>(known.lookup(scalar)))
      return Linear{0, 0, constant.getValue().getSExtValue()};
    if (matchPattern(scalar, m_ConstantInt(&number)))
      return Linear{0, 0, number.getSExtValue()};
    Operation *op = scalar.getDefiningOp();
    if (auto index = dyn_cast_if_present<IndexOp>(op)) {
      auto dim = static_cast<int64_t>(index.getDim());
      return dim < rank - 2 ? std::nullopt : std::optional(dim == rank - 2 ? Linear{1, 0, 0} : Linear{0, 1, 0});
    }
    if (!isa_and_present<arith::AddIOp, arith::SubIOp>(op))
      return std::nullopt;
    std::optional<Linear> lhs = linearOf(op->getOperand(0)), rhs = linearOf(op->getOperand(1));
    return lhs && rhs ? std::optional(lhs->plus(*rhs, isa<arith::AddIOp>(op) ? 1 : -1)) : std::nullopt;
  }

  static arith::CmpIPredicate withSign(arith::CmpIPredicate predicate) {
    using Predicate = arith::CmpIPredicate;
    for (auto [without, with] : {std::pair{Predicate::ult, Predicate::slt},
                                 {Predicate::ule, Predicate::sle},
                                 {Predicate::ugt, Predicate::sgt},
                                 {Predicate::uge, Predicate::sge}})
      if (predicate == without)
        return with;
    return predicate;
  }

  Attribute compareIndices(Operation &op) const {
    auto compare = dyn_cast<arith::CmpIOp>(op);
    if (!compare || rank < 2)
      return {};
    std::optional<Linear> lhs = linearOf(compare.getLhs()), rhs = linearOf(compare.getRhs());
    if (!lhs || !rhs)
      return {};
    Linear difference = lhs->plus(*rhs, -1);
    if (difference.row == 0 || difference.row != -difference.column)
      return {};
    // It is `row` (i - j) + offset: its least and its largest value here. (Nothing overflows: sizes are small.)
    ArrayRef<int64_t> sizes = shape.take_back(2);
    int64_t nearest = triangle == kAbove ? -1 : reach, farthest = triangle == kAbove ? 1 - sizes[1] : sizes[0] - 1;
    int64_t a = difference.row * nearest + difference.offset, b = difference.row * farthest + difference.offset;
    constexpr int64_t limit = int64_t(1) << 30;
    if (std::max({std::abs(a), std::abs(b), std::abs(lhs->offset), std::abs(rhs->offset)}) > limit)
      return {};
    auto outcome = [&](bool holdsAlways, bool holdsNever) {
      return holdsAlways || holdsNever ? BoolAttr::get(op.getContext(), holdsAlways) : BoolAttr();
    };
    int64_t least = std::min(a, b), most = std::max(a, b);
    // What counts up from zero is the same number without its sign.
    auto countsUp = [](const Linear &x) { return std::min({x.row, x.column, x.offset}) >= 0; };
    arith::CmpIPredicate predicate = compare.getPredicate();
    if (countsUp(*lhs) && countsUp(*rhs))
      predicate = withSign(predicate);
    switch (predicate) {
    case arith::CmpIPredicate::slt:
      return outcome(most < 0, least >= 0);
    case arith::CmpIPredicate::sle:
      return outcome(most <= 0, least > 0);
    case arith::CmpIPredicate::sgt:
      return outcome(least > 0, most <= 0);
    case arith::CmpIPredicate::sge:
      return outcome(least >= 0, most < 0);
    case arith::CmpIPredicate::eq:
      return outcome(false, least > 0 || most < 0);
    case arith::CmpIPredicate::ne:
      return outcome(least > 0 || most < 0, false);
    default:
      return {}; // of unsigned numbers, a difference says nothing
    }
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
  ArrayRef<int64_t> shape;
  int64_t rank;
  Triangle triangle;
  int64_t reach;
  DenseMap<Value, Attribute> known;
  DenseMap<Value, Value> same;
  DenseSet<Value> absorbed; ///< known only if what they were computed from is finite
};

} // namespace

void MapOp::inferTriangles(int64_t reach, ArrayRef<Known> operands, MutableArrayRef<Known> results) {
  for (Triangle triangle : {kAbove, kBelow}) {
    Evaluation evaluation(*this, reach, operands, triangle);
    for (auto [scalar, result] : llvm::zip_equal(getBody().front().getTerminator()->getOperands(), results))
      result[triangle] = evaluation.constantOf(scalar);
  }
}

void MapOp::demandTriangles(int64_t reach, ArrayRef<Known> known, ArrayRef<Demanded> results,
                            MutableArrayRef<Demanded> operands) {
  SmallVector<AffineMap> reads(getIndexingMaps().getAsValueRange<AffineMapAttr>());
  for (Triangle triangle : {kAbove, kBelow}) {
    DenseMap<Value, Demand> asked = Evaluation(*this, reach, known, triangle).demands(results);
    for (auto [argument, read, operand] : llvm::zip_equal(getBody().front().getArguments(), reads, operands))
      if (Alignment alignment = alignmentOf(read, reach); alignment != Alignment::Other)
        operand[seen(triangle, alignment)] = asked.lookup(argument);
  }
}
