// sinter-verify-stage: the contract of every stage, as a table. A pass that lets a new dialect or op through a stage
// says so here; whatever is not listed is an error at its line.
#include "compiler/passes/Passes.h"
#include "dialects/sinter/Attributes.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_VERIFYSTAGE
#include "compiler/passes/Passes.h.inc"

namespace {

/// The kinds of place an op can stand in. Nested regions belong to the place of the function around them.
enum class Place { Module, Entry, Kernel, Plan, Tiles, Shader };

StringRef describe(Place place) {
  switch (place) {
  case Place::Module:
    return "at module level";
  case Place::Entry:
    return "in an entry";
  case Place::Kernel:
    return "in a kernel";
  case Place::Plan:
    return "in a plan";
  case Place::Tiles:
    return "in a tile function";
  case Place::Shader:
    return "in a shader";
  }
  return "";
}

/// What may stand in a place: names of ops, or of dialects (no dot). Empty: the place may not exist.
struct Allowed {
  Place place;
  std::vector<StringRef> names;
};

using Check = LogicalResult (*)(Operation *op, StringRef stage);
using SymbolCheck = LogicalResult (*)(Operation *op, StringRef stage, SymbolTableCollection &symbols);

struct Rules {
  StringRef stage;
  std::vector<Allowed> places;
  std::vector<Check> checks;                  ///< asked of every op
  std::vector<SymbolCheck> symbolChecks = {}; ///< the same, of those that name others
};

InFlightDiagnostic report(Operation *op, StringRef stage) {
  return emitError(op->getLoc()) << "stage `" << stage << "`: ";
}

//===--- checks ------------------------------------------------------------------------------------===//

/// Shapes are static, elements are of a type that programs have.
LogicalResult hasPlainTensors(Operation *op, StringRef stage) {
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types) {
      if (!isa<TensorType>(type))
        continue;
      auto ranked = dyn_cast<RankedTensorType>(type);
      if (!ranked || !ranked.hasStaticShape())
        return report(op, stage) << op->getName() << ": shapes are static, " << type << " is not";
      Type element = ranked.getElementType();
      bool isFloat = element.isF32() || element.isBF16() || element.isF16() || element.isF64();
      bool isInteger = element.isInteger(64) || element.isInteger(32) || element.isInteger(8) || element.isInteger(1);
      if (!isFloat && !isInteger)
        return report(op, stage) << op->getName() << ": tensors are of f32, f64, bf16, f16, i32, i64, i8 or i1, not of "
                                 << element;
    }
  return success();
}

/// A function without a body is nothing that a program could do.
LogicalResult hasBody(Operation *op, StringRef stage) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (function && function.isExternal())
    return report(op, stage) << "@" << function.getName() << " has no body";
  return success();
}

/// Booleans stay inside: they enter and leave neither entries nor kernels.
LogicalResult hasNoBooleansAtBoundary(Operation *op, StringRef stage) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function || !(function->hasAttr(kEntryAttr) || function->hasAttr(kKernelAttr)))
    return success();
  for (TypeRange types : {TypeRange(function.getArgumentTypes()), TypeRange(function.getResultTypes())})
    for (Type type : types)
      if (getElementTypeOrSelf(type).isInteger(1))
        return report(op, stage) << "@" << function.getName() << ": booleans do not cross the boundary: " << type;
  return success();
}

/// Elementwise arithmetic has become maps.
LogicalResult hasNoElementwiseTensorOps(Operation *op, StringRef stage) {
  if (OpTrait::hasElementwiseMappableTraits(op) && llvm::any_of(op->getResultTypes(), llvm::IsaPred<TensorType>))
    return report(op, stage) << op->getName() << " on tensors may not remain: fuse it into a sinter.map";
  return success();
}

LogicalResult hasNoGrad(Operation *op, StringRef stage) {
  if (isa<GradOp, VariableOp, StopGradientOp>(op))
    return report(op, stage) << op->getName() << " may not remain";
  return success();
}

/// Functions are entries or private kernels; entries call kernels.
LogicalResult isEntryOrKernel(Operation *op, StringRef stage) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function)
    return success();
  if (!function->hasAttr(kEntryAttr) && !function->hasAttr(kKernelAttr))
    return report(op, stage) << "@" << function.getName() << " is neither an entry nor a kernel";
  if (function->hasAttr(kKernelAttr) && !function.isPrivate())
    return report(op, stage) << "kernel @" << function.getName() << " is not private";
  return success();
}

LogicalResult callsKernels(Operation *op, StringRef stage, SymbolTableCollection &symbols) {
  auto call = dyn_cast<func::CallOp>(op);
  if (!call)
    return success();
  Operation *callee = symbols.lookupNearestSymbolFrom(op, call.getCalleeAttr());
  if (!callee || !callee->hasAttr(kKernelAttr))
    return report(op, stage) << "@" << call.getCallee() << " is not a kernel";
  return success();
}

/// Kernels hold what their kind says: one of products has some, and no other but an attention has any.
LogicalResult isOfItsKind(Operation *op, StringRef stage) {
  auto kernel = dyn_cast<func::FuncOp>(op);
  if (!kernel || !kernel->hasAttr(kKernelAttr) || kernel->hasAttr("sinter.tiles"))
    return success();
  StringRef kind = kindOf(kernel);
  if (kind.empty())
    return report(op, stage) << "kernel @" << kernel.getName() << " does not say of which kind it is";
  bool holds = llvm::any_of(kernel.getOps<linalg::GenericOp>(), isProduct);
  if (kind != kAttentionKind && holds != (kind == kProductKind))
    return report(op, stage) << "kernel @" << kernel.getName() << " is of kind \"" << kind << "\" and holds "
                             << (holds ? "a" : "no") << " product";
  return success();
}

LogicalResult isInItsRole(Operation *op, StringRef stage) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  std::string why = generic ? whyNotInRole(generic) : "";
  if (!why.empty())
    return report(op, stage) << "linalg.generic is not what its role says: " << why;
  return success();
}

/// Each index is a loop's, but for the last one, which may be the distance of two.
bool walksAlongDiagonals(AffineMap map) {
  SmallVector<AffineExpr> others(map.getResults().drop_back(map.getNumResults() ? 1 : 0));
  if (!AffineMap::get(map.getNumDims(), 0, others, map.getContext()).isProjectedPermutation() ||
      map.getNumResults() == 0)
    return false;
  SmallVector<int64_t> factors;
  return succeeded(getFlattenedAffineExpr(map.getResults().back(), map.getNumDims(), 0, &factors)) &&
         llvm::count(ArrayRef(factors).drop_back(), 1) == 1 && llvm::count(ArrayRef(factors).drop_back(), -1) == 1;
}

/// Loops of kernels read and write through projected permutations, and copies along diagonals; anything else has become
/// slices.
LogicalResult hasSimpleMaps(Operation *op, StringRef stage) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic)
    return success();
  for (AffineMap map : generic.getIndexingMapsArray())
    if (!map.isProjectedPermutation() && !walksAlongDiagonals(map))
      return report(op, stage) << "linalg.generic: the indexing map " << AffineMapAttr::get(map)
                               << " is not a projected permutation";
  return success();
}

/// Every launched kernel is a function of tiles, (operands, begin, end, scratch), or a list of dispatches.
LogicalResult launchesTileFunctions(Operation *op, StringRef stage, SymbolTableCollection &symbols) {
  auto launch = dyn_cast<plan::LaunchOp>(op);
  if (!launch)
    return success();
  Operation *kernel = symbols.lookupNearestSymbolFrom(op, launch.getKernelAttr());
  if (isa_and_nonnull<plan::KernelOp>(kernel))
    return success();
  if (!kernel || kernel->getName().getStringRef() != "llvm.func" || !kernel->hasAttr("sinter.tiles"))
    return report(op, stage) << "kernel @" << launch.getKernel() << " is not an llvm.func with `sinter.tiles`";
  return success();
}

/// A dispatch binds what its shader declares.
LogicalResult bindsWhatShadersDeclare(Operation *op, StringRef stage, SymbolTableCollection &symbols) {
  auto dispatch = dyn_cast<plan::DispatchOp>(op);
  if (!dispatch)
    return success();
  Operation *shader = symbols.lookupNearestSymbolFrom(op->getParentOp(), dispatch.getShaderAttr());
  size_t count = dispatch.getBindingList().size();
  WalkResult walk = shader->walk([&](Operation *variable) {
    auto binding = variable->getAttrOfType<IntegerAttr>("binding");
    return binding && binding.getValue().uge(count) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return report(op, stage) << "shader @" << dispatch.getShader() << " has more storage buffers than the " << count
                             << " that are bound";
  return success();
}

/// The plan::Binding::Access bits of all that is done through a pointer.
int64_t usesOf(Value pointer) {
  int64_t uses = 0;
  for (OpOperand &use : pointer.getUses()) {
    StringRef user = use.getOwner()->getName().getStringRef();
    if (user == "spirv.AccessChain")
      uses |= usesOf(use.getOwner()->getResult(0));
    else if (user == "spirv.Load")
      uses |= plan::Binding::Read;
    else if (user == "spirv.Store" && use.getOperandNumber() == 0)
      uses |= plan::Binding::Write;
    else
      uses |= plan::Binding::Update; // who knows
  }
  return uses;
}

/// Whether `pointer` is to a texel buffer. (The dialect's headers are too dear to include for one question.)
bool isTexels(Value pointer) {
  std::string type;
  llvm::raw_string_ostream(type) << pointer.getType();
  return StringRef(type).ends_with("UniformConstant>");
}

/// A shader does with a binding what its dispatch says, which is all that barriers are made from.
LogicalResult usesBindingsAsTold(Operation *op, StringRef stage, SymbolTableCollection &symbols) {
  auto dispatch = dyn_cast<plan::DispatchOp>(op);
  if (!dispatch)
    return success();
  Operation *shader = symbols.lookupNearestSymbolFrom(op->getParentOp(), dispatch.getShaderAttr());
  SmallVector<plan::Binding> bindings(dispatch.getBindingList());
  SmallVector<int64_t> uses(bindings.size(), 0);
  shader->walk([&](Operation *address) {
    if (address->getName().getStringRef() != "spirv.mlir.addressof")
      return;
    Operation *variable =
        symbols.lookupNearestSymbolFrom(address, address->getAttrOfType<FlatSymbolRefAttr>("variable"));
    if (auto binding = variable->getAttrOfType<IntegerAttr>("binding"))
      uses[binding.getInt()] |=
          isTexels(address->getResult(0)) ? int64_t(plan::Binding::Texels) : usesOf(address->getResult(0));
  });
  for (auto [number, binding] : llvm::enumerate(bindings))
    if (int64_t more = uses[number] & ~binding.access)
      return report(op, stage) << "shader @" << dispatch.getShader()
                               << (more & plan::Binding::Write ? " writes" : " reads") << " storage buffer " << number
                               << ", which is not bound for that";
  return success();
}

//===--- the table ---------------------------------------------------------------------------------===//

const std::vector<StringRef> kKernelOps = {"linalg.generic",
                                           "linalg.fill",
                                           "linalg.yield",
                                           "linalg.index",
                                           "tensor.empty",
                                           "tensor.extract",
                                           "tensor.extract_slice",
                                           "tensor.insert_slice",
                                           "tensor.collapse_shape",
                                           "tensor.expand_shape",
                                           "arith",
                                           "math",
                                           "sinter.threefry",
                                           "sinter.sigmoid",
                                           "sinter.scatter_add",
                                           "sinter.matmul_packed",
                                           "sinter.round_rows",
                                           "sinter.windows",
                                           "sinter.attention",
                                           "func.return"};

const std::vector<Rules> &table() {
  static const std::vector<Rules> rules = {
      {"model",
       {{Place::Module, {"sinter.state", "func.func"}}, {Place::Entry, {"sinter", "arith", "math", "func.return"}}},
       {hasBody, hasPlainTensors, hasNoBooleansAtBoundary}},
      {"fused",
       {{Place::Module, {"sinter.state", "func.func"}}, {Place::Entry, {"sinter", "arith", "math", "func.return"}}},
       {hasBody, hasPlainTensors, hasNoBooleansAtBoundary, hasNoElementwiseTensorOps}},
      {"train",
       {{Place::Module, {"sinter.state", "func.func"}}, {Place::Entry, {"sinter", "arith", "math", "func.return"}}},
       {hasBody, hasPlainTensors, hasNoBooleansAtBoundary, hasNoElementwiseTensorOps, hasNoGrad}},
      {"kernels",
       {{Place::Module, {"sinter.state", "func.func"}},
        {Place::Entry,
         {"sinter.read", "sinter.write", "sinter.reshape", "sinter.loop", "func.call", "arith.constant",
          "func.return"}},
        {Place::Kernel, kKernelOps}},
       {hasBody, hasPlainTensors, hasNoBooleansAtBoundary, isEntryOrKernel, hasSimpleMaps, isOfItsKind, isInItsRole},
       {callsKernels}},
      {"plan",
       {{Place::Module, {"sinter.state", "plan.entry", "func.func"}},
        {Place::Plan, {"plan"}},
        {Place::Kernel, kKernelOps}},
       {hasBody, hasPlainTensors, hasNoBooleansAtBoundary, isEntryOrKernel, hasSimpleMaps, isOfItsKind, isInItsRole}},
      {"target",
       {{Place::Module, {"sinter.state", "plan.entry", "plan.kernel", "llvm", "spirv.module"}},
        {Place::Plan, {"plan"}},
        {Place::Tiles, {"llvm"}},
        {Place::Shader, {"spirv"}}},
       {},
       {launchesTileFunctions, bindsWhatShadersDeclare, usesBindingsAsTold}},
  };
  return rules;
}

Place placeOf(Operation *function) {
  if (isa<plan::EntryOp, plan::KernelOp>(function))
    return Place::Plan;
  if (function->getName().getStringRef() == "spirv.module")
    return Place::Shader;
  if (isa<func::FuncOp>(function))
    return function->hasAttr(kKernelAttr) ? Place::Kernel : Place::Entry;
  return Place::Tiles;
}

struct VerifyStagePass : impl::VerifyStageBase<VerifyStagePass> {
  using VerifyStageBase::VerifyStageBase;

  void runOnOperation() override {
    auto rules = llvm::find_if(table(), [&](const Rules &row) { return row.stage == stage; });
    if (rules == table().end()) {
      getOperation().emitError() << "verify-stage: there is no stage `" << stage
                                 << "`: model, fused, train, kernels, plan or target";
      return signalPassFailure();
    }
    if (ops && failed(verify(getOperation())))
      return signalPassFailure();
    SymbolTableCollection symbols; // a search through the module for every call would take quadratic time
    bool good = succeeded(verifyAttributes(getOperation()));
    for (Operation &top : *getOperation().getBody()) {
      good &= succeeded(check(&top, Place::Module, *rules, symbols));
      Place place = placeOf(&top);
      top.walk([&](Operation *op) {
        if (op != &top)
          good &= succeeded(check(op, place, *rules, symbols));
      });
    }
    if (!good)
      signalPassFailure();
  }

  static LogicalResult check(Operation *op, Place place, const Rules &rules, SymbolTableCollection &symbols) {
    StringRef name = op->getName().getStringRef(), dialect = op->getName().getDialectNamespace();
    auto allowed = llvm::find_if(rules.places, [&](const Allowed &row) { return row.place == place; });
    bool inAttention = place == Place::Kernel && dialect == "sinter" && op->getParentOfType<AttentionOp>();
    if (allowed == rules.places.end() ||
        !(inAttention || llvm::is_contained(allowed->names, name) || llvm::is_contained(allowed->names, dialect)))
      return report(op, rules.stage) << name << " may not stand " << describe(place);
    for (Check ask : rules.checks)
      if (failed(ask(op, rules.stage)))
        return failure();
    for (SymbolCheck ask : rules.symbolChecks)
      if (failed(ask(op, rules.stage, symbols)))
        return failure();
    return verifyAttributes(op);
  }
};

} // namespace
} // namespace sinter
