// sinter.attention along time: rows are positions that are asked for, columns those that it remembers.
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/KnownTriangles.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;
using namespace sinter;

/// Whether no row depends on later columns: where columns are added up, compared or normalised, what is above the
/// diagonal is known not to count.
static bool isCausal(AttentionOp op, TimeRule &rule) {
  Block &body = op.getBody().front();
  AxisAnalysis axes(op);
  KnownTriangles known(body);
  for (Operation &inner : body.without_terminator()) {
    auto above = [&](Value value) { return known.of(value)[kAbove]; };
    auto looksAhead = [&] {
      rule.refuseAt(&inner, inner.getName().stripDialect() + ": of later positions, too");
      return false;
    };
    auto isNegativeInfinity = [](Attribute scalar) {
      return isInfinite(scalar) && cast<FloatAttr>(scalar).getValue().isNegative();
    };
    for (Value operand : inner.getOperands())
      if (Axes own = axes.of(operand); own.column >= 0 && !isa<MapOp>(inner)) {
        int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
        if (auto matmul = dyn_cast<MatmulOp>(inner)) {
          bool left = operand == matmul.getLhs();
          int64_t kept = left ? (matmul.getTransposeLhs() ? rank - 1 : rank - 2)
                              : (matmul.getTransposeRhs() ? rank - 2 : rank - 1);
          if (own.column == kept || own.column < rank - 2)
            continue;
          if (!axes.of(matmul.getLhs()).both() || !isZero(above(matmul.getLhs())))
            return looksAhead();
        } else if (isa<SoftmaxOp, LogSoftmaxOp>(inner)) {
          if (own.column == rank - 1 && !(own.both() && isNegativeInfinity(above(operand))))
            return looksAhead();
        } else if (auto reduce = dyn_cast<ReduceOp>(inner)) {
          if (!llvm::is_contained(reduce.getAxes(), own.column))
            continue;
          Attribute scalar = own.both() ? above(operand) : Attribute();
          bool ignored =
              reduce.isSum() ? isZero(scalar) : reduce.getKind() == ReduceKind::max && isNegativeInfinity(scalar);
          if (!ignored)
            return looksAhead();
        } else if (!isa<BroadcastOp, ReshapeOp, TransposeOp>(inner)) {
          return looksAhead();
        }
      }
  }
  return true;
}

void AttentionOp::relateTime(TimeRule &rule) {
  bool remembers = false, hasRows = false;
  for (unsigned i = 0; i < getNumOperands(); ++i) {
    int64_t d = rule.timeOf(i), row = getRowDims()[i], column = getColumnDims()[i];
    if (d >= 0 && d != row && d != column)
      return rule.refuse("attention: has positions along a dimension of its batch");
    if (d >= 0 && d == column) {
      rule.remember(i);
      remembers = true;
    } else if (row >= 0) {
      rule.readNew(i, row);
      hasRows |= d >= 0;
    }
  }
  AxisAnalysis axes(*this);
  for (auto [i, value] : llvm::enumerate(getBody().front().getTerminator()->getOperands())) {
    Axes known = axes.of(value);
    if (!hasRows || known.row < 0)
      return rule.refuse("attention: sums over all positions, later ones too");
    rule.give(i, known.row);
  }
  if (remembers)
    isCausal(*this, rule);
}
