// sinter-cpu-abi: tile functions get the signature that the runtime calls.
//
//   func.func @k(%x: memref<8xf32>, %y: memref<8xf32>, %begin: index, %end: index, %scratch: memref<?xi8>)
//     =>
//   func.func @k(%operands: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr)   { load the pointers; the body }
//
// Pointers carry no aliasing promise: an output may be the same memory as an input.
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/Passes.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUABI
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

/// A memref made of a bare pointer; one dynamic dimension gets `size`.
Value memrefAt(OpBuilder &builder, Location loc, const LLVMTypeConverter &converter, MemRefType type, Value pointer,
               Value size = {}) {
  Value descriptor;
  if (type.hasStaticShape()) {
    descriptor = MemRefDescriptor::fromStaticShape(builder, loc, converter, type, pointer);
  } else {
    auto dynamic = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
    auto constant = [&](int64_t value) -> Value {
      return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), builder.getI64IntegerAttr(value));
    };
    dynamic.setAllocatedPtr(builder, loc, pointer);
    dynamic.setAlignedPtr(builder, loc, pointer);
    dynamic.setOffset(builder, loc, constant(0));
    dynamic.setSize(builder, loc, 0, size);
    dynamic.setStride(builder, loc, 0, constant(1));
    descriptor = dynamic;
  }
  return UnrealizedConversionCastOp::create(builder, loc, TypeRange(type), descriptor).getResult(0);
}

/// Whether `op` is all of an argument in a row, as emitters look at it.
bool isFlat(memref::ReinterpretCastOp op) {
  auto from = dyn_cast<MemRefType>(op.getSource().getType());
  MemRefType to = op.getType();
  return from && from.hasStaticShape() && from.getLayout().isIdentity() && to.getLayout().isIdentity() &&
         to.getRank() == 1 && to.hasStaticShape() && to.getNumElements() == from.getNumElements();
}

void rewrite(func::FuncOp function, const LLVMTypeConverter &converter) {
  OpBuilder builder(function.getContext());
  Location loc = function.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  int64_t scratchBytes = 0;
  if (auto bytes = function->getAttrOfType<IntegerAttr>(kScratchAttr))
    scratchBytes = bytes.getInt();

  Block &body = function.getBody().front();
  unsigned operands = body.getNumArguments() - 3;
  builder.setInsertionPointToStart(&body);
  auto addArgument = [&](Type type) { return body.addArgument(type, loc); };
  Value table = addArgument(pointer), begin = addArgument(i64), end = addArgument(i64), scratch = addArgument(pointer);
  SmallVector<Value> values;
  auto load = [&](LLVM::GEPArg number) -> Value {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, table, ArrayRef(number));
    return LLVM::LoadOp::create(builder, loc, pointer, slot);
  };
  auto asNumber = [&](Value index) -> Value { return arith::IndexCastOp::create(builder, loc, i64, index); };
  for (unsigned i = 0; i < operands; ++i) {
    BlockArgument argument = body.getArgument(i);
    Value &memory = values.emplace_back();
    if (argument.use_empty()) // chosen by its number
      continue;
    Value address = load(int32_t(i));
    for (Operation *user : llvm::make_early_inc_range(argument.getUsers()))
      if (auto flat = dyn_cast<memref::ReinterpretCastOp>(user); flat && isFlat(flat)) {
        flat.replaceAllUsesWith(memrefAt(builder, loc, converter, flat.getType(), address));
        flat.erase();
      }
    if (!argument.use_empty())
      memory = memrefAt(builder, loc, converter, cast<MemRefType>(argument.getType()), address);
  }
  values.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), begin));
  values.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), end));
  Value bytes = LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(scratchBytes));
  values.push_back(
      memrefAt(builder, loc, converter, cast<MemRefType>(body.getArgument(operands + 2).getType()), scratch, bytes));
  for (auto [i, value] : llvm::enumerate(values))
    if (value)
      body.getArgument(i).replaceAllUsesWith(value);
  function.walk([&](UnrealizedConversionCastOp cast) {
    if (!cpu::isOperandAt(cast))
      return;
    builder.setInsertionPoint(cast);
    auto type = llvm::cast<MemRefType>(cast.getType(0));
    Value address = load(asNumber(cast.getOperand(0)));
    cast.getResult(0).replaceAllUsesWith(
        memrefAt(builder, loc, converter, type, address, asNumber(cast.getOperand(1))));
    cast.erase();
  });
  body.eraseArguments(0, operands + 3);
  function.setFunctionType(builder.getFunctionType({pointer, i64, i64, pointer}, {}));
  function.setAllArgAttrs(ArrayRef<DictionaryAttr>());
}

struct CpuAbiPass : impl::CpuAbiBase<CpuAbiPass> {
  using CpuAbiBase::CpuAbiBase;

  void runOnOperation() override {
    LLVMTypeConverter converter(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kTilesAttr) && function.getNumArguments() >= 3 &&
          isa<MemRefType>(function.getArgumentTypes().back()))
        rewrite(function, converter);
  }
};

} // namespace

} // namespace sinter
