// The reference interpreter: runs a function at stage `model`, `fused` or `train` in double precision.
//
// It is slow and obvious on purpose and shares nothing with the lowering: each op says its own plain meaning
// (ReferenceOp); only what needs the program around it (states, maps, constants) stands here.
#pragma once

#include "dialects/sinter/Sinter.h"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sinter::reference {

/// The values of a program's states, by name.
using States = std::map<std::string, Tensor>;

class Interpreter {
public:
  /// Every state starts as zeros; set them through `states()`.
  explicit Interpreter(mlir::ModuleOp module);

  States &states() { return current; }

  /// From now on computes as f32 could: an op whose results f32 does not hold reads operands, and gives results, that
  /// are off by up to half a digit of f32, at random. Several runs show how far rounding moves each result: hardly
  /// where a sum's terms have one sign, as far as its terms are large where they cancel. (What is exact stays so:
  /// choices, comparisons, maxima.)
  void round(uint64_t seed) { noise.emplace(seed); }

  /// Runs `function` on `arguments` (one per parameter, of its shape) and returns its results. Reads see the states'
  /// values of before the call; writes take effect when it ends. On failure the reason has been emitted and the states
  /// are as before.
  llvm::FailureOr<std::vector<Tensor>> run(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> arguments);

private:
  using Values = llvm::DenseMap<mlir::Value, Tensor>;

  llvm::LogicalResult evaluate(mlir::Operation &op, llvm::ArrayRef<const Tensor *> inputs,
                               llvm::MutableArrayRef<Tensor> outputs);
  void roundRandomly(Tensor &tensor);
  llvm::LogicalResult execute(mlir::Operation &op, Values &values, States &written);
  llvm::LogicalResult executeMap(MapOp map, Values &values);
  /// The steps of a sinter.scan or a sinter.loop with this body.
  template <typename Loop>
  llvm::LogicalResult executeSteps(Loop loop, mlir::Block &body, Values &values, States &written);

  States current;
  std::optional<std::mt19937_64> noise;
};

/// A zero tensor of the shape of `type`; rank 0 for a scalar type.
Tensor zerosLike(mlir::Type type);

/// The value of a constant: dense elements, or a scalar number. Nothing for any other attribute.
std::optional<Tensor> constantValue(mlir::Attribute value);

} // namespace sinter::reference
