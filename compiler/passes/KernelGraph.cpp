#include "compiler/passes/KernelGraph.h"

#include "compiler/passes/MapUtils.h"

using namespace mlir;

namespace sinter {

bool reducesLastOfTwo(ReduceOp op) {
  return shapeOf(op.getInput()).size() == 2 && op.getAxes() == ArrayRef<int64_t>{1};
}

int64_t sizeOf(Operation *op) {
  auto map = dyn_cast<MapOp>(op);
  return map ? countOps(map.getBody().front()) : 1;
}

Group *GroupGraph::producerGroup(Value value) const {
  Operation *op = value.getDefiningOp();
  while (isa_and_nonnull<ReshapeOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return op ? groupOf.lookup(op) : nullptr;
}

void GroupGraph::add(Operation *op, Group *group) {
  group->ops.push_back(op);
  group->size += sizeOf(op);
  groupOf[op] = group;
  llvm::BitVector before(groups.size());
  for (Value operand : op->getOperands())
    if (Group *producer = producerGroup(operand); producer && producer != group) {
      before.set(producer->index);
      before |= producer->ancestors;
    }
  for (auto &other : groups)
    if (other.get() == group || other->follows(*group))
      other->ancestors |= before;
}

Group *GroupGraph::start(Operation *op, GroupKind kind, ArrayRef<int64_t> shape) {
  groups.push_back(std::make_unique<Group>());
  groups.back()->kind = kind;
  groups.back()->index = groups.size() - 1;
  groups.back()->shape.assign(shape.begin(), shape.end());
  add(op, groups.back().get());
  return groups.back().get();
}

void GroupGraph::merge(Group &into, Group &member) {
  for (Operation *op : member.ops)
    add(op, &into);
  member.ops.clear();
  member.size = 0;
  // Whoever follows the one now follows both.
  for (auto &other : groups)
    if (other->follows(member)) {
      other->ancestors |= into.ancestors;
      other->ancestors.set(into.index);
    }
}

std::vector<KernelGroup> GroupGraph::inOrder() const {
  std::vector<KernelGroup> result;
  DenseSet<Group *> done;
  std::function<void(Group *)> visit = [&](Group *group) {
    if (!done.insert(group).second)
      return;
    for (Operation *op : group->ops)
      for (Value operand : op->getOperands())
        if (Group *producer = producerGroup(operand))
          visit(producer);
    result.push_back(*group);
  };
  for (auto &group : groups)
    if (!group->ops.empty())
      visit(group.get());
  return result;
}

} // namespace sinter
