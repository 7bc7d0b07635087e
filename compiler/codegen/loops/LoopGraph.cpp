// Reads a kernel's linalg on tensors as loop nests over strided storage; see LoopGraph.h.
#include "compiler/codegen/loops/LoopGraph.h"
#include "compiler/codegen/loops/TensorViews.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/IR/Matchers.h"

#include <numeric>

using namespace mlir;

namespace sinter::codegen {

//===--- accesses ------------------------------------------------------------------------------------===//

std::optional<unsigned> Affine::plainDim() const {
  if (constant == 0 && terms.size() == 1 && terms[0].second == 1)
    return terms[0].first;
  return std::nullopt;
}

int64_t Affine::coefficient(unsigned d) const {
  for (auto [dim, factor] : terms)
    if (dim == d)
      return factor;
  return 0;
}

int64_t Access::partSize(const AccessPart &part) const {
  int64_t size = 1;
  for (unsigned d = part.first; d <= part.last; ++d)
    size *= storage->shape[d];
  return size;
}

int64_t Access::plainPosition(unsigned d) const {
  for (const AccessPart &part : parts)
    if (part.first == part.last && part.index.plainDim() == d)
      return part.first;
  return -1;
}

bool Access::uses(unsigned d) const {
  return llvm::any_of(parts, [&](const AccessPart &part) { return part.index.coefficient(d) != 0; });
}

bool Access::sameElement(const Access &other) const {
  if (storage != other.storage || parts.size() != other.parts.size())
    return false;
  for (auto [a, b] : llvm::zip(parts, other.parts))
    if (a.first != b.first || a.last != b.last || !(a.index == b.index))
      return false;
  return true;
}

Access identityAccess(Storage &storage) {
  Access access{&storage, {}};
  for (unsigned d = 0; d < storage.shape.size(); ++d)
    access.parts.push_back({d, d, Affine::dim(d)});
  return access;
}

/// Substitutes the dimensions of `index` and sums equal ones.
static Affine substitute(const Affine &index, ArrayRef<Affine> replacements) {
  Affine result{index.constant, {}};
  for (auto [dim, factor] : index.terms) {
    const Affine &by = replacements[dim];
    result.constant += factor * by.constant;
    for (auto [d, f] : by.terms) {
      auto *known = llvm::find_if(result.terms, [d = d](auto &term) { return term.first == d; });
      if (known != result.terms.end())
        known->second += factor * f;
      else
        result.terms.push_back({d, factor * f});
    }
  }
  llvm::sort(result.terms);
  return result;
}

Access substitute(const Access &access, ArrayRef<Affine> replacements) {
  Access result{access.storage, {}};
  for (const AccessPart &part : access.parts)
    result.parts.push_back({part.first, part.last, substitute(part.index, replacements)});
  return result;
}

/// `access` has dimensions of `wide` shape; merges each group of them into one. Fails where memory is not contiguous.
static FailureOr<Access> collapse(const Access &access, ArrayRef<int64_t> wide, ArrayRef<ReassociationIndices> groups) {
  Access result = access;
  SmallVector<Affine> replacements(wide.size());
  for (auto [narrow, group] : llvm::enumerate(groups)) {
    // Dimensions of size 1 have no index; of the others, the last one carries the merged index.
    SmallVector<int64_t> kept;
    for (int64_t d : group)
      if (wide[d] != 1)
        kept.push_back(d);
    if (kept.empty())
      continue;
    replacements[kept.back()] = Affine::dim(narrow);
    int64_t stride = 1;
    for (size_t i = kept.size() - 1; i-- > 0;) {
      unsigned outer = kept[i], inner = kept.back();
      stride *= wide[kept[i + 1]];
      auto outerPart = llvm::find_if(result.parts, [&](auto &part) { return part.index.coefficient(outer) != 0; });
      auto innerPart = llvm::find_if(result.parts, [&](auto &part) { return part.index.coefficient(inner) != 0; });
      if (outerPart == result.parts.end() || innerPart == result.parts.end())
        return failure();
      if (outerPart == innerPart) { // i * stride + j of one part
        if (outerPart->index.coefficient(outer) != stride * outerPart->index.coefficient(inner))
          return failure();
        continue;
      }
      // [i][j] of neighbours that j covers whole
      for (auto it = outerPart + 1; it < innerPart; ++it)
        if (result.partSize(*it) != 1)
          return failure();
      if (innerPart < outerPart || outerPart->index.plainDim() != outer || innerPart->index.plainDim() != inner ||
          result.partSize(*innerPart) != stride)
        return failure();
      outerPart->last = innerPart->last;
      outerPart->index = Affine::dim(inner);
      result.parts.erase(outerPart + 1, innerPart + 1);
    }
  }
  return substitute(result, replacements);
}

/// `access` has dimensions of the merged shape; splits each into the group's dimensions, of `wide` shape.
static Access expand(const Access &access, ArrayRef<int64_t> wide, ArrayRef<ReassociationIndices> groups) {
  SmallVector<Affine> replacements(groups.size());
  for (auto [narrow, group] : llvm::enumerate(groups)) {
    int64_t stride = 1;
    for (int64_t d : llvm::reverse(group)) {
      if (wide[d] != 1)
        replacements[narrow].terms.push_back({static_cast<unsigned>(d), stride});
      stride *= wide[d];
    }
    llvm::sort(replacements[narrow].terms);
  }
  return substitute(access, replacements);
}

/// The box that a slice op means, of `access` by the sliced tensor's dimensions.
static Access slice(const Access &access, OffsetSizeAndStrideOpInterface op, const llvm::SmallBitVector &dropped) {
  SmallVector<Affine> replacements;
  unsigned next = 0;
  for (auto [d, offset] : llvm::enumerate(op.getStaticOffsets())) {
    Affine index{offset, {}};
    if (!dropped.test(d))
      index.terms.push_back({next++, op.getStaticStrides()[d]});
    replacements.push_back(index);
  }
  return substitute(access, replacements);
}

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// The scalar that `value` (a constant or a splat) holds everywhere.
static TypedAttr splatOf(Value value) {
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return {};
  if (auto dense = dyn_cast<SplatElementsAttr>(attribute))
    return cast<TypedAttr>(dense.getSplatValue<Attribute>());
  if (isa<ElementsAttr>(attribute))
    return {};
  return dyn_cast<TypedAttr>(attribute);
}

//===--- reading the kernel --------------------------------------------------------------------------===//

FailureOr<std::unique_ptr<LoopGraph>> LoopGraph::read(func::FuncOp kernel) {
  auto graph = std::make_unique<LoopGraph>();
  if (failed(graph->build(kernel)))
    return failure();
  return graph;
}

Storage &LoopGraph::addStorage(Storage::Kind kind, unsigned position, RankedTensorType type) {
  Storage storage{kind, position, type.getElementType(), SmallVector<int64_t>(type.getShape())};
  storages.push_back(storage);
  return storages.back();
}

LogicalResult LoopGraph::build(func::FuncOp kernel) {
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitError("kernel: a kernel has one block");
  Block &block = kernel.getBody().front();
  for (BlockArgument argument : block.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !type.hasStaticShape())
      return kernel.emitError("kernel: argument ") << argument.getArgNumber() << " is not a tensor of static shape";
    accesses[argument] = identityAccess(addStorage(Storage::Argument, argument.getArgNumber(), type));
  }
  Operation *terminator = block.getTerminator();
  std::vector<std::pair<Value, Access>> copies;
  for (auto [position, value] : llvm::enumerate(terminator->getOperands())) {
    auto type = cast<RankedTensorType>(value.getType());
    Access output = identityAccess(addStorage(Storage::Output, position, type));
    if (failed(assign(value, output)))
      copies.push_back({value, output});
  }
  for (Operation &op : block.without_terminator())
    if (failed(addOp(op)))
      return failure();
  for (auto &[value, output] : copies) {
    FailureOr<Operand> operand =
        operandFor(value, AffineMap::getMultiDimIdentityMap(shapeOf(value).size(), kernel.getContext()));
    if (failed(operand))
      return failure();
    addCopy(kernel.getLoc(), *operand, output, shapeOf(value));
  }
  return success();
}

/// Makes `value`, when it is computed, land in `destination`. Fails if it must be copied there instead.
LogicalResult LoopGraph::assign(Value value, const Access &destination) {
  Operation *op = value.getDefiningOp();
  if (!op || destinations.count(value) || splatOf(value))
    return failure();
  if (auto expandOp = dyn_cast<tensor::ExpandShapeOp>(op)) {
    FailureOr<Access> narrow = collapse(destination, shapeOf(value), expandOp.getReassociationIndices());
    return succeeded(narrow) ? assign(expandOp.getSrc(), *narrow) : failure();
  }
  if (auto collapseOp = dyn_cast<tensor::CollapseShapeOp>(op))
    return assign(collapseOp.getSrc(),
                  expand(destination, shapeOf(collapseOp.getSrc()), collapseOp.getReassociationIndices()));
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    destinations[value] = destination;
    // What the slice is inserted into is laid out in the same place, before the slice.
    Value base = insert.getDest();
    if (base.hasOneUse() && succeeded(assign(base, destination)))
      bases.insert(insert);
    bool startsEmpty =
        base.getDefiningOp<tensor::EmptyOp>() || base.getDefiningOp<linalg::FillOp>() || bases.contains(insert);
    if (insert.getSource().hasOneUse() && startsEmpty &&
        succeeded(assign(insert.getSource(),
                         slice(destination, cast<OffsetSizeAndStrideOpInterface>(op), insert.getDroppedDims()))))
      sources.insert(insert);
    return success();
  }
  if (isa<linalg::GenericOp>(op)) {
    destinations[value] = destination;
    return success();
  }
  return failure();
}

Access LoopGraph::destinationOf(Value value) {
  auto known = destinations.find(value);
  if (known != destinations.end())
    return known->second;
  return identityAccess(addStorage(Storage::Temporary, 0, cast<RankedTensorType>(value.getType())));
}

LogicalResult LoopGraph::addOp(Operation &op) {
  if (isa<tensor::EmptyOp, arith::ConstantOp>(op)) {
    if (op.getNumResults() == 1 && isa<RankedTensorType>(op.getResult(0).getType()) && isa<arith::ConstantOp>(op)) {
      TypedAttr splat = splatOf(op.getResult(0));
      if (!splat)
        return op.emitError("kernel: a kernel holds constants only if all their elements are equal");
      splats[op.getResult(0)] = splat;
    }
    return success();
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    TypedAttr splat = splatOf(fill.getInputs()[0]);
    if (!splat)
      return op.emitError("kernel: a fill's value must be a constant");
    splats[fill.getResult(0)] = splat;
    return success();
  }
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return addGeneric(generic);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return addInsertSlice(insert);

  Value source = op.getNumOperands() >= 1 ? op.getOperand(0) : Value();
  if (source && splats.count(source) &&
      isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op)) {
    splats[op.getResult(0)] = splats[source];
    return success();
  }
  auto known = source ? accesses.find(source) : accesses.end();
  if (known == accesses.end())
    return op.emitError("kernel: no loops are known for this op in a kernel");
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
    if (llvm::any_of(extract.getStaticOffsets(), ShapedType::isDynamic) ||
        llvm::any_of(extract.getStaticStrides(), ShapedType::isDynamic))
      return op.emitError("kernel: a slice's offsets and strides must be static");
    accesses[extract] = slice(known->second, cast<OffsetSizeAndStrideOpInterface>(op), extract.getDroppedDims());
    return success();
  }
  if (auto expandOp = dyn_cast<tensor::ExpandShapeOp>(op)) {
    accesses[expandOp] = expand(known->second, shapeOf(expandOp), expandOp.getReassociationIndices());
    return success();
  }
  if (auto collapseOp = dyn_cast<tensor::CollapseShapeOp>(op)) {
    FailureOr<Access> access = collapse(known->second, shapeOf(source), collapseOp.getReassociationIndices());
    if (failed(access))
      return op.emitError("kernel: this reshape of a strided view needs a copy that the kernel does not make");
    accesses[collapseOp] = *access;
    return success();
  }
  return op.emitError("kernel: no loops are known for this op in a kernel");
}

FailureOr<Operand> LoopGraph::operandFor(Value value, AffineMap map) {
  Operand operand;
  operand.element = cast<RankedTensorType>(value.getType()).getElementType();
  if (TypedAttr splat = splats.lookup(value)) {
    operand.splat = splat;
    return operand;
  }
  if (value.getDefiningOp<tensor::EmptyOp>())
    return operand;
  auto known = accesses.find(value);
  if (known == accesses.end())
    return emitError(value.getLoc(), "kernel: a kernel reads a value that has no place in memory"), failure();
  SmallVector<Affine> replacements;
  for (auto [d, result] : llvm::enumerate(map.getResults())) {
    std::optional<LinearIndexOf> index = linearIndex(result, map.getNumDims());
    if (!index)
      return emitError(value.getLoc(), "kernel: an indexing map's results must be sums of dimensions"), failure();
    Affine &own = replacements.emplace_back(Affine{index->constant, {}});
    if (isa<AffineDimExpr>(result) && shapeOf(value)[d] == 1)
      continue; // a loop of one iteration has no index
    for (auto [dim, factor] : llvm::enumerate(index->factors))
      if (factor != 0)
        own.terms.push_back({static_cast<unsigned>(dim), factor});
  }
  operand.access = substitute(known->second, replacements);
  return operand;
}

/// Whether the body looks at its argument `number`.
static bool readsArgument(Block &body, unsigned number) { return !body.getArgument(number).use_empty(); }

LogicalResult LoopGraph::addGeneric(linalg::GenericOp op) {
  units.push_back(Unit{op.getLoc()});
  Unit &unit = units.back();
  unit.body = op.getBody();
  unit.inputs = op.getNumDpsInputs();
  unit.extents = op.getStaticLoopRanges();
  for (utils::IteratorType kind : op.getIteratorTypesArray())
    unit.reduced.push_back(kind == utils::IteratorType::reduction);
  if (llvm::count(unit.reduced, true) > 1)
    return op.emitError("kernel: a reduction runs over one dimension at a time");
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!readsArgument(*unit.body, operand.getOperandNumber())) {
      unit.operands.push_back({{}, std::nullopt, cast<RankedTensorType>(operand.get().getType()).getElementType()});
      continue;
    }
    FailureOr<Operand> read = operandFor(operand.get(), map);
    if (failed(read))
      return failure();
    unit.operands.push_back(*read);
  }
  for (OpResult value : op.getResults()) {
    Access destination = destinationOf(value);
    accesses[value] = destination;
    AffineMap map = op.getIndexingMapMatchingResult(value);
    SmallVector<Affine> replacements;
    for (auto [d, result] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (!dim)
        return op.emitError("kernel: an output's indexing map must be a projected permutation");
      replacements.push_back(shapeOf(value)[d] == 1 ? Affine{} : Affine::dim(dim.getPosition()));
    }
    Result result{substitute(destination, replacements)};
    result.used = !value.use_empty();
    BlockArgument accumulator = unit.body->getArgument(unit.inputs + value.getResultNumber());
    if (unit.isReduction()) {
      result.combiner = findCombiner(*unit.body, value.getResultNumber(), accumulator);
      if (!result.combiner || !neutralElement(result.combiner, accumulator.getType()))
        return op.emitError("kernel: result ")
               << value.getResultNumber() << " is not combined by an operation that has a neutral element";
    }
    ++destination.storage->writers;
    unit.results.push_back(result);
  }
  return success();
}

void LoopGraph::addCopy(Location loc, const Operand &value, const Access &destination, ArrayRef<int64_t> shape,
                        bool atStart) {
  Unit unit{loc};
  unit.extents.assign(shape.begin(), shape.end());
  unit.reduced.assign(shape.size(), false);
  unit.operands.push_back(value);
  unit.inputs = 1;
  SmallVector<Affine> replacements; // loops of one iteration have no index
  for (auto [d, size] : llvm::enumerate(shape))
    replacements.push_back(size == 1 ? Affine{} : Affine::dim(d));
  if (unit.operands[0].access)
    unit.operands[0].access = substitute(*unit.operands[0].access, replacements);
  unit.results.push_back({substitute(destination, replacements)});
  ++destination.storage->writers;
  if (atStart)
    units.push_front(unit);
  else
    units.push_back(unit);
}

LogicalResult LoopGraph::addInsertSlice(tensor::InsertSliceOp op) {
  if (llvm::any_of(op.getStaticOffsets(), ShapedType::isDynamic) ||
      llvm::any_of(op.getStaticStrides(), ShapedType::isDynamic))
    return op.emitError("kernel: a slice's offsets and strides must be static");
  Access destination = destinationOf(op.getResult());
  accesses[op.getResult()] = destination;
  MLIRContext *context = op.getContext();
  Value base = op.getDest(), source = op.getSource();
  if (!bases.contains(op)) {
    FailureOr<Operand> value = operandFor(base, AffineMap::getMultiDimIdentityMap(shapeOf(base).size(), context));
    if (failed(value))
      return failure();
    // A fill reads nothing, and may go first: the slice's own unit may already have been added.
    if (value->splat || value->access)
      addCopy(op.getLoc(), *value, destination, shapeOf(base), /*atStart=*/static_cast<bool>(value->splat));
  }
  if (sources.contains(op))
    return success();
  FailureOr<Operand> value = operandFor(source, AffineMap::getMultiDimIdentityMap(shapeOf(source).size(), context));
  if (failed(value))
    return failure();
  addCopy(op.getLoc(), *value,
          slice(destination, cast<OffsetSizeAndStrideOpInterface>(op.getOperation()), op.getDroppedDims()),
          shapeOf(source));
  return success();
}

std::optional<Access> LoopGraph::lookup(Value tensor) const {
  auto known = accesses.find(tensor);
  if (known == accesses.end())
    return std::nullopt;
  return known->second;
}

bool Unit::reduces(unsigned dim) const {
  for (auto [d, isReduced] : llvm::zip(dims, reduced))
    if (d == dim && isReduced)
      return true;
  return false;
}

void LoopGraph::forEachAccess(llvm::function_ref<void(Unit &, Access &, bool writes)> visit) {
  for (Unit &unit : units) {
    for (Operand &operand : unit.operands)
      if (operand.access)
        visit(unit, *operand.access, false);
    for (Result &value : unit.results)
      visit(unit, value.access, true);
  }
}

int64_t LoopGraph::flops() const {
  int64_t flops = 0;
  for (const Unit &unit : units) {
    int64_t points = 1;
    for (int64_t extent : unit.extents)
      points *= extent;
    flops += unit.body ? points * countFlops(*unit.body) : 0;
  }
  return flops;
}

} // namespace sinter::codegen
