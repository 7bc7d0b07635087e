#include "compiler/codegen/MatmulShape.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::codegen {

int64_t MatmulKernel::batchSize() const {
  int64_t size = 1;
  for (const MatmulLoop &loop : batch)
    size *= loop.size;
  return size;
}

namespace {

/// A tensor that is a view of an argument: strides per dimension of its own.
struct View {
  unsigned operand;
  int64_t offset;
  SmallVector<int64_t> strides;
};

SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int i = static_cast<int>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/// Whether `op` only copies its operand, with dimensions in another order.
bool isTranspose(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || op.getBody()->getOperations().size() != 1)
    return false;
  auto yield = cast<linalg::YieldOp>(op.getBody()->getTerminator());
  return yield.getOperand(0) == op.getBody()->getArgument(0) && op.getIndexingMapsArray()[0].isPermutation() &&
         op.getIndexingMapsArray()[1].isIdentity();
}

std::optional<View> viewOfArgument(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (auto argument = dyn_cast<BlockArgument>(value))
    return View{argument.getArgNumber(), 0, rowMajorStrides(type.getShape())};
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>()) {
    std::optional<View> view = viewOfArgument(slice.getSource());
    if (!view || slice.getSourceType().getRank() != type.getRank() || !slice.getOffsets().empty() ||
        !slice.getSizes().empty() || !slice.getStrides().empty())
      return std::nullopt;
    for (auto [stride, start, step] :
         llvm::zip_equal(view->strides, slice.getStaticOffsets(), slice.getStaticStrides())) {
      view->offset += stride * start;
      stride *= step;
    }
    return view;
  }
  if (auto transpose = value.getDefiningOp<linalg::GenericOp>(); transpose && isTranspose(transpose)) {
    std::optional<View> view = viewOfArgument(transpose.getDpsInputs()[0]);
    if (!view)
      return std::nullopt;
    SmallVector<int64_t> strides(type.getRank());
    for (auto [stride, expression] : llvm::zip_equal(view->strides, transpose.getIndexingMapsArray()[0].getResults()))
      strides[cast<AffineDimExpr>(expression).getPosition()] = stride;
    view->strides = strides;
    return view;
  }
  // A dimension that splits has strides; others are left to the general emitter.
  if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>()) {
    std::optional<View> view = viewOfArgument(expand.getSrc());
    if (!view)
      return std::nullopt;
    SmallVector<int64_t> strides(type.getRank());
    for (auto [group, stride] : llvm::zip_equal(expand.getReassociationIndices(), view->strides))
      for (int64_t inner = stride; int64_t dim : llvm::reverse(group)) {
        strides[dim] = inner;
        inner *= type.getDimSize(dim);
      }
    view->strides = strides;
    return view;
  }
  // A reshape of a dense tensor is dense.
  Value source;
  if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>())
    source = collapse.getSrc();
  if (!source)
    return std::nullopt;
  std::optional<View> view = viewOfArgument(source);
  if (!view || view->strides != rowMajorStrides(cast<RankedTensorType>(source.getType()).getShape()))
    return std::nullopt;
  return View{view->operand, view->offset, rowMajorStrides(type.getShape())};
}

/// The dense tensor that a returned value is a reshape of.
Value stripReshapes(Value value) {
  while (true) {
    if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>())
      value = collapse.getSrc();
    else if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>())
      value = expand.getSrc();
    else
      return value;
  }
}

/// Strides per loop dimension of a tensor with strides `own`, read through `map`; `dims` renames map dimensions.
MatmulAccess makeAccess(unsigned operand, Type elementType, int64_t offset, ArrayRef<int64_t> own, AffineMap map,
                        ArrayRef<int> dims, unsigned count) {
  MatmulAccess access{operand, elementType, offset, SmallVector<int64_t>(count, 0)};
  for (auto [stride, expression] : llvm::zip_equal(own, map.getResults()))
    access.strides[dims[cast<AffineDimExpr>(expression).getPosition()]] += stride;
  return access;
}

bool readsThroughDimensions(linalg::GenericOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); });
}

bool isParallel(linalg::GenericOp op) {
  return llvm::all_of(op.getIteratorTypesArray(),
                      [](utils::IteratorType type) { return type == utils::IteratorType::parallel; });
}

/// `value`, or what it is rounded to bf16 from.
Value stripRounding(Value value) {
  auto wide = value.getDefiningOp<arith::ExtFOp>();
  auto narrow = wide ? wide.getIn().getDefiningOp<arith::TruncFOp>() : arith::TruncFOp();
  return narrow && narrow.getType().isBF16() && narrow.getIn().getType() == value.getType() ? narrow.getIn() : value;
}

/// acc + a * b on f32; or the same with a and b rounded to bf16.
bool isMultiplyAdd(linalg::GenericOp op, bool &bf16) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return false;
  Block &body = *op.getBody();
  auto yield = cast<linalg::YieldOp>(body.getTerminator());
  auto add = yield.getOperand(0).getDefiningOp<arith::AddFOp>();
  size_t ops = body.getOperations().size();
  bf16 = ops == 7;
  if (!add || !add.getType().isF32() || (ops != 3 && !bf16))
    return false;
  for (bool swapped : {false, true}) {
    auto multiply = (swapped ? add.getLhs() : add.getRhs()).getDefiningOp<arith::MulFOp>();
    Value accumulator = swapped ? add.getRhs() : add.getLhs();
    if (!multiply || accumulator != body.getArgument(2))
      continue;
    Value x = multiply.getLhs(), y = multiply.getRhs();
    if (bf16) {
      if (stripRounding(x) == x || stripRounding(y) == y)
        continue;
      x = stripRounding(x), y = stripRounding(y);
    }
    if ((x == body.getArgument(0) && y == body.getArgument(1)) || (x == body.getArgument(1) && y == body.getArgument(0)))
      return true;
  }
  return false;
}

class Recogniser {
public:
  Recogniser(func::FuncOp kernel, bool merges) : kernel(kernel), merges(merges) {}

  std::optional<MatmulKernel> run() {
    result.contraction = findContraction(kernel);
    if (!result.contraction || !llvm::hasSingleElement(kernel.getBody()))
      return std::nullopt;
    count = result.contraction.getNumLoops();
    used.assign(count, !merges);
    if (!readContraction() || !readEpilogue() || !readResults() || !chooseLoops())
      return std::nullopt;
    return result;
  }

private:
  bool readContraction() {
    linalg::GenericOp op = result.contraction;
    isMultiplyAdd(op, result.bf16);
    auto ordered = op->getAttrOfType<DenseI64ArrayAttr>(kOrderedAttr);
    for (int64_t i = 0; ordered && i + 1 < ordered.size(); i += 2) {
      result.ordered.push_back({ordered[i], ordered[i + 1]});
      used[ordered[i]] = used[ordered[i + 1]] = true;
    }
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    auto identity = llvm::to_vector(llvm::seq<int>(0, count));
    for (int i : {0, 1}) {
      std::optional<View> view = viewOfArgument(op.getDpsInputs()[i]);
      if (!view)
        return false;
      (i == 0 ? result.lhs : result.rhs) = makeAccess(view->operand, Float32Type::get(op.getContext()), view->offset,
                                                      view->strides, maps[i], identity, count);
    }
    sizes = op.getStaticLoopRanges();
    SmallVector<int> dims;
    for (AffineExpr expression : maps[2].getResults())
      dims.push_back(cast<AffineDimExpr>(expression).getPosition());
    dimsOf[op.getResult(0)] = dims;
    return true;
  }

  /// Every other op must be elementwise on the product, or a constant, a view, or an initial value.
  bool readEpilogue() {
    for (Operation &op : kernel.front()) {
      if (&op == result.contraction.getOperation() ||
          isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
              tensor::ExtractSliceOp, func::ReturnOp>(op))
        continue;
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (generic && isTranspose(generic) && viewOfArgument(generic.getResult(0)))
        continue; // walked through, not computed
      if (!generic || !isParallel(generic) || !readsThroughDimensions(generic) || !readElementwise(generic))
        return false;
    }
    return true;
  }

  bool readElementwise(linalg::GenericOp op) {
    MatmulEpilogue step{op, {}, SmallVector<int>(op.getNumLoops(), -1)};
    // A value computed here tells which of the op's dimensions is which of the contraction's.
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto known = dimsOf.find(input->get());
      if (known == dimsOf.end())
        continue;
      for (auto [expression, dim] : llvm::zip_equal(op.getMatchingIndexingMap(input).getResults(), known->second)) {
        int &mine = step.dims[cast<AffineDimExpr>(expression).getPosition()];
        if (mine != -1 && mine != dim)
          return false;
        mine = dim;
      }
    }
    if (llvm::is_contained(step.dims, -1))
      return false;
    for (OpOperand *input : op.getDpsInputOperands()) {
      std::optional<MatmulInput> read = readInput(input->get(), op.getMatchingIndexingMap(input), step.dims);
      if (!read)
        return false;
      step.inputs.push_back(*read);
    }
    for (auto [i, init] : llvm::enumerate(op.getDpsInitsMutable())) {
      if (!op.getMatchingBlockArgument(&init).use_empty())
        return false;
      SmallVector<int> dims;
      for (AffineExpr expression : op.getMatchingIndexingMap(&init).getResults())
        dims.push_back(step.dims[cast<AffineDimExpr>(expression).getPosition()]);
      if (dims.size() != step.dims.size())
        return false;
      dimsOf[op.getResult(i)] = dims;
    }
    WalkResult walk = op.getRegion().walk([&](Operation *inner) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        used[step.dims[index.getDim()]] = true;
        return WalkResult::advance();
      }
      // From outside may come constants, and arguments that rows are gathered from.
      for (Value operand : inner->getOperands())
        if (operand.getParentRegion() != &op.getRegion() && !matchPattern(operand, m_Constant()) &&
            !(isa<tensor::ExtractOp>(inner) && isa<BlockArgument>(operand)))
          return WalkResult::interrupt();
      bool scalar = inner->getNumRegions() == 0 && (isa<linalg::YieldOp>(inner) || isPure(inner));
      return scalar ? WalkResult::advance() : WalkResult::interrupt();
    });
    if (walk.wasInterrupted())
      return false;
    result.epilogue.push_back(std::move(step));
    return true;
  }

  std::optional<MatmulInput> readInput(Value value, AffineMap map, ArrayRef<int> dims) {
    if (dimsOf.count(value))
      return MatmulInput{value, std::nullopt, {}};
    DenseElementsAttr constant;
    if (matchPattern(value, m_Constant(&constant)) && constant.isSplat())
      return MatmulInput{{}, std::nullopt, constant.getSplatValue<Attribute>()};
    Attribute scalar;
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type && matchPattern(value, m_Constant(&scalar)))
      return MatmulInput{{}, std::nullopt, scalar};
    std::optional<View> view = type ? viewOfArgument(value) : std::nullopt;
    if (!view)
      return std::nullopt;
    return MatmulInput{
        {}, makeAccess(view->operand, type.getElementType(), view->offset, view->strides, map, dims, count), {}};
  }

  bool readResults() {
    auto terminator = cast<func::ReturnOp>(kernel.front().getTerminator());
    for (auto [i, returned] : llvm::enumerate(terminator.getOperands())) {
      Value value = stripReshapes(returned);
      auto known = dimsOf.find(value);
      if (known == dimsOf.end())
        return false;
      auto type = cast<RankedTensorType>(value.getType());
      MatmulAccess access{static_cast<unsigned>(kernel.getNumArguments() + i), type.getElementType(), 0,
                          SmallVector<int64_t>(count, 0)};
      for (auto [dim, stride] : llvm::zip_equal(known->second, rowMajorStrides(type.getShape())))
        access.strides[dim] = stride;
      result.results.push_back({value, access});
    }
    return !result.results.empty();
  }

  enum class Role { M, N, K, Batch };

  template <typename Function> bool allAccesses(Function holds) {
    if (!holds(result.lhs) || !holds(result.rhs))
      return false;
    for (MatmulResult &r : result.results)
      if (!holds(r.access))
        return false;
    for (MatmulEpilogue &step : result.epilogue)
      for (MatmulInput &input : step.inputs)
        if (input.access && !holds(*input.access))
          return false;
    return true;
  }

  /// Joins neighbouring loops that every tensor walks as one. A dimension whose index is asked for stays alone.
  void mergeLoops(SmallVector<MatmulLoop> &loops, bool ordered) {
    for (size_t outer = 0; outer < loops.size(); ++outer)
      for (size_t inner = 0; inner < loops.size(); ++inner) {
        if (outer == inner || (ordered && outer > inner) || used[loops[outer].dim] || used[loops[inner].dim])
          continue;
        const MatmulLoop &o = loops[outer], &i = loops[inner];
        if (!allAccesses([&](const MatmulAccess &access) { return o.stride(access) == i.stride(access) * i.size; }))
          continue;
        loops[inner].size *= loops[outer].size;
        loops.erase(loops.begin() + outer);
        return mergeLoops(loops, ordered);
      }
  }

  bool chooseLoops() {
    SmallVector<MatmulLoop> loops[4];
    SmallVector<utils::IteratorType> types = result.contraction.getIteratorTypesArray();
    AffineMap left = result.contraction.getIndexingMapsArray()[0], right = result.contraction.getIndexingMapsArray()[1];
    for (int dim = 0; dim < count; ++dim) {
      bool inLeft = left.isFunctionOfDim(dim), inRight = right.isFunctionOfDim(dim);
      bool reduced = types[dim] == utils::IteratorType::reduction;
      if (sizes[dim] == 1)
        continue;
      if (reduced && !(inLeft && inRight))
        return false;
      Role role = reduced ? Role::K : inLeft && inRight ? Role::Batch : inLeft ? Role::M : Role::N;
      loops[static_cast<int>(role)].push_back({sizes[dim], dim});
    }
    for (Role role : {Role::M, Role::N, Role::K, Role::Batch})
      mergeLoops(loops[static_cast<int>(role)], role == Role::K);
    if (loops[static_cast<int>(Role::K)].size() > 1)
      return false;
    if (loops[static_cast<int>(Role::K)].size() == 1)
      result.k = loops[static_cast<int>(Role::K)].front();
    result.batch = loops[static_cast<int>(Role::Batch)];
    result.m = takePrincipal(loops[static_cast<int>(Role::M)]);
    result.n = takePrincipal(loops[static_cast<int>(Role::N)]);
    // The vector dimension is n: results should be contiguous along it. Products commute exactly, so roles may swap.
    const MatmulAccess &stored = result.results.front().access;
    if (result.n.stride(stored) != 1 && result.m.stride(stored) == 1) {
      std::swap(result.m, result.n);
      std::swap(result.lhs, result.rhs);
    }
    return true;
  }

  /// The loop that results walk with stride one, or else the longest; the others become batches.
  MatmulLoop takePrincipal(SmallVector<MatmulLoop> &loops) {
    if (loops.empty())
      return {};
    const MatmulAccess &stored = result.results.front().access;
    auto *best = llvm::max_element(loops, [&](const MatmulLoop &a, const MatmulLoop &b) {
      return std::pair(a.stride(stored) == 1, a.size) < std::pair(b.stride(stored) == 1, b.size);
    });
    MatmulLoop taken = *best;
    loops.erase(best);
    result.batch.append(loops.begin(), loops.end());
    return taken;
  }

  func::FuncOp kernel;
  bool merges;
  MatmulKernel result;
  int count = 0;
  SmallVector<int64_t> sizes;
  SmallVector<bool> used;                  ///< dimensions whose index matters: they are not merged
  DenseMap<Value, SmallVector<int>> dimsOf; ///< the contraction's dimension per tensor dimension of a computed value
};

} // namespace

linalg::GenericOp findContraction(func::FuncOp kernel) {
  linalg::GenericOp found;
  for (linalg::GenericOp op : kernel.getOps<linalg::GenericOp>()) {
    bool bf16;
    if (op.getNumReductionLoops() == 0 || !isMultiplyAdd(op, bf16) || !readsThroughDimensions(op))
      continue;
    // The value that sums start from; -0.0 would do as well, but nobody writes it.
    Value initial = op.getDpsInits()[0];
    if (auto fill = initial.getDefiningOp<linalg::FillOp>())
      initial = fill.getInputs()[0];
    if (!matchPattern(initial, m_PosZeroFloat()))
      continue;
    if (found)
      return {};
    found = op;
  }
  return found;
}

std::optional<MatmulKernel> recogniseMatmul(func::FuncOp kernel, bool merges) { return Recogniser(kernel, merges).run(); }

} // namespace sinter::codegen
