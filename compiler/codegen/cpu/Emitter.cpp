// Helpers shared by the CPU emitters; see Emitter.h.
#include "compiler/codegen/cpu/Emitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter::cpu {

VectorType lanesOf(Type element) { return VectorType::get({kLanes}, element); }

bool isLanes(Value value) { return isa<VectorType>(value.getType()); }

Value toLanes(OpBuilder &builder, Location loc, Value value) {
  if (isLanes(value))
    return value;
  VectorType type = lanesOf(value.getType());
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, constant));
  return vector::BroadcastOp::create(builder, loc, type, value);
}

Value indexConstant(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Type memoryType(Type element) {
  return element.isInteger(1) ? IntegerType::get(element.getContext(), 8) : element;
}

/// `type` with the element type replaced, for scalars and vectors.
static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

Value toMemory(OpBuilder &builder, Location loc, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  if (!element.isInteger(1))
    return value;
  return arith::ExtUIOp::create(builder, loc, withElement(value.getType(), builder.getI8Type()), value);
}

Value fromMemory(OpBuilder &builder, Location loc, Value value, Type element) {
  if (getElementTypeOrSelf(value.getType()) == element)
    return value;
  return arith::TruncIOp::create(builder, loc, withElement(value.getType(), element), value);
}

Value flatten(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == 1)
    return memref;
  int64_t count = type.getNumElements();
  auto flat = MemRefType::get({count}, type.getElementType());
  return memref::ReinterpretCastOp::create(builder, loc, flat, memref, /*offset=*/int64_t(0), ArrayRef<int64_t>{count},
                                           ArrayRef<int64_t>{1});
}

Value scratchView(OpBuilder &builder, Location loc, Value scratch, int64_t byteOffset, Type element, int64_t count) {
  Value offset = indexConstant(builder, loc, byteOffset);
  return memref::ViewOp::create(builder, loc, MemRefType::get({count}, element), scratch, offset, ValueRange());
}

Value laneMask(OpBuilder &builder, Location loc, int64_t count) {
  return vector::ConstantMaskOp::create(builder, loc, lanesOf(builder.getI1Type()), ArrayRef<int64_t>{count});
}

/// dense<[0, stride, 2 * stride, ...]> : vector<16xi32>.
static Value laneOffsets(OpBuilder &builder, Location loc, int64_t stride) {
  SmallVector<int32_t> offsets;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    offsets.push_back(static_cast<int32_t>(lane * stride));
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(lanesOf(builder.getI32Type()), ArrayRef<int32_t>(offsets)));
}

static Value zeroLanes(OpBuilder &builder, Location loc, VectorType type) {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

Value loadLanes(OpBuilder &builder, Location loc, Value flat, Value offset, int64_t stride, int64_t count) {
  Type element = cast<MemRefType>(flat.getType()).getElementType();
  VectorType type = lanesOf(element);
  if (stride == 0)
    return toLanes(builder, loc, memref::LoadOp::create(builder, loc, flat, offset));
  if (stride == 1 && count == kLanes)
    return vector::LoadOp::create(builder, loc, type, flat, offset);
  Value mask = laneMask(builder, loc, count), zeros = zeroLanes(builder, loc, type);
  if (stride == 1)
    return vector::MaskedLoadOp::create(builder, loc, type, flat, ValueRange{offset}, mask, zeros);
  Value offsets = laneOffsets(builder, loc, stride);
  return vector::GatherOp::create(builder, loc, type, flat, ValueRange{offset}, offsets, mask, zeros);
}

void storeLanes(OpBuilder &builder, Location loc, Value lanes, Value flat, Value offset, int64_t stride,
                int64_t count) {
  lanes = toLanes(builder, loc, lanes);
  if (stride == 1 && count == kLanes) {
    vector::StoreOp::create(builder, loc, lanes, flat, offset);
    return;
  }
  if (stride == 1) {
    vector::MaskedStoreOp::create(builder, loc, flat, ValueRange{offset}, laneMask(builder, loc, count), lanes);
    return;
  }
  for (int64_t lane = 0; lane < count; ++lane) {
    Value scalar = vector::ExtractOp::create(builder, loc, lanes, lane);
    Value address = LinearIndex{lane * stride, {{offset, 1}}}.materialize(builder, loc);
    memref::StoreOp::create(builder, loc, scalar, flat, address);
  }
}

LinearIndex &LinearIndex::add(Value value, int64_t factor) {
  APInt known;
  if (matchPattern(value, m_ConstantInt(&known)))
    constant += known.getSExtValue() * factor;
  else if (factor != 0)
    terms.push_back({value, factor});
  return *this;
}

Value LinearIndex::materialize(OpBuilder &builder, Location loc) const {
  Value sum;
  for (auto [value, factor] : terms) {
    Value term = value;
    if (factor != 1)
      term = arith::MulIOp::create(builder, loc, term, indexConstant(builder, loc, factor));
    sum = sum ? arith::AddIOp::create(builder, loc, sum, term) : term;
  }
  if (!sum)
    return indexConstant(builder, loc, constant);
  if (constant != 0)
    sum = arith::AddIOp::create(builder, loc, sum, indexConstant(builder, loc, constant));
  return sum;
}

/// The iteration dimension that `value` is the plain index of (through index casts), or -1.
static int64_t iterationDimOf(Value value) {
  while (auto cast = value.getDefiningOp<arith::IndexCastOp>())
    value = cast.getIn();
  auto index = value.getDefiningOp<linalg::IndexOp>();
  return index ? static_cast<int64_t>(index.getDim()) : -1;
}

/// Reads table[indices] where each index is a scalar or lanes.
static Value extractLanes(OpBuilder &builder, tensor::ExtractOp op, ValueRange indices, const FlatTensor &table,
                          const LaneContext &context) {
  Location loc = op.getLoc();
  LinearIndex scalar{table.offset, {}};
  int64_t laneStride = 0; // of indices that are lane 0's plus the lane number
  Value gathered;         // sum of the other lanes' indices times their strides
  for (auto [position, index] : llvm::enumerate(indices)) {
    int64_t stride = table.strides[position];
    if (!isLanes(index)) {
      scalar.add(index, stride);
    } else if (iterationDimOf(op.getIndices()[position]) == context.vectorDim) {
      scalar.add(context.index(context.vectorDim), stride);
      laneStride += stride;
    } else {
      Value factor = toLanes(builder, loc, indexConstant(builder, loc, stride));
      Value term = stride == 1 ? index : arith::MulIOp::create(builder, loc, index, factor).getResult();
      gathered = gathered ? arith::AddIOp::create(builder, loc, gathered, term).getResult() : term;
    }
  }
  Type element = cast<RankedTensorType>(op.getTensor().getType()).getElementType();
  Value offset = scalar.materialize(builder, loc), value;
  bool uniform = llvm::none_of(indices, isLanes);
  if (uniform) {
    value = memref::LoadOp::create(builder, loc, table.flat, offset);
  } else if (!gathered) {
    value = loadLanes(builder, loc, table.flat, offset, laneStride, context.count);
  } else {
    if (laneStride != 0) {
      Value steps = vector::StepOp::create(builder, loc, lanesOf(builder.getIndexType()));
      Value factor = toLanes(builder, loc, indexConstant(builder, loc, laneStride));
      gathered = arith::AddIOp::create(builder, loc, gathered, arith::MulIOp::create(builder, loc, steps, factor));
    }
    VectorType type = lanesOf(cast<MemRefType>(table.flat.getType()).getElementType());
    value = vector::GatherOp::create(builder, loc, type, table.flat, ValueRange{offset}, gathered,
                                     laneMask(builder, loc, context.count), zeroLanes(builder, loc, type));
  }
  return fromMemory(builder, loc, value, element);
}

/// A copy of `op`, which has one result and no region, on other operands and with another result type.
static Value copyOp(OpBuilder &builder, Location loc, Operation &op, ArrayRef<Value> operands, Type type) {
  Operation *copy = op.clone();
  copy->setLoc(loc);
  copy->setOperands(operands);
  copy->getResult(0).setType(type);
  return builder.insert(copy)->getResult(0);
}

/// One op of the body on mapped operands: scalar if all of them are, else on lanes.
static Value cloneOp(OpBuilder &builder, Operation &op, ArrayRef<Value> operands) {
  Location loc = op.getLoc();
  bool scalar = llvm::none_of(operands, isLanes);
  SmallVector<Value> mapped(operands);
  if (!scalar)
    for (Value &operand : mapped)
      operand = toLanes(builder, loc, operand);
  // An integer division by zero traps, and the lanes behind the end of a row hold zeros: divide by one there.
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op)) {
    Value divisor = mapped[1];
    auto constant = [&](int64_t value) -> Value {
      Type element = getElementTypeOrSelf(divisor.getType());
      Value one = arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(element, value));
      return scalar ? one : toLanes(builder, loc, one);
    };
    Value isZero = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, divisor, constant(0));
    mapped[1] = arith::SelectOp::create(builder, loc, isZero, constant(1), divisor);
  }
  Type type = op.getResult(0).getType();
  return copyOp(builder, loc, op, mapped, scalar ? type : Type(lanesOf(type)));
}

FailureOr<SmallVector<Value>> cloneOnLanes(OpBuilder &builder, Block &body, ValueRange arguments,
                                           const LaneContext &context) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  // A value from outside the body is a constant of the old kernel: the new one gets its own.
  auto resolve = [&](Value value) {
    if (!mapping.contains(value))
      mapping.map(value, builder.clone(*value.getDefiningOp())->getResult(0));
    return mapping.lookup(value);
  };
  for (Operation &op : body.without_terminator()) {
    Location loc = op.getLoc();
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      int64_t dim = index.getDim();
      Value value = context.index(dim);
      if (dim == context.vectorDim) {
        Value steps = vector::StepOp::create(builder, loc, lanesOf(builder.getIndexType()));
        value = arith::AddIOp::create(builder, loc, toLanes(builder, loc, value), steps);
      }
      mapping.map(index.getResult(), value);
      continue;
    }
    if (auto cast = dyn_cast<arith::IndexCastOp>(op)) {
      // The index along the lanes as i32: kept in 32 bits, which halves the vector work.
      auto index = cast.getIn().getDefiningOp<linalg::IndexOp>();
      if (index && static_cast<int64_t>(index.getDim()) == context.vectorDim && cast.getType().isInteger(32)) {
        Value base = arith::IndexCastOp::create(builder, loc, cast.getType(), context.index(context.vectorDim));
        mapping.map(cast.getResult(), arith::AddIOp::create(builder, loc, toLanes(builder, loc, base),
                                                            laneOffsets(builder, loc, 1)));
        continue;
      }
    }
    SmallVector<Value> operands;
    for (Value operand : op.getOperands())
      operands.push_back(isa<RankedTensorType>(operand.getType()) ? operand : resolve(operand));
    if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      std::optional<FlatTensor> table = context.tensor ? context.tensor(extract.getTensor()) : std::nullopt;
      if (!table)
        return op.emitError("cpu: tensor.extract reads a tensor that is not an argument of the kernel"), failure();
      mapping.map(extract.getResult(),
                  extractLanes(builder, extract, ArrayRef(operands).drop_front(), *table, context));
      continue;
    }
    if (op.getNumRegions() != 0 || op.getNumResults() != 1)
      return op.emitError("cpu: this op cannot stand in a kernel's elementwise body"), failure();
    mapping.map(op.getResult(0), cloneOp(builder, op, operands));
  }
  SmallVector<Value> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(resolve(value));
  return results;
}

Operation *findCombiner(Block &body, unsigned result, BlockArgument accumulator) {
  Operation *op = body.getTerminator()->getOperand(result).getDefiningOp();
  if (!op || op->getNumOperands() != 2 || op->getNumResults() != 1 || !accumulator.hasOneUse())
    return nullptr;
  return llvm::is_contained(op->getOperands(), accumulator) ? op : nullptr;
}

Value combine(OpBuilder &builder, Location loc, Operation *combiner, Value accumulator, Value value) {
  if (isLanes(accumulator) || isLanes(value)) {
    accumulator = toLanes(builder, loc, accumulator);
    value = toLanes(builder, loc, value);
  }
  return copyOp(builder, loc, *combiner, {accumulator, value}, accumulator.getType());
}

TypedAttr neutralElement(Operation *combiner, Type type) {
  std::optional<arith::AtomicRMWKind> kind =
      TypeSwitch<Operation *, std::optional<arith::AtomicRMWKind>>(combiner)
          .Case([](arith::AddFOp) { return arith::AtomicRMWKind::addf; })
          .Case([](arith::MulFOp) { return arith::AtomicRMWKind::mulf; })
          .Case([](arith::MaximumFOp) { return arith::AtomicRMWKind::maximumf; })
          .Case([](arith::MinimumFOp) { return arith::AtomicRMWKind::minimumf; })
          .Case([](arith::MaxNumFOp) { return arith::AtomicRMWKind::maximumf; })
          .Case([](arith::MinNumFOp) { return arith::AtomicRMWKind::minimumf; })
          .Case([](arith::AddIOp) { return arith::AtomicRMWKind::addi; })
          .Case([](arith::MulIOp) { return arith::AtomicRMWKind::muli; })
          .Case([](arith::MaxSIOp) { return arith::AtomicRMWKind::maxs; })
          .Case([](arith::MinSIOp) { return arith::AtomicRMWKind::mins; })
          .Case([](arith::OrIOp) { return arith::AtomicRMWKind::ori; })
          .Case([](arith::AndIOp) { return arith::AtomicRMWKind::andi; })
          .Default(std::nullopt);
  if (!kind)
    return {};
  OpBuilder builder(combiner->getContext());
  // The infinities, not the largest finite numbers: the maximum of -inf alone is -inf.
  return arith::getIdentityValueAttr(*kind, type, builder, combiner->getLoc(), /*useOnlyFiniteValue=*/false);
}

Value reduceTree(OpBuilder &builder, Location loc, Operation *combiner, Value lanes) {
  for (int64_t half = kLanes / 2; half >= 1; half /= 2) {
    Value low = vector::ExtractStridedSliceOp::create(builder, loc, lanes, ArrayRef<int64_t>{0},
                                                      ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    Value high = vector::ExtractStridedSliceOp::create(builder, loc, lanes, ArrayRef<int64_t>{half},
                                                       ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    if (half == 1) {
      low = vector::ExtractOp::create(builder, loc, low, int64_t(0));
      high = vector::ExtractOp::create(builder, loc, high, int64_t(0));
    }
    lanes = combine(builder, loc, combiner, low, high);
  }
  return lanes;
}

int64_t countFlops(Block &body) {
  int64_t flops = 0;
  for (Operation &op : body.without_terminator())
    for (Type type : op.getResultTypes())
      if (isa<FloatType>(type) && !isa<arith::ConstantOp, arith::SelectOp, tensor::ExtractOp>(op))
        flops += isa<math::FmaOp>(op) ? 2 : 1;
  return flops;
}

} // namespace sinter::cpu
