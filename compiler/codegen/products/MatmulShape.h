// What a matrix product kernel computes, read off its linalg ops: sizes, and how every tensor is addressed.
//
// Any contraction fits: nn, nt, tn, tt, batches, permuted operands. Its dimensions take one of four roles: m (left
// operand and result), n (right operand and result), k (reduced), batch (the rest). Dimensions that every tensor walks
// with one stride are merged; what is left over becomes a batch, or a part of k.
//
// An operand is a view of an argument, or it is computed while it is packed: elementwise ops and gathers (a prologue),
// or windows over an argument.
#pragma once

#include "dialects/sinter/Windows.h"

#include <optional>

namespace sinter::codegen {

/// Elements of an argument or a result, as the loops see them: element (i...) stands at offset + sum(i * stride).
struct MatmulAccess {
  unsigned operand = 0; ///< of the emitted function: arguments first, then results
  mlir::Type elementType;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides; ///< one per dimension of the contraction; 0 where it does not matter
};

/// A loop over a dimension of the contraction, or over several merged ones (`dim` is then the innermost).
struct MatmulLoop {
  int64_t size = 1;
  int dim = -1; ///< -1: no such dimension; the loop runs once and moves nothing

  int64_t stride(const MatmulAccess &access) const { return dim < 0 ? 0 : access.strides[dim]; }
};

/// An input of an elementwise op: an earlier value of the kernel, or an access, or a constant.
struct MatmulInput {
  mlir::Value internal;
  std::optional<MatmulAccess> access;
  mlir::Attribute constant;
};

/// One elementwise op that makes an operand, or that consumes the product.
struct MatmulStep {
  mlir::linalg::GenericOp op;
  llvm::SmallVector<MatmulInput> inputs;
  llvm::SmallVector<int> dims; ///< the contraction's dimension for each of the op's own; -1: its index is not asked for
};

/// A matrix of windows over an argument (sinter.windows), row-major: what a tap of a window is, its channels
/// contiguous.
struct MatmulWindows {
  WindowsOp op;
  unsigned operand = 0; ///< the argument
  int dim = -1;         ///< the contraction's dimension of windows
  bool areRows = true;  ///< m runs over windows, k over taps and channels; false: the other way round
  int64_t channels = 1; ///< of a tap

  /// Windows that are neighbours in all dimensions but the first.
  int64_t lineLength() const;
  /// The share of lines of taps that lie within what windows are over, if they are rows; 1 if nobody knows which.
  double linesWithin() const;
  /// How many rows lie side by side in all windows: channels of a tap, or of a line of taps that never leave it.
  int64_t neighbours() const;
  /// Whether rows need not be copied: those that are neighbours are read where they stand, run by run of windows in a
  /// line. It pays where they fill a register tile's rows and runs are long.
  bool standInRuns() const;
};

/// Whether windows should be taken by their places, with all images of one together: much of the matrix lies outside
/// (small images), and there are as many of them as a tile should have rows.
bool paysByPlace(WindowsOp op);

/// What a product multiplies. Of a computed one, the access is that of its widest input if that differs from element to
/// element, else as if it were stored densely in an argument `kNowhere`.
struct MatmulOperand : MatmulAccess {
  static constexpr unsigned kNowhere = 1u << 30;
  llvm::SmallVector<MatmulStep> steps;  ///< in order; the last one makes it. None: it is read where it stands
  std::optional<MatmulWindows> windows; ///< or it is this, a left operand

  bool isComputed() const { return !steps.empty() || windows; }
};

/// A dimension of the contraction as several: index = sum(index of part * factor).
struct MatmulSplit {
  int dim;
  llvm::SmallVector<std::pair<int, int64_t>> parts;
};

struct MatmulResult {
  mlir::Value value; ///< of the contraction or of an epilogue op
  MatmulAccess access;
};

struct MatmulKernel {
  mlir::linalg::GenericOp contraction;
  bool inPlace = false; ///< some launch writes a result over an operand: each element is stored once
  bool bf16 = false;    ///< operands are rounded to bf16, denormals count as zero
  /// Where index `less` is greater than index `more` + `distance`, nothing has to be multiplied (kOrderedAttr).
  struct Order {
    int less, more;
    int64_t distance;
    bool operator==(const Order &) const = default;
  };
  llvm::SmallVector<Order> ordered;
  /// An i32 for each batch, or one for all, and the dimension, of columns or of k, that nobody needs from there on
  /// (kBoundedAttr).
  std::optional<MatmulAccess> bound;
  int boundDim = -1;
  MatmulLoop m, n, k;
  llvm::SmallVector<MatmulLoop> kParts;   ///< of k, outermost first, if some operand does not walk it with one stride
  llvm::SmallVector<MatmulLoop> batch;    ///< outermost first
  MatmulOperand lhs, rhs;                 ///< lhs is walked by m and k, rhs by k and n
  llvm::SmallVector<MatmulStep> epilogue; ///< in order
  llvm::SmallVector<MatmulResult> results;
  std::optional<MatmulAccess>
      columnSums;                        ///< a result: the sums of the right operand's columns, in ascending order of k
  llvm::SmallVector<MatmulSplit> splits; ///< dimensions that are numbered beyond the contraction's own

  int64_t batchSize() const;
  /// Whether all batches have the same right operand.
  bool sharesRhs() const;
  /// Whether the windows of a batch are those of one place in all images: zeros of one have the same taps as of others,
  /// which are left out.
  bool skipsTaps() const { return lhs.windows && lhs.windows->areRows && splitOf(lhs.windows->dim); }
  /// Whether one stride leads from each k to the next.
  bool walksEvenly(const MatmulAccess &access) const;
  /// Whether the right operand stands in memory, contiguous along the innermost part of k, but no one stride leads from
  /// each k to the next.
  bool hasRhsInParts() const;
  /// Whether `operand` cannot be read where it stands by origin and strides.
  bool mustBePacked(const MatmulOperand &operand) const { return operand.isComputed() || !walksEvenly(operand); }
  /// Whether both operands can be read so.
  bool readsInPlace() const { return !mustBePacked(lhs) && !mustBePacked(rhs); }
  const MatmulSplit *splitOf(int dim) const;
};

/// Nothing if the kernel holds more than a contraction, elementwise ops around it, and sums of the right operand's
/// columns. Without `merges`, every loop is one dimension, and operands stay on their sides.
std::optional<MatmulKernel> recogniseMatmul(mlir::func::FuncOp kernel, bool merges = true);

} // namespace sinter::codegen
