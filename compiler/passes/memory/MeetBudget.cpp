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
// the budget: more budget is never slower. What is not for arenas counts, too: if attentions take fewer rows together
// (`sinter.most_rows`), threads have less scratch, and arenas more room. Scratch is one for all entries, so all of
// them together are never slower; one alone may be, by what fewer rows cost (kSecondsTimesRows).
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/memory/Ways.h"
#include "dialects/sinter/Attributes.h"
#include "dialects/sinter/Roles.h"

#include "llvm/ADT/DenseSet.h"

#define DEBUG_TYPE "sinter-meet-budget"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MEETBUDGET
#include "compiler/passes/Passes.h.inc"

namespace {

/// Points of the curve that are printed, about.
constexpr size_t kPoints = 10;
/// A smaller number divides sizes by chance.
constexpr int64_t kTelling = 8;

/// Of an attention's time, what a block of fewer rows costs more, times the rows: packed operands and sums over rows
/// are shared by fewer (measured: 2 % with 16 rows).
constexpr double kSecondsTimesRows = 0.32;

/// The ways of an entry and of its alternatives, the entry's first.
using AllWays = std::vector<std::unique_ptr<Ways>>;

/// A way of the entry, or of one of its alternatives.
struct Choice {
  Ways *of;
  size_t number, way; ///< of the function; of its ways

  double seconds() const { return of->seconds(way); }
  const Point &point() const { return of->point(way); }
};

/// Bytes that arenas may have if attentions take so many rows together at most; 0: as many as they like.
struct Room {
  int64_t mostRows, bytes;

  double extraSeconds(const Ways &ways) const {
    return mostRows ? ways.attentionSeconds() * kSecondsTimesRows / static_cast<double>(mostRows) : 0;
  }
};

struct MeetBudgetPass : impl::MeetBudgetBase<MeetBudgetPass> {
  using MeetBudgetBase::MeetBudgetBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> entries, alternatives;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr) && !function->hasAttr(kLoopBodyAttr))
        (function->hasAttr(kAlternativeAttr) ? alternatives : entries).push_back(function);
    std::vector<AllWays> all(entries.size());
    for (auto [entry, ways] : llvm::zip_equal(entries, all)) {
      ways.push_back(std::make_unique<Ways>(entry, symbols));
      for (func::FuncOp other : alternatives)
        if (other->getAttrOfType<StringAttr>(kAlternativeAttr) == entry.getSymNameAttr())
          ways.push_back(std::make_unique<Ways>(other, symbols));
      for (const auto &one : ways)
        if (failed(one->find()))
          return signalPassFailure();
      if (curve)
        noteCurve(ways);
    }
    if (memoryBudget && failed(meetBudget(all)))
      return signalPassFailure();
    for (func::FuncOp alternative : alternatives)
      symbols.erase(alternative);
  }

private:
  /// Of what fits, the fastest in all. (The scratch of threads is the same for all entries.)
  LogicalResult meetBudget(ArrayRef<AllWays> all) {
    if (fewerRows.size() != besidesOfFewer.size())
      return getOperation().emitError("meet-budget: for each number of rows, bytes beside the arena are given");
    SmallVector<Room> rooms{{0, memoryBudget - besides}};
    for (auto [rows, bytes] : llvm::zip_equal(fewerRows, besidesOfFewer))
      rooms.push_back({rows, memoryBudget - bytes});
    const Room *best = nullptr;
    SmallVector<Choice> taken;
    double least = 0;
    for (const Room &room : rooms) {
      double seconds = 0;
      std::optional<SmallVector<Choice>> found = fastest(all, room, seconds);
      if (!found || (best && seconds >= least))
        continue;
      best = &room, taken = *found, least = seconds;
    }
    if (!best)
      return reportBudget(all, rooms);
    for (auto [choice, ways] : llvm::zip_equal(taken, all)) {
      func::FuncOp entry = ways.front()->function();
      DEBUG_AT(entry) << choice.of->function().getName() << ": way " << choice.way << " of " << choice.of->size()
                      << " takes " << choice.point().bytes << " bytes";
      counted(entry, DEBUG_TYPE, "repeats", static_cast<int64_t>(choice.way));
      take(choice, entry);
    }
    if (best->mostRows)
      for (auto kernel : getOperation().getOps<func::FuncOp>())
        if (kindOf(kernel) == kAttentionKind)
          kernel->setAttr(kMostRowsAttr, IntegerAttr::get(IntegerType::get(&getContext(), 64), best->mostRows));
    return success();
  }

  /// The fastest way of each entry that fits, and what they take in all; nothing if one has none.
  static std::optional<SmallVector<Choice>> fastest(ArrayRef<AllWays> all, const Room &room, double &seconds) {
    SmallVector<Choice> found;
    for (const AllWays &ways : all) {
      std::vector<Choice> some = choices(ways, SIZE_MAX);
      auto fits = llvm::find_if(some, [&](const Choice &choice) {
        int64_t live = choice.of->liveBytes(choice.way);
        return live - live / 16 <= room.bytes && choice.point().bytes <= room.bytes;
      });
      if (fits == some.end())
        return std::nullopt;
      found.push_back(*fits);
      seconds += fits->seconds() + room.extraSeconds(*fits->of);
    }
    return found;
  }

  /// Makes the choice the entry.
  static void take(Choice choice, func::FuncOp entry) {
    choice.of->take(choice.way);
    if (choice.of->function() != entry)
      entry.getBody().takeBody(choice.of->function().getBody());
  }

  /// About `most` ways of each function, from the fastest on, those of the entry first; the first and the last way of
  /// each are among them.
  static std::vector<Choice> choices(const AllWays &all, size_t most) {
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

  /// The way of an entry that takes the least, of those at the end.
  static Choice smallest(const AllWays &all) {
    Choice least{all.front().get(), 0, 0};
    for (auto [number, ways] : llvm::enumerate(all))
      for (size_t way = ways->size() - std::min<size_t>(ways->size(), kPoints); way < ways->size(); ++way)
        if (ways->point(way).bytes < least.point().bytes)
          least = {ways.get(), number, way};
    return least;
  }

  /// The error that no way meets the budget: the least that can be met, and what is alive there.
  LogicalResult reportBudget(ArrayRef<AllWays> entries, ArrayRef<Room> rooms) {
    const Room &widest = *llvm::max_element(rooms, [](const Room &a, const Room &b) { return a.bytes < b.bytes; });
    const int64_t besides = memoryBudget - widest.bytes;
    const AllWays &all = *llvm::max_element(entries, [](const AllWays &a, const AllWays &b) {
      return smallest(a).point().bytes < smallest(b).point().bytes;
    });
    Choice least = smallest(all);
    int64_t bytes = least.point().bytes;
    func::FuncOp entry = all.front()->function();
    take(least, entry);
    SymbolTable symbols(getOperation());
    std::unique_ptr<PlannedEntry> planned = planEntry(entry, symbols, Effort::AsWritten);
    auto error = emitError(entry.getLoc())
                 << entry.getName() << ": takes " << bytes + besides << " bytes at least, but the memory budget is "
                 << memoryBudget.getValue() << ": " << bytes << " of arena";
    if (besides > 0)
      error << ", and " << besides << " for states, constants and the scratch of threads";
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
  static void noteCurve(const AllWays &all) {
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
