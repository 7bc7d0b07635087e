// The loops of a kernel that is one sinter.scatter_add; see EmitScatter.h.
//
//   for rows of [begin * block, end * block): row = 0
//   for i in 0 .. indices: if begin * block <= index[i] < end * block: row[index[i]] += updates[i]
#include "compiler/codegen/cpu/EmitScatter.h"
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

/// The argument that `value` is a reshape of, or null.
BlockArgument argumentOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return cast<BlockArgument>(value);
}

/// Whether the kernel returns `value`, reshaped or not, and nothing else.
bool isOnlyResult(func::FuncOp kernel, Value value) {
  Operation *terminator = kernel.getBody().front().getTerminator();
  while (value.hasOneUse()) {
    Operation *user = *value.getUsers().begin();
    if (user == terminator)
      return terminator->getNumOperands() == 1;
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
      return false;
    value = user->getResult(0);
  }
  return false;
}

/// Runs `body` for each vector of a row of `width` elements, with its first column and its lanes.
void forEachVector(OpBuilder &builder, Location loc, int64_t width, llvm::function_ref<void(Value, int64_t)> body) {
  int64_t full = width / kLanes * kLanes;
  if (full > 0) {
    auto loop = scf::ForOp::create(builder, loc, indexConstant(builder, loc, 0), indexConstant(builder, loc, full),
                                   indexConstant(builder, loc, kLanes));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar(), kLanes);
  }
  if (full < width)
    body(indexConstant(builder, loc, full), width - full);
}

} // namespace

LogicalResult emitScatterKernel(func::FuncOp kernel) {
  auto op = *kernel.getBody().front().getOps<ScatterAddOp>().begin();
  BlockArgument indices = argumentOf(op.getIndices()), updates = argumentOf(op.getUpdates());
  if (!indices || !updates || !isOnlyResult(kernel, op.getResult()))
    return op.emitError("scatter_add: the CPU needs it in a kernel of its own");
  auto table = cast<RankedTensorType>(op.getResult().getType());
  int64_t rows = table.getDimSize(0), width = rows == 0 ? 0 : table.getNumElements() / rows;
  int64_t count = cast<RankedTensorType>(op.getIndices().getType()).getNumElements();
  // Scanning the indices costs each tile the same again: few tiles, as many as threads can share.
  int64_t tiles = std::clamp<int64_t>(rows / 4, 1, 16), block = llvm::divideCeil(rows, tiles);
  tiles = llvm::divideCeil(rows, block);
  unsigned indexArgument = indices.getArgNumber(), updateArgument = updates.getArgNumber();
  unsigned outputArgument = kernel.getNumArguments();

  func::FuncOp function = createTileFunction(kernel);
  Location loc = op.getLoc();
  OpBuilder builder(function.getBody().front().getTerminator());
  auto constant = [&](int64_t value) { return indexConstant(builder, loc, value); };
  auto linear = [&](Value row, Value column) {
    return LinearIndex().add(row, width).add(column, 1).materialize(builder, loc);
  };
  Value index = flatten(builder, loc, function.getArgument(indexArgument));
  Value update = flatten(builder, loc, function.getArgument(updateArgument));
  Value output = flatten(builder, loc, function.getArgument(outputArgument));
  Value begin = function.getArgument(outputArgument + 1), end = function.getArgument(outputArgument + 2);
  Value from = arith::MulIOp::create(builder, loc, begin, constant(block));
  Value to = arith::MinSIOp::create(builder, loc, arith::MulIOp::create(builder, loc, end, constant(block)), constant(rows));

  auto zeroing = scf::ForOp::create(builder, loc, from, to, constant(1));
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(zeroing.getBody());
    Value zero = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(table.getElementType())));
    forEachVector(builder, loc, width, [&](Value column, int64_t lanes) {
      storeLanes(builder, loc, zero, output, linear(zeroing.getInductionVar(), column), 1, lanes);
    });
  }
  auto scan = scf::ForOp::create(builder, loc, constant(0), constant(count), constant(1));
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(scan.getBody());
    Value item = scan.getInductionVar();
    Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                           memref::LoadOp::create(builder, loc, index, item));
    Value above = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, row, from);
    Value below = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, to);
    auto branch = scf::IfOp::create(builder, loc, arith::AndIOp::create(builder, loc, above, below), false);
    builder.setInsertionPointToStart(branch.thenBlock());
    forEachVector(builder, loc, width, [&](Value column, int64_t lanes) {
      Value target = linear(row, column);
      Value sum = arith::AddFOp::create(builder, loc, loadLanes(builder, loc, output, target, 1, lanes),
                                        loadLanes(builder, loc, update, linear(item, column), 1, lanes));
      storeLanes(builder, loc, sum, output, target, 1, lanes);
    });
  }
  setTileAttributes(function, tiles, /*scratch=*/0, /*flops=*/count * width);
  kernel.erase();
  return success();
}

} // namespace sinter::cpu
