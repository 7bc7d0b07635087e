// States in which derived entries remember what they computed (DeriveDecode.cpp).
#pragma once

#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"

namespace sinter {

/// Caches: transient states, one for each value and dimension, shared by the entries that are derived with it.
class Caches {
public:
  Caches(mlir::func::FuncOp source, std::string prefix) : builder(source), prefix(std::move(prefix)) {}

  /// Of all positions of `value` along `dim` (-1: it has none); of several texts, with one more dimension in front.
  StateOp of(mlir::Value value, int64_t dim, int64_t texts) {
    return of(value, dim, texts, mlir::cast<mlir::RankedTensorType>(value.getType()));
  }
  /// The same, of what has `type`: `value` is one of its parts.
  StateOp of(mlir::Value value, int64_t dim, int64_t texts, mlir::RankedTensorType type) {
    StateOp &cache = states[{value, dim}];
    if (!cache) {
      llvm::SmallVector<int64_t> shape(type.getShape());
      if (texts > 1)
        shape.insert(shape.begin(), texts);
      std::string name = prefix + "cache." + std::to_string(states.size() - 1);
      cache = StateOp::create(builder, value.getLoc(), name, mlir::RankedTensorType::get(shape, type.getElementType()),
                              "zeros", llvm::APFloat(0.0), /*trainable=*/false, /*transient=*/true);
    }
    return cache;
  }

private:
  mlir::OpBuilder builder;
  std::string prefix;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, StateOp> states;
};

} // namespace sinter
