// What both styles of matrix products share: where elements are, loads and stores of four neighbours, what a triangle
// leaves of k, and the elementwise ops on finished sums.
#pragma once

#include "compiler/codegen/vulkan/products/Matmul.h"
#include "compiler/codegen/vulkan/products/MatmulSchedule.h"

namespace sinter::vulkan {

/// What of k a dispatch takes: all of it; some parts, whose sums it leaves in `left`; or what all parts have left
/// there.
struct MatmulDispatch {
  enum Kind { All, Parts, Totals } kind = All;
  int64_t length = 0;               ///< of k: all of it, or that of each part
  int64_t firstPart = 0, parts = 1; ///< of `Parts`: as many as a grid has room for; of `Totals`: all
  Place left = {};
};

/// What a workgroup computes: tiles, each invocation some sums of four neighbours.
struct MatmulTiling {
  int64_t rows, columns; ///< of a tile
  int64_t invocations, sums;

  int64_t tiles(const MatmulKernel &kernel) const;
};

class MatmulShader {
public:
  MatmulShader(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
               const MatmulTiling &tiling, std::optional<int> subgroup = {});

protected:
  /// An element of the contraction's space; the batch is the workgroup's.
  struct Position {
    mlir::Value row, column, depth;
  };
  /// The rows or columns that a workgroup computes.
  struct Span {
    mlir::Value first;
    int64_t count;
  };

  mlir::Value constant(int64_t value) { return shader.constant(value); }
  mlir::Value add(mlir::Value value, int64_t constant);
  mlir::Value add(mlir::Value value, mlir::Value other, int64_t factor = 1);
  mlir::Value clamp(mlir::Value value, int64_t limit); ///< min(value, limit)
  mlir::Value extract(mlir::Value vector, int64_t lane);
  mlir::Value quad(llvm::ArrayRef<mlir::Value> scalars);
  mlir::Value less(mlir::Value value, int64_t limit);
  mlir::Value multiplyAdd(mlir::Value left, mlir::Value right, mlir::Value sum);

  /// Whether four neighbours along `along` (which starts at multiples of four) are one vector in memory.
  bool isQuad(const MatmulAccess &access, const MatmulLoop &along) const;
  mlir::Value loadElement(const MatmulAccess &access, const Position &at);
  /// Four neighbours along m, n or k; those behind its end are copies of the last one.
  mlir::Value loadQuad(const MatmulAccess &access, const MatmulLoop &along, Position at);
  /// The same of an operand of the product, which no result of the kernel shares memory with.
  mlir::Value loadOperand(const MatmulAccess &access, const MatmulLoop &along, const Position &at);
  /// Elements of an operand of the product: f32, or what bf16 leaves of it.
  mlir::Value rounded(mlir::Value value);

  /// Adds the products of `count` k from here to the sums.
  using Multiply =
      llvm::function_ref<llvm::LogicalResult(llvm::SmallVectorImpl<mlir::Value> &sums, mlir::Value k, int64_t count)>;
  /// The invocation's sums over what of k the dispatch takes, which `multiply` adds `step` terms at a time; if it does
  /// not `pad`, fewer at the end. `row` and `column` are the tile's first.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> addUp(mlir::Value row, mlir::Value column, int64_t step, bool pads,
                                                        Multiply multiply);
  /// What the blocks of a part, `length` terms, have come to, which `block` gives: a block's first term within the
  /// part, and how many it has.
  using Block = llvm::function_ref<llvm::LogicalResult(llvm::SmallVectorImpl<mlir::Value> &sums, mlir::Value, int64_t)>;
  llvm::LogicalResult addBlocks(llvm::SmallVector<mlir::Value> &sums, int64_t length, Block block);
  /// What parts have left.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> addParts();
  llvm::SmallVector<mlir::Value> noSums();
  /// Leaves the sums for another dispatch, or finishes them; and ends the shader.
  llvm::LogicalResult end(mlir::ValueRange sums, mlir::Value row, mlir::Value column);
  void leave(mlir::ValueRange sums);
  void dispatchTiles();

  /// Applies the epilogue to the sums of `rows` starting at `row`, each four columns from `column`, and stores the
  /// results. What lies outside of the matrix is left out.
  llvm::LogicalResult finish(mlir::ValueRange sums, mlir::Value row, mlir::Value column);

  const MatmulKernel &kernel;
  MatmulTiling tiling;
  ShaderBuilder shader;
  KernelBuilder &target;
  mlir::Value part; ///< of k; null: there is one

private:
  using Sums = llvm::SmallVector<mlir::Value>;
  /// Within [first, second) an ordered product has to walk k.
  using Bounds = std::optional<std::pair<mlir::Value, mlir::Value>>;
  struct Steps {
    int64_t step;
    bool pads;
    Bounds bounds;
    Multiply multiply;
    Block block = nullptr; ///< instead of all that
  };
  enum class Level { Block, Group, Part };
  llvm::LogicalResult addPieces(Sums &sums, mlir::Value begin, int64_t length, const Steps &steps, Level level);
  llvm::LogicalResult addBlock(Sums &sums, mlir::Value begin, int64_t length, const Steps &steps);
  llvm::LogicalResult loopIfAny(mlir::Value from, mlir::Value to, int64_t step, int64_t rounds, Sums &values,
                                ShaderBuilder::LoopBody body);
  mlir::Value placeOfSum(int64_t number);
  /// The multiples of `step` that k has to walk for these rows and columns: [first, second), within [0, end).
  std::pair<mlir::Value, mlir::Value> depthsOf(Span rows, Span columns, int64_t step, int64_t end);
  LinearIndex offsetOf(const MatmulAccess &access, const Position &at);
  mlir::Value &coordinate(Position &position, const MatmulLoop &loop);
  llvm::LogicalResult finishRow(mlir::Value sum, mlir::Value row, mlir::Value column);
  mlir::Value epilogueInput(const MatmulInput &input, mlir::Type element, mlir::Value row, mlir::Value column);
  void storeQuad(const MatmulAccess &access, mlir::Value value, const Position &at);
  mlir::Value indexOf(int dim, mlir::Value row, mlir::Value column);
  llvm::FailureOr<mlir::Value> lookUp(mlir::tensor::ExtractOp op, mlir::ValueRange indices);
  template <typename Function> void guarded(mlir::Value condition, Function body);

  const MatmulDispatch &dispatch;
  llvm::SmallVector<mlir::Value> batch;                    ///< index of each batch loop
  llvm::DenseMap<const MatmulInput *, mlir::Value> shared; ///< inputs that are the same for all rows
};

/// Elements along a loop that a tile of `tile` covers, in tiles.
inline int64_t tilesOf(const MatmulLoop &loop, int64_t tile) { return llvm::divideCeil(loop.size, tile); }

MatmulTiling tilingInRegisters(const MatmulSchedule &schedule);
MatmulTiling tilingInShared();
llvm::LogicalResult emitMatmulRegisters(KernelBuilder &target, const MatmulKernel &kernel,
                                        const MatmulDispatch &dispatch, const MatmulSchedule &schedule);
llvm::LogicalResult emitMatmulShared(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch);

/// Whether parts of long k are for invocations each rather than for tiles.
bool hasFewElements(const MatmulKernel &kernel);
/// Rows of an invocation then.
inline constexpr int64_t kMostRowsOfFew = 8;
MatmulTiling tilingOfFew(const MatmulSchedule &schedule);
/// Parts, or what they come to.
llvm::LogicalResult emitMatmulFew(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
                                  const MatmulSchedule &schedule);

} // namespace sinter::vulkan
