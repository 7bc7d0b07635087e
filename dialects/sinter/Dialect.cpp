// Registration of the sinter dialect, and the few helpers that several ops' rules share.
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/Loops.h"
#include "dialects/sinter/Sinter.h"
#include "dialects/sinter/Windows.h"

#include "mlir/IR/DialectImplementation.h"

#include <cmath>

using namespace mlir;

#include "dialects/sinter/DecodeEnums.cpp.inc"
#include "dialects/sinter/Dialect.cpp.inc"
#include "dialects/sinter/Enums.cpp.inc"
#include "dialects/sinter/Interfaces.cpp.inc"
#include "dialects/sinter/WindowsEnums.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/sinter/Ops.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/sinter/LoopOps.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/sinter/DecodeOps.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/sinter/WindowsOps.cpp.inc"

namespace sinter {

void SinterDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/sinter/Ops.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/sinter/WindowsOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/sinter/LoopOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/sinter/DecodeOps.cpp.inc"
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

bool isDifferentiable(Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); }

bool isFreeView(Operation *op) {
  auto view = dyn_cast_or_null<ViewLike>(op);
  return view && view.isFree();
}

bool isPermuted(Operation *op) {
  auto view = dyn_cast_or_null<ViewLike>(op);
  return view && !view.getPermutation().empty();
}

bool isPart(Operation *op) {
  auto view = dyn_cast_or_null<ViewLike>(op);
  return view && view.isPart();
}

bool takesMapsIn(Operation *op) { return isa<ReductionLike>(op) || op->hasTrait<Rowwise>(); }

std::string whyNotHeld(Type element, double value) {
  if (auto type = dyn_cast<FloatType>(element)) {
    bool lossy;
    APFloat rounded(value);
    rounded.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lossy);
    bool isSingle = type.isF32();
    auto isNone = [&](const char *which, const APFloat &limit, const char *ofSingle) {
      SmallString<32> digits;
      limit.toString(digits, /*FormatPrecision=*/4);
      std::string name;
      llvm::raw_string_ostream(name) << type;
      return (isSingle ? "is not an f32: " : "is no " + name + ": ") + which +
             (isSingle ? std::string(ofSingle) : digits.str().str());
    };
    if (std::isfinite(value) && rounded.isInfinity())
      return isNone("the largest is ", APFloat::getLargest(type.getFloatSemantics()), "3.4028235e+38");
    if (value != 0 && rounded.isZero())
      return isNone("the least above 0 is ", APFloat::getSmallest(type.getFloatSemantics()), "1e-45");
    return "";
  }
  unsigned width = element.getIntOrFloatBitWidth();
  if (width == 1)
    return value == 0 || value == 1 ? "" : "is not a boolean, 0 or 1";
  double limit = std::ldexp(1.0, static_cast<int>(width) - 1);
  if (value >= -limit && value < limit && value == std::trunc(value))
    return "";
  if (width == 64)
    return "is not an i64, a whole number of 64 bits";
  return "is not an i32, a whole number from -2147483648 to 2147483647";
}

Value splat(OpBuilder &builder, Location loc, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr scalar = isa<FloatType>(element) ? TypedAttr(builder.getFloatAttr(element, value))
                                             : TypedAttr(builder.getIntegerAttr(element, static_cast<int64_t>(value)));
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(tensor, ArrayRef<Attribute>(scalar)));
  return arith::ConstantOp::create(builder, loc, scalar);
}

} // namespace sinter
