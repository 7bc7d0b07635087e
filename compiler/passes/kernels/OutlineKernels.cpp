// sinter-outline-kernels: groups the ops of every entry, makes each group a function, merges functions that are equal.
//
//   %0 = sinter.matmul %x, %w                    %y = call @matmul_768x384(%x, %w, %b)
//   %y = sinter.map (%0, %b) { + ; tanh }  =>    func.func private @matmul_768x384(...) attributes {sinter.kernel} {
//   both }
//
// KernelShapes.h makes shapes agree first; KernelGroups.h says what a group is.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelAbilities.h"
#include "compiler/passes/kernels/KernelGroups.h"
#include "compiler/passes/kernels/KernelShapes.h"
#include "dialects/sinter/ExactText.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "sinter-outline-kernels"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "compiler/passes/Passes.h.inc"

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

bool isSplatConstant(Operation *op) {
  auto constant = dyn_cast_or_null<arith::ConstantOp>(op);
  return constant && isa<SplatElementsAttr>(constant.getValue());
}

/// Gives splats that an op reads in memory a map that writes them there.
void storeSplats(Block &block) {
  for (Operation &op : block)
    if (op.hasTrait<ReadsInMemory>())
      for (OpOperand &operand : op.getOpOperands()) {
        Operation *splat = operand.get().getDefiningOp();
        if (!isSplatConstant(splat))
          continue;
        OpBuilder builder(&op);
        auto map = MapOp::create(builder, splat->getLoc(), operand.get().getType(), ValueRange{},
                                 builder.getAffineMapArrayAttr({}));
        OpBuilder inner = OpBuilder::atBlockEnd(&map.getBody().emplaceBlock());
        auto value = cast<SplatElementsAttr>(cast<arith::ConstantOp>(splat).getValue());
        Value scalar = arith::ConstantOp::create(inner, splat->getLoc(), value.getSplatValue<TypedAttr>());
        YieldOp::create(inner, splat->getLoc(), scalar);
        operand.set(map.getResult(0));
      }
}

/// The op that names the kernel: the product or the reduction rather than the maps around it, what reads views rather
/// than these.
Operation *anchorOf(const KernelGroup &group) {
  for (Operation *op : group.ops)
    if (isa<SoftmaxOp>(op) && op->hasAttr(kAttentionAttr))
      return op;
  for (Operation *op : group.ops)
    if (!isa<MapOp, SliceOp, TransposeOp, ReshapeOp>(op) && !op->hasAttr(kPrologueAttr))
      return op;
  return isa<MapOp>(group.ops.front()) ? group.ops.front() : group.ops.back();
}

/// Where a group stands: at its anchor, or at those of all its members.
Location locationOf(const KernelGroup &group) {
  Operation *anchor = anchorOf(group);
  if (group.members == 1)
    return anchor->getLoc();
  SmallVector<Location> locations;
  size_t size = group.ops.size() / group.members;
  for (size_t at = llvm::find(group.ops, anchor) - group.ops.begin(); at < group.ops.size(); at += size)
    locations.push_back(group.ops[at]->getLoc());
  return FusedLoc::get(anchor->getContext(), locations);
}

std::string kernelName(const KernelGroup &group) {
  Operation *anchor = anchorOf(group);
  if (group.members > 1)
    return anchor->getName().stripDialect().str() + "s_of_" + std::to_string(group.members);
  std::string name = anchor->getName().stripDialect().str();
  if (anchor->hasAttr(kAttentionAttr))
    name = "attention";
  if (auto map = dyn_cast<MapOp>(anchor); map && group.ops.size() == 1)
    name = "map";
  auto shape = shapeOf(anchor->getNumResults() ? anchor->getResult(0) : anchor->getOperand(0));
  for (auto [i, size] : llvm::enumerate(shape))
    name += (i ? "x" : "_") + std::to_string(size);
  return shape.empty() ? name + "_scalar" : name;
}

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    if (target != "portable")
      getOperation()->setAttr(kTargetAttr, StringAttr::get(&getContext(), target.getValue()));
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      storeSplats(entry.getBody().front());
      storeBooleansAsBytes(entry);
      canonicalizeShapes(entry);
      Block &block = entry.getBody().front();
      std::vector<KernelGroup> groups = groupKernels(block, abilities->columnSums);
      counted(entry, DEBUG_TYPE, "groups formed", groups.size());
      outline(entry, groups);
    }
    counted(getOperation(), DEBUG_TYPE, "kernels outlined", kernels.size());
  }

  /// Replaces each group by a call; calls stand in the order of `groups`, at the end of the entry, followed by what
  /// stays there.
  void outline(func::FuncOp entry, ArrayRef<KernelGroup> groups);
  func::FuncOp kernelFor(const KernelGroup &group, ArrayRef<Value> inputs, ArrayRef<Value> outputs);

  llvm::StringMap<func::FuncOp> kernels; ///< by what they compute
  llvm::StringMap<unsigned> names;
};

func::FuncOp OutlineKernelsPass::kernelFor(const KernelGroup &group, ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
  OpBuilder builder(&getContext());
  Location loc = anchorOf(group)->getLoc();
  auto type = builder.getFunctionType(ValueRange(inputs).getTypes(), ValueRange(outputs).getTypes());
  OwningOpRef<func::FuncOp> kernel = func::FuncOp::create(loc, "kernel", type);
  kernel->setPrivate();
  kernel->getOperation()->setAttr(kKernelAttr, builder.getUnitAttr());
  if (group.members > 1)
    kernel->getOperation()->setAttr(kMembersAttr, builder.getI64IntegerAttr(group.members));
  Block *block = kernel->addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping mapping;
  mapping.map(inputs, block->getArguments());
  for (Operation *op : group.ops) {
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand)) // a splat: each kernel has its own
        mapping.map(operand, builder.clone(*operand.getDefiningOp())->getResult(0));
    Operation *own = builder.clone(*op, mapping);
    own->removeAttr(kAttentionAttr); // a number of the entry
    own->removeAttr(kPrologueAttr);
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(builder, loc, results);

  std::string key;
  llvm::raw_string_ostream stream(key);
  kernel->print(stream, exactText());
  auto [found, inserted] = kernels.try_emplace(key, nullptr);
  if (inserted) {
    std::string name = kernelName(group);
    if (unsigned count = names[name]++) // a point: shapes have none, so this cannot be another kernel's name
      name += "." + std::to_string(count);
    kernel->setName(name);
    getOperation().push_back(kernel->getOperation());
    found->second = kernel.release();
  }
  return found->second;
}

void OutlineKernelsPass::outline(func::FuncOp entry, ArrayRef<KernelGroup> groups) {
  Block &block = entry.getBody().front();
  DenseSet<Operation *> grouped;
  for (const KernelGroup &group : groups)
    grouped.insert(group.ops.begin(), group.ops.end());

  // What stays: reads and literals first, views where their source is ready, writes and the return last.
  Operation *terminator = block.getTerminator();
  OpBuilder builder(terminator);
  DenseSet<Operation *> placed;
  std::function<void(Value)> place = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &block || grouped.contains(op) || isa<func::CallOp>(op) || !placed.insert(op).second)
      return;
    for (Value operand : op->getOperands())
      place(operand);
    op->moveBefore(terminator);
  };

  SmallVector<Operation *> writes;
  for (auto write : block.getOps<WriteOp>())
    writes.push_back(write);
  for (const KernelGroup &group : groups) {
    DenseSet<Operation *> members(group.ops.begin(), group.ops.end());
    llvm::SetVector<Value> inputs;
    SmallVector<Value> outputs;
    for (Operation *op : group.ops) {
      for (Value operand : op->getOperands())
        if (!members.contains(operand.getDefiningOp()) && !isSplatConstant(operand.getDefiningOp()))
          inputs.insert(operand);
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !members.contains(user); }))
          outputs.push_back(result);
    }
    if (outputs.empty())
      continue;
    for (Value input : inputs)
      place(input);
    func::FuncOp kernel = kernelFor(group, inputs.getArrayRef(), outputs);
    DEBUG_AT(anchorOf(group)) << group.ops.size() << " ops are @" << kernel.getName();
    auto call = func::CallOp::create(builder, locationOf(group), kernel, inputs.getArrayRef());
    for (auto [old, result] : llvm::zip_equal(outputs, call.getResults()))
      old.replaceUsesWithIf(result, [&](OpOperand &use) { return !members.contains(use.getOwner()); });
  }
  for (Operation *write : writes) {
    place(write->getOperand(0));
    write->moveBefore(terminator);
  }
  for (Value operand : terminator->getOperands())
    place(operand);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace
} // namespace sinter
