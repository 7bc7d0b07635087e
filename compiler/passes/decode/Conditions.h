// What a text comes with and does not change as the text grows: a sentence that is to be translated, and all that a
// model makes of it. It is computed once, by an entry of its own, and kept beside the text's caches.
#pragma once

#include "compiler/passes/decode/Caches.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace sinter {

class Conditions {
public:
  /// The input of `source` that is called so, too, is a condition, and so is what is computed from it and from what is
  /// the same for all texts: parameters and other inputs.
  Conditions(mlir::func::FuncOp source, mlir::BlockArgument tokens, mlir::BlockArgument position);

  bool any() const { return !arguments.empty(); }
  bool isArgument(mlir::BlockArgument argument) const { return arguments.contains(argument); }
  /// Whether an op is left to the entry that reads conditions.
  bool computes(mlir::Operation *op) const;
  /// Values that others need: keys and values of cross attention, say. In the order of their first use.
  mlir::ArrayRef<mlir::Value> needed() const { return uses.getArrayRef(); }

  /// The entry that takes the conditions of one text and writes what is needed into `caches`.
  mlir::func::FuncOp encode(llvm::StringRef name, Caches &caches);

private:
  enum Kind { Free, Condition, Text }; ///< the same for all texts; of what a text comes with; of the text
  Kind kindOf(mlir::Value value) const { return kinds.lookup(value); }

  mlir::func::FuncOp source;
  llvm::SmallSetVector<mlir::BlockArgument, 2> arguments;
  llvm::DenseMap<mlir::Value, Kind> kinds; ///< Free where there is none
  llvm::SetVector<mlir::Value> uses;
};

/// Erases what nothing needs.
void eraseDeadOps(mlir::Block &block);

} // namespace sinter
