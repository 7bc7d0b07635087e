// The one lowering that broadcast and transpose share.
#pragma once
#include "dialects/sinter/Sinter.h"

namespace sinter {

/// Builds `result[i] = input[map(i)]` as one linalg.generic; `map` is a projected permutation of the result's dimensions.
inline mlir::Value copyThroughMap(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input, mlir::AffineMap map,
                                  mlir::RankedTensorType type) {
  mlir::Value empty = mlir::tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  llvm::SmallVector<mlir::AffineMap> maps{map, builder.getMultiDimIdentityMap(type.getRank())};
  llvm::SmallVector<mlir::utils::IteratorType> iterators(type.getRank(), mlir::utils::IteratorType::parallel);
  auto generic = mlir::linalg::GenericOp::create(
      builder, loc, mlir::TypeRange(type), mlir::ValueRange(input), mlir::ValueRange(empty), maps, iterators,
      [](mlir::OpBuilder &b, mlir::Location l, mlir::ValueRange elements) {
        mlir::linalg::YieldOp::create(b, l, elements.front());
      });
  return generic.getResult(0);
}

} // namespace sinter
