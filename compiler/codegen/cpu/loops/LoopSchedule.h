// From loop nests to tiles: which dimensions are cut into tiles, which run along the lanes, which nests share a loop,
// and where temporaries live. What is chosen is an attribute of the kernel, from which the rest follows:
//
//   sinter.schedule = {chunk = 2048, chunked = 1, rows = array<i64: 0>}
//
// rows: dimensions of which a tile has one index each, outermost first; chunked: the dimension of which it has `chunk`
// indices, if there is one. (Dimensions are numbered through all loops of the kernel: codegen/loops/LoopDims.h.)
#pragma once

#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/loops/LoopGraph.h"

#include <random>

namespace sinter::cpu {

/// Units that run in one loop nest: outer loops, then the lanes, then the reduced dimension that lanes do not run
/// along.
struct Group {
  llvm::SmallVector<Unit *> units;
  llvm::SmallVector<unsigned> outer;  ///< parallel loops, outermost first
  std::optional<unsigned> lanes;      ///< the vectorised dimension; none: scalars
  std::optional<unsigned> sequential; ///< a reduced dimension, in ascending order
  bool reducesLanes = false;          ///< some unit reduces along the lanes
  bool everyTile = true;              ///< false: depends on no tile, runs once per call
  /// Where in the scratch the accumulators of a tile's columns stand between blocks of rows, one per reduction (of a
  /// sum in runs three, side by side); empty: each column is folded in one go.
  llvm::SmallVector<int64_t> sumOffsets;
};

/// Bytes of a tile's accumulators, which are `columns`.
inline int64_t waitingBytes(mlir::Type element, int64_t columns) {
  return llvm::alignTo(columns * llvm::divideCeil(memoryType(element).getIntOrFloatBitWidth(), 8), 64);
}

/// Which dimensions are cut into tiles.
struct Tiles {
  llvm::SmallVector<unsigned> rows; ///< dimensions of which a tile has one index each, outermost first
  std::optional<unsigned> chunked;  ///< the dimension of which a tile has `chunk` indices
  int64_t chunk = 0;
};

struct Schedule : Tiles {
  llvm::SmallVector<int64_t> extents; ///< of the kernel-wide dimensions
  llvm::SmallVector<Group> groups;
  int64_t tiles = 1;
  int64_t scratchBytes = 0;

  int64_t chunks() const { return chunked ? llvm::divideCeil(extents[*chunked], chunk) : 1; }
};

/// Schedules the graph: rewrites its accesses to kernel-wide dimensions and decides its storages. With `random`, any
/// tiles that are legal.
Schedule schedule(LoopGraph &graph, std::mt19937_64 *random = nullptr);

/// The same by tiles that an attribute names; an error of `where` if they are none.
mlir::FailureOr<Schedule> readSchedule(LoopGraph &graph, mlir::Operation *where, mlir::Attribute schedule);

mlir::DictionaryAttr scheduleOf(const Schedule &schedule, mlir::MLIRContext *context);

} // namespace sinter::cpu
