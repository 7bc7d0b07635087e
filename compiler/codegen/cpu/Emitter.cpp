// Helpers shared by the CPU emitters; see Emitter.h.
#include "compiler/codegen/cpu/Emitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

VectorType lanesOf(Type element) { return VectorType::get({kLanes}, element); }

Value flatten(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == 1)
    return memref;
  int64_t count = type.getNumElements();
  auto flat = MemRefType::get({count}, type.getElementType());
  return memref::ReinterpretCastOp::create(builder, loc, flat, memref, /*offset=*/int64_t(0), ArrayRef<int64_t>{count},
                                           ArrayRef<int64_t>{1});
}

Value operandAt(OpBuilder &builder, Location loc, Type element, Value number, Value elements) {
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  return UnrealizedConversionCastOp::create(builder, loc, TypeRange(type), ValueRange{number, elements}).getResult(0);
}

bool isOperandAt(UnrealizedConversionCastOp cast) {
  return cast.getNumOperands() == 2 && cast.getNumResults() == 1 && isa<MemRefType>(cast.getType(0)) &&
         llvm::all_of(cast.getOperandTypes(), llvm::IsaPred<IndexType>);
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
  return loadLanesWhere(builder, loc, flat, offset, stride, laneMask(builder, loc, count));
}

Value loadLanesWhere(OpBuilder &builder, Location loc, Value flat, Value offset, int64_t stride, Value mask) {
  VectorType type = lanesOf(cast<MemRefType>(flat.getType()).getElementType());
  Value zeros = zeroLanes(builder, loc, type);
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

FailureOr<SmallVector<Value>> cloneOnLanes(OpBuilder &builder, Block &body, ValueRange arguments,
                                           const LaneContext &context) {
  auto index = [&](linalg::IndexOp op) {
    int64_t dim = op.getDim();
    Location loc = op.getLoc();
    Value value = context.index(dim);
    if (dim != context.vectorDim)
      return value;
    Value steps = vector::StepOp::create(builder, loc, lanesOf(builder.getIndexType()));
    return arith::AddIOp::create(builder, loc, toLanes(builder, loc, value), steps).getResult();
  };
  // The index along the lanes as i32: kept in 32 bits, which halves the vector work.
  auto indexCast = [&](arith::IndexCastOp cast) -> Value {
    Location loc = cast.getLoc();
    auto index = cast.getIn().getDefiningOp<linalg::IndexOp>();
    if (!index || static_cast<int64_t>(index.getDim()) != context.vectorDim || !cast.getType().isInteger(32))
      return {};
    Value base = arith::IndexCastOp::create(builder, loc, cast.getType(), context.index(context.vectorDim));
    return arith::AddIOp::create(builder, loc, toLanes(builder, loc, base), laneOffsets(builder, loc, 1));
  };
  auto extract = [&](tensor::ExtractOp op, ValueRange indices) -> FailureOr<Value> {
    std::optional<FlatTensor> table = context.tensor ? context.tensor(op.getTensor()) : std::nullopt;
    if (!table)
      return op.emitError("cpu: tensor.extract reads a tensor that is not an argument of the kernel"), failure();
    return extractLanes(builder, op, indices, *table, context);
  };
  return cloneBody(builder, body, arguments, {kLanes, index, extract, indexCast});
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

void combineQuickly(OpBuilder &builder, Location loc, Value before, Value &after, Value &sawNan) {
  Operation *op = after.getDefiningOp();
  if (!isa_and_nonnull<arith::MaximumFOp, arith::MinimumFOp>(op) || !isLanes(after) ||
      (op->getOperand(0) == before) == (op->getOperand(1) == before))
    return;
  Value value = op->getOperand(op->getOperand(0) == before ? 1 : 0);
  auto predicate = isa<arith::MaximumFOp>(op) ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  Value keeps = arith::CmpFOp::create(builder, loc, predicate, before, value);
  after = arith::SelectOp::create(builder, loc, keeps, before, value);
  Value isNan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, value, value);
  sawNan = arith::OrIOp::create(builder, loc, sawNan, isNan);
  if (op->use_empty())
    op->erase();
}

Value nanWhere(OpBuilder &builder, Location loc, Value sawNan, Value lanes) {
  auto element = cast<FloatType>(getElementTypeOrSelf(lanes.getType()));
  auto nan = DenseElementsAttr::get(lanesOf(element), APFloat::getNaN(element.getFloatSemantics()));
  return arith::SelectOp::create(builder, loc, sawNan, arith::ConstantOp::create(builder, loc, nan), lanes);
}

} // namespace sinter::cpu
