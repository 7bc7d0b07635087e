// Units of a kernel in groups that one dispatch runs, and the code of one iteration of a group.
#pragma once

#include "compiler/codegen/loops/LoopGraph.h"
#include "compiler/codegen/vulkan/Shader.h"
#include "llvm/ADT/SetVector.h"

namespace sinter::vulkan {

/// Where a storage begins: `base` elements into a place.
struct Located {
  Place place;
  int64_t base = 0;
};

/// Units with the same loops. Every point of `parallel` is independent of the others.
struct UnitGroup {
  llvm::SmallVector<Unit *> units;
  llvm::SmallVector<unsigned> parallel; ///< kernel-wide dimensions, outermost first in the memory of the first result
  std::optional<unsigned> sequential;   ///< the dimension that some unit reduces
  bool reducesRows = false;             ///< it is the last loop: neighbours in memory, as a rule

  /// The one dimension beside `rows`, if there is one.
  std::optional<unsigned> columns(llvm::ArrayRef<unsigned> rows) const;
};

/// Groups that run one after the other, a barrier of all invocations before and after them.
struct DispatchGroups {
  enum Form {
    Points, ///< one group, and each of its parallel points is an invocation (General.h)
    Rows,   ///< each index of `rows` is handled by one invocation, or a few that know of each other (Rows.h)
    Parts   ///< one group that is reduced in parts, in two dispatches (Parts.h)
  } form = Points;
  llvm::SmallVector<UnitGroup, 1> groups;
  llvm::SmallVector<unsigned> rows;
  bool shuffles = false;  ///< a subgroup shares a row: decided by the length of what is reduced
  bool mayReside = false; ///< all of a row fits the subgroup's registers
  // How it is cut up (LoopSchedule.h):
  bool resident = false; ///< a row stays in registers: what passes between groups needs no memory
  int64_t workgroup = 0; ///< invocations
  int64_t each = 1;      ///< points of an invocation
  int64_t totals = 0;    ///< invocations of a workgroup that adds up what parts have given
};

/// A kernel in dispatches.
struct GroupedKernel {
  std::unique_ptr<LoopGraph> graph;
  llvm::SmallVector<int64_t> extents; ///< of the kernel-wide dimensions
  std::vector<UnitGroup> groups;      ///< loop nests, in order
  std::vector<DispatchGroups> dispatches;
  llvm::SmallPtrSet<Storage *, 8> inMemory;  ///< arguments, outputs, and temporaries that outlive their group
  llvm::DenseMap<Storage *, Located> places; ///< of these
  llvm::SmallPtrSet<Storage *, 8>
      texels; ///< arguments that are read as texels where four neighbours are: nothing writes them
};

/// If the dispatch reads from more places than a shader may, others that gather small ones in one place of the scratch.
void gatherOperands(GroupedKernel &kernel, KernelBuilder &builder, DispatchGroups &dispatch);

/// Reads the kernel's units, in groups that share their loops.
llvm::FailureOr<GroupedKernel> groupUnits(mlir::func::FuncOp function);

/// What of a kernel in dispatches is in memory: temporaries that outlive their group, unless they are one value a row.
void findMemory(GroupedKernel &kernel);

/// Gives all of that a place, temporaries in the kernel's scratch.
void placeStorages(GroupedKernel &kernel, mlir::func::FuncOp function, KernelBuilder &builder);

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
  /// Both, where `index` is below `limit`; elsewhere the accumulators stay.
  llvm::LogicalResult emitBelow(UnitGroup &group, mlir::Value index, int64_t limit,
                                llvm::SmallVectorImpl<mlir::Value> &accumulators);

  /// The group's reductions, in order: what leaves others unchanged, and what combines them.
  llvm::SmallVector<mlir::Value> neutralValues(UnitGroup &group);
  llvm::SmallVector<mlir::Operation *> combiners(UnitGroup &group);
  /// Four lanes of each accumulator to one value: (0 + 2) + (1 + 3).
  void foldLanes(UnitGroup &group, llvm::MutableArrayRef<mlir::Value> accumulators);
  /// What the reductions start from, combined with what they have come to, unless it is the neutral element.
  void addInitialValues(UnitGroup &group, llvm::MutableArrayRef<mlir::Value> accumulators);
  /// Keeps the reductions' values for later groups and stores those that live in memory.
  void finishReductions(UnitGroup &group, mlir::ValueRange values, bool storing = true);

  /// Loads what is the same at all indices of `dim`, or everywhere, once for what is to come; forgets it.
  void hoist(UnitGroup &group, std::optional<unsigned> dim);
  void dropHoisted() { hoisted.clear(); }
  /// The values of the last `emit` are those of a row: later groups take them as they are.
  void keepRowValues();
  bool hasStores() const { return !pending.empty(); }
  /// From here on the code is at chunk `number` of a row that stays in registers: what has been loaded or computed
  /// there is at hand.
  void setChunk(std::optional<int64_t> number) { chunk = number; }

  /// Sets the positions of `dims`, outermost first, from the number of a point of them.
  void setPosition(llvm::ArrayRef<unsigned> dims, mlir::Value index);

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
  llvm::DenseMap<Storage *, mlir::Value> forward;   ///< what the units of this point have computed
  llvm::DenseMap<Storage *, mlir::Value> rowValues; ///< what earlier groups have computed of this row
  std::vector<std::pair<Access, mlir::Value>> hoisted;
  std::optional<int64_t> chunk;
  llvm::DenseMap<std::pair<Storage *, int64_t>, mlir::Value> computedAt;         ///< by earlier groups, in a chunk
  llvm::DenseMap<int64_t, std::vector<std::pair<Access, mlir::Value>>> loadedAt; ///< in a chunk
  struct PendingStore {
    Access access;
    mlir::Value value;
  };
  std::vector<PendingStore> pending;
};

/// What the unit reads and writes in memory.
void collectStorages(LoopGraph &graph, const Unit &unit, llvm::SetVector<Storage *> &storages);
/// How many places these are in a shader.
int64_t placesOf(const llvm::SetVector<Storage *> &storages);

/// Whether the unit sums products of two tensors, each of which lacks a dimension that the other has.
bool isContraction(const Unit &unit);

/// The innermost parallel loop, if the group's points are four neighbours along it each.
std::optional<unsigned> lanesOfPoints(GroupedKernel &kernel, UnitGroup &group);
/// Of the parallel loops: points, or four neighbours.
int64_t countPoints(GroupedKernel &kernel, UnitGroup &group);

/// Whether every access of the group allows four neighbours along `dim` at once.
bool allowsLanes(GroupedKernel &kernel, UnitGroup &group, unsigned dim);

/// Whether four neighbours along `dim` are one vector in memory.
bool isVector(GroupedKernel &kernel, const Access &access, unsigned dim);

/// The row-major stride of each dimension of a storage.
llvm::SmallVector<int64_t> stridesOf(const Storage &storage);

} // namespace sinter::vulkan
