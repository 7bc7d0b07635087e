// A training step in two parts, for steps of several batches: the same body, run twice more.
//
//   train             loss, gradients, update
//   train.gradients   loss; adds the gradients of one batch to running sums (of the first batch: begins them)
//   train.update      the update by the sums' mean; needs no batch
//
// What an optimizer does with gradients is written once: `step_gradients` gives it what its part works with, and each
// part keeps the outputs and assignments that are its own.
#include "compiler/frontend/Builder.h"
#include "sinter/optim.h"

#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

std::vector<Tensor> step_gradients(Tensor loss, const std::vector<Parameter> &wrt, Loc loc) {
  CallSite here(loc);
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("step_gradients", loc);
  std::vector<Tensor> gradients;
  if (entry.part != StepPart::Update)
    gradients = grad(loss, wrt, loc);
  if (entry.part != StepPart::Whole) {
    Tensor first = scalar_input("accumulate.first", 1, i32), batches = scalar_input("accumulate.batches", 1);
    for (size_t i = 0; i < wrt.size(); ++i) {
      Tensor sum = wrap(readTransient("gradient." + wrt[i].name, wrt[i].shape(), loc));
      if (entry.part == StepPart::Gradients) // (what the last step has left in the sum does not count, whatever it is)
        assign(sum, where(first != 0, gradients[i], sum + gradients[i]));
      else
        gradients.push_back(sum / batches);
    }
  }
  for (const Tensor &gradient : gradients)
    entry.gradients.push_back(builder.use(gradient, "step_gradients", loc));
  return gradients;
}

namespace {

/// Which values depend on some others.
class Dependence {
public:
  explicit Dependence(ArrayRef<Value> on) : on(on.begin(), on.end()) {}

  bool holds(Value value) {
    if (on.contains(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto known = depends.find(op); known != depends.end())
      return known->second;
    // Operands stand before what reads them: without recursion, as graphs are deep.
    SmallVector<Operation *> open{op};
    while (!open.empty()) {
      Operation *next = open.back();
      bool found = false, ready = true;
      for (Value operand : next->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (on.contains(operand))
          found = true;
        else if (producer && !depends.contains(producer))
          open.push_back(producer), ready = false;
        else
          found |= producer && depends.lookup(producer);
      }
      if (!ready)
        continue;
      depends[next] = found;
      open.pop_back();
    }
    return depends.lookup(op);
  }

private:
  DenseSet<Value> on;
  DenseMap<Operation *, bool> depends;
};

} // namespace

void frontend::keepPart(Entry &entry) {
  Dependence onGradients(entry.gradients);
  bool update = entry.part == StepPart::Update;
  llvm::erase_if(entry.outputs, [&](auto &output) { return onGradients.holds(output.second) != update; });
  auto *module = entry.func->getParentOp();
  for (WriteOp write : llvm::make_early_inc_range(entry.func.getOps<WriteOp>())) {
    auto state = SymbolTable::lookupNearestSymbolFrom<StateOp>(module, write.getStateAttr());
    if (!state.getTransient() && onGradients.holds(write.getValue()) != update)
      write.erase();
  }
}

void frontend::dropUnused(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  llvm::BitVector unused(function.getNumArguments());
  for (BlockArgument argument : function.getArguments())
    unused[argument.getArgNumber()] = argument.use_empty();
  (void)function.eraseArguments(unused);
}

} // namespace sinter
