#include "compiler/tools/sinterc/Budget.h"

#include "dialects/plan/Plan.h"
#include "dialects/sinter/Sinter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter {
namespace {

/// Plans follow each other until one leaves room for what code generation then wants. (Scratch hardly changes.)
constexpr int kMostTrials = 4;
constexpr uint64_t kPage = 4096;

uint64_t constantBytes(ModuleOp module) {
  llvm::DenseMap<Attribute, uint64_t> bytes;
  module.walk([&](plan::ConstantOp op) {
    bytes[op.getValue()] = plan::alignUp(plan::sizeInBytes(op.getValue().getShapedType()));
  });
  uint64_t total = 0;
  for (auto [value, size] : bytes)
    total += size;
  return total;
}

/// A thread's own parts of operands, of launches that run piece by piece.
uint64_t ownBytes(plan::EntryOp entry) {
  uint64_t bytes = 0;
  int64_t before = 0; // pieces of the launch before
  for (auto launch : entry.getBody().getOps<plan::LaunchOp>()) {
    int64_t pieces = launch.getPieces() ? static_cast<int64_t>(*launch.getPieces()) : before;
    if (pieces && launch.getOwn())
      for (auto [own, operand] : llvm::zip_equal(*launch.getOwn(), launch.getOperands()))
        if (own >= 0)
          bytes = std::max<uint64_t>(bytes, own + plan::sizeInBytes(cast<MemRefType>(operand.getType())) / pieces);
    before = launch.getPieces() ? static_cast<int64_t>(*launch.getPieces()) : 0;
  }
  return bytes;
}

} // namespace

Memory memoryOf(ModuleOp module, const TargetOptions &target, unsigned threads) {
  Memory memory;
  int64_t states = 0;
  plan::layOutStates(module, states);
  memory.label = target.label();
  memory.states = states;
  memory.constants = constantBytes(module);
  for (auto entry : module.getOps<plan::EntryOp>())
    memory.arena = std::max<uint64_t>(memory.arena, entry.getArenaBytes());
  uint64_t scratch = 0, own = 0;
  if (target.target == Target::Vulkan) {
    for (auto kernel : module.getOps<plan::KernelOp>())
      scratch = std::max<uint64_t>(scratch, kernel.getScratchBytes());
    memory.scratch = scratch;
    return memory;
  }
  for (Operation &op : module.getOps())
    if (auto bytes = op.getAttrOfType<IntegerAttr>("sinter.scratch"))
      scratch = std::max<uint64_t>(scratch, bytes.getInt());
  for (auto entry : module.getOps<plan::EntryOp>())
    own = std::max(own, ownBytes(entry));
  memory.threads = threads;
  memory.scratch = threads * (llvm::alignTo(std::max<uint64_t>(scratch, 8), kPage) + llvm::alignTo(own, kPage));
  return memory;
}

FailureOr<uint64_t> findBytesBesideArena(ModuleOp module, Stage shared, PipelineOptions options,
                                         ArrayRef<TargetOptions> targets, unsigned threads) {
  // Nothing is shown of trials.
  options.dumpDirectory.clear();
  Inspection inspection;
  inspection.reproducer = options.inspection.reproducer;
  options.inspection = inspection;
  options.time = options.verbose = options.curve = false;
  const std::optional<uint64_t> budget = options.memoryBudget;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    // The first one shows what kernels want.
    options.memoryBudget = trial == 0 ? std::nullopt : budget;
    OwningOpRef<ModuleOp> plan(module.clone());
    if (failed(runStages(*plan, shared, Stage::Plan, options)))
      return failure();
    uint64_t most = 0;
    bool fits = true;
    for (const TargetOptions &target : targets) {
      OwningOpRef<ModuleOp> compiled(plan->clone());
      PipelineOptions quiet = options;
      quiet.target = target;
      if (failed(runStages(*compiled, Stage::Plan, Stage::Target, quiet)))
        return failure();
      Memory memory = memoryOf(*compiled, target, threads);
      fits &= memory.total() <= *budget;
      most = std::max(most, memory.total() - memory.arena);
    }
    if (fits)
      return trial == 0 ? most : options.besideArena;
    options.besideArena = most; // (more than before, or it would have fitted)
  }
  return emitError(module.getLoc()) << "the scratch of kernels changes with every plan: no budget near " << *budget
                                    << " bytes is sure";
}

} // namespace sinter
