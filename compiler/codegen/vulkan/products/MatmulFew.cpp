// Products of few elements and long k, in parts, for GPUs: tiles of 64 x 64 would be empty but for a corner. A
// workgroup of 64 invocations takes a part of k, each invocation a block of it, for up to eight rows of four columns;
// shared memory holds what blocks have come to, and it is added up in the order in which every product does that.
#include "compiler/codegen/vulkan/products/MatmulShader.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr int64_t kMostElements = 256; // more of them share what tiles load
constexpr int64_t kBlocks = kProductPart / kProductBlock;

class Emitter : MatmulShader {
public:
  Emitter(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
          const MatmulSchedule &schedule)
      : MatmulShader(target, kernel, dispatch, tilingOf(schedule, dispatch)), dispatch(dispatch) {
    tiling = tilingOfFew(schedule);
  }

  LogicalResult emit() {
    OpBuilder &b = shader.builder;
    column = LinearIndex().add(shader.workgroupId(gpu::Dimension::x), kQuad).materialize(b, shader.loc);
    row = LinearIndex().add(shader.workgroupId(gpu::Dimension::y), tiling.rows).materialize(b, shader.loc);
    if (dispatch.kind != MatmulDispatch::Parts) {
      FailureOr<SmallVector<Value>> sums = addParts();
      return failed(sums) ? failure() : end(*sums, row, column);
    }
    id = shader.localId(gpu::Dimension::x);
    blocks = shader.sharedMemory(kBlocks * tiling.sums * kQuad, b.getF32Type());
    if (failed(computeBlock()))
      return failure();
    gpu::BarrierOp::create(b, shader.loc);
    SmallVector<Value> sums = noSums();
    auto readBlock = [&](SmallVectorImpl<Value> &values, Value begin, int64_t) {
      Value block = arith::DivUIOp::create(b, shader.loc, begin, constant(kProductBlock));
      for (auto [i, value] : llvm::enumerate(values)) {
        SmallVector<Value> lanes;
        for (int64_t lane = 0; lane < kQuad; ++lane)
          lanes.push_back(memref::LoadOp::create(b, shader.loc, blocks, placeOf(block, i, lane)));
        value = quad(lanes);
      }
      return success();
    };
    if (failed(addBlocks(sums, dispatch.length, readBlock)))
      return failure();
    auto isFirst = scf::IfOp::create(b, shader.loc, less(id, 1), /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(isFirst.thenBlock());
      leave(sums);
    }
    dispatchTiles();
    return success();
  }

private:
  /// Of parts, a workgroup has an invocation for each block.
  static MatmulTiling tilingOf(const MatmulSchedule &schedule, const MatmulDispatch &dispatch) {
    MatmulTiling tiling = tilingOfFew(schedule);
    if (dispatch.kind == MatmulDispatch::Parts)
      tiling.invocations = kBlocks;
    return tiling;
  }

  Value placeOf(Value block, int64_t sum, int64_t lane) { return add(block, (sum * kQuad + lane) * kBlocks); }

  /// The invocation's block; those behind the last one repeat it.
  LogicalResult computeBlock() {
    OpBuilder &b = shader.builder;
    int64_t count = llvm::divideCeil(dispatch.length, kProductBlock);
    Value block = count < kBlocks ? clamp(id, count - 1) : id;
    Value begin = LinearIndex().add(part, kProductPart).add(block, kProductBlock).materialize(b, shader.loc);
    Value end = add(begin, kProductBlock);
    if (dispatch.length % kProductBlock != 0)
      end = clamp(end, kernel.k.size);
    SmallVector<Value> sums = noSums();
    auto step = [&](Value k, SmallVectorImpl<Value> &carried) {
      Position at{row, column, k};
      Value right = kernel.n.size > 1 ? loadOperand(kernel.rhs, kernel.n, at)
                                      : toLanes(b, shader.loc, rounded(loadElement(kernel.rhs, at)), kQuad);
      for (auto [i, sum] : llvm::enumerate(carried)) {
        Value own = add(row, i);
        if (kernel.m.size % tiling.rows != 0)
          own = clamp(own, kernel.m.size - 1);
        sum = multiplyAdd(rounded(loadElement(kernel.lhs, {own, column, k})), right, sum);
      }
      return success();
    };
    if (failed(shader.loop(begin, end, 1, kProductBlock, sums, step)))
      return failure();
    for (auto [i, sum] : llvm::enumerate(sums))
      for (int64_t lane = 0; lane < kQuad; ++lane)
        memref::StoreOp::create(b, shader.loc, extract(sum, lane), blocks, placeOf(id, i, lane));
    return success();
  }

  const MatmulDispatch &dispatch;
  Value id, row, column;
  Value blocks; ///< what they have come to
};

} // namespace

bool hasFewElements(const MatmulKernel &kernel) {
  return kernel.m.size * kernel.n.size <= kMostElements && kernel.ordered.empty();
}

MatmulTiling tilingOfFew(const MatmulSchedule &schedule) { return {schedule.rows, kQuad, 1, schedule.rows}; }

LogicalResult emitMatmulFew(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
                            const MatmulSchedule &schedule) {
  return Emitter(target, kernel, dispatch, schedule).emit();
}

} // namespace sinter::vulkan
