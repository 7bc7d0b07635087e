#include "compiler/codegen/vulkan/attention/AttentionSchedule.h"

#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr int64_t kTile = AttentionTiling::kAcross * kQuad;

/// Positions of an invocation and of a workgroup, and invocations down a tile: what shared memory has room for.
constexpr int64_t kMostEach = 16, kMostOuter = 64, kMostDown = 8;

/// Ops of a tile's values that drivers still compile quickly.
constexpr int64_t kMostOps = 1280;

/// Vector operations of the maps and softmaxes for four neighbours.
int64_t countOps(const AttentionKernel &kernel, ArrayRef<AttentionGoal> goals) {
  constexpr int64_t kFunction = 16; // exp, tanh...: a polynomial
  SmallVector<Value> inputs;
  for (const AttentionGoal &goal : goals)
    inputs.push_back(goal.input());
  int64_t ops = 0;
  for (Operation *op : kernel.needed(inputs)) {
    if (isa<SoftmaxOp>(op))
      ops += kFunction;
    op->walk([&](Operation *inner) { ops += isa<math::MathDialect>(inner->getDialect()) ? kFunction : 1; });
  }
  return ops;
}

/// What the order of sums along the inner axis asks for, whatever the schedule.
AttentionTiling tilingOf(int64_t inner) {
  AttentionTiling tiling{};
  tiling.whole = inner <= 2 * kTile;
  tiling.width = inner > kTile && tiling.whole ? 2 : 1;
  return tiling;
}

int64_t chooseEach(const AttentionKernel &kernel, ArrayRef<AttentionGoal> goals, int64_t width,
                   const Profile &profile) {
  constexpr int64_t kLeast = 4, kMostSums = 32;
  int64_t sums = 0, ops = countOps(kernel, goals), each = profile.sharedMemory ? kLeast : kMostEach;
  for (const AttentionGoal &goal : goals)
    if (goal.kind == AttentionGoal::Product)
      sums += llvm::divideCeil(goal.depth(), kTile);
  while (each > kLeast && (each * width * ops > kMostOps || each * std::max(sums, width) > kMostSums))
    each /= 2;
  return each;
}

/// The dispatches that the kernel has: what each is called, what it is for, and how it is cut up.
struct Part {
  StringLiteral name;
  ArrayRef<AttentionGoal> goals;
  int64_t inner;
  AttentionTiling AttentionSchedule::*tiling;
};

SmallVector<Part> partsOf(const AttentionKernel &kernel) {
  SmallVector<Part> parts;
  if (!kernel.overColumns.empty())
    parts.push_back({"rows", kernel.overColumns, kernel.columns, &AttentionSchedule::rows});
  if (!kernel.overRows.empty())
    parts.push_back({"columns", kernel.overRows, kernel.rows, &AttentionSchedule::columns});
  return parts;
}

/// Why the emitters cannot do it; empty if they can.
std::string whyNot(const AttentionTiling &tiling, const Profile &profile) {
  if (tiling.each < 1 || tiling.each > kMostEach)
    return "an invocation has between 1 and " + std::to_string(kMostEach) + " positions, not " +
           std::to_string(tiling.each);
  if (!profile.sharedMemory && tiling.down != 1)
    return "a subgroup is one invocation down a tile in the profile " + profile.name.str();
  if (tiling.down < 1 || tiling.down > kMostDown || tiling.outer() > kMostOuter)
    return "a workgroup has between 1 and " + std::to_string(kMostDown) + " invocations down a tile, and at most " +
           std::to_string(kMostOuter) + " positions";
  return "";
}

} // namespace

AttentionSchedule chooseSchedule(const AttentionKernel &kernel, const Profile &profile, std::mt19937_64 *random) {
  AttentionSchedule schedule;
  for (const Part &part : partsOf(kernel)) {
    AttentionTiling &tiling = schedule.*part.tiling = tilingOf(part.inner);
    tiling.down = profile.sharedMemory ? kMostDown : 1;
    tiling.each = chooseEach(kernel, part.goals, tiling.width, profile);
    if (!random)
      continue;
    if (profile.sharedMemory)
      tiling.down = 1 + static_cast<int64_t>((*random)() % kMostDown);
    // More than the fastest one has takes drivers long to compile.
    tiling.each = 1 + static_cast<int64_t>((*random)() % tiling.each);
  }
  return schedule;
}

DictionaryAttr scheduleOf(const AttentionSchedule &schedule, const AttentionKernel &kernel) {
  Builder b(AttentionOp(kernel.op).getContext());
  SmallVector<NamedAttribute> entries;
  for (const Part &part : partsOf(kernel)) {
    const AttentionTiling &tiling = schedule.*part.tiling;
    entries.push_back(
        b.getNamedAttr(part.name, b.getDictionaryAttr({b.getNamedAttr("down", b.getI64IntegerAttr(tiling.down)),
                                                       b.getNamedAttr("each", b.getI64IntegerAttr(tiling.each))})));
  }
  return b.getDictionaryAttr(entries);
}

FailureOr<AttentionSchedule> readSchedule(func::FuncOp function, const AttentionKernel &kernel,
                                          const Profile &profile) {
  Attribute given = function->getAttr(kScheduleAttr);
  if (!given)
    return function.emitError("@") << function.getName() << " has no schedule: sinter-vulkan-schedule runs before";
  auto fail = [&](const Twine &why) { return function.emitError("`sinter.schedule`: ") << why; };
  auto entries = dyn_cast<DictionaryAttr>(given);
  SmallVector<Part> parts = partsOf(kernel);
  AttentionSchedule schedule;
  for (const Part &part : parts) {
    auto own = entries ? entries.getAs<DictionaryAttr>(part.name) : DictionaryAttr();
    auto down = own ? own.getAs<IntegerAttr>("down") : IntegerAttr();
    auto each = own ? own.getAs<IntegerAttr>("each") : IntegerAttr();
    if (!down || !each || own.size() != 2 || entries.size() != parts.size())
      return fail("of this attention says `down` and `each` for " +
                  Twine(parts.size() == 2 ? "rows and columns" : parts.front().name) + ", and nothing else");
    AttentionTiling &tiling = schedule.*part.tiling = tilingOf(part.inner);
    tiling.down = down.getInt(), tiling.each = each.getInt();
    if (std::string why = whyNot(tiling, profile); !why.empty())
      return fail(why);
  }
  return schedule;
}

} // namespace sinter::vulkan
