// Products with a bound that is known at run time (sinter.matmul_below): what lies behind it is neither read nor
// multiplied. Columns behind it are zero; steps of k behind it would add zeros.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::cpu {

/// Reads the bound of the current tile's batch.
void MatmulEmitter::locateBound() {
  if (!kernel.bound)
    return;
  LinearIndex at{kernel.bound->offset, {}};
  for (auto [loop, index] : llvm::zip_equal(kernel.batch, batchIndices))
    at.add(index, loop.stride(*kernel.bound));
  Value number = memref::LoadOp::create(b, loc, flat[kernel.bound->operand], at.materialize(b, loc));
  Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
  number = arith::MaxSIOp::create(b, loc, number, zero);
  bound = arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
}

Value MatmulEmitter::isPastBound(Value column) {
  if (!bound || kernel.boundDim != kernel.n.dim)
    return {};
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, bound, add(firstColumn, column));
}

Value MatmulEmitter::isNeeded(Value condition, Value columnAt) {
  Value past = isPastBound(whole(columnAt, columns, plan.nr(), kernel.n.size));
  if (!past)
    return condition;
  Value none = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
  return arith::SelectOp::create(b, loc, past, none, condition);
}

Value MatmulEmitter::boundedSteps(Value start, Value steps, int64_t unit) {
  if (!bound || kernel.boundDim != kernel.k.dim)
    return steps;
  Value end = arith::MaxUIOp::create(b, loc, minimum(bound, add(start, steps)), start);
  Value most = LinearIndex{unit - 1, {}}.add(end, 1).add(start, -1).materialize(b, loc);
  return minimum(multiply(divide(most, unit), unit), steps);
}

MatmulEmitter::Sums MatmulEmitter::unless(Value past, const Sums &otherwise, llvm::function_ref<Sums()> body) {
  if (!past)
    return body();
  auto branch = scf::IfOp::create(b, loc, ValueRange(otherwise).getTypes(), past, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(b, loc, otherwise);
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, loc, body());
  return Sums(branch.getResults());
}

} // namespace sinter::cpu
