// Registration of the sinter dialect, and the few helpers that several ops' rules share.
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "dialects/sinter/Dialect.cpp.inc"
#include "dialects/sinter/Enums.cpp.inc"
#include "dialects/sinter/Interfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/sinter/Ops.cpp.inc"

namespace sinter {

void SinterDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/sinter/Ops.cpp.inc"
      >();
}

Operation *SinterDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

void registerDialects(DialectRegistry &registry) {
  registry.insert<SinterDialect, arith::ArithDialect, math::MathDialect, func::FuncDialect, tensor::TensorDialect,
                  linalg::LinalgDialect>();
  registerElementwiseModels(registry);
}

bool isDifferentiable(Type type) { return getElementTypeOrSelf(type).isF32(); }

Value splat(OpBuilder &builder, Location loc, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr scalar = isa<FloatType>(element)
                         ? TypedAttr(builder.getFloatAttr(element, value))
                         : TypedAttr(builder.getIntegerAttr(element, static_cast<int64_t>(value)));
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(tensor, ArrayRef<Attribute>(scalar)));
  return arith::ConstantOp::create(builder, loc, scalar);
}

} // namespace sinter
