// sinter-expand-threefry: random bits as integer arithmetic, on scalars and vectors alike.
//
//   %r = sinter.threefry %k0, %k1, %c0, %c1 : vector<16xi32>   =>   20 rounds of add, rotate, xor
//
// Threefry-2x32, 20 rounds: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 4.
#include "compiler/codegen/Passes.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_EXPANDTHREEFRY
#include "compiler/codegen/Passes.h.inc"

namespace {

Value expand(OpBuilder &builder, ThreefryOp op) {
  Location loc = op.getLoc();
  Type type = op.getType();
  auto constant = [&](uint32_t value) -> Value {
    TypedAttr scalar = builder.getI32IntegerAttr(static_cast<int32_t>(value));
    if (auto shaped = dyn_cast<ShapedType>(type))
      return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(shaped, scalar));
    return arith::ConstantOp::create(builder, loc, scalar);
  };
  auto add = [&](Value a, Value b) -> Value { return arith::AddIOp::create(builder, loc, a, b); };
  auto exclusiveOr = [&](Value a, Value b) -> Value { return arith::XOrIOp::create(builder, loc, a, b); };
  auto rotateLeft = [&](Value a, uint32_t bits) -> Value {
    Value high = arith::ShLIOp::create(builder, loc, a, constant(bits));
    Value low = arith::ShRUIOp::create(builder, loc, a, constant(32 - bits));
    return arith::OrIOp::create(builder, loc, high, low);
  };
  constexpr uint32_t kRotations[8] = {13, 15, 26, 6, 17, 29, 16, 24}, kParity = 0x1BD11BDA;
  Value keys[3] = {op.getKey0(), op.getKey1(), {}};
  keys[2] = exclusiveOr(exclusiveOr(keys[0], keys[1]), constant(kParity));
  Value x0 = add(op.getCounter0(), keys[0]), x1 = add(op.getCounter1(), keys[1]);
  for (uint32_t round = 0; round < 20; ++round) {
    x0 = add(x0, x1);
    x1 = exclusiveOr(rotateLeft(x1, kRotations[round % 8]), x0);
    if (round % 4 == 3) {
      uint32_t injection = round / 4 + 1;
      x0 = add(x0, keys[injection % 3]);
      x1 = add(add(x1, keys[(injection + 1) % 3]), constant(injection));
    }
  }
  return x0;
}

struct ExpandThreefryPass : impl::ExpandThreefryBase<ExpandThreefryPass> {
  using ExpandThreefryBase::ExpandThreefryBase;

  void runOnOperation() override {
    getOperation()->walk([](ThreefryOp op) {
      OpBuilder builder(op);
      op.replaceAllUsesWith(expand(builder, op));
      op.erase();
    });
  }
};

} // namespace

} // namespace sinter
