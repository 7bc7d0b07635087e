// Tiles, lanes and groups of a kernel's loop nests: steps 2 to 4 of LoopScheduler.h.
#include "compiler/codegen/cpu/loops/LoopScheduler.h"
#include "compiler/codegen/loops/LoopDims.h"

using namespace mlir;

namespace sinter::cpu {

Schedule Scheduler::run() {
  result.extents = unifyDimensions(graph);
  chooseTiles();
  chooseLanes();
  orderRows();
  buildGroups();
  placeStorages();
  placeSums();
  sizeTiles();
  return std::move(result);
}

bool Scheduler::writesOutput(const Unit &unit) {
  return llvm::any_of(unit.results, [](const Result &r) { return r.access.storage->kind == Storage::Output; });
}

bool Scheduler::canTile(unsigned dim) {
  bool used = false;
  for (Unit &unit : graph.units) {
    used |= unit.has(dim);
    if (unit.reduces(dim) || (writesOutput(unit) && !unit.has(dim)))
      return false;
    // A reduction without the dimension would run again in every tile of it, and, in place, over what an earlier
    // tile has written.
    if (unit.isReduction() && !unit.has(dim))
      return false;
  }
  llvm::DenseMap<Storage *, int64_t> position;
  bool consistent = used;
  graph.forEachAccess([&](Unit &, Access &access, bool) {
    if (access.storage->kind == Storage::Argument)
      return;
    int64_t p = access.plainPosition(dim);
    if (p < 0 && access.uses(dim))
      consistent = false;
    auto [known, isNew] = position.insert({access.storage, p});
    if (!isNew && known->second != p)
      consistent = false;
  });
  return consistent;
}

void Scheduler::chooseTiles() {
  for (unsigned d = 0; d < result.extents.size(); ++d)
    if (canTile(d))
      tiled.push_back(d);
}

int64_t Scheduler::strideOf(const Access &access, unsigned dim) {
  int64_t stride = 0, size = 1;
  for (const AccessPart &part : llvm::reverse(access.parts)) {
    stride += part.index.coefficient(dim) * size;
    size *= access.partSize(part);
  }
  return stride;
}

void Scheduler::sortOutermostFirst(SmallVectorImpl<unsigned> &dims, const Access &access) {
  llvm::sort(dims, [&](unsigned a, unsigned b) {
    return std::pair(strideOf(access, a), b) > std::pair(strideOf(access, b), a);
  });
}

std::optional<unsigned> Scheduler::innermost(const Unit &unit, bool insideTiles) {
  std::optional<unsigned> best;
  int64_t bestStride = 0;
  if (unit.results.empty())
    return best;
  for (auto [d, reduced] : llvm::zip(unit.dims, unit.reduced)) {
    if (d == kNoDim || reduced || (insideTiles && llvm::is_contained(tiled, d)))
      continue;
    int64_t stride = strideOf(unit.results[0].access, d);
    if (!best || stride < bestStride)
      best = d, bestStride = stride;
  }
  return best;
}

void Scheduler::chooseLanes() {
  bool chunkable = !tiled.empty();
  for (Unit &unit : graph.units) {
    lanes[&unit] = isRowReduction(unit) ? std::optional<unsigned>(unit.dims.back()) : innermost(unit, false);
    bool once = llvm::none_of(tiled, [&](unsigned d) { return unit.has(d); });
    if (lanes[&unit] && !once && !llvm::is_contained(tiled, *lanes[&unit]))
      chunkable = false;
  }
  if (chunkable) {
    // The tiled dimension that most units would vectorise, among those that all have.
    unsigned bestVotes = 0;
    for (unsigned d : tiled) {
      unsigned votes = 0;
      bool everywhere = true;
      for (Unit &unit : graph.units) {
        bool once = llvm::none_of(tiled, [&](unsigned t) { return unit.has(t); });
        everywhere = everywhere && (once || unit.has(d));
        votes += lanes[&unit] == d;
      }
      if (everywhere && votes > bestVotes)
        bestVotes = votes, result.chunked = d;
    }
  }
  for (Unit &unit : graph.units) {
    if (result.chunked && unit.has(*result.chunked))
      lanes[&unit] = result.chunked;
    else if (lanes[&unit] && llvm::is_contained(tiled, *lanes[&unit]))
      lanes[&unit] = innermost(unit, true);
  }
}

void Scheduler::orderRows() {
  for (unsigned d : tiled)
    if (d != result.chunked)
      result.rows.push_back(d);
  const Access *output = nullptr;
  for (Unit &unit : graph.units)
    for (Result &value : unit.results)
      if (!output && value.access.storage->kind == Storage::Output)
        output = &value.access;
  if (output)
    sortOutermostFirst(result.rows, *output);
}

SmallVector<unsigned> Scheduler::loopsOf(const Unit &unit) {
  SmallVector<unsigned> loops;
  for (unsigned d : unit.dims)
    if (d != kNoDim && !llvm::is_contained(result.rows, d))
      loops.push_back(d);
  llvm::sort(loops);
  return loops;
}

std::optional<unsigned> Scheduler::reducedDim(const Unit &unit) {
  for (auto [d, reduced] : llvm::zip(unit.dims, unit.reduced))
    if (reduced)
      return d;
  return std::nullopt;
}

bool Scheduler::usesTiles(const Unit &unit) {
  return llvm::any_of(tiled, [&](unsigned d) { return unit.has(d); });
}

bool Scheduler::canJoin(const Group &group, Unit &unit) {
  Unit &first = *group.units.front();
  if (loopsOf(unit) != loopsOf(first) || lanes[&unit] != lanes[&first] || usesTiles(unit) != usesTiles(first))
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

void Scheduler::buildGroups() {
  for (Unit &unit : graph.units) {
    if (result.groups.empty() || !canJoin(result.groups.back(), unit)) {
      result.groups.emplace_back();
      result.groups.back().everyTile = tiled.empty() || usesTiles(unit) || writesOutput(unit);
      result.groups.back().lanes = lanes[&unit];
    }
    result.groups.back().units.push_back(&unit);
  }
  for (Group &group : result.groups) {
    for (Unit *unit : group.units)
      if (std::optional<unsigned> reduced = reducedDim(*unit)) {
        if (reduced == group.lanes)
          group.reducesLanes = true;
        else
          group.sequential = reduced;
      }
    for (unsigned d : loopsOf(*group.units.front()))
      if (d != group.lanes && d != group.sequential)
        group.outer.push_back(d);
    const Access &access = group.units.back()->results.front().access;
    sortOutermostFirst(group.outer, access);
  }
}

Schedule schedule(LoopGraph &graph) { return Scheduler(graph).run(); }

} // namespace sinter::cpu
