// sinter-meet-budget: calls of kernels are repeated, so that fewer values wait for their readers.
//
//   %h = func.call @fc(%x)                            %h = func.call @fc(%x)
//   %y = func.call @proj(%h)                          %y = func.call @proj(%h)
//   ... the rest of the model, and its gradient       ...
//   %d = func.call @proj_gradient(%g, %h)      =>     %h1 = func.call @fc(%x) {sinter.again}
//                                                     %d = func.call @proj_gradient(%g, %h1)
//
// The same kernel on the same operands gives the same bits. What to repeat is chosen on the launches of the entry's
// plan (Recomputation.h), which gives ways that take less and less memory and more and more time. Functions marked
// `sinter.alternative` compute an entry in another manner (TileColumns.cpp), and have ways of their own. Each way is
// judged by the real planner, and the fastest that meets the budget is taken. Which ways there are does not depend on
// the budget: more budget is never slower.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelCost.h"
#include "compiler/passes/memory/PlannedEntry.h"
#include "compiler/passes/memory/Recomputation.h"
#include "dialects/sinter/Attributes.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/DenseSet.h"

#include <numeric>

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

/// The calls of an entry, or of an alternative to it, and the ways to run them.
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
  func::FuncOp function() const { return entry; }
  double flops() const { return std::accumulate(flopsOf.begin(), flopsOf.end(), 0.0); }
  double seconds(size_t way) const { return totalSeconds + ways[way].extraSeconds; }

  /// Bytes by the planner: of the plan as it is, of a copy of the entry otherwise.
  const Point &point(size_t way) {
    std::optional<Point> &point = points[way];
    if (point)
      return *point;
    point = Point{planned->placement.bytes, 0, seconds(way)};
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
    const double steps = launch.loop->flag ? 1 : static_cast<double>(launch.loop->steps);
    flops += step * steps;
    return seconds * steps;
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

/// A way of the entry, or of one of its alternatives.
struct Choice {
  Ways *of;
  size_t number, way; ///< of the function; of its ways

  double seconds() const { return of->seconds(way); }
  const Point &point() const { return of->point(way); }
};

struct MeetBudgetPass : impl::MeetBudgetBase<MeetBudgetPass> {
  using MeetBudgetBase::MeetBudgetBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> entries, alternatives;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr) && !function->hasAttr(kLoopBodyAttr))
        (function->hasAttr(kAlternativeAttr) ? alternatives : entries).push_back(function);
    for (func::FuncOp entry : entries) {
      SmallVector<func::FuncOp> functions{entry};
      llvm::copy_if(alternatives, std::back_inserter(functions), [&](func::FuncOp other) {
        return other->getAttrOfType<StringAttr>(kAlternativeAttr) == entry.getSymNameAttr();
      });
      if (failed(meetBudget(functions, symbols)))
        return signalPassFailure();
    }
    for (func::FuncOp alternative : alternatives)
      symbols.erase(alternative);
  }

  LogicalResult meetBudget(ArrayRef<func::FuncOp> functions, SymbolTable &symbols) {
    std::vector<std::unique_ptr<Ways>> all;
    for (func::FuncOp function : functions) {
      all.push_back(std::make_unique<Ways>(function, symbols));
      if (failed(all.back()->find()))
        return failure();
    }
    if (curve)
      noteCurve(all);
    if (!memoryBudget)
      return success();
    const int64_t room = memoryBudget - besides;
    for (Choice choice : choices(all, SIZE_MAX)) {
      int64_t live = choice.of->liveBytes(choice.way);
      if (live - live / 16 > room || choice.point().bytes > room)
        continue;
      DEBUG_AT(functions.front()) << choice.of->function().getName() << ": way " << choice.way << " of "
                                  << choice.of->size() << " takes " << choice.point().bytes << " bytes";
      counted(functions.front(), DEBUG_TYPE, "repeats", static_cast<int64_t>(choice.way));
      take(choice, functions.front());
      return success();
    }
    return reportBudget(all);
  }

  /// Makes the choice the entry.
  static void take(Choice choice, func::FuncOp entry) {
    choice.of->take(choice.way);
    if (choice.of->function() != entry)
      entry.getBody().takeBody(choice.of->function().getBody());
  }

  /// About `most` ways of each function, from the fastest on, those of the entry first; the first and the last way of
  /// each are among them.
  static std::vector<Choice> choices(ArrayRef<std::unique_ptr<Ways>> all, size_t most) {
    std::vector<Choice> choices;
    for (auto [number, ways] : llvm::enumerate(all)) {
      size_t count = std::min(ways->size(), most);
      for (size_t i = 0; i < count; ++i)
        choices.push_back({ways.get(), number, count == 1 ? 0 : i * (ways->size() - 1) / (count - 1)});
    }
    llvm::sort(choices, [](Choice a, Choice b) {
      return std::make_tuple(a.seconds(), a.number, a.way) < std::make_tuple(b.seconds(), b.number, b.way);
    });
    return choices;
  }

  /// The error that no way meets the budget: the least that can be met, and what is alive there.
  LogicalResult reportBudget(ArrayRef<std::unique_ptr<Ways>> all) {
    Choice least{all.front().get(), 0, 0};
    for (auto [number, ways] : llvm::enumerate(all))
      for (size_t way = ways->size() - std::min<size_t>(ways->size(), kPoints); way < ways->size(); ++way)
        if (ways->point(way).bytes < least.point().bytes)
          least = {ways.get(), number, way};
    int64_t bytes = least.point().bytes;
    func::FuncOp entry = all.front()->function();
    take(least, entry);
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

  /// Some ways from the fastest to the smallest, in `sinter.curve`.
  static void noteCurve(ArrayRef<std::unique_ptr<Ways>> all) {
    std::vector<double> numbers;
    int64_t before = INT64_MAX;
    for (Choice choice : choices(all, kPoints)) {
      const Point &point = choice.point();
      if (point.bytes >= before)
        continue;
      before = point.bytes;
      double flops = choice.of->flops() - all.front()->flops() + point.extraFlops;
      numbers.insert(numbers.end(), {static_cast<double>(point.bytes), flops, point.seconds});
    }
    func::FuncOp entry = all.front()->function();
    entry->setAttr(kCurveAttr, DenseF64ArrayAttr::get(entry.getContext(), numbers));
  }
};

} // namespace
} // namespace sinter
