// What both styles of matrix products share: where elements are, loads and stores of four neighbours, what a triangle
// leaves of k, and the elementwise ops on finished sums.
#pragma once

#include "compiler/codegen/vulkan/Matmul.h"

namespace sinter::vulkan {

/// Neighbours along a row that are loaded, computed and stored at once.
inline constexpr int64_t kQuad = 4;

class MatmulShader {
public:
  MatmulShader(KernelBuilder &target, const MatmulKernel &kernel, llvm::ArrayRef<int32_t> workgroup,
               std::optional<int> subgroup = {});

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

  /// The multiples of `step` that k has to walk for these rows and columns: [first, second), within [0, end).
  std::pair<mlir::Value, mlir::Value> depthsOf(Span rows, Span columns, int64_t step, int64_t end);

  /// Applies the epilogue to the sums of `rows` starting at `row`, each four columns from `column`, and stores the results.
  /// What lies outside of the matrix is left out.
  llvm::LogicalResult finish(mlir::ValueRange sums, mlir::Value row, mlir::Value column, int64_t rowsOfTile,
                             int64_t columnsOfTile);

  const MatmulKernel &kernel;
  ShaderBuilder shader;
  KernelBuilder &target;

private:
  LinearIndex offsetOf(const MatmulAccess &access, const Position &at);
  mlir::Value &coordinate(Position &position, const MatmulLoop &loop);
  llvm::LogicalResult finishRow(mlir::Value sum, mlir::Value row, mlir::Value column);
  mlir::Value epilogueInput(const MatmulInput &input, mlir::Type element, mlir::Value row, mlir::Value column);
  void storeQuad(const MatmulAccess &access, mlir::Value value, const Position &at);
  mlir::Value indexOf(int dim, mlir::Value row, mlir::Value column);
  llvm::FailureOr<mlir::Value> lookUp(mlir::tensor::ExtractOp op, mlir::ValueRange indices);
  template <typename Function> void guarded(mlir::Value condition, Function body);

  llvm::SmallVector<mlir::Value> batch; ///< index of each batch loop
  llvm::DenseMap<const MatmulInput *, mlir::Value> shared; ///< inputs that are the same for all rows
};

/// Elements along a loop that a tile of `tile` covers, in tiles.
inline int64_t tilesOf(const MatmulLoop &loop, int64_t tile) { return llvm::divideCeil(loop.size, tile); }

llvm::LogicalResult emitMatmulRegisters(KernelBuilder &target, const MatmulKernel &kernel);
llvm::LogicalResult emitMatmulShared(KernelBuilder &target, const MatmulKernel &kernel);

} // namespace sinter::vulkan
