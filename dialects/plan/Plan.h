// The `plan` dialect: where every tensor lives and in which order kernels run. Nothing here computes.
#pragma once

#include "dialects/sinter/Places.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace sinter::plan {

/// What a dispatch binds as one buffer.
struct Binding {
  static constexpr int64_t kScratch = -1;
  /// Texels: read as vectors of four f32 through a uniform texel buffer. All others are storage buffers.
  enum Access { Read = 1, Write = 2, Update = 3, Texels = 4 };

  int64_t operand; ///< of the launch, or kScratch
  int64_t access;
  int64_t offset, bytes;

  bool operator==(const Binding &) const = default;
};

/// Limits of every dispatch: what all Vulkan devices allow.
inline constexpr int64_t kMaxGroups = 65535, kMaxPushConstants = 4, kMaxBindingBytes = 128 << 20, kTexelBytes = 16,
                         kMaxBindings = 32;

} // namespace sinter::plan

#include "dialects/plan/Dialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/plan/Ops.h.inc"

namespace sinter::plan {

/// What every offset is a multiple of: SINTER_ALIGNMENT of the ABI.
inline constexpr int64_t kAlignment = 256;
inline int64_t alignUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Attributes that planning leaves on kernels for code generation and the report.
inline constexpr llvm::StringLiteral kFlopsAttr = "sinter.flops"; ///< f64: floating point operations of one launch
inline constexpr llvm::StringLiteral kBytesAttr = "sinter.bytes"; ///< f64: bytes that one launch reads and writes
/// Array of i64 pairs (output, input): some launch gives both the same memory. Absent: all operands are disjoint.
inline constexpr llvm::StringLiteral kInPlaceAttr = "sinter.in_place";

/// Bytes of a dense tensor or memref of f32, i32, i8...
int64_t sizeInBytes(mlir::ShapedType type);

/// The memref type of the buffer that holds a tensor.
mlir::MemRefType bufferType(mlir::Type tensor);

/// The buffer behind `plan.view`s and `plan.step`s.
mlir::Value rootBuffer(mlir::Value buffer);

/// Offset of every state in the state block, in the module's order; `total` is the block's size.
llvm::SmallVector<std::pair<sinter::StateOp, int64_t>> layOutStates(mlir::ModuleOp module, int64_t &total);

/// Whether a kernel (a function of linalg on tensors) computes the same if result `output` has the memory of argument
/// `input`: every element of the input is read no later than the output's element of the same index is written.
bool mayRunInPlace(mlir::func::FuncOp kernel, unsigned output, unsigned input);

} // namespace sinter::plan
