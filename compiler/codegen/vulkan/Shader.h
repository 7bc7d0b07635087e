// Shaders under construction, and the plan.kernel that dispatches them. An emitter makes a ShaderBuilder for each
// dispatch, binds what it reads and writes, writes the body through `builder`, and calls `dispatch`.
//
//   KernelBuilder kernel(function, shaders);
//   ShaderBuilder shader(kernel, loc, {64, 1, 1});
//   Buffer x = shader.bind(kernel.operand(0), plan::Binding::Read, f32), y = shader.bind(kernel.operand(1), ...Write,
//   f32); Points points = shader.forEachPoint(768);                          // one invocation for each shader.store(y,
//   points.index, shader.load(x, points.index)); shader.dispatch(points.groups, points.constants);
#pragma once

#include "compiler/codegen/loops/SumOrder.h"
#include "compiler/codegen/scalars/Body.h"
#include "compiler/codegen/vulkan/Profile.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace sinter::vulkan {

using namespace codegen;

/// Neighbours along a row that are loaded, computed and stored at once.
inline constexpr int64_t kQuad = 4;

/// An offset that is a multiple of four, in vectors of four.
mlir::Value inQuads(mlir::OpBuilder &builder, mlir::Location loc, const LinearIndex &offset);

/// Shaders of a module, each once: kernels that need equal ones share them.
class ShaderTable {
public:
  explicit ShaderTable(mlir::ModuleOp module) : module(module) {}

  /// Adds the shader to the module, or erases it if an equal one is there; returns the symbol to dispatch.
  mlir::StringAttr add(mlir::gpu::GPUModuleOp shader);

private:
  mlir::ModuleOp module;
  llvm::StringMap<mlir::StringAttr> known; ///< by their text
};

/// Bytes of an operand of the launch, or of the kernel's scratch.
struct Place {
  int64_t operand = plan::Binding::kScratch;
  int64_t offset = 0, bytes = 0;

  bool operator==(const Place &) const = default;
};

/// Replaces a kernel on tensors by a plan.kernel of the same name, attributes and location.
class KernelBuilder {
public:
  KernelBuilder(mlir::func::FuncOp kernel, ShaderTable &shaders, const Profile &profile);

  /// All of an operand of the launch: arguments first, then results.
  Place operand(unsigned number);
  /// New memory for what later dispatches of the kernel read.
  Place addScratch(int64_t bytes);
  /// Erases the kernel on tensors, which has been renamed; `general` marks the general lowering.
  void finish(int64_t flops, bool general);

  const Profile &profile;

private:
  friend class ShaderBuilder;
  mlir::func::FuncOp kernel;
  ShaderTable &shaders;
  plan::KernelOp result;
  std::string name;
  int64_t scratchBytes = 0, dispatches = 0;
};

/// Places that a shader binds: each may be bound twice, as scalars and as vectors. One that is larger than what a
/// device binds at once counts as often as it has parts.
inline constexpr int64_t kMostPlaces = plan::kMaxBindings / 2;
inline int64_t countPlaces(int64_t bytes) { return llvm::divideCeil(bytes, plan::kMaxBindingBytes); }

/// Storage buffers that hold one place, seen as elements of one type (a scalar, or a vector of four). More than one
/// only if the place is larger than what a device binds at once.
struct Buffer {
  llvm::SmallVector<mlir::Value, 1> parts;
  int64_t perPart = 0; ///< elements
};

/// How the sums of floats among the values that a loop carries are added up: in runs of so many rounds, each from what
/// leaves others unchanged; what the runs give is added to a sum that remembers what it rounds (SumOrder.h). Other
/// values are carried on.
struct Runs {
  llvm::ArrayRef<mlir::Operation *>
      combiners; ///< of the values, which are what leaves others unchanged before the loop
  int64_t rounds = kTermsPerRun;
};

/// One dispatch with its shader.
class ShaderBuilder {
public:
  ShaderBuilder(KernelBuilder &kernel, mlir::Location loc, llvm::ArrayRef<int32_t> workgroup,
                std::optional<int> subgroup = {});
  ~ShaderBuilder();

  /// Binds a place; the same place and type twice give the same buffer. `element` is a type of memory (memoryType).
  Buffer bind(const Place &place, plan::Binding::Access access, mlir::Type element);
  mlir::Value load(const Buffer &buffer, mlir::Value index);
  /// Four f32 of a place that the dispatch does not write, number `index` of such; the place can be bound as texels.
  mlir::Value fetchTexels(const Place &place, mlir::Value index);
  static bool bindsTexels(const Place &place) {
    return place.bytes % plan::kTexelBytes == 0 && place.bytes <= plan::kMaxBindingBytes;
  }
  void store(const Buffer &buffer, mlir::Value index, mlir::Value value);

  mlir::Value constant(int64_t value) { return indexConstant(builder, loc, value); }
  mlir::Value zero(mlir::Type type) {
    return mlir::arith::ConstantOp::create(builder, loc, llvm::cast<mlir::TypedAttr>(builder.getZeroAttr(type)));
  }
  mlir::Value workgroupId(mlir::gpu::Dimension dimension);
  mlir::Value localId(mlir::gpu::Dimension dimension);
  /// Push constant `number` as an index.
  mlir::Value pushConstant(int64_t number);
  /// Memory of the workgroup: memref<elements x type>.
  mlir::Value sharedMemory(int64_t elements, mlir::Type type);

  struct Points {
    mlir::Value index;
    llvm::SmallVector<int64_t, 3> groups;
    llvm::SmallVector<int64_t, 1> constants;
  };
  /// From here on the body runs once for each of `count` points, in invocations of a one-dimensional workgroup. The
  /// number is a push constant, so that kernels of other sizes share the shader.
  Points forEachPoint(int64_t count);

  /// Invocations of a workgroup for `count` points: fewer than the profile says where it would leave cores without
  /// work.
  static int32_t workgroupFor(const Profile &profile, int64_t count);

  using LoopBody = llvm::function_ref<llvm::LogicalResult(mlir::Value, llvm::SmallVectorImpl<mlir::Value> &)>;

  /// The loop that all others are made of: from `from` by `step` below `to`, at most `rounds` times and at least once
  /// if it carries values. It knows what drivers allow: more rounds than that, all loops of an invocation together, are
  /// an error at `loc`.
  llvm::LogicalResult loop(mlir::Value from, mlir::Value to, int64_t step, int64_t rounds,
                           llvm::SmallVectorImpl<mlir::Value> &values, LoopBody body);

  /// A loop over `from`, `from` + `step`, ... below `to` in ascending order that carries `values`; `unroll` rounds of
  /// it are one, and more if it is long. `loops`: how many of its length the invocation goes through.
  llvm::LogicalResult forEach(int64_t from, int64_t to, int64_t step, llvm::SmallVectorImpl<mlir::Value> &values,
                              LoopBody body, int64_t loops = 1, int64_t unroll = 1);
  /// The same where values are sums of runs.
  llvm::LogicalResult forEach(int64_t from, int64_t to, int64_t step, const Runs &runs,
                              llvm::SmallVectorImpl<mlir::Value> &values, LoopBody body, int64_t loops = 1,
                              int64_t unroll = 1);

  /// Ends the body and adds the dispatch to the kernel.
  void dispatch(llvm::ArrayRef<int64_t> groups, llvm::ArrayRef<int64_t> constants = {});

  mlir::OpBuilder builder;
  mlir::Location loc;

private:
  KernelBuilder &kernel;
  llvm::SmallVector<int32_t, 3> workgroup;
  mlir::gpu::GPUModuleOp module;
  mlir::gpu::GPUFuncOp function;
  struct Bound {
    Place place;
    mlir::Type element;
    Buffer buffer;
    size_t first; ///< of its bindings
  };
  llvm::SmallVector<Bound> bound;
  llvm::SmallVector<plan::Binding> bindings, texelBindings; ///< the latter come last
  int64_t outerRounds = 1, totalRounds = 0; ///< of the loops around; of all loops so far, as drivers count them
};

} // namespace sinter::vulkan
