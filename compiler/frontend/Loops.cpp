// Loops: a body is built once, in the region of the op. What it reads of the code around it becomes an operand.
#include "sinter/loops.h"
#include "compiler/frontend/Builder.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {
namespace {

using Body = std::function<ScanStep(std::vector<Tensor> carry, std::vector<Tensor> now, Tensor step)>;

void refuseBooleans(ArrayRef<Value> values, const Twine &what, const Loc &loc) {
  for (Value value : values)
    if (dtypeOf(value.getType()) == DType::Bool)
      fail(loc, what + " is boolean; use cast(x, i32)", {{"the value", value}});
}

/// What a loop whose condition is computed carries besides: whether it goes on, and the number of the step.
constexpr size_t kOwnCarries = 2;

class ScanBuilder {
public:
  ScanBuilder(const char *what, int64_t steps, Direction direction, const Loc &loc, bool isConditional = false)
      : builder(ModelBuilder::get()), what(what), loc(loc), at(builder.at(loc)), steps(steps), direction(direction),
        isConditional(isConditional),
        draft(ScanOp::create(builder.ops, at, TypeRange(), steps, false, ValueRange(), ValueRange(), ValueRange())),
        block(draft.getBody().emplaceBlock()) {}

  ScanResult build(const std::vector<Tensor> &carry, const std::vector<Tensor> &sequences, const Body &body) {
    std::vector<Tensor> carries, now;
    for (const Tensor &tensor : carry)
      carries.push_back(addArgument(init, builder.use(tensor, what, loc), {}));
    for (const Tensor &tensor : sequences)
      now.push_back(addSequence(builder.use(tensor, what, loc)));
    refuseBooleans(init, Twine(what) + ": a carry", loc);
    refuseBooleans(over, Twine(what) + ": a sequence", loc);
    BlockArgument step = isConditional ? block.getArgument(1)
                                       : block.addArgument(RankedTensorType::get({}, builder.ops.getI32Type()), at);
    builder.loopSteps.push_back(step);
    {
      OpBuilder::InsertionGuard guard(builder.ops);
      builder.ops.setInsertionPointToEnd(&block);
      addNext(body(carries, now, wrap(step)));
    }
    builder.loopSteps.pop_back();
    if (!isConditional)
      countSteps(step);
    capture();
    return finish();
  }

private:
  Tensor addArgument(SmallVector<Value> &operands, Value value, Type type) {
    operands.push_back(value);
    return wrap(block.addArgument(type ? type : value.getType(), at));
  }

  Tensor addSequence(Value value) {
    ArrayRef<int64_t> shape = shapeOf(value);
    if (shape.empty())
      fail(loc, Twine(what) + ": a sequence has a first dimension, that of the steps, but this one is a scalar",
           {{"the sequence", value}});
    if (shape[0] != steps)
      fail(loc,
           Twine(what) + ": the sequences differ in length: " + Twine(steps) + " and " + Twine(shape[0]) + " steps",
           {{"the first", over.front()}, {"this one", value}});
    return addArgument(over, value, stepType(value.getType()));
  }

  /// Checks what the body has given.
  void addNext(const ScanStep &given) {
    if (given.carry.size() != init.size())
      fail(loc, Twine(what) + ": there are " + Twine(init.size()) + " carries, but the body gives " +
                    Twine(given.carry.size()));
    SmallVector<Value> values;
    for (auto [tensor, before] : llvm::zip_equal(given.carry, init)) {
      values.push_back(builder.use(tensor, what, loc));
      if (values.back().getType() != before.getType())
        fail(loc,
             Twine(what) + ": carry " + Twine(values.size() - 1 - (isConditional ? kOwnCarries : 0)) + " begins as " +
                 text(before) + ", but the body makes it " + text(values.back()),
             {{"it begins as this", before}, {"the body gives this", values.back()}});
    }
    for (const Tensor &tensor : given.outputs)
      values.push_back(builder.use(tensor, what, loc));
    refuseBooleans(ArrayRef(values).drop_front(init.size()), Twine(what) + ": an output", loc);
    NextOp::create(builder.ops, at, values);
  }

  /// The number of the step is a sequence, if the body asks for it.
  void countSteps(BlockArgument step) {
    if (step.use_empty())
      return block.eraseArgument(step.getArgNumber());
    OpBuilder before(draft);
    over.push_back(IotaOp::create(before, at, RankedTensorType::get({steps}, before.getI32Type()), 0));
  }

  void capture() {
    llvm::SetVector<Value> captured;
    block.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (!draft.getBody().isAncestor(operand.getParentRegion()))
          captured.insert(operand);
    });
    OpBuilder inside = OpBuilder::atBlockBegin(&block);
    for (Value value : captured) {
      Value own;
      if (auto constant = value.getDefiningOp<arith::ConstantOp>())
        own = inside.clone(*constant)->getResult(0);
      else
        own = Value::getFromOpaquePointer(addArgument(with, value, {}).handle());
      value.replaceUsesWithIf(
          own, [&](OpOperand &use) { return draft.getBody().isAncestor(use.getOwner()->getParentRegion()); });
    }
    refuseBooleans(with, Twine(what) + ": what the body reads of the code around it", loc);
  }

  ScanResult finish() {
    SmallVector<Type> types;
    for (auto [number, value] : llvm::enumerate(block.getTerminator()->getOperands()))
      types.push_back(number < init.size() ? value.getType() : Type(stackedType(value.getType(), steps)));
    auto scan = ScanOp::create(builder.ops, at, types, steps, direction == Direction::Backward, init, over, with);
    if (isConditional)
      scan->setAttr(kWhileAttr, builder.ops.getI64IntegerAttr(0));
    scan.getBody().takeBody(draft.getBody());
    draft.erase();
    ScanResult result;
    for (Value value : scan.getFinals())
      result.carry.push_back(wrap(value));
    for (Value value : scan.getStacks())
      result.outputs.push_back(wrap(value));
    return result;
  }

  ModelBuilder &builder;
  const char *what;
  const Loc &loc;
  mlir::Location at;
  int64_t steps;
  Direction direction;
  bool isConditional;
  ScanOp draft; ///< holds the body while it is built
  Block &block;
  SmallVector<Value> init, over, with; ///< operands
};

} // namespace

ScanResult scan(std::vector<Tensor> carry, std::vector<Tensor> sequences,
                const std::function<ScanStep(std::vector<Tensor>, std::vector<Tensor>)> &body, Direction direction,
                Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.entry("scan", loc);
  if (sequences.empty())
    fail(loc, "scan: there is no sequence to go over; use repeat(n, ...)");
  Value first = builder.use(sequences.front(), "scan", loc);
  return ScanBuilder("scan", shapeOf(first).empty() ? 1 : shapeOf(first)[0], direction, loc)
      .build(carry, sequences,
             [&](std::vector<Tensor> now, std::vector<Tensor> parts, Tensor) { return body(now, parts); });
}

std::vector<Tensor> repeat(int64_t times, std::vector<Tensor> carry,
                           const std::function<std::vector<Tensor>(std::vector<Tensor>, Tensor)> &body, Loc loc) {
  ModelBuilder::get().entry("repeat", loc);
  if (times < 1)
    fail(loc, "repeat: " + Twine(times) + " times; it takes at least one");
  return ScanBuilder("repeat", times, Direction::Forward, loc)
      .build(carry, {},
             [&](std::vector<Tensor> now, std::vector<Tensor>, Tensor step) { return ScanStep{body(now, step)}; })
      .carry;
}

/// The condition as a number, which may enter a loop.
static Tensor asFlag(const Tensor &condition, const char *what, const Loc &loc) {
  Value value = ModelBuilder::get().use(condition, what, loc);
  if (dtypeOf(value.getType()) != DType::Bool || !shapeOf(value).empty())
    fail(loc, Twine(what) + ": the condition must be a boolean scalar, but is " + text(value),
         {{"the condition", value}});
  return cast(condition, i32, loc);
}

/// Whether `value` is computed of something that `body` carries.
static bool dependsOnCarries(Value value, Block *body) {
  SmallVector<Value> open{value};
  DenseSet<Value> seen;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      if (argument.getOwner() == body)
        return true;
      continue;
    }
    llvm::append_range(open, next.getDefiningOp()->getOperands());
  }
  return false;
}

using Condition = std::function<Tensor(std::vector<Tensor> carry, Tensor step)>;
using StepBody = std::function<std::vector<Tensor>(std::vector<Tensor> carry, Tensor step)>;

/// Carries: whether there is a next step, its number, and the user's.
static std::vector<Tensor> whileLoop(const char *what, const std::vector<Tensor> &carry, const Condition &condition,
                                     const StepBody &body, int64_t most, const Loc &loc) {
  ModelBuilder::get().entry(what, loc);
  if (most < 1 || most > INT32_MAX)
    fail(loc, Twine(what) + ": at most " + Twine(most) + " times; it takes a number from 1 to 2147483647");
  CallSite here(loc);
  Tensor zero = full({}, 0, i32);
  std::vector<Tensor> all = {asFlag(condition(carry, zero), what, loc), zero};
  all.insert(all.end(), carry.begin(), carry.end());
  auto user = [](const std::vector<Tensor> &now) { return std::vector(now.begin() + kOwnCarries, now.end()); };
  std::vector<Tensor> last =
      ScanBuilder(what, most, Direction::Forward, loc, /*isConditional=*/true)
          .build(all, {},
                 [&](const std::vector<Tensor> &now, const std::vector<Tensor> &, Tensor) {
                   Tensor goesOn = now[0] != 0, step = now[1];
                   std::vector<Tensor> given = body(user(now), step);
                   if (given.size() != carry.size())
                     fail(loc, Twine(what) + ": there are " + Twine(carry.size()) + " carries, but the body gives " +
                                   Twine(given.size()));
                   // (what has another type is an error of the scan's)
                   std::vector<Tensor> next = {now[0], step + 1};
                   for (size_t i = 0; i < given.size(); ++i) {
                     Tensor old = now[kOwnCarries + i];
                     bool alike = given[i].shape() == old.shape() && given[i].dtype() == old.dtype();
                     next.push_back(alike ? where(goesOn, given[i], old) : given[i]);
                   }
                   Tensor more = asFlag(condition(user(next), next[1]), what, loc);
                   ModelBuilder &builder = ModelBuilder::get();
                   if (!dependsOnCarries(builder.use(more, what, loc), builder.ops.getInsertionBlock()))
                     fail(loc, Twine(what) + ": the condition depends on no carry, so that it never changes");
                   next[0] = where(goesOn, more, 0);
                   return ScanStep{next};
                 })
          .carry;
  return user(last);
}

std::vector<Tensor> while_loop(std::vector<Tensor> carry, const std::function<Tensor(std::vector<Tensor>)> &condition,
                               const std::function<std::vector<Tensor>(std::vector<Tensor>)> &body, int64_t most,
                               Loc loc) {
  return whileLoop(
      "while_loop", carry, [&](const std::vector<Tensor> &now, Tensor) { return condition(now); },
      [&](const std::vector<Tensor> &now, Tensor) { return body(now); }, most, loc);
}

std::vector<Tensor> repeat(Tensor times, std::vector<Tensor> carry, const StepBody &body, int64_t most, Loc loc) {
  Value count = ModelBuilder::get().use(times, "repeat", loc);
  if (dtypeOf(count.getType()) != DType::I32 || !shapeOf(count).empty())
    fail(loc, "repeat: the number of times must be an i32 scalar, but is " + text(count), {{"the number", count}});
  return whileLoop(
      "repeat", carry, [&](const std::vector<Tensor> &, Tensor step) { return step < times; }, body, most, loc);
}

} // namespace sinter
