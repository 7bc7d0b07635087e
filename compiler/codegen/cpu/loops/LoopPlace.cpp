// Where temporaries live, and how large chunks are: step 5 of LoopScheduler.h.
#include "compiler/codegen/cpu/loops/LoopScheduler.h"
#include "compiler/codegen/cpu/loops/TermLoop.h"

using namespace mlir;

namespace sinter::cpu {

namespace {

/// Elements per tile of elementwise kernels, and lanes per tile of reductions over an outer dimension.
constexpr int64_t kElementsPerTile = 2048;
constexpr int64_t kColumnsPerTile = 64, kWidestColumnTile = 256;
/// Columns of at least this length are summed block by block (LoopSchedule.h, Group::sumOffsets).
constexpr int64_t kLongColumn = 64;

} // namespace

void Scheduler::placeStorages() {
  llvm::DenseMap<Storage *, Group *> writer;
  llvm::DenseMap<Storage *, bool> local, tileScalar;
  for (Group &group : result.groups)
    for (Unit *unit : group.units) {
      for (Operand &operand : unit->operands)
        if (operand.access && writer.count(operand.access->storage) && writer[operand.access->storage] != &group)
          local[operand.access->storage] = false;
      for (Result &value : unit->results) {
        writer[value.access.storage] = &group;
        local.insert({value.access.storage, true});
      }
    }
  for (Storage &storage : graph.storages) {
    storage.strides.assign(storage.shape.size(), 0);
    SmallVector<int64_t> sizes(storage.shape);
    if (storage.kind == Storage::Temporary)
      graph.forEachAccess([&](Unit &, Access &access, bool) {
        if (access.storage != &storage)
          return;
        for (unsigned d : result.rows)
          if (int64_t p = access.plainPosition(d); p >= 0)
            sizes[p] = 1;
        if (result.chunked)
          if (int64_t p = access.plainPosition(*result.chunked); p >= 0)
            sizes[p] = result.chunk;
      });
    storage.elements = 1;
    for (unsigned p = storage.shape.size(); p-- > 0;) {
      bool single = storage.kind == Storage::Temporary && sizes[p] == 1;
      storage.strides[p] = single ? 0 : storage.elements;
      storage.elements *= sizes[p];
    }
    if (storage.kind != Storage::Temporary)
      continue;
    bool scalar = storage.elements == 1;
    if (storage.writers == 1 && (local.lookup(&storage) || scalar)) {
      storage.inMemory = false;
      continue;
    }
    storage.scratchOffset = result.scratchBytes;
    int64_t bytes = storage.elements * llvm::divideCeil(memoryType(storage.element).getIntOrFloatBitWidth(), 8);
    result.scratchBytes += llvm::alignTo(bytes, 64);
  }
}

bool Scheduler::sumsInBlocks(const Group &group) {
  return group.sequential && !group.reducesLanes && group.outer.empty() && group.lanes &&
         group.lanes == result.chunked && result.extents[*group.sequential] >= kLongColumn;
}

void Scheduler::placeSums() {
  for (Group &group : result.groups) {
    if (!sumsInBlocks(group))
      continue;
    for (Unit *unit : group.units)
      for (Result &value : unit->results)
        if (value.combiner) {
          group.sumOffsets.push_back(result.scratchBytes);
          bool inRuns = addsInRuns(value.combiner, result.extents[*group.sequential]);
          result.scratchBytes += (inRuns ? 3 : 1) * waitingBytes(value.access.storage->element, result.chunk);
        }
  }
}

int64_t Scheduler::chunkSize() {
  bool column = llvm::any_of(result.groups, [](Group &group) { return group.sequential || !group.outer.empty(); });
  int64_t extent = result.extents[*result.chunked];
  const bool inBlocks = llvm::any_of(result.groups, [&](Group &group) { return sumsInBlocks(group); });
  if (extent >= 4 * kColumnsPerTile && inBlocks)
    return std::min(static_cast<int64_t>(llvm::alignTo(extent / 4, kLanes)), kWidestColumnTile);
  // Where there are tiles enough without it, neighbouring vectors share what depends on the row alone.
  constexpr int64_t kEnoughTiles = 16;
  int64_t rows = 1;
  for (unsigned d : result.rows)
    rows *= result.extents[d];
  if (inBlocks && rows >= kEnoughTiles)
    return std::min(static_cast<int64_t>(llvm::alignTo(extent, kLanes)), kColumnsPerTile);
  if (column)
    return extent >= 4 * kColumnsPerTile ? kColumnsPerTile : kLanes;
  return kElementsPerTile;
}

} // namespace sinter::cpu
