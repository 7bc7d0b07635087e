// Products of bf16: how operands are rounded and paired, and how pairs are multiplied.
//
// vdpbf16ps adds two products to each lane, that of the upper halves first, each as a fused multiply-add. With the even
// k in the upper half the order is ascending k: the same bits as f32 products of rounded operands, which is what other
// processors compute. It takes denormals for zero, and so must they, epilogue included.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;

namespace sinter::cpu {

static Type withElement(Value like, Type element) {
  auto shaped = dyn_cast<VectorType>(like.getType());
  return shaped ? Type(shaped.clone(element)) : element;
}

/// What a product reads of an operand: f32 itself, or rounded to bf16, denormals to zero (as vcvtne2ps2bf16 does: one
/// that rounds up to a normal number is zero all the same).
Value MatmulEmitter::rounded(Value value) const {
  if (!kernel.bf16)
    return value;
  Type type = value.getType();
  auto splat = [&](float number) -> Value {
    Attribute scalar = b.getF32FloatAttr(number);
    return arith::ConstantOp::create(b, loc,
                                     isa<VectorType>(type) ? DenseElementsAttr::get(cast<ShapedType>(type), scalar)
                                                           : cast<TypedAttr>(scalar));
  };
  Value size = math::AbsFOp::create(b, loc, value);
  Value vanishes =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, size, splat(std::numeric_limits<float>::min()));
  Value zero =
      math::CopySignOp::create(b, loc, splat(0), value); // (of a sum that is -0, this one's sign is all there is)
  value = arith::SelectOp::create(b, loc, vanishes, zero, value);
  Value narrow = arith::TruncFOp::create(b, loc, withElement(value, b.getBF16Type()), value);
  return arith::ExtFOp::create(b, loc, value.getType(), narrow);
}

/// Lanes (or scalars) of f32 to lanes of i32: `even` rounded in the upper half, `odd` in the lower.
Value MatmulEmitter::pairOf(Value even, Value odd) {
  Type words = withElement(even, b.getI32Type());
  if (even.getType() == lanesOf(b.getF32Type())) {
    // The instruction puts one behind the other; vpermw lets them alternate.
    auto halves = VectorType::get({2 * kLanes}, b.getBF16Type());
    Value both = LLVM::CallIntrinsicOp::create(b, loc, halves, b.getStringAttr("llvm.x86.avx512bf16.cvtne2ps2bf16.512"),
                                               ValueRange{even, odd})
                     .getResult(0);
    SmallVector<int64_t> alternate;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      alternate.append({lane, kLanes + lane});
    return vector::BitCastOp::create(b, loc, words, vector::ShuffleOp::create(b, loc, both, both, alternate));
  }
  auto bits = [&](Value value) -> Value { return arith::BitcastOp::create(b, loc, words, rounded(value)); };
  Value sixteen = arith::ConstantOp::create(
      b, loc,
      isa<VectorType>(words) ? TypedAttr(DenseElementsAttr::get(cast<ShapedType>(words), b.getI32IntegerAttr(16)))
                             : TypedAttr(b.getI32IntegerAttr(16)));
  return arith::OrIOp::create(b, loc, bits(even), arith::ShRUIOp::create(b, loc, bits(odd), sixteen));
}

/// 16 neighbours along k to 8 pairs.
Value MatmulEmitter::pairsAlong(Value lanes) {
  auto halves = VectorType::get({kLanes}, b.getBF16Type()), words = VectorType::get({kLanes / 2}, b.getI32Type());
  Value narrow = LLVM::CallIntrinsicOp::create(b, loc, halves, b.getStringAttr("llvm.x86.avx512bf16.cvtneps2bf16.512"),
                                               ValueRange{lanes})
                     .getResult(0);
  Value bits = vector::BitCastOp::create(b, loc, words, narrow); // the even one is the lower half
  Value sixteen = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(words, b.getI32IntegerAttr(16)));
  Value even = arith::ShLIOp::create(b, loc, bits, sixteen), odd = arith::ShRUIOp::create(b, loc, bits, sixteen);
  return arith::OrIOp::create(b, loc, even, odd);
}

/// sum + left * right, over one k or a pair.
Value MatmulEmitter::multiplyAdd(Value left, Value right, Value sum) {
  if (plan.depth == 1)
    return math::FmaOp::create(b, loc, left, right, sum);
  auto pairs = VectorType::get({2 * kLanes}, b.getBF16Type());
  auto asPairs = [&](Value words) -> Value { return vector::BitCastOp::create(b, loc, pairs, words); };
  return LLVM::CallIntrinsicOp::create(b, loc, sum.getType(), b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                                       ValueRange{sum, asPairs(left), asPairs(right)})
      .getResult(0);
}

/// Runs `body` with denormal operands and results taken for zero.
void MatmulEmitter::ignoreDenormals(llvm::function_ref<void()> body) {
  constexpr int32_t flushAndIgnore = 0x8040;
  Value words[2], pointers[2];
  for (int64_t i = 0; i < 2; ++i) {
    words[i] = scratchView(b, loc, scratch, scratchStart + 8 + 4 * i, b.getI32Type(), 1);
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, words[i]);
    Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
    pointers[i] = LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), integer);
  }
  auto call = [&](const char *name, Value pointer) {
    LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr(name), ValueRange{pointer});
  };
  call("llvm.x86.sse.stmxcsr", pointers[0]);
  Value before = memref::LoadOp::create(b, loc, words[0], constant(0));
  Value flags = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(flushAndIgnore));
  memref::StoreOp::create(b, loc, arith::OrIOp::create(b, loc, before, flags).getResult(), words[1], constant(0));
  call("llvm.x86.sse.ldmxcsr", pointers[1]);
  body();
  call("llvm.x86.sse.ldmxcsr", pointers[0]);
}

/// A panel of columns that are contiguous along k: pairs are made along k, then transposed eight by eight.
void MatmulEmitter::packRhsPairs(Value kBlock, Value columnAt) {
  constexpr int64_t side = kBlockSide;
  Value buffer = flat[kernel.rhs.operand], depth = depthOf(kBlock), even = evenPart(depth);
  Value source = rhsStart(kBlock, columnAt), target = rhsPanel(kBlock, columnAt);
  loop(even, kLanes, [&](Value at) {
    Value k = whole(at, even, kLanes, kernel.k.size);
    loop(constant(plan.nr()), side, [&](Value column) {
      SmallVector<Value> in;
      for (int64_t r = 0; r < side; ++r)
        in.push_back(pairsAlong(loadLanes(b, loc, buffer, inColumn(add(source, k), column, r))));
      Value to = LinearIndex().add(target, 1).add(divide(k, 2), plan.nr()).add(column, 1).materialize(b, loc);
      for (auto [r, row] : llvm::enumerate(transposeBlock(in)))
        vector::StoreOp::create(b, loc, row, packedRhs, add(to, static_cast<int64_t>(r) * plan.nr()));
    });
  });
  if (kernel.k.size % 2 == 0)
    return;
  loop(even, depth, 1, {}, [&](Value k, ValueRange) {
    loop(constant(plan.nr()), 1, [&](Value column) {
      Value from = inColumn(add(source, k), column, 0);
      Value to = LinearIndex().add(target, 1).add(divide(k, 2), plan.nr()).add(column, 1).materialize(b, loc);
      storeHalfPair(memref::LoadOp::create(b, loc, buffer, from), packedRhs, to);
    });
    return SmallVector<Value>();
  });
}

/// The last element of an odd k, with zero for its partner.
void MatmulEmitter::storeHalfPair(Value even, Value target, Value to) {
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  memref::StoreOp::create(b, loc, pairOf(even, zero), target, to);
}

/// Rows of pairs, of an operand that is contiguous along k.
void MatmulEmitter::packLhsPairs(Value kBlock) {
  int64_t total = kernel.k.size;
  Value depth = depthOf(kBlock), even = evenPart(depth);
  loop(rows, 1, [&](Value row) {
    auto lanesAt = lhsRow(kBlock, row);
    Value to = LinearIndex().add(lhsBlock(kBlock), 1).add(row, lhsRowLength()).materialize(b, loc);
    loop(even, kLanes, [&](Value at) {
      Value k = whole(at, even, kLanes, total);
      vector::StoreOp::create(b, loc, pairsAlong(lanesAt(k)), packedLhs, add(to, divide(k, 2)));
    });
    if (total % 2)
      loop(even, depth, 1, {}, [&](Value k, ValueRange) {
        Value last = LinearIndex().add(kBlock, plan.kc).add(k, 1).materialize(b, loc);
        storeHalfPair(operandAt(kernel.lhs, {add(firstRow, row), {}, last, nullptr, 1}), packedLhs,
                      add(to, divide(k, 2)));
        return SmallVector<Value>();
      });
  });
}

} // namespace sinter::cpu
