// A kernel that is one sinter.scatter_add; see General.h.
//
//   one invocation for each element (or four) of the table: it is zero
//   one invocation for each block of rows and element d (or four) of a row:
//     for i in 0 .. indices: if index[i] is in the block: rows[index[i]][d] += updates[i][d]
//
// A row may get any number of updates: if there are more than a run of a sum has terms (SumOrder.h), what rounding adds
// to its sum is kept beside it, and taken off the next update. Many indices are several dispatches, one after the
// other.
#include "compiler/codegen/vulkan/loops/General.h"

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

/// Indices of one dispatch.
constexpr int64_t kMostItems = 1 << 15;

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
  std::optional<Place> excesses;
  if (count > kTermsPerRun)
    excesses = kernel.addScratch(kernel.operand(function.getNumArguments()).bytes);
  {
    ShaderBuilder zeroing(kernel, loc, {ShaderBuilder::workgroupFor(profile, rows * columns), 1, 1});
    auto points = zeroing.forEachPoint(rows * columns);
    zeroing.store(zeroing.bind(kernel.operand(function.getNumArguments()), plan::Binding::Write, type), points.index,
                  zeroing.zero(type));
    if (excesses)
      zeroing.store(zeroing.bind(*excesses, plan::Binding::Write, type), points.index, zeroing.zero(type));
    zeroing.dispatch(points.groups, points.constants);
  }
  for (int64_t begin = 0; begin < count; begin += kMostItems) {
    ShaderBuilder shader(kernel, loc, {ShaderBuilder::workgroupFor(profile, blocks * columns), 1, 1});
    OpBuilder &builder = shader.builder;
    Buffer index = shader.bind(kernel.operand(indices.getArgNumber()), plan::Binding::Read, builder.getI32Type());
    Buffer update = shader.bind(kernel.operand(updates.getArgNumber()), plan::Binding::Read, type);
    Buffer output = shader.bind(kernel.operand(function.getNumArguments()), plan::Binding::Update, type);
    Buffer excess = excesses ? shader.bind(*excesses, plan::Binding::Update, type) : Buffer();
    // The first one is a push constant, so that all but the last dispatch share their shader.
    auto points = shader.forEachPoint(blocks * columns);
    bool several = count > kMostItems;
    if (several) {
      points.constants.resize(2);
      points.constants[1] = begin;
    }
    Value first = several ? shader.pushConstant(1) : shader.constant(0);
    Value column = arith::RemUIOp::create(builder, loc, points.index, shader.constant(columns));
    Value from = arith::MulIOp::create(builder, loc,
                                       arith::DivUIOp::create(builder, loc, points.index, shader.constant(columns)),
                                       shader.constant(block));
    Value to = arith::MinUIOp::create(builder, loc, LinearIndex{block, {{from, 1}}}.materialize(builder, loc),
                                      shader.constant(rows));
    auto address = [&](Value row) { return LinearIndex().add(row, columns).add(column, 1).materialize(builder, loc); };
    auto add = [&](Value number, SmallVectorImpl<Value> &) {
      Value item = LinearIndex().add(first, 1).add(number, 1).materialize(builder, loc);
      Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), shader.load(index, item));
      Value above = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, row, from);
      Value below = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, to);
      auto branch = scf::IfOp::create(builder, loc, arith::AndIOp::create(builder, loc, above, below), false);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      Value target = address(row), sum = shader.load(output, target), more = shader.load(update, address(item));
      if (!excesses) {
        shader.store(output, target, arith::AddFOp::create(builder, loc, sum, more));
        return success();
      }
      RunSum after = addRun(builder, loc, {sum, shader.load(excess, target)}, more);
      shader.store(output, target, after.sum);
      shader.store(excess, target, after.excess);
      return success();
    };
    SmallVector<Value> none;
    if (failed(shader.forEach(0, std::min(kMostItems, count - begin), 1, none, add)))
      return failure();
    shader.dispatch(points.groups, points.constants);
  }
  kernel.finish(count * width, /*general=*/false);
  return success();
}

} // namespace sinter::vulkan
