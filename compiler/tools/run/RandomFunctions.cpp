// The generator: one function, grown op by op.
#include "RandomGraph.h"

using namespace mlir;

namespace sinter::run {

RandomGraph::RandomGraph(ModuleOp module, int number, uint64_t seed)
    : module(module), builder(module.getContext()),
      loc(FileLineColLoc::get(module.getContext(), "graph_" + std::to_string(number), 0, 1)),
      generator(seed * 1000003 + static_cast<uint64_t>(number)) {
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, loc, "graph_" + std::to_string(number), builder.getFunctionType({}, {}));
  body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
}

int64_t RandomGraph::grow(bool aboutAttention) {
  values.push_back(argument(randomShape(below(4) + 1)));
  for (int64_t number = 1, steps = aboutAttention ? 1 + below(3) : 3 + below(6); number <= steps; ++number) {
    loc = FileLineColLoc::get(module.getContext(), function.getName(), static_cast<unsigned>(number), 1);
    if (Value value = aboutAttention && number == 1 ? attention() : step())
      values.push_back(value);
  }
  finish();
  return attentions;
}

Value RandomGraph::step() {
  using G = RandomGraph;
  using Step = Value (G::*)();
  static constexpr Step steps[] = {
      &G::unary,     &G::unary,         &G::unary,        &G::binary,    &G::binary,  &G::binary,  &G::bias,
      &G::position,  &G::broadcast,     &G::reduce,       &G::reduce,    &G::longSum, &G::reshape, &G::slice,
      &G::transpose, &G::withTranspose, &G::pad,          &G::concat,    &G::matmul,  &G::matmul,  &G::maybeAttention,
      &G::rows,      &G::sideBySide,    &G::rows,         &G::normalize, &G::gather,  &G::mask,    &G::scatter,
      &G::choose,    &G::dropout,       &G::crossEntropy, &G::state,     &G::formula, &G::formula};
  return (this->*steps[below(std::size(steps))])();
}

/// Returns what nothing has read, and now and then a value that something has, so that it has readers of two kinds.
void RandomGraph::finish() {
  SmallVector<Value> results;
  for (Value value : values)
    if (value.getDefiningOp() && (value.use_empty() || chance(0.15)))
      results.push_back(value);
  if (results.empty())
    results.push_back(values.back());
  func::ReturnOp::create(builder, loc, results);
  function.setFunctionType(builder.getFunctionType(body->getArgumentTypes(), TypeRange(ValueRange(results))));
  for (auto [i, limit] : llvm::enumerate(argumentLimits))
    if (limit)
      function.setArgAttr(i, "sinter.limit", builder.getI64IntegerAttr(limit));
}

int64_t addRandomFunctions(ModuleOp module, int first, int count, uint64_t seed, bool aboutAttention) {
  int64_t attentions = 0;
  for (int number = first; number < first + count; ++number)
    attentions += RandomGraph(module, number, seed).grow(aboutAttention);
  return attentions;
}

} // namespace sinter::run
