#include "compiler/tools/sinterc/Budget.h"

#include "dialects/plan/Plan.h"
#include "dialects/sinter/Attributes.h"
#include "dialects/sinter/Roles.h"
#include "dialects/sinter/Sinter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter {
namespace {

/// Plans follow each other until one leaves room for what code generation then wants. (Scratch hardly changes.)
constexpr int kMostTrials = 4;
constexpr uint64_t kPage = 4096;
/// What attentions may take together, beside as many rows as they like.
constexpr int64_t kFewerRows[] = {48, 32, 16};
constexpr StringLiteral kScratch = "sinter.scratch";

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
    if (auto bytes = op.getAttrOfType<IntegerAttr>(kScratch))
      scratch = std::max<uint64_t>(scratch, bytes.getInt());
  for (auto entry : module.getOps<plan::EntryOp>())
    own = std::max(own, ownBytes(entry));
  memory.threads = threads;
  memory.scratch = threads * (llvm::alignTo(std::max<uint64_t>(scratch, 8), kPage) + llvm::alignTo(own, kPage));
  return memory;
}

namespace {

/// Generates code for a copy of a plan.
FailureOr<OwningOpRef<ModuleOp>> compile(ModuleOp plan, PipelineOptions options, const TargetOptions &target) {
  OwningOpRef<ModuleOp> compiled(plan.clone());
  options.target = target;
  if (failed(runStages(*compiled, Stage::Plan, Stage::Target, options)))
    return failure();
  return compiled;
}

/// The attentions of a plan and nothing else, of so many rows at most.
OwningOpRef<ModuleOp> attentionsOf(ModuleOp plan, int64_t mostRows) {
  OwningOpRef<ModuleOp> attentions(plan.clone());
  for (Operation &op : llvm::make_early_inc_range(attentions->getOps())) {
    if (isa<func::FuncOp>(op) && kindOf(&op) == kAttentionKind)
      op.setAttr(kMostRowsAttr, IntegerAttr::get(IntegerType::get(plan.getContext(), 64), mostRows));
    else
      op.erase();
  }
  return attentions;
}

/// What a program takes if its attentions take fewer rows: `compiled` is all of it, and gets their scratch.
FailureOr<Memory> memoryOfFewerRows(ModuleOp compiled, ModuleOp attentions, const PipelineOptions &options,
                                    const TargetOptions &target, unsigned threads) {
  FailureOr<OwningOpRef<ModuleOp>> smaller = compile(attentions, options, target);
  if (failed(smaller))
    return failure();
  for (Operation &op : (*smaller)->getOps())
    if (auto bytes = op.getAttrOfType<IntegerAttr>(kScratch))
      SymbolTable::lookupSymbolIn(compiled, SymbolTable::getSymbolName(&op))->setAttr(kScratch, bytes);
  return memoryOf(compiled, target, threads);
}

bool hasAttention(ModuleOp plan) {
  return llvm::any_of(plan.getOps<func::FuncOp>(),
                      [](func::FuncOp kernel) { return kindOf(kernel) == kAttentionKind; });
}

/// What a plan was made for, beside its arena.
uint64_t believed(ModuleOp plan, const PipelineOptions &options) {
  for (auto kernel : plan.getOps<func::FuncOp>())
    if (auto rows = kernel->getAttrOfType<IntegerAttr>(kMostRowsAttr))
      for (auto [mostRows, bytes] : options.besideOfFewerRows)
        if (mostRows == rows.getInt())
          return bytes;
  return options.besideArena;
}

/// Finds a plan's bytes beside the arena, the most that any target wants, and whether all is within `budget`.
struct Trial {
  uint64_t beside = 0;
  std::vector<std::pair<int64_t, uint64_t>> ofFewerRows;
  bool fits = true;

  LogicalResult run(ModuleOp plan, const PipelineOptions &options, ArrayRef<TargetOptions> targets, unsigned threads,
                    ArrayRef<int64_t> fewerRows) {
    for (int64_t rows : fewerRows)
      ofFewerRows.push_back({rows, 0});
    for (const TargetOptions &target : targets) {
      FailureOr<OwningOpRef<ModuleOp>> compiled = compile(plan, options, target);
      if (failed(compiled))
        return failure();
      Memory memory = memoryOf(**compiled, target, threads);
      fits &= memory.total() <= *options.memoryBudget;
      beside = std::max(beside, memory.total() - memory.arena);
      for (auto &[rows, bytes] : ofFewerRows) {
        auto fewer = memoryOfFewerRows(**compiled, *attentionsOf(plan, rows), options, target, threads);
        if (failed(fewer))
          return failure();
        bytes = std::max(bytes, fewer->total() - fewer->arena);
      }
    }
    return success();
  }
};

} // namespace

LogicalResult findBytesBesideArena(ModuleOp module, Stage shared, PipelineOptions &found,
                                   ArrayRef<TargetOptions> targets, unsigned threads) {
  // Nothing is shown of trials.
  PipelineOptions options = found;
  options.dumpDirectory.clear();
  Inspection inspection;
  inspection.reproducer = options.inspection.reproducer;
  options.inspection = inspection;
  options.time = options.verbose = options.curve = false;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    // The first one shows what kernels want.
    PipelineOptions planning = options;
    if (trial == 0)
      planning.memoryBudget = std::nullopt;
    OwningOpRef<ModuleOp> plan(module.clone());
    if (failed(runStages(*plan, shared, Stage::Plan, planning)))
      return failure();
    Trial seen;
    bool asks = trial == 0 && targets.front().target == Target::Cpu && hasAttention(*plan);
    if (failed(seen.run(*plan, options, targets, threads, asks ? ArrayRef<int64_t>(kFewerRows) : ArrayRef<int64_t>())))
      return failure();
    if (trial == 0) {
      options.besideArena = seen.beside;
      for (auto [rows, bytes] : seen.ofFewerRows)
        if (bytes < (options.besideOfFewerRows.empty() ? seen.beside : options.besideOfFewerRows.back().second))
          options.besideOfFewerRows.push_back({rows, bytes});
    }
    if (seen.fits) {
      found.besideArena = options.besideArena;
      found.besideOfFewerRows = options.besideOfFewerRows;
      return success();
    }
    if (trial == 0)
      continue;
    // More than was thought, or it would have fitted.
    const uint64_t more = seen.beside - believed(*plan, options);
    options.besideArena += more;
    for (auto &[rows, bytes] : options.besideOfFewerRows)
      bytes += more;
  }
  return emitError(module.getLoc()) << "the scratch of kernels changes with every plan: no budget near "
                                    << *options.memoryBudget << " bytes is sure";
}

} // namespace sinter
