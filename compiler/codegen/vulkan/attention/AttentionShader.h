// One dispatch of an attention kernel. A workgroup owns a block of the outer axis, and sweeps over the inner one in
// tiles. Invocations lie across and down a tile: eight share its outer positions, each four (or eight) neighbours along
// the inner axis; in `registers` they are a subgroup, which hands values round by shuffles, in `shared` several of
// these rows are a workgroup, and what passes between its invocations goes through shared memory.
#pragma once

#include "compiler/codegen/vulkan/attention/AttentionSchedule.h"

namespace sinter::vulkan {

/// Numbers that rows leave for who owns columns: of every goal one or two for each row of each batch.
struct AttentionNumbers {
  Place place = {};
  llvm::DenseMap<mlir::Operation *, int64_t> first; ///< f32, where those of a goal begin; empty: nobody asks for them
  int64_t each = 0;                                 ///< f32 of one number of all rows
};

class AttentionShader {
public:
  /// Owns rows, or with `byColumns` columns. `left`: where numbers of rows are left, or read from.
  AttentionShader(KernelBuilder &target, const AttentionKernel &kernel, const AttentionTiling &tiling, bool byColumns,
                  const AttentionNumbers &left);

  llvm::LogicalResult emit();

private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Inner positions that count, as far as the sweep knows: [from, to).
  struct Span {
    mlir::Value from, to;
  };

  // Arithmetic
  mlir::Value constant(int64_t value) { return shader.constant(value); }
  mlir::Value splat(double value); ///< on four lanes
  mlir::Value plus(mlir::Value value, int64_t constant);
  mlir::Value plus(mlir::Value value, mlir::Value other, int64_t factor = 1);
  mlir::Value clamp(mlir::Value value, int64_t limit);
  mlir::Value below(mlir::Value value, int64_t limit);
  mlir::Value choose(mlir::Value condition, mlir::Value yes, mlir::Value no);
  mlir::Value lanes(mlir::Value value) { return toLanes(b, shader.loc, value, kQuad); }
  mlir::Value extract(mlir::Value vector, int64_t lane);
  mlir::Value four(llvm::ArrayRef<mlir::Value> scalars);
  mlir::Value multiplyAdd(mlir::Value left, mlir::Value right, mlir::Value sum);
  mlir::Value isInfinity(mlir::Value value, bool negative);
  mlir::Value maximum(mlir::Value x, mlir::Value y);
  mlir::Value rounded(mlir::Value value, bool bf16);
  mlir::VectorType lanesType(mlir::Type element) const { return mlir::VectorType::get({kQuad}, element); }
  template <typename Function> void guarded(mlir::Value condition, Function body);

  // Sweeps (AttentionShader.cpp)
  void locate();
  llvm::LogicalResult sweep(llvm::ArrayRef<AttentionGoal> goals);
  llvm::LogicalResult sweepTiles(llvm::ArrayRef<AttentionGoal> goals, llvm::ArrayRef<mlir::Operation *> ops,
                                 Values &values);
  int64_t countOf(const AttentionGoal &goal) const; ///< values that a loop carries for it
  Values neutral(const AttentionGoal &goal);
  llvm::LogicalResult add(const AttentionGoal &goal, llvm::MutableArrayRef<mlir::Value> values, const Span &span);
  mlir::Value extremum(const AttentionGoal &goal, mlir::Value x, mlir::Value y);
  void addBlocks(const AttentionGoal &goal, llvm::MutableArrayRef<mlir::Value> totals,
                 llvm::MutableArrayRef<mlir::Value> excesses, llvm::ArrayRef<mlir::Value> block);
  Values combineAll(llvm::ArrayRef<mlir::Value> values,
                    llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  llvm::LogicalResult finish(const AttentionGoal &goal, llvm::ArrayRef<mlir::Value> values);
  void leave(mlir::Operation *op, llvm::ArrayRef<Values> known);
  void storeProduct(const AttentionGoal &goal, llvm::ArrayRef<mlir::Value> sums);
  Span spanOf(llvm::ArrayRef<AttentionGoal> goals);

  // Softmax (AttentionSoftmax.cpp)
  void addToSoftmax(mlir::Value &max, mlir::Value &sum, mlir::Value x);
  void addBlockOfSoftmax(llvm::MutableArrayRef<mlir::Value> totals, llvm::ArrayRef<mlir::Value> block);
  mlir::Value relativeTo(mlir::Value newMax, mlir::Value max, mlir::Value sum);
  void finishSoftmax(const AttentionGoal &goal, llvm::ArrayRef<mlir::Value> values);
  void finishWholeSoftmax(const AttentionGoal &goal);
  mlir::Value finiteMaximum(mlir::Value max);
  void leaveSoftmax(mlir::Operation *op, llvm::ArrayRef<mlir::Value> maxima, llvm::ArrayRef<mlir::Value> sums);
  mlir::Value exponentialOf(SoftmaxOp op, mlir::Value distance);
  void computeSoftmax(SoftmaxOp op);

  // Between invocations (AttentionExchange.cpp)
  Values combineAcross(Values values, llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  llvm::LogicalResult multiply(const AttentionGoal &goal, llvm::MutableArrayRef<mlir::Value> sums, const Span &span);
  llvm::LogicalResult multiplyPart(const AttentionGoal &goal, llvm::MutableArrayRef<mlir::Value> sums, int64_t part,
                                   llvm::ArrayRef<mlir::Value> left, const Span &span);
  mlir::Value shuffle(mlir::Value value, mlir::Value from);
  mlir::Value memory(mlir::Value &known, int64_t elements, mlir::Type type);

  // Tiles (AttentionTile.cpp)
  void hoist(llvm::ArrayRef<AttentionGoal> goals);
  llvm::LogicalResult compute(llvm::ArrayRef<mlir::Operation *> ops);
  struct Scores;
  Scores readScores(MatmulOp op);
  void addToScores(const Scores &scores, llvm::ArrayRef<int64_t> parts, mlir::Value k, int64_t count,
                   llvm::MutableArrayRef<mlir::Value> sums);
  llvm::LogicalResult computeScores(MatmulOp op);
  llvm::LogicalResult computeMap(MapOp op);
  mlir::Value indexAlong(int64_t dim, int64_t outer, int64_t part);
  mlir::Value operandOf(MapOp op, unsigned input, int64_t outer, int64_t part);
  mlir::Value loadOperand(unsigned argument, mlir::AffineMap read, int64_t outer, int64_t part);
  mlir::Value numberOf(mlir::Operation *op, unsigned which, int64_t outer, int64_t part);
  mlir::Value inside(int64_t part);
  /// Those of the tile that lie behind the end are `other`.
  mlir::Value masked(mlir::Value value, int64_t part, double other);
  /// The first of the invocation's four, in a tile that starts at 0.
  mlir::Value innerLane() { return LinearIndex().add(lane, kQuad).materialize(b, shader.loc); }
  mlir::Value innerOf(int64_t part) { return plus(innerFirst, part * AttentionTiling::kAcross * kQuad); }
  bool isRagged() const { return innerSize % tiling.inner() != 0; }

  // Memory (AttentionTile.cpp)
  View viewOf(mlir::Value argument) const;
  LinearIndex startOf(const View &view);
  bool isAligned(const View &view, size_t along, int64_t size) const;
  Values neighbours(mlir::Value first, int64_t size, bool mayExceed);
  mlir::Value loadFour(const View &view, mlir::Type element, const LinearIndex &start,
                       llvm::ArrayRef<mlir::Value> along, int64_t stride, bool aligned);
  mlir::Value loadOne(const View &view, mlir::Type element, const LinearIndex &at);

  const AttentionKernel &kernel;
  AttentionTiling tiling;
  bool byColumns;
  KernelBuilder &target;
  const AttentionNumbers &left;
  ShaderBuilder shader;
  mlir::OpBuilder &b;
  int64_t outerSize, innerSize;
  mlir::Value lane;                         ///< across
  mlir::Value blockFirst, batchNumber;      ///< of the workgroup
  mlir::Value row;                          ///< in `shared`: down, times `each`
  Values batch, outerAt, safeOuter;         ///< indices; of the invocation's outer positions, and within their number
  mlir::Value innerBegin, innerFirst;       ///< of the tile; of the invocation in it
  llvm::DenseMap<mlir::Value, Values> tile; ///< values of the current tile: by outer position, then by part
  llvm::DenseMap<mlir::Operation *, Values> numerators;                 ///< of a softmax whose rows are in the tile
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Values>> numbers; ///< of rows: by outer position, or by part
  llvm::SmallVector<std::tuple<unsigned, mlir::AffineMap, int64_t, mlir::Value>> loaded; ///< the same in all tiles
  mlir::Value tileMemory, acrossMemory;
};

} // namespace sinter::vulkan
