#include "Stages.h"

#include <cmath>

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"

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
  function.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), terminator->getOperandTypes()));
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

/// Interprets one function behind every pass, where that is possible.
class Watcher : public PassInstrumentation {
public:
  Watcher(const Case &test, std::optional<Outcome> &before, std::string &wrong)
      : test(test), before(before), wrong(wrong) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    auto module = isa<ModuleOp>(op) ? cast<ModuleOp>(op) : op->getParentOfType<ModuleOp>();
    if (wrong.empty() && !pass->getArgument().empty())
      compareWith(module, pass->getArgument());
  }

  void compareWith(ModuleOp module, StringRef pass) {
    auto function = module.lookupSymbol<func::FuncOp>(test.name);
    if (!function || !isInterpretable(function))
      return;
    ScopedDiagnosticHandler silent(module.getContext(), [](Diagnostic &) { return success(); });
    FailureOr<Outcome> outcome = interpret(module, test);
    if (failed(outcome))
      return;
    if (!before)
      before = std::move(*outcome);
    else if (!compare(*outcome, *before, kReferenceTolerance, false).ok())
      wrong = pass.str();
  }

private:
  const Case &test;
  std::optional<Outcome> &before;
  std::string &wrong;
};

} // namespace

std::string firstWrongPass(ModuleOp module, Stage from, const Case &test, PipelineOptions options) {
  std::optional<Outcome> before;
  std::string wrong;
  OwningOpRef<ModuleOp> clone = module.clone();
  MLIRContext *context = module.getContext();
  bool threads = context->isMultithreadingEnabled(); // a pass must not change another function meanwhile
  context->disableMultithreading();
  Watcher(test, before, wrong).compareWith(*clone, "");
  options.watch = [&](PassManager &manager) {
    manager.addInstrumentation(std::make_unique<Watcher>(test, before, wrong));
  };
  if (from < Stage::Kernels) // until ops are outlined into kernels, functions can be interpreted
    (void)runStages(*clone, from, Stage::Kernels, options);
  context->enableMultithreading(threads);
  return wrong;
}

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

FailureOr<Outcome> interpret(ModuleOp module, const Case &test, std::optional<uint64_t> roundingSeed) {
  auto function = module.lookupSymbol<func::FuncOp>(test.name);
  if (!function)
    return module.emitError() << test.name << ": the function disappeared on the way";
  reference::Interpreter interpreter(module);
  interpreter.states() = test.states;
  if (roundingSeed)
    interpreter.round(*roundingSeed);
  FailureOr<std::vector<Tensor>> results = interpreter.run(function, test.arguments);
  if (failed(results))
    return failure();
  return Outcome{std::move(*results), interpreter.states()};
}

FailureOr<Rounding> findRounding(ModuleOp module, const Case &test, const Outcome &exact) {
  constexpr uint64_t kRuns = 8;
  Rounding rounding{exact};
  auto forEach = [&](llvm::function_ref<void(Tensor & moves, size_t result, const std::string *state)> visit) {
    for (auto [i, moves] : llvm::enumerate(rounding.moves.results))
      visit(moves, i, nullptr);
    for (auto &[name, moves] : rounding.moves.states)
      visit(moves, 0, &name);
  };
  forEach([](Tensor &moves, size_t, const std::string *) { moves.data.assign(moves.data.size(), 0); });
  for (uint64_t run = 0; run < kRuns; ++run) {
    FailureOr<Outcome> rounded = interpret(module, test, run);
    if (failed(rounded))
      return failure();
    forEach([&](Tensor &moves, size_t result, const std::string *state) {
      const Tensor &a = state ? rounded->states.at(*state) : rounded->results[result];
      const Tensor &b = state ? exact.states.at(*state) : exact.results[result];
      for (int64_t i = 0; i < moves.size(); ++i)
        if (double move = std::abs(a[i] - b[i]); std::isfinite(move))
          moves[i] = std::max(moves[i], move);
    });
  }
  return rounding;
}

} // namespace sinter::run
