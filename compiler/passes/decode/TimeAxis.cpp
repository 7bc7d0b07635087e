#include "compiler/passes/decode/TimeAxis.h"
#include "compiler/passes/attention/Triangles.h"
#include "dialects/sinter/Axes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter {

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

TimeAxes::TimeAxes(Block &block, Value tokens, Value position) : positions(shapeOf(tokens).back()), position(position) {
  time[tokens] = static_cast<int64_t>(shapeOf(tokens).size()) - 1;
  for (Operation &op : block.without_terminator())
    if (!visit(op))
      return;
  for (Value value : block.getTerminator()->getOperands())
    if (of(value)) {
      fail(*block.getTerminator(), "what an entry gives of all positions cannot be given of new ones alone");
      return;
    }
}

std::optional<int64_t> TimeAxes::of(Value value) const {
  auto found = time.find(value);
  return found == time.end() ? std::nullopt : std::optional(found->second);
}

bool TimeAxes::fail(Operation &op, const Twine &why) {
  culprit = &op;
  text = why.str();
  return false;
}

bool TimeAxes::pass(Operation &op, int64_t dim) {
  Readings &readings = reads[&op];
  for (Value operand : op.getOperands())
    readings.push_back(of(operand) ? TimeReading{TimeReading::New, timeOf(operand)} : TimeReading());
  for (Value result : op.getResults())
    time[result] = dim;
  return true;
}

bool TimeAxes::visit(Operation &op) {
  if (llvm::none_of(op.getOperands(), [&](Value v) { return of(v).has_value(); })) {
    reads[&op].resize(op.getNumOperands());
    return true;
  }
  int64_t d = op.getNumOperands() > 0 ? timeOf(op.getOperand(0)) : -1;
  return TypeSwitch<Operation *, bool>(&op)
      .Case([&](ReshapeOp reshape) { return visitReshape(reshape); })
      .Case([&](TransposeOp transpose) {
        return pass(op, llvm::find(transpose.getPermutation(), d) - transpose.getPermutation().begin());
      })
      .Case([&](SliceOp slice) {
        bool whole = slice.getStarts()[d] == 0 && slice.getLimits()[d] == positions && slice.getStrides()[d] == 1;
        return whole ? pass(op, d) : fail(op, "slice: reads other positions than its own");
      })
      .Case([&](PadOp pad) {
        bool untouched = pad.getLow()[d] == 0 && pad.getHigh()[d] == 0 && pad.getInterior()[d] == 0;
        return untouched ? pass(op, d) : fail(op, "pad: moves positions");
      })
      .Case([&](BroadcastOp broadcast) { return pass(op, broadcast.getDims()[d]); })
      .Case([&](ReduceOp reduce) {
        ArrayRef<int64_t> axes = reduce.getAxes();
        if (llvm::is_contained(axes, d))
          return fail(op, "reduce: over all positions, later ones too");
        return pass(op, d - llvm::count_if(axes, [&](int64_t axis) { return axis < d; }));
      })
      .Case([&](CumsumOp cumsum) {
        if (static_cast<int64_t>(cumsum.getAxis()) != d)
          return pass(op, d);
        if (cumsum.getReverse())
          return fail(op, "cumsum: of later positions");
        pass(op, d);
        reads[&op] = {{TimeReading::Remembered, d}};
        return true;
      })
      .Case([&](ConcatOp concat) { return visitConcat(concat); })
      .Case([&](GatherOp gather) { return visitGather(gather); })
      .Case([&](MapOp map) { return visitMap(map); })
      .Case([&](MatmulOp matmul) { return visitMatmul(matmul); })
      .Case([&](AttentionOp attention) { return visitAttention(attention); })
      .Case<SoftmaxOp, LogSoftmaxOp, NormalizeOp>([&](auto) { return visitRows(op); })
      .Default([&](Operation *) {
        return fail(op, op.getName().stripDialect() + ": is not known to look at no later positions");
      });
}

/// Time stays a dimension of its own, behind as many elements as before.
bool TimeAxes::visitReshape(ReshapeOp op) {
  ArrayRef<int64_t> from = shapeOf(op.getInput()), to = shapeOf(op.getResult());
  int64_t d = timeOf(op.getInput()), before = 1, size = 1;
  for (int64_t size : from.take_front(d))
    before *= size;
  for (auto [dim, extent] : llvm::enumerate(to)) {
    if (size == before && extent == positions)
      return pass(*op, static_cast<int64_t>(dim));
    size *= extent;
  }
  return fail(*op, "reshape: mixes positions with another dimension");
}

bool TimeAxes::visitConcat(ConcatOp op) {
  int64_t d = -1;
  for (Value input : op.getInputs())
    d = std::max(d, timeOf(input));
  if (d == static_cast<int64_t>(op.getAxis()))
    return fail(*op, "concat: moves positions");
  Readings readings;
  for (Value input : op.getInputs()) {
    if (of(input) && timeOf(input) != d)
      return fail(*op, "concat: joins two dimensions of positions");
    readings.push_back({of(input) ? TimeReading::New : TimeReading::AtOffset, d});
  }
  reads[op] = readings;
  time[op.getResult()] = d;
  return true;
}

bool TimeAxes::visitGather(GatherOp op) {
  int64_t table = timeOf(op.getTable()), indices = timeOf(op.getIndices());
  if (table < 0)
    return pass(*op, indices);
  if (indices >= 0)
    return fail(*op, "gather: looks up other positions");
  if (table > 0)
    return pass(*op, static_cast<int64_t>(shapeOf(op.getIndices()).size()) + table - 1);
  Value index = op.getIndices();
  while (auto reshape = index.getDefiningOp<ReshapeOp>())
    index = reshape.getInput();
  if (index != position)
    return fail(*op, "gather: looks up other positions");
  reads[op] = {{TimeReading::New, 0}, {}}; // one of the new positions, which then is no time any more
  return true;
}

bool TimeAxes::visitMap(MapOp op) {
  SmallVector<AffineMap> maps(op.getIndexingMaps().getAsValueRange<AffineMapAttr>());
  int64_t loop = -1;
  for (auto [input, map] : llvm::zip_equal(op.getInputs(), maps))
    if (std::optional<int64_t> d = of(input)) {
      int64_t own = map.getDimPosition(static_cast<unsigned>(*d));
      if (loop >= 0 && own != loop)
        return fail(*op, "map: makes something of every two positions, and is in no attention");
      loop = own;
    }
  Readings readings;
  for (auto [input, map] : llvm::zip_equal(op.getInputs(), maps)) {
    std::optional<unsigned> at = map.getResultPosition(getAffineDimExpr(static_cast<unsigned>(loop), op.getContext()));
    if (!at)
      readings.emplace_back();
    else
      readings.push_back({of(input) ? TimeReading::New : TimeReading::AtOffset, *at});
  }
  reads[op] = readings;
  for (Value result : op.getResults())
    time[result] = loop;
  return true;
}

bool TimeAxes::visitMatmul(MatmulOp op) {
  int64_t lhs = timeOf(op.getLhs()), rhs = timeOf(op.getRhs());
  int64_t rank = static_cast<int64_t>(shapeOf(op.getLhs()).size());
  int64_t rows = op.getTransposeLhs() ? rank - 1 : rank - 2, columns = op.getTransposeRhs() ? rank - 2 : rank - 1;
  if (lhs >= 0 && rhs >= 0 && (lhs != rhs || lhs >= rank - 2))
    return fail(*op, "matmul: of positions with positions, in no attention that could be fused");
  if (lhs == rows && rhs < 0)
    return pass(*op, rank - 2);
  if (rhs == columns && lhs < 0)
    return pass(*op, rank - 1);
  int64_t batch = std::max(lhs, rhs);
  if (batch >= rank - 2)
    return fail(*op, "matmul: sums over all positions, later ones too");
  for (Value operand : op.getOperands())
    reads[op].push_back({of(operand) ? TimeReading::New : TimeReading::AtOffset, batch});
  time[op.getResult()] = batch;
  return true;
}

bool TimeAxes::visitRows(Operation &op) {
  int64_t d = timeOf(op.getOperand(0));
  if (d == static_cast<int64_t>(shapeOf(op.getOperand(0)).size()) - 1)
    return fail(op, op.getName().stripDialect() + ": along all positions, later ones too");
  return pass(op, d);
}

bool TimeAxes::visitAttention(AttentionOp op) {
  Readings readings;
  bool remembers = false, hasRows = false;
  for (auto [input, row, column] : llvm::zip_equal(op.getInputs(), op.getRowDims(), op.getColumnDims())) {
    int64_t d = timeOf(input);
    if (d >= 0 && d != row && d != column)
      return fail(*op, "attention: has positions along a dimension of its batch");
    if (d >= 0 && d == column) {
      readings.push_back({TimeReading::Remembered, d});
      remembers = true;
    } else if (row >= 0) {
      readings.push_back({d >= 0 ? TimeReading::New : TimeReading::AtOffset, row});
      hasRows |= d >= 0;
    } else {
      readings.emplace_back();
    }
  }
  if (!hasRows)
    return fail(*op, "attention: sums over all positions, later ones too");
  AxisAnalysis axes(op);
  Operation *yield = op.getBody().front().getTerminator();
  for (auto [value, result] : llvm::zip_equal(yield->getOperands(), op.getResults())) {
    Axes known = axes.of(value);
    if (known.row < 0)
      return fail(*op, "attention: sums over all positions, later ones too");
    time[result] = known.row;
  }
  reads[op] = readings;
  return !remembers || isCausal(op);
}

/// Whether no row depends on later columns: where columns are added up, compared or normalised, what is above the
/// diagonal is known not to count.
bool TimeAxes::isCausal(AttentionOp op) {
  Block &body = op.getBody().front();
  AxisAnalysis axes(op);
  KnownTriangles known(body);
  for (Operation &inner : body.without_terminator()) {
    auto above = [&](Value value) { return known.of(value)[kAbove]; };
    auto looksAhead = [&] { return fail(inner, inner.getName().stripDialect() + ": of later positions, too"); };
    auto isNegativeInfinity = [](Attribute scalar) {
      return isInfinite(scalar) && cast<FloatAttr>(scalar).getValue().isNegative();
    };
    for (Value operand : inner.getOperands())
      if (Axes own = axes.of(operand); own.column >= 0 && !isa<MapOp>(inner)) {
        int64_t rank = static_cast<int64_t>(shapeOf(operand).size());
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

} // namespace sinter
