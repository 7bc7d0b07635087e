// How the sums of a product add up along k, whatever style multiplies: in blocks and parts; see Matmul.h.
#include "compiler/codegen/vulkan/products/MatmulShader.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {

int64_t MatmulTiling::tiles(const MatmulKernel &kernel) const {
  return tilesOf(kernel.m, rows) * tilesOf(kernel.n, columns);
}

FailureOr<SmallVector<Value>> MatmulShader::addUp(Value row, Value column, int64_t step, bool pads, Multiply multiply) {
  if (dispatch.kind == MatmulDispatch::Totals)
    return addParts();
  Bounds bounds;
  if (!kernel.ordered.empty()) {
    int64_t end = pads ? llvm::alignTo(kernel.k.size, step) : kernel.k.size / step * step;
    bounds = depthsOf({row, tiling.rows}, {column, tiling.columns}, step, end);
  }
  Value base = part ? LinearIndex().add(part, kProductPart).materialize(shader.builder, shader.loc) : constant(0);
  Sums sums = noSums();
  if (failed(addPieces(sums, base, dispatch.length, {step, pads, bounds, multiply}, Level::Part)))
    return failure();
  return sums;
}

SmallVector<Value> MatmulShader::noSums() {
  return Sums(tiling.sums, shader.zero(VectorType::get({kQuad}, shader.builder.getF32Type())));
}

LogicalResult MatmulShader::addBlocks(Sums &sums, int64_t length, Block block) {
  return addPieces(sums, constant(0), length, {0, false, std::nullopt, nullptr, block}, Level::Part);
}

//===--- pieces --------------------------------------------------------------------------------------===//

/// Sums of `length` terms from `begin`: several groups, each several blocks. Of a level with one piece there is nothing
/// to add.
LogicalResult MatmulShader::addPieces(Sums &sums, Value begin, int64_t length, const Steps &steps, Level level) {
  if (level == Level::Block)
    return steps.block ? steps.block(sums, begin, length) : addBlock(sums, begin, length, steps);
  int64_t piece = level == Level::Part ? kProductGroup : kProductBlock, pieces = length / piece, last = length % piece;
  Level below = level == Level::Part ? Level::Group : Level::Block;
  if (length <= piece)
    return addPieces(sums, begin, length, steps, below);
  OpBuilder &b = shader.builder;
  bool remembers = level == Level::Part;
  Sums zeros = sums, totals = sums; // which are zeros
  if (remembers)
    totals.append(zeros); // what rounding has added
  auto add = [&](SmallVectorImpl<Value> &carried, Value at, int64_t terms) -> LogicalResult {
    Sums own = zeros;
    if (failed(addPieces(own, at, terms, steps, below)))
      return failure();
    for (int64_t i = 0; i < tiling.sums; ++i)
      if (remembers) {
        RunSum sum = addRun(b, shader.loc, {carried[i], carried[i + tiling.sums]}, own[i]);
        carried[i] = sum.sum, carried[i + tiling.sums] = sum.excess;
      } else {
        carried[i] = arith::AddFOp::create(b, shader.loc, carried[i], own[i]);
      }
    return success();
  };
  auto whole = [&](Value at, SmallVectorImpl<Value> &carried) { return add(carried, at, piece); };
  Value end = this->add(begin, pieces * piece), from = begin, to = end;
  if (steps.bounds) {
    // Pieces begin where they always do: what is left out of one adds nothing.
    Value size = constant(piece);
    Value first =
        arith::MulIOp::create(b, shader.loc, arith::DivUIOp::create(b, shader.loc, steps.bounds->first, size), size);
    from = arith::MaxUIOp::create(b, shader.loc, begin, first);
    to = arith::MinUIOp::create(b, shader.loc, end, steps.bounds->second);
  }
  if (failed(steps.bounds ? loopIfAny(from, to, piece, pieces, totals, whole)
                          : shader.loop(from, to, piece, pieces, totals, whole)) ||
      (last > 0 && failed(add(totals, end, last))))
    return failure();
  sums.assign(totals.begin(), totals.begin() + tiling.sums);
  return success();
}

LogicalResult MatmulShader::addBlock(Sums &sums, Value begin, int64_t length, const Steps &steps) {
  OpBuilder &b = shader.builder;
  const auto &[step, pads, bounds, multiply, block] = steps;
  int64_t whole = pads ? llvm::alignTo(length, step) : length / step * step;
  auto body = [&](Value k, SmallVectorImpl<Value> &carried) { return steps.multiply(carried, k, steps.step); };
  if (whole > 0) {
    Value from = begin, to = add(begin, whole);
    if (bounds) {
      from = arith::MaxUIOp::create(b, shader.loc, from, bounds->first);
      to = arith::MinUIOp::create(b, shader.loc, to, bounds->second);
    }
    if (failed(bounds ? loopIfAny(from, to, step, whole / step, sums, body)
                      : shader.loop(from, to, step, whole / step, sums, body)))
      return failure();
  }
  return whole < length ? multiply(sums, add(begin, whole), length - whole) : success();
}

/// A loop that may not run at all, where MLIR would leave what it carries undefined.
LogicalResult MatmulShader::loopIfAny(Value from, Value to, int64_t step, int64_t rounds, Sums &values,
                                      ShaderBuilder::LoopBody body) {
  OpBuilder &b = shader.builder;
  Value any = arith::CmpIOp::create(b, shader.loc, arith::CmpIPredicate::ult, from, to);
  auto branch = scf::IfOp::create(b, shader.loc, ValueRange(values).getTypes(), any, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, shader.loc, values);
  b.setInsertionPointToEnd(branch.thenBlock());
  Sums inside = values;
  if (failed(shader.loop(from, to, step, rounds, inside, body)))
    return failure();
  scf::YieldOp::create(b, shader.loc, inside);
  values.assign(branch.getResults().begin(), branch.getResults().end());
  return success();
}

//===--- parts ---------------------------------------------------------------------------------------===//

/// Where sum `number` of this invocation lies among those of one part and batch, in fours: neighbours in the workgroup
/// next to each other.
Value MatmulShader::placeOfSum(int64_t number) {
  OpBuilder &b = shader.builder;
  LinearIndex group;
  int64_t across = tilesOf(kernel.n, tiling.columns);
  group.add(shader.workgroupId(gpu::Dimension::x), 1).add(shader.workgroupId(gpu::Dimension::y), across);
  group.add(shader.workgroupId(gpu::Dimension::z), tiling.tiles(kernel));
  return LinearIndex{number * tiling.invocations, {}}
      .add(group.materialize(b, shader.loc), tiling.sums * tiling.invocations)
      .add(shader.localId(gpu::Dimension::x), 1)
      .materialize(b, shader.loc);
}

LogicalResult MatmulShader::end(ValueRange sums, Value row, Value column) {
  if (dispatch.kind == MatmulDispatch::Parts)
    leave(sums);
  else if (failed(finish(sums, row, column)))
    return failure();
  dispatchTiles();
  return success();
}

void MatmulShader::leave(ValueRange sums) {
  int64_t perPart = kernel.batchSize() * tiling.tiles(kernel) * tiling.sums * tiling.invocations;
  Buffer left = shader.bind(dispatch.left, plan::Binding::Write, sums.front().getType());
  for (auto [i, sum] : llvm::enumerate(sums))
    shader.store(left, add(placeOfSum(i), dispatch.firstPart * perPart), sum);
}

void MatmulShader::dispatchTiles() {
  int64_t depth = kernel.batchSize() * (dispatch.kind == MatmulDispatch::Parts ? dispatch.parts : 1);
  shader.dispatch({tilesOf(kernel.n, tiling.columns), tilesOf(kernel.m, tiling.rows), depth});
}

FailureOr<SmallVector<Value>> MatmulShader::addParts() {
  OpBuilder &b = shader.builder;
  int64_t perPart = kernel.batchSize() * tiling.tiles(kernel) * tiling.sums * tiling.invocations;
  auto type = VectorType::get({kQuad}, b.getF32Type());
  Buffer left = shader.bind(dispatch.left, plan::Binding::Read, type);
  Sums sums(tiling.sums, shader.zero(type));
  auto addition = arith::AddFOp::create(b, shader.loc, sums.front(), sums.front());
  SmallVector<Operation *> combiners(tiling.sums, addition);
  auto body = [&](Value part, SmallVectorImpl<Value> &carried) {
    for (auto [i, sum] : llvm::enumerate(carried)) {
      Value place = LinearIndex().add(part, perPart).add(placeOfSum(i), 1).materialize(b, shader.loc);
      sum = arith::AddFOp::create(b, shader.loc, sum, shader.load(left, place));
    }
    return success();
  };
  if (failed(shader.forEach(0, dispatch.parts, 1, Runs{combiners}, sums, body)))
    return failure();
  addition.erase();
  return sums;
}

} // namespace sinter::vulkan
