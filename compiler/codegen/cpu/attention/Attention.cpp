// sinter-cpu-emit-attention: kernels that hold products around rows of queries x keys (sinter.attention).
//
//   for each batch (a head of a sequence), for each block of queries in ascending order:
//     scores       queries x keys of this block, into buffers of the thread: it never has more than a block of them
//     rows         mask, softmax, its gradient, in place
//     over keys    the block's rows of results
//     over queries this block's share of sums over all queries, which wait in the thread's memory until the last block
//     diagonals    its share of sums along diagonals, likewise
//
// Products are emitted as everywhere else (MatmulEmit), rows in the order of EmitLoops: results have the bits of
// kernels that take one op after the other. A tile is a batch, or a block of queries where nothing is summed over
// queries.
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/cpu/attention/AttentionDiagonals.h"
#include "compiler/codegen/cpu/attention/AttentionRows.h"
#include "compiler/codegen/cpu/attention/AttentionSchedule.h"
#include "compiler/codegen/cpu/products/MatmulEmit.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUEMITATTENTION
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

using namespace cpu;

/// Fills the tile function of one kernel.
class AttentionEmitter {
public:
  AttentionEmitter(func::FuncOp function, AttentionKernel &kernel)
      : function(function), kernel(kernel), loc(function.getLoc()), b(OpBuilder::atBlockBegin(&function.front())) {}

  LogicalResult run() {
    size_t operands = function.getNumArguments() - 3;
    Value begin = function.getArgument(operands), end = function.getArgument(operands + 1);
    for (size_t i = 0; i < operands; ++i)
      flat.push_back(flatten(b, loc, function.getArgument(i)));
    placeBuffers(function.getArgument(operands + 2));
    for (auto &emitter : emitters)
      emitter->forget(); // other kernels use this memory
    auto tiles = scf::ForOp::create(b, loc, begin, end, constant(1));
    b.setInsertionPointToStart(tiles.getBody());
    if (failed(emitTile(tiles.getInductionVar())))
      return failure();
    b.setInsertionPointAfter(tiles);
    for (auto &emitter : emitters)
      emitter->orderStores();
    return success(llvm::all_of(emitters, [](auto &emitter) { return succeeded(emitter->getOutcome()); }));
  }

  /// The block that is no whole one belongs to the last tile: no other thread then writes the rows that it repeats.
  int64_t tiles() const { return kernel.batchSize() * (kernel.sumsOverQueries() ? 1 : kernel.wholeBlocks()); }
  int64_t scratchBytes() const { return scratchSize; }

private:
  Value constant(int64_t value) { return indexConstant(b, loc, value); }

  void placeBuffers(Value scratch) {
    for (int64_t i = 0; i < kernel.bufferCount; ++i) {
      int64_t floats = kernel.rows * kernel.stride();
      buffers.push_back(scratchView(b, loc, scratch, scratchSize, b.getF32Type(), floats));
      scratchSize += llvm::alignTo(floats * sizeof(float), 64);
    }
    for (AttentionProduct &product : kernel.products) {
      linalg::GenericOp contraction = product.kernel.contraction;
      auto emitter = std::make_unique<MatmulEmitter>(b, contraction.getLoc(), product.kernel, product.plan);
      SmallVector<Value> operands;
      for (auto [i, operand] : llvm::enumerate(product.operands)) {
        std::optional<int64_t> buffer = kernel.bufferOf(operand);
        operands.push_back(buffer ? buffers[*buffer] : flat[cast<BlockArgument>(operand).getArgNumber()]);
        if (buffer)
          emitter->setLocal(i, kernel.stride());
      }
      if (product.kind == AttentionProduct::Scores) {
        emitter->setLocal(operands.size(), kernel.stride());
        operands.push_back(buffers[*kernel.bufferOf(product.value)]);
      } else {
        operands.push_back(flat[flat.size() - kernel.results + product.result]);
      }
      emitter->place(operands, scratch, scratchSize);
      scratchSize = llvm::alignTo(emitter->scratchBytes(), 64);
      emitters.push_back(std::move(emitter));
    }
    for (size_t i = 0; i < kernel.diagonals.size(); ++i)
      diagonals.emplace_back(b, loc, kernel, scratch, scratchSize);
  }

  LogicalResult emitTile(Value tile) {
    int64_t whole = kernel.wholeBlocks(), all = whole + kernel.hasPartBlock();
    Value batch = tile, from = constant(0), to = constant(all);
    if (!kernel.sumsOverQueries()) {
      batch = arith::DivUIOp::create(b, loc, tile, constant(whole));
      from = arith::RemUIOp::create(b, loc, tile, constant(whole));
      to = LinearIndex{1, {}}.add(from, 1).materialize(b, loc);
      if (kernel.hasPartBlock()) {
        Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, to, constant(whole));
        to = arith::SelectOp::create(b, loc, isLast, constant(all), to);
      }
    }
    for (AttentionDiagonalsEmitter &sum : diagonals)
      sum.begin();
    auto loop = scf::ForOp::create(b, loc, from, to, constant(1));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      if (failed(emitBlock(batch, loop.getInductionVar())))
        return failure();
    }
    for (auto [sum, emitter] : llvm::zip_equal(kernel.diagonals, diagonals))
      emitter.end(batch, flat[flat.size() - kernel.results + sum.result]);
    return success();
  }

  LogicalResult emitBlock(Value batch, Value block) {
    Value first = LinearIndex().add(block, kernel.rows).materialize(b, loc), fresh = first;
    if (kernel.hasPartBlock())
      first = arith::MinUIOp::create(b, loc, first, constant(kernel.queries - kernel.rows));
    auto forEach = [&](AttentionProduct::Kind kind, auto action) {
      for (auto [product, emitter] : llvm::zip_equal(kernel.products, emitters))
        if (product.kind == kind)
          action(product, *emitter);
    };
    forEach(AttentionProduct::Scores, [&](AttentionProduct &product, MatmulEmitter &emitter) {
      emitter.emitRows(batch, first, kernel.firstKey(b, loc, first, product.plan.nr()),
                       keysBound(first, product.plan.nr()));
    });
    Value next = LinearIndex{1, {}}.add(batch, 1).materialize(b, loc);
    auto fetch = [&](Value query) { fetchNext(next, query); };
    if (failed(AttentionRows(b, loc, kernel, flat, buffers).emit(batch, first, fetch)))
      return failure();
    forEach(AttentionProduct::OverKeys,
            [&](AttentionProduct &, MatmulEmitter &emitter) { emitter.emitRows(batch, first, constant(0), Value()); });
    forEach(AttentionProduct::OverQueries,
            [&](AttentionProduct &, MatmulEmitter &emitter) { emitter.emitDepth(batch, block, first); });
    for (auto [sum, emitter] : llvm::zip_equal(kernel.diagonals, diagonals))
      emitter.addBlock(buffers[*kernel.bufferOf(sum.value)], first, fresh);
    return success();
  }

  /// Keys that rows of the block look at, in whole panels of `nr`; null: all of them.
  Value keysBound(Value first, int64_t nr) {
    if (!kernel.causal)
      return {};
    Value last = LinearIndex{kernel.rows + kernel.margin + nr - 1, {}}.add(first, 1).materialize(b, loc);
    Value panels = arith::DivUIOp::create(b, loc, last, constant(nr));
    return arith::MinUIOp::create(b, loc, LinearIndex().add(panels, nr).materialize(b, loc), constant(kernel.keys));
  }

  /// Asks for the rows of number `query` that the next batch will read: memory brings them while this one is computed.
  void fetchNext(Value batch, Value query) {
    SmallVector<std::pair<unsigned, MatmulAccess>> known;
    for (AttentionProduct &product : kernel.products) {
      const MatmulKernel &k = product.kernel;
      bool scores = product.kind == AttentionProduct::Scores;
      if (scores)
        fetchRow(product, k.lhs, k.m, k.k, batch, query, known);
      fetchRow(product, k.rhs, scores ? k.n : k.k, scores ? k.k : k.n, batch, query, known);
    }
  }

  void fetchRow(const AttentionProduct &product, const MatmulAccess &access, const MatmulLoop &rows,
                const MatmulLoop &along, Value batch, Value query,
                SmallVectorImpl<std::pair<unsigned, MatmulAccess>> &known) {
    auto argument = dyn_cast<BlockArgument>(product.operands[access.operand]);
    if (!argument || along.stride(access) != 1)
      return;
    LinearIndex start{access.offset, {}};
    SmallVector<int64_t> strides{rows.stride(access)};
    Value rest = batch;
    for (const MatmulLoop &loop : llvm::reverse(product.kernel.batch)) {
      bool outermost = &loop == &product.kernel.batch.front();
      Value index = outermost ? rest : arith::RemUIOp::create(b, loc, rest, constant(loop.size)).getResult();
      start.add(index, loop.stride(access));
      strides.push_back(loop.stride(access));
      rest = arith::DivUIOp::create(b, loc, rest, constant(loop.size));
    }
    MatmulAccess row{argument.getArgNumber(), access.elementType, access.offset, strides};
    if (llvm::any_of(known, [&](auto &k) {
          return k.first == row.operand && k.second.offset == row.offset && k.second.strides == row.strides;
        }))
      return;
    known.push_back({row.operand, row});
    Value first = start.add(query, rows.stride(access)).materialize(b, loc);
    for (int64_t at = 0; at < along.size; at += kLanes) // (an address behind the operand does no harm)
      memref::PrefetchOp::create(b, loc, flat[row.operand], LinearIndex{at, {}}.add(first, 1).materialize(b, loc),
                                 /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
  }

  func::FuncOp function;
  AttentionKernel &kernel;
  Location loc;
  OpBuilder b;
  SmallVector<Value> flat, buffers;
  std::vector<std::unique_ptr<MatmulEmitter>> emitters;
  std::vector<AttentionDiagonalsEmitter> diagonals;
  int64_t scratchSize = 64; ///< its first word is the runtime's to clear
};

struct EmitAttentionPass : impl::CpuEmitAttentionBase<EmitAttentionPass> {
  using CpuEmitAttentionBase::CpuEmitAttentionBase;

  void runOnOperation() override {
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!function->hasAttr(kKernelAttr) || function->hasAttr(kTilesAttr) || function.isExternal())
        continue;
      if (kindOf(function) != kAttentionKind)
        continue;
      FailureOr<AttentionKernel> kernel = readAttention(function);
      if (failed(kernel) || !hasSchedule(function) ||
          failed(readSchedule(function, function->getAttr(kScheduleAttr), *kernel)) || failed(emit(function, *kernel)))
        return signalPassFailure();
    }
  }

  LogicalResult emit(func::FuncOp function, AttentionKernel &kernel) {
    double flops = 0;
    for (auto op : function.getOps<linalg::GenericOp>()) {
      double points = orderedShare(op);
      for (int64_t size : op.getStaticLoopRanges())
        points *= size;
      flops += points * countFlops(*op.getBody());
    }
    func::FuncOp tiles = createTileFunction(function);
    AttentionEmitter emitter(tiles, kernel);
    if (failed(emitter.run()))
      return failure();
    setTileAttributes(tiles, emitter.tiles(), emitter.scratchBytes(), static_cast<int64_t>(flops));
    function.erase();
    return success();
  }
};

} // namespace

} // namespace sinter
