// Which units share a dispatch, and where temporaries live; see Units.h.
#include "compiler/codegen/LoopDims.h"
#include "compiler/codegen/vulkan/Units.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter::vulkan {

SmallVector<int64_t> stridesOf(const Storage &storage) {
  SmallVector<int64_t> strides(storage.shape.size(), 1);
  for (int d = static_cast<int>(storage.shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * storage.shape[d + 1];
  return strides;
}

namespace {

int64_t elementsOf(const Storage &storage) {
  int64_t elements = 1;
  for (int64_t size : storage.shape)
    elements *= size;
  return elements;
}

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

/// What the unit reads and writes in memory, as far as bodies that read tensors do not add to it.
void collectStorages(const Unit &unit, llvm::SetVector<Storage *> &storages) {
  for (const Operand &operand : unit.operands)
    if (operand.access)
      storages.insert(operand.access->storage);
  for (const Result &value : unit.results)
    storages.insert(value.access.storage);
}

/// Whether the unit may run at each point right after the group's units at the same point.
bool canJoin(const UnitGroup &group, Unit &unit) {
  if (loopsOf(unit) != loopsOf(*group.units.front()))
    return false;
  llvm::SetVector<Storage *> storages;
  collectStorages(unit, storages);
  for (Unit *other : group.units)
    collectStorages(*other, storages);
  if (storages.size() > kMostBuffers)
    return false;
  std::optional<unsigned> reduced = reducedDim(unit);
  for (Unit *other : group.units) {
    std::optional<unsigned> otherReduced = reducedDim(*other);
    if (reduced && otherReduced && *reduced != *otherReduced)
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
    if (std::optional<unsigned> reduced = reducedDim(*unit))
      group.sequential = reduced;
  for (unsigned d : loopsOf(*group.units.front()))
    if (d != group.sequential)
      group.parallel.push_back(d);
  const Access &first = group.units.front()->results.front().access;
  llvm::sort(group.parallel, [&](unsigned a, unsigned b) {
    return std::pair(strideOf(first, a), b) > std::pair(strideOf(first, b), a);
  });
}

/// Outputs and arguments are where the launch says; a temporary that is read outside of its group gets scratch.
void placeStorages(GroupedKernel &result, func::FuncOp function, KernelBuilder &kernel) {
  llvm::DenseMap<Storage *, UnitGroup *> writer;
  llvm::SmallPtrSet<Storage *, 8> inMemory;
  for (UnitGroup &group : result.groups)
    for (Unit *unit : group.units) {
      for (Operand &operand : unit->operands)
        if (operand.access && writer.lookup(operand.access->storage) != &group)
          inMemory.insert(operand.access->storage);
      for (Result &value : unit->results) {
        writer[value.access.storage] = &group;
        if (value.access.storage->writers > 1)
          inMemory.insert(value.access.storage);
      }
    }
  for (Storage &storage : result.graph->storages) {
    int64_t elements = elementsOf(storage);
    if (storage.kind == Storage::Argument)
      result.places[&storage] = {kernel.operand(storage.position)};
    else if (storage.kind == Storage::Output)
      result.places[&storage] = {kernel.operand(function.getNumArguments() + storage.position)};
    else if (inMemory.contains(&storage))
      result.places[&storage] = {
          kernel.addScratch(elements * llvm::divideCeil(memoryType(storage.element).getIntOrFloatBitWidth(), 8))};
  }
}

} // namespace

FailureOr<GroupedKernel> groupUnits(func::FuncOp function, KernelBuilder &kernel) {
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(function);
  if (failed(graph))
    return failure();
  GroupedKernel result;
  result.graph = std::move(*graph);
  result.extents = unifyDimensions(*result.graph);
  for (Unit &unit : result.graph->units) {
    if (llvm::none_of(unit.results, [](Result &value) { return value.used || value.access.storage->kind == Storage::Output; }))
      continue;
    if (result.groups.empty() || !canJoin(result.groups.back(), unit))
      result.groups.emplace_back();
    result.groups.back().units.push_back(&unit);
  }
  for (UnitGroup &group : result.groups)
    orderParallel(group);
  placeStorages(result, function, kernel);
  return result;
}

void gatherOperands(GroupedKernel &kernel, KernelBuilder &builder, UnitGroup &group) {
  llvm::SetVector<Storage *> all;
  for (Unit *unit : group.units)
    collectStorages(*unit, all);
  if (all.size() <= kMostBuffers)
    return;
  // The smallest first, all of one type.
  SmallVector<Storage *> small;
  for (Storage *storage : all)
    if (storage->kind == Storage::Argument && kernel.places.lookup(storage).place.operand != plan::Binding::kScratch)
      small.push_back(storage);
  llvm::stable_sort(small, [](Storage *a, Storage *b) { return elementsOf(*a) < elementsOf(*b); });
  if (!small.empty())
    llvm::erase_if(small, [type = small.front()->element](Storage *storage) { return storage->element != type; });
  small.truncate(std::min(small.size(), all.size() - kMostBuffers + 1));
  if (small.empty())
    return;
  Type type = memoryType(small.front()->element);
  int64_t elements = 0;
  for (Storage *storage : small)
    elements += elementsOf(*storage);
  Place gathered = builder.addScratch(elements * llvm::divideCeil(type.getIntOrFloatBitWidth(), 8));
  int64_t base = 0;
  for (ArrayRef<Storage *> rest = small; !rest.empty();) {
    ArrayRef<Storage *> some = rest.take_front(kMostBuffers - 1);
    rest = rest.drop_front(some.size());
    ShaderBuilder shader(builder, group.units.front()->loc, {builder.profile.workgroup, 1, 1});
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

bool allowsLanes(GroupedKernel &kernel, UnitGroup &group, unsigned dim) {
  if (kernel.extents[dim] % 4 != 0 || group.sequential == dim)
    return false;
  auto fits = [&](const Access &access) {
    if (!kernel.places.count(access.storage) || strideOf(access, dim) == 0)
      return true;
    if (strideOf(access, dim) != 1)
      return false;
    SmallVector<int64_t> strides = stridesOf(*access.storage);
    if (elementsOf(*access.storage) % 4 != 0 || kernel.places.lookup(access.storage).base % 4 != 0)
      return false;
    for (const AccessPart &part : access.parts) {
      if (part.index.constant * strides[part.last] % 4 != 0)
        return false;
      for (auto [d, factor] : part.index.terms)
        if (d != dim && factor * strides[part.last] % 4 != 0)
          return false;
    }
    return true;
  };
  for (Unit *unit : group.units) {
    for (Operand &operand : unit->operands)
      if (operand.access && !fits(*operand.access))
        return false;
    for (Result &value : unit->results)
      if (!fits(value.access) || (!value.access.uses(dim)))
        return false;
  }
  return true;
}

} // namespace sinter::vulkan
