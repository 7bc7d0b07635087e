#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::cpu {

namespace {

std::optional<int64_t> known(Value value) {
  APInt result;
  if (matchPattern(value, m_ConstantInt(&result)))
    return result.getSExtValue();
  return std::nullopt;
}

} // namespace

Value MatmulBuilder::add(Value x, Value y) { return LinearIndex().add(x, 1).add(y, 1).materialize(b, loc); }

Value MatmulBuilder::add(Value x, int64_t y) { return LinearIndex{y, {}}.add(x, 1).materialize(b, loc); }

Value MatmulBuilder::subtract(Value x, int64_t y) { return add(x, -y); }

Value MatmulBuilder::saturatingSubtract(Value x, int64_t y) {
  return y == 0 ? x : subtract(arith::MaxUIOp::create(b, loc, x, constant(y)), y);
}

Value MatmulBuilder::multiply(Value x, int64_t y) { return LinearIndex().add(x, y).materialize(b, loc); }

Value MatmulBuilder::divide(Value x, int64_t y) {
  if (y == 1)
    return x;
  if (std::optional<int64_t> value = known(x))
    return constant(*value / y);
  return arith::DivUIOp::create(b, loc, x, constant(y));
}

Value MatmulBuilder::remainder(Value x, int64_t y) {
  if (y == 1)
    return constant(0);
  if (std::optional<int64_t> value = known(x))
    return constant(*value % y);
  return arith::RemUIOp::create(b, loc, x, constant(y));
}

Value MatmulBuilder::minimum(Value x, Value y) {
  std::optional<int64_t> a = known(x), c = known(y);
  if (a && c)
    return constant(std::min(*a, *c));
  return arith::MinUIOp::create(b, loc, x, y);
}

Value MatmulBuilder::zeros() {
  VectorType type = lanesOf(b.getF32Type());
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

void MatmulBuilder::loop(Value bound, int64_t step, Body body) {
  loop(constant(0), bound, step, {}, [&](Value at, ValueRange) {
    body(at);
    return SmallVector<Value>();
  });
}

SmallVector<Value> MatmulBuilder::loop(Value from, Value bound, int64_t step, ValueRange initial, ReducingBody body) {
  std::optional<int64_t> first = known(from), last = known(bound);
  if (first && last && *first + step >= *last) // once, or not at all
    return *first < *last ? body(from, initial) : SmallVector<Value>(initial);
  auto op = scf::ForOp::create(b, loc, from, bound, constant(step), initial,
                               [&](OpBuilder &, Location, Value at, ValueRange carried) {
                                 OpBuilder::InsertionGuard guard(b);
                                 b.setInsertionPointToEnd(at.getParentBlock());
                                 scf::YieldOp::create(b, loc, body(at, carried));
                               });
  return SmallVector<Value>(op.getResults());
}

void MatmulBuilder::choose(Value condition, llvm::function_ref<void()> yes, llvm::function_ref<void()> no) {
  if (std::optional<int64_t> value = known(condition))
    return *value ? yes() : no();
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  yes();
  b.setInsertionPointToStart(op.elseBlock());
  no();
}

void MatmulBuilder::onlyIf(Value condition, llvm::function_ref<void()> body) {
  if (matchPattern(condition, m_One()))
    return body();
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

SmallVector<Value> MatmulBuilder::zerosIf(Value condition, size_t count,
                                          llvm::function_ref<SmallVector<Value>()> body) {
  SmallVector<Value> none(count, zeros());
  if (matchPattern(condition, m_One()))
    return none;
  SmallVector<Type> types(count, none.front().getType());
  auto op = scf::IfOp::create(b, loc, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(op.thenBlock());
  scf::YieldOp::create(b, loc, none);
  b.setInsertionPointToEnd(op.elseBlock());
  scf::YieldOp::create(b, loc, body());
  return SmallVector<Value>(op.getResults());
}

Value MatmulBuilder::equals(Value x, int64_t y) {
  if (std::optional<int64_t> value = known(x))
    return arith::ConstantOp::create(b, loc, b.getBoolAttr(*value == y));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, constant(y));
}

Value MatmulBuilder::isSame(Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y); }

Value MatmulBuilder::either(Value x, Value y) {
  if (matchPattern(x, m_One()))
    return x;
  if (matchPattern(y, m_One()))
    return y;
  return arith::OrIOp::create(b, loc, x, y);
}

Value MatmulBuilder::whole(Value at, Value bound, int64_t unit, int64_t total) {
  if (total % unit == 0 || total < unit)
    return at;
  return minimum(at, subtract(bound, unit));
}

Value MatmulBuilder::extent(Value start, int64_t block, int64_t total) {
  if (total % block == 0)
    return constant(block);
  return minimum(constant(block), LinearIndex{total, {}}.add(start, -1).materialize(b, loc));
}

} // namespace sinter::cpu
