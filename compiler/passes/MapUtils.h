// Tools for rewriting sinter.map: a draft that absorbs and drops inputs, and a change of iteration shape.
#pragma once

#include "dialects/sinter/Sinter.h"

#include "mlir/IR/IRMapping.h"

#include <optional>

namespace sinter {

/// A map under reconstruction. It takes the region of `map`; `finish` builds the new map in its place. A draft that
/// did not change anything may simply be dropped.
class MapDraft {
public:
  explicit MapDraft(MapOp map);
  ~MapDraft();

  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::AffineMap> maps;

  /// The region under work; its arguments stand for `inputs`, in order.
  mlir::Block &block() { return region.front(); }
  /// A builder at the start of the region.
  mlir::OpBuilder atStart();

  /// Replaces the argument of input `i` by `scalar`, a value of the region, and drops the input.
  void replaceInput(unsigned i, mlir::Value scalar);
  /// Clones the region of `producer`, one of whose results is input `i`, into this one; every input that is a result
  /// of it and is read through the same map disappears.
  void inlineProducer(unsigned i, MapOp producer);
  /// Drops inputs whose argument is unused and merges inputs that are read through one map.
  bool dropUnusedInputs();
  /// Drops results that nobody reads and merges results that are one value.
  bool dropUnusedResults();
  /// Builds the new map before the old one, replaces and erases the old one.
  MapOp finish();

private:
  MapOp map;
  mlir::Region region;
  bool finished = false;
  llvm::SmallVector<unsigned> resultOf; ///< old result -> new result, or ~0u
};

/// The ops of a map's region that compute something.
int64_t countOps(mlir::Block &block);

/// Whether computing the region once more costs less than a trip to memory for its result.
bool isCheap(MapOp map);

/// `map` as if it iterated over `shape`, which has as many elements in the same row-major order: inputs and results
/// are reshaped. Nothing if an input's map or an index does not allow it.
std::optional<MapOp> reshapeMap(MapOp map, llvm::ArrayRef<int64_t> shape);

/// The map with adjacent dimensions merged wherever every input reads them together or not at all.
std::optional<MapOp> collapseMap(MapOp map);

/// Whether a reshape from `wide` to `narrow` only merges dimensions: strides of the result give those of the source.
bool isCollapse(llvm::ArrayRef<int64_t> wide, llvm::ArrayRef<int64_t> narrow);

/// The value that a chain of reshapes is a view of.
mlir::Value behindReshapes(mlir::Value value);

/// Whether anything but `reader` reads `value`, seen through views.
bool hasOtherReader(mlir::Value value, mlir::Operation *reader);

/// A view of `value` under `shape`: folds a chain of reshapes, and is `value` itself if it has that shape.
mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> shape);

} // namespace sinter
