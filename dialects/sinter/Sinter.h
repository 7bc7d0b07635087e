// The `sinter` dialect: tensor-level ops that upstream lacks, program state, and the interfaces that passes ask.
#pragma once

#include "dialects/Precompiled.h"
#include "dialects/sinter/Lift.h"
#include "dialects/sinter/Reference.h"
#include "dialects/sinter/Roles.h"
#include "dialects/sinter/Time.h"
#include "dialects/sinter/Triangles.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/sinter/Dialect.h.inc"
#include "dialects/sinter/Enums.h.inc"
#include "dialects/sinter/Interfaces.h.inc"

namespace sinter {
/// Trait of ops whose operands and results share their leading dimensions (the rows), and whose elements depend on
/// their own row only.
template <typename Op> class Rowwise : public mlir::OpTrait::TraitBase<Op, Rowwise> {};

/// Trait of ops whose kernels read the operands in memory, at computed places.
template <typename Op> class ReadsInMemory : public mlir::OpTrait::TraitBase<Op, ReadsInMemory> {};

/// Trait of ops each of whose elements is one of an operand's, and whose kernels take operands through views.
template <typename Op> class JoinsOperands : public mlir::OpTrait::TraitBase<Op, JoinsOperands> {};

/// Trait of elementwise ops that cost more than a trip to memory for their result.
template <typename Op> class TakesLong : public mlir::OpTrait::TraitBase<Op, TakesLong> {};

/// The operands of sinter.attention as they are written, each with its axes.
mlir::ParseResult parseAxisOperands(mlir::OpAsmParser &parser,
                                    llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &inputs,
                                    mlir::DenseI64ArrayAttr &rowDims, mlir::DenseI64ArrayAttr &columnDims);
void printAxisOperands(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::OperandRange inputs,
                       mlir::DenseI64ArrayAttr rowDims, mlir::DenseI64ArrayAttr columnDims);
} // namespace sinter

#define GET_OP_CLASSES
#include "dialects/sinter/Ops.h.inc"

namespace sinter {

/// Attribute names on functions, arguments and results. They are the module's own record of what it is.
inline constexpr llvm::StringLiteral kEntryAttr = "sinter.entry";   ///< func: callable by the runtime
inline constexpr llvm::StringLiteral kKernelAttr = "sinter.kernel"; ///< func: an outlined kernel
/// func: the kernel computes the same this many times, on tensors whose first dimensions may differ. Its ops are those
/// of the first member, then those of the second, and so on; no member reads what another computes.
inline constexpr llvm::StringLiteral kMembersAttr = "sinter.members";
/// On ops that one kernel takes together because they live on queries x keys: the number of their group
/// (InlineAttention.cpp).
inline constexpr llvm::StringLiteral kAttentionAttr = "sinter.attention";
/// On what a product reads and nobody else: its kernel computes it (FusePrologues.cpp).
inline constexpr llvm::StringLiteral kPrologueAttr = "sinter.prologue";
/// linalg contraction: triples of two of its dimensions and a distance (a, b, o, c, d, p, ...). Where index a is
/// greater than index b + o, what would be multiplied is zero, or nobody needs the sum.
inline constexpr llvm::StringLiteral kOrderedAttr = "sinter.ordered";
/// On calls and launches of kernels: they repeat another one, so that its results need not wait (MeetBudget.cpp).
inline constexpr llvm::StringLiteral kAgainAttr = "sinter.again";
/// func: ways to run the entry, three numbers each, from the largest arena to the smallest: its bytes, the floating
/// point operations that are done again, and an estimate of all seconds (MeetBudget.cpp).
inline constexpr llvm::StringLiteral kCurveAttr = "sinter.curve";
/// module: its kernels were chosen for this target, `cpu` or `vulkan`; without it, for any (KernelAbilities.h).
inline constexpr llvm::StringLiteral kTargetAttr = "sinter.target";
inline constexpr llvm::StringLiteral kNameAttr = "sinter.name"; ///< argument or result: its public name
inline constexpr llvm::StringLiteral kDefaultAttr =
    "sinter.default"; ///< scalar argument: value if the caller gives none
inline constexpr llvm::StringLiteral kExpectAttr =
    "sinter.expect"; ///< func: results come in pairs (actual, expected), for tests

/// Attaches DifferentiableOp and ReferenceOp to the elementwise ops of `arith` and `math`, and registers the dialects
/// that sinter programs use.
void registerDialects(mlir::DialectRegistry &registry);
void registerElementwiseModels(mlir::DialectRegistry &registry);

/// Whether `type` is a tensor of f32 (or a scalar f32 inside a map), hence may carry a gradient.
bool isDifferentiable(mlir::Type type);

/// Empty if elements of `element` (f32, i32, i1) can hold `value`; else what they hold, to go on with after the number:
/// "is not an i32, a whole number from -2147483648 to 2147483647". An f32 holds what it rounds, but not to infinity or
/// zero.
std::string whyNotHeld(mlir::Type element, double value);

/// Whether `op` (which may be null) is a view that an entry has for nothing.
bool isFreeView(mlir::Operation *op);
/// Whether `op` (which may be null) lets dimensions change places, and nothing else.
bool isPermuted(mlir::Operation *op);
/// Whether `op` (which may be null) is a view that may lack some of its operand's elements.
bool isPart(mlir::Operation *op);
/// Whether the kernel of `op` computes the maps in front of it, since it makes few numbers of many, or goes through
/// rows.
bool takesMapsIn(mlir::Operation *op);

/// A splat constant of `type`, a ranked tensor or a scalar, float or integer, that holds `value`.
mlir::Value splat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);

/// The part of a linalg op's points that `kOrderedAttr` leaves: about a half for each triangle.
double orderedShare(mlir::linalg::LinalgOp op);

} // namespace sinter
