// Units of a kernel in groups that one dispatch runs, and the code of one iteration of a group.
#pragma once

#include "compiler/codegen/LoopGraph.h"
#include "compiler/codegen/vulkan/Shader.h"

namespace sinter::vulkan {

/// Storage buffers of one shader: what every device of interest has, one place as scalars and as vectors counting twice.
inline constexpr size_t kMostBuffers = 16;

/// Where a storage begins: `base` elements into a place.
struct Located {
  Place place;
  int64_t base = 0;
};

/// Units with the same loops. Every point of `parallel` is independent of the others.
struct UnitGroup {
  llvm::SmallVector<Unit *> units;
  llvm::SmallVector<unsigned> parallel;  ///< kernel-wide dimensions, outermost first in the memory of the first result
  std::optional<unsigned> sequential;    ///< the dimension that some unit reduces
};

/// A kernel in groups: which may be split over dispatches after each group.
struct GroupedKernel {
  std::unique_ptr<LoopGraph> graph;
  llvm::SmallVector<int64_t> extents; ///< of the kernel-wide dimensions
  std::vector<UnitGroup> groups;
  llvm::DenseMap<Storage *, Located> places; ///< of all storages that live in memory
};

/// If the group reads from more places than a shader may, dispatches that gather small ones in one place of the scratch.
void gatherOperands(GroupedKernel &kernel, KernelBuilder &builder, UnitGroup &group);

/// Reads, groups and places the kernel's units; temporaries that outlive their group get scratch.
llvm::FailureOr<GroupedKernel> groupUnits(mlir::func::FuncOp function, KernelBuilder &kernel);

/// The code of a group's units at one point, on scalars or on four neighbours along a dimension.
class UnitEmitter {
public:
  UnitEmitter(GroupedKernel &kernel, ShaderBuilder &shader) : kernel(kernel), shader(shader) {}

  llvm::DenseMap<unsigned, mlir::Value> position; ///< of each kernel-wide dimension (of the lanes: at the first)
  std::optional<unsigned> lanes;                  ///< the dimension of four neighbours

  /// Computes the units at the current position; accumulators of the reductions, in order, get their new values.
  /// Stores happen in `flush`, after all loads.
  llvm::LogicalResult emit(UnitGroup &group, llvm::MutableArrayRef<mlir::Value> accumulators);
  void flush();

  /// Values that the reductions of the group start from, and storing what they come to.
  llvm::SmallVector<mlir::Value> initialValues(UnitGroup &group);
  void storeReductions(UnitGroup &group, mlir::ValueRange values);

private:
  mlir::Value constant(int64_t value) { return shader.constant(value); }
  std::pair<LinearIndex, int64_t> address(const Access &access);
  mlir::Value load(const Access &access);
  void store(const Access &access, mlir::Value value);
  mlir::Value operandValue(const Operand &operand);
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> cloneUnit(Unit &unit, llvm::ArrayRef<mlir::Value> arguments);
  llvm::FailureOr<mlir::Value> extract(mlir::tensor::ExtractOp op, mlir::ValueRange indices);

  GroupedKernel &kernel;
  ShaderBuilder &shader;
  llvm::DenseMap<Storage *, mlir::Value> forward; ///< what the units of this point have computed
  struct PendingStore {
    Access access;
    mlir::Value value;
  };
  std::vector<PendingStore> pending;
};

/// Whether every access of the group allows four neighbours along `dim` at once.
bool allowsLanes(GroupedKernel &kernel, UnitGroup &group, unsigned dim);

/// The row-major stride of each dimension of a storage.
llvm::SmallVector<int64_t> stridesOf(const Storage &storage);

} // namespace sinter::vulkan
