// sinter-vulkan-hide-zeros: no driver sees that a number is zero.
//
//   %y = arith.mulf %x, 0.0   =>   %z = plan.push_constant 3, which no dispatch gives, so that it is 0;
//                                  %y = arith.mulf %x, bitcast(%z)
//
// NaN * 0 is NaN and -0 + 0 is 0, but lavapipe's code generator takes a literal zero for the product, the quotient, or
// the other summand, whatever the decorations and execution modes say, and -0 for the 0 of a choice between -1 and 0.
#include "compiler/codegen/scalars/Arithmetic.h"
#include "compiler/codegen/vulkan/Passes.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::vulkan {
#define GEN_PASS_DEF_HIDEZEROS
#include "compiler/codegen/vulkan/Passes.h.inc"

namespace {

/// The elements of a constant of f32, scalar or vector; nothing of anything else.
SmallVector<APFloat> elementsOf(Value value) {
  Attribute constant;
  if (!getElementTypeOrSelf(value.getType()).isF32() || !matchPattern(value, m_Constant(&constant)))
    return {};
  if (auto scalar = dyn_cast<FloatAttr>(constant))
    return {scalar.getValue()};
  auto dense = dyn_cast<DenseFPElementsAttr>(constant);
  return dense ? llvm::to_vector(dense.getValues<APFloat>()) : SmallVector<APFloat>();
}

bool hasZero(Value value) {
  return llvm::any_of(elementsOf(value), [](const APFloat &element) { return element.isZero(); });
}

bool hasMinusOne(Value value) {
  return llvm::any_of(elementsOf(value), [](const APFloat &element) { return element.isExactlyValue(-1.0); });
}

/// Whether the op's value depends on what a zero among its operands meets.
bool isSensitive(Operation *op) {
  if (auto choice = dyn_cast<arith::SelectOp>(op))
    return hasMinusOne(choice.getTrueValue()) || hasMinusOne(choice.getFalseValue());
  // (a loop: drivers unroll short ones, and add to what it starts from)
  return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, math::FmaOp, scf::ForOp>(op);
}

struct HideZerosPass : impl::HideZerosBase<HideZerosPass> {
  using HideZerosBase::HideZerosBase;

  void runOnOperation() override {
    zero = {};
    hidden.clear();
    getOperation().walk([&](Operation *op) {
      if (isSensitive(op))
        for (OpOperand &operand : op->getOpOperands())
          if (hasZero(operand.get()))
            operand.set(hide(operand.get()));
    });
  }

  /// The same number, made of bits and a zero that is known at run time only.
  Value hide(Value constant) {
    auto [known, isNew] = hidden.try_emplace(constant);
    if (!isNew)
      return known->second;
    OpBuilder builder = OpBuilder::atBlockBegin(&getOperation().getBody().front());
    Location loc = getOperation().getLoc();
    if (!zero)
      zero = plan::PushConstantOp::create(builder, loc, builder.getI32Type(), plan::kMaxPushConstants - 1);
    builder.setInsertionPointAfterValue(zero);
    Type type = constant.getType(), words = builder.getI32Type();
    Value word = zero;
    SmallVector<int32_t> bits;
    for (const APFloat &element : elementsOf(constant))
      bits.push_back(static_cast<int32_t>(element.bitcastToAPInt().getZExtValue()));
    TypedAttr own = builder.getI32IntegerAttr(bits.front());
    if (auto vector = dyn_cast<VectorType>(type)) {
      words = vector.clone(words);
      word = vector::BroadcastOp::create(builder, loc, words, zero);
      own = DenseElementsAttr::get(cast<ShapedType>(words), ArrayRef(bits).take_front(vector.getNumElements()));
    }
    word = arith::OrIOp::create(builder, loc, word, arith::ConstantOp::create(builder, loc, own));
    return known->second = arith::BitcastOp::create(builder, loc, type, word);
  }

  Value zero;
  llvm::DenseMap<Value, Value> hidden;
};

} // namespace

} // namespace sinter::vulkan
