// Tiles, lanes and groups of a kernel's loop nests: steps 2 to 4 of LoopScheduler.h.
#include "compiler/codegen/cpu/loops/LoopScheduler.h"

using namespace mlir;

namespace sinter::cpu {

Tiles Scheduler::choose() {
  Tiles tiles;
  tiled = tileable();
  unsigned bestVotes = 0; // how many units would have lanes along it anyway
  for (unsigned d : tiled) {
    unsigned votes = llvm::count_if(graph.units, [&](Unit &unit) { return lanesByItself(unit) == d; });
    if (votes > bestVotes && canChunk(d))
      bestVotes = votes, tiles.chunked = d;
  }
  for (unsigned d : tiled)
    if (d != tiles.chunked)
      tiles.rows.push_back(d);
  orderRows(tiles.rows);
  group(tiles);
  if (tiles.chunked)
    tiles.chunk = chunkSize();
  return tiles;
}

Tiles Scheduler::chooseAtRandom(std::mt19937_64 &random) {
  const Tiles chosen = choose();
  for (int attempts = 0; attempts < 100; ++attempts) {
    Tiles tiles = chosen;
    if (tiles.chunked && random() % 4 == 0) {
      tiles.rows.push_back(*tiles.chunked);
      tiles.chunked.reset(), tiles.chunk = 0;
    }
    if (tiles.chunked)
      tiles.chunk = kLanes << random() % 6;
    std::shuffle(tiles.rows.begin(), tiles.rows.end(), random);
    if (!tiles.rows.empty() && random() % 4 == 0)
      tiles.rows.pop_back(); // a loop within the tile
    if (whyIllegal(tiles).empty())
      return tiles;
  }
  return chosen;
}

std::string Scheduler::whyIllegal(const Tiles &tiles) {
  llvm::SmallVector<unsigned> dims(tiles.rows);
  if (tiles.chunked)
    dims.push_back(*tiles.chunked);
  llvm::DenseSet<unsigned> seen;
  for (unsigned d : dims) {
    if (d >= result.extents.size() || !seen.insert(d).second)
      return "names dimensions of the loops, of which there are " + std::to_string(result.extents.size()) +
             ", each once at most";
    if (!canTile(d))
      return "cannot cut dimension " + std::to_string(d) +
             " into tiles: every result has to have it in one place, and nothing may be summed along it";
  }
  tiled = dims;
  if (tiles.chunked && !canChunk(*tiles.chunked))
    return "cannot have chunks of dimension " + std::to_string(*tiles.chunked) +
           ": all loops in tiles have it, and lanes run along it";
  if (tiles.chunked ? tiles.chunk < kLanes || tiles.chunk % kLanes != 0 : tiles.chunk != 0)
    return "has chunks of whole vectors of 16, if of anything";
  return "";
}

void Scheduler::group(const Tiles &tiles) {
  static_cast<Tiles &>(result) = tiles;
  result.groups.clear();
  tiled = tiles.rows;
  if (tiles.chunked)
    tiled.push_back(*tiles.chunked);
  llvm::sort(tiled);
  chooseLanes();
  buildGroups();
}

Schedule Scheduler::run(const Tiles &tiles) {
  group(tiles);
  placeStorages();
  placeSums();
  for (unsigned d : result.rows)
    result.tiles *= result.extents[d];
  result.tiles *= result.chunks();
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

SmallVector<unsigned> Scheduler::tileable() {
  SmallVector<unsigned> dims;
  for (unsigned d = 0; d < result.extents.size(); ++d)
    if (canTile(d))
      dims.push_back(d);
  return dims;
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

std::optional<unsigned> Scheduler::lanesByItself(const Unit &unit) {
  return isRowReduction(unit) ? std::optional<unsigned>(unit.dims.back()) : innermost(unit, false);
}

bool Scheduler::canChunk(unsigned dim) {
  return llvm::all_of(graph.units, [&](Unit &unit) {
    if (!usesTiles(unit)) // it runs once a call
      return true;
    std::optional<unsigned> lane = lanesByItself(unit);
    return unit.has(dim) && (!lane || llvm::is_contained(tiled, *lane));
  });
}

void Scheduler::chooseLanes() {
  for (Unit &unit : graph.units) {
    std::optional<unsigned> &lane = lanes[&unit];
    lane = lanesByItself(unit);
    if (result.chunked && unit.has(*result.chunked))
      lane = result.chunked;
    else if (lane && llvm::is_contained(tiled, *lane))
      lane = innermost(unit, true);
  }
}

void Scheduler::orderRows(SmallVectorImpl<unsigned> &rows) {
  for (Unit &unit : graph.units)
    for (Result &value : unit.results)
      if (value.access.storage->kind == Storage::Output)
        return sortOutermostFirst(rows, value.access);
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

Schedule schedule(LoopGraph &graph, std::mt19937_64 *random) {
  Scheduler scheduler(graph);
  return scheduler.run(random ? scheduler.chooseAtRandom(*random) : scheduler.choose());
}

FailureOr<Schedule> readSchedule(LoopGraph &graph, Operation *where, Attribute schedule) {
  auto fail = [&](const Twine &why) { return where->emitError("`sinter.schedule`: ") << why; };
  auto entries = dyn_cast_if_present<DictionaryAttr>(schedule);
  auto rows = entries ? entries.getAs<DenseI64ArrayAttr>("rows") : DenseI64ArrayAttr();
  auto chunked = entries ? entries.getAs<IntegerAttr>("chunked") : IntegerAttr();
  auto chunk = entries ? entries.getAs<IntegerAttr>("chunk") : IntegerAttr();
  if (!rows || !chunked != !chunk || entries.size() != (chunk ? 3 : 1))
    return fail("of loops has rows, and perhaps what is chunked and how long a chunk is, and nothing else");
  Tiles tiles;
  tiles.rows.assign(rows.asArrayRef().begin(), rows.asArrayRef().end());
  if (chunk)
    tiles.chunked = static_cast<unsigned>(chunked.getInt()), tiles.chunk = chunk.getInt();
  Scheduler scheduler(graph);
  if (std::string why = scheduler.whyIllegal(tiles); !why.empty())
    return fail(why);
  return scheduler.run(tiles);
}

DictionaryAttr scheduleOf(const Schedule &schedule, MLIRContext *context) {
  Builder b(context);
  SmallVector<int64_t> rows(schedule.rows.begin(), schedule.rows.end());
  SmallVector<NamedAttribute> entries{b.getNamedAttr("rows", b.getDenseI64ArrayAttr(rows))};
  if (schedule.chunked) {
    entries.push_back(b.getNamedAttr("chunked", b.getI64IntegerAttr(*schedule.chunked)));
    entries.push_back(b.getNamedAttr("chunk", b.getI64IntegerAttr(schedule.chunk)));
  }
  return b.getDictionaryAttr(entries);
}

} // namespace sinter::cpu
