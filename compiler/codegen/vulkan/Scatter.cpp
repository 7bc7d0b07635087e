// A kernel that is one sinter.scatter_add; see General.h.
//
//   one invocation for each element (or four) of the table: it is zero
//   one invocation for each block of rows and element d (or four) of a row:
//     for i in 0 .. indices: if index[i] is in the block: rows[index[i]][d] += updates[i][d]
#include "compiler/codegen/vulkan/General.h"

#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {
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

/// Blocks of rows: each scans all indices, so there are no more than it takes to keep a device busy.
constexpr int64_t kMostBlocks = 16, kInvocations = 64;

} // namespace

LogicalResult emitScatter(func::FuncOp function, ShaderTable &shaders, const Profile &profile) {
  auto op = *function.getBody().front().getOps<ScatterAddOp>().begin();
  BlockArgument indices = argumentOf(op.getIndices()), updates = argumentOf(op.getUpdates());
  Value returned = op.getResult();
  while (returned.hasOneUse() && isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(*returned.getUsers().begin()))
    returned = (*returned.getUsers().begin())->getResult(0);
  Operation *terminator = function.getBody().front().getTerminator();
  if (!indices || !updates || terminator->getNumOperands() != 1 || terminator->getOperand(0) != returned)
    return op.emitError("scatter_add: Vulkan needs it in a kernel of its own");
  auto table = cast<RankedTensorType>(op.getResult().getType());
  int64_t rows = table.getDimSize(0), width = rows == 0 ? 0 : table.getNumElements() / rows;
  int64_t count = cast<RankedTensorType>(op.getIndices().getType()).getNumElements();
  int64_t lanes = width % 4 == 0 ? 4 : 1, columns = width / lanes;
  int64_t mostBlocks = kMostBlocks;
  if (!profile.sharedMemory && columns > 0) // invocations for some vectors of a CPU
    mostBlocks = std::clamp<int64_t>(kInvocations / columns, 1, kMostBlocks);
  int64_t blocks = std::clamp<int64_t>(rows / 4, 1, mostBlocks), block = llvm::divideCeil(rows, blocks);
  blocks = llvm::divideCeil(rows, block);

  KernelBuilder kernel(function, shaders, profile);
  Location loc = op.getLoc();
  Type element = table.getElementType(), type = lanes == 4 ? Type(VectorType::get({4}, element)) : element;
  {
    ShaderBuilder zeroing(kernel, loc, {ShaderBuilder::workgroupFor(profile, rows * columns), 1, 1});
    Buffer output = zeroing.bind(kernel.operand(function.getNumArguments()), plan::Binding::Write, type);
    auto points = zeroing.forEachPoint(rows * columns);
    Value zero = arith::ConstantOp::create(zeroing.builder, loc, cast<TypedAttr>(zeroing.builder.getZeroAttr(type)));
    zeroing.store(output, points.index, zero);
    zeroing.dispatch(points.groups, points.constants);
  }
  ShaderBuilder shader(kernel, loc, {ShaderBuilder::workgroupFor(profile, blocks * columns), 1, 1});
  OpBuilder &builder = shader.builder;
  Buffer index = shader.bind(kernel.operand(indices.getArgNumber()), plan::Binding::Read, builder.getI32Type());
  Buffer update = shader.bind(kernel.operand(updates.getArgNumber()), plan::Binding::Read, type);
  Buffer output = shader.bind(kernel.operand(function.getNumArguments()), plan::Binding::Update, type);
  auto points = shader.forEachPoint(blocks * columns);
  Value column = arith::RemUIOp::create(builder, loc, points.index, shader.constant(columns));
  Value from = arith::MulIOp::create(
      builder, loc, arith::DivUIOp::create(builder, loc, points.index, shader.constant(columns)), shader.constant(block));
  Value to = arith::MinUIOp::create(builder, loc, LinearIndex{block, {{from, 1}}}.materialize(builder, loc),
                                    shader.constant(rows));
  auto address = [&](Value row) { return LinearIndex().add(row, columns).add(column, 1).materialize(builder, loc); };

  SmallVector<Value> none;
  if (failed(shader.forEach(0, count, 1, none, [&](Value item, SmallVectorImpl<Value> &) {
        Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), shader.load(index, item));
        Value above = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, row, from);
        Value below = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, to);
        auto branch = scf::IfOp::create(builder, loc, arith::AndIOp::create(builder, loc, above, below), false);
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(branch.thenBlock());
        Value target = address(row);
        Value sum = arith::AddFOp::create(builder, loc, shader.load(output, target), shader.load(update, address(item)));
        shader.store(output, target, sum);
        return success();
      })))
    return failure();
  shader.dispatch(points.groups, points.constants);
  kernel.finish(count * width, /*general=*/false);
  return success();
}

} // namespace sinter::vulkan
