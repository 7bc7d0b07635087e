#include "compiler/passes/kernels/KernelShapes.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter {
namespace {

/// The type that holds `type` in memory.
Type stored(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isInteger(1) ? tensor.clone(IntegerType::get(type.getContext(), 8)) : type;
}

/// The region computes with booleans; its arguments and what it yields are bytes.
void convertRegion(MapOp map) {
  Block &block = map.getBody().front();
  OpBuilder builder(map.getContext());
  builder.setInsertionPointToStart(&block);
  for (BlockArgument argument : block.getArguments()) {
    if (!argument.getType().isInteger(1))
      continue;
    Type boolean = argument.getType();
    argument.setType(builder.getI8Type());
    auto truncated = arith::TruncIOp::create(builder, argument.getLoc(), boolean, argument);
    argument.replaceAllUsesExcept(truncated, truncated);
  }
  Operation *yield = block.getTerminator();
  builder.setInsertionPoint(yield);
  for (OpOperand &value : yield->getOpOperands())
    if (value.get().getType().isInteger(1))
      value.set(arith::ExtUIOp::create(builder, yield->getLoc(), builder.getI8Type(), value.get()));
}

/// Maps inside read bytes where they read operands; what is computed inside is not stored.
void convertOperands(AttentionOp attention) {
  for (BlockArgument argument : attention.getBody().getArguments()) {
    if (stored(argument.getType()) == argument.getType())
      continue;
    argument.setType(stored(argument.getType()));
    for (OpOperand &use : argument.getUses()) {
      auto map = cast<MapOp>(use.getOwner());
      OpBuilder builder = OpBuilder::atBlockBegin(&map.getBody().front());
      BlockArgument element = map.getBody().getArgument(use.getOperandNumber());
      Type boolean = element.getType();
      element.setType(builder.getI8Type());
      auto truncated = arith::TruncIOp::create(builder, element.getLoc(), boolean, element);
      element.replaceAllUsesExcept(truncated, truncated);
    }
  }
}

void convertConstant(arith::ConstantOp constant) {
  auto values = cast<DenseElementsAttr>(constant.getValue());
  SmallVector<int8_t> bytes;
  for (bool value : values.getValues<bool>())
    bytes.push_back(value);
  auto type = cast<RankedTensorType>(stored(constant.getType()));
  constant.setValueAttr(values.isSplat() ? DenseElementsAttr::get(type, bytes.front())
                                         : DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)));
}

} // namespace

void storeBooleansAsBytes(func::FuncOp function) {
  for (Operation &op : function.getBody().front()) {
    if (auto map = dyn_cast<MapOp>(op))
      convertRegion(map);
    else if (auto attention = dyn_cast<AttentionOp>(op))
      convertOperands(attention);
    else if (auto constant = dyn_cast<arith::ConstantOp>(op);
             constant && stored(constant.getType()) != constant.getType())
      convertConstant(constant);
    for (Value result : op.getResults())
      result.setType(stored(result.getType()));
  }
}

} // namespace sinter
