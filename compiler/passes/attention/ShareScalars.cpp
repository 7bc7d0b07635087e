// sinter-share-scalars: what several maps of an attention would compute, and costs much, is computed once.
//
//   %m = map (%s) { tanh(%s / 50) * 50 }                      %t = map (%s) { tanh(%s / 50) }
//   ...                                                =>     %m = map (%t) { %t * 50 }
//   %d = map (%s, %g) { (1 - tanh(%s / 50)^2) * %g }          %d = map (%t, %g) { (1 - %t^2) * %g }
//
// The gradient of a map begins with the map, since computing it again mostly costs less than a trip to memory. Inside
// an attention there is no such trip: rows of scores stay in the cache, and so do rows of what is made of them. Looks
// for equal scalars of the same elements, and shares the largest ones that hold a function which takes long.
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"
#include "dialects/sinter/Axes.h"

#include "llvm/ADT/SetVector.h"

#include <map>

#define DEBUG_TYPE "sinter-share-scalars"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_SHARESCALARS
#include "compiler/passes/Passes.h.inc"

namespace {

bool isCostly(Operation &op) {
  return (isa<math::MathDialect>(op.getDialect()) && !isa<math::AbsFOp, math::CopySignOp>(op)) || isa<SigmoidOp>(op);
}

/// Equal scalars of maps have equal numbers.
class ScalarNumbers {
public:
  unsigned of(Value scalar) {
    auto found = known.find(scalar);
    if (found != known.end())
      return found->second;
    std::vector<const void *> key;
    if (auto argument = dyn_cast<BlockArgument>(scalar)) {
      auto map = cast<MapOp>(argument.getOwner()->getParentOp());
      key = {map.getInputs()[argument.getArgNumber()].getAsOpaquePointer(),
             map.getIndexingMaps()[argument.getArgNumber()].getAsOpaquePointer()};
    } else {
      Operation *op = scalar.getDefiningOp();
      key = {op->getName().getAsOpaquePointer(), op->getAttrDictionary().getAsOpaquePointer(),
             scalar.getType().getAsOpaquePointer()};
      for (Value operand : op->getOperands())
        key.push_back(reinterpret_cast<const void *>(uintptr_t(of(operand))));
    }
    unsigned number = table.try_emplace(key, table.size()).first->second;
    known[scalar] = number;
    return number;
  }

private:
  std::map<std::vector<const void *>, unsigned> table;
  DenseMap<Value, unsigned> known;
};

/// What a scalar is computed by, in order, and from.
struct Formula {
  explicit Formula(Value scalar) : scalar(scalar) { visit(scalar); }

  Value scalar;
  llvm::SetVector<Operation *> ops;
  llvm::SetVector<BlockArgument> arguments;

  MapOp map() const { return cast<MapOp>(Value(scalar).getParentBlock()->getParentOp()); }

private:
  void visit(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      arguments.insert(argument);
      return;
    }
    Operation *op = value.getDefiningOp();
    if (ops.contains(op))
      return;
    for (Value operand : op->getOperands())
      visit(operand);
    ops.insert(op);
  }
};

/// The formula's values: a result of the map that it stands in, or of a map of its own before that.
Value compute(const Formula &formula) {
  MapOp map = formula.map();
  for (auto [result, yielded] : llvm::zip_equal(map.getResults(), map.getBody().front().getTerminator()->getOperands()))
    if (yielded == formula.scalar)
      return result;
  OpBuilder builder(map);
  SmallVector<Value> inputs;
  SmallVector<Attribute> maps;
  for (BlockArgument argument : formula.arguments) {
    inputs.push_back(map.getInputs()[argument.getArgNumber()]);
    maps.push_back(map.getIndexingMaps()[argument.getArgNumber()]);
  }
  auto type = RankedTensorType::get(map.getShape(), formula.scalar.getType());
  auto own = MapOp::create(builder, formula.scalar.getLoc(), TypeRange(type), inputs, builder.getArrayAttr(maps));
  Block &block = own.getBody().emplaceBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(&block);
  IRMapping mapping;
  for (BlockArgument argument : formula.arguments)
    mapping.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
  for (Operation *op : formula.ops)
    inner.clone(*op, mapping);
  YieldOp::create(inner, formula.scalar.getLoc(), mapping.lookup(formula.scalar));
  return own.getResult(0);
}

/// The map of `scalar` reads `value` instead of computing it.
void readInstead(Value scalar, Value value) {
  auto map = cast<MapOp>(scalar.getParentBlock()->getParentOp());
  if (value.getDefiningOp() == map)
    return;
  MapDraft draft(map);
  draft.inputs.push_back(value);
  draft.maps.push_back(AffineMap::getMultiDimIdentityMap(map.getShape().size(), map.getContext()));
  scalar.replaceAllUsesWith(draft.block().addArgument(scalar.getType(), scalar.getLoc()));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(draft.block())))
    if (isOpTriviallyDead(&op))
      op.erase();
  while (draft.dropUnusedInputs()) {
  }
  draft.finish();
}

/// Shares the largest costly scalar of several maps; false if there is none.
bool shareOne(AttentionOp attention) {
  AxisAnalysis axes(attention);
  ScalarNumbers numbers;
  DenseMap<unsigned, SmallVector<Value>> equal; // one of each map, in their order
  SmallVector<Value> candidates;
  for (auto map : attention.getBody().front().getOps<MapOp>()) {
    if (!axes.of(map.getResult(0)).both())
      continue;
    for (Operation &op : map.getBody().front().without_terminator()) {
      if (!isCostly(op) || op.getNumResults() != 1)
        continue;
      SmallVector<Value> &same = equal[numbers.of(op.getResult(0))];
      if (same.empty())
        candidates.push_back(op.getResult(0));
      if (same.empty() || same.back().getParentBlock() != op.getBlock())
        same.push_back(op.getResult(0));
      else // twice in one map
        op.getResult(0).replaceAllUsesWith(same.back());
    }
  }
  std::optional<Formula> largest;
  for (Value scalar : candidates) {
    Formula formula(scalar);
    auto isOfScores = [&](BlockArgument argument) {
      return axes.of(formula.map().getInputs()[argument.getArgNumber()]).both();
    };
    if (equal[numbers.of(scalar)].size() > 1 && llvm::any_of(formula.arguments, isOfScores) &&
        (!largest || formula.ops.size() > largest->ops.size()))
      largest.emplace(formula);
  }
  if (!largest)
    return false;
  Value shared = compute(*largest);
  DEBUG_AT(largest->map()) << largest->ops.size() << " ops are computed once";
  for (Value scalar : equal[numbers.of(largest->scalar)])
    readInstead(scalar, shared);
  return true;
}

struct ShareScalarsPass : impl::ShareScalarsBase<ShareScalarsPass> {
  void runOnOperation() override {
    int64_t count = 0;
    for (auto attention : getOperation().getOps<AttentionOp>())
      while (shareOne(attention))
        ++count;
    counted(getOperation(), DEBUG_TYPE, "scalars shared", count);
  }
};

} // namespace
} // namespace sinter
