#include "compiler/passes/decode/Conditions.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace sinter {

Conditions::Conditions(func::FuncOp source, BlockArgument tokens, BlockArgument position) : source(source) {
  for (BlockArgument argument : source.getArguments()) {
    bool isText = argument == tokens || argument == position;
    auto name = source.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "sinter.name");
    if (!isText && name && name.getValue() == "source")
      arguments.insert(argument);
    kinds[argument] = isText ? Text : isArgument(argument) ? Condition : Free;
  }
  if (!any())
    return;
  for (Operation &op : source.getBody().front()) {
    Kind kind = Free;
    for (Value operand : op.getOperands())
      kind = std::max(kind, kindOf(operand));
    for (Value result : op.getResults())
      kinds[result] = kind;
    if (kind == Text || op.hasTrait<OpTrait::IsTerminator>())
      for (Value operand : op.getOperands())
        if (kindOf(operand) == Condition)
          uses.insert(operand);
  }
}

bool Conditions::computes(Operation *op) const {
  return op->getNumResults() > 0 && kindOf(op->getResult(0)) == Condition;
}

func::FuncOp Conditions::encode(StringRef name, Caches &caches) {
  OpBuilder b(source.getContext());
  b.setInsertionPointAfter(source);
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  for (BlockArgument argument : source.getArguments())
    if (isArgument(argument) || kindOf(argument) == Free) {
      types.push_back(argument.getType());
      attributes.push_back(source.getArgAttrDict(argument.getArgNumber()));
    }
  auto entry = func::FuncOp::create(b, source.getLoc(), name, b.getFunctionType(types, {}));
  for (NamedAttribute attribute : source->getDiscardableAttrs())
    entry->setAttr(attribute.getName(), attribute.getValue());
  entry.setAllArgAttrs(attributes);
  b.setInsertionPointToStart(entry.addEntryBlock());
  IRMapping mapping;
  const auto *next = entry.getArguments().begin();
  for (BlockArgument argument : source.getArguments())
    if (isArgument(argument) || kindOf(argument) == Free)
      mapping.map(argument, *next++);
  for (Operation &op : source.getBody().front().without_terminator())
    if (op.getNumResults() > 0 && kindOf(op.getResult(0)) != Text)
      b.clone(op, mapping);
  for (Value value : needed())
    WriteOp::create(b, value.getLoc(), caches.of(value, /*dim=*/-1, /*texts=*/1).getSymName(), mapping.lookup(value));
  func::ReturnOp::create(b, source.getLoc());
  eraseDeadOps(entry.getBody().front());
  return entry;
}

void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace sinter
