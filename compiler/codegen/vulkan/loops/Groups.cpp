// Which units share their loops, and where temporaries live; see Units.h.
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

static int64_t elementsOf(const Storage &storage) {
  int64_t elements = 1;
  for (int64_t size : storage.shape)
    elements *= size;
  return elements;
}

static int64_t bytesOfElement(const Storage &storage) {
  return llvm::divideCeil(memoryType(storage.element).getIntOrFloatBitWidth(), 8);
}

static int64_t bytesOf(const Storage &storage) { return elementsOf(storage) * bytesOfElement(storage); }

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

namespace {

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

FailureOr<GroupedKernel> groupUnits(func::FuncOp function) {
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(function);
  if (failed(graph))
    return failure();
  GroupedKernel result;
  result.graph = std::move(*graph);
  result.extents = unifyDimensions(*result.graph);
  Units summands = findSummands(*result.graph);
  for (Unit &unit : result.graph->units) {
    if (llvm::none_of(unit.results,
                      [](Result &value) { return value.used || value.access.storage->kind == Storage::Output; }))
      continue;
    if (result.groups.empty() || !canJoin(*result.graph, result.groups.back(), unit, summands))
      result.groups.emplace_back();
    result.groups.back().units.push_back(&unit);
  }
  for (UnitGroup &group : result.groups)
    orderParallel(group);
  return result;
}

void findMemory(GroupedKernel &kernel) {
  llvm::DenseMap<Storage *, std::pair<DispatchGroups *, UnitGroup *>> writer;
  for (DispatchGroups &dispatch : kernel.dispatches)
    for (UnitGroup &group : dispatch.groups)
      for (Unit *unit : group.units) {
        for (Operand &operand : unit->operands) {
          if (!operand.access)
            continue;
          auto [writes, writingGroup] = writer.lookup(operand.access->storage);
          bool ofRow = writes == &dispatch && dispatch.form == DispatchGroups::Rows &&
                       (dispatch.resident || !usesOthers(*operand.access, dispatch.rows));
          if (writingGroup != &group && !ofRow)
            kernel.inMemory.insert(operand.access->storage);
        }
        for (Result &value : unit->results) {
          writer[value.access.storage] = {&dispatch, &group};
          if (value.access.storage->writers > 1)
            kernel.inMemory.insert(value.access.storage);
        }
      }
  for (Storage &storage : kernel.graph->storages)
    if (storage.kind != Storage::Temporary)
      kernel.inMemory.insert(&storage);
}

void placeStorages(GroupedKernel &kernel, func::FuncOp function, KernelBuilder &builder) {
  for (Storage &storage : kernel.graph->storages) {
    if (storage.kind == Storage::Argument)
      kernel.places[&storage] = {builder.operand(storage.position)};
    else if (storage.kind == Storage::Output)
      kernel.places[&storage] = {builder.operand(function.getNumArguments() + storage.position)};
    else if (kernel.inMemory.contains(&storage))
      kernel.places[&storage] = {builder.addScratch(bytesOf(storage))};
  }
  if (builder.profile.texels)
    findTexels(kernel, function);
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
    return !kernel.inMemory.contains(access.storage) || strideOf(access, dim) == 0 || isVector(kernel, access, dim);
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

std::optional<unsigned> lanesOfPoints(GroupedKernel &kernel, UnitGroup &group) {
  if (!group.parallel.empty() && allowsLanes(kernel, group, group.parallel.back()))
    return group.parallel.back();
  return std::nullopt;
}

int64_t countPoints(GroupedKernel &kernel, UnitGroup &group) {
  int64_t count = lanesOfPoints(kernel, group) ? 1 : kQuad;
  for (unsigned d : group.parallel)
    count *= kernel.extents[d];
  return count / kQuad;
}

} // namespace sinter::vulkan
