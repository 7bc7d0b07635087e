#include "compiler/passes/fuse/Spellings.h"
#include "compiler/passes/MapUtils.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter {
namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Sizes and strides, outermost first: how the elements of a view, in row-major order, step through those of its
/// source. A view has one such list, whatever its shape: dimensions of size 1 are left out, neighbours that step as one
/// are one.
using Strides = SmallVector<std::pair<int64_t, int64_t>>;

Strides normalized(ArrayRef<std::pair<int64_t, int64_t>> all) {
  Strides result;
  for (auto [size, stride] : all) {
    if (size == 1)
      continue;
    if (!result.empty() && result.back().second == size * stride)
      result.back() = {result.back().first * size, stride};
    else
      result.push_back({size, stride});
  }
  return result;
}

Strides stridesOf(BroadcastOp op) {
  Strides all;
  int64_t stride = 1;
  for (int64_t d = op.getType().getRank() - 1; d >= 0; --d) {
    int64_t size = op.getType().getDimSize(d);
    bool isNew = !llvm::is_contained(op.getDims(), d);
    all.push_back({size, isNew ? 0 : stride});
    stride *= isNew ? 1 : size;
  }
  return normalized(llvm::to_vector(llvm::reverse(all)));
}

} // namespace

std::optional<RowAxis> axisOf(ReduceOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getInput()), axes = op.getAxes();
  if (axes.empty())
    return std::nullopt;
  int64_t first = axes.front(), last = axes.back();
  auto isLong = [&](int64_t d) { return shape[d] > 1; };
  if (llvm::any_of(axes, isLong)) {
    first = *llvm::find_if(axes, isLong);
    last = *llvm::find_if(llvm::reverse(axes), isLong);
  }
  RowAxis axis;
  for (auto [d, size] : llvm::enumerate(shape)) {
    auto dim = static_cast<int64_t>(d);
    if (dim < first)
      axis.outer *= size;
    else if (dim > last)
      axis.inner *= size;
    else if (llvm::is_contained(axes, dim))
      axis.size *= size;
    else if (size > 1)
      return std::nullopt;
  }
  return axis;
}

std::optional<int64_t> dimensionOf(const RowAxis &axis, ArrayRef<int64_t> shape) {
  if (axis.elements() == 0)
    return std::nullopt;
  RowAxis here{axis.elements(), 1, 1}; // behind dimension d
  for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
    RowAxis candidate{here.outer / shape[d], shape[d], here.inner};
    if (candidate == axis)
      return d;
    here = {candidate.outer, 1, here.inner * shape[d]};
  }
  return std::nullopt;
}

bool repeatsRows(BroadcastOp op, const RowAxis &axis) {
  return stridesOf(op) == normalized({{axis.outer, axis.inner}, {axis.size, 0}, {axis.inner, 1}});
}

std::optional<RowAxis> axisOfIndex(Value value) {
  value = behindReshapes(value);
  if (auto iota = value.getDefiningOp<IotaOp>()) {
    RowAxis axis;
    for (auto [d, size] : llvm::enumerate(iota.getType().getShape())) {
      auto dim = static_cast<int64_t>(d), along = static_cast<int64_t>(iota.getAxis());
      (dim < along ? axis.outer : dim == along ? axis.size : axis.inner) *= size;
    }
    return axis;
  }
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  std::optional<RowAxis> own = broadcast ? axisOfIndex(broadcast.getInput()) : std::nullopt;
  if (!own || own->rows() != 1)
    return std::nullopt;
  RowAxis axis;
  for (auto [size, stride] : stridesOf(broadcast))
    (stride == 1 ? axis.size : axis.size == 1 ? axis.outer : axis.inner) *= size;
  return axis.size == own->size ? std::optional(axis) : std::nullopt;
}

Value behindViews(Value value, const RowAxis &axis) {
  for (;;) {
    value = behindReshapes(value);
    auto broadcast = value.getDefiningOp<BroadcastOp>();
    if (!broadcast || !repeatsRows(broadcast, axis))
      return value;
    value = broadcast.getInput();
  }
}

Value behindAnyView(Value value) {
  for (;;) {
    value = behindReshapes(value);
    auto broadcast = value.getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return value;
    value = broadcast.getInput();
  }
}

std::optional<double> splatValue(Value value) {
  DenseElementsAttr constant;
  if (!matchPattern(behindAnyView(value), m_Constant(&constant)) || !constant.isSplat())
    return std::nullopt;
  if (isa<FloatType>(constant.getElementType()))
    return constant.getSplatValue<APFloat>().convertToDouble();
  return static_cast<double>(constant.getSplatValue<APInt>().getSExtValue());
}

//===--- equal values --------------------------------------------------------------------------------===//

bool ValueNumbers::same(Value a, Value b) {
  a = behindReshapes(a), b = behindReshapes(b);
  if (a == b)
    return true;
  if (surelyDiffer(a, b, /*depth=*/3))
    return false;
  if (!isNumbered)
    numberBlock();
  return of(a) == of(b);
}

bool ValueNumbers::surelyDiffer(Value a, Value b, int depth) {
  a = behindReshapes(a), b = behindReshapes(b);
  if (a == b)
    return false;
  auto left = dyn_cast<OpResult>(a), right = dyn_cast<OpResult>(b);
  if (!left || !right || left.getResultNumber() != right.getResultNumber())
    return true;
  Operation *one = left.getOwner(), *other = right.getOwner();
  if (one->getName() != other->getName() || one->getNumOperands() != other->getNumOperands() ||
      one->getNumRegions() > 0 || !isPure(one))
    return true;
  if (depth == 0 || one->getNumOperands() == 0)
    return false;
  auto anyDiffers = [&](auto pairs) {
    return llvm::any_of(pairs,
                        [&](auto pair) { return surelyDiffer(std::get<0>(pair), std::get<1>(pair), depth - 1); });
  };
  auto theirs = llvm::to_vector(other->getOperands());
  if (!one->hasTrait<OpTrait::IsCommutative>())
    return anyDiffers(llvm::zip_equal(one->getOperands(), theirs));
  return theirs.size() == 2 && anyDiffers(llvm::zip_equal(one->getOperands(), theirs)) &&
         anyDiffers(llvm::zip_equal(one->getOperands(), llvm::to_vector(llvm::reverse(theirs))));
}

void ValueNumbers::numberBlock() {
  isNumbered = true;
  // Producers first: nothing recurses deeply later.
  for (Operation &op : block)
    for (Value result : op.getResults())
      of(result);
}

unsigned ValueNumbers::of(Value value) {
  value = behindReshapes(value);
  auto found = numbers.find(value);
  if (found != numbers.end())
    return found->second;
  unsigned number = next;
  if (auto result = dyn_cast<OpResult>(value))
    if (std::optional<Key> key = keyOf(result))
      number = known.try_emplace(*key, next).first->second;
  next += number == next;
  return numbers[value] = number;
}

/// What computes the value; nothing if no other op computes the same.
std::optional<ValueNumbers::Key> ValueNumbers::keyOf(OpResult value) {
  Operation *op = value.getOwner();
  if (op->getNumRegions() > 0 || !isPure(op))
    return std::nullopt;
  auto address = [](const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); };
  Key key{address(op->getName().getAsOpaquePointer()), value.getResultNumber()};
  auto shapeless = [&](Type type) {
    key.push_back(address(getElementTypeOrSelf(type).getAsOpaquePointer()));
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      key.push_back(static_cast<uintptr_t>(tensor.getNumElements()));
  };
  DenseElementsAttr constant;
  if (matchPattern(op, m_Constant(&constant)) && constant.isSplat()) {
    shapeless(value.getType());
    key.push_back(address(constant.getSplatValue<Attribute>().getAsOpaquePointer()));
    return key;
  }
  auto broadcast = dyn_cast<BroadcastOp>(op);
  auto reduce = dyn_cast<ReduceOp>(op);
  std::optional<RowAxis> axis = reduce ? axisOf(reduce) : std::nullopt;
  if (broadcast) {
    shapeless(value.getType());
    for (auto [size, stride] : stridesOf(broadcast))
      key.insert(key.end(), {static_cast<uintptr_t>(size), static_cast<uintptr_t>(stride)});
  } else if (axis) {
    bool single = axis->size == 1; // wherever it stands
    key.insert(key.end(), {static_cast<uintptr_t>(reduce.getKind()), static_cast<uintptr_t>(axis->size),
                           static_cast<uintptr_t>(single ? axis->rows() : axis->outer),
                           static_cast<uintptr_t>(single ? 1 : axis->inner)});
  } else {
    key.push_back(address(op->getAttrDictionary().getAsOpaquePointer()));
    bool elementwise = OpTrait::hasElementwiseMappableTraits(op);
    for (Type type : llvm::concat<Type>(llvm::to_vector(op->getResultTypes()), llvm::to_vector(op->getOperandTypes())))
      elementwise ? shapeless(type) : key.push_back(address(type.getAsOpaquePointer()));
  }
  size_t operands = key.size();
  for (Value operand : op->getOperands())
    key.push_back(of(operand));
  if (op->hasTrait<OpTrait::IsCommutative>())
    std::sort(key.begin() + static_cast<ptrdiff_t>(operands), key.end());
  return key;
}

//===--- formulas ------------------------------------------------------------------------------------===//

static bool isOnWay(Operation *op, Operation *from, DenseMap<Operation *, bool> &seen,
                    SmallVectorImpl<Operation *> &parts) {
  if (op == from)
    return true;
  if (!op || op->getBlock() != from->getBlock() || op->isBeforeInBlock(from))
    return false;
  auto [known, isNew] = seen.try_emplace(op, false);
  if (!isNew)
    return known->second;
  bool found = false;
  for (Value operand : op->getOperands())
    found |= isOnWay(operand.getDefiningOp(), from, seen, parts);
  if (found)
    parts.push_back(op);
  return seen[op] = found;
}

void addPathsBetween(Operation *from, Operation *to, SmallVectorImpl<Operation *> &parts) {
  DenseMap<Operation *, bool> seen;
  parts.push_back(from);
  for (Value operand : to->getOperands())
    isOnWay(operand.getDefiningOp(), from, seen, parts);
}

void findOtherReaders(ArrayRef<Formula *> formulas) {
  for (bool again = true; again;) {
    again = false;
    DenseSet<Operation *> inside;
    for (Formula *formula : formulas)
      if (!formula->otherReader) {
        inside.insert(formula->root);
        inside.insert_range(formula->parts);
      }
    for (Formula *formula : formulas) {
      if (formula->otherReader)
        continue;
      for (Operation *part : formula->parts)
        for (Operation *user : part->getUsers())
          if (!inside.contains(user))
            formula->otherReader = user;
      again |= formula->otherReader != nullptr;
    }
  }
}

Value alongAxis(OpBuilder &builder, Location loc, Value input, const RowAxis &axis, RankedTensorType type,
                llvm::function_ref<Value(Value)> make) {
  if (!dimensionOf(axis, shapeOf(input))) // several dimensions are one
    input = axis.isLast() ? reshapeTo(builder, loc, input, {axis.rows(), axis.size})
                          : reshapeTo(builder, loc, input, {axis.outer, axis.size, axis.inner});
  int64_t dim = *dimensionOf(axis, shapeOf(input)), last = static_cast<int64_t>(shapeOf(input).size()) - 1;
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, last + 1));
  std::swap(swap[dim], swap[last]);
  bool isLast = dim == last;
  Value rows = isLast ? input : TransposeOp::create(builder, loc, input, swap);
  Value made = make(rows);
  if (!isLast)
    made = TransposeOp::create(builder, loc, made, swap);
  return reshapeTo(builder, loc, made, type.getShape());
}

void addReaders(Value value, SmallVectorImpl<Operation *> &readers) {
  for (Operation *user : value.getUsers()) {
    if (isa<ReshapeOp, BroadcastOp>(user))
      addReaders(user->getResult(0), readers);
    else
      readers.push_back(user);
  }
}

SmallVector<Operation *> sumsOfTerm(Value value) {
  constexpr size_t kMost = 64; // a formula is near what it is made of
  SetVector<Operation *> found;
  SmallVector<Operation *> readers;
  addReaders(value, readers);
  while (!readers.empty()) {
    Operation *op = readers.pop_back_val();
    if (isa<arith::AddFOp, arith::SubFOp, arith::NegFOp>(op) && found.size() < kMost && found.insert(op))
      addReaders(op->getResult(0), readers);
  }
  SmallVector<Operation *> result(found.begin(), found.end());
  llvm::sort(result, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return result;
}

bool isVariable(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    return isa<VariableOp>(user) || (isa<ReshapeOp, BroadcastOp>(user) && isVariable(user));
  });
}

void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace sinter
