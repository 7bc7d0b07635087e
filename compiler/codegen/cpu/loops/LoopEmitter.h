// Writes a scheduled kernel as loops over tiles, in scf, vector and memref. Within a loop all loads come before all
// stores, so that an output may be the same memory as an input that is read at the same index.
#pragma once

#include "compiler/codegen/cpu/loops/LoopSchedule.h"
#include "compiler/codegen/cpu/loops/TermLoop.h"
#include "compiler/codegen/loops/Members.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace sinter::cpu {

class LoopEmitter {
public:
  /// With `members`, `graph` and `plan` are those of the first member, and `function` is the kernel of all.
  LoopEmitter(LoopGraph &graph, Schedule &plan, mlir::func::FuncOp function, const Members *members = nullptr)
      : graph(graph), plan(plan), function(function), members(members), builder(function.getContext()),
        loc(function.getLoc()) {}

  mlir::LogicalResult run();

private:
  LoopGraph &graph;
  Schedule &plan;
  mlir::func::FuncOp function;
  const Members *members;
  mlir::OpBuilder builder;
  mlir::Location loc;
  llvm::DenseMap<Storage *, mlir::Value> flat;      ///< one-dimensional memory
  llvm::DenseMap<unsigned, mlir::Value> position;   ///< of the kernel-wide dimensions (of the lanes: at lane 0)
  llvm::DenseMap<Storage *, mlir::Value> registers; ///< temporaries that are one scalar per tile
  mlir::Value chunkBegin, chunkEnd;                 ///< of the chunked dimension

  /// Values that the innermost loops do not change, loaded before them.
  std::vector<std::pair<Access, mlir::Value>> hoisted;
  /// What the units of the current iteration have computed.
  llvm::DenseMap<Storage *, mlir::Value> forward;
  struct PendingStore {
    Access access;
    mlir::Value value;
    mlir::Value laneBase;
  };
  std::vector<PendingStore> pending;
  bool hasStoredPastCaches = false;
  int64_t extent(unsigned dim) const { return plan.extents[dim]; }
  mlir::Value constant(int64_t value) { return indexConstant(builder, loc, value); }

  void bindMemory();

  /// Which operand of the first member a storage is: arguments come before results.
  unsigned operandOf(const Storage &storage) const;

  //===--- tiles -------------------------------------------------------------------------------------===//

  /// Tiles of the first member, then of the second...: a tile finds out whose it is, and takes its memory from there.
  mlir::Value memberTable(llvm::ArrayRef<Storage *> own);
  mlir::LogicalResult emitMemberTiles(mlir::Value begin, mlir::Value end);
  mlir::LogicalResult emitTiles();

  /// The innermost index of `rest`, which is left with the others; `size` -1: all of it.
  mlir::Value splitOff(mlir::Value &rest, int64_t size);
  void setChunks(mlir::Value first, mlir::Value last);

  mlir::LogicalResult emitEveryTile();

  //===--- memory ------------------------------------------------------------------------------------===//

  struct Address {
    LinearIndex offset;
    int64_t laneStride = 0;
  };
  Address address(const Access &access, std::optional<unsigned> lanes);

  mlir::Value load(const Access &access, const Group &group, int64_t count);
  bool isPastCaches(const Access &access, const Group &group, int64_t count) const;
  void store(const Access &access, mlir::Value value, const Group &group, int64_t count);

  mlir::Value operandValue(const Operand &operand, const Group &group, int64_t count);

  /// Loads what is the same in all iterations of the loops over `dims`, which are yet to be created.
  void hoist(const Group &group, llvm::ArrayRef<std::optional<unsigned>> dims, int64_t count);

  //===--- one iteration -----------------------------------------------------------------------------===//

  /// Computes the units at the current position on `count` lanes (0: scalars). Accumulators of the group's reductions,
  /// in order, are replaced by their new values.
  mlir::LogicalResult emitUnits(Group &group, int64_t count, llvm::MutableArrayRef<mlir::Value> accumulators);
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> cloneBody(Unit &unit, Group &group, int64_t count,
                                                            llvm::ArrayRef<mlir::Value> arguments);

  /// Keeps a result for the units that follow, and for the store after all loads.
  void finish(const Result &result, mlir::Value value, const Group &group);
  void flush(Group &group, int64_t count);

  //===--- reductions --------------------------------------------------------------------------------===//

  struct Reduction {
    Unit *unit;
    Result *result;
    Operand *init;
  };
  llvm::SmallVector<Reduction> reductionsOf(Group &group);

  mlir::Value initialValue(const Reduction &reduction, const Group &group, int64_t count);
  mlir::TypedAttr neutral(const Reduction &reduction);

  /// The value of a finished reduction becomes its result: stored now, or kept for the rest of the tile.
  void finishReduction(const Reduction &reduction, mlir::Value value, Group &group, int64_t count);

  //===--- loops -------------------------------------------------------------------------------------===//

  mlir::LogicalResult emitLoop(mlir::Value from, mlir::Value to, int64_t step,
                               llvm::SmallVectorImpl<mlir::Value> &values, LoopBody body) {
    return cpu::emitLoop(builder, loc, from, to, step, values, body);
  }
  /// Over the terms of `count` accumulators of each reduction, one after the other, of so many terms.
  TermLoop termLoop(llvm::ArrayRef<Reduction> reductions, int64_t count, int64_t terms, int64_t step);
  mlir::LogicalResult emitGroup(Group &group);

  /// No lanes: one element, or a sequential reduction to one.
  mlir::LogicalResult emitScalars(Group &group);

  /// Reductions along the lanes: lane l folds elements l, l + 16, ... (a sum in runs of them); then the tree.
  mlir::LogicalResult emitRowReduction(Group &group);

  /// `blocks` times 16 lanes from `base` on; the last with `count`.
  mlir::LogicalResult emitBlocks(Group &group, mlir::Value base, int64_t blocks, int64_t count);

  /// Reductions of long columns: for each block of rows, for each vector of the tile's columns, the rows of the block.
  mlir::LogicalResult emitColumnSums(Group &group);

  /// Where accumulators of a tile's columns wait for the next block of rows.
  struct WaitingSum {
    mlir::Type element;
    mlir::Value value;
    mlir::Value excess, run; ///< of a sum in runs (SumOrder.h): of `value`, and the run that is not over; else null
    mlir::Value open() const { return run ? run : value; } ///< what rows are folded into
  };
  WaitingSum placeWaiting(const Reduction &reduction, int64_t offset, bool inRuns);

  using ForVector = llvm::function_ref<mlir::LogicalResult(int64_t count)>;
  using RowBlock =
      llvm::function_ref<mlir::LogicalResult(mlir::Value first, int64_t rows, int64_t count, int64_t vectors)>;
  using ForVectors = llvm::function_ref<mlir::LogicalResult(int64_t count, int64_t vectors)>;
  /// Of the tile's columns: `vectors` whole vectors at a time as long as there are, then one by one.
  mlir::LogicalResult forEachVectors(Group &group, int64_t vectors, ForVectors body);
  mlir::LogicalResult emitRowBlocks(Group &group, RowBlock addRows, ForVector closeRun);

  /// `body(count)` at every 16th index of the tile's chunk; only the dimension's end has less than 16 lanes.
  mlir::LogicalResult forEachVector(Group &group, ForVector body);

  /// How many vectors the loop over the lanes handles at once: columns keep several accumulators.
  static int64_t blocksOf(const Group &group) { return group.sequential ? 4 : 1; }

  mlir::LogicalResult emitBlockLoop(Group &group, mlir::Value from, mlir::Value to, int64_t blocks);

  /// Parallel lanes over a whole dimension.
  mlir::LogicalResult emitWhole(Group &group);

  /// Parallel lanes over [chunkBegin, chunkEnd); only the dimension's end is not a multiple of 16.
  mlir::LogicalResult emitChunk(Group &group);
};

} // namespace sinter::cpu
