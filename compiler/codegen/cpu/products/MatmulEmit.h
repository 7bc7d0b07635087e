// Emits a matrix product by its plan as loops over packed panels and a register tile.
#pragma once

#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/products/MatmulCost.h"

namespace sinter::cpu {

/// Floats along a side of the blocks that are transposed in registers.
inline constexpr int64_t kBlockSide = 8;

/// What the parts of the emitter share: short names for common ops, and where the current tile stands.
class MatmulBuilder {
public:
  MatmulBuilder(mlir::OpBuilder &builder, mlir::Location loc, const MatmulKernel &kernel, const MatmulPlan &plan)
      : b(builder), loc(loc), kernel(kernel), plan(plan) {}

protected:
  mlir::Value constant(int64_t value) { return indexConstant(b, loc, value); }
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value add(mlir::Value x, int64_t y);
  mlir::Value subtract(mlir::Value x, int64_t y);
  /// max(x - y, 0)
  mlir::Value saturatingSubtract(mlir::Value x, int64_t y);
  mlir::Value multiply(mlir::Value x, int64_t y);
  mlir::Value divide(mlir::Value x, int64_t y);
  mlir::Value remainder(mlir::Value x, int64_t y);
  mlir::Value minimum(mlir::Value x, mlir::Value y);
  mlir::Value zeros();

  using Body = llvm::function_ref<void(mlir::Value)>;
  using ReducingBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)>;
  void loop(mlir::Value bound, int64_t step, Body body);
  llvm::SmallVector<mlir::Value> loop(mlir::Value from, mlir::Value bound, int64_t step, mlir::ValueRange initial,
                                      ReducingBody body);
  void choose(mlir::Value condition, llvm::function_ref<void()> yes, llvm::function_ref<void()> no);

  void onlyIf(mlir::Value condition, llvm::function_ref<void()> body);
  /// Zeros where `condition` holds, else what `body` gives, as many of them.
  llvm::SmallVector<mlir::Value> zerosIf(mlir::Value condition, size_t count,
                                         llvm::function_ref<llvm::SmallVector<mlir::Value>()> body);
  mlir::Value equals(mlir::Value x, int64_t y);
  mlir::Value isSame(mlir::Value x, mlir::Value y);
  mlir::Value either(mlir::Value x, mlir::Value y);

  /// The start of a step of `unit` at `at` below `bound`: the last step moves back so that it is whole. It then does
  /// some work twice, with the same outcome, and needs no mask.
  mlir::Value whole(mlir::Value at, mlir::Value bound, int64_t unit, int64_t total);
  /// min(block, total - start), a constant where blocks divide `total`.
  mlir::Value extent(mlir::Value start, int64_t block, int64_t total);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const MatmulKernel &kernel;
  const MatmulPlan &plan;
};

/// The emitter proper. A tile is mc x nc results of one batch:
///
///     for tile in [begin, end):                     consecutive tiles share an operand (plan.keeps)
///       pack that operand, unless the tile before has
///       for each block of k: pack some of the other operand
///         for each panel of nr columns, for each panel of mr rows:
///           multiply: mr x nr sums in registers over ascending k
///           at the end of a unit of k: add them to the units before (ProductOrder.h)
///           finish: elementwise ops on the sums, store
///
/// The first word of the scratch tells what is packed there (the runtime clears it before a launch).
class MatmulEmitter : public MatmulBuilder {
public:
  using MatmulBuilder::MatmulBuilder;

  /// Fills the body of a tile function whose arguments are the operands, begin, end, scratch.
  mlir::LogicalResult emit(mlir::Block &body);
  int64_t scratchBytes() const { return scratchSize; }

  //===--- parts of a kernel that holds more than a product (MatmulParts.cpp) -------------------------===//

  /// Operands as one-dimensional buffers; the scratch may be used from `scratchStart` on.
  void place(llvm::ArrayRef<mlir::Value> operands, mlir::Value scratch, int64_t scratchStart);
  /// An operand that holds a few rows only, `stride` floats apart: those from what emitRows and emitDepth are given on.
  void setLocal(unsigned operand, int64_t stride) { locals[operand] = stride; }
  /// Nothing is packed.
  void forget();
  /// The plan's number of rows of a batch, from `firstRow` on, by columns from `columnStart` to below `columnBound`
  /// (multiples of nr; null: to the last one).
  void emitRows(mlir::Value batch, mlir::Value firstRow, mlir::Value columnStart, mlir::Value columnBound);
  /// Block `kBlock` of k of a batch, by all rows and columns; blocks come in ascending order.
  void emitDepth(mlir::Value batch, mlir::Value kBlock, mlir::Value localStart);
  mlir::LogicalResult getOutcome() const { return outcome; }
  void orderStores();

private:
  using Sums = llvm::SmallVector<mlir::Value>; ///< mr * vectors of them, row by row

  // MatmulEmit.cpp
  void placeScratch(mlir::Value scratch);
  void locateTile(mlir::Value tile);
  void locate(mlir::Value batch, mlir::Value row, mlir::Value column);
  /// Rows that tiles are cut from: those of the product, or of one call of emitRows.
  int64_t rowsInAll() const { return emitsRows ? plan.mc : kernel.m.size; }
  mlir::Value packingKey();
  void emitTiles(mlir::Value begin, mlir::Value end);
  mlir::Value emitTile(mlir::Value tile, mlir::Value packedBefore);
  void emitBlock(mlir::Value kBlock, mlir::Value packs);
  void emitPanel(mlir::Value kBlock, mlir::Value columnAt, mlir::Value packs, mlir::Value packsAhead);
  /// What happens beside multiplying: the right operand is copied; the next block of the left one will be packed (null:
  /// it never is, without plan.packsAhead).
  struct Besides {
    mlir::Value copies, packsAhead;
  };
  Sums multiplyPanels(mlir::Value kBlock, mlir::Value row, mlir::Value rowPanel, mlir::Value column,
                      mlir::Value columnPanel, const Besides &besides, Sums sums);

  // MatmulUnits.cpp
  /// Sums that wait in the scratch: of groups, level by level, then of the unit that is not over.
  struct Waiting {
    mlir::Value buffer;
    int64_t partSize;                       ///< floats
    llvm::SmallVector<mlir::Value> offsets; ///< of each sum in a part
  };
  using Finish = llvm::function_ref<void(const Sums &)>;
  Sums loadWaiting(const Waiting &waiting, int64_t part);
  void storeWaiting(const Sums &sums, const Waiting &waiting, int64_t part);
  Waiting waitingTile(mlir::Value rowPanel, mlir::Value columnPanel);
  int64_t waitingTileParts() const;
  mlir::Value blockInUnit(mlir::Value kBlock);
  Sums beginBlock(mlir::Value kBlock, const Waiting &waiting);
  void endBlock(mlir::Value kBlock, const Waiting &waiting, const Sums &sums, Finish finish);
  void endUnit(mlir::Value unit, const Waiting &waiting, const Sums &sums, Finish finish);
  void endGroup(int64_t level, mlir::Value number, mlir::Value isLast, const Waiting &waiting, Sums sums,
                Finish finish);
  Sums sumInGroups(int64_t level, mlir::Value from, mlir::Value to, const Sums &none,
                   llvm::function_ref<Sums(mlir::Value from, mlir::Value to)> sumUnit);

  // MatmulColumns.cpp
  using Steps = llvm::function_ref<Sums(mlir::Value from, mlir::Value to, const Sums &before)>;
  Sums multiplyInRuns(mlir::Value kBlock, mlir::Value columnPanel, Sums sums, Steps steps);
  mlir::Value columnSumsAt(mlir::Value columnPanel, int64_t part, int64_t vector);
  void writeColumnSums();

  // MatmulTriangle.cpp
  /// Inclusive bounds of an index of the whole matrix, or null: it may be any.
  struct Span {
    mlir::Value first, last;
  };
  /// From where to where in a block of k there is anything to multiply, in whole `unit`s (or up to the block's end).
  std::pair<mlir::Value, mlir::Value> depthsOf(mlir::Value kBlock, Span row, Span column, int64_t unit);
  Span spanOf(mlir::Value first, mlir::Value count);
  /// The blocks of k that a register tile's rows have anything to do with, first and last. What waits between two
  /// blocks is there from the first of them to the last.
  Span blocksOf(Span row);
  /// The other way round: from which register tile to before which row there is anything to do in a block of k. (The
  /// last tile may move back: blocksOf tells.)
  std::pair<mlir::Value, mlir::Value> rowsOf(mlir::Value kBlock);

  // MatmulBound.cpp
  void locateBound();
  /// Whether columns from `column` of the tile on are not needed; null: they are.
  mlir::Value isPastBound(mlir::Value column);
  /// `condition`, unless the panel of columns from `columnAt` on is not needed.
  mlir::Value isNeeded(mlir::Value condition, mlir::Value columnAt);
  /// `steps` of k, or those before the bound, in whole `unit`s.
  mlir::Value boundedSteps(mlir::Value start, mlir::Value steps, int64_t unit);
  /// What `body` gives, unless the condition holds, which may be null: `otherwise` then.
  Sums unless(mlir::Value past, const Sums &otherwise, llvm::function_ref<Sums()> body);

  // MatmulNarrow.cpp
  mlir::Value rounded(mlir::Value value) const;
  mlir::Value pairOf(mlir::Value even, mlir::Value odd);
  mlir::Value pairsAlong(mlir::Value lanes);
  mlir::Value multiplyAdd(mlir::Value left, mlir::Value right, mlir::Value sum);
  void ignoreDenormals(llvm::function_ref<void()> body);
  /// Denormals count as zero in products of bf16.
  void inItsMode(llvm::function_ref<void()> body) { kernel.bf16 ? ignoreDenormals(body) : body(); }
  mlir::Type packedType() { return plan.depth == 2 ? mlir::Type(b.getI32Type()) : mlir::Type(b.getF32Type()); }
  void packRhsPairs(mlir::Value kBlock, mlir::Value columnAt);
  void packLhsPairs(mlir::Value kBlock);
  void storeHalfPair(mlir::Value even, mlir::Value target, mlir::Value to);

  /// Columns that a vector of the register tile has: where one tile is wider than the matrix, its last one has fewer.
  int64_t columnsIn(int64_t vector) const {
    return plan.nr() > kernel.n.size ? std::min(kLanes, kernel.n.size - vector * kLanes) : kLanes;
  }

  // MatmulPack.cpp
  void packRhs(mlir::Value kBlock, mlir::Value columnAt);
  void copyRhs(mlir::Value kBlock, mlir::Value columnAt);
  void packAllOfRhs();
  llvm::SmallVector<mlir::Value> transposeBlock(llvm::ArrayRef<mlir::Value> in);
  void packLhs(mlir::Value kBlock);
  void packLhsPanels(mlir::Value kBlock, mlir::Value from, mlir::Value to);
  void packAhead(mlir::Value kBlock, mlir::Value columnAt);
  int64_t sliceDepth() const;
  std::function<mlir::Value(mlir::Value)> lhsRow(mlir::Value kBlock, mlir::Value row);
  int64_t packedDepth() const { return (plan.kc + plan.depth - 1) / plan.depth; } ///< elements along k of a block
  int64_t lhsRowLength() const { return packedDepth() + kLanes; }
  int64_t lhsBlockSize() const {
    return plan.lhs == LhsForm::Rows ? plan.mc * lhsRowLength() + kLanes : plan.mPanels() * packedDepth() * plan.mr;
  }
  mlir::Value rhsStart(mlir::Value kBlock, mlir::Value columnAt);
  mlir::Value rhsAt(mlir::Value start, mlir::Value kBlock, mlir::Value k);
  mlir::Value inColumn(mlir::Value from, mlir::Value column, int64_t next);
  void fetchNextBlock(mlir::Value kBlock, mlir::Value rowPanel, mlir::Value columnPanel, mlir::Value k,
                      mlir::Value packsAhead);
  void fetchNextPanel(mlir::Value kBlock, mlir::Value rowPanel, mlir::Value columnPanel, mlir::Value k);
  /// The part of `depth` that is made of whole pairs.
  mlir::Value evenPart(mlir::Value depth) { return kernel.k.size % 2 ? multiply(divide(depth, 2), 2) : depth; }
  mlir::Value lhsBlock(mlir::Value kBlock);
  mlir::Value lhsPanel(mlir::Value kBlock, mlir::Value rowPanel);
  mlir::Value rhsPanel(mlir::Value kBlock, mlir::Value columnAt);

  // MatmulWindows.cpp
  /// A row of a matrix of windows while [from, to) of it is copied to buffer[place...].
  struct CopiedWindow {
    mlir::Value image;
    llvm::SmallVector<mlir::Value> first; ///< where its first tap is, in each dimension
    mlir::Value from, to, buffer, place;
  };
  std::pair<mlir::Value, mlir::Value> tapAt(const CopiedWindow &copied, mlir::Value tap);
  void copyTaps(const CopiedWindow &copied, mlir::Value firstTap, mlir::Value lastTap);
  void copyLanes(const CopiedWindow &copied, mlir::Value begin, mlir::Value end, mlir::Value source,
                 mlir::Value exists);
  void copyWindow(mlir::Value window, mlir::Value from, mlir::Value to, mlir::Value buffer, mlir::Value place);
  void packWindowRows(mlir::Value kBlock);
  void packWindowPanels(mlir::Value kBlock);
  mlir::Value stepsTo(mlir::Value distance, int64_t size, int64_t most);
  std::pair<mlir::Value, mlir::Value> tapsWithinAt(size_t d, mlir::Value place);
  void locateTaps();
  std::pair<mlir::Value, mlir::Value> depthsInLine(mlir::Value kBlock, mlir::Value row, mlir::Value from,
                                                   mlir::Value to);
  using Run = llvm::function_ref<Sums(mlir::Value from, mlir::Value to, const Sums &before)>;
  Sums eachRunOfTaps(mlir::Value kBlock, const Sums &before, Run run);
  int64_t runStride() const;
  using RunAt = llvm::function_ref<Sums(mlir::Value from, mlir::Value to, mlir::Value element, const Sums &before)>;
  Sums eachRunOfWindows(mlir::Value kBlock, mlir::Value row, const Sums &before, RunAt run);

  // MatmulSteps.cpp
  /// Where values are computed: at indices of the whole matrix (null where nothing depends on one), which are those of
  /// lane 0 if there are lanes.
  struct Place {
    mlir::Value row, column, depth;
    const MatmulLoop *lanes; ///< the loop that runs along them; null: one element
    int64_t count;           ///< lanes that there are elements for
  };
  mlir::Value addressOf(const MatmulAccess &access, const Place &place);
  mlir::Value partOfDepth(mlir::Value depth, size_t part);
  mlir::Value indexOf(int dim, const Place &place);
  bool runsAlongLanes(int dim, const Place &place) const;
  bool evaluate(llvm::ArrayRef<MatmulStep> steps, const Place &place, llvm::DenseMap<mlir::Value, mlir::Value> &values);
  mlir::Value operandAt(const MatmulOperand &operand, const Place &place);

  // MatmulEpilogue.cpp
  void finish(const Sums &sums, mlir::Value row, mlir::Value column);
  /// Sums that wait in the scratch (plan.finishesLater).
  struct Kept {
    mlir::Value exists, row, column;
    mlir::Value unfinished; ///< as below, when they were left
  };
  void unlessFinished(mlir::Value row, mlir::Value first, llvm::function_ref<void()> body);
  void keep(const Sums &sums, mlir::Value row, mlir::Value column);
  void keepNothing();
  Kept readKept();
  void finishKeptRow(const Kept &kept, mlir::Value r);
  void finishKept();
  void prefetchEpilogue(mlir::Value row, mlir::Value column, mlir::Value k);
  void finishVector(mlir::Value sum, mlir::Value row, mlir::Value column, int64_t count);
  bool isPastCaches(const MatmulAccess &access) const;

  // MatmulStream.cpp
  void emitStream();
  Waiting waitingColumns(mlir::Value columnAt);
  void addRows(mlir::Value first, int64_t count);
  mlir::Value columnsAhead(mlir::Value column);
  void prefetchStep(mlir::Value first, mlir::Value start, mlir::Value ahead);
  Sums sumStreamedUnit(mlir::Value from, mlir::Value to, mlir::Value start, mlir::Value ahead);
  void emitTransposedStream();

  /// Where element (0, 0, k) of the current tile stands in an operand.
  mlir::Value origin(const MatmulAccess &access);
  void countFromLocalStart(LinearIndex &index, const MatmulAccess &access) const;
  mlir::Value depthOf(mlir::Value kBlock) { return extent(multiply(kBlock, plan.kc), plan.kc, kernel.k.size); }

  // The function's arguments as one-dimensional buffers, and the scratch's parts.
  llvm::SmallVector<mlir::Value> flat;
  mlir::Value unfinished; ///< the first row that no tile has finished, where none may be finished twice
  mlir::Value scratch, packedKey, packedLhs, packedRhs, partials, sumsBuffer, keptPlace, columnSums, windowRow;
  int64_t scratchStart = 0, scratchSize = 64;    ///< 8 bytes of packedKey, 8 of ignoreDenormals, 24 of keptPlace
  llvm::SmallDenseMap<unsigned, int64_t> locals; ///< operands of a few rows, and how far these are apart
  mlir::Value localStart;                        ///< the first of those rows
  bool emitsRows = false;                        ///< blocks of rows begin anywhere, and all have the plan's size
  // The current tile.
  mlir::Value firstRow, firstColumn, rows, columns;
  mlir::Value bound;       ///< of columns or of k, in this batch; null: all count
  mlir::Value columnStart; ///< null: columns are taken from the first one on
  Span blocks;             ///< of k; null: all
  bool emitsDepth = false; ///< one block of k of all rows is emitted, with other work before the next
  llvm::SmallVector<mlir::Value> batchIndices;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> tapsWithin; ///< first and behind the last, in each dimension
  mlir::Value lhsOrigin, rhsOrigin;
  llvm::LogicalResult outcome = mlir::success();
};

} // namespace sinter::cpu
