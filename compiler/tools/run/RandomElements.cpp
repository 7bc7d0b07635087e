// Steps of random functions that keep a shape: elementwise ops, alone, with repeated operands, with indices, with
// states.
#include "RandomGraph.h"

using namespace mlir;

namespace sinter::run {

Value RandomGraph::unary() { return unaryOf(pick()); }

Value RandomGraph::unaryOf(Value x) {
  switch (below(14)) {
  case 0:
    return make<math::TanhOp>(x);
  case 1:
    return make<math::ExpOp>(make<math::TanhOp>(x));
  case 2:
    return make<math::SinOp>(x);
  case 3:
    return make<math::CosOp>(x);
  case 4:
    return make<math::ErfOp>(x);
  case 5:
    return make<math::LogOp>(onePlusSquare(x));
  case 6:
    return make<math::SqrtOp>(onePlusSquare(x));
  case 7:
    return make<math::RsqrtOp>(onePlusSquare(x));
  case 8: { // sigmoid, as the op and as some write it
    if (chance(0.5))
      return make<SigmoidOp>(x);
    Value denominator = add(make<math::ExpOp>(make<arith::NegFOp>(x)), 1);
    return make<arith::DivFOp>(constant(x, 1), denominator);
  }
  case 9: // relu, away from the exact zeros that masks and pads make
    return make<arith::MaximumFOp>(add(x, 0.371), constant(x, 0));
  case 10:
    return make<math::AbsFOp>(add(x, 0.173));
  case 11: // gelu, exact form
    return scale(make<arith::MulFOp>(x, add(make<math::ErfOp>(scale(x, 0.70710678)), 1)), 0.5);
  case 12:
    return make<math::Log1pOp>(make<math::ExpOp>(make<math::TanhOp>(x)));
  default:
    return make<math::PowFOp>(onePlusSquare(x), constant(x, 0.7));
  }
}

Value RandomGraph::combine(Value a, Value b) {
  switch (below(6)) {
  case 0:
    return make<arith::AddFOp>(a, b);
  case 1:
    return make<arith::SubFOp>(a, b);
  case 2:
  case 3:
    return scale(make<arith::MulFOp>(a, b), 0.5);
  case 4:
    return make<arith::DivFOp>(a, onePlusSquare(b));
  default:
    return chance(0.5) ? make<arith::MaximumFOp>(a, add(b, 0.217)) : make<arith::MinimumFOp>(a, add(b, 0.217));
  }
}

Value RandomGraph::binary() {
  Value a = pick();
  return combine(a, valueOfShape(shapeOf(a)));
}

/// With something that is repeated along some of the dimensions.
Value RandomGraph::bias() {
  Value a = pickOfRank(1);
  SmallVector<int64_t> dims, sizes;
  for (int64_t d = 0; d < rankOf(a); ++d)
    if (chance(0.5)) {
      dims.push_back(d);
      sizes.push_back(shapeOf(a)[d]);
    }
  Value small = valueOfShape(sizes);
  return combine(a, make<BroadcastOp>(a.getType(), small, builder.getDenseI64ArrayAttr(dims)));
}

/// Where an index is above another one: -inf and a softmax, or zero.
Value RandomGraph::mask() {
  Value a = pickOfRank(2);
  auto type = integers(shapeOf(a));
  Value row = make<IotaOp>(type, builder.getI64IntegerAttr(rankOf(a) - 2));
  Value column = make<IotaOp>(type, builder.getI64IntegerAttr(rankOf(a) - 1));
  Value keep = make<arith::CmpIOp>(arith::CmpIPredicate::sge, row, column);
  if (chance(0.5))
    return make<arith::SelectOp>(keep, a, constant(a, 0));
  Value hidden = constant(a, -std::numeric_limits<double>::infinity());
  return make<SoftmaxOp>(a.getType(), make<arith::SelectOp>(keep, a, hidden));
}

Value RandomGraph::choose() {
  Value a = pick(), b = valueOfShape(shapeOf(a));
  auto predicate = chance(0.5) ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGE;
  Value condition = make<arith::CmpFOp>(predicate, a, add(b, 0.293));
  if (chance(0.3))
    return make<arith::MulFOp>(a, make<arith::UIToFPOp>(a.getType(), condition));
  return make<arith::SelectOp>(condition, b, a);
}

Value RandomGraph::dropout() { return dropoutOf(pickOfRank(1)); }

Value RandomGraph::dropoutOf(Value a) {
  auto type = integers(shapeOf(a));
  Value counter = make<IotaOp>(type, builder.getI64IntegerAttr(rankOf(a) - 1));
  Value key = make<BroadcastOp>(type, integerArgument({}, 1000), builder.getDenseI64ArrayAttr({}));
  Value stream = splat(builder, loc, type, static_cast<double>(below(100)));
  Value bits = make<ThreefryOp>(key, stream, counter, stream);
  Value keep = make<arith::CmpIOp>(arith::CmpIPredicate::sgt, bits, splat(builder, loc, type, -500000000));
  return make<arith::SelectOp>(keep, scale(a, 1.6), constant(a, 0));
}

/// Reads a state of `a`'s shape and writes a mixture of both into it.
Value RandomGraph::state() {
  Value a = pick();
  std::string name = function.getName().str() + "." + std::to_string(states++);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    StateOp::create(builder, loc, builder.getStringAttr(name), TypeAttr::get(a.getType()),
                    builder.getStringAttr("normal"), builder.getF64FloatAttr(1.0), builder.getUnitAttr());
  }
  Value old = ReadOp::create(builder, loc, a.getType(), name);
  Value mixed = make<arith::AddFOp>(scale(old, 0.9), scale(a, 0.1));
  WriteOp::create(builder, loc, name, mixed);
  return chance(0.5) ? make<arith::MulFOp>(a, old) : mixed;
}

/// With the index along a dimension, as a position encoding has it.
Value RandomGraph::position() {
  Value a = pickOfRank(1);
  Value index = make<IotaOp>(integers(shapeOf(a)), builder.getI64IntegerAttr(below(rankOf(a))));
  Value wave = make<math::SinOp>(scale(make<arith::SIToFPOp>(a.getType(), index), 0.7));
  return combine(a, wave);
}

/// A square matrix with its transpose: two reads of one tensor, through different maps.
Value RandomGraph::withTranspose() {
  int64_t size = 2 + below(30);
  Value a = valueOfShape({size, size});
  if (chance(0.5))
    a = unaryOf(a);
  Value turned = TransposeOp::create(builder, loc, a, ArrayRef<int64_t>{1, 0});
  return chance(0.5) ? combine(a, turned) : combine(turned, a);
}

} // namespace sinter::run
