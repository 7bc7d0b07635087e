// sinter-meet-budget: calls of kernels are repeated, so that fewer values wait for their readers.
//
//   %h = func.call @fc(%x)                            %h = func.call @fc(%x)
//   %y = func.call @proj(%h)                          %y = func.call @proj(%h)
//   ... the rest of the model, and its gradient       ...
//   %d = func.call @proj_gradient(%g, %h)      =>     %h1 = func.call @fc(%x) {sinter.again}
//                                                     %d = func.call @proj_gradient(%g, %h1)
//
// The same kernel on the same operands gives the same bits. What to repeat is chosen on the launches of the entry's
// plan (Recomputation.h), which gives ways that take less and less memory and more and more time; each is judged by the
// real planner, and the fastest that meets the budget is taken. Which ways there are does not depend on the budget:
// more budget is never slower.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelCost.h"
#include "compiler/passes/memory/PlannedEntry.h"
#include "compiler/passes/memory/Recomputation.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/DenseSet.h"

#define DEBUG_TYPE "sinter-meet-budget"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MEETBUDGET
#include "compiler/passes/Passes.h.inc"

namespace {

/// A launch takes as long as its work or its memory, on a processor with few cores; only ratios matter.
constexpr double kFlopsPerSecond = 150e9, kBytesPerSecond = 15e9, kSecondsPerLaunch = 3e-6;
/// Points of the curve that are printed, about.
constexpr size_t kPoints = 10;
/// A smaller number divides sizes by chance.
constexpr int64_t kTelling = 8;

/// What a way takes by the real planner.
struct Point {
  int64_t bytes = 0;
  double extraFlops = 0, seconds = 0;
};

/// The calls of an entry, and the ways to run them.
class Ways {
public:
  Ways(func::FuncOp entry, SymbolTable &symbols) : entry(entry), symbols(symbols) {}

  LogicalResult find() {
    planned = planEntry(entry, symbols, Effort::Orders);
    if (!planned)
      return failure();
    ways = recompute(graph());
    points.resize(ways.size());
    return success();
  }

  size_t size() const { return ways.size(); }
  const PlannedEntry &plainPlan() const { return *planned; }

  /// Bytes by the planner: of the plan as it is, of a copy of the entry otherwise.
  const Point &point(size_t way) {
    std::optional<Point> &point = points[way];
    if (point)
      return *point;
    point = Point{planned->placement.bytes, 0, totalSeconds + ways[way].extraSeconds};
    for (const Run &run : ways[way].order)
      if (run.isAgain)
        point->extraFlops += flopsOf[run.work];
    if (way == 0)
      return *point;
    OpBuilder builder(entry);
    auto trial = cast<func::FuncOp>(builder.clone(*entry));
    apply(trial, ways[way]);
    if (std::unique_ptr<PlannedEntry> plan = planEntry(trial, symbols, Effort::Orders))
      point->bytes = plan->placement.bytes;
    trial.erase();
    return *point;
  }

  /// Rewrites the entry.
  void take(size_t way) {
    if (way != 0)
      apply(entry, ways[way]);
  }

  /// What no way can avoid: the estimate of `way`, by which planning is spared.
  int64_t liveBytes(size_t way) const { return ways[way].liveBytes; }

private:
  WorkGraph graph() {
    WorkGraph graph;
    for (const Buffer &buffer : planned->buffers) {
      graph.bytes.push_back(buffer.kind == Buffer::Arena ? plan::alignUp(plan::sizeInBytes(buffer.type)) : 0);
      graph.kept.push_back(buffer.isOutput);
    }
    for (const Launch &launch : planned->launches) {
      Work &work = graph.works.emplace_back();
      work.mayRepeat = launch.call != SIZE_MAX;
      for (const Operand &input : launch.inputs)
        work.reads.push_back(input.buffer);
      for (auto [output, operand] : llvm::enumerate(launch.outputs)) {
        work.writes.push_back(operand.buffer);
        // A state is written once.
        work.mayRepeat &= planned->buffers[operand.buffer].kind == Buffer::Arena;
        if (int64_t input = launch.inPlace[output]; input >= 0)
          work.inPlace.push_back({output, static_cast<size_t>(input)});
      }
      work.mayRepeat &= !launch.loop; // which works on some operands in place
      double flops = 0;
      work.seconds = secondsOf(launch, flops);
      totalSeconds += work.seconds;
      flopsOf.push_back(flops);
    }
    return graph;
  }

  /// Adds up what launches do, those of loops in all steps.
  static double secondsOf(const Launch &launch, double &flops) {
    if (!launch.loop) {
      double own = countFlops(launch.kernel);
      flops += own;
      return std::max(own / kFlopsPerSecond, countBytes(launch.kernel) / kBytesPerSecond) + kSecondsPerLaunch;
    }
    double seconds = 0, step = 0;
    for (const Launch &inner : launch.loop->planned->launches)
      seconds += secondsOf(inner, step);
    flops += step * static_cast<double>(launch.loop->steps);
    return seconds * static_cast<double>(launch.loop->steps);
  }

  /// Puts the calls of `function`, which is the entry or a copy of it, into the order of `way`, and repeats some.
  void apply(func::FuncOp function, const Recomputation &way) const {
    Block &block = function.getBody().front();
    SmallVector<Operation *> calls;
    for (Operation &op : block)
      if (isa<func::CallOp, LoopOp>(op))
        calls.push_back(&op);
    OpBuilder builder(block.getTerminator());
    DenseMap<size_t, Value> copies; // of tensors that are computed again
    for (const Run &run : way.order) {
      size_t number = planned->launches[run.work].call;
      if (number == SIZE_MAX)
        continue; // the planner's own
      Operation *call = calls[number];
      if (run.isAgain) {
        call = builder.clone(*call);
        call->setAttr(kAgainAttr, builder.getUnitAttr());
        for (auto [tensor, result] : llvm::zip_equal(run.writes, call->getResults()))
          copies[tensor] = result;
      } else {
        call->moveBefore(block.getTerminator());
      }
      for (auto [tensor, operand] : llvm::zip_equal(run.reads, call->getOpOperands())) {
        auto copy = copies.find(tensor);
        if (copy == copies.end())
          continue;
        Value value = copy->second;
        if (value.getType() != operand.get().getType()) {
          OpBuilder::InsertionGuard guard(builder);
          builder.setInsertionPoint(call);
          value = ReshapeOp::create(builder, call->getLoc(), operand.get().getType(), value);
        }
        operand.set(value);
      }
    }
    settle(block);
  }

  /// Views behind what they view, states' new values last, and everything else that is no call first.
  static void settle(Block &block) {
    SmallVector<Operation *> first, last;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (auto view = dyn_cast<ReshapeOp>(op)) {
        if (Operation *source = view.getInput().getDefiningOp())
          view->moveAfter(source);
        else
          view->moveBefore(&block, block.begin());
      }
    }
    for (Operation &op : block.without_terminator())
      if (isa<WriteOp>(op))
        last.push_back(&op);
      else if (!isa<ReshapeOp, func::CallOp, LoopOp>(op))
        first.push_back(&op);
    for (Operation *op : llvm::reverse(first))
      op->moveBefore(&block, block.begin());
    for (Operation *op : last)
      op->moveBefore(block.getTerminator());
  }

  func::FuncOp entry;
  SymbolTable &symbols;
  std::unique_ptr<PlannedEntry> planned;
  std::vector<Recomputation> ways;
  std::vector<std::optional<Point>> points; // of the ways, once known
  std::vector<double> flopsOf;              // of the launches
  double totalSeconds = 0;
};

struct MeetBudgetPass : impl::MeetBudgetBase<MeetBudgetPass> {
  using MeetBudgetBase::MeetBudgetBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kEntryAttr) && !function->hasAttr(kLoopBodyAttr) && failed(meetBudget(function, symbols)))
        return signalPassFailure();
  }

  LogicalResult meetBudget(func::FuncOp entry, SymbolTable &symbols) {
    Ways ways(entry, symbols);
    if (failed(ways.find()))
      return failure();
    if (curve)
      noteCurve(entry, ways);
    if (!memoryBudget)
      return success();
    // From the fastest on.
    const int64_t room = memoryBudget - besides;
    for (size_t way = 0; way < ways.size(); ++way) {
      if (ways.liveBytes(way) - ways.liveBytes(way) / 16 > room || ways.point(way).bytes > room)
        continue;
      DEBUG_AT(entry) << entry.getName() << ": way " << way << " of " << ways.size() << " takes "
                      << ways.point(way).bytes << " bytes";
      counted(entry, DEBUG_TYPE, "repeats", static_cast<int64_t>(way));
      ways.take(way);
      return success();
    }
    return reportBudget(ways);
  }

  /// The error that no way meets the budget: the least that can be met, and what is alive there.
  LogicalResult reportBudget(Ways &ways) {
    size_t least = 0;
    for (size_t way = ways.size() - std::min<size_t>(ways.size(), kPoints); way < ways.size(); ++way)
      if (ways.point(way).bytes < ways.point(least).bytes)
        least = way;
    int64_t bytes = ways.point(least).bytes;
    func::FuncOp entry = ways.plainPlan().entry;
    ways.take(least);
    SymbolTable symbols(getOperation());
    std::unique_ptr<PlannedEntry> planned = planEntry(entry, symbols, Effort::AsWritten);
    auto error = emitError(entry.getLoc())
                 << entry.getName() << ": takes " << bytes + besides << " bytes at least, but the memory budget is "
                 << memoryBudget.getValue() << ": " << bytes << " of arena";
    if (besides > 0)
      error << ", and " << besides.getValue() << " for states, constants and the scratch of threads";
    if (!planned)
      return failure();
    SmallVector<const Buffer *> live;
    llvm::DenseSet<size_t> seen;
    for (const Buffer &buffer : planned->buffers)
      if (buffer.kind == Buffer::Arena && buffer.first <= planned->peak && planned->peak <= buffer.last &&
          seen.insert(buffer.interval).second)
        live.push_back(&buffer);
    llvm::sort(live, [](const Buffer *a, const Buffer *b) {
      return std::make_pair(-plan::sizeInBytes(a->type), a) < std::make_pair(-plan::sizeInBytes(b->type), b);
    });
    live.resize(std::min<size_t>(live.size(), 3));
    for (const Buffer *buffer : live)
      error.attachNote(buffer->loc) << "live at the peak: " << plan::sizeInBytes(buffer->type) << " bytes of "
                                    << buffer->type.getElementType() << " of shape [" << buffer->type.getShape() << "]";
    if (std::string settings = settingsOf(live); !settings.empty())
      error.attachNote(entry.getLoc()) << "settings that this may depend on: " << settings;
    return failure();
  }

  /// The model's settings by which some of the buffers' sizes can be divided: smaller ones would take less.
  std::string settingsOf(ArrayRef<const Buffer *> buffers) {
    std::vector<std::string> settings;
    auto config = getOperation()->getAttrOfType<DictionaryAttr>("sinter.config");
    for (NamedAttribute entry : config ? config.getValue() : ArrayRef<NamedAttribute>()) {
      auto number = dyn_cast<IntegerAttr>(entry.getValue());
      int64_t value = number ? number.getInt() : 0;
      bool counts = value > 1 && llvm::any_of(buffers, [&](const Buffer *buffer) {
                      return llvm::any_of(buffer->type.getShape(), [&](int64_t size) {
                        return size == value || (value >= kTelling && size % value == 0);
                      });
                    });
      if (counts)
        settings.push_back((entry.getName().getValue() + "=" + Twine(value)).str());
    }
    return llvm::join(settings, ", ");
  }

  /// Some ways from the largest to the smallest, in `sinter.curve`.
  static void noteCurve(func::FuncOp entry, Ways &ways) {
    std::vector<double> numbers;
    int64_t before = INT64_MAX;
    size_t count = std::min(ways.size(), kPoints);
    for (size_t i = 0; i < count; ++i) {
      const Point &point = ways.point(count == 1 ? 0 : i * (ways.size() - 1) / (count - 1));
      if (point.bytes >= before)
        continue;
      before = point.bytes;
      numbers.insert(numbers.end(), {static_cast<double>(point.bytes), point.extraFlops, point.seconds});
    }
    entry->setAttr(kCurveAttr, DenseF64ArrayAttr::get(entry.getContext(), numbers));
  }
};

} // namespace
} // namespace sinter
