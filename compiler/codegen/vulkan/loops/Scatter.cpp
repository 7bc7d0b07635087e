// A kernel that is one sinter.scatter_add; see General.h.
//
//   one invocation for each element (or four) of the table: it is zero
//   one invocation for each block of rows and element d (or four) of a row:
//     for i in 0 .. indices: if index[i] is in the block: rows[index[i]][d] += updates[i][d]
//
// A row may get any number of updates: if there are more than a run of a sum has terms (SumOrder.h), what rounding adds
// to its sum is kept beside it, and taken off the next update. Many indices are several dispatches, one after the
// other. How it is cut up is an attribute of the kernel:
//
//   sinter.schedule = {adding = 32 : i64, clearing = 128 : i64, rows = 20 : i64}
//
// rows: those of a block; clearing, adding: invocations of a workgroup.
#include "compiler/codegen/vulkan/loops/General.h"

#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// Indices of one dispatch.
constexpr int64_t kMostItems = 1 << 15;

/// How much of everything there is, and what is chosen: who adds what.
struct ScatterPlan {
  int64_t rows, width, count;       ///< of the table; updates
  int64_t lanes, columns;           ///< of a row that are added at once
  int64_t block = 1;                ///< rows that an invocation owns
  int64_t clearing = 0, adding = 0; ///< invocations of a workgroup

  explicit ScatterPlan(ScatterAddOp op) {
    auto table = cast<RankedTensorType>(op.getResult().getType());
    rows = table.getDimSize(0), width = rows == 0 ? 0 : table.getNumElements() / rows;
    count = cast<RankedTensorType>(op.getIndices().getType()).getNumElements();
    lanes = width % 4 == 0 ? 4 : 1, columns = width / lanes;
  }

  int64_t blocks() const { return llvm::divideCeil(rows, block); }
  int64_t vectors() const { return rows * columns; }
  int64_t invocations() const { return blocks() * columns; }
  /// Sums of several runs have an excess each.
  bool hasExcesses() const { return count > kTermsPerRun; }
};

void choose(ScatterPlan &work, const Profile &profile) {
  // Each block scans all indices, so there are no more than it takes to keep a device busy.
  constexpr int64_t kMostBlocks = 16, kInvocations = 64;
  int64_t mostBlocks = kMostBlocks;
  if (!profile.sharedMemory && work.columns > 0) // invocations for some vectors of a CPU
    mostBlocks = std::clamp<int64_t>(kInvocations / work.columns, 1, kMostBlocks);
  work.block = std::max<int64_t>(llvm::divideCeil(work.rows, std::clamp<int64_t>(work.rows / 4, 1, mostBlocks)), 1);
  work.clearing = ShaderBuilder::workgroupFor(profile, work.vectors());
  work.adding = ShaderBuilder::workgroupFor(profile, work.invocations());
}

void chooseAtRandom(ScatterPlan &work, std::mt19937_64 &random) {
  auto anySize = [&] { return kWorkgroups[random() % std::size(kWorkgroups)]; };
  work.block = 1 + static_cast<int64_t>(random() % std::max<int64_t>(work.rows, 1));
  work.clearing = anySize(), work.adding = anySize();
}

/// Sets what is chosen to what the kernel's attribute says.
LogicalResult readSchedule(func::FuncOp kernel, ScatterPlan &work) {
  if (!kernel->hasAttr(kScheduleAttr))
    return kernel.emitError("@") << kernel.getName() << " has no schedule: sinter-vulkan-schedule runs before";
  auto schedule = kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  size_t known = 0;
  for (auto [name, place] :
       {std::pair("rows", &work.block), std::pair("clearing", &work.clearing), std::pair("adding", &work.adding)})
    if (auto number = schedule ? schedule.getAs<IntegerAttr>(name) : IntegerAttr())
      *place = number.getInt(), ++known;
  if (known != 3 || schedule.size() != 3)
    return kernel.emitError("`sinter.schedule`: of scattered rows has those of an invocation, and the workgroups that "
                            "are clearing and adding");
  if (work.block < 1 || work.block > std::max<int64_t>(work.rows, 1))
    return kernel.emitError("`sinter.schedule`: an invocation has 1 to ") << work.rows << " rows";
  if (!llvm::is_contained(kWorkgroups, work.clearing) || !llvm::is_contained(kWorkgroups, work.adding))
    return kernel.emitError("`sinter.schedule`: a workgroup has 8, 16, 32, 64 or 128 invocations");
  return success();
}

class ScatterShaders {
public:
  ScatterShaders(KernelBuilder &kernel, ScatterAddOp op, const ScatterPlan &work, unsigned indices, unsigned updates,
                 unsigned result)
      : kernel(kernel), work(work), loc(op.getLoc()), indices(indices), updates(updates), result(result) {
    Type element = cast<RankedTensorType>(op.getResult().getType()).getElementType();
    type = work.lanes == 4 ? Type(VectorType::get({4}, element)) : element;
    if (work.hasExcesses())
      excesses = kernel.addScratch(kernel.operand(result).bytes);
  }

  LogicalResult run() {
    clear();
    for (int64_t begin = 0; begin < work.count; begin += kMostItems)
      if (failed(add(begin)))
        return failure();
    return success();
  }

private:
  void clear() {
    ShaderBuilder shader(kernel, loc, {static_cast<int32_t>(work.clearing), 1, 1});
    auto points = shader.forEachPoint(work.vectors());
    shader.store(shader.bind(kernel.operand(result), plan::Binding::Write, type), points.index, shader.zero(type));
    if (excesses)
      shader.store(shader.bind(*excesses, plan::Binding::Write, type), points.index, shader.zero(type));
    shader.dispatch(points.groups, points.constants);
  }

  /// The updates from number `begin` on that one dispatch adds.
  LogicalResult add(int64_t begin) {
    ShaderBuilder shader(kernel, loc, {static_cast<int32_t>(work.adding), 1, 1});
    OpBuilder &b = shader.builder;
    Buffer index = shader.bind(kernel.operand(indices), plan::Binding::Read, b.getI32Type());
    Buffer update = shader.bind(kernel.operand(updates), plan::Binding::Read, type);
    Buffer output = shader.bind(kernel.operand(result), plan::Binding::Update, type);
    Buffer excess = excesses ? shader.bind(*excesses, plan::Binding::Update, type) : Buffer();
    // The first one is a push constant, so that all but the last dispatch share their shader.
    auto points = shader.forEachPoint(work.invocations());
    bool several = work.count > kMostItems;
    if (several) {
      points.constants.resize(2);
      points.constants[1] = begin;
    }
    Value first = several ? shader.pushConstant(1) : shader.constant(0), columns = shader.constant(work.columns);
    Value column = arith::RemUIOp::create(b, loc, points.index, columns);
    Value own = arith::DivUIOp::create(b, loc, points.index, columns);
    Value from = arith::MulIOp::create(b, loc, own, shader.constant(work.block));
    Value to = arith::MinUIOp::create(b, loc, LinearIndex{work.block, {{from, 1}}}.materialize(b, loc),
                                      shader.constant(work.rows));
    auto address = [&](Value row) { return LinearIndex().add(row, work.columns).add(column, 1).materialize(b, loc); };
    auto addOne = [&](Value number, SmallVectorImpl<Value> &) {
      Value item = LinearIndex().add(first, 1).add(number, 1).materialize(b, loc);
      Value row = arith::IndexCastOp::create(b, loc, b.getIndexType(), shader.load(index, item));
      Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, row, from);
      Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, row, to);
      auto branch = scf::IfOp::create(b, loc, arith::AndIOp::create(b, loc, above, below), false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      Value target = address(row), sum = shader.load(output, target), more = shader.load(update, address(item));
      if (!excesses) {
        shader.store(output, target, arith::AddFOp::create(b, loc, sum, more));
        return success();
      }
      RunSum after = addRun(b, loc, {sum, shader.load(excess, target)}, more);
      shader.store(output, target, after.sum);
      shader.store(excess, target, after.excess);
      return success();
    };
    SmallVector<Value> none;
    if (failed(shader.forEach(0, std::min(kMostItems, work.count - begin), 1, none, addOne)))
      return failure();
    shader.dispatch(points.groups, points.constants);
    return success();
  }

  KernelBuilder &kernel;
  const ScatterPlan &work;
  Location loc;
  unsigned indices, updates, result; ///< operands of the kernel
  Type type;                         ///< of what is added at once
  std::optional<Place> excesses;
};

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
  ScatterPlan work(op);
  if (failed(readSchedule(function, work)))
    return failure();
  unsigned result = function.getNumArguments();
  KernelBuilder kernel(function, shaders, profile);
  if (failed(ScatterShaders(kernel, op, work, indices.getArgNumber(), updates.getArgNumber(), result).run()))
    return failure();
  kernel.finish(work.count * work.width, /*general=*/false);
  return success();
}

DictionaryAttr scheduleScatter(func::FuncOp function, const Profile &profile, std::mt19937_64 *random) {
  ScatterPlan work(*function.getBody().front().getOps<ScatterAddOp>().begin());
  random ? chooseAtRandom(work, *random) : choose(work, profile);
  Builder b(function.getContext());
  return b.getDictionaryAttr({b.getNamedAttr("adding", b.getI64IntegerAttr(work.adding)),
                              b.getNamedAttr("clearing", b.getI64IntegerAttr(work.clearing)),
                              b.getNamedAttr("rows", b.getI64IntegerAttr(work.block))});
}

} // namespace sinter::vulkan
