// The generator: one function, grown op by op.
#include "RandomGraphs.h"

#include <cmath>
#include <random>

using namespace mlir;

namespace sinter::run {
namespace {

using Shape = std::vector<int64_t>;

constexpr int64_t kLargestTensor = 1500; ///< elements; more would only make the interpreter slower
constexpr int64_t kSizes[] = {1, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 20, 33};

/// Grows one function op by op.
class Graph {
public:
  Graph(ModuleOp module, int number, uint64_t seed)
      : module(module), builder(module.getContext()), loc(UnknownLoc::get(module.getContext())),
        generator(seed * 1000003 + static_cast<uint64_t>(number)) {
    builder.setInsertionPointToEnd(module.getBody());
    function = func::FuncOp::create(builder, loc, "graph_" + std::to_string(number), builder.getFunctionType({}, {}));
    body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
  }

  void grow() {
    values.push_back(argument(randomShape(below(4) + 1)));
    for (int64_t steps = 3 + below(6); steps > 0; --steps)
      if (Value value = step())
        values.push_back(value);
    finish();
  }

private:
  //===--- random choices ------------------------------------------------------------------------------===//
  int64_t below(int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit - 1)(generator); }
  bool chance(double p) { return std::bernoulli_distribution(p)(generator); }
  int64_t randomSize() { return kSizes[below(std::size(kSizes))]; }

  Shape randomShape(int64_t rank) {
    for (;;) {
      Shape shape;
      for (int64_t d = 0; d < rank; ++d)
        shape.push_back(randomSize());
      if (Tensor::count(shape) <= kLargestTensor)
        return shape;
    }
  }

  /// Some earlier value, most often the last one.
  Value pick() { return chance(0.6) ? values.back() : values[static_cast<size_t>(below(values.size()))]; }
  /// ... of rank at least `rank`; a new argument if there is none.
  Value pickOfRank(int64_t rank) {
    Value value = pick();
    return rankOf(value) >= rank ? value : argument(randomShape(rank + below(2)));
  }

  //===--- IR ------------------------------------------------------------------------------------------===//
  static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
  static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }
  static int64_t sizeOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }
  RankedTensorType floats(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, builder.getF32Type()); }

  Value argument(ArrayRef<int64_t> shape) {
    argumentLimits.push_back(0);
    return body->addArgument(floats(shape), loc);
  }
  Value integerArgument(ArrayRef<int64_t> shape, int64_t limit) {
    argumentLimits.push_back(limit);
    return body->addArgument(RankedTensorType::get(shape, builder.getI32Type()), loc);
  }
  /// A value of `shape`: an earlier one, or a new argument.
  Value valueOfShape(ArrayRef<int64_t> shape) {
    SmallVector<Value> same;
    for (Value value : values)
      if (shapeOf(value) == shape)
        same.push_back(value);
    return same.empty() || chance(0.2) ? argument(shape) : same[static_cast<size_t>(below(same.size()))];
  }
  Value constant(Value like, double value) { return splat(builder, loc, like.getType(), value); }
  template <typename Op, typename... Operands> Value make(Operands... operands) {
    return Op::create(builder, loc, operands...)->getResult(0);
  }
  Value add(Value a, double b) { return make<arith::AddFOp>(a, constant(a, b)); }
  Value scale(Value a, double b) { return make<arith::MulFOp>(a, constant(a, b)); }
  Value onePlusSquare(Value a) { return add(make<arith::MulFOp>(a, a), 1); }
  Value reshapeTo(Value a, ArrayRef<int64_t> shape) { return make<ReshapeOp>(floats(shape), a); }

  //===--- steps: each gives a new value, or none ------------------------------------------------------===//
  Value step() {
    using Step = Value (Graph::*)();
    static constexpr Step steps[] = {
        &Graph::unary,   &Graph::unary,     &Graph::unary,     &Graph::binary,       &Graph::binary,  &Graph::binary,
        &Graph::bias,    &Graph::broadcast, &Graph::reduce,    &Graph::reduce,       &Graph::reshape, &Graph::transpose,
        &Graph::slice,   &Graph::pad,       &Graph::concat,    &Graph::matmul,       &Graph::matmul,  &Graph::rows,
        &Graph::rows,    &Graph::normalize, &Graph::gather,    &Graph::scatter,      &Graph::mask,    &Graph::choose,
        &Graph::dropout, &Graph::state,     &Graph::crossEntropy};
    return (this->*steps[below(std::size(steps))])();
  }

  Value unary() {
    Value x = pick();
    switch (below(14)) {
    case 0:
      return make<math::TanhOp>(x);
    case 1:
      return make<math::ExpOp>(make<math::TanhOp>(x));
    case 2:
      return make<math::SinOp>(x);
    case 3:
      return make<math::CosOp>(x);
    case 4:
      return make<math::ErfOp>(x);
    case 5:
      return make<math::LogOp>(onePlusSquare(x));
    case 6:
      return make<math::SqrtOp>(onePlusSquare(x));
    case 7:
      return make<math::RsqrtOp>(onePlusSquare(x));
    case 8: { // sigmoid
      Value denominator = add(make<math::ExpOp>(make<arith::NegFOp>(x)), 1);
      return make<arith::DivFOp>(constant(x, 1), denominator);
    }
    case 9: // relu, away from the exact zeros that masks and pads make
      return make<arith::MaximumFOp>(add(x, 0.371), constant(x, 0));
    case 10:
      return make<math::AbsFOp>(add(x, 0.173));
    case 11: // gelu, exact form
      return scale(make<arith::MulFOp>(x, add(make<math::ErfOp>(scale(x, 0.70710678)), 1)), 0.5);
    case 12:
      return make<math::Log1pOp>(make<math::ExpOp>(make<math::TanhOp>(x)));
    default:
      return make<math::PowFOp>(onePlusSquare(x), constant(x, 0.7));
    }
  }

  Value combine(Value a, Value b) {
    switch (below(6)) {
    case 0:
      return make<arith::AddFOp>(a, b);
    case 1:
      return make<arith::SubFOp>(a, b);
    case 2:
    case 3:
      return scale(make<arith::MulFOp>(a, b), 0.5);
    case 4:
      return make<arith::DivFOp>(a, onePlusSquare(b));
    default:
      return chance(0.5) ? make<arith::MaximumFOp>(a, add(b, 0.217)) : make<arith::MinimumFOp>(a, add(b, 0.217));
    }
  }

  Value binary() {
    Value a = pick();
    return combine(a, valueOfShape(shapeOf(a)));
  }

  /// With something that is repeated along some of the dimensions.
  Value bias() {
    Value a = pickOfRank(1);
    SmallVector<int64_t> dims, sizes;
    for (int64_t d = 0; d < rankOf(a); ++d)
      if (chance(0.5)) {
        dims.push_back(d);
        sizes.push_back(shapeOf(a)[d]);
      }
    Value small = valueOfShape(sizes);
    return combine(a, make<BroadcastOp>(a.getType(), small, builder.getDenseI64ArrayAttr(dims)));
  }

  Value broadcast() {
    Value a = pick();
    int64_t size = randomSize();
    if (rankOf(a) >= 4 || sizeOf(a) * size > kLargestTensor)
      return nullptr;
    Shape shape(shapeOf(a).begin(), shapeOf(a).end());
    int64_t at = below(rankOf(a) + 1);
    shape.insert(shape.begin() + at, size);
    SmallVector<int64_t> dims;
    for (int64_t d = 0; d <= rankOf(a); ++d)
      if (d != at)
        dims.push_back(d);
    return make<BroadcastOp>(floats(shape), a, builder.getDenseI64ArrayAttr(dims));
  }

  Value reduce() {
    Value a = pickOfRank(1);
    SmallVector<int64_t> axes;
    int64_t length = 1;
    for (int64_t d = 0; d < rankOf(a); ++d)
      if (chance(0.5)) {
        axes.push_back(d);
        length *= shapeOf(a)[d];
      }
    if (axes.empty())
      return nullptr;
    switch (below(4)) {
    case 0:
      return ReduceOp::create(builder, loc, ReduceKind::max, a, ArrayRef<int64_t>(axes));
    case 1:
      return ReduceOp::create(builder, loc, ReduceKind::min, a, ArrayRef<int64_t>(axes));
    default:
      return scale(ReduceOp::create(builder, loc, ReduceKind::sum, a, ArrayRef<int64_t>(axes)),
                   1 / std::sqrt(static_cast<double>(length)));
    }
  }

  Value reshape() {
    Value a = pick();
    Shape shape;
    for (int64_t rest = sizeOf(a); rest > 1 && shape.size() < 3;) {
      int64_t factor = 2 + below(8);
      if (rest % factor)
        factor = rest;
      shape.push_back(factor);
      rest /= factor;
      if (shape.size() == 3)
        shape.back() *= rest;
    }
    if (chance(0.3))
      shape.insert(shape.begin() + below(shape.size() + 1), 1);
    return reshapeTo(a, shape);
  }

  Value transpose() {
    Value a = pickOfRank(2);
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rankOf(a)));
    std::shuffle(permutation.begin(), permutation.end(), generator);
    return TransposeOp::create(builder, loc, a, ArrayRef<int64_t>(permutation));
  }

  Value slice() {
    Value a = pickOfRank(1);
    SmallVector<int64_t> starts, limits, strides;
    for (int64_t size : shapeOf(a)) {
      starts.push_back(chance(0.5) ? 0 : below(size));
      limits.push_back(chance(0.5) ? size : starts.back() + 1 + below(size - starts.back()));
      strides.push_back(chance(0.7) ? 1 : 1 + below(3));
    }
    return SliceOp::create(builder, loc, a, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(limits),
                           ArrayRef<int64_t>(strides));
  }

  Value pad() {
    Value a = pickOfRank(1);
    SmallVector<int64_t> low, high, interior;
    int64_t size = 1;
    for (int64_t n : shapeOf(a)) {
      low.push_back(chance(0.5) ? 0 : below(3));
      high.push_back(chance(0.5) ? 0 : below(3));
      interior.push_back(chance(0.7) ? 0 : below(3));
      size *= low.back() + (n - 1) * (interior.back() + 1) + 1 + high.back();
    }
    if (size > kLargestTensor)
      return nullptr;
    return PadOp::create(builder, loc, a, builder.getDenseI64ArrayAttr(low), builder.getDenseI64ArrayAttr(high),
                         builder.getDenseI64ArrayAttr(interior));
  }

  Value concat() {
    Value a = pickOfRank(1);
    int64_t axis = below(rankOf(a));
    SmallVector<Value> parts{a};
    for (int64_t more = 1 + below(2); more > 0; --more) {
      Shape shape(shapeOf(a).begin(), shapeOf(a).end());
      shape[static_cast<size_t>(axis)] = randomSize();
      parts.insert(parts.begin() + below(parts.size() + 1), valueOfShape(shape));
    }
    Value joined = ConcatOp::create(builder, loc, ValueRange(parts), static_cast<uint64_t>(axis));
    return sizeOf(joined) <= 2 * kLargestTensor ? joined : Value();
  }

  Value matmul() {
    Value a = pickOfRank(2);
    bool transposeLeft = chance(0.3), transposeRight = chance(0.4), swap = chance(0.3);
    ArrayRef<int64_t> shape = shapeOf(a);
    // `a` is the left operand, or the right one if `swap`.
    bool innerIsLast = swap ? transposeRight : !transposeLeft;
    int64_t inner = shape[shape.size() - (innerIsLast ? 1 : 2)];
    int64_t outer = randomSize();
    if (sizeOf(a) / inner * outer > kLargestTensor)
      return nullptr;
    Shape other(shape.begin(), shape.end() - 2);
    bool otherInnerIsLast = swap ? !transposeLeft : transposeRight;
    other.push_back(otherInnerIsLast ? outer : inner);
    other.push_back(otherInnerIsLast ? inner : outer);
    Value b = valueOfShape(other);
    Value product = MatmulOp::create(builder, loc, swap ? b : a, swap ? a : b, transposeLeft, transposeRight);
    return scale(product, 1 / std::sqrt(static_cast<double>(inner)));
  }

  Value rows() {
    Value a = pickOfRank(1);
    return chance(0.5) ? make<SoftmaxOp>(a.getType(), a) : make<LogSoftmaxOp>(a.getType(), a);
  }

  Value normalize() {
    Value a = pickOfRank(1);
    auto made = NormalizeOp::create(builder, loc, a, builder.getF64FloatAttr(0.01),
                                    chance(0.5) ? builder.getUnitAttr() : nullptr);
    if (chance(0.3))
      values.push_back(made.getRstd());
    return made.getNormalized();
  }

  Value gather() {
    Value table = pickOfRank(1);
    Shape shape = randomShape(1 + below(2));
    int64_t rows = shapeOf(table)[0];
    if (Tensor::count(shape) * (sizeOf(table) / rows) > kLargestTensor)
      return nullptr;
    return make<GatherOp>(table, integerArgument(shape, rows + below(2))); // now and then outside of the table
  }

  Value scatter() {
    Value updates = pickOfRank(1);
    ArrayRef<int64_t> shape = shapeOf(updates);
    int64_t indexRank = 1 + below(std::min<int64_t>(2, rankOf(updates)));
    Shape table(shape.begin() + indexRank, shape.end());
    table.insert(table.begin(), randomSize());
    if (Tensor::count(table) > kLargestTensor)
      return nullptr;
    Value indices = integerArgument(shape.take_front(indexRank), table[0] + below(2));
    return scale(make<ScatterAddOp>(floats(table), indices, updates), 0.3);
  }

  /// Where an index is above another one: -inf and a softmax, or zero.
  Value mask() {
    Value a = pickOfRank(2);
    auto type = RankedTensorType::get(shapeOf(a), builder.getI32Type());
    Value row = make<IotaOp>(type, builder.getI64IntegerAttr(rankOf(a) - 2));
    Value column = make<IotaOp>(type, builder.getI64IntegerAttr(rankOf(a) - 1));
    Value keep = make<arith::CmpIOp>(arith::CmpIPredicate::sge, row, column);
    if (chance(0.5))
      return make<arith::SelectOp>(keep, a, constant(a, 0));
    Value hidden = constant(a, -std::numeric_limits<double>::infinity());
    return make<SoftmaxOp>(a.getType(), make<arith::SelectOp>(keep, a, hidden));
  }

  Value choose() {
    Value a = pick(), b = valueOfShape(shapeOf(a));
    auto predicate = chance(0.5) ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGE;
    Value condition = make<arith::CmpFOp>(predicate, a, add(b, 0.293));
    if (chance(0.3))
      return make<arith::MulFOp>(a, make<arith::UIToFPOp>(a.getType(), condition));
    return make<arith::SelectOp>(condition, b, a);
  }

  Value dropout() {
    Value a = pickOfRank(1);
    auto type = RankedTensorType::get(shapeOf(a), builder.getI32Type());
    Value counter = make<IotaOp>(type, builder.getI64IntegerAttr(rankOf(a) - 1));
    Value key = make<BroadcastOp>(type, integerArgument({}, 1000), builder.getDenseI64ArrayAttr({}));
    Value stream = splat(builder, loc, type, static_cast<double>(below(100)));
    Value bits = make<ThreefryOp>(key, stream, counter, stream);
    Value keep = make<arith::CmpIOp>(arith::CmpIPredicate::sgt, bits, splat(builder, loc, type, -500000000));
    return make<arith::SelectOp>(keep, scale(a, 1.6), constant(a, 0));
  }

  /// Reads a state of `a`'s shape and writes a mixture of both into it.
  Value state() {
    Value a = pick();
    std::string name = function.getName().str() + "." + std::to_string(states++);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(module.getBody());
      StateOp::create(builder, loc, builder.getStringAttr(name), TypeAttr::get(a.getType()), builder.getStringAttr("normal"),
                      builder.getF64FloatAttr(1.0), builder.getUnitAttr());
    }
    Value old = ReadOp::create(builder, loc, a.getType(), name);
    Value mixed = make<arith::AddFOp>(scale(old, 0.9), scale(a, 0.1));
    WriteOp::create(builder, loc, name, mixed);
    return chance(0.5) ? make<arith::MulFOp>(a, old) : mixed;
  }

  Value crossEntropy() {
    Value a = pickOfRank(2);
    int64_t classes = shapeOf(a).back(), rows = sizeOf(a) / classes;
    Value logits = reshapeTo(a, {rows, classes});
    auto made = CrossEntropyOp::create(builder, loc, logits, integerArgument({rows}, classes + below(2)));
    if (chance(0.2))
      values.push_back(made.getLse());
    return made.getLosses();
  }

  //===--- the end -------------------------------------------------------------------------------------===//
  /// Returns what nothing has read, and now and then a value that something has, so that it has readers of two kinds.
  void finish() {
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

  ModuleOp module;
  OpBuilder builder;
  Location loc;
  std::mt19937_64 generator;
  func::FuncOp function;
  Block *body = nullptr;
  std::vector<Value> values;           ///< f32 tensors that later steps may read
  std::vector<int64_t> argumentLimits; ///< 0 for floats
  int states = 0;
};

} // namespace

void addRandomFunctions(ModuleOp module, int first, int count, uint64_t seed) {
  for (int number = first; number < first + count; ++number)
    Graph(module, number, seed).grow();
}

} // namespace sinter::run
