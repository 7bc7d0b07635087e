// What kernels are and what their ops are in them: decided once, where ops are grouped, and read ever after.
//
//   func.func private @matmul_768x384(...) attributes {sinter.kernel, sinter.kind = "product"} {
//     %1 = linalg.generic ... attrs = {sinter.role = "product"} ...
#pragma once

#include "dialects/Precompiled.h"

namespace sinter {

/// func: what kind of kernel it is, one of the following; what is of none of them is called by the name of its op, such
/// as "gather".
inline constexpr llvm::StringLiteral kKindAttr = "sinter.kind";
inline constexpr llvm::StringLiteral kProductKind = "product", kRowsKind = "rows", kColumnsKind = "columns",
                                     kElementsKind = "elements", kAttentionKind = "attention";

/// On an op of an entry: the number of the kernel that takes it (GroupKernels.cpp). Ops of one number stand together.
inline constexpr llvm::StringLiteral kGroupAttr = "sinter.group";
/// On an entry: the kind of each group by its number, with its members if it has several: "elements x 12".
inline constexpr llvm::StringLiteral kGroupsAttr = "sinter.groups";

/// On an op of a kernel, sinter's as well as linalg's. Where nothing lives on rows x columns: a matrix product, the
/// sums of the columns of a product's right operand. In an attention: a product that makes rows x columns, one that
/// sums them over columns or over rows, a sum along their diagonals, or what works on them element by element or along
/// rows.
inline constexpr llvm::StringLiteral kRoleAttr = "sinter.role";
inline constexpr llvm::StringLiteral kProduct = "product", kOfColumns = "sums of columns", kMakes = "makes",
                                     kSumsColumns = "sums columns", kSumsRows = "sums rows",
                                     kSumsDiagonals = "sums diagonals", kOnRows = "on rows";
/// On a linalg.generic that is a product: both operands are rounded to bf16 first.
inline constexpr llvm::StringLiteral kBf16Attr = "sinter.bf16";

/// A group as `sinter.groups` has it.
struct GroupLabel {
  llvm::StringRef kind;
  int64_t members = 1;

  std::string text() const;
  /// Nothing if `text` is none.
  static std::optional<GroupLabel> parse(llvm::StringRef text);
};

/// Whether `kind` is one of those above, or the name of an op of the dialect.
bool isKernelKind(mlir::MLIRContext *context, llvm::StringRef kind);

/// The kind of a kernel; empty if it does not say.
llvm::StringRef kindOf(mlir::Operation *kernel);

bool hasRole(mlir::Operation *op, llvm::StringRef role);

/// Whether the op's role is to be a matrix product.
bool isProduct(mlir::Operation *op);

/// Why `op` is not what its role says: a product is sums of a * b from 0, over tensors that it reads by plain
/// dimensions. Empty if it is, or has no role that promises anything.
std::string whyNotInRole(mlir::linalg::GenericOp op);

} // namespace sinter
