#include "compiler/reference/Interpreter.h"

#include "dialects/sinter/Loops.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace sinter::reference {
namespace {

double toDouble(const APFloat &value) {
  bool losesInfo = false;
  APFloat wide = value;
  wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return wide.convertToDouble();
}

/// Integers are signed, but a boolean is 0 or 1.
double toDouble(const APInt &value) {
  return value.getBitWidth() == 1 ? static_cast<double>(value.getZExtValue())
                                  : static_cast<double>(value.getSExtValue());
}

/// Whether f32 holds all elements of what is one.
bool isExact(Type type, const Tensor &tensor) {
  return !getElementTypeOrSelf(type).isF32() || llvm::all_of(tensor.data, [](double value) {
    return std::isnan(value) || value == static_cast<float>(value);
  });
}

/// For each dimension of a map's index space, how far one step moves in an input that is read through `map`.
std::vector<int64_t> stepsThrough(AffineMap map, const Tensor &input) {
  std::vector<int64_t> steps(map.getNumDims(), 0);
  std::vector<int64_t> strides = input.strides();
  for (auto [expr, stride] : llvm::zip_equal(map.getResults(), strides))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      steps[dim.getPosition()] += stride;
  return steps;
}

/// One op of a map's region with the rank-0 tensors that it reads and writes at every index.
struct ScalarOp {
  Operation *op;
  SmallVector<const Tensor *> inputs;
  SmallVector<Tensor> outputs;
};

} // namespace

Tensor zerosLike(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return Tensor(std::vector<int64_t>(tensor.getShape().begin(), tensor.getShape().end()));
  return Tensor(std::vector<int64_t>{});
}

std::optional<Tensor> constantValue(Attribute value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return Tensor({}, toDouble(number.getValue()));
  if (auto number = dyn_cast<IntegerAttr>(value))
    return Tensor({}, toDouble(number.getValue()));
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  Tensor result = zerosLike(dense.getType());
  int64_t i = 0;
  if (isa<FloatType>(dense.getElementType())) {
    for (const APFloat &element : dense.getValues<APFloat>())
      result[i++] = toDouble(element);
  } else {
    for (const APInt &element : dense.getValues<APInt>())
      result[i++] = toDouble(element);
  }
  return result;
}

Interpreter::Interpreter(ModuleOp module) {
  for (StateOp state : module.getOps<StateOp>())
    current[state.getSymName().str()] = zerosLike(state.getType());
}

void Interpreter::roundRandomly(Tensor &tensor) {
  constexpr double kHalfDigit = 5.9604644775390625e-8; // 2^-24
  std::uniform_real_distribution<double> part(-kHalfDigit, kHalfDigit);
  for (double &value : tensor.data)
    value *= 1 + part(*noise);
}

/// Asks `op` for its meaning; the operands and results are tensors, or rank-0 tensors for scalars. Results hold zeros.
LogicalResult Interpreter::evaluate(Operation &op, ArrayRef<const Tensor *> inputs, MutableArrayRef<Tensor> outputs) {
  auto meaning = dyn_cast<ReferenceOp>(op);
  if (!meaning)
    return op.emitError() << op.getName().stripDialect() << ": the reference interpreter does not know this op ("
                          << op.getName() << ")";
  if (failed(meaning.evaluate(inputs, outputs)))
    return failure();
  if (!noise || llvm::all_of(llvm::zip_equal(op.getResultTypes(), outputs),
                             [](const auto &result) { return isExact(std::get<0>(result), std::get<1>(result)); }))
    return success();
  std::vector<Tensor> moved;
  for (const Tensor *input : inputs)
    moved.push_back(*input);
  SmallVector<const Tensor *> operands;
  for (auto [operand, tensor] : llvm::zip_equal(op.getOperands(), moved)) {
    if (getElementTypeOrSelf(operand.getType()).isF32())
      roundRandomly(tensor);
    operands.push_back(&tensor);
  }
  for (Tensor &output : outputs)
    std::fill(output.data.begin(), output.data.end(), 0.0);
  if (failed(meaning.evaluate(operands, outputs)))
    return failure();
  for (auto [type, output] : llvm::zip_equal(op.getResultTypes(), outputs))
    if (getElementTypeOrSelf(type).isF32()) {
      roundRandomly(output);
      for (double &value : output.data)
        value = static_cast<float>(value);
    }
  return success();
}

FailureOr<std::vector<Tensor>> Interpreter::run(func::FuncOp function, ArrayRef<Tensor> arguments) {
  if (function.isExternal())
    return function.emitError() << function.getName() << ": has no body to interpret";
  if (arguments.size() != function.getNumArguments())
    return function.emitError() << function.getName() << ": takes " << function.getNumArguments()
                                << " arguments, but got " << arguments.size();
  Values values;
  for (auto [parameter, argument] : llvm::zip_equal(function.getArguments(), arguments)) {
    if (argument.shape != zerosLike(parameter.getType()).shape)
      return function.emitError() << function.getName() << ": argument " << parameter.getArgNumber() << " must be a "
                                  << parameter.getType();
    values[parameter] = argument;
  }

  States written;
  Block &body = function.getBody().front();
  for (Operation &op : body.without_terminator())
    if (failed(execute(op, values, written)))
      return failure();

  for (auto &[name, value] : written)
    current[name] = std::move(value);
  std::vector<Tensor> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(values.at(result));
  return results;
}

LogicalResult Interpreter::execute(Operation &op, Values &values, States &written) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](ReadOp read) {
        auto state = current.find(read.getState().str());
        if (state == current.end())
          return LogicalResult(read.emitError() << "read: the program has no state @" << read.getState());
        values[read.getValue()] = state->second;
        return success();
      })
      .Case([&](WriteOp write) {
        written[write.getState().str()] = values.at(write.getValue());
        return success();
      })
      .Case([&](arith::ConstantOp constant) {
        std::optional<Tensor> value = constantValue(constant.getValue());
        if (!value)
          return LogicalResult(constant.emitError() << "constant: its elements are not held in the module");
        values[constant.getResult()] = std::move(*value);
        return success();
      })
      .Case([&](GradOp grad) {
        return LogicalResult(grad.emitError()
                             << "grad: cannot be interpreted as it stands; run sinter-differentiate first");
      })
      .Case([&](MapOp map) { return executeMap(map, values); })
      .Case([&](AttentionOp attention) {
        Block &body = attention.getBody().front();
        for (auto [argument, input] : llvm::zip_equal(body.getArguments(), attention.getInputs())) {
          Tensor copy = values.at(input); // (`values` may move its elements)
          values[argument] = std::move(copy);
        }
        for (Operation &inner : body.without_terminator())
          if (failed(execute(inner, values, written)))
            return failure();
        for (auto [result, yielded] : llvm::zip_equal(attention.getResults(), body.getTerminator()->getOperands())) {
          Tensor copy = values.at(yielded);
          values[result] = std::move(copy);
        }
        return success();
      })
      .Case([&](ScanOp scan) { return executeSteps(scan, scan.getBody().front(), values, written); })
      .Case([&](LoopOp loop) {
        auto body = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(loop, loop.getCalleeAttr());
        return executeSteps(loop, body.getBody().front(), values, written);
      })
      .Default([&](Operation *other) {
        SmallVector<const Tensor *> inputs;
        for (Value operand : other->getOperands())
          inputs.push_back(&values.at(operand));
        SmallVector<Tensor> outputs;
        for (Type type : other->getResultTypes())
          outputs.push_back(zerosLike(type));
        if (failed(evaluate(*other, inputs, outputs)))
          return failure();
        // `inputs` points into `values`, which may move its elements from here on.
        for (auto [result, output] : llvm::zip_equal(other->getResults(), outputs))
          values[result] = std::move(output);
        return success();
      });
}

template <typename Loop>
LogicalResult Interpreter::executeSteps(Loop loop, Block &body, Values &values, States &written) {
  const size_t carries = loop.getInit().size(), sequences = loop.getSequences().size();
  std::vector<Tensor> carry, stacks;
  for (Value init : loop.getInit())
    carry.push_back(values.at(init));
  for (Type type : loop.getStacks().getTypes())
    stacks.push_back(zerosLike(type));
  for (auto [argument, invariant] :
       llvm::zip_equal(body.getArguments().drop_front(carries + sequences), loop.getInvariants())) {
    Tensor copy = values.at(invariant); // (`values` may move its elements)
    values[argument] = std::move(copy);
  }
  const int64_t steps = loop.getSteps();
  const std::optional<int64_t> flag = whileCarry(loop);
  for (int64_t i = 0; i < steps; ++i) {
    if (flag && carry[static_cast<size_t>(*flag)][0] == 0)
      break;
    const int64_t t = loop.getReverse() ? steps - 1 - i : i;
    for (size_t c = 0; c < carries; ++c)
      values[body.getArgument(c)] = std::move(carry[c]);
    for (size_t s = 0; s < sequences; ++s) {
      Tensor part = zerosLike(body.getArgument(carries + s).getType());
      const Tensor &whole = values.at(loop.getSequences()[s]);
      std::copy_n(whole.data.begin() + t * part.size(), part.size(), part.data.begin());
      values[body.getArgument(carries + s)] = std::move(part);
    }
    for (Operation &op : body.without_terminator())
      if (failed(execute(op, values, written)))
        return failure();
    for (auto [number, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
      const Tensor &tensor = values.at(value);
      if (number < carries)
        carry[number] = tensor;
      else
        std::copy(tensor.data.begin(), tensor.data.end(), stacks[number - carries].data.begin() + t * tensor.size());
    }
  }
  for (size_t r = 0; r < loop->getNumResults(); ++r)
    values[loop->getResult(r)] = std::move(r < carries ? carry[r] : stacks[r - carries]);
  return success();
}

LogicalResult Interpreter::executeMap(MapOp map, Values &values) {
  Block &body = map.getBody().front();
  std::vector<Tensor> outputs;
  for (Type type : map.getResultTypes())
    outputs.push_back(zerosLike(type));

  // One rank-0 tensor per scalar of the region. `scalars` is filled before anything points into it.
  std::map<void *, Tensor> scalars;
  auto scalar = [&](Value value) -> Tensor & { return scalars[value.getAsOpaquePointer()]; };
  for (BlockArgument argument : body.getArguments())
    scalar(argument) = Tensor(std::vector<int64_t>{});
  std::vector<ScalarOp> program;
  for (Operation &op : body.without_terminator()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      std::optional<Tensor> value = constantValue(constant.getValue());
      if (!value || value->rank() != 0)
        return constant.emitError() << "constant: only numbers can stand inside a map";
      scalar(constant.getResult()) = *value;
      continue;
    }
    ScalarOp step{&op, {}, {}};
    for (Value operand : op.getOperands())
      step.inputs.push_back(&scalar(operand));
    for (Value result : op.getResults()) {
      scalar(result) = Tensor(std::vector<int64_t>{});
      step.outputs.emplace_back(std::vector<int64_t>{});
    }
    program.push_back(std::move(step));
  }

  SmallVector<const Tensor *> inputs;
  SmallVector<std::vector<int64_t>> steps;
  for (auto [input, attribute] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps())) {
    inputs.push_back(&values.at(input));
    steps.push_back(stepsThrough(cast<AffineMapAttr>(attribute).getValue(), *inputs.back()));
  }

  LogicalResult status = success();
  int64_t position = 0; // row-major, of the index among all of them
  forEachIndex(outputs.front().shape, [&](const std::vector<int64_t> &index) {
    if (failed(status))
      return;
    for (auto [argument, input, step] : llvm::zip_equal(body.getArguments(), inputs, steps)) {
      int64_t offset = 0;
      for (size_t d = 0; d < index.size(); ++d)
        offset += index[d] * step[d];
      scalar(argument)[0] = (*input)[offset];
    }
    for (ScalarOp &step : program) {
      if (auto indexOp = dyn_cast<IndexOp>(step.op)) {
        scalar(indexOp.getResult())[0] = static_cast<double>(index[static_cast<size_t>(indexOp.getDim())]);
        continue;
      }
      for (Tensor &output : step.outputs)
        output[0] = 0;
      status = evaluate(*step.op, step.inputs, step.outputs);
      if (failed(status))
        return;
      for (auto [result, output] : llvm::zip_equal(step.op->getResults(), step.outputs))
        scalar(result)[0] = output[0];
    }
    for (auto [output, yielded] : llvm::zip_equal(outputs, body.getTerminator()->getOperands()))
      output[position] = scalar(yielded)[0];
    ++position;
  });
  if (failed(status))
    return failure();
  for (auto [result, output] : llvm::zip_equal(map.getResults(), outputs))
    values[result] = std::move(output);
  return success();
}

} // namespace sinter::reference
