// One random function, grown op by op: what its steps share, and the steps, each of which gives a new value or none.
#pragma once

#include "RandomGraphs.h"

#include <random>

namespace sinter::run {

using Shape = std::vector<int64_t>;

inline constexpr int64_t kLargestTensor =
    1500; ///< elements, but of long sums; more would only make the interpreter slower
inline constexpr int64_t kSizes[] = {1, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 20, 33};

class RandomGraph {
public:
  RandomGraph(mlir::ModuleOp module, int number, uint64_t seed);
  /// Draws the steps; `aboutAttention`: an attention, and at most two steps more. Returns how many attentions there
  /// are.
  int64_t grow(bool aboutAttention);

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
  mlir::Value pick() { return chance(0.6) ? values.back() : values[static_cast<size_t>(below(values.size()))]; }
  /// ... of rank at least `rank`; a new argument if there is none.
  mlir::Value pickOfRank(int64_t rank) {
    mlir::Value value = pick();
    return rankOf(value) >= rank ? value : argument(randomShape(rank + below(2)));
  }

  //===--- IR ------------------------------------------------------------------------------------------===//
  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType());
  }
  static llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return typeOf(value).getShape(); }
  static int64_t rankOf(mlir::Value value) { return typeOf(value).getRank(); }
  static int64_t sizeOf(mlir::Value value) { return typeOf(value).getNumElements(); }
  mlir::RankedTensorType floats(llvm::ArrayRef<int64_t> shape) {
    return mlir::RankedTensorType::get(shape, builder.getF32Type());
  }
  mlir::RankedTensorType integers(llvm::ArrayRef<int64_t> shape) {
    return mlir::RankedTensorType::get(shape, builder.getI32Type());
  }

  mlir::Value argument(llvm::ArrayRef<int64_t> shape) {
    argumentLimits.push_back(0);
    return body->addArgument(floats(shape), loc);
  }
  mlir::Value integerArgument(llvm::ArrayRef<int64_t> shape, int64_t limit) {
    argumentLimits.push_back(limit);
    return body->addArgument(integers(shape), loc);
  }
  /// A value of `shape`: an earlier one, or a new argument.
  mlir::Value valueOfShape(llvm::ArrayRef<int64_t> shape) {
    llvm::SmallVector<mlir::Value> same;
    for (mlir::Value value : values)
      if (shapeOf(value) == shape)
        same.push_back(value);
    return same.empty() || chance(0.2) ? argument(shape) : same[static_cast<size_t>(below(same.size()))];
  }
  mlir::Value constant(mlir::Value like, double value) { return splat(builder, loc, like.getType(), value); }
  template <typename Op, typename... Operands> mlir::Value make(Operands... operands) {
    return Op::create(builder, loc, operands...)->getResult(0);
  }
  mlir::Value add(mlir::Value a, double b) { return make<mlir::arith::AddFOp>(a, constant(a, b)); }
  mlir::Value scale(mlir::Value a, double b) { return make<mlir::arith::MulFOp>(a, constant(a, b)); }
  mlir::Value onePlusSquare(mlir::Value a) { return add(make<mlir::arith::MulFOp>(a, a), 1); }
  mlir::Value reshapeTo(mlir::Value a, llvm::ArrayRef<int64_t> shape) { return make<ReshapeOp>(floats(shape), a); }

  //===--- steps that keep a shape (RandomElements.cpp) --------------------------------------------------===//
  mlir::Value unary();
  mlir::Value unaryOf(mlir::Value x);
  mlir::Value combine(mlir::Value a, mlir::Value b);
  mlir::Value binary();
  mlir::Value bias();
  mlir::Value position();
  mlir::Value withTranspose();
  mlir::Value mask();
  mlir::Value choose();
  mlir::Value dropout();
  mlir::Value dropoutOf(mlir::Value a);
  mlir::Value state();

  //===--- steps that move elements (RandomShapes.cpp) ---------------------------------------------------===//
  mlir::Value broadcast();
  mlir::Value reshape();
  mlir::Value transpose();
  mlir::Value slice();
  mlir::Value pad();
  mlir::Value sideBySide();
  mlir::Value concat();
  mlir::Value gather();
  mlir::Value scatter();

  //===--- steps that sum (RandomSums.cpp) ---------------------------------------------------------------===//
  mlir::Value reduce();
  mlir::Value longSum();
  mlir::Value matmul();
  mlir::Value rows();
  mlir::Value normalize();
  mlir::Value crossEntropy();

  //===--- attention (RandomAttention.cpp) ---------------------------------------------------------------===//
  mlir::Value attention();
  mlir::Value maybeAttention();
  mlir::Value changeScores(mlir::Value scores);
  mlir::Value maskScores(mlir::Value scores);

  //===--- steps that write out what there are ops for (RandomFormulas.cpp) ------------------------------===//
  mlir::Value formula();
  mlir::Value writtenSoftmax();
  mlir::Value writtenNorm();
  mlir::Value writtenLoss();
  mlir::Value softmaxOf(mlir::Value a, int64_t axis);
  mlir::Value logSoftmaxOf(mlir::Value a, int64_t axis);
  mlir::Value alongRows(mlir::Value perRow, mlir::RankedTensorType type, int64_t axis);
  mlir::Value reduceRows(ReduceKind kind, mlir::Value a, int64_t axis);

  mlir::Value step();
  void finish();

  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  mlir::Location loc; ///< `graph_12:3:1` of the third step
  std::mt19937_64 generator;
  mlir::func::FuncOp function;
  mlir::Block *body = nullptr;
  std::vector<mlir::Value> values;     ///< f32 tensors that later steps may read
  std::vector<int64_t> argumentLimits; ///< 0 for floats
  int states = 0;
  int64_t attentions = 0;
};

} // namespace sinter::run
