// The decisions about a kernel's loop nests, one after the other:
//
//   1 dims     which loops are one dimension (codegen/loops/LoopDims.h)
//   2 tile     dimensions that every output has and no unit reduces are cut into tiles
//   3 lanes    each unit's vectorised dimension; if it is the same tiled dimension for all, tiles are chunks of it
//   4 group    consecutive units with the same loops share them, unless one needs a finished reduction of another
//   5 place    temporaries: registers if used in the group only, else the scratch
#pragma once

#include "compiler/codegen/cpu/loops/LoopSchedule.h"
#include "compiler/codegen/loops/LoopDims.h"

namespace sinter::cpu {

class Scheduler {
public:
  explicit Scheduler(LoopGraph &graph) : graph(graph) { result.extents = unifyDimensions(graph); }

  /// Steps 2 and 3: the tiles that suit the kernel.
  Tiles choose();
  /// Any legal ones.
  Tiles chooseAtRandom(std::mt19937_64 &random);
  /// Why tiles are none that could be emitted; empty if they could. No legal ones change a bit.
  std::string whyIllegal(const Tiles &tiles);
  /// Steps 3 to 5 by these tiles.
  Schedule run(const Tiles &tiles);

private:
  LoopGraph &graph;
  Schedule result;
  llvm::DenseMap<Unit *, std::optional<unsigned>> lanes;
  llvm::SmallVector<unsigned> tiled;

  //===--- 2 tile ------------------------------------------------------------------------------------===//

  bool writesOutput(const Unit &unit);

  /// Whether tiles may have one index of `dim` each: every access of a storage that is written has it in one place.
  bool canTile(unsigned dim);
  llvm::SmallVector<unsigned> tileable();

  //===--- 3 lanes -----------------------------------------------------------------------------------===//

  /// Distance in elements between neighbours along `dim`, were the storage held whole in row-major order.
  static int64_t strideOf(const Access &access, unsigned dim);
  static void sortOutermostFirst(llvm::SmallVectorImpl<unsigned> &dims, const Access &access);

  /// The parallel dimension along which the unit's first result is most contiguous.
  std::optional<unsigned> innermost(const Unit &unit, bool insideTiles);

  /// A reduction of the last loop runs along the lanes: fixed by the op alone, whatever the sizes.
  static bool isRowReduction(const Unit &unit) { return !unit.reduced.empty() && unit.reduced.back(); }

  /// The dimension that lanes would run along if nothing were cut.
  std::optional<unsigned> lanesByItself(const Unit &unit);
  /// Whether tiles may be chunks of `dim`: all units that are in tiles have it, and none has lanes along a dimension
  /// that is not tiled.
  bool canChunk(unsigned dim);
  void chooseLanes();

  /// Tile dimensions in the order of the first output's memory.
  void orderRows(llvm::SmallVectorImpl<unsigned> &rows);

  //===--- 4 group -----------------------------------------------------------------------------------===//

  /// The loops that the unit needs within a tile, sorted.
  llvm::SmallVector<unsigned> loopsOf(const Unit &unit);
  static std::optional<unsigned> reducedDim(const Unit &unit);

  bool usesTiles(const Unit &unit);
  bool canJoin(const Group &group, Unit &unit);

  void buildGroups();
  /// Steps 3 and 4 by these tiles.
  void group(const Tiles &tiles);

  //===--- 5 place -----------------------------------------------------------------------------------===//

  void placeStorages();

  /// Long columns that are cut into tiles. Memory is fastest in runs of many lines: a block of rows is read across the
  /// whole tile before the next one, with the sums in the first-level cache. (A column still adds up in ascending
  /// order.)
  bool sumsInBlocks(const Group &group);
  void placeSums();

  /// Indices of the chunked dimension per tile that suit the groups.
  int64_t chunkSize();
};

} // namespace sinter::cpu
