#include "compiler/codegen/vulkan/loops/LoopSchedule.h"

#include "compiler/codegen/vulkan/loops/Dispatches.h"
#include "compiler/codegen/vulkan/loops/Parts.h"
#include "compiler/codegen/vulkan/loops/Rows.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr StringLiteral kForms[] = {"points", "rows", "parts"};
constexpr int64_t kMostEach = 16;

//===--- what is possible ----------------------------------------------------------------------------===//

/// Along the outermost loop: what an invocation takes divides them.
int64_t stepsOfPoints(GroupedKernel &kernel, UnitGroup &group) {
  if (group.sequential || group.parallel.empty())
    return 1;
  unsigned outermost = group.parallel.front();
  return kernel.extents[outermost] / (outermost == lanesOfPoints(kernel, group) ? kQuad : 1);
}

bool fitsWorkgroup(const GroupedKernel &kernel, const DispatchGroups &dispatch, const Profile &profile, int64_t size) {
  if (dispatch.form != DispatchGroups::Rows)
    return llvm::is_contained(kWorkgroups, size);
  // So that no invocation of a row is left without a part in shuffles and barriers.
  int64_t perRow = invocationsOfRow(kernel, dispatch, profile), rows = countRows(kernel, dispatch);
  if (profile.sharedMemory)
    return size >= perRow && size <= kMostInvocationsOfRow && llvm::isPowerOf2_64(size) && rows % (size / perRow) == 0;
  return llvm::is_contained(kWorkgroups, size) && (perRow == 1 || rows * perRow % size == 0);
}

//===--- what is fast --------------------------------------------------------------------------------===//

/// Points that an invocation takes where what it loads once, and works out of its number, serves all of them.
int64_t chooseEach(GroupedKernel &kernel, UnitGroup &group, const Profile &profile) {
  constexpr int64_t kMost = 4, kMostOps = 128; // of shaders that drivers compile quickly
  if (profile.sharedMemory)
    return 1;
  int64_t ops = 0;
  for (Unit *unit : group.units)
    if (unit->body)
      for (Operation &op : *unit->body) // a function is a polynomial, and anything unknown is much
        ops += isa<arith::ArithDialect>(op.getDialect()) && !isa<arith::RemFOp>(op) ? 1 : 24;
  int64_t each = kMost, steps = stepsOfPoints(kernel, group), count = countPoints(kernel, group);
  while (each > 1 && (steps % each != 0 || ops * each > kMostOps || count < each * 4 * profile.workgroup))
    each /= 2;
  return each;
}

/// Few rows are spread over all cores.
int64_t chooseRowsWorkgroup(const GroupedKernel &kernel, const DispatchGroups &dispatch, const Profile &profile) {
  int64_t perRow = invocationsOfRow(kernel, dispatch, profile), invocations = countRows(kernel, dispatch) * perRow;
  int64_t workgroup = profile.sharedMemory ? kMostInvocationsOfRow : ShaderBuilder::workgroupFor(profile, invocations);
  if (perRow > 1)
    workgroup = std::min(workgroup, kMostInvocationsOfRow);
  while (!fitsWorkgroup(kernel, dispatch, profile, workgroup))
    workgroup /= 2;
  return workgroup;
}

void chooseSizes(GroupedKernel &kernel, DispatchGroups &dispatch, const Profile &profile) {
  UnitGroup &group = dispatch.groups.front();
  switch (dispatch.form) {
  case DispatchGroups::Rows:
    dispatch.workgroup = chooseRowsWorkgroup(kernel, dispatch, profile);
    return;
  case DispatchGroups::Points:
    dispatch.each = chooseEach(kernel, group, profile);
    dispatch.workgroup = ShaderBuilder::workgroupFor(profile, countPoints(kernel, group) / dispatch.each);
    return;
  case DispatchGroups::Parts:
    int64_t points = countPointsOfParts(kernel, group);
    dispatch.workgroup = ShaderBuilder::workgroupFor(profile, countParts(kernel, group) * points);
    dispatch.totals = ShaderBuilder::workgroupFor(profile, points);
    return;
  }
}

//===--- chance --------------------------------------------------------------------------------------===//

template <typename T> T anyOf(ArrayRef<T> values, std::mt19937_64 &random) { return values[random() % values.size()]; }

void chooseSizesAtRandom(GroupedKernel &kernel, DispatchGroups &dispatch, const Profile &profile,
                         std::mt19937_64 &random) {
  SmallVector<int64_t> sizes, each;
  for (int64_t size = 1; size <= kWorkgroups[std::size(kWorkgroups) - 1]; size *= 2)
    if (fitsWorkgroup(kernel, dispatch, profile, size))
      sizes.push_back(size);
  dispatch.workgroup = anyOf(ArrayRef(sizes), random);
  if (dispatch.form == DispatchGroups::Parts)
    dispatch.totals = anyOf(ArrayRef(kWorkgroups), random);
  if (dispatch.form != DispatchGroups::Points)
    return;
  int64_t steps = stepsOfPoints(kernel, dispatch.groups.front());
  for (int64_t count = 1; count <= std::min(kMostEach, steps); ++count)
    if (steps % count == 0)
      each.push_back(count);
  dispatch.each = anyOf(ArrayRef(each), random);
}

//===--- attributes ----------------------------------------------------------------------------------===//

struct Entry {
  int64_t nests = 0, workgroup = 0, each = 1, totals = 0;
  bool resident = false;
};

/// A dispatch as it is printed, for the form and the choices that it has.
DictionaryAttr print(Builder &b, DispatchGroups::Form form, bool mayReside, const Entry &entry) {
  SmallVector<NamedAttribute> named{b.getNamedAttr("form", b.getStringAttr(kForms[form])),
                                    b.getNamedAttr("nests", b.getI64IntegerAttr(entry.nests)),
                                    b.getNamedAttr("workgroup", b.getI64IntegerAttr(entry.workgroup))};
  if (form == DispatchGroups::Points)
    named.push_back(b.getNamedAttr("each", b.getI64IntegerAttr(entry.each)));
  if (form == DispatchGroups::Parts)
    named.push_back(b.getNamedAttr("totals", b.getI64IntegerAttr(entry.totals)));
  if (mayReside)
    named.push_back(b.getNamedAttr("resident", b.getBoolAttr(entry.resident)));
  return b.getDictionaryAttr(named);
}

/// What a dictionary says; no entry if it has other keys than `print` gives it, or other types.
std::optional<Entry> parse(DictionaryAttr given, DispatchGroups::Form form, bool mayReside) {
  Entry entry;
  for (auto [name, place] : {std::pair("nests", &entry.nests), std::pair("workgroup", &entry.workgroup),
                             std::pair("each", &entry.each), std::pair("totals", &entry.totals)})
    if (auto number = given.getAs<IntegerAttr>(name))
      *place = number.getInt();
  if (auto resident = given.getAs<BoolAttr>("resident"))
    entry.resident = resident.getValue();
  Builder b(given.getContext());
  return print(b, form, mayReside, entry) == given ? std::optional(entry) : std::nullopt;
}

std::string whyNotSizes(GroupedKernel &kernel, DispatchGroups &dispatch, const Profile &profile) {
  if (!fitsWorkgroup(kernel, dispatch, profile, dispatch.workgroup) ||
      (dispatch.form == DispatchGroups::Parts && !llvm::is_contained(kWorkgroups, dispatch.totals)))
    return dispatch.form == DispatchGroups::Rows
               ? "has workgroups of so many invocations that whole rows share them, and all are alike"
               : "has workgroups of 8, 16, 32, 64 or 128 invocations";
  if (dispatch.form != DispatchGroups::Points)
    return "";
  int64_t steps = stepsOfPoints(kernel, dispatch.groups.front());
  if (dispatch.each < 1 || dispatch.each > kMostEach || steps % dispatch.each != 0)
    return "has at most " + std::to_string(kMostEach) + " points an invocation, a divisor of " + std::to_string(steps);
  return "";
}

} // namespace

void chooseSchedule(GroupedKernel &kernel, const Profile &profile, std::mt19937_64 *random) {
  for (size_t begin = 0; begin < kernel.groups.size();) {
    SmallVector<size_t> possible = possibleNests(kernel, begin);
    size_t nests = random ? anyOf(ArrayRef(possible), *random) : possible.back();
    kernel.dispatches.push_back(makeDispatch(kernel, begin, nests, profile));
    if (random && (*random)() % 2)
      kernel.dispatches.back().resident = false;
    begin += nests;
  }
  findMemory(kernel);
  for (DispatchGroups &dispatch : kernel.dispatches)
    random ? chooseSizesAtRandom(kernel, dispatch, profile, *random) : chooseSizes(kernel, dispatch, profile);
}

DictionaryAttr scheduleOf(const GroupedKernel &kernel, MLIRContext *context) {
  Builder b(context);
  SmallVector<Attribute> dispatches;
  for (const DispatchGroups &dispatch : kernel.dispatches)
    dispatches.push_back(print(b, dispatch.form, dispatch.mayReside,
                               {static_cast<int64_t>(dispatch.groups.size()), dispatch.workgroup, dispatch.each,
                                dispatch.totals, dispatch.resident}));
  return b.getDictionaryAttr(b.getNamedAttr("dispatches", b.getArrayAttr(dispatches)));
}

LogicalResult readSchedule(func::FuncOp function, GroupedKernel &kernel, const Profile &profile) {
  Attribute given = function->getAttr(kScheduleAttr);
  if (!given)
    return function.emitError("@") << function.getName() << " has no schedule: sinter-vulkan-schedule runs before";
  auto fail = [&](const Twine &why) { return function.emitError("`sinter.schedule`: ") << why; };
  auto entries = dyn_cast<DictionaryAttr>(given);
  auto dispatches = entries ? entries.getAs<ArrayAttr>("dispatches") : ArrayAttr();
  if (!dispatches || entries.size() != 1)
    return fail("of loops has dispatches, and nothing else");
  size_t begin = 0;
  for (auto [number, attribute] : llvm::enumerate(dispatches)) {
    auto own = dyn_cast<DictionaryAttr>(attribute);
    auto nests = own ? own.getAs<IntegerAttr>("nests") : IntegerAttr();
    std::string name = "dispatch " + std::to_string(number) + " ";
    if (begin == kernel.groups.size() || !nests ||
        !llvm::is_contained(possibleNests(kernel, begin), static_cast<size_t>(nests.getInt())))
      return fail(name + "has one of the " + Twine(kernel.groups.size() - begin) +
                  " loop nests that are left, or those that go row by row together");
    DispatchGroups dispatch = makeDispatch(kernel, begin, nests.getInt(), profile);
    std::optional<Entry> entry = parse(own, dispatch.form, dispatch.mayReside);
    if (!entry)
      return fail(name + "goes by " + kForms[dispatch.form] + ": it says form, nests, workgroup" +
                  (dispatch.form == DispatchGroups::Points  ? ", each"
                   : dispatch.form == DispatchGroups::Parts ? ", totals"
                   : dispatch.mayReside                     ? ", resident"
                                                            : "") +
                  ", and nothing else");
    dispatch.workgroup = entry->workgroup, dispatch.each = entry->each, dispatch.totals = entry->totals;
    dispatch.resident = entry->resident;
    kernel.dispatches.push_back(std::move(dispatch));
    begin += nests.getInt();
  }
  if (begin != kernel.groups.size())
    return fail("leaves " + Twine(kernel.groups.size() - begin) + " loop nests without a dispatch");
  findMemory(kernel);
  for (auto [number, dispatch] : llvm::enumerate(kernel.dispatches))
    if (std::string why = whyNotSizes(kernel, dispatch, profile); !why.empty())
      return fail("dispatch " + Twine(number) + " " + why);
  return success();
}

} // namespace sinter::vulkan
