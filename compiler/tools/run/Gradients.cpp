#include "Gradients.h"

#include "mlir/IR/IRMapping.h"

#include <cmath>

using namespace mlir;

namespace sinter::run {
namespace {

constexpr Tolerance kGradientTolerance{1e-6, 1e-4};
constexpr double kStep = 1e-5;
/// Tried where the first step disagrees: a kink (of a maximum, say) closer than the first step is no error.
constexpr double kSmallStep = 1e-7;

/// A rank-0 value: the sum of all elements of `tensor`.
Value sumAll(OpBuilder &builder, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 0)
    return tensor;
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  return ReduceOp::create(builder, loc, RankedTensorType::get({}, type.getElementType()), ReduceKind::sum, tensor,
                          builder.getDenseI64ArrayAttr(axes));
}

/// A rank-0 value: sum over i of sum(left[i] * right[i]).
Value dot(OpBuilder &builder, Location loc, ValueRange left, ValueRange right) {
  Value total;
  for (auto [a, b] : llvm::zip_equal(left, right)) {
    Value part = sumAll(builder, loc, arith::MulFOp::create(builder, loc, a, b));
    total = total ? arith::AddFOp::create(builder, loc, total, part).getResult() : part;
  }
  return total;
}

/// Builds f.gradient or f.curvature after `function`.
func::FuncOp buildGradient(func::FuncOp function, ArrayRef<unsigned> floatArguments, ArrayRef<unsigned> floatResults,
                           bool second) {
  OpBuilder builder(function->getContext());
  builder.setInsertionPointAfter(function);
  Location loc = function.getLoc();

  SmallVector<Type> inputs(function.getArgumentTypes());
  SmallVector<std::string> names;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    names.push_back(name ? name.str() : "arg" + std::to_string(i));
  }
  for (unsigned i : floatResults) {
    inputs.push_back(function.getResultTypes()[i]);
    names.push_back("cotangent" + std::to_string(i));
  }
  SmallVector<Type> outputs;
  for (unsigned i : floatArguments) {
    outputs.push_back(function.getArgumentTypes()[i]);
    if (second) {
      inputs.push_back(outputs.back());
      names.push_back("direction" + std::to_string(i));
    }
  }

  std::string name = (function.getName() + (second ? ".curvature" : ".gradient")).str();
  auto made = func::FuncOp::create(builder, loc, name, builder.getFunctionType(inputs, outputs));
  made->setAttr(kEntryAttr, builder.getUnitAttr());
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    made.setArgAttrs(i, mlir::function_interface_impl::getArgAttrs(function, i));
  for (unsigned i = 0; i < inputs.size(); ++i)
    made.setArgAttr(i, kNameAttr, builder.getStringAttr(names[i]));
  for (auto [k, i] : llvm::enumerate(floatArguments))
    made.setResultAttr(k, kNameAttr, builder.getStringAttr("gradient_of_" + names[i]));

  Block *body = made.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping copies;
  for (auto [from, to] : llvm::zip(function.getArguments(), body->getArguments()))
    copies.map(from, to);
  Block &original = function.getBody().front();
  for (Operation &op : original.without_terminator())
    if (!isa<WriteOp>(op))
      builder.clone(op, copies);

  SmallVector<Value> results, wrt;
  for (unsigned i : floatResults)
    results.push_back(copies.lookup(original.getTerminator()->getOperand(i)));
  for (unsigned i : floatArguments)
    wrt.push_back(body->getArgument(i));
  auto cotangents = body->getArguments().slice(function.getNumArguments(), floatResults.size());
  Value loss = dot(builder, loc, results, ValueRange(cotangents));
  auto gradients = GradOp::create(builder, loc, outputs, loss, wrt);
  if (second) {
    auto directions = body->getArguments().take_back(floatArguments.size());
    Value along = dot(builder, loc, gradients.getResults(), ValueRange(directions));
    gradients = GradOp::create(builder, loc, outputs, along, wrt);
  }
  func::ReturnOp::create(builder, loc, gradients.getResults());
  return made;
}

double dot(ArrayRef<Tensor> a, ArrayRef<Tensor> b) {
  double total = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    for (int64_t i = 0; i < x.size(); ++i)
      total += x[i] * y[i];
  return total;
}

/// Which arguments and results of the original are floats.
void findFloats(func::FuncOp function, SmallVectorImpl<unsigned> &arguments, SmallVectorImpl<unsigned> &results) {
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (isDifferentiable(type))
      arguments.push_back(i);
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (isDifferentiable(type))
      results.push_back(i);
}

/// Everything that a check evaluates, over one set of random inputs.
struct Checker {
  func::FuncOp original, gradient, curvature;
  SmallVector<unsigned> floatArguments, floatResults;
  Case point; ///< of the function with the most arguments

  Checker(ModuleOp module, const GradientFunctions &names, bool second, uint64_t seed) {
    original = module.lookupSymbol<func::FuncOp>(names.original);
    gradient = module.lookupSymbol<func::FuncOp>(names.gradient);
    curvature = second ? module.lookupSymbol<func::FuncOp>(names.curvature) : func::FuncOp();
    findFloats(original, floatArguments, floatResults);
    point = makeCase(second ? curvature : gradient, seed);
  }

  size_t originalCount() { return original.getNumArguments(); }
  size_t gradientCount() { return gradient.getNumArguments(); }

  FailureOr<std::vector<Tensor>> run(func::FuncOp function, ArrayRef<Tensor> arguments) {
    reference::Interpreter interpreter(function->getParentOfType<ModuleOp>());
    interpreter.states() = point.states;
    return interpreter.run(function, arguments);
  }

  /// sum(y . c), the scalar whose gradient is under test.
  FailureOr<double> loss(ArrayRef<Tensor> arguments) {
    FailureOr<std::vector<Tensor>> results = run(original, arguments.take_front(originalCount()));
    if (failed(results))
      return failure();
    std::vector<Tensor> floats;
    for (unsigned i : floatResults)
      floats.push_back((*results)[i]);
    return dot(floats, arguments.slice(originalCount(), floatResults.size()));
  }

  /// (f(x + h) - f(x - h)) / 2h along one element.
  FailureOr<double> slope(std::vector<Tensor> &arguments, unsigned argument, int64_t element, double step) {
    double value = arguments[argument][element];
    double h = step * std::max(1.0, std::abs(value));
    arguments[argument][element] = value + h;
    FailureOr<double> above = loss(arguments);
    arguments[argument][element] = value - h;
    FailureOr<double> below = loss(arguments);
    arguments[argument][element] = value;
    if (failed(above) || failed(below))
      return failure();
    return (*above - *below) / (2 * h);
  }
};

Tensor scalar(double value) { return Tensor(std::vector<int64_t>{}, value); }

/// The elements of an argument that are checked.
std::vector<int64_t> elementsToCheck(int64_t size, int64_t limit, std::mt19937_64 &generator) {
  std::vector<int64_t> elements(static_cast<size_t>(size));
  std::iota(elements.begin(), elements.end(), int64_t{0});
  if (size > limit) {
    std::shuffle(elements.begin(), elements.end(), generator);
    elements.resize(static_cast<size_t>(limit));
  }
  return elements;
}

std::string elementName(unsigned argument, const Tensor &tensor, int64_t element) {
  return place("gradient of argument " + std::to_string(argument), tensor, element);
}

/// A derivative must be finite: NaN that agrees with NaN would be a check that checks nothing.
Verdict compareDerivative(const std::string &what, const Tensor &actual, const Tensor &expected) {
  Verdict verdict = compare(what, actual, expected, kGradientTolerance, false);
  auto bad = llvm::find_if(actual.data, [](double value) { return !std::isfinite(value); });
  if (verdict.ok() && bad != actual.data.end())
    verdict.mismatch = place(what, actual, bad - actual.data.begin()) + " is not finite; give the arguments a " +
                       "sinter.range in which the function is smooth";
  return verdict;
}

} // namespace

std::optional<GradientFunctions> addGradients(func::FuncOp function, bool second) {
  SmallVector<unsigned> arguments, results;
  findFloats(function, arguments, results);
  if (arguments.empty() || results.empty())
    return std::nullopt;
  // A finite difference sees through what gradients are told not to see.
  if (function.walk([](StopGradientOp) { return WalkResult::interrupt(); }).wasInterrupted())
    return std::nullopt;
  GradientFunctions names;
  names.original = function.getName().str();
  names.gradient = buildGradient(function, arguments, results, false).getName().str();
  if (second)
    names.curvature = buildGradient(function, arguments, results, true).getName().str();
  return names;
}

FailureOr<Verdict> checkGradient(ModuleOp module, const GradientFunctions &functions, uint64_t seed,
                                 int64_t elementsPerArgument) {
  Checker checker(module, functions, false, seed);
  std::vector<Tensor> &x = checker.point.arguments;
  FailureOr<std::vector<Tensor>> gradients = checker.run(checker.gradient, x);
  if (failed(gradients))
    return failure();
  std::mt19937_64 generator(seed);
  Verdict verdict;
  for (auto [k, argument] : llvm::enumerate(checker.floatArguments)) {
    const Tensor &gradient = (*gradients)[k];
    for (int64_t element : elementsToCheck(gradient.size(), elementsPerArgument, generator)) {
      Verdict here;
      for (double step : {kStep, kSmallStep}) {
        FailureOr<double> slope = checker.slope(x, argument, element, step);
        if (failed(slope))
          return failure();
        here = compareDerivative(elementName(argument, gradient, element), scalar(gradient[element]), scalar(*slope));
        if (here.ok())
          break;
      }
      verdict.merge(here);
    }
  }
  return verdict;
}

FailureOr<Verdict> checkCurvature(ModuleOp module, const GradientFunctions &functions, uint64_t seed) {
  Checker checker(module, functions, true, seed);
  const std::vector<Tensor> &x = checker.point.arguments;
  FailureOr<std::vector<Tensor>> products = checker.run(checker.curvature, x);
  if (failed(products))
    return failure();
  Verdict verdict;
  for (double step : {kStep, kSmallStep}) {
    std::vector<Tensor> above(x.begin(), x.begin() + checker.gradientCount()), below = above;
    for (auto [k, argument] : llvm::enumerate(checker.floatArguments)) {
      const Tensor &direction = x[checker.gradientCount() + k];
      for (int64_t i = 0; i < direction.size(); ++i) {
        above[argument][i] += step * direction[i];
        below[argument][i] -= step * direction[i];
      }
    }
    FailureOr<std::vector<Tensor>> after = checker.run(checker.gradient, above);
    FailureOr<std::vector<Tensor>> before = checker.run(checker.gradient, below);
    if (failed(after) || failed(before))
      return failure();
    verdict = Verdict();
    for (auto [k, argument] : llvm::enumerate(checker.floatArguments)) {
      Tensor slope = (*after)[k];
      for (int64_t i = 0; i < slope.size(); ++i)
        slope[i] = (slope[i] - (*before)[k][i]) / (2 * step);
      verdict.merge(
          compareDerivative("Hessian-vector product of argument " + std::to_string(argument), (*products)[k], slope));
    }
    if (verdict.ok())
      break;
  }
  return verdict;
}

} // namespace sinter::run
