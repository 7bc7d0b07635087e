#include "Stages.h"

using namespace mlir;

namespace sinter::run {
namespace {

/// The type that a value of `type` has outside: booleans travel as i32.
Type borderType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isInteger(1))
    return type;
  return tensor.clone(IntegerType::get(type.getContext(), 32));
}

void convertBooleans(func::FuncOp function) {
  Block &body = function.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  Location loc = function.getLoc();
  for (BlockArgument argument : body.getArguments()) {
    Type outside = borderType(argument.getType());
    if (outside == argument.getType())
      continue;
    Type inside = argument.getType();
    argument.setType(outside);
    Value zero = splat(builder, loc, outside, 0);
    Value boolean = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, argument, zero);
    assert(boolean.getType() == inside);
    (void)inside;
    argument.replaceAllUsesExcept(boolean, boolean.getDefiningOp());
  }
  Operation *terminator = body.getTerminator();
  builder.setInsertionPoint(terminator);
  for (OpOperand &result : terminator->getOpOperands()) {
    Type outside = borderType(result.get().getType());
    if (outside != result.get().getType())
      result.set(arith::ExtUIOp::create(builder, loc, outside, result.get()));
  }
  function.setFunctionType(
      builder.getFunctionType(body.getArgumentTypes(), terminator->getOperandTypes()));
}

void nameBorder(func::FuncOp function) {
  OpBuilder builder(function->getContext());
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!function.getArgAttr(i, kNameAttr))
      function.setArgAttr(i, kNameAttr, builder.getStringAttr("arg" + std::to_string(i)));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttr(i, kNameAttr))
      function.setResultAttr(i, kNameAttr, builder.getStringAttr("result" + std::to_string(i)));
}

} // namespace

FailureOr<std::vector<func::FuncOp>> prepareEntries(ModuleOp module, StringRef only) {
  std::vector<func::FuncOp> marked, open, chosen;
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || function->hasAttr(kKernelAttr))
      continue;
    if (function->hasAttr(kEntryAttr))
      marked.push_back(function);
    if (function.isPublic())
      open.push_back(function);
  }
  for (func::FuncOp function : marked.empty() ? open : marked) {
    if (!only.empty() && function.getName() != only) {
      function.erase();
      continue;
    }
    chosen.push_back(function);
  }
  if (chosen.empty()) {
    if (only.empty())
      return module.emitError() << "the module has no function to run";
    return module.emitError() << "the module has no entry " << only;
  }
  for (func::FuncOp function : chosen) {
    function->setAttr(kEntryAttr, UnitAttr::get(module.getContext()));
    if (!llvm::hasSingleElement(function.getBody()))
      return function.emitError() << function.getName() << ": must have one block";
    if (function->hasAttr(kExpectAttr) && function.getNumResults() % 2)
      return function.emitError() << function.getName() << ": is marked " << kExpectAttr
                                  << ", so its results must be pairs, but there are " << function.getNumResults();
    convertBooleans(function);
    nameBorder(function);
  }
  return chosen;
}

FailureOr<std::vector<StagedModule>> interpretableStages(ModuleOp module, Stage from, const PipelineOptions &options) {
  std::vector<StagedModule> stages;
  for (Stage stage = from; stage <= Stage::Train; stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
    ModuleOp before = stages.empty() ? module : *stages.back().module;
    OwningOpRef<ModuleOp> next = before.clone();
    if (!stages.empty() && failed(runStages(*next, stages.back().stage, stage, options)))
      return failure();
    stages.push_back({stage, std::move(next)});
  }
  return stages;
}

bool isInterpretable(func::FuncOp function) {
  return !function.walk([](GradOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

FailureOr<Outcome> interpret(ModuleOp module, const Case &test) {
  auto function = module.lookupSymbol<func::FuncOp>(test.name);
  if (!function)
    return module.emitError() << test.name << ": the function disappeared on the way";
  reference::Interpreter interpreter(module);
  interpreter.states() = test.states;
  FailureOr<std::vector<Tensor>> results = interpreter.run(function, test.arguments);
  if (failed(results))
    return failure();
  return Outcome{std::move(*results), interpreter.states()};
}

} // namespace sinter::run
