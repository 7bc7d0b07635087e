// What invocations of a tile have for each other: numbers of a row, and the left operand of a product that sums over
// what is swept. For each four inner positions (one lane's) all lanes get the tile's values there, and load their
// columns of the right operand:
//
//   for lane l that has values: for c in 0 .. 3: for each outer position i:  sum[i] += tile[i] of lane l, number c *
//   right[4 l + c]
#include "compiler/codegen/vulkan/attention/AttentionShader.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;

namespace sinter::vulkan {

static constexpr int64_t kAcross = AttentionTiling::kAcross, kPart = kAcross * kQuad;

/// `known`, allocated if it is not.
Value AttentionShader::memory(Value &known, int64_t elements, Type type) {
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfter(safeOuter.front().getDefiningOp()); // before all loops
    known = shader.sharedMemory(elements, type);
  }
  return known;
}

/// The values of the invocations that share an outer position, combined by a tree; all get the result.
AttentionShader::Values AttentionShader::combineAcross(Values values, llvm::function_ref<Value(Value, Value)> combine) {
  Location loc = shader.loc;
  if (!target.profile.sharedMemory) {
    for (int64_t half = kAcross / 2; half >= 1; half /= 2) {
      Value mask = spirv::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(half));
      for (Value &value : values)
        value = combine(value, spirv::GroupNonUniformShuffleXorOp::create(b, loc, value.getType(),
                                                                          spirv::Scope::Subgroup, value, mask));
    }
    return values;
  }
  Value shared = memory(acrossMemory, tiling.outer() * kAcross, b.getF32Type());
  auto place = [&](int64_t i, Value number) {
    return LinearIndex{i * kAcross, {}}.add(row, kAcross).add(number, 1).materialize(b, loc);
  };
  gpu::BarrierOp::create(b, loc);
  for (auto [i, value] : llvm::enumerate(values))
    memref::StoreOp::create(b, loc, value, shared, place(i, lane));
  gpu::BarrierOp::create(b, loc);
  for (auto [i, value] : llvm::enumerate(values)) {
    Values parts;
    for (int64_t other = 0; other < kAcross; ++other)
      parts.push_back(memref::LoadOp::create(b, loc, shared, place(i, constant(other))));
    for (int64_t half = kAcross / 2; half >= 1; half /= 2)
      for (int64_t other = 0; other < half; ++other)
        parts[other] = combine(parts[other], parts[other + half]);
    value = parts.front();
  }
  return values;
}

Value AttentionShader::shuffle(Value value, Value from) {
  return spirv::GroupNonUniformShuffleOp::create(b, shader.loc, value.getType(), spirv::Scope::Subgroup, value, from);
}

/// Adds to the sums what the tile and its positions of the right operand give.
LogicalResult AttentionShader::multiply(const AttentionGoal &goal, MutableArrayRef<Value> sums, const Span &span) {
  const Values &input = tile.find(goal.input())->second;
  for (int64_t part = 0; part < tiling.width; ++part) {
    Values left;
    for (int64_t i = 0; i < tiling.each; ++i)
      left.push_back(rounded(masked(input[i * tiling.width + part], part, 0), goal.product().getBf16()));
    if (failed(multiplyPart(goal, sums, part, left, span)))
      return failure();
  }
  return success();
}

LogicalResult AttentionShader::multiplyPart(const AttentionGoal &goal, MutableArrayRef<Value> sums, int64_t part,
                                            ArrayRef<Value> left, const Span &span) {
  Location loc = shader.loc;
  MatmulOp product = goal.product();
  View right = viewOf(product.getRhs());
  int64_t depth = goal.depth(), tiles = llvm::divideCeil(depth, kPart), rank = right.strides.size();
  bool aligned = isAligned(right, rank - 1, depth);
  Value shared;
  if (target.profile.sharedMemory) {
    shared = memory(tileMemory, tiling.outer() * kAcross, lanesType(b.getF32Type()));
    gpu::BarrierOp::create(b, loc);
    for (auto [i, value] : llvm::enumerate(left))
      memref::StoreOp::create(b, loc, value, shared,
                              LinearIndex{int64_t(i) * kAcross, {}}.add(row, kAcross).add(lane, 1).materialize(b, loc));
    gpu::BarrierOp::create(b, loc);
  }
  // Which of the lanes have positions that count.
  Value begin = plus(innerBegin, part * kPart), from = constant(0), to = constant(kAcross);
  Value end = span.to ? span.to : isRagged() ? constant(innerSize) : Value();
  auto distance = [&](Value position) -> Value { // from `begin`, not below zero
    return arith::SubIOp::create(b, loc, arith::MaxUIOp::create(b, loc, position, begin), begin);
  };
  if (span.from)
    from = arith::DivUIOp::create(b, loc, distance(span.from), constant(kQuad));
  if (end)
    to = clamp(arith::DivUIOp::create(b, loc, plus(distance(end), kQuad - 1), constant(kQuad)), kAcross);
  Values depths;
  for (int64_t t = 0; t < tiles; ++t)
    depths.push_back(plus(innerLane(), t * kPart));
  auto addLane = [&](Value number, SmallVectorImpl<Value> &carried) {
    Values lefts;
    Value source = arith::IndexCastOp::create(b, loc, b.getI32Type(), number);
    if (shared)
      for (int64_t i = 0; i < tiling.each; ++i)
        lefts.push_back(memref::LoadOp::create(
            b, loc, shared, LinearIndex{i * kAcross, {}}.add(row, kAcross).add(number, 1).materialize(b, loc)));
    for (int64_t c = 0; c < kQuad; ++c) {
      Value position = plus(plus(begin, c), number, kQuad), safe = position;
      bool behind = innerSize % kQuad != 0;
      if (behind)
        safe = clamp(position, innerSize - 1);
      Values rights;
      for (int64_t t = 0; t < tiles; ++t) {
        LinearIndex start = startOf(right);
        start.add(safe, right.strides[rank - 2]);
        Value value = loadFour(right, b.getF32Type(), start, neighbours(depths[t], depth, t * kPart + kPart > depth),
                               right.strides[rank - 1], aligned);
        value = rounded(value, product.getBf16());
        rights.push_back(behind ? choose(lanes(below(position, innerSize)), value, splat(0)) : value);
      }
      for (int64_t i = 0; i < tiling.each; ++i) {
        Value value = shared ? extract(lefts[i], c) : shuffle(extract(left[i], c), source);
        for (int64_t t = 0; t < tiles; ++t)
          carried[i * tiles + t] = multiplyAdd(value, rights[t], carried[i * tiles + t]);
      }
    }
    return success();
  };
  SmallVector<Value> values(sums.begin(), sums.end());
  bool mayBeNone = (end || span.from) && tiling.width > 1;
  scf::IfOp branch;
  OpBuilder::InsertionGuard guard(b);
  if (mayBeNone) { // a loop that does not run would leave what it carries undefined
    Value any = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, from, to);
    branch = scf::IfOp::create(b, loc, ValueRange(values).getTypes(), any, /*withElseRegion=*/true);
    b.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(b, loc, values);
    b.setInsertionPointToEnd(branch.thenBlock());
  }
  if (failed(shader.loop(from, to, 1, kAcross, values, addLane)))
    return failure();
  if (mayBeNone) {
    scf::YieldOp::create(b, loc, values);
    values.assign(branch.getResults().begin(), branch.getResults().end());
  }
  llvm::copy(values, sums.begin());
  return success();
}

} // namespace sinter::vulkan
