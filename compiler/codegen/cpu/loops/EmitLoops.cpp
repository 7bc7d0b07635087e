// sinter-cpu-emit-loops: kernels without a product become loops over tiles, in scf, vector and memref.
//
//   func.func private @k(%x: tensor<768x128xf32>) -> tensor<768xf32> attributes {sinter.kernel}   { linalg on tensors }
//     =>
//   func.func private @k(%x: memref<768x128xf32>, %y: memref<768xf32>, %begin: index, %end: index, %scratch:
//   memref<?xi8>)
//       attributes {sinter.kernel, sinter.tiles = 768, ...}   { scf.for %row = %begin to %end { 16 lanes at a time } }
//
// LoopGraph reads the kernel, LoopSchedule decides, LoopEmitter writes.
#include "compiler/codegen/cpu/loops/EmitLoops.h"
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/cpu/Pieces.h"
#include "compiler/codegen/cpu/loops/EmitScatter.h"
#include "compiler/codegen/cpu/loops/LoopEmitter.h"
#include "compiler/codegen/cpu/loops/PutRows.h"
#include "compiler/codegen/cpu/products/PackedProduct.h"
#include "compiler/codegen/cpu/products/RoundRows.h"
#include "dialects/plan/Plan.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUEMITLOOPS
#include "compiler/codegen/cpu/Passes.h.inc"

func::FuncOp createTileFunction(func::FuncOp kernel) {
  OpBuilder builder(kernel);
  SmallVector<Type> types;
  auto addMemref = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    types.push_back(MemRefType::get(tensor.getShape(), cpu::memoryType(tensor.getElementType())));
  };
  llvm::for_each(kernel.getArgumentTypes(), addMemref);
  llvm::for_each(kernel.getResultTypes(), addMemref);
  types.append(
      {builder.getIndexType(), builder.getIndexType(), MemRefType::get({ShapedType::kDynamic}, builder.getI8Type())});
  auto function = func::FuncOp::create(builder, kernel.getLoc(), kernel.getName(), builder.getFunctionType(types, {}));
  for (NamedAttribute attribute : kernel->getDiscardableAttrs())
    function->setDiscardableAttr(attribute.getName(), attribute.getValue());
  function.setVisibility(kernel.getVisibility());
  kernel.setName((kernel.getName() + ".tensors").str());
  builder.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(builder, kernel.getLoc());
  return function;
}

void setTileAttributes(func::FuncOp function, int64_t tiles, int64_t scratch, int64_t flops) {
  int64_t bytes = 0;
  for (Type type : function.getArgumentTypes())
    if (auto memref = dyn_cast<MemRefType>(type); memref && memref.hasStaticShape())
      bytes += memref.getNumElements() * llvm::divideCeil(memref.getElementTypeBitWidth(), 8);
  Builder builder(function.getContext());
  function->setAttr(kTilesAttr, builder.getI64IntegerAttr(tiles));
  function->setAttr(kScratchAttr, builder.getI64IntegerAttr(scratch));
  function->setAttr(plan::kFlopsAttr, builder.getF64FloatAttr(static_cast<double>(flops)));
  function->setAttr(plan::kBytesAttr, builder.getF64FloatAttr(static_cast<double>(bytes)));
}

bool hasSchedule(func::FuncOp kernel) {
  if (!kernel->hasAttr(kScheduleAttr))
    kernel.emitError("@") << kernel.getName() << " has no schedule: sinter-cpu-schedule runs before";
  return kernel->hasAttr(kScheduleAttr);
}

namespace cpu {
namespace {

/// Elements per tile of a kernel of several members: to find out whose a tile is takes as long as some hundred of them.
constexpr int64_t kMemberTile = 16384;

/// What is cut into tiles is the one dimension by which members differ; a chunk of it ends in a whole vector.
bool cutsMembers(const Members &members, const Schedule &plan) {
  int64_t first = members.sizes.front();
  bool chunks = plan.chunked && plan.rows.empty() && plan.extents[*plan.chunked] == first &&
                llvm::all_of(members.sizes, [](int64_t size) { return size % kLanes == 0; });
  bool rows = !plan.chunked && plan.rows.size() == 1 && plan.extents[plan.rows.front()] == first;
  return (chunks || rows) && llvm::all_of(plan.groups, [](const Group &group) { return group.everyTile; });
}

FailureOr<DictionaryAttr> scheduleMembers(func::FuncOp kernel, int64_t count, std::mt19937_64 *random) {
  FailureOr<Members> members = readMembers(kernel, count);
  if (failed(members))
    return failure();
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(members->first.get());
  if (failed(graph))
    return failure();
  Schedule plan = schedule(**graph);
  if (plan.chunked && plan.scratchBytes == 0)
    plan.chunk = random ? kLanes << (*random)() % 10 : kMemberTile;
  return scheduleOf(plan, kernel.getContext());
}

LogicalResult emitMembers(func::FuncOp kernel, int64_t count) {
  FailureOr<Members> members = readMembers(kernel, count);
  if (failed(members))
    return failure();
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(members->first.get());
  if (failed(graph))
    return failure();
  int64_t flops = (*graph)->flops(), tiles = 0, elements = 0;
  FailureOr<Schedule> plan = readSchedule(**graph, kernel, kernel->getAttr(kScheduleAttr));
  if (failed(plan))
    return failure();
  if (!cutsMembers(*members, *plan))
    return kernel.emitError(
        "cpu: members are loops of one dimension that is cut into tiles, of whole vectors or of rows");
  for (int64_t size : members->sizes) {
    tiles += llvm::divideCeil(size, plan->chunked ? plan->chunk : 1);
    elements += size;
  }
  func::FuncOp function = createTileFunction(kernel);
  if (failed(LoopEmitter(**graph, *plan, function, &*members).run()))
    return failure();
  setTileAttributes(function, tiles, plan->scratchBytes, flops / members->sizes.front() * elements);
  kernel.erase();
  return success();
}

bool scatters(func::FuncOp kernel) { return !kernel.getBody().front().getOps<ScatterAddOp>().empty(); }

LogicalResult emitKernel(func::FuncOp kernel) {
  if (!hasSchedule(kernel))
    return failure();
  if (auto count = kernel->getAttrOfType<IntegerAttr>(kMembersAttr))
    return emitMembers(kernel, count.getInt());
  if (scatters(kernel))
    return emitScatterKernel(kernel);
  if (putsRows(kernel))
    return emitPutRows(kernel);
  if (multipliesPacked(kernel))
    return emitPacked(kernel);
  if (roundsRows(kernel))
    return emitRounding(kernel);
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(kernel);
  if (failed(graph))
    return failure();
  int64_t flops = (*graph)->flops();
  FailureOr<Schedule> plan = readSchedule(**graph, kernel, kernel->getAttr(kScheduleAttr));
  if (failed(plan))
    return failure();
  func::FuncOp function = createTileFunction(kernel);
  if (failed(LoopEmitter(**graph, *plan, function).run()))
    return failure();
  setTileAttributes(function, plan->tiles, plan->scratchBytes, flops);
  setPieces(function, piecesOf(**graph, *plan, kernel.getNumArguments()));
  kernel.erase();
  return success();
}

struct CpuEmitLoopsPass : impl::CpuEmitLoopsBase<CpuEmitLoopsPass> {
  using CpuEmitLoopsBase::CpuEmitLoopsBase;

  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(kKernelAttr) && !kernel->hasAttr(kTilesAttr))
        kernels.push_back(kernel);
    for (func::FuncOp kernel : kernels)
      if (failed(emitKernel(kernel)))
        return signalPassFailure();
  }
};

} // namespace

FailureOr<DictionaryAttr> scheduleLoops(func::FuncOp kernel, std::mt19937_64 *random) {
  if (auto count = kernel->getAttrOfType<IntegerAttr>(kMembersAttr))
    return scheduleMembers(kernel, count.getInt(), random);
  if (scatters(kernel))
    return scheduleScatter(kernel, random);
  if (putsRows(kernel))
    return DictionaryAttr::get(kernel.getContext());
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(kernel);
  if (failed(graph))
    return failure();
  return scheduleOf(schedule(**graph, random), kernel.getContext());
}

} // namespace cpu

} // namespace sinter
