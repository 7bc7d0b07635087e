// sinter-cpu-double-math: functions of f64 that neither the processor nor LLVM has.
//
//   %y = math.erf %x : vector<16xf64>   =>   func.call @erf(...) on each lane
//
// f64 is there to check f32 with: the C library's functions are exact enough for that, and need not be fast.
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUDOUBLEMATH
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

/// The function of the C library that computes `op`; empty if there is a better way.
StringRef nameInC(Operation *op) {
  return TypeSwitch<Operation *, StringRef>(op)
      .Case([](math::ErfOp) { return StringRef("erf"); })
      .Case([](math::ErfcOp) { return StringRef("erfc"); })
      .Case([](math::ExpM1Op) { return StringRef("expm1"); })
      .Case([](math::Log1pOp) { return StringRef("log1p"); })
      .Case([](math::TanhOp) { return StringRef("tanh"); })
      .Default(StringRef());
}

bool isDouble(Operation *op) {
  return op->getNumResults() == 1 && getElementTypeOrSelf(op->getResult(0).getType()).isF64();
}

/// 1 / (1 + e^-x).
Value sigmoidOf(OpBuilder &builder, SigmoidOp op) {
  Location loc = op.getLoc();
  Type type = op.getType();
  auto number = builder.getF64FloatAttr(1);
  auto vector = dyn_cast<VectorType>(type);
  Value one = vector ? arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, number)).getResult()
                     : arith::ConstantOp::create(builder, loc, number).getResult();
  Value power = math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, op.getInput()));
  return arith::DivFOp::create(builder, loc, one, arith::AddFOp::create(builder, loc, one, power));
}

struct CpuDoubleMathPass : impl::CpuDoubleMathBase<CpuDoubleMathPass> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (!isDouble(op))
        return;
      OpBuilder builder(op);
      Value result;
      if (auto sigmoid = dyn_cast<SigmoidOp>(op))
        result = sigmoidOf(builder, sigmoid);
      else if (StringRef name = nameInC(op); !name.empty())
        result = callOf(builder, *op, name);
      else
        return;
      op->replaceAllUsesWith(ValueRange(result));
      op->erase();
    });
  }

  /// The function, of one number, on each lane.
  Value callOf(OpBuilder &builder, Operation &op, StringRef name) {
    Location loc = op.getLoc();
    func::FuncOp function = declared(name, loc);
    Value operand = op.getOperand(0);
    auto call = [&](Value x) { return func::CallOp::create(builder, loc, function, x).getResult(0); };
    auto vector = dyn_cast<VectorType>(operand.getType());
    if (!vector)
      return call(operand);
    SmallVector<Value> lanes;
    for (int64_t lane = 0; lane < vector.getNumElements(); ++lane)
      lanes.push_back(call(vector::ExtractOp::create(builder, loc, operand, lane)));
    return vector::FromElementsOp::create(builder, loc, vector, lanes);
  }

  func::FuncOp declared(StringRef name, Location loc) {
    if (auto known = getOperation().lookupSymbol<func::FuncOp>(name))
      return known;
    OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
    Type number = builder.getF64Type();
    auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(number, number));
    function.setPrivate();
    return function;
  }
};

} // namespace
} // namespace sinter
