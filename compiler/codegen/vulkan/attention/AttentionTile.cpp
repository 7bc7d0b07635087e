// The values of a tile, from operands in memory and numbers of rows, op by op of the region.
#include "compiler/codegen/vulkan/attention/AttentionShader.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::vulkan {

static constexpr int64_t kAcross = AttentionTiling::kAcross, kPart = kAcross * kQuad;

//===--- memory --------------------------------------------------------------------------------------===//

View AttentionShader::viewOf(Value argument) const {
  return kernel.operands[cast<BlockArgument>(argument).getArgNumber()];
}

/// Where a tensor over all batch dimensions begins for the workgroup's.
LinearIndex AttentionShader::startOf(const View &view) {
  LinearIndex start{view.offset, {}};
  for (auto [index, stride] : llvm::zip(batch, view.strides))
    start.add(index, stride);
  return start;
}

/// Whether four neighbours along a dimension of `size` are one vector in memory.
bool AttentionShader::isAligned(const View &view, size_t along, int64_t size) const {
  if (view.strides[along] != 1 || size % kQuad != 0 || view.offset % kQuad != 0)
    return false;
  for (auto [dim, stride] : llvm::enumerate(view.strides))
    if (dim != along && stride % kQuad != 0)
      return false;
  return true;
}

/// `first` and the three behind it; if they may lie behind the end, the last one stands for them.
AttentionShader::Values AttentionShader::neighbours(Value first, int64_t size, bool mayExceed) {
  Values values;
  for (int64_t i = 0; i < kQuad; ++i)
    values.push_back(mayExceed || size % kQuad != 0 ? clamp(plus(first, i), size - 1) : plus(first, i));
  return values;
}

Value AttentionShader::loadOne(const View &view, Type element, const LinearIndex &at) {
  Buffer buffer = shader.bind(target.operand(view.operand), plan::Binding::Read, memoryType(element));
  return fromMemory(b, shader.loc, shader.load(buffer, at.materialize(b, shader.loc)), element);
}

/// The elements at `along`, each `stride` from the other; `aligned`: they are a vector in memory.
Value AttentionShader::loadFour(const View &view, Type element, const LinearIndex &start, ArrayRef<Value> along,
                                int64_t stride, bool aligned) {
  if (!aligned) {
    Values values;
    for (Value position : along) {
      LinearIndex at = start;
      values.push_back(loadOne(view, element, at.add(position, stride)));
    }
    return four(values);
  }
  LinearIndex at = start;
  Value index = inQuads(b, shader.loc, at.add(along.front(), stride));
  Place place = target.operand(view.operand);
  if (target.profile.texels && element.isF32() && ShaderBuilder::bindsTexels(place))
    return shader.fetchTexels(place, index);
  Buffer buffer = shader.bind(place, plan::Binding::Read, lanesType(memoryType(element)));
  return fromMemory(b, shader.loc, shader.load(buffer, index), element);
}

//===--- the end of the inner axis -------------------------------------------------------------------===//

/// Which of the four of a part exist; null: all.
Value AttentionShader::inside(int64_t part) {
  if (!isRagged())
    return {};
  Location loc = shader.loc;
  auto type = lanesType(b.getIndexType());
  Value steps = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, ArrayRef<APInt>{{64, 0}, {64, 1}, {64, 2}, {64, 3}}));
  Value positions = arith::AddIOp::create(b, loc, lanes(innerOf(part)), steps);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, positions, lanes(constant(innerSize)));
}

Value AttentionShader::masked(Value value, int64_t part, double other) {
  Value exists = inside(part);
  return exists ? choose(exists, value, splat(other)) : value;
}

//===--- ops -----------------------------------------------------------------------------------------===//

LogicalResult AttentionShader::compute(ArrayRef<Operation *> ops) {
  Location outer = shader.loc;
  for (Operation *op : ops) {
    if (tile.contains(op->getResult(0)))
      continue;
    shader.loc = op->getLoc();
    if (auto product = dyn_cast<MatmulOp>(op)) {
      if (failed(computeScores(product)))
        return failure();
    } else if (auto map = dyn_cast<MapOp>(op)) {
      if (failed(computeMap(map)))
        return failure();
    } else if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
      computeSoftmax(softmax);
    } else {
      return op->emitError("attention: not known to Vulkan");
    }
  }
  shader.loc = outer;
  return success();
}

/// What a product over rows x columns reads, and the rows of its left operand that an invocation loads: its own, or of
/// the subgroup's one for each lane.
struct AttentionShader::Scores {
  View left, right;
  int64_t depth;
  bool leftAligned, rightAligned, bf16, shuffles;
  Values rows;
};

AttentionShader::Scores AttentionShader::readScores(MatmulOp op) {
  View left = viewOf(byColumns ? op.getRhs() : op.getLhs()), right = viewOf(byColumns ? op.getLhs() : op.getRhs());
  int64_t last = static_cast<int64_t>(left.strides.size()) - 1;
  int64_t depth = cast<RankedTensorType>(op.getLhs().getType()).getShape().back();
  Scores scores{left,
                right,
                depth,
                isAligned(left, last, depth),
                isAligned(right, last, depth),
                op.getBf16(),
                !target.profile.sharedMemory,
                safeOuter};
  if (!scores.shuffles)
    return scores;
  scores.rows.clear();
  for (int64_t first = 0; first < tiling.each; first += kAcross) {
    Value at = plus(plus(blockFirst, lane), first);
    bool mayExceed = outerSize % tiling.outer() != 0 || tiling.each % kAcross != 0;
    scores.rows.push_back(mayExceed ? clamp(at, outerSize - 1) : at);
  }
  return scores;
}

/// Adds `count` products from k on to the sums of some parts of the tile: each lane has four inner positions, and gets
/// the outer ones' numbers from the lanes that have loaded them.
void AttentionShader::addToScores(const Scores &scores, ArrayRef<int64_t> parts, Value k, int64_t count,
                                  MutableArrayRef<Value> sums) {
  Location loc = shader.loc;
  Values along = neighbours(k, scores.depth, count < kQuad), lefts;
  auto load = [&](const View &view, Value position, bool aligned) {
    int64_t rank = view.strides.size();
    LinearIndex start = startOf(view);
    start.add(position, view.strides[rank - 2]);
    return rounded(loadFour(view, b.getF32Type(), start, along, view.strides[rank - 1], aligned), scores.bf16);
  };
  for (Value row : scores.rows)
    lefts.push_back(load(scores.left, row, scores.leftAligned));
  SmallVector<Values> rights; // by part and number along the depth
  for (int64_t part : parts) {
    Values loaded;
    for (Value column : neighbours(innerOf(part), innerSize, isRagged()))
      loaded.push_back(load(scores.right, column, scores.rightAligned));
    Values &own = rights.emplace_back();
    for (int64_t q = 0; q < count; ++q) {
      Values scalars;
      for (Value value : loaded)
        scalars.push_back(extract(value, q));
      own.push_back(four(scalars));
    }
  }
  for (int64_t i = 0; i < tiling.each; ++i)
    for (int64_t q = 0; q < count; ++q) {
      Value value = extract(lefts[scores.shuffles ? i / kAcross : i], q);
      if (scores.shuffles)
        value = shuffle(value, spirv::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(i % kAcross)));
      for (size_t w = 0; w < parts.size(); ++w)
        sums[i * parts.size() + w] = multiplyAdd(value, rights[w][q], sums[i * parts.size() + w]);
    }
}

/// A product of a number per row and a number per column, over their depth.
LogicalResult AttentionShader::computeScores(MatmulOp op) {
  Scores scores = readScores(op);
  auto run = [&](ArrayRef<int64_t> parts, Values &sums) -> LogicalResult {
    int64_t whole = scores.depth / kQuad * kQuad;
    auto body = [&](Value k, SmallVectorImpl<Value> &carried) {
      addToScores(scores, parts, k, kQuad, carried);
      return success();
    };
    if (whole > 0 && failed(shader.loop(constant(0), constant(whole), kQuad, whole / kQuad, sums, body)))
      return failure();
    if (whole < scores.depth)
      addToScores(scores, parts, constant(whole), scores.depth - whole, sums);
    return success();
  };
  Values sums(tiling.each * tiling.width, splat(0));
  if (tiling.width == 1 || op.getResultPart() != TrianglePart::lower) {
    SmallVector<int64_t> parts = llvm::to_vector(llvm::seq<int64_t>(0, tiling.width));
    if (failed(run(parts, sums)))
      return failure();
    tile[op.getResult()] = sums;
    return success();
  }
  // Of a part that is above the diagonal nobody needs a score.
  Location loc = shader.loc;
  for (int64_t part = 0; part < tiling.width; ++part) {
    Value first = constant(part * kPart), last = plus(first, kPart - 1);
    Value counts =
        byColumns ? arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, blockFirst, last)
                  : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, first, plus(blockFirst, tiling.outer()));
    Values own(tiling.each, splat(0));
    auto branch = scf::IfOp::create(b, loc, ValueRange(own).getTypes(), counts, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(b, loc, own);
    b.setInsertionPointToEnd(branch.thenBlock());
    if (failed(run(part, own)))
      return failure();
    scf::YieldOp::create(b, loc, own);
    for (int64_t i = 0; i < tiling.each; ++i)
      sums[i * tiling.width + part] = branch.getResult(i);
  }
  tile[op.getResult()] = sums;
  return success();
}

/// The index along dimension `dim` of rows x columns, as i32.
Value AttentionShader::indexAlong(int64_t dim, int64_t outer, int64_t part) {
  Location loc = shader.loc;
  auto rows = static_cast<int64_t>(kernel.batch.size()), columns = rows + 1;
  bool isInner = dim == (byColumns ? rows : columns);
  Value value = isInner ? innerOf(part) : dim < rows ? batch[dim] : outerAt[outer];
  value = arith::IndexCastOp::create(b, loc, b.getI32Type(), value);
  if (!isInner)
    return value;
  auto type = lanesType(b.getI32Type());
  Value steps = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>{0, 1, 2, 3}));
  return arith::AddIOp::create(b, loc, lanes(value), steps);
}

LogicalResult AttentionShader::computeMap(MapOp op) {
  // A copy of the region that gets indices as arguments, too.
  Region copy;
  IRMapping mapping;
  op.getBody().cloneInto(&copy, mapping);
  Block &body = copy.front();
  SmallVector<int64_t> dims;
  for (IndexOp index : llvm::make_early_inc_range(body.getOps<IndexOp>())) {
    dims.push_back(static_cast<int64_t>(index.getDim()));
    index.replaceAllUsesWith(body.addArgument(index.getType(), index.getLoc()));
    index.erase();
  }
  for (int64_t i = 0; i < tiling.each; ++i)
    for (int64_t w = 0; w < tiling.width; ++w) {
      Values arguments;
      for (unsigned input = 0; input < op.getInputs().size(); ++input)
        arguments.push_back(operandOf(op, input, i, w));
      for (int64_t dim : dims)
        arguments.push_back(indexAlong(dim, i, w));
      FailureOr<SmallVector<Value>> values = cloneBody(b, body, arguments, {kQuad, {}, {}});
      if (failed(values))
        return failure();
      for (auto [result, value] : llvm::zip_equal(op.getResults(), *values))
        tile[result].push_back(lanes(value));
    }
  return success();
}

/// What input `input` of a map is at one of the invocation's fours.
Value AttentionShader::operandOf(MapOp op, unsigned input, int64_t outer, int64_t part) {
  Value value = op.getInputs()[input];
  if (kernel.both.contains(value))
    return tile.find(value)->second[outer * tiling.width + part];
  AffineMap read = cast<AffineMapAttr>(op.getIndexingMaps()[input]).getValue();
  if (auto diagonals = value.getDefiningOp<DiagonalsOp>()) {
    read = tableIndexOf(diagonals).compose(read);
    value = diagonals.getTable();
  }
  if (auto argument = dyn_cast<BlockArgument>(value))
    return loadOperand(argument.getArgNumber(), read, outer, part);
  SplatElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return arith::ConstantOp::create(b, shader.loc, constant.getSplatValue<TypedAttr>());
  return numberOf(value.getDefiningOp(), 0, outer, part);
}

/// A number of a row: what this dispatch has found, or the other one has left.
Value AttentionShader::numberOf(Operation *op, unsigned which, int64_t outer, int64_t part) {
  if (!byColumns)
    return numbers.find(op)->second[which][outer];
  int64_t perBatch = llvm::alignTo(kernel.rows, kQuad);
  LinearIndex at{left.first.find(op)->second + which * left.each, {}};
  Value first = innerOf(part);
  at.add(batchNumber, perBatch).add(isRagged() ? clamp(first, perBatch - kQuad) : first, 1);
  Value index = inQuads(b, shader.loc, at);
  if (target.profile.texels && ShaderBuilder::bindsTexels(left.place))
    return shader.fetchTexels(left.place, index);
  return shader.load(shader.bind(left.place, plan::Binding::Read, lanesType(b.getF32Type())), index);
}

/// Loads what is the same in all tiles.
void AttentionShader::hoist(ArrayRef<AttentionGoal> goals) {
  SmallVector<Value> inputs;
  for (const AttentionGoal &goal : goals)
    inputs.push_back(goal.input());
  auto rows = static_cast<unsigned>(kernel.batch.size());
  unsigned inner = byColumns ? rows : rows + 1, outer = byColumns ? rows + 1 : rows;
  for (Operation *op : kernel.needed(inputs)) {
    auto map = dyn_cast<MapOp>(op);
    if (!map)
      continue;
    for (auto [value, read] :
         llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      auto argument = dyn_cast<BlockArgument>(value);
      if (!argument || read.isFunctionOfDim(inner))
        continue;
      int64_t count = read.isFunctionOfDim(outer) ? tiling.each : 1;
      for (int64_t i = 0; i < count; ++i)
        loaded.push_back(
            {argument.getArgNumber(), read, count == 1 ? -1 : i, loadOperand(argument.getArgNumber(), read, i, 0)});
    }
  }
}

/// Elements of an operand that a map reads; a scalar if they are the same along the inner axis.
Value AttentionShader::loadOperand(unsigned argument, AffineMap read, int64_t outer, int64_t part) {
  for (auto [known, how, at, value] : loaded)
    if (known == argument && how == read && (at < 0 || at == outer))
      return value;
  auto rows = static_cast<int64_t>(kernel.batch.size());
  int64_t inner = byColumns ? rows : rows + 1;
  const View &view = kernel.operands[argument];
  Type element = getElementTypeOrSelf(kernel.op->getOperand(argument).getType());
  LinearIndex start{view.offset, {}};
  int64_t along = -1, innerStride = 0;
  for (auto [r, stride] : llvm::enumerate(view.strides)) {
    std::optional<codegen::LinearIndexOf> index = codegen::linearIndex(read.getResult(r), read.getNumDims());
    start.constant += index->constant * stride;
    for (auto [dim, factor] : llvm::enumerate(index->factors))
      if (static_cast<int64_t>(dim) == inner && factor != 0)
        along = static_cast<int64_t>(r), innerStride = factor * stride;
      else if (factor != 0)
        start.add(static_cast<int64_t>(dim) < rows ? batch[dim] : safeOuter[outer], factor * stride);
  }
  if (along < 0)
    return loadOne(view, element, start);
  bool plain = isa<AffineDimExpr>(read.getResult(along));
  return loadFour(view, element, start, neighbours(innerOf(part), innerSize, isRagged()), innerStride,
                  plain && isAligned(view, along, innerSize));
}

} // namespace sinter::vulkan
