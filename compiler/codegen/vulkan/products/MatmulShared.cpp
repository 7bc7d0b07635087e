// Products from tiles in shared memory, for GPUs: a workgroup of 16 x 8 invocations computes 64 x 64 elements, each
// invocation four columns of eight rows. For every 16 k the workgroup copies both operands' parts to shared memory, k
// outermost; what lies outside of the operands is zero there.
#include "compiler/codegen/vulkan/products/MatmulShader.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr int64_t kAcross = 16, kDown = 8; // invocations
constexpr int64_t kRows = 8;               // of an invocation
constexpr int64_t kTile = 64, kDepth = 16; // rows or columns, and k, of a tile
static_assert(kAcross * kQuad == kTile && kDown * kRows == kTile);

class Emitter : MatmulShader {
public:
  Emitter(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch)
      : MatmulShader(target, kernel, dispatch, tilingInShared()) {}

  LogicalResult emit() {
    OpBuilder &b = shader.builder;
    Location loc = shader.loc;
    id = shader.localId(gpu::Dimension::x);
    Value firstColumn = LinearIndex().add(shader.workgroupId(gpu::Dimension::x), kTile).materialize(b, loc);
    Value firstRow = LinearIndex().add(shader.workgroupId(gpu::Dimension::y), kTile).materialize(b, loc);
    Value ownColumn = multiply(arith::RemUIOp::create(b, loc, id, constant(kAcross)), kQuad);
    Value ownRow = multiply(arith::DivUIOp::create(b, loc, id, constant(kAcross)), kRows);
    Value left = shader.sharedMemory(kTile * kDepth, b.getF32Type());
    Value right = shader.sharedMemory(kTile * kDepth, b.getF32Type());
    auto addStep = [&](Value step, SmallVectorImpl<Value> &sums) {
      Value tileRow = multiply(step, kTile);
      SmallVector<Value> columns;
      for (int64_t i = 0; i < kQuad; ++i)
        columns.push_back(read(right, add(add(tileRow, ownColumn), i)));
      Value factor = quad(columns);
      for (auto [i, sum] : llvm::enumerate(sums))
        sum = multiplyAdd(read(left, add(add(tileRow, ownRow), i)), factor, sum);
      return success();
    };
    auto addTile = [&](SmallVectorImpl<Value> &sums, Value k, int64_t) -> LogicalResult {
      fill(left, kernel.lhs, kernel.m, firstRow, k);
      fill(right, kernel.rhs, kernel.n, firstColumn, k);
      gpu::BarrierOp::create(b, loc);
      if (failed(shader.loop(constant(0), constant(kDepth), 1, kDepth, sums, addStep)))
        return failure();
      gpu::BarrierOp::create(b, loc);
      return success();
    };
    FailureOr<SmallVector<Value>> sums = addUp(firstRow, firstColumn, kDepth, /*pads=*/true, addTile);
    return failed(sums) ? failure() : end(*sums, add(firstRow, ownRow), add(firstColumn, ownColumn));
  }

private:
  Value multiply(Value value, int64_t factor) {
    return LinearIndex().add(value, factor).materialize(shader.builder, shader.loc);
  }

  Value read(Value memory, Value at) { return memref::LoadOp::create(shader.builder, shader.loc, memory, at); }

  /// Copies the operand's elements (first ... first + 63 along `outer`, k ... k + 15) to shared memory, k outermost.
  /// Neighbours in the workgroup copy neighbours in memory.
  void fill(Value memory, const MatmulAccess &access, const MatmulLoop &outer, Value first, Value k) {
    OpBuilder &b = shader.builder;
    Location loc = shader.loc;
    bool alongK = kernel.k.stride(access) == 1;
    for (int64_t i = 0; i < kTile * kDepth; i += kAcross * kDown) {
      Value element = add(id, i), size = constant(alongK ? kDepth : kTile);
      Value fast = arith::RemUIOp::create(b, loc, element, size), slow = arith::DivUIOp::create(b, loc, element, size);
      Value ownK = alongK ? fast : slow, ownOuter = alongK ? slow : fast;
      Value depth = add(k, ownK), other = add(first, ownOuter), inside;
      auto limit = [&](Value value, const MatmulLoop &loop, int64_t tile) {
        if (loop.size % tile == 0)
          return value;
        Value within = less(value, loop.size);
        inside = inside ? arith::AndIOp::create(b, loc, inside, within).getResult() : within;
        return clamp(value, loop.size - 1);
      };
      Value safeDepth = limit(depth, kernel.k, kDepth), safeOther = limit(other, outer, kTile);
      Value value = rounded(loadElement(access, {safeOther, safeOther, safeDepth}));
      if (inside) {
        Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
        value = arith::SelectOp::create(b, loc, inside, value, zero);
      }
      memref::StoreOp::create(b, loc, value, memory, add(ownOuter, ownK, kTile));
    }
  }

  Value id;
};

} // namespace

MatmulTiling tilingInShared() { return {kTile, kTile, kAcross * kDown, kRows}; }

LogicalResult emitMatmulShared(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch) {
  return Emitter(target, kernel, dispatch).emit();
}

} // namespace sinter::vulkan
