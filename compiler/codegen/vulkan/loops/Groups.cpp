// Which units share a dispatch, and where temporaries live; see Units.h.
#include "compiler/codegen/loops/LoopDims.h"
#include "compiler/codegen/vulkan/loops/Parts.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter::vulkan {

SmallVector<int64_t> stridesOf(const Storage &storage) {
  SmallVector<int64_t> strides(storage.shape.size(), 1);
  for (int d = static_cast<int>(storage.shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * storage.shape[d + 1];
  return strides;
}

bool isContraction(const Unit &unit) { return unit.body && isProduct(unit.body->getParentOp()); }

namespace {

int64_t elementsOf(const Storage &storage) {
  int64_t elements = 1;
  for (int64_t size : storage.shape)
    elements *= size;
  return elements;
}

int64_t bytesOfElement(const Storage &storage) {
  return llvm::divideCeil(memoryType(storage.element).getIntOrFloatBitWidth(), 8);
}

int64_t bytesOf(const Storage &storage) { return elementsOf(storage) * bytesOfElement(storage); }

/// Distance in elements between neighbours along `dim`.
int64_t strideOf(const Access &access, unsigned dim) {
  SmallVector<int64_t> strides = stridesOf(*access.storage);
  int64_t stride = 0;
  for (const AccessPart &part : access.parts)
    stride += part.index.coefficient(dim) * strides[part.last];
  return stride;
}

SmallVector<unsigned> loopsOf(const Unit &unit) {
  SmallVector<unsigned> loops;
  for (unsigned d : unit.dims)
    if (d != kNoDim)
      loops.push_back(d);
  llvm::sort(loops);
  return loops;
}

std::optional<unsigned> reducedDim(const Unit &unit) {
  for (auto [d, reduced] : llvm::zip(unit.dims, unit.reduced))
    if (reduced)
      return d;
  return std::nullopt;
}

/// What the unit reads and writes in memory.
void collectStorages(LoopGraph &graph, const Unit &unit, llvm::SetVector<Storage *> &storages) {
  for (const Operand &operand : unit.operands)
    if (operand.access)
      storages.insert(operand.access->storage);
  for (const Result &value : unit.results)
    storages.insert(value.access.storage);
  if (unit.body)
    for (auto extract : unit.body->getOps<tensor::ExtractOp>())
      if (std::optional<Access> table = graph.lookup(extract.getTensor()))
        storages.insert(table->storage);
}

int64_t placesOf(const llvm::SetVector<Storage *> &storages) {
  int64_t count = 0;
  for (Storage *storage : storages)
    count += countPlaces(bytesOf(*storage));
  return count;
}

/// A reduction of the last loop has an order of its own (Rows.h): fixed by the op alone, whatever shares its dispatch.
bool reducesRow(const Unit &unit) { return !unit.reduced.empty() && unit.reduced.back() && !isContraction(unit); }

/// Whether the access has more than one element in a row.
bool usesOthers(const Access &access, ArrayRef<unsigned> rows) {
  for (const AccessPart &part : access.parts)
    for (auto [d, factor] : part.index.terms)
      if (!llvm::is_contained(rows, d))
        return true;
  return false;
}

/// Columns have an order of their own.
bool reducesColumn(const Unit &unit) { return unit.isReduction() && !reducesRow(unit) && !isContraction(unit); }

using Units = llvm::SmallPtrSet<const Unit *, 8>;

/// Elementwise units whose results nothing but sums of columns read: they are computed where they are added up.
Units findSummands(LoopGraph &graph) {
  llvm::DenseMap<Storage *, SmallVector<Unit *>> readers;
  for (Unit &unit : graph.units)
    for (Operand &operand : unit.operands)
      if (operand.access)
        readers[operand.access->storage].push_back(&unit);
  Units summands;
  for (Unit &unit : llvm::reverse(graph.units)) {
    auto isSummand = [&](Result &value) {
      Storage *storage = value.access.storage;
      auto adds = [&](Unit *reader) { return reducesColumn(*reader) || summands.contains(reader); };
      return storage->kind == Storage::Temporary && storage->writers == 1 && llvm::all_of(readers[storage], adds);
    };
    if (!unit.isReduction() && llvm::all_of(unit.results, isSummand))
      summands.insert(&unit);
  }
  return summands;
}

/// Whether the unit may run at each point right after the group's units at the same point.
bool canJoin(LoopGraph &graph, const UnitGroup &group, Unit &unit, const Units &summands) {
  if (loopsOf(unit) != loopsOf(*group.units.front()))
    return false;
  llvm::SetVector<Storage *> storages;
  collectStorages(graph, unit, storages);
  for (Unit *other : group.units)
    collectStorages(graph, *other, storages);
  if (placesOf(storages) > kMostPlaces)
    return false;
  std::optional<unsigned> reduced = reducedDim(unit);
  for (Unit *other : group.units) {
    std::optional<unsigned> otherReduced = reducedDim(*other);
    // Columns and products have an order of their own, and go at other points than what is elementwise.
    auto standsAlone = [&](const Unit &unit) {
      return (unit.isReduction() && !reducesRow(unit)) || summands.contains(&unit);
    };
    if (standsAlone(unit) != standsAlone(*other) || isContraction(unit) != isContraction(*other))
      return false;
    if (reduced && otherReduced && (*reduced != *otherReduced || reducesRow(unit) != reducesRow(*other)))
      return false;
    for (Result &written : other->results) {
      Storage *storage = written.access.storage;
      for (Operand &operand : unit.operands)
        if (operand.access && operand.access->storage == storage &&
            (written.combiner || storage->writers > 1 || !operand.access->sameElement(written.access)))
          return false;
      for (Result &value : unit.results)
        if (value.access.storage == storage)
          return false;
    }
    for (Operand &read : other->operands)
      for (Result &value : unit.results)
        if (read.access && read.access->storage == value.access.storage)
          return false;
  }
  return true;
}

void orderParallel(UnitGroup &group) {
  for (Unit *unit : group.units)
    if (std::optional<unsigned> reduced = reducedDim(*unit)) {
      group.sequential = reduced;
      group.reducesRows = reducesRow(*unit);
    }
  for (unsigned d : loopsOf(*group.units.front()))
    if (d != group.sequential)
      group.parallel.push_back(d);
  const Access &first = group.units.front()->results.front().access;
  llvm::sort(group.parallel, [&](unsigned a, unsigned b) {
    return std::pair(strideOf(first, a), b) > std::pair(strideOf(first, b), a);
  });
}

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

/// Cuts the groups into dispatches: rows as far as they go, other groups alone.
std::vector<DispatchGroups> formDispatches(LoopGraph &graph, std::vector<UnitGroup> groups, ArrayRef<int64_t> extents,
                                           const Profile &profile) {
  std::vector<DispatchGroups> dispatches;
  for (size_t begin = 0; begin < groups.size();) {
    DispatchGroups dispatch;
    // Rows are those of the next row reduction, if all that comes before it fits them.
    size_t first = begin;
    while (first < groups.size() && !groups[first].reducesRows)
      ++first;
    size_t end = begin;
    if (first < groups.size() && extents[*groups[first].sequential] <= kLongestRow) {
      dispatch.rows = groups[first].parallel;
      int64_t count = 1;
      for (unsigned d : dispatch.rows)
        count *= extents[d];
      int64_t length = extents[*groups[first].sequential]; // which decides how many invocations share a row
      for (; end < groups.size(); ++end) {
        const UnitGroup &next = groups[end];
        if (!fitsRows(next, dispatch.rows, count, extents) || !canFollow(graph, dispatch, next) ||
            (next.sequential && extents[*next.sequential] != length))
          break;
        dispatch.groups.push_back(next);
      }
    }
    dispatch.byRows = end > first;
    if (!dispatch.byRows) {
      dispatch.groups = {groups[begin]};
      dispatch.rows.clear();
      end = begin + 1;
    } else if (profile.rowLanes > 0) {
      int64_t length = extents[*groups[first].sequential], chunk = 4 * profile.rowLanes;
      auto hasLength = [&](const UnitGroup &group) {
        std::optional<unsigned> columns = group.columns(dispatch.rows);
        return !columns || extents[*columns] == length;
      };
      dispatch.shuffles = length % chunk == 0;
      dispatch.resident =
          dispatch.shuffles && length / chunk <= kMostChunks && llvm::all_of(dispatch.groups, hasLength);
    }
    dispatches.push_back(std::move(dispatch));
    begin = end;
  }
  return dispatches;
}

/// Outputs and arguments are where the launch says; a temporary gets scratch if it is read where it is neither at hand
/// nor a value of the row.
void placeStorages(GroupedKernel &result, func::FuncOp function, KernelBuilder &kernel) {
  llvm::DenseMap<Storage *, std::pair<DispatchGroups *, UnitGroup *>> writer;
  llvm::SmallPtrSet<Storage *, 8> inMemory;
  for (DispatchGroups &dispatch : result.dispatches)
    for (UnitGroup &group : dispatch.groups)
      for (Unit *unit : group.units) {
        for (Operand &operand : unit->operands) {
          if (!operand.access)
            continue;
          auto [writes, writingGroup] = writer.lookup(operand.access->storage);
          bool ofRow = writes == &dispatch && dispatch.byRows &&
                       (dispatch.resident || !usesOthers(*operand.access, dispatch.rows));
          if (writingGroup != &group && !ofRow)
            inMemory.insert(operand.access->storage);
        }
        for (Result &value : unit->results) {
          writer[value.access.storage] = {&dispatch, &group};
          if (value.access.storage->writers > 1)
            inMemory.insert(value.access.storage);
        }
      }
  for (Storage &storage : result.graph->storages) {
    if (storage.kind == Storage::Argument)
      result.places[&storage] = {kernel.operand(storage.position)};
    else if (storage.kind == Storage::Output)
      result.places[&storage] = {kernel.operand(function.getNumArguments() + storage.position)};
    else if (inMemory.contains(&storage))
      result.places[&storage] = {kernel.addScratch(bytesOf(storage))};
  }
}

/// Texels must not change while a shader reads them: arguments that no launch of the kernel writes over.
void findTexels(GroupedKernel &result, func::FuncOp function) {
  llvm::SmallDenseSet<int64_t> overwritten;
  if (auto pairs = function->getAttrOfType<DenseI64ArrayAttr>(plan::kInPlaceAttr))
    for (size_t pair = 0; pair + 1 < pairs.asArrayRef().size(); pair += 2)
      overwritten.insert(pairs[pair + 1]);
  for (Storage &storage : result.graph->storages)
    if (storage.kind == Storage::Argument && storage.element.isF32() && !overwritten.contains(storage.position))
      result.texels.insert(&storage);
}

} // namespace

std::optional<unsigned> UnitGroup::columns(ArrayRef<unsigned> rows) const {
  if (sequential)
    return sequential;
  for (unsigned d : parallel)
    if (!llvm::is_contained(rows, d))
      return d;
  return std::nullopt;
}

FailureOr<GroupedKernel> groupUnits(func::FuncOp function, KernelBuilder &kernel) {
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(function);
  if (failed(graph))
    return failure();
  GroupedKernel result;
  result.graph = std::move(*graph);
  result.extents = unifyDimensions(*result.graph);
  std::vector<UnitGroup> groups;
  Units summands = findSummands(*result.graph);
  for (Unit &unit : result.graph->units) {
    if (llvm::none_of(unit.results,
                      [](Result &value) { return value.used || value.access.storage->kind == Storage::Output; }))
      continue;
    if (groups.empty() || !canJoin(*result.graph, groups.back(), unit, summands))
      groups.emplace_back();
    groups.back().units.push_back(&unit);
  }
  for (UnitGroup &group : groups)
    orderParallel(group);
  result.dispatches = formDispatches(*result.graph, std::move(groups), result.extents, kernel.profile);
  placeStorages(result, function, kernel);
  if (kernel.profile.texels)
    findTexels(result, function);
  return result;
}

/// Copies what the storages hold to one place of the scratch, where they stand from now on.
static void gatherStorages(GroupedKernel &kernel, KernelBuilder &builder, Location loc, ArrayRef<Storage *> storages) {
  Type type = memoryType(storages.front()->element);
  int64_t elements = 0;
  for (Storage *storage : storages)
    elements += elementsOf(*storage);
  Place gathered = builder.addScratch(elements * bytesOfElement(*storages.front()));
  int64_t base = 0;
  while (!storages.empty()) {
    ArrayRef<Storage *> some = storages.take_front(std::max<int64_t>(kMostPlaces - countPlaces(gathered.bytes), 1));
    storages = storages.drop_front(some.size());
    ShaderBuilder shader(builder, loc, {ShaderBuilder::workgroupFor(builder.profile, elementsOf(*some.back())), 1, 1});
    Buffer to = shader.bind(gathered, plan::Binding::Write, type);
    auto points = shader.forEachPoint(elementsOf(*some.back())); // the largest
    for (Storage *storage : some) {
      OpBuilder::InsertionGuard guard(shader.builder);
      int64_t count = elementsOf(*storage);
      if (count < elementsOf(*some.back())) {
        Value inside = arith::CmpIOp::create(shader.builder, shader.loc, arith::CmpIPredicate::ult, points.index,
                                             shader.constant(count));
        auto branch = scf::IfOp::create(shader.builder, shader.loc, inside, /*withElseRegion=*/false);
        shader.builder.setInsertionPointToStart(branch.thenBlock());
      }
      Buffer from = shader.bind(kernel.places.lookup(storage).place, plan::Binding::Read, type);
      Value target = LinearIndex{base, {{points.index, 1}}}.materialize(shader.builder, shader.loc);
      shader.store(to, target, shader.load(from, points.index));
      kernel.places[storage] = {gathered, base};
      base += count;
    }
    shader.dispatch(points.groups, points.constants);
  }
}

/// A place may hold several storages, gathered before.
static int64_t boundPlaces(GroupedKernel &kernel, const llvm::SetVector<Storage *> &storages) {
  SmallVector<Place> places;
  int64_t count = 0;
  for (Storage *storage : storages)
    if (auto known = kernel.places.find(storage);
        known != kernel.places.end() && !llvm::is_contained(places, known->second.place)) {
      places.push_back(known->second.place);
      count += countPlaces(known->second.place.bytes);
    }
  return count;
}

void gatherOperands(GroupedKernel &kernel, KernelBuilder &builder, DispatchGroups &dispatch) {
  llvm::SetVector<Storage *> all;
  for (UnitGroup &group : dispatch.groups)
    for (Unit *unit : group.units)
      collectStorages(*kernel.graph, *unit, all);
  llvm::MapVector<Type, SmallVector<Storage *>> byType;
  for (Storage *storage : all)
    if (storage->kind == Storage::Argument && kernel.places.lookup(storage).place.operand != plan::Binding::kScratch &&
        countPlaces(bytesOf(*storage)) == 1)
      byType[storage->element].push_back(storage);
  for (auto &[type, storages] : byType) {
    int64_t tooMany = boundPlaces(kernel, all) - kMostPlaces;
    if (tooMany <= 0)
      return;
    // The smallest first.
    llvm::sort(storages, [](Storage *a, Storage *b) {
      return std::tuple(elementsOf(*a), a->position) < std::tuple(elementsOf(*b), b->position);
    });
    storages.truncate(std::min<int64_t>(storages.size(), tooMany + 1));
    if (storages.size() > 1)
      gatherStorages(kernel, builder, dispatch.groups.front().units.front()->loc, storages);
  }
}

bool isVector(GroupedKernel &kernel, const Access &access, unsigned dim) {
  SmallVector<int64_t> strides = stridesOf(*access.storage);
  if (strideOf(access, dim) != 1 || elementsOf(*access.storage) % 4 != 0 ||
      kernel.places.lookup(access.storage).base % 4 != 0)
    return false;
  for (const AccessPart &part : access.parts) {
    if (part.index.constant * strides[part.last] % 4 != 0)
      return false;
    for (auto [d, factor] : part.index.terms)
      if (d != dim && factor * strides[part.last] % 4 != 0)
        return false;
  }
  return true;
}

bool allowsLanes(GroupedKernel &kernel, UnitGroup &group, unsigned dim) {
  if (kernel.extents[dim] % 4 != 0 || group.sequential == dim)
    return false;
  auto fits = [&](const Access &access) {
    return !kernel.places.count(access.storage) || strideOf(access, dim) == 0 || isVector(kernel, access, dim);
  };
  for (Unit *unit : group.units) {
    for (Operand &operand : unit->operands)
      if (operand.access && !fits(*operand.access))
        return false;
    for (Result &value : unit->results)
      if (!fits(value.access) || !value.access.uses(dim))
        return false;
  }
  return true;
}

} // namespace sinter::vulkan
