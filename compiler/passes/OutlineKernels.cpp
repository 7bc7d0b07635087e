// sinter-outline-kernels: groups the ops of every entry, makes each group a function, merges functions that are equal.
//
//   %0 = sinter.matmul %x, %w                    %y = call @matmul_768x384(%x, %w, %b)
//   %y = sinter.map (%0, %b) { + ; tanh }  =>    func.func private @matmul_768x384(...) attributes {sinter.kernel} { both }
//
// Groups, over the canonical shapes of KernelShapes.h:
//   product   a matmul, and maps over its result that read it element by element (the epilogue)
//   rows      row-wise ops, reductions of the last dimension and maps, over the same R rows
//   columns   a reduction of another dimension, with the map that only it reads (the prologue)
//   elements  maps of one shape that read each other element by element
//   single    anything else
// An op joins the group of one of its producers if no path leaves that group and comes back. Nothing that a user could
// see depends on the grouping but time and memory.
#include "compiler/passes/KernelShapes.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "compiler/passes/Passes.h.inc"

namespace {

enum class GroupKind { Product, Rows, Columns, Elements, Single };

struct Group {
  GroupKind kind;
  SmallVector<int64_t> shape; ///< Product, Elements: of the maps; Rows: {R} or {R, D}
  SmallVector<Operation *> ops;
};

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

bool reducesLastOfTwo(ReduceOp op) {
  return shapeOf(op.getInput()).size() == 2 && op.getAxes() == ArrayRef<int64_t>{1};
}

bool isSplatConstant(Operation *op) {
  auto constant = dyn_cast_or_null<arith::ConstantOp>(op);
  return constant && isa<SplatElementsAttr>(constant.getValue());
}

/// Ops that stay in the entry: state, views, literal tensors.
bool staysInEntry(Operation &op) {
  return isa<ReadOp, WriteOp, ReshapeOp, func::ReturnOp, func::CallOp>(op) || isa<arith::ConstantOp>(op);
}

class Grouping {
public:
  explicit Grouping(Block &block) {
    unsigned position = 0;
    for (Operation &op : block)
      order[&op] = position++;
    for (Operation &op : block)
      if (!staysInEntry(op))
        place(&op);
  }

  /// The groups in an order in which every group follows those it reads from.
  SmallVector<Group *> inOrder() {
    SmallVector<Group *> result;
    DenseSet<Group *> done;
    for (auto &group : groups)
      visit(group.get(), done, result);
    return result;
  }

private:
  SmallVector<std::unique_ptr<Group>> groups;
  DenseMap<Operation *, Group *> groupOf;
  DenseMap<Operation *, unsigned> order;

  void visit(Group *group, DenseSet<Group *> &done, SmallVector<Group *> &result) {
    if (!done.insert(group).second)
      return;
    for (Operation *op : group->ops)
      for (Value operand : op->getOperands())
        if (Group *producer = producerGroup(operand))
          visit(producer, done, result);
    result.push_back(group);
  }

  /// The group that computes `value`, seen through views.
  Group *producerGroup(Value value) {
    Operation *op = value.getDefiningOp();
    while (isa_and_nonnull<ReshapeOp>(op))
      op = op->getOperand(0).getDefiningOp();
    return op ? groupOf.lookup(op) : nullptr;
  }

  void place(Operation *op) {
    // A map that only feeds a column reduction waits for it.
    if (isa<MapOp>(op) && op->hasOneUse())
      if (auto reduce = dyn_cast<ReduceOp>(*op->getUsers().begin()); reduce && !reducesLastOfTwo(reduce)) {
        start(op, GroupKind::Columns, {});
        return;
      }
    // The latest producer first: it is the likeliest to have no other path to this op.
    SmallVector<Group *> candidates;
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (Group *group = groupOf.lookup(producer); group && !llvm::is_contained(candidates, group))
          candidates.push_back(group);
    llvm::stable_sort(candidates, [&](Group *a, Group *b) { return order[a->ops.back()] > order[b->ops.back()]; });
    for (Group *group : candidates)
      if (fits(op, *group) && !wouldCycle(op, group)) {
        if (group->kind == GroupKind::Rows && rowShape(op).size() > group->shape.size())
          group->shape = rowShape(op);
        group->ops.push_back(op);
        groupOf[op] = group;
        return;
      }
    if (auto matmul = dyn_cast<MatmulOp>(op))
      start(op, GroupKind::Product, shapeOf(matmul.getResult()));
    else if (SmallVector<int64_t> rows = rowShape(op); !rows.empty())
      start(op, GroupKind::Rows, rows);
    else if (auto map = dyn_cast<MapOp>(op))
      start(op, GroupKind::Elements, map.getShape());
    else
      start(op, GroupKind::Single, {});
  }

  void start(Operation *op, GroupKind kind, ArrayRef<int64_t> shape) {
    groups.push_back(std::make_unique<Group>(Group{kind, SmallVector<int64_t>(shape), {op}}));
    groupOf[op] = groups.back().get();
  }

  /// {R} or {R, D} of an op that works row by row; empty for others.
  static SmallVector<int64_t> rowShape(Operation *op) {
    if (auto map = dyn_cast<MapOp>(op))
      return map.getShape().size() == 1 || map.getShape().size() == 2 ? SmallVector<int64_t>(map.getShape())
                                                                      : SmallVector<int64_t>();
    if (auto reduce = dyn_cast<ReduceOp>(op))
      return reducesLastOfTwo(reduce) ? SmallVector<int64_t>(shapeOf(reduce.getInput())) : SmallVector<int64_t>();
    return op->hasTrait<Rowwise>() ? SmallVector<int64_t>(shapeOf(op->getOperand(0))) : SmallVector<int64_t>();
  }

  /// Whether `op` reads what `group` computes only at its own element (Product, Elements) or row (Rows).
  bool fits(Operation *op, const Group &group) {
    auto map = dyn_cast<MapOp>(op);
    switch (group.kind) {
    case GroupKind::Single:
      return false;
    case GroupKind::Columns:
      return isa<ReduceOp>(op) && group.ops.size() == 1 && isa<MapOp>(group.ops[0]) && group.ops[0]->hasOneUse();
    case GroupKind::Product:
    case GroupKind::Elements:
      return map && map.getShape() == ArrayRef(group.shape) && readsGroup(map, group, [](AffineMap m) { return m.isIdentity(); });
    case GroupKind::Rows: {
      SmallVector<int64_t> rows = rowShape(op);
      size_t common = std::min(rows.size(), group.shape.size());
      if (rows.empty() || ArrayRef(rows).take_front(common) != ArrayRef(group.shape).take_front(common))
        return false;
      if (!map)
        return true;
      return readsGroup(map, group, [](AffineMap m) {
        return m.isIdentity() || (m.getNumResults() == 1 && m.getDimPosition(0) == 0);
      });
    }
    }
    return false;
  }

  template <typename Accepts> bool readsGroup(MapOp map, const Group &group, Accepts accepts) {
    for (auto [input, read] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      Operation *producer = input.getDefiningOp();
      if (producer && groupOf.lookup(producer) == &group && !accepts(read))
        return false;
    }
    return true;
  }

  /// Whether some operand of `op` from outside `group` depends on `group`.
  bool wouldCycle(Operation *op, Group *group) {
    unsigned first = order[group->ops.front()];
    DenseSet<Group *> seen;
    SmallVector<Group *> worklist;
    auto push = [&](Operation *reader) {
      for (Value operand : reader->getOperands()) {
        // Views of this group's values are the same danger as paths: the kernel could not read its own result's view.
        bool view = operand.getDefiningOp<ReshapeOp>() != nullptr;
        Group *producer = producerGroup(operand);
        if (producer && (producer != group || view || reader != op) && seen.insert(producer).second)
          worklist.push_back(producer);
      }
    };
    push(op);
    while (!worklist.empty()) {
      Group *current = worklist.pop_back_val();
      if (current == group)
        return true;
      if (order[current->ops.back()] < first)
        continue;
      for (Operation *member : current->ops)
        push(member);
    }
    return false;
  }
};

/// The op that names the kernel: the product or the reduction rather than the maps around it.
Operation *anchorOf(const Group &group) {
  for (Operation *op : group.ops)
    if (!isa<MapOp>(op))
      return op;
  return group.ops.front();
}

std::string kernelName(const Group &group) {
  Operation *anchor = anchorOf(group);
  std::string name = anchor->getName().stripDialect().str();
  if (auto map = dyn_cast<MapOp>(anchor); map && group.ops.size() == 1)
    name = "map";
  auto shape = shapeOf(anchor->getNumResults() ? anchor->getResult(0) : anchor->getOperand(0));
  for (auto [i, size] : llvm::enumerate(shape))
    name += (i ? "x" : "_") + std::to_string(size);
  return shape.empty() ? name + "_scalar" : name;
}

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      storeBooleansAsBytes(entry);
      canonicalizeShapes(entry);
      Block &block = entry.getBody().front();
      outline(entry, Grouping(block).inOrder());
    }
  }

  /// Replaces each group by a call; calls stand in the order of `groups`, at the end of the entry, followed by what
  /// stays there.
  void outline(func::FuncOp entry, ArrayRef<Group *> groups);
  func::FuncOp kernelFor(const Group &group, ArrayRef<Value> inputs, ArrayRef<Value> outputs);

  llvm::StringMap<func::FuncOp> kernels; ///< by what they compute
  llvm::StringMap<unsigned> names;
};

func::FuncOp OutlineKernelsPass::kernelFor(const Group &group, ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
  OpBuilder builder(&getContext());
  Location loc = anchorOf(group)->getLoc();
  auto type = builder.getFunctionType(ValueRange(inputs).getTypes(), ValueRange(outputs).getTypes());
  OwningOpRef<func::FuncOp> kernel = func::FuncOp::create(loc, "kernel", type);
  kernel->setPrivate();
  kernel->getOperation()->setAttr(kKernelAttr, builder.getUnitAttr());
  Block *block = kernel->addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping mapping;
  mapping.map(inputs, block->getArguments());
  for (Operation *op : group.ops) {
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand)) // a splat: each kernel has its own
        mapping.map(operand, builder.clone(*operand.getDefiningOp())->getResult(0));
    builder.clone(*op, mapping);
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(builder, loc, results);

  std::string key;
  llvm::raw_string_ostream stream(key);
  kernel->print(stream, OpPrintingFlags().useLocalScope());
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

void OutlineKernelsPass::outline(func::FuncOp entry, ArrayRef<Group *> groups) {
  Block &block = entry.getBody().front();
  DenseSet<Operation *> grouped;
  for (Group *group : groups)
    grouped.insert(group->ops.begin(), group->ops.end());

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
  for (Group *group : groups) {
    DenseSet<Operation *> members(group->ops.begin(), group->ops.end());
    llvm::SetVector<Value> inputs;
    SmallVector<Value> outputs;
    for (Operation *op : group->ops) {
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
    func::FuncOp kernel = kernelFor(*group, inputs.getArrayRef(), outputs);
    auto call = func::CallOp::create(builder, anchorOf(*group)->getLoc(), kernel, inputs.getArrayRef());
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
