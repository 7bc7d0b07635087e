// sinter.matmul: batched matrix product, either side read transposed.
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, ValueRange operands,
                                         DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                         SmallVectorImpl<Type> &inferredReturnTypes) {
  MatmulOp::Adaptor adaptor(operands, attributes, properties, regions);
  auto lhs = cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = cast<RankedTensorType>(adaptor.getRhs().getType());
  int64_t rank = lhs.getRank();
  // C1
  if (rank != rhs.getRank())
    return emitOptionalError(location, "matmul: ranks differ: ", rank, " and ", rhs.getRank(), " (shapes ",
                             shapeText(lhs), " and ", shapeText(rhs), ")");
  if (rank < 2)
    return emitOptionalError(location, "matmul: operands must have rank 2 or more, but their shapes are ",
                             shapeText(lhs), " and ", shapeText(rhs));
  // C2
  for (int64_t d = 0; d < rank - 2; ++d)
    if (lhs.getDimSize(d) != rhs.getDimSize(d))
      return emitOptionalError(location, "matmul: batch dimensions differ: ", lhs.getDimSize(d), " and ",
                               rhs.getDimSize(d), " (shapes ", shapeText(lhs), " and ", shapeText(rhs), ")");
  // C3
  bool ta = adaptor.getTransposeLhs(), tb = adaptor.getTransposeRhs();
  int64_t lhsInner = lhs.getDimSize(ta ? rank - 2 : rank - 1), rhsInner = rhs.getDimSize(tb ? rank - 1 : rank - 2);
  if (lhsInner != rhsInner)
    return emitOptionalError(location, "matmul: inner dimensions differ: ", lhsInner, " and ", rhsInner, " (shapes ",
                             shapeText(lhs), ta ? " transposed" : "", " and ", shapeText(rhs), tb ? " transposed" : "",
                             ")");
  // C4
  for (RankedTensorType type : {lhs, rhs})
    if (!type.getElementType().isF32())
      return emitOptionalError(location, "matmul: an operand has elements of ", text(type.getElementType()),
                               ", not f32");
  SmallVector<int64_t> shape(lhs.getShape().drop_back(2));
  shape.push_back(lhs.getDimSize(ta ? rank - 1 : rank - 2));
  shape.push_back(rhs.getDimSize(tb ? rank - 2 : rank - 1));
  inferredReturnTypes.push_back(RankedTensorType::get(shape, lhs.getElementType()));
  return success();
}

static bool isSquare(RankedTensorType type) {
  ArrayRef<int64_t> matrix = type.getShape().take_back(2);
  return matrix[0] == matrix[1];
}

LogicalResult MatmulOp::verify() {
  // C5
  auto check = [&](StringRef name, std::optional<TrianglePart> part, RankedTensorType type) -> LogicalResult {
    if (!part || isSquare(type))
      return success();
    return emitOpError() << name << "(" << stringifyTrianglePart(*part)
                         << "): the last two dimensions differ in size (shape " << shapeText(type) << ")";
  };
  if (failed(check("lhs", getLhsPart(), getLhs().getType())) ||
      failed(check("rhs", getRhsPart(), getRhs().getType())) ||
      failed(check("result", getResultPart(), getResult().getType())))
    return failure();
  // C6
  if (!getWindow())
    return success();
  auto isUpper = [](std::optional<TrianglePart> part) { return part == TrianglePart::upper; };
  bool any = getLhsPart() || getRhsPart() || getResultPart();
  if (!any || isUpper(getLhsPart()) || isUpper(getRhsPart()) || isUpper(getResultPart()))
    return emitOpError() << "window(" << *getWindow()
                         << "): there are lower parts, and no others, that it is a window of";
  auto window = static_cast<int64_t>(*getWindow());
  return window >= 1 ? success() : emitOpError() << "window(" << window << "): must be at least 1";
}

int64_t MatmulOp::getMultiplications() {
  ArrayRef<int64_t> lhs = cast<RankedTensorType>(getLhs().getType()).getShape();
  return cast<RankedTensorType>(getType()).getNumElements() * lhs[lhs.size() - (getTransposeLhs() ? 2 : 1)];
}

void MatmulOp::recordTriangles(int64_t reach, ArrayRef<Known> operands, ArrayRef<Demanded> results) {
  auto part = [](RankedTensorType type, bool notAbove, bool notBelow) -> std::optional<TrianglePart> {
    if (!isSquare(type) || !(notAbove || notBelow))
      return std::nullopt;
    return notAbove ? TrianglePart::lower : TrianglePart::upper;
  };
  // A mark that was there before says something that holds, too.
  const Known &a = operands[0], &b = operands[1];
  const Demanded &c = results[0];
  if (reach > 1) {
    // Every part that counts must be a lower one, and end there.
    auto ends = [](std::optional<TrianglePart> part, bool notBelow) {
      return !part || (*part == TrianglePart::lower && notBelow);
    };
    if ((getLhsPart() || getRhsPart() || getResultPart()) && ends(getLhsPart(), isZero(a[kBelow])) &&
        ends(getRhsPart(), isZero(b[kBelow])) && ends(getResultPart(), c[kBelow] != Demand::Value))
      setWindow(reach);
    return;
  }
  if (auto found = part(getLhs().getType(), isZero(a[kAbove]), isZero(a[kBelow])))
    setLhsPart(found);
  if (auto found = part(getRhs().getType(), isZero(b[kAbove]), isZero(b[kBelow])))
    setRhsPart(found);
  if (auto found = part(getResult().getType(), c[kAbove] != Demand::Value, c[kBelow] != Demand::Value))
    setResultPart(found);
}

/// With C = A B: dA = dC B^T and dB = A^T dC, each written in the layout of its operand. Transposes are only flags.
LogicalResult MatmulOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                            MutableArrayRef<Value> operandCotangents) {
  Value g = cotangents[0];
  bool ta = getTransposeLhs(), tb = getTransposeRhs();
  auto product = [&](Value a, Value b, bool transposeA, bool transposeB) -> Value {
    return MatmulOp::create(builder, getLoc(), a, b, transposeA, transposeB, getBf16());
  };
  if (needed[0]) // lhs is [m, k], or [k, m]
    operandCotangents[0] = ta ? product(getRhs(), g, tb, true) : product(g, getRhs(), false, !tb);
  if (needed[1]) // rhs is [k, n], or [n, k]
    operandCotangents[1] = tb ? product(g, getLhs(), true, ta) : product(getLhs(), g, !ta, false);
  return success();
}

/// Zero, then one contraction over (batch..., m, n, k): which layout each side has stands in its indexing map.
FailureOr<SmallVector<Value>> MatmulOp::lowerToLinalg(OpBuilder &builder) {
  int64_t batch = getResult().getType().getRank() - 2, rank = batch + 3;
  auto map = [&](int64_t row, int64_t column) {
    SmallVector<AffineExpr> exprs;
    for (int64_t d = 0; d < batch; ++d)
      exprs.push_back(builder.getAffineDimExpr(d));
    exprs.push_back(builder.getAffineDimExpr(row));
    exprs.push_back(builder.getAffineDimExpr(column));
    return AffineMap::get(rank, 0, exprs, builder.getContext());
  };
  int64_t m = batch, n = batch + 1, k = batch + 2;
  Value zero = filled(builder, getLoc(), getResult().getType(), 0);
  SmallVector<Value> product = generic(
      builder, getLoc(), rank, k,
      {{getLhs(), getTransposeLhs() ? map(k, m) : map(m, k)}, {getRhs(), getTransposeRhs() ? map(n, k) : map(k, n)}},
      {{zero, map(m, n)}}, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        auto operand = [&](Expr x) { return getBf16() ? roundToBf16(x) : x; };
        return {scalars[2] + operand(scalars[0]) * operand(scalars[1])};
      });
  Operation *op = product[0].getDefiningOp();
  if (!op->hasAttr(kRoleAttr)) // (in an attention it is the op's own)
    op->setDiscardableAttr(kRoleAttr, builder.getStringAttr(kProduct));
  if (getBf16())
    op->setDiscardableAttr(kBf16Attr, builder.getUnitAttr());
  // Of a tensor [.., i, j], the lower part has j at most i.
  SmallVector<int64_t> ordered;
  auto order = [&](std::optional<TrianglePart> part, int64_t i, int64_t j) {
    if (part)
      ordered.append({*part == TrianglePart::lower ? j : i, *part == TrianglePart::lower ? i : j, 0});
    if (part && getWindow())
      ordered.append({i, j, static_cast<int64_t>(*getWindow()) - 1});
  };
  order(getLhsPart(), getTransposeLhs() ? k : m, getTransposeLhs() ? m : k);
  order(getRhsPart(), getTransposeRhs() ? n : k, getTransposeRhs() ? k : n);
  order(getResultPart(), m, n);
  if (!ordered.empty())
    op->setDiscardableAttr(kOrderedAttr, builder.getDenseI64ArrayAttr(ordered));
  return product;
}

double sinter::orderedShare(linalg::LinalgOp op) {
  double share = 1;
  auto ordered = op->getAttrOfType<DenseI64ArrayAttr>(kOrderedAttr);
  // What a triangle leaves, and of that what a window leaves (which stands behind it).
  double triangle = 1;
  for (int64_t i = 0; ordered && i + 2 < ordered.size(); i += 3) {
    auto size = static_cast<double>(op.getStaticLoopRanges()[ordered[i]]);
    double left = std::max(size - 1 - static_cast<double>(ordered[i + 2]), 0.0); // rows and columns of what is left out
    double out = left * (left + 1) / (2 * size * size);
    bool isWindow = i >= 3 && ordered[i] == ordered[i - 2] && ordered[i + 1] == ordered[i - 3];
    share *= isWindow ? (triangle - out) / triangle : 1 - out;
    triangle = 1 - out;
  }
  return share;
}

/// The bf16 that is nearest to `x` as f32; ties go to the even one.
static double nearestBf16(double x) {
  auto bits = llvm::bit_cast<uint32_t>(static_cast<float>(x));
  if (std::isfinite(x))
    bits += 0x7fff + ((bits >> 16) & 1);
  return llvm::bit_cast<float>(bits & 0xffff0000u);
}

LogicalResult MatmulOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                 MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &a = *inputs[0], &b = *inputs[1]; // [batch, m, k], [batch, k, n], or the last two swapped
  reference::Tensor &c = outputs[0];                        // [batch, m, n]
  size_t rank = c.shape.size();
  int64_t M = c.shape[rank - 2], N = c.shape[rank - 1], K = a.shape[getTransposeLhs() ? rank - 2 : rank - 1];
  int64_t batches = 1;
  for (size_t d = 0; d + 2 < rank; ++d)
    batches *= c.shape[d];
  auto operand = [&](double x) { return getBf16() ? nearestBf16(x) : x; };
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n)
        for (int64_t k = 0; k < K; ++k)
          c[(batch * M + m) * N + n] += operand(a[batch * M * K + (getTransposeLhs() ? k * M + m : m * K + k)]) *
                                        operand(b[batch * K * N + (getTransposeRhs() ? n * K + k : k * N + n)]);
  return success();
}

void MatmulOp::relateTime(TimeRule &rule) {
  int64_t lhs = rule.timeOf(0), rhs = rule.timeOf(1), rank = getLhs().getType().getRank();
  int64_t rows = getTransposeLhs() ? rank - 1 : rank - 2, columns = getTransposeRhs() ? rank - 2 : rank - 1;
  if (lhs >= 0 && rhs >= 0 && (lhs != rhs || lhs >= rank - 2))
    return rule.refuse("matmul: of positions with positions, in no attention that could be fused");
  if (lhs == rows && rhs < 0)
    return rule.pass(rank - 2);
  if (rhs == columns && lhs < 0)
    return rule.pass(rank - 1);
  int64_t batch = std::max(lhs, rhs);
  if (batch >= rank - 2)
    return rule.refuse("matmul: sums over all positions, later ones too");
  rule.readNew(0, batch);
  rule.readNew(1, batch);
  rule.give(0, batch);
}

/// Rows of all copies go through a weight together.
LogicalResult MatmulOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  OpBuilder &b = lift.builder();
  auto tensorType = [](Value value) { return cast<RankedTensorType>(value.getType()); };
  Value lhs = mapping.lookup(getLhs()), rhs = mapping.lookup(getRhs());
  if (lift.isLifted(rhs) || getTransposeLhs() || tensorType(rhs).getRank() != 2) {
    lift.cloneAll(*getOperation(), mapping, units);
    return success();
  }
  RankedTensorType result = lift.typeOf(getResult(), units.front());
  ArrayRef<int64_t> from = tensorType(lhs).getShape(), to = result.getShape();
  Type element = result.getElementType();
  IRMapping own;
  own.map(getRhs(), rhs);
  own.map(
      getLhs(),
      ReshapeOp::create(b, getLoc(), RankedTensorType::get({from[0] * from[1], from[2]}, element), lhs).getResult());
  Operation *copy = b.clone(*getOperation(), own);
  copy->getResult(0).setType(RankedTensorType::get({to[0] * to[1], to[2]}, element));
  Value all = ReshapeOp::create(b, getLoc(), result, copy->getResult(0));
  lift.markLifted(all);
  mapping.map(getResult(), all);
  return success();
}
