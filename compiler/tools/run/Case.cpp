#include "Case.h"

#include "base/numbers.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace sinter::run {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// What an element of `type` holds of `value`: of f64, as of f32, what f32 does.
double heldIn(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  if (element.isBF16())
    return valueOf(rounded<Bfloat>(value));
  if (element.isF16())
    return valueOf(rounded<Half>(value));
  return isa<FloatType>(element) ? static_cast<float>(value) : value;
}

Tensor uniformTensor(Type type, double low, double high, std::mt19937_64 &generator) {
  Tensor tensor = reference::zerosLike(type);
  std::uniform_real_distribution<double> distribution(low, high);
  for (double &value : tensor.data)
    value = heldIn(type, distribution(generator));
  return tensor;
}

Tensor drawArgument(func::FuncOp function, unsigned i, std::mt19937_64 &generator) {
  Type type = function.getArgumentTypes()[i];
  if (auto value = function.getArgAttrOfType<FloatAttr>(i, kDefaultAttr)) {
    Tensor tensor = reference::zerosLike(type);
    double number = value.getValueAsDouble();
    tensor.data.assign(tensor.data.size(), heldIn(type, number));
    return tensor;
  }
  if (isa<FloatType>(getElementTypeOrSelf(type))) {
    auto range = function.getArgAttrOfType<ArrayAttr>(i, "sinter.range");
    if (!range || range.size() != 2)
      return normalTensor(type, generator);
    return uniformTensor(type, cast<FloatAttr>(range[0]).getValueAsDouble(),
                         cast<FloatAttr>(range[1]).getValueAsDouble(), generator);
  }
  auto limit = function.getArgAttrOfType<IntegerAttr>(i, "sinter.limit");
  Tensor tensor = reference::zerosLike(type);
  std::uniform_int_distribution<int64_t> distribution(0, (limit ? limit.getInt() : 8) - 1);
  for (double &value : tensor.data)
    value = static_cast<double>(distribution(generator));
  return tensor;
}

Tensor drawState(StateOp state, std::mt19937_64 &generator) {
  double scale = state.getScale().convertToDouble();
  StringRef init = state.getInit();
  Tensor tensor = reference::zerosLike(state.getType());
  if (init == "normal" || init == "truncated_normal" || init == "orthogonal") {
    tensor = normalTensor(state.getType(), generator);
    for (double &value : tensor.data)
      value = heldIn(state.getType(), value * scale);
  } else if (init == "uniform") {
    tensor = uniformTensor(state.getType(), -scale, scale, generator);
  } else {
    double fill = init == "ones" ? 1 : init == "constant" ? heldIn(state.getType(), scale) : 0;
    tensor.data.assign(tensor.data.size(), fill);
  }
  if (state.getTrainable() && isDifferentiable(state.getType())) {
    Tensor noise = normalTensor(state.getType(), generator);
    for (int64_t i = 0; i < tensor.size(); ++i)
      tensor[i] = static_cast<float>(tensor[i] + 0.1 * noise[i]);
  }
  return tensor;
}

void printFrom(llvm::raw_ostream &os, const Tensor &tensor, int64_t dim, int64_t &position) {
  if (dim == tensor.rank()) {
    os << llvm::format("%.6g", tensor[position++]);
    return;
  }
  os << "[";
  for (int64_t i = 0; i < tensor.shape[static_cast<size_t>(dim)]; ++i) {
    os << (i ? ", " : "");
    printFrom(os, tensor, dim + 1, position);
  }
  os << "]";
}

bool identical(const Tensor &a, const Tensor &b) {
  if (a.shape != b.shape)
    return false;
  for (int64_t i = 0; i < a.size(); ++i) {
    double x = a[i], y = b[i];
    if (std::memcmp(&x, &y, sizeof x) != 0 && !(std::isnan(x) && std::isnan(y)))
      return false;
  }
  return true;
}

} // namespace

std::string place(StringRef what, const Tensor &tensor, int64_t position) {
  std::string text = what.str();
  if (tensor.rank() == 0)
    return text;
  llvm::raw_string_ostream os(text);
  os << " at [";
  std::vector<int64_t> strides = tensor.strides();
  for (int64_t d = 0; d < tensor.rank(); ++d) {
    os << (d ? ", " : "") << position / strides[d];
    position %= strides[d];
  }
  os << "]";
  return text;
}

void Verdict::merge(const Verdict &other) {
  maxError = std::max(maxError, other.maxError);
  if (mismatch.empty())
    mismatch = other.mismatch;
}

Verdict compare(StringRef what, const Tensor &actual, const Tensor &expected, Tolerance tolerance, bool asSingle,
                ArrayRef<const Tensor *> rounding) {
  Verdict verdict;
  if (actual.shape != expected.shape) {
    verdict.mismatch = what.str() + " has another shape than expected";
    return verdict;
  }
  for (int64_t i = 0; i < actual.size(); ++i) {
    double a = actual[i], e = expected[i];
    if (asSingle && !std::isfinite(static_cast<float>(e)))
      e = static_cast<float>(e);
    double error = std::abs(a - e), allowed = tolerance.absolute + tolerance.relative * std::abs(e);
    for (const Tensor *moves : rounding)
      allowed += Rounding::kFactor * (*moves)[i];
    bool ok = std::isfinite(a) && std::isfinite(e) ? error <= allowed : a == e || (std::isnan(a) && std::isnan(e));
    if (std::isfinite(error))
      verdict.maxError = std::max(verdict.maxError, error);
    if (!ok && verdict.ok())
      verdict.mismatch = place(what, actual, i) + " is " + number(a) + ", expected " + number(e);
  }
  return verdict;
}

Verdict compare(const Outcome &actual, const Outcome &expected, Tolerance tolerance, bool asSingle,
                const Rounding *rounding) {
  Verdict verdict;
  if (actual.results.size() != expected.results.size())
    verdict.mismatch =
        std::to_string(actual.results.size()) + " results, expected " + std::to_string(expected.results.size());
  using Moves = SmallVector<const Tensor *, 1>;
  for (size_t i = 0; i < std::min(actual.results.size(), expected.results.size()); ++i)
    verdict.merge(compare("result " + std::to_string(i), actual.results[i], expected.results[i], tolerance, asSingle,
                          rounding ? Moves{&rounding->moves.results[i]} : Moves()));
  for (const auto &[name, value] : expected.states) {
    auto found = actual.states.find(name);
    if (found == actual.states.end())
      verdict.merge({0, "state @" + name + " is missing"});
    else
      verdict.merge(compare("state @" + name, found->second, value, tolerance, asSingle,
                            rounding ? Moves{&rounding->moves.states.at(name)} : Moves()));
  }
  return verdict;
}

Verdict compareExpectations(const Outcome &outcome, Tolerance tolerance, bool asSingle, const Rounding *rounding) {
  Verdict verdict;
  for (size_t i = 0; i + 1 < outcome.results.size(); i += 2) {
    SmallVector<const Tensor *, 2> moves;
    if (rounding)
      moves = {&rounding->moves.results[i], &rounding->moves.results[i + 1]};
    verdict.merge(
        compare("result " + std::to_string(i), outcome.results[i], outcome.results[i + 1], tolerance, asSingle, moves));
  }
  return verdict;
}

bool identical(const Outcome &a, const Outcome &b) {
  return llvm::equal(a.results, b.results, [](const Tensor &x, const Tensor &y) { return identical(x, y); }) &&
         llvm::equal(a.states, b.states,
                     [](const auto &x, const auto &y) { return x.first == y.first && identical(x.second, y.second); });
}

Tensor normalTensor(Type type, std::mt19937_64 &generator) {
  Tensor tensor = reference::zerosLike(type);
  std::normal_distribution<double> distribution;
  for (double &value : tensor.data)
    value = heldIn(type, distribution(generator));
  return tensor;
}

Case makeCase(func::FuncOp function, uint64_t seed) {
  Case result;
  result.name = function.getName().str();
  result.type = function.getFunctionType();
  result.expects = function->hasAttr(kExpectAttr);
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr);
    result.resultNames.push_back(name ? name.str() : "result" + std::to_string(i));
  }
  // A function's inputs depend on its own name only, states on theirs.
  std::mt19937_64 generator(seed ^ llvm::xxh3_64bits(function.getName()));
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    result.argumentNames.push_back(name ? name.str() : "arg" + std::to_string(i));
    result.arguments.push_back(drawArgument(function, i, generator));
  }
  for (StateOp state : function->getParentOfType<ModuleOp>().getOps<StateOp>()) {
    std::mt19937_64 own(seed ^ llvm::xxh3_64bits(state.getSymName()));
    result.states[state.getSymName().str()] = drawState(state, own);
  }
  return result;
}

void print(llvm::raw_ostream &os, const Tensor &tensor) {
  int64_t position = 0;
  printFrom(os, tensor, 0, position);
}

} // namespace sinter::run
