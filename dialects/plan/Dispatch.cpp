// Kernels as dispatches: how they print, and their rules. The registration of the dialect's ops stands here, as their
// generated code calls the printers.
#include "dialects/plan/Plan.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;

namespace sinter::plan {

/// `push [1, 2]`.
static ParseResult parsePushConstants(OpAsmParser &parser, DenseI64ArrayAttr &constants) {
  SmallVector<int64_t> values;
  if (parser.parseKeyword("push") || parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, [&] {
        return parser.parseInteger(values.emplace_back());
      }))
    return failure();
  constants = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}

static void printPushConstants(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr constants) {
  printer << "push [";
  llvm::interleaveComma(constants.asArrayRef(), printer);
  printer << "]";
}

static constexpr StringLiteral kAccessNames[] = {"", "read", "write", "update", "texels"};

/// `(read 0 at 0 bytes 64, write scratch at 0 bytes 256)`.
static ParseResult parseBindings(OpAsmParser &parser, DenseI64ArrayAttr &bindings) {
  SmallVector<int64_t> values;
  auto parseBinding = [&]() -> ParseResult {
    SMLoc where = parser.getCurrentLocation();
    StringRef access;
    int64_t operand = Binding::kScratch, offset, bytes;
    if (parser.parseKeyword(&access))
      return failure();
    const auto *known = llvm::find(ArrayRef(kAccessNames).drop_front(), access);
    if (known == std::end(kAccessNames))
      return parser.emitError(where, "expected read, write or update");
    if (failed(parser.parseOptionalKeyword("scratch")) && parser.parseInteger(operand))
      return failure();
    if (parser.parseKeyword("at") || parser.parseInteger(offset) || parser.parseKeyword("bytes") ||
        parser.parseInteger(bytes))
      return failure();
    values.append({operand, known - std::begin(kAccessNames), offset, bytes});
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseBinding))
    return failure();
  bindings = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}

static void printBindings(OpAsmPrinter &printer, DispatchOp op, DenseI64ArrayAttr) {
  printer << "(";
  llvm::interleaveComma(op.getBindingList(), printer, [&](const Binding &binding) {
    printer << kAccessNames[binding.access] << " ";
    if (binding.operand == Binding::kScratch)
      printer << "scratch";
    else
      printer << binding.operand;
    printer << " at " << binding.offset << " bytes " << binding.bytes;
  });
  printer << ")";
}

} // namespace sinter::plan

#define GET_OP_CLASSES
#include "dialects/plan/Ops.cpp.inc"

namespace sinter::plan {

void PlanDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/Ops.cpp.inc"
      >();
}

SmallVector<Binding> DispatchOp::getBindingList() {
  SmallVector<Binding> list;
  ArrayRef<int64_t> values = getBindings();
  for (; values.size() >= 4; values = values.drop_front(4))
    list.push_back({values[0], values[1], values[2], values[3]});
  return list;
}

LogicalResult KernelOp::verifyRegions() {
  for (Operation &op : getBody().front()) {
    auto dispatch = dyn_cast<DispatchOp>(op);
    if (!dispatch) // C1
      return op.emitOpError() << "may not stand in a plan.kernel: it holds dispatches";
    for (const Binding &binding : dispatch.getBindingList()) // C2
      if (binding.operand == Binding::kScratch &&
          static_cast<uint64_t>(binding.offset + binding.bytes) > getScratchBytes())
        return dispatch.emitOpError() << "binds bytes " << binding.offset << " to " << binding.offset + binding.bytes
                                      << " of a scratch of " << getScratchBytes();
  }
  return success();
}

LogicalResult DispatchOp::verify() {
  if (getGroups().size() != 3 || llvm::any_of(getGroups(), [](int64_t n) { return n < 1 || n > kMaxGroups; })) // C1
    return emitOpError() << "needs three numbers of workgroups in 1 ... " << kMaxGroups;
  if (getConstants().size() > kMaxPushConstants || !llvm::all_of(getConstants(), llvm::isUInt<32>)) // C2
    return emitOpError() << "has at most " << kMaxPushConstants << " push constants of 32 bits";
  if (getBindings().size() % 4 != 0)
    return emitOpError() << "a binding has four numbers";
  if (getBindingList().size() > kMaxBindings) // C3
    return emitOpError() << "binds " << getBindingList().size() << " places: at most " << kMaxBindings;
  for (const Binding &binding : getBindingList()) {
    if (binding.access < Binding::Read || binding.access > Binding::Texels || binding.operand < Binding::kScratch)
      return emitOpError() << "a binding reads, writes or updates an operand or the scratch, or reads its texels";
    if (binding.access == Binding::Texels && binding.bytes % kTexelBytes != 0)
      return emitOpError() << "binds " << binding.bytes << " bytes as texels of " << kTexelBytes;
    if (binding.offset < 0 || binding.offset % kAlignment != 0)
      return emitOpError() << "offset " << binding.offset << " is not a multiple of " << kAlignment;
    if (binding.bytes < 1 || binding.bytes > kMaxBindingBytes)
      return emitOpError() << "binds " << binding.bytes << " bytes: at least 1 and at most " << kMaxBindingBytes;
  }
  return success();
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C4: a gpu.module until it is converted to a spirv.module.
  Operation *shader = symbols.lookupNearestSymbolFrom(getOperation()->getParentOp(), getShaderAttr());
  if (!shader || !llvm::is_contained({"gpu.module", "spirv.module"}, shader->getName().getStringRef()))
    return emitOpError() << "there is no shader @" << getShader();
  return success();
}

LogicalResult PushConstantOp::verify() {
  if (getNumber() >= static_cast<uint64_t>(kMaxPushConstants))
    return emitOpError() << "a dispatch has " << kMaxPushConstants << " push constants";
  return success();
}

LogicalResult LaunchOp::verifyBindings(KernelOp kernel) {
  SmallVector<int64_t> sizes;
  for (ValueRange buffers : {ValueRange(getInputs()), ValueRange(getOutputs())})
    for (Value buffer : buffers)
      sizes.push_back(sizeInBytes(cast<ShapedType>(buffer.getType())));
  for (auto dispatch : kernel.getBody().getOps<DispatchOp>())
    for (const Binding &binding : dispatch.getBindingList()) {
      if (binding.operand == Binding::kScratch)
        continue;
      if (binding.operand >= static_cast<int64_t>(sizes.size()))
        return emitOpError() << "kernel @" << getKernel() << " binds operand " << binding.operand << " of "
                             << sizes.size();
      if (binding.offset + binding.bytes > sizes[binding.operand])
        return emitOpError() << "kernel @" << getKernel() << " binds bytes " << binding.offset << " to "
                             << binding.offset + binding.bytes << " of operand " << binding.operand << ", which has "
                             << sizes[binding.operand];
    }
  return success();
}

} // namespace sinter::plan
