#include "compiler/passes/kernels/KernelGraph.h"

#include "compiler/passes/MapUtils.h"

#include <queue>

using namespace mlir;

namespace sinter {

bool reducesLastOfTwo(ReductionLike op) {
  return shapeOf(op.getInput()).size() == 2 && op.getAxes() == ArrayRef<int64_t>{1};
}

int64_t sizeOf(Operation *op) {
  auto map = dyn_cast<MapOp>(op);
  return map ? countOps(map.getBody().front()) : 1;
}

Group *GroupGraph::producerGroup(Value value) const {
  Operation *op = value.getDefiningOp();
  while (isFreeView(op))
    op = op->getOperand(0).getDefiningOp();
  return op ? groupOf.lookup(op) : nullptr;
}

bool GroupGraph::anyReader(const Group &group, function_ref<bool(Group &)> action) const {
  SmallVector<Operation *> open(group.ops.begin(), group.ops.end());
  while (!open.empty())
    for (Operation *user : open.pop_back_val()->getUsers()) {
      Group *reader = groupOf.lookup(user);
      if (reader && reader != &group && action(*reader))
        return true;
      if (isFreeView(user))
        open.push_back(user);
    }
  return false;
}

const Group *GroupGraph::lastBefore(const Group &group) const {
  const Group *last = nullptr;
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands())
      if (Group *producer = producerGroup(operand);
          producer && producer != &group && (!last || producer->rank > last->rank))
        last = producer;
  return last;
}

void GroupGraph::closeOrder() {
  constexpr size_t kMost = 1 << 15; // 128 MiB
  if (groups.size() > kMost)
    return;
  std::vector<Group *> byRank;
  for (auto &group : groups)
    byRank.push_back(group.get());
  llvm::stable_sort(byRank, [](Group *a, Group *b) { return a->rank < b->rank; });
  for (auto [number, group] : llvm::enumerate(byRank))
    group->number = number;
  before.assign(groups.size(), llvm::BitVector(groups.size()));
  for (Group *group : byRank)
    for (Operation *op : group->ops)
      for (Value operand : op->getOperands())
        if (Group *producer = producerGroup(operand); producer && producer != group) {
          before[group->number] |= before[producer->number];
          before[group->number].set(producer->number);
        }
}

void GroupGraph::mergeOrder(const Group &into, const Group &member) {
  if (before.empty())
    return;
  llvm::BitVector both = before[into.number];
  both |= before[member.number];
  before[into.number] = both;
  both.set(into.number);
  SmallVector<const Group *> open{&into, &member};
  while (!open.empty())
    anyReader(*open.pop_back_val(), [&](Group &reader) {
      llvm::BitVector &its = before[reader.number];
      if (!both.test(its))
        return false; // it follows all of that already, and so does whatever follows it
      its |= both;
      open.push_back(&reader);
      return false;
    });
}

bool GroupGraph::follows(const Group &later, const Group &earlier) const {
  return before.empty() ? searchFollows(later, earlier) : before[later.number].test(earlier.number);
}

bool GroupGraph::searchFollows(const Group &later, const Group &earlier) const {
  if (later.rank <= earlier.rank)
    return false;
  if (known.contains({&later, &earlier}))
    return true;
  // Many groups wait for the same one (all updates for the norm of all gradients): the way to it is searched once.
  const Group *last = lastBefore(later);
  if (last && (last == &earlier || known.contains({last, &earlier})))
    return known.insert({&later, &earlier}).second;
  using Ranked = std::pair<unsigned, const Group *>;
  DenseSet<const Group *> seen{&earlier};
  std::priority_queue<Ranked> open;
  open.push({earlier.rank, &earlier});
  const Group *found = nullptr;
  while (!open.empty() && !found) {
    const Group *next = open.top().second;
    open.pop();
    anyReader(*next, [&](Group &reader) {
      if (&reader == &later || &reader == last)
        found = &reader;
      else if (reader.rank < later.rank && seen.insert(&reader).second)
        open.push({reader.rank, &reader});
      return found != nullptr;
    });
  }
  if (found)
    for (const Group *group : {&later, found})
      known.insert({group, &earlier});
  return found;
}

void GroupGraph::raise(Group &group, size_t first) {
  // The lowest first: what lies before it has its rank already.
  using Ranked = std::pair<unsigned, Group *>;
  std::priority_queue<Ranked, std::vector<Ranked>, std::greater<Ranked>> open;
  DenseMap<Group *, unsigned> least;
  auto ask = [&](Group &raised, unsigned rank) {
    if (rank <= raised.rank)
      return;
    auto [asked, isNew] = least.try_emplace(&raised, rank);
    asked->second = std::max(asked->second, rank);
    if (isNew)
      open.push({raised.rank, &raised});
  };
  for (Operation *op : ArrayRef(group.ops).drop_front(first))
    for (Value operand : op->getOperands())
      if (Group *producer = producerGroup(operand); producer && producer != &group)
        ask(group, producer->rank + 1);
  while (!open.empty()) {
    Group *next = open.top().second;
    open.pop();
    next->rank = least.at(next);
    anyReader(*next, [&](Group &reader) {
      ask(reader, next->rank + 1);
      return false;
    });
  }
}

void GroupGraph::add(Operation *op, Group *group) {
  group->ops.push_back(op);
  group->size += sizeOf(op);
  groupOf[op] = group;
  raise(*group, group->ops.size() - 1);
}

Group *GroupGraph::start(Operation *op, GroupKind kind, ArrayRef<int64_t> shape) {
  groups.push_back(std::make_unique<Group>());
  groups.back()->kind = kind;
  groups.back()->shape.assign(shape.begin(), shape.end());
  add(op, groups.back().get());
  return groups.back().get();
}

void GroupGraph::merge(Group &into, Group &member) {
  mergeOrder(into, member);
  size_t first = into.ops.size();
  for (Operation *op : member.ops)
    groupOf[op] = &into;
  llvm::append_range(into.ops, member.ops);
  into.size += member.size;
  member.ops.clear();
  member.size = 0;
  raise(into, first);
}

static std::string kindOf(const Group &group) {
  switch (group.kind) {
  case GroupKind::Product:
    return kProductKind.str();
  case GroupKind::Rows: // as long as there are only maps of vectors and matrices, they could be either
    return (llvm::all_of(group.ops, llvm::IsaPred<MapOp>) ? kElementsKind : kRowsKind).str();
  case GroupKind::Columns:
    return kColumnsKind.str();
  case GroupKind::Elements:
    return kElementsKind.str();
  case GroupKind::Attention:
    return kAttentionKind.str();
  case GroupKind::Single:
    Operation *op = anchorOf(group.ops);
    return isa<SinterDialect>(op->getDialect()) ? op->getName().stripDialect().str() : kElementsKind.str();
  }
  return "";
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
    result.back().kind = kindOf(*group);
  };
  for (auto &group : groups)
    if (!group->ops.empty())
      visit(group.get());
  return result;
}

} // namespace sinter
