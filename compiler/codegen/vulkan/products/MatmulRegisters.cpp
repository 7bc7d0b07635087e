// Products in the registers of a subgroup, for devices that run a subgroup as one vector of a CPU:
//
//   a workgroup is one subgroup of 8; lane l owns columns 4 l ... 4 l + 3 of the tile and has sums for all of its rows
//   for k in steps of 4 or 8:
//     lane l loads row l (and l + 8, ...) of the left operand, four k at a time, and its columns of the right operand
//     for every row i, for every q of the step:  sum[i] += shuffle(left[i / 8][q], i % 8) * right[q]
//
// Loads are what costs on such devices (from storage buffers each lane by itself, with checks of bounds; less from
// texel buffers), and a shuffle by a constant lane is one instruction: no element is loaded twice by a subgroup. Rows
// are finished one after the other within a step, so that the sums of one row stay in registers while right[q] is read
// from the stack. Shuffles need all lanes: they stand outside of branches that lanes take apart, and lanes behind the
// last column work on copies of it.
#include "compiler/codegen/vulkan/products/MatmulShader.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr int64_t kLanes = 8, kColumns = kLanes * kQuad;

class Emitter : MatmulShader {
public:
  Emitter(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
          const MatmulSchedule &schedule)
      : MatmulShader(target, kernel, dispatch, tilingInRegisters(schedule), kLanes), rows(schedule.rows),
        step(schedule.step),
        leftAlongRows(!isQuad(kernel.lhs, kernel.k) && isQuad(kernel.lhs, kernel.m) && rows % kQuad == 0),
        rightAlongK(!isQuad(kernel.rhs, kernel.n) && isQuad(kernel.rhs, kernel.k)) {}

  LogicalResult emit() {
    OpBuilder &b = shader.builder;
    lane = shader.localId(gpu::Dimension::x);
    Value firstColumn = LinearIndex().add(shader.workgroupId(gpu::Dimension::x), kColumns).materialize(b, shader.loc);
    firstRow = LinearIndex().add(shader.workgroupId(gpu::Dimension::y), rows).materialize(b, shader.loc);
    column = add(firstColumn, lane, kQuad);
    int64_t lastQuad = (kernel.n.size - 1) / kQuad * kQuad;
    loadedColumn = kernel.n.size % kColumns == 0 ? column : clamp(column, lastQuad);
    auto multiply = [&](SmallVectorImpl<Value> &sums, Value k, int64_t count) {
      this->multiply(sums, k, count);
      return success();
    };
    FailureOr<SmallVector<Value>> sums = addUp(firstRow, firstColumn, step, /*pads=*/false, multiply);
    return failed(sums) ? failure() : end(*sums, firstRow, column);
  }

private:
  /// Adds the products of `count` k from `k` to the sums.
  void multiply(MutableArrayRef<Value> sums, Value k, int64_t count) {
    loadLeft(k, count);
    SmallVector<Value> right = loadRight(k, count);
    for (auto [i, sum] : llvm::enumerate(sums))
      for (int64_t q = 0; q < count; ++q)
        sum = multiplyAdd(leftValue(i, q), right[q], sum);
  }

  /// Rows in groups of 8, k in groups of 4: one load of four for each pair.
  void loadLeft(Value k, int64_t count) {
    left.clear();
    OpBuilder &b = shader.builder;
    for (int64_t group = 0; group < rows; group += kLanes)
      for (int64_t q = 0; q < count; q += kQuad) {
        Position at{add(add(firstRow, lane), group), {}, add(k, q)};
        if (leftAlongRows) {
          // Lanes of an even number have the first four rows, the others the next, of k + lane / 2.
          Value half = arith::AndIOp::create(b, shader.loc, lane, constant(1));
          at.row = add(add(firstRow, half, kQuad), group);
          at.depth = add(at.depth, arith::ShRUIOp::create(b, shader.loc, lane, constant(1)));
          if (count % kQuad != 0)
            at.depth = clamp(at.depth, kernel.k.size - 1);
        }
        bool outside = kernel.m.size % rows != 0 || rows % kLanes != 0;
        if (outside)
          at.row = clamp(at.row, leftAlongRows ? kernel.m.size - kQuad : kernel.m.size - 1);
        left.push_back(loadOperand(kernel.lhs, leftAlongRows ? kernel.m : kernel.k, at));
      }
    quadsOfStep = llvm::divideCeil(count, kQuad);
  }

  /// Element (i, q) of the step's left tile, on all lanes.
  Value leftValue(int64_t i, int64_t q) {
    Value quad = left[i / kLanes * quadsOfStep + q / kQuad];
    if (leftAlongRows)
      return broadcast(extract(quad, i % kQuad), q % kQuad * 2 + i % kLanes / kQuad);
    return broadcast(extract(quad, q % kQuad), i % kLanes);
  }

  Value broadcast(Value value, int64_t from) {
    OpBuilder &b = shader.builder;
    Value id = spirv::ConstantOp::create(b, shader.loc, b.getI32Type(), b.getI32IntegerAttr(from));
    return spirv::GroupNonUniformShuffleOp::create(b, shader.loc, value.getType(), spirv::Scope::Subgroup, value, id);
  }

  /// The lane's four columns for each k of the step.
  SmallVector<Value> loadRight(Value k, int64_t count) {
    SmallVector<Value> right;
    if (!rightAlongK) {
      for (int64_t q = 0; q < count; ++q)
        right.push_back(loadOperand(kernel.rhs, kernel.n, {{}, loadedColumn, add(k, q)}));
      return right;
    }
    SmallVector<Value> columns;
    for (int64_t i = 0; i < kQuad; ++i) {
      Value at = add(loadedColumn, i);
      if (kernel.n.size % kQuad != 0)
        at = clamp(at, kernel.n.size - 1);
      for (int64_t q = 0; q < count; q += kQuad)
        columns.push_back(loadOperand(kernel.rhs, kernel.k, {{}, at, add(k, q)}));
    }
    for (int64_t q = 0; q < count; ++q) {
      SmallVector<Value> values;
      for (int64_t i = 0; i < kQuad; ++i)
        values.push_back(extract(columns[i * quadsOfStep + q / kQuad], q % kQuad));
      right.push_back(quad(values));
    }
    return right;
  }

  int64_t rows, step, quadsOfStep = 0;
  bool leftAlongRows; ///< the left operand is loaded four rows at a time, not four k
  bool rightAlongK;
  Value lane, firstRow, column, loadedColumn;
  SmallVector<Value> left;
};

} // namespace

MatmulTiling tilingInRegisters(const MatmulSchedule &schedule) {
  return {schedule.rows, kColumns, kLanes, schedule.rows};
}

LogicalResult emitMatmulRegisters(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
                                  const MatmulSchedule &schedule) {
  return Emitter(target, kernel, dispatch, schedule).emit();
}

} // namespace sinter::vulkan
