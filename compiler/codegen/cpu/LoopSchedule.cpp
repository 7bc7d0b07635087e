// Decides tiles, lanes, groups and storage of a kernel's loop nests; see LoopSchedule.h.
//
//   1 unify    loops of different units that index the same dimension of the same storage are one kernel-wide dimension
//   2 merge    neighbouring parallel dimensions that memory holds contiguously everywhere become one
//   3 tile     dimensions that every output has and no unit reduces are cut into tiles
//   4 lanes    each unit's vectorised dimension; if it is the same tiled dimension for all, tiles are chunks of it
//   5 group    consecutive units with the same loops share them, unless one needs a finished reduction of another
//   6 place    temporaries: registers if used in the group only, else the scratch
#include "compiler/codegen/cpu/LoopSchedule.h"

#include <numeric>

using namespace mlir;

namespace sinter::cpu {
namespace {

/// Elements per tile of elementwise kernels, and lanes per tile of reductions over an outer dimension.
constexpr int64_t kElementsPerTile = 2048;
constexpr int64_t kColumnsPerTile = 64, kWidestColumnTile = 256;
/// Columns of at least this length are summed block by block (LoopSchedule.h, Group::sumOffsets).
constexpr int64_t kLongColumn = 64;

class Scheduler {
public:
  explicit Scheduler(LoopGraph &graph) : graph(graph) {}

  Schedule run() {
    unify();
    while (mergeOnce())
      ;
    normalizeShapes();
    chooseTiles();
    chooseLanes();
    orderRows();
    buildGroups();
    placeStorages();
    placeSums();
    sizeTiles();
    return std::move(result);
  }

private:
  LoopGraph &graph;
  Schedule result;
  llvm::DenseMap<Unit *, std::optional<unsigned>> lanes;
  llvm::SmallVector<unsigned> tiled;

  /// Every access of the graph: by unit, with whether it writes.
  void forEachAccess(llvm::function_ref<void(Unit &, Access &, bool writes)> visit) {
    for (Unit &unit : graph.units) {
      for (Operand &operand : unit.operands)
        if (operand.access)
          visit(unit, *operand.access, false);
      for (Result &value : unit.results)
        visit(unit, value.access, true);
    }
  }

  static bool has(const Unit &unit, unsigned dim) { return llvm::is_contained(unit.dims, dim); }

  static bool reduces(const Unit &unit, unsigned dim) {
    for (auto [d, reduced] : llvm::zip(unit.dims, unit.reduced))
      if (d == dim && reduced)
        return true;
    return false;
  }

  //===--- 1 unify -----------------------------------------------------------------------------------===//

  void unify() {
    // One class per loop; classes merge unless that gave one unit two loops of one class.
    SmallVector<unsigned> parent;
    SmallVector<int64_t> extents;
    SmallVector<SmallVector<Unit *>> members;
    for (Unit &unit : graph.units)
      for (auto [extent, reduced] : llvm::zip(unit.extents, unit.reduced)) {
        if (extent == 1 && !reduced) {
          unit.dims.push_back(kNoDim);
          continue;
        }
        unit.dims.push_back(parent.size());
        parent.push_back(parent.size());
        extents.push_back(extent);
        members.push_back({&unit});
      }
    auto find = [&](unsigned c) {
      while (parent[c] != c)
        c = parent[c];
      return c;
    };
    auto join = [&](unsigned a, unsigned b) {
      a = find(a), b = find(b);
      if (a == b || extents[a] != extents[b] ||
          llvm::any_of(members[a], [&](Unit *unit) { return llvm::is_contained(members[b], unit); }))
        return;
      parent[b] = a;
      members[a].append(members[b]);
    };
    // Values that units pass on come first: shared arguments only decide what is still open.
    for (bool arguments : {false, true})
      for (Storage &storage : graph.storages) {
        if ((storage.kind == Storage::Argument) != arguments)
          continue;
        for (unsigned p = 0; p < storage.shape.size(); ++p) {
          std::optional<unsigned> first;
          forEachAccess([&](Unit &unit, Access &access, bool) {
            if (access.storage != &storage)
              return;
            for (auto [local, c] : llvm::enumerate(unit.dims))
              if (c != kNoDim && unit.extents[local] == storage.shape[p] &&
                  access.plainPosition(local) == static_cast<int64_t>(p)) {
                if (first)
                  join(*first, c);
                else
                  first = c;
              }
          });
        }
      }
    // Compact numbers; accesses in terms of them.
    llvm::DenseMap<unsigned, unsigned> number;
    for (unsigned c = 0; c < parent.size(); ++c)
      if (find(c) == c) {
        number[c] = result.extents.size();
        result.extents.push_back(extents[c]);
      }
    for (Unit &unit : graph.units)
      for (unsigned &c : unit.dims)
        if (c != kNoDim)
          c = number[find(c)];
    forEachAccess([&](Unit &unit, Access &access, bool) {
      SmallVector<Affine> replacements;
      for (unsigned c : unit.dims)
        replacements.push_back(c == kNoDim ? Affine{} : Affine::dim(c));
      access = substitute(access, replacements);
    });
  }

  //===--- 2 merge -----------------------------------------------------------------------------------===//

  /// Merges dimension `outer` into `inner` in the access, if memory allows.
  bool mergeAccess(Access &access, unsigned outer, unsigned inner) {
    int64_t innerExtent = result.extents[inner];
    auto partOf = [&](unsigned d) {
      return llvm::find_if(access.parts, [&](AccessPart &part) { return part.index.coefficient(d) != 0; });
    };
    auto a = partOf(outer), b = partOf(inner);
    if (a == access.parts.end() && b == access.parts.end())
      return true;
    if (a == access.parts.end() || b == access.parts.end())
      return false;
    if (a == b) {
      if (a->index.coefficient(outer) != innerExtent * a->index.coefficient(inner))
        return false;
      llvm::erase_if(a->index.terms, [&](auto &term) { return term.first == outer; });
      return true;
    }
    if (b < a || a->index.plainDim() != outer || b->index.plainDim() != inner || access.partSize(*b) != innerExtent)
      return false;
    for (auto it = a + 1; it < b; ++it)
      if (access.partSize(*it) != 1)
        return false;
    a->last = b->last;
    a->index = Affine::dim(inner);
    access.parts.erase(a + 1, b + 1);
    return true;
  }

  bool usesIndex(Unit &unit, unsigned dim) {
    if (!unit.body)
      return false;
    for (auto index : unit.body->getOps<linalg::IndexOp>())
      if (unit.dims[index.getDim()] == dim)
        return true;
    return false;
  }

  bool canMerge(unsigned outer, unsigned inner) {
    bool used = false;
    for (Unit &unit : graph.units) {
      if (has(unit, outer) != has(unit, inner))
        return false;
      if (!has(unit, outer))
        continue;
      used = true;
      if (reduces(unit, outer) || reduces(unit, inner) || usesIndex(unit, outer) || usesIndex(unit, inner))
        return false;
    }
    if (!used)
      return false;
    bool fits = true;
    forEachAccess([&](Unit &, Access &access, bool) {
      Access copy = access;
      fits = fits && mergeAccess(copy, outer, inner);
    });
    return fits;
  }

  bool mergeOnce() {
    for (unsigned outer = 0; outer < result.extents.size(); ++outer)
      for (unsigned inner = 0; inner < result.extents.size(); ++inner) {
        if (outer == inner || !canMerge(outer, inner))
          continue;
        forEachAccess([&](Unit &, Access &access, bool) { mergeAccess(access, outer, inner); });
        result.extents[inner] *= result.extents[outer];
        for (Unit &unit : graph.units)
          for (unsigned &d : unit.dims)
            if (d == outer)
              d = kNoDim;
        return true;
      }
    return false;
  }

  /// Storages whose dimensions are merged in the same way by all accesses get that shape.
  void normalizeShapes() {
    for (Storage &storage : graph.storages) {
      if (storage.kind == Storage::Argument)
        continue; // also read by tensor.extract, in the dimensions of its type
      SmallVector<Access *> accesses;
      forEachAccess([&](Unit &, Access &access, bool) {
        if (access.storage == &storage)
          accesses.push_back(&access);
      });
      if (accesses.empty())
        continue;
      auto sameParts = [&](Access *access) {
        return llvm::equal(access->parts, accesses[0]->parts, [](const AccessPart &a, const AccessPart &b) {
          return a.first == b.first && a.last == b.last;
        });
      };
      if (!llvm::all_of(accesses, sameParts))
        continue;
      SmallVector<int64_t> shape;
      for (const AccessPart &part : accesses[0]->parts)
        shape.push_back(accesses[0]->partSize(part));
      for (Access *access : accesses)
        for (auto [p, part] : llvm::enumerate(access->parts))
          part.first = part.last = p;
      storage.shape = shape;
    }
  }

  //===--- 3 tile ------------------------------------------------------------------------------------===//

  bool writesOutput(const Unit &unit) {
    return llvm::any_of(unit.results, [](const Result &r) { return r.access.storage->kind == Storage::Output; });
  }

  /// Whether tiles may have one index of `dim` each: every access of a storage that is written has it in one place.
  bool canTile(unsigned dim) {
    bool used = false;
    for (Unit &unit : graph.units) {
      used |= has(unit, dim);
      if (reduces(unit, dim) || (writesOutput(unit) && !has(unit, dim)))
        return false;
      // A reduction without the dimension would run again in every tile of it, and, in place, over what an earlier
      // tile has written.
      if (unit.isReduction() && !has(unit, dim))
        return false;
    }
    llvm::DenseMap<Storage *, int64_t> position;
    bool consistent = used;
    forEachAccess([&](Unit &, Access &access, bool) {
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

  void chooseTiles() {
    for (unsigned d = 0; d < result.extents.size(); ++d)
      if (canTile(d))
        tiled.push_back(d);
  }

  //===--- 4 lanes -----------------------------------------------------------------------------------===//

  /// Distance in elements between neighbours along `dim`, were the storage held whole in row-major order.
  static int64_t strideOf(const Access &access, unsigned dim) {
    int64_t stride = 0, size = 1;
    for (const AccessPart &part : llvm::reverse(access.parts)) {
      stride += part.index.coefficient(dim) * size;
      size *= access.partSize(part);
    }
    return stride;
  }

  static void sortOutermostFirst(SmallVectorImpl<unsigned> &dims, const Access &access) {
    llvm::sort(dims, [&](unsigned a, unsigned b) {
      return std::pair(strideOf(access, a), b) > std::pair(strideOf(access, b), a);
    });
  }

  /// The parallel dimension along which the unit's first result is most contiguous.
  std::optional<unsigned> innermost(const Unit &unit, bool insideTiles) {
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

  /// A reduction of the last loop runs along the lanes: fixed by the op alone, whatever the sizes.
  static bool isRowReduction(const Unit &unit) { return !unit.reduced.empty() && unit.reduced.back(); }

  void chooseLanes() {
    bool chunkable = !tiled.empty();
    for (Unit &unit : graph.units) {
      lanes[&unit] = isRowReduction(unit) ? std::optional<unsigned>(unit.dims.back()) : innermost(unit, false);
      bool once = llvm::none_of(tiled, [&](unsigned d) { return has(unit, d); });
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
          bool once = llvm::none_of(tiled, [&](unsigned t) { return has(unit, t); });
          everywhere = everywhere && (once || has(unit, d));
          votes += lanes[&unit] == d;
        }
        if (everywhere && votes > bestVotes)
          bestVotes = votes, result.chunked = d;
      }
    }
    for (Unit &unit : graph.units) {
      if (result.chunked && has(unit, *result.chunked))
        lanes[&unit] = result.chunked;
      else if (lanes[&unit] && llvm::is_contained(tiled, *lanes[&unit]))
        lanes[&unit] = innermost(unit, true);
    }
  }

  /// Tile dimensions in the order of the first output's memory.
  void orderRows() {
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

  //===--- 5 group -----------------------------------------------------------------------------------===//

  /// The loops that the unit needs within a tile, sorted.
  SmallVector<unsigned> loopsOf(const Unit &unit) {
    SmallVector<unsigned> loops;
    for (unsigned d : unit.dims)
      if (d != kNoDim && !llvm::is_contained(result.rows, d))
        loops.push_back(d);
    llvm::sort(loops);
    return loops;
  }

  static std::optional<unsigned> reducedDim(const Unit &unit) {
    for (auto [d, reduced] : llvm::zip(unit.dims, unit.reduced))
      if (reduced)
        return d;
    return std::nullopt;
  }

  bool usesTiles(const Unit &unit) {
    return llvm::any_of(tiled, [&](unsigned d) { return has(unit, d); });
  }

  bool canJoin(const Group &group, Unit &unit) {
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

  void buildGroups() {
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

  //===--- 6 place -----------------------------------------------------------------------------------===//

  void placeStorages() {
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
        forEachAccess([&](Unit &, Access &access, bool) {
          if (access.storage != &storage)
            return;
          for (unsigned d : result.rows)
            if (int64_t p = access.plainPosition(d); p >= 0)
              sizes[p] = 1;
          if (result.chunked)
            if (int64_t p = access.plainPosition(*result.chunked); p >= 0)
              sizes[p] = chunkSize();
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

  /// Long columns that are cut into tiles. Memory is fastest in runs of many lines: a block of rows is read across the
  /// whole tile before the next one, with the sums in the first-level cache. (A column still adds up in ascending order.)
  bool sumsInBlocks(const Group &group) {
    return group.sequential && !group.reducesLanes && group.outer.empty() && group.lanes &&
           group.lanes == result.chunked && result.extents[*group.sequential] >= kLongColumn;
  }

  void placeSums() {
    for (Group &group : result.groups) {
      if (!sumsInBlocks(group))
        continue;
      for (Unit *unit : group.units)
        for (Result &value : unit->results)
          if (value.combiner) {
            group.sumOffsets.push_back(result.scratchBytes);
            int64_t bits = value.access.storage->element.getIntOrFloatBitWidth();
            result.scratchBytes += llvm::alignTo(chunkSize() * llvm::divideCeil(bits, 8), 64);
          }
    }
  }

  /// Indices of the chunked dimension per tile.
  int64_t chunkSize() {
    bool column = llvm::any_of(result.groups, [](Group &group) { return group.sequential || !group.outer.empty(); });
    int64_t extent = result.extents[*result.chunked];
    if (extent >= 4 * kColumnsPerTile && llvm::any_of(result.groups, [&](Group &group) { return sumsInBlocks(group); }))
      return std::min(static_cast<int64_t>(llvm::alignTo(extent / 4, kLanes)), kWidestColumnTile);
    if (column)
      return extent >= 4 * kColumnsPerTile ? kColumnsPerTile : kLanes;
    return kElementsPerTile;
  }

  void sizeTiles() {
    if (result.chunked)
      result.chunk = chunkSize();
    for (unsigned d : result.rows)
      result.tiles *= result.extents[d];
    result.tiles *= result.chunks();
  }
};

} // namespace

Schedule schedule(LoopGraph &graph) { return Scheduler(graph).run(); }

} // namespace sinter::cpu
