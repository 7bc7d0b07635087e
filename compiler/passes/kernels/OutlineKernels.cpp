// sinter-outline-kernels: makes each group of ops a function, merges functions that are equal.
//
//   %0 = sinter.matmul %x, %w {sinter.group = 0}                 %y = call @matmul_768x384(%x, %w, %b)
//   %y = sinter.map (%0, %b) { + ; tanh } {sinter.group = 0} =>  func.func private @matmul_768x384(...)
//                                                                  attributes {sinter.kernel, sinter.kind = "product"}
//                                                                  {
//                                                                both }
//
// GroupKernels.cpp has decided which ops these are.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelGroups.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "sinter-outline-kernels"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "compiler/passes/Passes.h.inc"

namespace {

/// The ops of a group, in their order.
struct Members {
  GroupLabel label;
  SmallVector<Operation *> ops;
};

/// Where a group stands: at its anchor, or at those of all its members.
Location locationOf(const Members &group) {
  Operation *anchor = anchorOf(group.ops);
  if (group.label.members == 1)
    return anchor->getLoc();
  SmallVector<Location> locations;
  size_t size = group.ops.size() / group.label.members;
  for (size_t at = llvm::find(group.ops, anchor) - group.ops.begin(); at < group.ops.size(); at += size)
    locations.push_back(group.ops[at]->getLoc());
  return FusedLoc::get(anchor->getContext(), locations);
}

std::string kernelName(const Members &group) {
  Operation *anchor = anchorOf(group.ops);
  if (group.label.members > 1)
    return anchor->getName().stripDialect().str() + "s_of_" + std::to_string(group.label.members);
  std::string name =
      group.label.kind == kAttentionKind ? group.label.kind.str() : anchor->getName().stripDialect().str();
  Value value = anchor->getNumResults() ? anchor->getResult(0) : anchor->getOperand(0);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  for (auto [i, size] : llvm::enumerate(shape))
    name += (i ? "x" : "_") + std::to_string(size);
  return shape.empty() ? name + "_scalar" : name;
}

/// The groups of an entry in the order in which they stand; an error where they are not as sinter-group-kernels leaves
/// them.
FailureOr<SmallVector<Members>> readGroups(func::FuncOp entry) {
  auto kinds = entry->getAttrOfType<ArrayAttr>(kGroupsAttr);
  if (!kinds)
    return entry.emitError("@") << entry.getName() << " has no groups: sinter-group-kernels runs before";
  SmallVector<Members> groups;
  DenseSet<int64_t> seen;
  int64_t last = -1;
  for (Operation &op : entry.getBody().front()) {
    auto number = op.getAttrOfType<IntegerAttr>(kGroupAttr);
    if (staysInEntry(&op)) {
      // A view that only this kernel reads is part of it.
      if (!number) {
        last = -1;
        continue;
      }
    } else if (!number) {
      return op.emitError() << op.getName() << " is in no group";
    }
    if (number.getInt() != last) {
      last = number.getInt();
      auto kind = last < static_cast<int64_t>(kinds.size()) ? dyn_cast<StringAttr>(kinds[last]) : StringAttr();
      std::optional<GroupLabel> label = kind ? GroupLabel::parse(kind.getValue()) : std::nullopt;
      if (!label)
        return op.emitError() << op.getName() << " is in group " << last << ", which has no kind";
      if (!seen.insert(last).second)
        return op.emitError() << op.getName() << " does not stand together with the others of group " << last;
      groups.push_back({*label, {}});
    }
    groups.back().ops.push_back(&op);
  }
  for (const Members &group : groups)
    if (group.ops.size() % group.label.members)
      return group.ops.front()->emitError("a group of ")
             << group.ops.size() << " ops has no " << group.label.members << " equal members";
  return groups;
}

/// Equal for kernels that compute the same.
size_t likenessOf(func::FuncOp kernel) {
  llvm::hash_code hash = llvm::hash_combine(kernel.getFunctionType().getAsOpaquePointer(), kernel->getAttr(kKindAttr));
  DenseMap<Value, unsigned> numbers;
  for (Value argument : kernel.getArguments())
    numbers.try_emplace(argument, numbers.size());
  auto numberOf = [&](Value value) { return llvm::hash_code(numbers.lookup(value)); };
  for (Operation &op : kernel.getBody().front()) {
    hash =
        llvm::hash_combine(hash, OperationEquivalence::computeHash(&op, numberOf, OperationEquivalence::ignoreHashValue,
                                                                   OperationEquivalence::IgnoreLocations));
    for (Value result : op.getResults())
      numbers.try_emplace(result, numbers.size());
    for (Region &region : op.getRegions())
      for (Operation &inner : region.front())
        hash = llvm::hash_combine(hash, inner.getName().getAsOpaquePointer());
  }
  return hash;
}

/// Whether two kernels differ in nothing but their names and lines.
bool computeTheSame(func::FuncOp a, func::FuncOp b) {
  auto attributesOf = [](func::FuncOp kernel) {
    NamedAttrList list(kernel->getAttrDictionary());
    list.erase(SymbolTable::getSymbolAttrName());
    return list.getDictionary(kernel.getContext());
  };
  return attributesOf(a) == attributesOf(b) &&
         OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    if (target != "portable")
      getOperation()->setAttr(kTargetAttr, StringAttr::get(&getContext(), target.getValue()));
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      FailureOr<SmallVector<Members>> groups = readGroups(entry);
      if (failed(groups))
        return signalPassFailure();
      for (const Members &group : *groups) {
        if (isa<LoopOp>(group.ops.front()))
          group.ops.front()->removeAttr(kGroupAttr);
        else
          outline(group);
      }
      entry->removeAttr(kGroupsAttr);
    }
    counted(getOperation(), DEBUG_TYPE, "kernels outlined", count);
  }

  /// Replaces a group by a call.
  void outline(const Members &group);
  func::FuncOp kernelFor(const Members &group, ArrayRef<Value> inputs, ArrayRef<Value> outputs);

  llvm::DenseMap<size_t, SmallVector<func::FuncOp, 1>> kernels; ///< by what tells most of them apart
  int64_t count = 0;
  llvm::StringMap<unsigned> names;
};

func::FuncOp OutlineKernelsPass::kernelFor(const Members &group, ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
  OpBuilder builder(&getContext());
  Location loc = anchorOf(group.ops)->getLoc();
  auto type = builder.getFunctionType(ValueRange(inputs).getTypes(), ValueRange(outputs).getTypes());
  OwningOpRef<func::FuncOp> kernel = func::FuncOp::create(loc, "kernel", type);
  kernel->setPrivate();
  kernel->getOperation()->setAttr(kKernelAttr, builder.getUnitAttr());
  kernel->getOperation()->setAttr(kKindAttr, builder.getStringAttr(group.label.kind));
  if (group.label.members > 1)
    kernel->getOperation()->setAttr(kMembersAttr, builder.getI64IntegerAttr(group.label.members));
  Block *block = kernel->addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping mapping;
  mapping.map(inputs, block->getArguments());
  for (Operation *op : group.ops) {
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand)) // a splat: each kernel has its own
        mapping.map(operand, builder.clone(*operand.getDefiningOp())->getResult(0));
    Operation *own = builder.clone(*op, mapping);
    own->removeAttr(kGroupAttr);
    own->removeAttr(kAttentionAttr); // a number of the entry
    own->removeAttr(kPrologueAttr);
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(builder, loc, results);

  SmallVector<func::FuncOp, 1> &alike = kernels[likenessOf(*kernel)];
  auto found = llvm::find_if(alike, [&](func::FuncOp other) { return computeTheSame(*kernel, other); });
  if (found != alike.end())
    return *found;
  std::string name = kernelName(group);
  if (unsigned number = names[name]++) // a point: shapes have none, so this cannot be another kernel's name
    name += "." + std::to_string(number);
  kernel->setName(name);
  ++count;
  getOperation().push_back(kernel->getOperation());
  return alike.emplace_back(kernel.release());
}

void OutlineKernelsPass::outline(const Members &group) {
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
  func::FuncOp kernel = kernelFor(group, inputs.getArrayRef(), outputs);
  DEBUG_AT(anchorOf(group.ops)) << group.ops.size() << " ops are @" << kernel.getName();
  OpBuilder builder(group.ops.front());
  auto call = func::CallOp::create(builder, locationOf(group), kernel, inputs.getArrayRef());
  for (auto [old, result] : llvm::zip_equal(outputs, call.getResults()))
    old.replaceUsesWithIf(result, [&](OpOperand &use) { return !members.contains(use.getOwner()); });
  SmallVector<Operation *> literals;
  for (Operation *op : llvm::reverse(group.ops)) {
    for (Value operand : op->getOperands())
      if (isSplatConstant(operand.getDefiningOp()))
        literals.push_back(operand.getDefiningOp());
    op->erase();
  }
  for (Operation *literal : llvm::SetVector<Operation *>(literals.begin(), literals.end()))
    if (literal->use_empty())
      literal->erase();
}

} // namespace
} // namespace sinter
