#include "compiler/codegen/loops/TensorViews.h"
#include "compiler/codegen/products/Contraction.h"
#include "compiler/codegen/products/MatmulLoops.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::codegen {

int64_t MatmulKernel::batchSize() const {
  int64_t size = 1;
  for (const MatmulLoop &loop : batch)
    size *= loop.size;
  return size;
}

bool MatmulKernel::sharesRhs() const {
  return llvm::all_of(batch, [&](const MatmulLoop &loop) { return loop.stride(rhs) == 0; });
}

bool MatmulKernel::walksEvenly(const MatmulAccess &access) const {
  for (size_t i = 1; i < kParts.size(); ++i)
    if (kParts[i - 1].stride(access) != kParts[i].stride(access) * kParts[i].size)
      return false;
  return true;
}

bool MatmulKernel::hasRhsInParts() const {
  return !rhs.isComputed() && !walksEvenly(rhs) && kParts.back().stride(rhs) == 1;
}

const MatmulSplit *MatmulKernel::splitOf(int dim) const {
  auto *found = llvm::find_if(splits, [&](const MatmulSplit &split) { return split.dim == dim; });
  return found == splits.end() ? nullptr : found;
}

namespace {

bool isParallel(linalg::GenericOp op) {
  return llvm::all_of(op.getIteratorTypesArray(),
                      [](utils::IteratorType type) { return type == utils::IteratorType::parallel; });
}

class Recogniser {
public:
  Recogniser(func::FuncOp kernel, bool merges) : kernel(kernel), merges(merges) {}

  std::optional<MatmulKernel> run() {
    result.contraction = findContraction(kernel);
    if (!result.contraction || !llvm::hasSingleElement(kernel.getBody()))
      return std::nullopt;
    dims.sizes = result.contraction.getStaticLoopRanges();
    dims.parents = llvm::to_vector(llvm::seq<int>(0, result.contraction.getNumLoops()));
    if (!splitDims() || !readContraction() || !readEpilogue() || !readResults() ||
        (columnSums && (!result.columnSums || apart)))
      return std::nullopt;
    chooseLoops(result, dims, /*mayTurn=*/merges && !result.lhs.windows && !result.bound); // these stay as they are
    if (result.columnSums && result.n.stride(*result.columnSums) != 1)
      return std::nullopt;
    return result;
  }

private:
  int count() const { return dims.sizes.size(); }

  //===--- operands ----------------------------------------------------------------------------------===//

  /// An index that is a sum of those of the contraction's dimensions times factors.
  using Terms = SmallVector<std::pair<int, int64_t>, 2>;

  Terms termsOf(int dim) const {
    const MatmulSplit *split = result.splitOf(dim);
    return split ? Terms(split->parts.begin(), split->parts.end()) : Terms{{dim, 1}};
  }

  SmallVector<Terms> termsOf(AffineMap map) const {
    SmallVector<Terms> terms;
    for (AffineExpr expression : map.getResults())
      terms.push_back(termsOf(cast<AffineDimExpr>(expression).getPosition()));
    return terms;
  }

  /// An operand that is computed in more dimensions than it is multiplied in: the contraction gets these as well.
  bool splitDims() {
    linalg::GenericOp op = result.contraction;
    for (int i : {0, 1}) {
      auto collapse = op.getDpsInputs()[i].getDefiningOp<tensor::CollapseShapeOp>();
      if (!collapse || viewOfArgument(collapse.getResult()))
        continue;
      if (WindowsOp windows = windowsOfMatrix(collapse)) {
        int dim = termsOf(op.getIndexingMapsArray()[i])[0].front().first;
        int64_t images = windows.getInput().getType().getShape().front(), places = dims.sizes[dim] / images;
        bool areRows = op.getIteratorTypesArray()[dim] == utils::IteratorType::parallel;
        apart = i == 0 && merges && areRows && !kernel->hasAttr(plan::kInPlaceAttr) && paysByPlace(windows);
        if (apart)
          split(dim, {images, places});
        continue;
      }
      ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
      for (auto [group, dim] :
           llvm::zip_equal(collapse.getReassociationIndices(), termsOf(op.getIndexingMapsArray()[i])))
        if (llvm::count_if(group, [&](int64_t d) { return shape[d] > 1; }) > 1) {
          SmallVector<int64_t> parts;
          for (int64_t d : group)
            parts.push_back(shape[d]);
          if (dim.size() > 1 || op->hasAttr(kOrderedAttr) || op->hasAttr(kBoundedAttr))
            return false; // (both operands would have to be split in the same way)
          split(dim.front().first, parts);
        }
    }
    dims.used.assign(count(), !merges);
    if (apart) // images and places are walked apart, though one stride would lead through both
      for (auto [part, factor] : result.splits.front().parts)
        dims.used[part] = true;
    return true;
  }

  void split(int dim, ArrayRef<int64_t> parts) {
    MatmulSplit split{dim, {}};
    int64_t factor = dims.sizes[dim];
    for (int64_t size : parts) {
      factor /= size;
      split.parts.push_back({count(), factor});
      dims.sizes.push_back(size);
      dims.parents.push_back(dim);
    }
    dims.sizes[dim] = 1;
    result.splits.push_back(split);
  }

  bool readContraction() {
    linalg::GenericOp op = result.contraction;
    result.bf16 = op->hasAttr(kBf16Attr);
    auto ordered = op->getAttrOfType<DenseI64ArrayAttr>(kOrderedAttr);
    for (int64_t i = 0; ordered && i + 2 < ordered.size(); i += 3) {
      result.ordered.push_back({static_cast<int>(ordered[i]), static_cast<int>(ordered[i + 1]), ordered[i + 2]});
      dims.used[ordered[i]] = dims.used[ordered[i + 1]] = true;
    }
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (auto [dim, type] : llvm::enumerate(op.getIteratorTypesArray()))
      if (type == utils::IteratorType::reduction && op.getStaticLoopRanges()[dim] > 1 &&
          !(maps[0].isFunctionOfDim(dim) && maps[1].isFunctionOfDim(dim)))
        return false;
    for (int i : {0, 1})
      if (!readOperand(op.getDpsInputs()[i], termsOf(maps[i]), i == 0 ? result.lhs : result.rhs))
        return false;
    if (auto bounded = op->getAttrOfType<IntegerAttr>(kBoundedAttr); bounded && !readBound(bounded.getInt()))
      return false;
    for (AffineExpr expression : maps.back().getResults())
      dimsOf[op.getResult(0)].push_back(cast<AffineDimExpr>(expression).getPosition());
    return true;
  }

  bool readBound(int64_t dim) {
    OpOperand *input = result.contraction.getDpsInputOperand(2);
    std::optional<View> view = viewOfArgument(input->get());
    SmallVector<Terms> indices = termsOf(result.contraction.getMatchingIndexingMap(input));
    if (!view)
      return false;
    result.bound = makeAccess(*view, cast<RankedTensorType>(input->get().getType()).getElementType(), indices);
    result.boundDim = static_cast<int>(dim);
    dims.used[dim] = true;
    for (const Terms &batch : indices)
      for (auto [part, factor] : batch)
        dims.used[part] = true;
    return true;
  }

  /// The windows that the matrix `value` is, or null.
  static WindowsOp windowsOfMatrix(Value value) {
    auto windows = stripReshapes(value).getDefiningOp<WindowsOp>();
    auto type = cast<RankedTensorType>(value.getType());
    bool matrix = windows && type.getRank() == 2 && type.getDimSize(0) == windows.getType().getShape().front();
    return matrix ? windows : WindowsOp();
  }

  bool readWindows(WindowsOp windows, ArrayRef<Terms> indices, MatmulOperand &operand) {
    auto argument = dyn_cast<BlockArgument>(stripReshapes(windows.getInput()));
    if (!argument || &operand != &result.lhs || result.bf16 || !result.ordered.empty())
      return false;
    int dim = dims.parents[indices[0].front().first];
    bool areRows = result.contraction.getIteratorTypesArray()[dim] == utils::IteratorType::parallel;
    operand.windows =
        MatmulWindows{windows, argument.getArgNumber(), dim, areRows, windows.getType().getShape().back()};
    ArrayRef<int64_t> shape = windows.getType().getShape();
    static_cast<MatmulAccess &>(operand) = makeAccess(View{MatmulOperand::kNowhere, 0, {shape[1] * shape[2], 1}},
                                                      windows.getType().getElementType(), indices);
    return true;
  }

  bool readOperand(Value value, SmallVector<Terms> indices, MatmulOperand &operand) {
    if (WindowsOp windows = windowsOfMatrix(value))
      return readWindows(windows, indices, operand);
    std::optional<View> view;
    while (!(view = viewOfArgument(value)))
      if (!lookThroughReshape(value, indices))
        break;
    auto type = cast<RankedTensorType>(value.getType());
    if (view) {
      static_cast<MatmulAccess &>(operand) = makeAccess(*view, type.getElementType(), indices);
      return true;
    }
    if (!readComputed(value, indices, operand.steps))
      return false;
    static_cast<MatmulAccess &>(operand) =
        makeAccess(View{MatmulOperand::kNowhere, 0, rowMajorStrides(type.getShape())}, type.getElementType(), indices);
    // Where it is computed from tells in which direction it is best walked.
    for (const MatmulStep &step : operand.steps)
      for (const MatmulInput &input : step.inputs)
        if (input.access && operand.operand == MatmulOperand::kNowhere &&
            llvm::all_of(llvm::zip_equal(input.access->strides, operand.strides), [](auto strides) {
              auto [own, dense] = strides;
              return (own == 0) == (dense == 0);
            }))
          static_cast<MatmulAccess &>(operand) = *input.access;
    return true;
  }

  /// Whether `terms` are the parts of a dimension that splitDims cut into just these sizes.
  bool isSplitInto(const Terms &terms, ArrayRef<int64_t> group, ArrayRef<int64_t> shape) const {
    return splitOf(terms) && llvm::equal(terms, group, [&](std::pair<int, int64_t> term, int64_t d) {
             return dims.sizes[term.first] == shape[d];
           });
  }

  const MatmulSplit *splitOf(const Terms &terms) const {
    auto *found = llvm::find_if(result.splits,
                                [&](const MatmulSplit &split) { return ArrayRef(split.parts) == ArrayRef(terms); });
    return found == result.splits.end() ? nullptr : found;
  }

  /// Makes `value`, a reshape, what it is a reshape of, and `indices` the indices of that.
  bool lookThroughReshape(Value &value, SmallVector<Terms> &indices) {
    SmallVector<Terms> source;
    if (auto reshape = value.getDefiningOp<tensor::CollapseShapeOp>()) {
      ArrayRef<int64_t> shape = reshape.getSrcType().getShape();
      source.resize(shape.size());
      for (auto [group, terms] : llvm::zip_equal(reshape.getReassociationIndices(), indices)) {
        SmallVector<int64_t> wide;
        llvm::copy_if(group, std::back_inserter(wide), [&](int64_t d) { return shape[d] > 1; });
        if (wide.size() == 1)
          source[wide.front()] = terms;
        else if (isSplitInto(terms, group, shape))
          for (auto [d, term] : llvm::zip_equal(group, terms))
            source[d] = {{term.first, 1}};
        else if (!wide.empty())
          return false;
      }
      value = reshape.getSrc();
    } else if (auto reshape = value.getDefiningOp<tensor::ExpandShapeOp>()) {
      ArrayRef<int64_t> shape = reshape.getResultType().getShape();
      for (auto [d, group] : llvm::enumerate(reshape.getReassociationIndices())) {
        source.emplace_back();
        int64_t factor = reshape.getSrcType().getDimSize(d);
        for (int64_t part : group) {
          factor /= shape[part];
          for (auto [dim, own] : indices[part])
            source.back().push_back({dim, own * factor});
        }
      }
      value = reshape.getSrc();
    } else {
      return false;
    }
    indices = std::move(source);
    return true;
  }

  /// Adds the steps that compute `value` at `indices`.
  bool readComputed(Value value, SmallVector<Terms> indices, SmallVectorImpl<MatmulStep> &steps) {
    while (lookThroughReshape(value, indices))
      ;
    auto op = value.getDefiningOp<linalg::GenericOp>();
    if (!op || !isParallel(op) || !readsThroughDimensions(op) || op.getNumResults() != 1)
      return false;
    if (llvm::any_of(steps, [&](MatmulStep &step) { return step.op == op; }))
      return false; // (read twice, maybe at different places)
    AffineMap written = op.getIndexingMapsArray().back();
    if (!written.isPermutation() || !op.getBody()->getArguments().back().use_empty())
      return false;
    SmallVector<Terms> own(indices.size());
    for (auto [expression, terms] : llvm::zip_equal(written.getResults(), indices))
      own[cast<AffineDimExpr>(expression).getPosition()] = terms;
    MatmulStep step{op, {}, SmallVector<int>(indices.size(), -1)};
    for (auto [dim, terms] : llvm::zip_equal(step.dims, own))
      if (terms.size() == 1 && terms.front().second == 1)
        dim = terms.front().first;
      else if (const MatmulSplit *split = splitOf(terms))
        dim = split->dim;
    for (OpOperand *input : op.getDpsInputOperands()) {
      SmallVector<Terms> read;
      for (AffineExpr expression : op.getMatchingIndexingMap(input).getResults())
        read.push_back(own[cast<AffineDimExpr>(expression).getPosition()]);
      std::optional<MatmulInput> known = readOutside(input->get(), read);
      if (!known) {
        if (!readComputed(input->get(), read, steps))
          return false;
        known = MatmulInput{stripReshapes(input->get()), std::nullopt, {}};
      }
      step.inputs.push_back(*known);
    }
    if (!readBody(step))
      return false;
    steps.push_back(std::move(step));
    prologue.insert(op);
    return true;
  }

  /// Strides per dimension of the contraction of `view` at `indices`.
  MatmulAccess makeAccess(const View &view, Type elementType, ArrayRef<Terms> indices) const {
    MatmulAccess access{view.operand, elementType, view.offset, SmallVector<int64_t>(count(), 0)};
    for (auto [stride, terms] : llvm::zip_equal(view.strides, indices))
      for (auto [dim, factor] : terms)
        access.strides[dim] += stride * factor;
    return access;
  }

  //===--- elementwise ops ---------------------------------------------------------------------------===//

  /// Every other op must be elementwise on the product, or a constant, a view, or an initial value.
  bool readEpilogue() {
    for (Operation &op : kernel.front()) {
      if (&op == result.contraction.getOperation() ||
          isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
              tensor::ExtractSliceOp, WindowsOp, func::ReturnOp>(op))
        continue;
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (generic && (prologue.contains(generic) || (isTranspose(generic) && viewOfArgument(generic.getResult(0)))))
        continue; // read, or walked through
      if (generic && !columnSums && !result.bf16 && result.ordered.empty() && !result.rhs.isComputed() &&
          sumsColumns(generic, result.contraction)) {
        columnSums = generic;
        continue;
      }
      if (!generic || !isParallel(generic) || !readsThroughDimensions(generic) || !readElementwise(generic))
        return false;
    }
    return true;
  }

  bool readElementwise(linalg::GenericOp op) {
    MatmulStep step{op, {}, SmallVector<int>(op.getNumLoops(), -1)};
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
      SmallVector<int> written;
      for (AffineExpr expression : op.getMatchingIndexingMap(&init).getResults())
        written.push_back(step.dims[cast<AffineDimExpr>(expression).getPosition()]);
      if (written.size() != step.dims.size())
        return false;
      dimsOf[op.getResult(i)] = written;
    }
    if (!readBody(step))
      return false;
    result.epilogue.push_back(std::move(step));
    return true;
  }

  /// Whether code for the op's body can stand in the product's loops; notes which indices it asks for.
  bool readBody(const MatmulStep &step) {
    linalg::GenericOp op = step.op;
    WalkResult walk = op.getRegion().walk([&](Operation *inner) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        int dim = step.dims[index.getDim()];
        for (auto [part, factor] : dim < 0 ? Terms() : termsOf(dim))
          dims.used[part] = true;
        return dim < 0 && op.getStaticLoopRanges()[index.getDim()] > 1 ? WalkResult::interrupt()
                                                                       : WalkResult::advance();
      }
      // From outside may come constants, and arguments that rows are gathered from.
      for (Value operand : inner->getOperands())
        if (operand.getParentRegion() != &op.getRegion() && !matchPattern(operand, m_Constant()) &&
            !(isa<tensor::ExtractOp>(inner) && isa<BlockArgument>(operand)))
          return WalkResult::interrupt();
      bool scalar = inner->getNumRegions() == 0 && (isa<linalg::YieldOp>(inner) || isPure(inner));
      return scalar ? WalkResult::advance() : WalkResult::interrupt();
    });
    return !walk.wasInterrupted();
  }

  std::optional<MatmulInput> readInput(Value value, AffineMap map, ArrayRef<int> own) {
    if (dimsOf.count(value))
      return MatmulInput{value, std::nullopt, {}};
    SmallVector<Terms> terms;
    for (AffineExpr expression : map.getResults())
      terms.push_back(termsOf(own[cast<AffineDimExpr>(expression).getPosition()]));
    return readOutside(value, terms);
  }

  /// A constant, or a view of an argument at `indices`.
  std::optional<MatmulInput> readOutside(Value value, ArrayRef<Terms> indices) {
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
    return MatmulInput{{}, makeAccess(*view, type.getElementType(), indices), {}};
  }

  bool readResults() {
    auto terminator = cast<func::ReturnOp>(kernel.front().getTerminator());
    for (auto [i, returned] : llvm::enumerate(terminator.getOperands())) {
      Value value = stripReshapes(returned);
      if (columnSums && value == columnSums.getResult(0)) {
        Terms column =
            termsOf(cast<AffineDimExpr>(result.contraction.getIndexingMapsArray()[1].getResult(1)).getPosition());
        View view{static_cast<unsigned>(kernel.getNumArguments() + i), 0, {1}};
        result.columnSums = makeAccess(view, cast<RankedTensorType>(value.getType()).getElementType(), {column});
        continue;
      }
      auto known = dimsOf.find(value);
      if (known == dimsOf.end())
        return false;
      auto type = cast<RankedTensorType>(value.getType());
      SmallVector<Terms> indices;
      for (int dim : known->second)
        indices.push_back(termsOf(dim));
      View view{static_cast<unsigned>(kernel.getNumArguments() + i), 0, rowMajorStrides(type.getShape())};
      result.results.push_back({value, makeAccess(view, type.getElementType(), indices)});
    }
    return !result.results.empty();
  }

  func::FuncOp kernel;
  bool merges;
  MatmulKernel result;
  MatmulDims dims;
  bool apart = false;                       ///< windows are split into images and places
  linalg::GenericOp columnSums;             ///< of the right operand, or null
  DenseSet<Operation *> prologue;           ///< ops that compute operands
  DenseMap<Value, SmallVector<int>> dimsOf; ///< the contraction's dimension per tensor dimension of a computed value
};

} // namespace

std::optional<MatmulKernel> recogniseMatmul(func::FuncOp kernel, bool merges) {
  std::optional<MatmulKernel> product = Recogniser(kernel, merges).run();
  if (product)
    product->inPlace = kernel->hasAttr(plan::kInPlaceAttr);
  return product;
}

} // namespace sinter::codegen
