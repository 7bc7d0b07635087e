#include "compiler/passes/MapUtils.h"
#include "compiler/passes/fuse/NotFused.h"
#include "compiler/passes/kernels/KernelGraph.h"
#include "compiler/passes/kernels/KernelShapes.h"

using namespace mlir;

namespace sinter {
namespace {

/// A reduction of another dimension than the last of two, or null.
ReductionLike columnReduction(Operation *op) {
  auto reduce = dyn_cast<ReductionLike>(op);
  return reduce && !reducesLastOfTwo(reduce) ? reduce : ReductionLike();
}

/// Positions up to which a kernel adds a table to what it scatters: more are taken a segment at a time, whose sums
/// stand in the result meanwhile.
constexpr int64_t kMostScattered = 1 << 16;

/// Finds every op its group.
class Grouping : public GroupGraph {
public:
  Grouping(Block &block, const KernelAbilities &abilities) : abilities(abilities) {
    unsigned position = 0;
    for (Operation &op : block)
      order[&op] = position++;
    for (Operation &op : block)
      if (!staysInEntry(&op))
        place(&op);
    if (abilities.columnSums)
      mergeColumnSums(*this);
    mergeMembers(*this);
  }

private:
  const KernelAbilities &abilities;
  DenseMap<Operation *, unsigned> order;
  DenseMap<Attribute, Group *> attentions; ///< by their number

  void place(Operation *op) {
    if (Attribute number = op->getAttr(kAttentionAttr))
      return placeAttention(op, number);
    if (isColumnPrologue(op))
      return; // placed with its reduction
    if (ReductionLike reduce = columnReduction(op))
      return placeColumns(reduce);
    if (readerOfView(op))
      return; // placed with its reader
    if (Group *group = productStoredBy(op))
      return add(op, group);
    if (Group *group = attentionStoredBy(op))
      return addWithViews(op, group);
    if (op->hasTrait<JoinsOperands>() || isPermuted(op) || isa<AttentionOp>(op))
      return placeReader(op, GroupKind::Single, {});
    for (auto candidates : {&Grouping::producersOf, &Grouping::siblingsOf})
      for (Group *group : (this->*candidates)(op))
        if (group->size + sizeOf(op) <= kMostOps && fits(op, *group) && !wouldCycle(op, group)) {
          if (group->kind == GroupKind::Rows && rowShape(op).size() > group->shape.size())
            group->shape = rowShape(op);
          return add(op, group);
        }
    if (saysNotFused(op))
      sayWhyApart(op);
    if (isa<ProductLike>(op))
      placeReader(op, GroupKind::Product, shapeOf(op->getResult(0)));
    else if (SmallVector<int64_t> rows = rowShape(op); !rows.empty())
      start(op, GroupKind::Rows, rows);
    else if (auto map = dyn_cast<MapOp>(op))
      start(op, GroupKind::Elements, map.getShape());
    else
      start(op, GroupKind::Single, {});
  }

  /// The groups of the values that `op` reads; the latest first: it is the likeliest to have no other path to `op`.
  SmallVector<Group *> producersOf(Operation *op) {
    SmallVector<Group *> result;
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (Group *group = groupOf.lookup(producer); group && !llvm::is_contained(result, group))
          result.push_back(group);
    llvm::stable_sort(result, [&](Group *a, Group *b) { return order[a->ops.back()] > order[b->ops.back()]; });
    return result;
  }

  /// Groups that iterate over a tensor that `op` iterates over: together they read it once.
  SmallVector<Group *> siblingsOf(Operation *op) {
    auto isWhole = [&](Group *group, Value operand) {
      return group && group->kind != GroupKind::Product && ArrayRef(group->shape) == shapeOf(operand);
    };
    SmallVector<Group *> result;
    for (Value operand : op->getOperands()) {
      if (shapeOf(operand).empty() && !(isa<MapOp>(op) && cast<MapOp>(op).getShape().empty()))
        continue; // a number, which may have very many readers
      for (Operation *reader : operand.getUsers())
        if (Group *group = groupOf.lookup(reader); isWhole(group, operand) && !llvm::is_contained(result, group))
          result.push_back(group);
    }
    return result;
  }

  //===--- columns -----------------------------------------------------------------------------------===//

  /// A map that only feeds a column reduction.
  static bool isColumnPrologue(Operation *op) {
    return isa<MapOp>(op) && op->hasOneUse() && columnReduction(*op->getUsers().begin());
  }

  void placeColumns(ReductionLike reduce) {
    SmallVector<Operation *> members{reduce};
    if (Operation *map = reduce.getInput().getDefiningOp(); map && isColumnPrologue(map))
      members.insert(members.begin(), map);
    ArrayRef<int64_t> shape = shapeOf(reduce.getInput());
    for (Group *group : siblingsOf(members.front()))
      if (group->kind == GroupKind::Columns && ArrayRef(group->shape) == shape &&
          ArrayRef(group->axes) == reduce.getAxes() && !dependOn(members, group)) {
        for (Operation *op : members)
          add(op, group);
        return;
      }
    Group *group = start(members.front(), GroupKind::Columns, shape);
    group->axes.assign(reduce.getAxes().begin(), reduce.getAxes().end());
    for (Operation *op : ArrayRef(members).drop_front())
      add(op, group);
  }

  //===--- concatenations, transposes ----------------------------------------------------------------===//

  /// What alone reads a view in a kernel that takes each element straight from its place, seen through reshapes that a
  /// loop's strides can express; else null. Products and what joins tensors read permuted ones so, and these read
  /// parts.
  static Operation *readerOfView(Operation *op) {
    if (op->hasAttr(kPrologueAttr))
      return readerOfPrologue(op);
    bool part = isPart(op);
    if (!part && !isPermuted(op))
      return nullptr;
    bool direct = true;
    do {
      Operation *reader = op->hasOneUse() ? *op->getUsers().begin() : nullptr;
      if (isFreeView(reader)) {
        ArrayRef<int64_t> from = shapeOf(reader->getOperand(0)), to = shapeOf(reader->getResult(0));
        if (part ? !isCollapse(to, from) : !isCollapse(from, to))
          return nullptr;
        direct = false;
      }
      op = reader;
    } while (isFreeView(op));
    if (!op)
      return nullptr;
    // (The first dimension of what a product reads may be a merged one, and that has no stride.)
    bool reads = part ? isPermuted(op) : op->hasTrait<JoinsOperands>() || (isa<ProductLike, AttentionOp>(op) && direct);
    return reads ? op : nullptr;
  }

  /// The product that alone reads `op`, seen through reshapes.
  static Operation *readerOfPrologue(Operation *op) {
    do
      op = op->hasOneUse() ? *op->getUsers().begin() : nullptr;
    while (isFreeView(op));
    return isa_and_nonnull<ProductLike>(op) ? op : nullptr;
  }

  /// The ops of the views, and of what is computed for it, that only `reader` reads, each after what it reads, `reader`
  /// last.
  void collectViews(Operation *reader, SmallVectorImpl<Operation *> &members) {
    for (Value operand : reader->getOperands()) {
      SmallVector<Operation *> reshapes;
      Operation *op = operand.getDefiningOp();
      for (; isFreeView(op); op = op->getOperand(0).getDefiningOp())
        reshapes.push_back(op);
      if (op && readerOfView(op) == reader) {
        collectViews(op, members);
        members.append(reshapes.rbegin(), reshapes.rend());
      }
    }
    members.push_back(reader);
  }

  /// The group of the product that `op` alone reads, if it is permuted: the product's kernel stores through it.
  Group *productStoredBy(Operation *op) {
    if (!isPermuted(op) || !op->getOperand(0).hasOneUse())
      return nullptr;
    Operation *producer = op->getOperand(0).getDefiningOp();
    Group *group = producer ? groupOf.lookup(producer) : nullptr;
    if (group && isa<AttentionOp>(producer))
      return group;
    bool stores =
        group && (group->kind == GroupKind::Product || (group->kind == GroupKind::Attention && keepsRows(op)));
    return stores && isa<ProductLike, MapOp>(producer) ? group : nullptr;
  }

  /// Whether what lies side by side still does behind this view.
  static bool keepsRows(Operation *op) {
    ArrayRef<int64_t> permutation = cast<ViewLike>(op).getPermutation();
    return permutation.empty() || permutation.back() + 1 == static_cast<int64_t>(permutation.size());
  }

  /// The attention whose products `op` alone joins to one tensor, seen through views: its kernel stores them there.
  Group *attentionStoredBy(Operation *op) {
    if (!op->hasTrait<JoinsOperands>())
      return nullptr;
    Group *common = nullptr;
    for (Value part : op->getOperands()) {
      Operation *producer = part.getDefiningOp();
      while ((isFreeView(producer) || isPermuted(producer)) && producer->hasOneUse() && keepsRows(producer))
        producer = producer->getOperand(0).getDefiningOp();
      Group *group =
          isa_and_nonnull<ProductLike>(producer) && producer->hasOneUse() ? groupOf.lookup(producer) : nullptr;
      if (!group || group->kind != GroupKind::Attention || (common && group != common))
        return nullptr;
      common = group;
    }
    return common;
  }

  void addWithViews(Operation *op, Group *group) {
    SmallVector<Operation *> members;
    collectViews(op, members);
    for (Operation *member : members)
      add(member, group);
  }

  /// Joins the group of that number (InlineAttention.cpp), with the views that only `op` reads.
  void placeAttention(Operation *op, Attribute number) {
    Group *&group = attentions[number];
    if (group)
      return addWithViews(op, group);
    SmallVector<Operation *> members;
    collectViews(op, members);
    group = start(members.front(), GroupKind::Attention, {});
    for (Operation *member : ArrayRef(members).drop_front())
      add(member, group);
  }

  /// Starts a group of `op` and of the views that only it reads.
  void placeReader(Operation *op, GroupKind kind, ArrayRef<int64_t> shape) {
    SmallVector<Operation *> members;
    collectViews(op, members);
    Group *group = start(members.front(), kind, shape);
    for (Operation *member : ArrayRef(members).drop_front())
      add(member, group);
  }

  //===--- rows, products, elements ------------------------------------------------------------------===//

  /// {R} or {R, D} of an op that works row by row; empty for others.
  static SmallVector<int64_t> rowShape(Operation *op) {
    if (auto map = dyn_cast<MapOp>(op))
      return map.getShape().size() == 1 || map.getShape().size() == 2 ? SmallVector<int64_t>(map.getShape())
                                                                      : SmallVector<int64_t>();
    if (auto reduce = dyn_cast<ReductionLike>(op))
      return reducesLastOfTwo(reduce) ? SmallVector<int64_t>(shapeOf(reduce.getInput())) : SmallVector<int64_t>();
    return op->hasTrait<Rowwise>() ? SmallVector<int64_t>(shapeOf(op->getOperand(0))) : SmallVector<int64_t>();
  }

  /// Whether `op` reads what `group` computes only at its own element (Product, Elements) or row (Rows).
  bool fits(Operation *op, const Group &group) {
    auto map = dyn_cast<MapOp>(op);
    switch (group.kind) {
    case GroupKind::Single:
      return map && abilities.scattersOnto && addsScattered(map, group);
    case GroupKind::Columns:
    case GroupKind::Attention:
      return false;
    case GroupKind::Product:
    case GroupKind::Elements:
      return map && map.getShape() == ArrayRef(group.shape) && !belongsToReader(map) &&
             readsGroup(map, group, [](AffineMap m) { return m.isIdentity(); });
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

  /// Whether all that `map` does is to add a table to the rows that `group` scatters into one of its own.
  bool addsScattered(MapOp map, const Group &group) {
    auto scatter = dyn_cast<ScatterAddOp>(group.ops.back());
    if (!scatter || group.ops.size() != 1 || !scatter->hasOneUse() || map.getInputs().size() != 2 ||
        map.getNumResults() != 1 || map.getInputs()[0] == map.getInputs()[1] ||
        cast<RankedTensorType>(scatter.getIndices().getType()).getNumElements() > kMostScattered)
      return false;
    for (auto [input, read] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>()))
      if (!read.isIdentity() || input.getType() != scatter.getResult().getType())
        return false;
    Block &body = map.getBody().front();
    auto sum = dyn_cast<arith::AddFOp>(body.front());
    return sum && body.getTerminator()->getOperand(0) == sum.getResult() && llvm::hasNItems(body, 2) &&
           llvm::is_contained(map.getInputs(), scatter.getResult()) && sum.getLhs() != sum.getRhs();
  }

  template <typename Accepts> bool readsGroup(MapOp map, const Group &group, Accepts accepts) {
    for (auto [input, read] :
         llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      Operation *producer = input.getDefiningOp();
      if (producer && groupOf.lookup(producer) == &group && !accepts(read))
        return false;
    }
    return true;
  }

  //===--- refusals ----------------------------------------------------------------------------------===//

  /// Says why `op` did not join the kernels of what it reads, where a user might have expected it: for a map, a
  /// reduction or a row-wise op that reads more than one number of a kernel that takes such ops.
  void sayWhyApart(Operation *op) {
    if (rowShape(op).empty() && !isa<MapOp>(op))
      return;
    DenseSet<Group *> seen;
    for (Value operand : op->getOperands()) {
      Group *group = producerGroup(operand);
      bool one = llvm::all_of(shapeOf(operand), [](int64_t size) { return size == 1; });
      if (group && !one && seen.insert(group).second)
        sayWhyApart(op, *group, /*view=*/isFreeView(operand.getDefiningOp()));
    }
  }

  void sayWhyApart(Operation *op, const Group &group, bool view) {
    auto map = dyn_cast<MapOp>(op);
    bool takesMaps = group.kind == GroupKind::Product || group.kind == GroupKind::Elements;
    if (!(takesMaps && map) && group.kind != GroupKind::Rows)
      return;
    auto say = [&](const Twine &why) {
      notFused(op, op->getName().getStringRef() + " into the kernel of " + group.ops.front()->getName().getStringRef(),
               why);
    };
    SmallVector<int64_t> rows = rowShape(op);
    ArrayRef<int64_t> shape = takesMaps || rows.empty() ? map.getShape() : ArrayRef<int64_t>(rows);
    size_t common = takesMaps ? shape.size() : std::min(shape.size(), group.shape.size());
    if (shape.take_front(common) != ArrayRef(group.shape).take_front(common)) {
      // (What a kernel sums up is of another size by nature.)
      if (!view || llvm::product_of(shape) == llvm::product_of(group.shape))
        say("it works on " + describe(shape) + ", but that kernel on " + describe(group.shape));
    } else if (group.size + sizeOf(op) > kMostOps) {
      say("a kernel holds at most " + Twine(kMostOps) + " ops, but this one would hold " +
          Twine(group.size + sizeOf(op)));
    } else if (!fits(op, group)) {
      say("it does not read that kernel's results element by element");
    } else {
      say("it also waits for other kernels, which read what that kernel computes");
    }
  }

  /// `[768, 384]`
  static std::string describe(ArrayRef<int64_t> shape) {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "[";
    llvm::interleaveComma(shape, os);
    os << "]";
    return text;
  }

  //===--- cycles ------------------------------------------------------------------------------------===//

  /// Whether a path leads from `group` to `op` that leaves the group.
  bool wouldCycle(Operation *op, Group *group) {
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      Group *producer = producerGroup(operand);
      // Views of this group's values are the same danger as paths: the kernel could not read its own result's view.
      return producer && (producer == group ? isFreeView(operand.getDefiningOp()) : follows(*producer, *group));
    });
  }

  /// Whether some of `ops` reads, directly or not, what `group` computes.
  bool dependOn(ArrayRef<Operation *> ops, Group *group) {
    return llvm::any_of(ops, [&](Operation *op) {
      return llvm::any_of(op->getOperands(), [&](Value operand) {
        Group *producer = producerGroup(operand);
        return producer && (producer == group || follows(*producer, *group));
      });
    });
  }
};

} // namespace

bool isSplatConstant(Operation *op) {
  auto constant = dyn_cast_or_null<arith::ConstantOp>(op);
  return constant && isa<SplatElementsAttr>(constant.getValue());
}

bool staysInEntry(Operation *op) {
  return isFreeView(op) || isa<ReadOp, WriteOp, func::ReturnOp, func::CallOp, arith::ConstantOp>(op);
}

Operation *anchorOf(ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    if (op->hasTrait<Rowwise>() && op->hasAttr(kAttentionAttr))
      return op;
  for (Operation *op : ops)
    if (!isa<MapOp, ViewLike>(op) && !op->hasAttr(kPrologueAttr))
      return op;
  return isa<MapOp>(ops.front()) ? ops.front() : ops.back();
}

std::vector<KernelGroup> groupKernels(Block &block, const KernelAbilities &abilities) {
  return Grouping(block, abilities).inOrder();
}

} // namespace sinter
