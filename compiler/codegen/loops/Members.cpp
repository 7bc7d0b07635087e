#include "compiler/codegen/loops/Members.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter::codegen {
namespace {

/// What `op` is computed from, itself last.
void collect(Operation *op, llvm::SetVector<Operation *> &needed) {
  for (Value operand : op->getOperands())
    if (Operation *producer = operand.getDefiningOp())
      collect(producer, needed);
  needed.insert(op);
}

/// The constant that a result starts from; null if it starts from nothing.
Attribute initialValue(Value init) {
  Attribute constant;
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    matchPattern(fill.getInputs()[0], m_Constant(&constant));
  return constant;
}

/// The first member as a function of its own; `returned` are its results among those of the kernel.
OwningOpRef<func::FuncOp> isolate(func::FuncOp kernel, ArrayRef<linalg::GenericOp> ops, ArrayRef<Value> returned,
                                  llvm::SetVector<BlockArgument> &arguments) {
  llvm::SetVector<Operation *> needed;
  for (linalg::GenericOp op : ops)
    collect(op, needed);
  for (Operation *op : needed)
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        arguments.insert(argument);
  OpBuilder builder(kernel.getContext());
  auto type = builder.getFunctionType(ValueRange(SmallVector<Value>(arguments.begin(), arguments.end())).getTypes(),
                                      ValueRange(returned).getTypes());
  OwningOpRef<func::FuncOp> first = func::FuncOp::create(kernel.getLoc(), "member", type);
  Block *block = first->addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping mapping;
  for (auto [from, to] : llvm::zip_equal(arguments, block->getArguments()))
    mapping.map(from, to);
  for (Operation *op : needed)
    builder.clone(*op, mapping);
  SmallVector<Value> results;
  for (Value value : returned)
    results.push_back(mapping.lookup(value));
  func::ReturnOp::create(builder, kernel.getLoc(), results);
  return first;
}

} // namespace

FailureOr<Members> readMembers(func::FuncOp kernel, int64_t count) {
  SmallVector<linalg::GenericOp> generics(kernel.getOps<linalg::GenericOp>());
  if (count < 1 || generics.empty() || generics.size() % count != 0)
    return kernel.emitError("kernel: ") << generics.size() << " ops are not those of " << count << " equal members";
  size_t each = generics.size() / count;
  ArrayRef<linalg::GenericOp> pattern = ArrayRef(generics).take_front(each);
  auto returns = cast<func::ReturnOp>(kernel.getBody().front().getTerminator()).getOperands();

  Members members;
  SmallVector<Value> returned;
  for (Value value : returns)
    if (llvm::is_contained(pattern, value.getDefiningOp<linalg::GenericOp>()))
      returned.push_back(value);
  llvm::SetVector<BlockArgument> arguments;
  members.first = isolate(kernel, pattern, returned, arguments);

  for (int64_t member = 0; member < count; ++member) {
    ArrayRef<linalg::GenericOp> ops = ArrayRef(generics).slice(member * each, each);
    DenseMap<Value, Value> counterpart;
    bool equal = true;
    for (auto [a, b] : llvm::zip_equal(pattern, ops)) {
      linalg::GenericOp left = a, right = b;
      equal = equal && left.getNumDpsInputs() == right.getNumDpsInputs() &&
              left->getNumResults() == right->getNumResults() && left.getIndexingMaps() == right.getIndexingMaps() &&
              left.getIteratorTypes() == right.getIteratorTypes() &&
              OperationEquivalence::isRegionEquivalentTo(&left.getRegion(), &right.getRegion(),
                                                         OperationEquivalence::IgnoreLocations);
      if (!equal)
        break;
      for (auto [x, y] : llvm::zip_equal(left.getDpsInits(), right.getDpsInits()))
        equal = equal && initialValue(x) == initialValue(y);
      for (auto [x, y] : llvm::zip_equal(left.getDpsInputs(), right.getDpsInputs()))
        equal =
            equal && isa<BlockArgument>(x) == isa<BlockArgument>(y) && counterpart.try_emplace(x, y).first->second == y;
      for (auto [x, y] : llvm::zip_equal(left->getResults(), right->getResults()))
        counterpart[x] = y;
    }
    SmallVector<unsigned> &table = members.operands.emplace_back();
    for (BlockArgument argument : arguments)
      if (auto other = dyn_cast_or_null<BlockArgument>(counterpart.lookup(argument)))
        table.push_back(other.getArgNumber());
    for (Value value : returned) {
      auto found = llvm::find(returns, counterpart.lookup(value));
      if (found != returns.end())
        table.push_back(kernel.getNumArguments() + (found - returns.begin()));
    }
    if (!equal || table.size() != arguments.size() + returned.size())
      return kernel.emitError("kernel: member ") << member << " differs from the first in more than its tensors";
    members.sizes.push_back(linalg::GenericOp(ops.front()).getStaticLoopRanges().front());
  }
  return members;
}

} // namespace sinter::codegen
