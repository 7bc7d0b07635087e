#include "compiler/codegen/cpu/attention/AttentionDiagonals.h"

#include "compiler/codegen/loops/SumOrder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::cpu {

AttentionDiagonalsEmitter::AttentionDiagonalsEmitter(OpBuilder &builder, Location loc, const AttentionKernel &kernel,
                                                     Value scratch, int64_t &scratchSize)
    : b(builder), loc(loc), kernel(kernel) {
  auto take = [&] {
    Value view = scratchView(b, loc, scratch, scratchSize, b.getF32Type(), padded());
    scratchSize += llvm::alignTo(padded() * sizeof(float), 64);
    return view;
  };
  run = take();
  if (inRuns())
    sum = take(), excess = take();
}

bool AttentionDiagonalsEmitter::inRuns() const { return kernel.queries > codegen::kTermsPerRun; }

Value AttentionDiagonalsEmitter::constant(int64_t value) { return indexConstant(b, loc, value); }

Value AttentionDiagonalsEmitter::load(Value from, Value at) { return loadLanes(b, loc, from, at); }

/// Of the first `length` numbers, which may take a part of a vector more.
void AttentionDiagonalsEmitter::forEachVector(int64_t length, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(length), constant(kLanes));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void AttentionDiagonalsEmitter::begin() {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(lanesOf(b.getF32Type())));
  forEachVector(count(), [&](Value at) {
    for (Value memory : {run, sum, excess})
      if (memory)
        storeLanes(b, loc, zero, memory, at);
  });
}

void AttentionDiagonalsEmitter::addBlock(Value buffer, Value firstQuery, Value newQuery) {
  Value firstKey = kernel.firstKey(b, loc, firstQuery, kLanes);
  Value from = arith::SubIOp::create(b, loc, newQuery, firstQuery);
  auto rows = scf::ForOp::create(b, loc, from, constant(kernel.rows), constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rows.getBody());
  Value query = arith::AddIOp::create(b, loc, firstQuery, rows.getInductionVar());
  addRow(buffer, rows.getInductionVar(), query, firstKey);
  if (!inRuns())
    return;
  auto is = [&](Value a, int64_t value) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, a, constant(value));
  };
  Value inRun = arith::RemUIOp::create(b, loc, query, constant(codegen::kTermsPerRun));
  Value closes = arith::OrIOp::create(b, loc, is(inRun, codegen::kTermsPerRun - 1), is(query, kernel.queries - 1));
  auto closing = scf::IfOp::create(b, loc, closes, /*withElseRegion=*/false);
  b.setInsertionPointToStart(closing.thenBlock());
  closeRun();
}

/// Key j of a query i lies on diagonal j - i + queries - 1. Keys that are left out hold zeros.
void AttentionDiagonalsEmitter::addRow(Value buffer, Value row, Value query, Value firstKey) {
  auto keys = scf::ForOp::create(b, loc, firstKey, kernel.keysBound(b, loc, query), constant(kLanes));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(keys.getBody());
  Value key = keys.getInductionVar();
  Value terms = load(buffer, LinearIndex().add(row, kernel.stride()).add(key, 1).materialize(b, loc));
  if (Value isKey = kernel.keysFrom(b, loc, key)) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(terms.getType()));
    terms = arith::SelectOp::create(b, loc, isKey, terms, zero);
  }
  Value at = LinearIndex{kernel.queries - 1, {}}.add(key, 1).add(query, -1).materialize(b, loc);
  storeLanes(b, loc, arith::AddFOp::create(b, loc, load(run, at), terms), run, at);
}

void AttentionDiagonalsEmitter::closeRun() {
  forEachVector(count(), [&](Value at) {
    codegen::RunSum after = codegen::addRun(b, loc, {load(sum, at), load(excess, at)}, load(run, at));
    storeLanes(b, loc, after.sum, sum, at);
    storeLanes(b, loc, after.excess, excess, at);
    storeLanes(b, loc, arith::ConstantOp::create(b, loc, b.getZeroAttr(after.sum.getType())), run, at);
  });
}

void AttentionDiagonalsEmitter::end(Value batch, Value result) {
  int64_t whole = count() / kLanes * kLanes;
  auto store = [&](Value at, int64_t lanes) {
    Value to = LinearIndex().add(batch, count()).add(at, 1).materialize(b, loc);
    storeLanes(b, loc, load(inRuns() ? sum : run, at), result, to, 1, lanes);
  };
  forEachVector(whole, [&](Value at) { store(at, kLanes); });
  if (whole < count())
    store(constant(whole), count() - whole);
}

} // namespace sinter::cpu
