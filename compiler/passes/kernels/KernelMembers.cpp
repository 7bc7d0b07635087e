// Equal groups, and sums of little, become one kernel: a launch costs more than they do.
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/kernels/KernelGraph.h"

using namespace mlir;

namespace sinter {
namespace {

class MemberMerging {
public:
  explicit MemberMerging(GroupGraph &graph) : graph(graph), groups(graph.groups) {}

  void run() {
    graph.closeOrder();
    auto mergeAll = [&](auto accepts, auto likeness, auto fit) {
      DenseMap<size_t, std::vector<Group *>> classes; // the first of each, by what tells most of them apart
      for (auto &group : groups) {
        if (group->ops.empty() || !accepts(*group))
          continue;
        std::vector<Group *> &alike = classes[likeness(*group)];
        auto found = llvm::find_if(alike, [&](Group *first) { return fit(*first, *group); });
        if (found == alike.end())
          alike.push_back(group.get());
        else
          merge(**found, *group);
      }
    };
    mergeAll(canBeMember, likenessOf, [&](Group &first, Group &group) {
      return first.members < kMostMembers && areIndependent(first, group) && computesTheSame(first, group) &&
             mayWait(first, group) && mayWait(group, first);
    });
    mergeAll(
        sumsLittle, [](Group &) { return size_t(0); },
        [&](Group &first, Group &group) {
          return first.size + group.size <= kMostOps && areIndependent(first, group) && readersFollow(first, group) &&
                 readersFollow(group, first);
        });
  }

private:
  /// Vectors of this many elements divide the tensors of members: one code serves them all, without a rest of its own.
  static constexpr int64_t kDivisor = 16;

  bool areIndependent(const Group &a, const Group &b) { return !graph.follows(a, b) && !graph.follows(b, a); }

  static bool readsConstant(Operation *op) {
    return llvm::any_of(op->getOperands(), [](Value v) { return v.getDefiningOp<arith::ConstantOp>() != nullptr; });
  }

  /// Maps of one dimension, or sums of rows.
  static bool canBeMember(const Group &group) {
    bool rows = group.kind == GroupKind::Rows && group.shape.size() == 2 && group.shape[0] > 1;
    bool elements = group.shape.size() == 1 && group.shape[0] % kDivisor == 0;
    return (rows && llvm::any_of(group.ops, llvm::IsaPred<ReductionLike>) &&
            llvm::all_of(group.ops,
                         [](Operation *op) { return isa<MapOp, ReductionLike>(op) && !readsConstant(op); })) ||
           (elements && llvm::all_of(group.ops, [](Operation *op) { return isa<MapOp>(op) && !readsConstant(op); }));
  }

  /// Reductions of one short row each: less work than a launch.
  static bool sumsLittle(const Group &group) {
    constexpr int64_t kLittle = 4096;
    return group.kind == GroupKind::Rows && group.members == 1 && group.shape.size() == 2 && group.shape[0] == 1 &&
           group.shape[1] <= kLittle && llvm::all_of(group.ops, llvm::IsaPred<MapOp, ReductionLike>);
  }

  /// Equal for groups that compute the same.
  static size_t likenessOf(Group &group) {
    llvm::hash_code hash = llvm::hash_combine(group.ops.size(), group.shape.size());
    for (Operation *op : group.ops) {
      hash = llvm::hash_combine(hash, op->getName().getAsOpaquePointer(), op->getNumOperands(), op->getNumResults());
      for (Region &region : op->getRegions())
        for (Operation &inner : region.front())
          hash = llvm::hash_combine(hash, inner.getName().getAsOpaquePointer());
    }
    return hash;
  }

  /// Whether `member` is what the first member of `group` is, on other tensors.
  static bool computesTheSame(const Group &group, const Group &member) {
    size_t count = member.ops.size();
    if (group.ops.size() != count * group.members || group.shape.size() != member.shape.size() ||
        ArrayRef(group.shape).drop_front() != ArrayRef(member.shape).drop_front())
      return false;
    DenseMap<Value, Value> counterparts, origins;
    auto correspond = [&](Value a, Value b) {
      auto left = cast<RankedTensorType>(a.getType()), right = cast<RankedTensorType>(b.getType());
      return left.getRank() == right.getRank() && left.getElementType() == right.getElementType() &&
             counterparts.try_emplace(a, b).first->second == b && origins.try_emplace(b, a).first->second == a;
    };
    auto allCorrespond = [&](ValueRange a, ValueRange b) {
      return a.size() == b.size() && llvm::all_of(llvm::zip_equal(a, b), [&](auto pair) {
               return correspond(std::get<0>(pair), std::get<1>(pair));
             });
    };
    for (auto [a, b] : llvm::zip(ArrayRef(group.ops).take_front(count), member.ops)) {
      if (a->getName() != b->getName() || a->getAttrDictionary() != b->getAttrDictionary() ||
          !allCorrespond(a->getOperands(), b->getOperands()) || !allCorrespond(a->getResults(), b->getResults()))
        return false;
      for (auto [x, y] : llvm::zip(a->getRegions(), b->getRegions()))
        if (!OperationEquivalence::isRegionEquivalentTo(&x, &y, OperationEquivalence::IgnoreLocations))
          return false;
      for (auto [x, y] : llvm::zip(a->getResults(), b->getResults())) // a kernel returns what others read
        if (isRead(x, group) != isRead(y, member))
          return false;
    }
    return true;
  }

  /// Whether an op outside of `group` reads `value`.
  static bool isRead(Value value, const Group &group) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) { return !llvm::is_contained(group.ops, user); });
  }

  /// Whether nothing lives longer if `group` runs after all that `other` reads: it does so in any case, or what it
  /// reads is needed by something that runs after both, and its results are small.
  bool mayWait(const Group &group, const Group &other) {
    auto isLate = [&](Value value) {
      return llvm::any_of(value.getUsers(), [&](Operation *user) { return isReadLate(user, group, other); });
    };
    auto runsAfter = [&](Operation *op) {
      return llvm::all_of(op->getOperands(), [&](Value operand) {
        Group *producer = producerGroup(operand);
        return !producer || producer == &other || graph.follows(group, *producer);
      });
    };
    if (llvm::all_of(other.ops, runsAfter))
      return true;
    return group.shape.size() == 2 && llvm::all_of(group.ops, [&](Operation *op) {
             return (isa<ReductionLike>(op) || !isRead(op->getResult(0), group)) &&
                    llvm::all_of(op->getOperands(), [&](Value operand) {
                      Group *producer = producerGroup(operand);
                      return !producer || producer == &group || isLate(behindReshapes(operand));
                    });
           });
  }

  /// Whether all that reads `group` runs after `other` in any case.
  bool readersFollow(const Group &group, const Group &other) {
    return !graph.anyReader(group, [&](Group &reader) { return !graph.follows(reader, other); });
  }

  /// Whether `user`, or a reader of it if it is a view, runs after both groups.
  bool isReadLate(Operation *user, const Group &one, const Group &other) {
    if (isFreeView(user))
      return llvm::any_of(user->getUsers(), [&](Operation *next) { return isReadLate(next, one, other); });
    Group *group = graph.groupOf.lookup(user);
    return group && graph.follows(*group, one) && graph.follows(*group, other);
  }

  void merge(Group &into, Group &member) {
    if (canBeMember(into))
      ++into.members;
    graph.merge(into, member);
  }

  Group *producerGroup(Value value) const { return graph.producerGroup(value); }

  GroupGraph &graph;
  std::vector<std::unique_ptr<Group>> &groups;
};

} // namespace

void mergeMembers(GroupGraph &graph) { MemberMerging(graph).run(); }

} // namespace sinter
