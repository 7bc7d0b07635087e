#include "compiler/codegen/vulkan/loops/Dispatches.h"

#include "compiler/codegen/vulkan/loops/Parts.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// Whether the dispatch's groups may be followed by `group` row by row: whatever passes between them is of the same
/// element, and each row of it is computed by whoever needs it.
bool canFollow(LoopGraph &graph, const DispatchGroups &dispatch, const UnitGroup &group) {
  llvm::SetVector<Storage *> storages;
  for (Unit *unit : group.units)
    collectStorages(graph, *unit, storages);
  for (const UnitGroup &earlier : dispatch.groups)
    for (Unit *before : earlier.units) {
      collectStorages(graph, *before, storages);
      for (Unit *unit : group.units) {
        for (const Result &written : before->results) {
          Storage *storage = written.access.storage;
          for (const Operand &read : unit->operands)
            if (read.access && read.access->storage == storage &&
                (storage->writers > 1 || !read.access->sameElement(written.access)))
              return false;
          for (const Result &again : unit->results)
            if (again.access.storage == storage)
              return false;
        }
        for (const Operand &read : before->operands)
          for (const Result &written : unit->results)
            if (read.access && read.access->storage == written.access.storage)
              return false;
      }
    }
  return placesOf(storages) <= kMostPlaces;
}

/// Whether the group's loops are those of the rows and at most one more.
bool fitsRows(const UnitGroup &group, ArrayRef<unsigned> rows, int64_t rowCount, ArrayRef<int64_t> extents) {
  auto isParallel = [&](unsigned d) { return llvm::is_contained(group.parallel, d); };
  if (!llvm::all_of(rows, isParallel))
    return false;
  size_t others = group.parallel.size() - rows.size();
  if (group.sequential)
    return others == 0 && group.reducesRows;
  // Elementwise work is better spread than done by few rows.
  std::optional<unsigned> columns = group.columns(rows);
  return others == 0 || (others == 1 && extents[*columns] <= (rowCount >= 64 ? kLongestRow : 1024));
}

/// Vectors of a row that an invocation holds: more take drivers long to compile.
constexpr int64_t kMostChunks = 8;

/// The next reduction of rows from `begin` on, or the number of nests.
size_t nextRows(const GroupedKernel &kernel, size_t begin) {
  size_t first = begin;
  while (first < kernel.groups.size() && !kernel.groups[first].reducesRows)
    ++first;
  return first;
}

/// How many nests from `begin` on can share a dispatch with the next reduction of rows: 0 if that is not among them.
size_t mostByRows(const GroupedKernel &kernel, size_t begin) {
  size_t first = nextRows(kernel, begin), end = begin;
  if (first == kernel.groups.size())
    return 0;
  const UnitGroup &reduction = kernel.groups[first];
  int64_t length = kernel.extents[*reduction.sequential]; // which decides how many invocations share a row
  if (length > kLongestRow)
    return 0;
  DispatchGroups dispatch;
  dispatch.rows = reduction.parallel;
  int64_t count = countRows(kernel, dispatch);
  for (; end < kernel.groups.size(); ++end) {
    const UnitGroup &next = kernel.groups[end];
    if (!fitsRows(next, dispatch.rows, count, kernel.extents) || !canFollow(*kernel.graph, dispatch, next) ||
        (next.sequential && kernel.extents[*next.sequential] != length))
      break;
    dispatch.groups.push_back(next);
  }
  return end > first ? end - begin : 0;
}

} // namespace

int64_t countRows(const GroupedKernel &kernel, const DispatchGroups &dispatch) {
  int64_t count = 1;
  for (unsigned d : dispatch.rows)
    count *= kernel.extents[d];
  return count;
}

SmallVector<size_t> possibleNests(const GroupedKernel &kernel, size_t begin) {
  SmallVector<size_t> possible{1};
  for (size_t nests = std::max<size_t>(nextRows(kernel, begin) - begin + 1, 2); nests <= mostByRows(kernel, begin);
       ++nests)
    possible.push_back(nests);
  return possible;
}

DispatchGroups makeDispatch(GroupedKernel &kernel, size_t begin, size_t nests, const Profile &profile) {
  DispatchGroups dispatch;
  dispatch.groups.assign(kernel.groups.begin() + begin, kernel.groups.begin() + begin + nests);
  const UnitGroup *reduction = llvm::find_if(dispatch.groups, [](const UnitGroup &group) { return group.reducesRows; });
  if (reduction == dispatch.groups.end() || mostByRows(kernel, begin) == 0) {
    bool parts = isReducedInParts(kernel, dispatch.groups.front(), profile);
    dispatch.form = parts ? DispatchGroups::Parts : DispatchGroups::Points;
    return dispatch;
  }
  dispatch.form = DispatchGroups::Rows;
  dispatch.rows = reduction->parallel;
  if (profile.rowLanes > 0) {
    int64_t length = kernel.extents[*reduction->sequential], chunk = 4 * profile.rowLanes;
    auto hasLength = [&](const UnitGroup &group) {
      std::optional<unsigned> columns = group.columns(dispatch.rows);
      return !columns || kernel.extents[*columns] == length;
    };
    dispatch.shuffles = length % chunk == 0;
    dispatch.mayReside = dispatch.shuffles && length / chunk <= kMostChunks && llvm::all_of(dispatch.groups, hasLength);
    dispatch.resident = dispatch.mayReside;
  }
  return dispatch;
}

} // namespace sinter::vulkan
