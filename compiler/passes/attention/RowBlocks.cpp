#include "compiler/passes/attention/RowBlocks.h"

#include "compiler/codegen/products/ProductOrder.h"
#include "compiler/passes/attention/FusedAttention.h"
#include "dialects/sinter/Axes.h"

using namespace mlir;

namespace sinter {
namespace {

/// Whether a block of rows needs nothing of the others: sums over rows leave the region at once.
bool rowsAreApart(AttentionOp attention) {
  AxisAnalysis axes(attention);
  Block &body = attention.getBody().front();
  auto isAlong = [&](Value value, int64_t dim) { return dim >= 0 && axes.of(value).row == dim; };
  for (Operation &op : body.without_terminator()) {
    if (auto iota = dyn_cast<IotaOp>(op); iota && isAlong(iota.getResult(), static_cast<int64_t>(iota.getAxis())))
      return false; // counts rows; maps do so by sinter.index, which can start elsewhere
    bool readsRows = llvm::any_of(op.getOperands(), [&](Value value) { return axes.of(value).row >= 0; });
    for (Value result : op.getResults()) {
      if (!readsRows || axes.of(result).row >= 0)
        continue;
      // Products add up in units, which blocks are; a sum of another kind would have another order than of all rows.
      if (!isa<ProductLike>(op) ||
          llvm::any_of(op.getUsers(), [&](Operation *user) { return user != body.getTerminator(); }))
        return false;
    }
    if (auto product = dyn_cast<ProductLike>(op))
      if (!product.isWhole())
        return false; // of all rows, a triangle
  }
  return true;
}

} // namespace

int64_t rowsOfBlock(AttentionOp attention, const KernelAbilities &abilities) {
  ArrayRef<int64_t> over = attention.getOver();
  int64_t rows = over[over.size() - 2], bytes = sizeof(float);
  for (int64_t size : over)
    bytes *= size;
  int64_t unit = codegen::unitOf(rows);
  if (unit == rows || bytes < kWorthBlocks || over.size() != 2 || hasKernel(attention, abilities) ||
      !rowsAreApart(attention))
    return 0;
  return unit;
}

} // namespace sinter
