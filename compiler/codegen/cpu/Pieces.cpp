#include "compiler/codegen/cpu/Pieces.h"
#include "compiler/codegen/cpu/Passes.h"

using namespace mlir;

namespace sinter::cpu {

using codegen::Access;
using codegen::LoopGraph;
using codegen::MatmulAccess;
using codegen::MatmulKernel;
using codegen::MatmulLoop;
using codegen::MatmulStep;
using codegen::Storage;
using codegen::Unit;

namespace {

/// An op that reads a tensor at an index of its own: nobody knows which part.
bool readsAnywhere(Block &body) { return !body.getOps<tensor::ExtractOp>().empty(); }

/// Whether the batches of `kernel` are consecutive parts of `part` elements of what `access` reads or writes.
bool walksByBatch(const MatmulKernel &kernel, const MatmulAccess &access, int64_t part) {
  int64_t stride = part, last = access.offset;
  for (const MatmulLoop &loop : llvm::reverse(kernel.batch)) {
    if (loop.stride(access) != stride)
      return false;
    stride *= loop.size;
  }
  for (const MatmulLoop &loop : {kernel.m, kernel.n, kernel.k})
    last += (loop.size - 1) * loop.stride(access);
  return last < part;
}

} // namespace

Pieces piecesOf(const MatmulKernel &kernel, func::FuncOp function) {
  Pieces pieces{kernel.batchSize(), {}};
  if (!kernel.readsInPlace() || kernel.columnSums)
    return {};
  SmallVector<const MatmulAccess *> accesses{&kernel.lhs, &kernel.rhs};
  for (const MatmulStep &step : kernel.epilogue) {
    if (readsAnywhere(*linalg::GenericOp(step.op).getBody()))
      return {};
    for (const codegen::MatmulInput &input : step.inputs)
      if (input.access)
        accesses.push_back(&*input.access);
  }
  for (const codegen::MatmulResult &result : kernel.results)
    accesses.push_back(&result.access);
  for (auto [operand, type] : llvm::enumerate(function.getArgumentTypes().drop_back(3))) {
    int64_t elements = cast<MemRefType>(type).getNumElements();
    bool used = false, walks = elements % pieces.count == 0;
    for (const MatmulAccess *access : accesses)
      if (access->operand == operand) {
        used = true;
        walks = walks && walksByBatch(kernel, *access, elements / pieces.count);
      }
    if (used && walks)
      pieces.operands.push_back(operand);
  }
  return pieces;
}

Pieces piecesOf(const LoopGraph &graph, const Schedule &plan, unsigned arguments) {
  if (plan.rows.empty() || !llvm::all_of(plan.groups, [](const Group &group) { return group.everyTile; }))
    return {};
  unsigned outermost = plan.rows.front();
  Pieces pieces{plan.extents[outermost], {}};
  DenseMap<const Storage *, bool> walks;
  auto note = [&](const Access &access) {
    bool plain = access.plainPosition(outermost) == 0 && access.storage->shape.front() == pieces.count;
    bool &known = walks.try_emplace(access.storage, true).first->second;
    known = known && plain;
  };
  for (const Unit &unit : graph.units) {
    if (unit.body && readsAnywhere(*unit.body))
      return {};
    for (const codegen::Operand &operand : unit.operands)
      if (operand.access)
        note(*operand.access);
    for (const codegen::Result &result : unit.results)
      note(result.access);
  }
  for (auto [storage, plain] : walks)
    if (plain && storage->kind != Storage::Temporary)
      pieces.operands.push_back(storage->position + (storage->kind == Storage::Output ? arguments : 0));
  llvm::sort(pieces.operands);
  return pieces;
}

void setPieces(func::FuncOp function, const Pieces &pieces) {
  if (pieces.count < 2 || pieces.operands.empty())
    return;
  Builder builder(function.getContext());
  function->setAttr(kPiecesAttr, builder.getI64IntegerAttr(pieces.count));
  function->setAttr(kPiecewiseAttr, builder.getDenseI64ArrayAttr(pieces.operands));
}

} // namespace sinter::cpu
