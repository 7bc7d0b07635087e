// Sweeps: what a dispatch adds up, tile by tile, and what becomes of it.
//
// Sums over what is swept add up in blocks of 512 (kProductBlock), each from zero in ascending order, and blocks by
// Kahan's method (SumOrder.h).
#include "compiler/codegen/vulkan/attention/AttentionShader.h"

#include "compiler/codegen/vulkan/products/Matmul.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;

namespace sinter::vulkan {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr int64_t kAcross = AttentionTiling::kAcross, kPart = kAcross * kQuad;

AttentionShader::AttentionShader(KernelBuilder &target, const AttentionKernel &kernel, const AttentionTiling &tiling,
                                 bool byColumns, const AttentionNumbers &left)
    : kernel(kernel), tiling(tiling), byColumns(byColumns), target(target), left(left),
      shader(target, AttentionOp(kernel.op).getLoc(), {static_cast<int32_t>(kAcross * tiling.down), 1, 1},
             target.profile.sharedMemory ? std::optional<int>() : kAcross),
      b(shader.builder), outerSize(byColumns ? kernel.columns : kernel.rows),
      innerSize(byColumns ? kernel.rows : kernel.columns) {}

static int64_t tilesOfDepth(const AttentionGoal &goal) { return llvm::divideCeil(goal.depth(), kPart); }

//===--- arithmetic ----------------------------------------------------------------------------------===//

Value AttentionShader::splat(double value) {
  return arith::ConstantOp::create(
      b, shader.loc, DenseElementsAttr::get(lanesType(b.getF32Type()), b.getF32FloatAttr(value).getValue()));
}

Value AttentionShader::plus(Value value, int64_t constant) {
  return LinearIndex{constant, {}}.add(value, 1).materialize(b, shader.loc);
}

Value AttentionShader::plus(Value value, Value other, int64_t factor) {
  return LinearIndex().add(value, 1).add(other, factor).materialize(b, shader.loc);
}

Value AttentionShader::clamp(Value value, int64_t limit) {
  return arith::MinUIOp::create(b, shader.loc, value, constant(limit));
}

Value AttentionShader::below(Value value, int64_t limit) {
  return arith::CmpIOp::create(b, shader.loc, arith::CmpIPredicate::ult, value, constant(limit));
}

Value AttentionShader::choose(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, shader.loc, condition, yes, no);
}

Value AttentionShader::extract(Value vector, int64_t lane) {
  return vector::ExtractOp::create(b, shader.loc, vector, lane);
}

Value AttentionShader::four(ArrayRef<Value> scalars) {
  return vector::FromElementsOp::create(b, shader.loc, lanesType(scalars.front().getType()), scalars);
}

Value AttentionShader::multiplyAdd(Value left, Value right, Value sum) {
  return math::FmaOp::create(b, shader.loc, lanes(left), right, sum);
}

Value AttentionShader::maximum(Value x, Value y) { return arith::MaximumFOp::create(b, shader.loc, x, y); }

Value AttentionShader::isInfinity(Value value, bool negative) {
  Value infinity = arith::ConstantOp::create(b, shader.loc, b.getF32FloatAttr(negative ? -kInfinity : kInfinity));
  if (isLanes(value))
    infinity = lanes(infinity);
  return arith::CmpFOp::create(b, shader.loc, arith::CmpFPredicate::OEQ, value, infinity);
}

Value AttentionShader::rounded(Value value, bool bf16) {
  if (!bf16)
    return value;
  Type narrow = b.getBF16Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    narrow = vector.clone(narrow);
  Value half = arith::TruncFOp::create(b, shader.loc, narrow, value);
  return arith::ExtFOp::create(b, shader.loc, value.getType(), half);
}

template <typename Function> void AttentionShader::guarded(Value condition, Function body) {
  if (!condition)
    return body();
  auto branch = scf::IfOp::create(b, shader.loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

//===--- sweeps --------------------------------------------------------------------------------------===//

void AttentionShader::locate() {
  Value id = shader.localId(gpu::Dimension::x);
  lane = id;
  row = constant(0);
  if (tiling.down > 1) {
    lane = arith::RemUIOp::create(b, shader.loc, id, constant(kAcross));
    Value down = arith::DivUIOp::create(b, shader.loc, id, constant(kAcross));
    row = LinearIndex().add(down, tiling.each).materialize(b, shader.loc);
  }
  blockFirst = LinearIndex().add(shader.workgroupId(gpu::Dimension::x), tiling.outer()).materialize(b, shader.loc);
  batchNumber = kernel.batchSize() == 1 ? constant(0) : shader.workgroupId(gpu::Dimension::z);
  batch.resize(kernel.batch.size());
  Value rest = batchNumber;
  for (auto i = static_cast<int64_t>(batch.size()) - 1; i >= 0; --i) {
    Value size = constant(kernel.batch[i]);
    batch[i] = i == 0 ? rest : arith::RemUIOp::create(b, shader.loc, rest, size).getResult();
    if (i != 0)
      rest = arith::DivUIOp::create(b, shader.loc, rest, size);
  }
  for (int64_t i = 0; i < tiling.each; ++i) {
    outerAt.push_back(plus(plus(blockFirst, row), i));
    safeOuter.push_back(outerSize % tiling.outer() == 0 ? outerAt.back() : clamp(outerAt.back(), outerSize - 1));
  }
}

LogicalResult AttentionShader::emit() {
  locate();
  ArrayRef<AttentionGoal> goals = byColumns ? kernel.overRows : kernel.overColumns;
  hoist(goals);
  if (byColumns) { // all numbers are known
    if (failed(sweep(goals)))
      return failure();
  } else {
    int64_t last = 0;
    for (const AttentionGoal &goal : goals)
      last = std::max(last, goal.level);
    for (int64_t level = 0; level <= last; ++level) {
      SmallVector<AttentionGoal> ofLevel;
      llvm::copy_if(goals, std::back_inserter(ofLevel), [&](const AttentionGoal &g) { return g.level == level; });
      if (!ofLevel.empty() && failed(sweep(ofLevel)))
        return failure();
    }
  }
  auto blocks = static_cast<int64_t>(llvm::divideCeil(outerSize, tiling.outer()));
  shader.dispatch({blocks, 1, kernel.batchSize()});
  return success();
}

/// What of the inner axis counts in any of the goals.
AttentionShader::Span AttentionShader::spanOf(ArrayRef<AttentionGoal> goals) {
  if (!llvm::all_of(goals, [](const AttentionGoal &goal) { return goal.causal; }))
    return {};
  int64_t window = 0; // the widest, if all have one
  for (const AttentionGoal &goal : goals)
    window = std::max(window, goal.window.value_or(innerSize));
  // Rows i see columns from i - window + 1 to i.
  Location loc = shader.loc;
  Value end = plus(blockFirst, tiling.outer());
  if (byColumns)
    return {blockFirst, window < innerSize ? clamp(plus(end, window - 1), innerSize) : Value()};
  Value from;
  if (window < innerSize)
    from = arith::SubIOp::create(b, loc, arith::MaxUIOp::create(b, loc, blockFirst, constant(window - 1)),
                                 constant(window - 1));
  return {from, clamp(end, innerSize)};
}

LogicalResult AttentionShader::sweep(ArrayRef<AttentionGoal> goals) {
  SmallVector<Value> inputs;
  Values values;
  for (const AttentionGoal &goal : goals) {
    inputs.push_back(goal.input());
    values.append(neutral(goal));
  }
  SmallVector<Operation *> ops = kernel.needed(inputs);
  if (!tiling.whole) {
    if (failed(sweepTiles(goals, ops, values)))
      return failure();
  } else {
    innerBegin = constant(0);
    innerFirst = LinearIndex().add(lane, kQuad).materialize(b, shader.loc);
    if (failed(compute(ops)))
      return failure();
  }
  MutableArrayRef<Value> rest = values;
  for (const AttentionGoal &goal : goals) {
    MutableArrayRef<Value> own = rest.take_front(countOf(goal));
    rest = rest.drop_front(own.size());
    if (tiling.whole && goal.kind == AttentionGoal::Softmax) {
      finishWholeSoftmax(goal);
      continue;
    }
    if ((tiling.whole && failed(add(goal, own, spanOf(goal)))) || failed(finish(goal, own)))
      return failure();
  }
  return success();
}

LogicalResult AttentionShader::sweepTiles(ArrayRef<AttentionGoal> goals, ArrayRef<Operation *> ops, Values &values) {
  Location loc = shader.loc;
  Span span = spanOf(goals);
  int64_t step = tiling.inner(), tiles = llvm::divideCeil(innerSize, step);
  Value from = constant(0), to = span.to ? span.to : constant(innerSize);
  if (span.from)
    from = LinearIndex().add(arith::DivUIOp::create(b, loc, span.from, constant(step)), step).materialize(b, loc);
  auto addTile = [&](Value begin, SmallVectorImpl<Value> &carried) -> LogicalResult {
    tile.clear();
    innerBegin = begin;
    innerFirst = plus(begin, lane, kQuad);
    if (failed(compute(ops)))
      return failure();
    MutableArrayRef<Value> rest = carried;
    for (const AttentionGoal &goal : goals) {
      MutableArrayRef<Value> own = rest.take_front(countOf(goal));
      if (failed(add(goal, own, spanOf(goal))))
        return failure();
      rest = rest.drop_front(own.size());
    }
    return success();
  };
  static_assert(kProductBlock % kPart == 0);
  if (innerSize <= kProductBlock)
    return shader.loop(from, to, step, tiles, values, addTile);
  // A block's sums start from what leaves others unchanged; behind the totals, what rounding has added to them.
  Values start = values, totals = values;
  totals.append(values.size(), splat(0));
  auto addBlock = [&](Value begin, SmallVectorImpl<Value> &carried) -> LogicalResult {
    Values own = start;
    Value first = arith::MaxUIOp::create(b, loc, begin, from);
    Value end = arith::MinUIOp::create(b, loc, plus(begin, kProductBlock), to);
    if (failed(shader.loop(first, end, step, kProductBlock / step, own, addTile)))
      return failure();
    size_t at = 0;
    for (const AttentionGoal &goal : goals) {
      size_t count = countOf(goal);
      addBlocks(goal, MutableArrayRef(carried).slice(at, count),
                MutableArrayRef(carried).slice(start.size() + at, count), ArrayRef(own).slice(at, count));
      at += count;
    }
    return success();
  };
  Value firstBlock = LinearIndex()
                         .add(arith::DivUIOp::create(b, loc, from, constant(kProductBlock)), kProductBlock)
                         .materialize(b, loc);
  if (failed(shader.loop(firstBlock, to, kProductBlock, llvm::divideCeil(innerSize, kProductBlock), totals, addBlock)))
    return failure();
  values.assign(totals.begin(), totals.begin() + values.size());
  return success();
}

//===--- goals ---------------------------------------------------------------------------------------===//

int64_t AttentionShader::countOf(const AttentionGoal &goal) const {
  return tiling.each * (goal.kind == AttentionGoal::Product   ? tilesOfDepth(goal)
                        : goal.kind == AttentionGoal::Softmax ? 2
                                                              : 1);
}

/// What a goal starts from: of a softmax the maxima, then the sums.
AttentionShader::Values AttentionShader::neutral(const AttentionGoal &goal) {
  switch (goal.kind) {
  case AttentionGoal::Product:
    return Values(tiling.each * tilesOfDepth(goal), splat(0));
  case AttentionGoal::Sum:
    return Values(tiling.each, splat(0));
  case AttentionGoal::Extremum:
    return Values(tiling.each, splat(cast<ReduceOp>(goal.op).getKind() == ReduceKind::max ? -kInfinity : kInfinity));
  case AttentionGoal::Softmax: {
    Values values(tiling.each, splat(-kInfinity));
    values.append(tiling.each, splat(0));
    return values;
  }
  }
  return {};
}

Value AttentionShader::extremum(const AttentionGoal &goal, Value x, Value y) {
  if (cast<ReduceOp>(goal.op).getKind() == ReduceKind::max)
    return maximum(x, y);
  return arith::MinimumFOp::create(b, shader.loc, x, y);
}

/// Adds the tile.
LogicalResult AttentionShader::add(const AttentionGoal &goal, MutableArrayRef<Value> values, const Span &span) {
  const Values &input = tile.find(goal.input())->second;
  for (int64_t i = 0; i < tiling.each; ++i)
    for (int64_t w = 0; w < tiling.width; ++w) {
      Value x = input[i * tiling.width + w];
      if (goal.kind == AttentionGoal::Sum) {
        values[i] = arith::AddFOp::create(b, shader.loc, values[i], masked(x, w, 0));
      } else if (goal.kind == AttentionGoal::Extremum) {
        bool max = cast<ReduceOp>(goal.op).getKind() == ReduceKind::max;
        values[i] = extremum(goal, values[i], masked(x, w, max ? -kInfinity : kInfinity));
      } else if (goal.kind == AttentionGoal::Softmax) {
        addToSoftmax(values[i], values[tiling.each + i], masked(x, w, -kInfinity));
      }
    }
  return goal.kind == AttentionGoal::Product ? multiply(goal, values, span) : success();
}

void AttentionShader::addBlocks(const AttentionGoal &goal, MutableArrayRef<Value> totals,
                                MutableArrayRef<Value> excesses, ArrayRef<Value> block) {
  Location loc = shader.loc;
  if (goal.kind == AttentionGoal::Softmax)
    return addBlockOfSoftmax(totals, block);
  for (auto [total, excess, own] : llvm::zip_equal(totals, excesses, block))
    if (goal.kind == AttentionGoal::Extremum) {
      total = extremum(goal, total, own);
    } else {
      RunSum sum = addRun(b, loc, {total, excess}, own);
      total = sum.sum, excess = sum.excess;
    }
}

/// Four lanes to one value: (0 + 2) + (1 + 3).
static Value fold(Value value, llvm::function_ref<Value(Value, Value)> combine,
                  llvm::function_ref<Value(Value, int64_t)> extract) {
  return combine(combine(extract(value, 0), extract(value, 2)), combine(extract(value, 1), extract(value, 3)));
}

/// Combines the four lanes of each value, then those of the invocations across.
AttentionShader::Values AttentionShader::combineAll(ArrayRef<Value> values,
                                                    llvm::function_ref<Value(Value, Value)> combine) {
  Values result;
  for (Value value : values)
    result.push_back(fold(value, combine, [&](Value v, int64_t i) { return extract(v, i); }));
  return combineAcross(result, combine);
}

LogicalResult AttentionShader::finish(const AttentionGoal &goal, ArrayRef<Value> values) {
  auto sum = [&](Value x, Value y) -> Value { return arith::AddFOp::create(b, shader.loc, x, y); };
  switch (goal.kind) {
  case AttentionGoal::Product:
    storeProduct(goal, values);
    return success();
  case AttentionGoal::Sum:
    leave(goal.op, {combineAll(values, sum)});
    return success();
  case AttentionGoal::Extremum:
    leave(goal.op, {combineAll(values, [&](Value x, Value y) { return extremum(goal, x, y); })});
    return success();
  case AttentionGoal::Softmax:
    finishSoftmax(goal, values);
    return success();
  }
  return failure();
}

/// Keeps numbers of rows for the sweeps that follow, and stores them for the other dispatch.
void AttentionShader::leave(Operation *op, ArrayRef<Values> known) {
  numbers[op].assign(known.begin(), known.end());
  auto found = left.first.find(op);
  if (found == left.first.end())
    return;
  int64_t perBatch = llvm::alignTo(kernel.rows, kQuad);
  Buffer buffer = shader.bind(left.place, plan::Binding::Write, b.getF32Type());
  guarded(below(lane, 1), [&] {
    for (auto [which, values] : llvm::enumerate(known))
      for (auto [at, value] : llvm::zip_equal(outerAt, values))
        guarded(outerSize % tiling.outer() == 0 ? Value() : below(at, outerSize), [&] {
          LinearIndex place{found->second + static_cast<int64_t>(which) * left.each, {}};
          shader.store(buffer, place.add(batchNumber, perBatch).add(at, 1).materialize(b, shader.loc), value);
        });
  });
}

void AttentionShader::storeProduct(const AttentionGoal &goal, ArrayRef<Value> sums) {
  const View &view = goal.result;
  int64_t depth = goal.depth(), stride = view.strides.back();
  bool aligned = isAligned(view, view.strides.size() - 1, depth);
  Place place = target.operand(view.operand);
  Type element = aligned ? Type(lanesType(b.getF32Type())) : b.getF32Type();
  Buffer buffer = shader.bind(place, plan::Binding::Write, element);
  for (int64_t t = 0; t < tilesOfDepth(goal); ++t) {
    Value first = plus(innerLane(), t * kPart);
    bool partly = t * kPart + kPart > depth;
    guarded(partly ? below(first, depth) : Value(), [&] {
      for (auto [i, at] : llvm::enumerate(outerAt))
        guarded(outerSize % tiling.outer() == 0 ? Value() : below(at, outerSize), [&] {
          Value sum = sums[i * tilesOfDepth(goal) + t];
          LinearIndex start = startOf(view);
          start.add(at, view.strides[view.strides.size() - 2]);
          if (aligned)
            return shader.store(buffer, inQuads(b, shader.loc, start.add(first, stride)), sum);
          for (int64_t c = 0; c < kQuad; ++c) {
            Value position = plus(first, c);
            bool behind = t * kPart + kPart > depth && depth % kQuad != 0 && c > 0;
            guarded(behind ? below(position, depth) : Value(), [&] {
              LinearIndex offset = start;
              shader.store(buffer, offset.add(position, stride).materialize(b, shader.loc), extract(sum, c));
            });
          }
        });
    });
  }
}

} // namespace sinter::vulkan
