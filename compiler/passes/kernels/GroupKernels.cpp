// sinter-group-kernels: decides which ops of an entry run in one kernel, and says so.
//
//   %0 = sinter.matmul %x, %w                        %0 = sinter.matmul %x, %w {sinter.group = 0}
//   %1 = sinter.softmax %z                      =>   %y = sinter.map (%0, %b) { + ; tanh } {sinter.group = 0}
//   %y = sinter.map (%0, %b) { + ; tanh }            %1 = sinter.softmax %z {sinter.group = 1}
//
//   and on the entry: sinter.groups = ["product", "rows"]
//
// Ops of a group stand together, in the order in which its kernel has them; groups stand in the order of their
// launches, each behind the reads, literals and views that it needs; writes are last. KernelGroups.h says what a group
// is.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelAbilities.h"
#include "compiler/passes/kernels/KernelGroups.h"
#include "dialects/sinter/Sinter.h"

#define DEBUG_TYPE "sinter-group-kernels"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_GROUPKERNELS
#include "compiler/passes/Passes.h.inc"

namespace {

/// Puts the ops of a block into the order of its groups.
class Arrangement {
public:
  explicit Arrangement(Block &block) : block(block), end(block.getTerminator()) {}

  void run(ArrayRef<KernelGroup> groups) {
    for (auto [number, group] : llvm::enumerate(groups))
      for (Operation *op : group.ops)
        groupOf[op] = number;
    SmallVector<Operation *> writes;
    for (auto write : block.getOps<WriteOp>())
      writes.push_back(write);
    auto type = IntegerType::get(end->getContext(), 64);
    for (auto [number, group] : llvm::enumerate(groups)) {
      for (Operation *op : group.ops)
        for (Value operand : op->getOperands())
          place(operand);
      for (Operation *op : group.ops) {
        op->moveBefore(end);
        op->setAttr(kGroupAttr, IntegerAttr::get(type, number));
      }
    }
    for (Operation *write : writes) {
      place(write->getOperand(0));
      write->moveBefore(end);
    }
    for (Value operand : end->getOperands())
      place(operand);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

private:
  /// What stays in the entry comes where the first reader needs it.
  void place(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &block || groupOf.contains(op) || isa<func::CallOp>(op) || !placed.insert(op).second)
      return;
    for (Value operand : op->getOperands())
      place(operand);
    op->moveBefore(end);
  }

  Block &block;
  Operation *end;
  DenseMap<Operation *, int64_t> groupOf;
  DenseSet<Operation *> placed;
};

/// Groups of which something is needed.
bool isNeeded(const KernelGroup &group) {
  DenseSet<Operation *> members(group.ops.begin(), group.ops.end());
  return llvm::any_of(group.ops, [&](Operation *op) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) { return !members.contains(user); });
  });
}

struct GroupKernelsPass : impl::GroupKernelsBase<GroupKernelsPass> {
  using GroupKernelsBase::GroupKernelsBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    if (!getOperation()->hasAttr(kEntryAttr))
      return;
    Block &block = getOperation().getBody().front();
    std::vector<KernelGroup> groups = groupKernels(block, *abilities);
    llvm::erase_if(groups, [](const KernelGroup &group) { return !isNeeded(group); });
    Arrangement(block).run(groups);
    Builder builder(&getContext());
    SmallVector<Attribute> kinds;
    for (const KernelGroup &group : groups) {
      kinds.push_back(builder.getStringAttr(GroupLabel{group.kind, group.members}.text()));
      DEBUG_AT(anchorOf(group.ops)) << group.ops.size() << " ops are one kernel, " << kinds.back();
    }
    getOperation()->setAttr(kGroupsAttr, builder.getArrayAttr(kinds));
    counted(getOperation(), DEBUG_TYPE, "groups formed", groups.size());
  }
};

} // namespace
} // namespace sinter
