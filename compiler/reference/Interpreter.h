// The reference interpreter: runs a function at stage `model`, `fused` or `train` in double precision.
//
// It is slow and obvious on purpose and shares nothing with the lowering: each op says its own plain meaning
// (ReferenceOp); only what needs the program around it (states, maps, constants) stands here.
#pragma once

#include "dialects/sinter/Sinter.h"

#include <map>
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

  /// Runs `function` on `arguments` (one per parameter, of its shape) and returns its results. Reads see the states'
  /// values of before the call; writes take effect when it ends. On failure the reason has been emitted and the states
  /// are as before.
  llvm::FailureOr<std::vector<Tensor>> run(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> arguments);

private:
  using Values = llvm::DenseMap<mlir::Value, Tensor>;

  llvm::LogicalResult execute(mlir::Operation &op, Values &values, States &written);
  llvm::LogicalResult executeMap(MapOp map, Values &values);

  States current;
};

/// A zero tensor of the shape of `type`; rank 0 for a scalar type.
Tensor zerosLike(mlir::Type type);

/// The value of a constant: dense elements, or a scalar number. Nothing for any other attribute.
std::optional<Tensor> constantValue(mlir::Attribute value);

} // namespace sinter::reference
