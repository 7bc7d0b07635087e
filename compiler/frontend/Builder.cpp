// The module under construction, and the checks and messages that all DSL functions share.
#include "compiler/frontend/Builder.h"
#include "dialects/sinter/Places.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>

using namespace mlir;

namespace sinter::frontend {

static ModelBuilder *theBuilder = nullptr;

ModelBuilder::ModelBuilder(MLIRContext &context, const ModelOptions &options)
    : ops(&context), options(options), module(ModuleOp::create(UnknownLoc::get(&context))),
      lastCall(UnknownLoc::get(&context)) {
  theBuilder = this;
}

ModelBuilder::~ModelBuilder() { theBuilder = nullptr; }

ModelBuilder &ModelBuilder::get() {
  // Only a model that runs DSL calls before or after its description (in a static initialiser) gets here.
  if (!theBuilder)
    throw std::logic_error("a sinter function was called outside of SINTER_MODEL");
  return *theBuilder;
}

mlir::Location ModelBuilder::at(const sinter::Location &written) {
  sinter::Location loc = callSite.value_or(written);
  auto place = FileLineColLoc::get(ops.getContext(), loc.file_name(), loc.line(), loc.column());
  mlir::Location scoped = inScope(llvm::join(scopes, "."), place);
  if (options.onCall && scoped != lastCall)
    options.onCall(modelLine(place));
  lastCall = scoped;
  return scoped;
}

Entry &ModelBuilder::entry(const char *what, const sinter::Location &loc) {
  if (!current)
    fail(loc, Twine(what) + ": called outside of an entry");
  return *current;
}

Value ModelBuilder::use(const Tensor &tensor, const char *what, const sinter::Location &loc) {
  Entry &here = entry(what, loc);
  if (!tensor.handle())
    fail(loc, Twine(what) + ": an operand is an empty tensor (declared, but never given a value)");
  Value value = Value::getFromOpaquePointer(tensor.handle());
  Operation *around = value.getParentBlock()->getParentOp();
  auto owner = isa<func::FuncOp>(around) ? cast<func::FuncOp>(around) : around->getParentOfType<func::FuncOp>();
  if (owner != here.func)
    fail(loc,
         Twine(what) + ": an operand belongs to entry '" + owner.getName() + "', but this is entry '" + here.name + "'",
         {{"the operand", value}});
  if (!value.getParentRegion()->isAncestor(ops.getInsertionBlock()->getParent()))
    fail(loc, Twine(what) + ": an operand belongs to the body of a loop, which gives outwards only what it returns",
         {{"the operand", value}});
  return value;
}

mlir::OpBuilder ModelBuilder::outsideLoops() {
  OpBuilder place = ops;
  while (!isa<func::FuncOp>(place.getInsertionBlock()->getParentOp()))
    place.setInsertionPoint(place.getInsertionBlock()->getParentOp());
  return place;
}

void ModelBuilder::refuseInLoop(const char *what, const sinter::Location &loc) {
  if (!loopSteps.empty())
    fail(loc, Twine(what) + ": may not stand in the body of a loop, which only gives what it returns");
}

Value ModelBuilder::useReal(const Tensor &tensor, const char *what, const sinter::Location &loc) {
  return typeOf(use(tensor, what, loc)).getElementType().isF64() ? use(tensor, what, loc) : useFloat(tensor, what, loc);
}

Value ModelBuilder::useFloat(const Tensor &tensor, const char *what, const sinter::Location &loc) {
  Value value = use(tensor, what, loc);
  if (!typeOf(value).getElementType().isF32())
    fail(loc, Twine(what) + ": needs f32, but the operand is " + name(dtypeOf(value.getType())) + "; use cast(x, f32)",
         {{"the operand", value}});
  return value;
}

std::string text(ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), ", ") + "]";
}

std::string text(Value value) { return std::string(name(dtypeOf(value.getType()))) + " " + text(shapeOf(value)); }

std::string digits(double value) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

const char *name(DType dtype) {
  switch (dtype) {
  case DType::F32:
    return "f32";
  case DType::I32:
    return "i32";
  case DType::Bool:
    return "boolean";
  case DType::BF16:
    return "bf16";
  case DType::F16:
    return "f16";
  case DType::I64:
    return "i64";
  case DType::F64:
    return "f64";
  }
  return "?";
}

DType dtypeOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isF32())
    return DType::F32;
  if (isa<FloatType>(element))
    return element.isBF16() ? DType::BF16 : element.isF16() ? DType::F16 : DType::F64;
  return element.isInteger(1) ? DType::Bool : element.isInteger(64) ? DType::I64 : DType::I32;
}

Type elementType(MLIRContext *context, DType dtype) {
  switch (dtype) {
  case DType::F32:
    return Float32Type::get(context);
  case DType::I32:
    return IntegerType::get(context, 32);
  case DType::Bool:
    return IntegerType::get(context, 1);
  case DType::BF16:
    return BFloat16Type::get(context);
  case DType::F16:
    return Float16Type::get(context);
  case DType::I64:
    return IntegerType::get(context, 64);
  case DType::F64:
    return Float64Type::get(context);
  }
  return {};
}

int64_t checkAxis(int64_t axis, ArrayRef<int64_t> shape, const char *what, const sinter::Location &loc) {
  int64_t rank = shape.size();
  if (axis < -rank || axis >= rank)
    fail(loc, Twine(what) + ": axis " + Twine(axis) + " is out of range for a tensor of shape " + text(shape) +
                  " (rank " + Twine(rank) + ")");
  return axis < 0 ? axis + rank : axis;
}

void checkShape(ArrayRef<int64_t> shape, const char *what, const sinter::Location &loc) {
  constexpr int64_t most = int64_t{1} << 40;
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size <= 0)
      fail(loc, Twine(what) + ": every size must be positive, but the shape is " + text(shape));
    if (size > most / elements)
      fail(loc, Twine(what) + ": shape " + text(shape) + " has more than 2^40 elements");
    elements *= size;
  }
  if (shape.size() > 8)
    fail(loc, Twine(what) + ": shape " + text(shape) + " has rank " + Twine(shape.size()) + ", at most 8 is possible");
}

void checkHeld(double value, DType dtype, const Twine &what, const sinter::Location &loc) {
  std::string why = whyNotHeld(elementType(ModelBuilder::get().ops.getContext(), dtype), value);
  if (!why.empty())
    fail(loc, what + " " + digits(value) + " " + why);
}

void checkElement(double value, DType dtype, const Twine &what, const sinter::Location &loc) {
  std::string why = whyNotHeld(elementType(ModelBuilder::get().ops.getContext(), dtype), value);
  if (!isFloat(dtype) || !StringRef(why).contains("largest"))
    return checkHeld(value, dtype, what, loc);
  const char *largest = dtype == DType::F16    ? "f16 is 65504"
                        : dtype == DType::BF16 ? "bf16 is 3.3895314e+38"
                                               : "f32 is 3.4028235e+38";
  emitWarning(ModelBuilder::get().at(loc), what + " " + digits(value) + " is infinity: the largest " + largest);
}

void fail(const sinter::Location &loc, const Twine &message, ArrayRef<std::pair<const char *, Value>> operands) {
  ModelError error(ModelBuilder::get().at(loc), message.str());
  for (auto [what, value] : operands) {
    mlir::Location made = value.getLoc();
    error.notes.emplace_back(made, std::string(what) + ", " + text(value) + ", was made here");
  }
  throw error;
}

std::optional<Shape> commonShape(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t i = 0; i < result.size(); ++i) { // i counts from the last dimension
    int64_t sizeA = i < a.size() ? a[a.size() - 1 - i] : 1, sizeB = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (sizeA != sizeB && sizeA != 1 && sizeB != 1)
      return std::nullopt;
    result[result.size() - 1 - i] = sizeA == 1 ? sizeB : sizeA;
  }
  return result;
}

Tensor wrapResult(Value value, const Tensor &operand, const sinter::Location &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  if (value.getAsOpaquePointer() == operand.handle())
    value = ReshapeOp::create(builder.ops, builder.at(loc), value.getType(), value);
  return wrap(value);
}

Value reshapeTo(Value value, ArrayRef<int64_t> shape, mlir::Location loc) {
  if (shapeOf(value) == shape)
    return value;
  return ReshapeOp::create(ModelBuilder::get().ops, loc, typeOf(value).clone(shape), value);
}

Value permute(Value value, ArrayRef<int64_t> permutation, mlir::Location loc) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return value;
  Shape shape;
  for (int64_t d : permutation)
    shape.push_back(shapeOf(value)[d]);
  return TransposeOp::create(ModelBuilder::get().ops, loc, typeOf(value).clone(shape), value, permutation);
}

Value broadcastTo(Value value, ArrayRef<int64_t> shape, mlir::Location loc) {
  ArrayRef<int64_t> own = shapeOf(value);
  if (own == shape)
    return value;
  // Dimensions of size 1 that grow disappear first; sinter.broadcast then adds them as new ones.
  int64_t lead = shape.size() - own.size();
  Shape kept, dims;
  for (auto [d, size] : llvm::enumerate(own)) {
    if (size == 1 && shape[lead + d] != 1)
      continue;
    kept.push_back(size);
    dims.push_back(lead + d);
  }
  value = reshapeTo(value, kept, loc);
  if (kept.size() == shape.size())
    return value;
  return BroadcastOp::create(ModelBuilder::get().ops, loc, typeOf(value).clone(shape), value, dims);
}

} // namespace sinter::frontend
