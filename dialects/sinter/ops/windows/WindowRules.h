// What the rules of ops over windows share: the arithmetic of positions in a linalg body, and checks.
#pragma once

#include "dialects/sinter/Windows.h"
#include "dialects/sinter/ops/Rules.h"

namespace sinter::rules {

/// Whole numbers in a linalg body, as i32: positions, taps and channels that follow from the indices of loops.
class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc) : b(builder), loc(loc) {}

  mlir::Value constant(int64_t value);
  /// The index of a loop.
  mlir::Value loop(int64_t dim);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value multiply(mlir::Value x, int64_t factor);
  mlir::Value divide(mlir::Value x, int64_t divisor);    ///< of numbers that are not negative
  mlir::Value remainder(mlir::Value x, int64_t divisor); ///< the same
  mlir::Value equal(mlir::Value x, mlir::Value y);
  mlir::Value below(mlir::Value x, int64_t bound); ///< and not negative
  mlir::Value both(mlir::Value x, mlir::Value y);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);
  /// `index` of a row-major order of `sizes`, as one for each.
  llvm::SmallVector<mlir::Value> split(mlir::Value index, llvm::ArrayRef<int64_t> sizes);
  /// An index of a tensor; that of a loop stays plain, so that vectors may go along it.
  mlir::Value place(mlir::Value x);

  /// Where a tap is; some position that exists if it is at none.
  struct Position {
    mlir::Value exists; ///< i1; null: it always does
    llvm::SmallVector<mlir::Value> indices;
  };
  Position position(const WindowShape &shape, mlir::ValueRange window, mlir::ValueRange tap);
  /// Of one tap that is known.
  Position position(const WindowShape &shape, mlir::ValueRange window, llvm::ArrayRef<int64_t> tap);

  /// tensor[first, position, last], or `otherwise` where there is no such position.
  mlir::Value read(mlir::Value tensor, mlir::Value first, const Position &position, mlir::Value last, double otherwise);

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
};

/// A window's taps, in row-major order.
std::vector<std::vector<int64_t>> tapsOf(const WindowShape &shape);
/// Windows of so many taps have the same code for each of them, one after the other: nothing of it depends on a loop.
inline constexpr int64_t kUnrolledTaps = 64;

/// The sizes of a tensor's positions, and all of `sizes` multiplied.
llvm::ArrayRef<int64_t> positionsOf(mlir::RankedTensorType type);
int64_t countOf(llvm::ArrayRef<int64_t> sizes);
/// `first`, then `rest`.
llvm::SmallVector<int64_t> joined(int64_t first, llvm::ArrayRef<int64_t> rest);

/// `value` in another shape, if it has not that one.
mlir::Value reshaped(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> shape);

/// The loops of a convolution with a kernel [taps..., 1, C] whose channels are on their own (DepthwiseLoops.cpp).
mlir::Value depthwiseLoops(mlir::OpBuilder &builder, mlir::Location loc, const WindowShape &shape, mlir::Value input,
                           mlir::Value kernel, mlir::RankedTensorType type);

/// Those of sums [parts, taps, C] of products of windows and what stands at their places, over images of each part.
mlir::Value tapSumLoops(mlir::OpBuilder &builder, mlir::Location loc, const WindowShape &shape, mlir::Value input,
                        mlir::Value windows, mlir::RankedTensorType type);

/// In the meaning of ops: the element of a tensor of positions at image `n`, tap `k` of window `o` of `shape`, channel
/// 0; -1 if there is none.
int64_t elementAt(const WindowShape &shape, int64_t n, const std::vector<int64_t> &o, const std::vector<int64_t> &k,
                  int64_t channels);

} // namespace sinter::rules
