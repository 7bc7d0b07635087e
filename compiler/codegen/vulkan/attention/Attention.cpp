#include "compiler/codegen/vulkan/attention/Attention.h"

#include "compiler/codegen/vulkan/attention/AttentionSchedule.h"
#include "compiler/codegen/vulkan/attention/AttentionShader.h"
#include "dialects/sinter/KnownTriangles.h"
#include "dialects/sinter/Sinter.h"

#include <numeric>

using namespace mlir;

namespace sinter::vulkan {

int64_t AttentionGoal::depth() const { return cast<RankedTensorType>(op->getResult(0).getType()).getShape().back(); }

int64_t AttentionKernel::batchSize() const {
  return std::accumulate(batch.begin(), batch.end(), int64_t(1), std::multiplies<>());
}

SmallVector<Operation *> AttentionKernel::needed(ArrayRef<Value> values) const {
  DenseSet<Operation *> reached;
  SmallVector<Value> worklist(values);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *producer = value.getDefiningOp();
    if (both.contains(value) && producer && reached.insert(producer).second)
      llvm::append_range(worklist, producer->getOperands());
  }
  SmallVector<Operation *> result;
  for (Operation &inner : op->getRegion(0).front())
    if (reached.contains(&inner))
      result.push_back(&inner);
  return result;
}

namespace {

//===--- reading -------------------------------------------------------------------------------------===//

/// Where the result of the function is that `value` is, or that a transpose of it is.
std::optional<View> viewOfResult(Value value) {
  if (!value.hasOneUse())
    return std::nullopt;
  OpOperand &use = *value.getUses().begin();
  auto shape = cast<RankedTensorType>(value.getType()).getShape();
  if (isa<func::ReturnOp>(use.getOwner()))
    return View{use.getOperandNumber(), 0, rowMajorStrides(shape)};
  auto transpose = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!transpose || !isTranspose(transpose))
    return std::nullopt;
  std::optional<View> view = viewOfResult(transpose.getResult(0));
  if (!view)
    return std::nullopt;
  SmallVector<int64_t> strides;
  for (AffineExpr dim : transpose.getIndexingMapsArray()[0].getResults())
    strides.push_back(view->strides[cast<AffineDimExpr>(dim).getPosition()]);
  view->strides = strides;
  return view;
}

/// Whether the goal comes to the same if a triangle is left out.
bool ignores(const AttentionGoal &goal, const KnownTriangles &known, Triangle triangle) {
  Attribute value = known.of(goal.input())[triangle];
  if (!value)
    return false;
  if (goal.kind == AttentionGoal::Sum || goal.kind == AttentionGoal::Product)
    return isZero(value);
  bool least = goal.kind == AttentionGoal::Softmax || cast<ReduceOp>(goal.op).getKind() == ReduceKind::max;
  return isInfinite(value) && cast<FloatAttr>(value).getValue().isNegative() == least;
}

class Reader {
public:
  explicit Reader(func::FuncOp function, AttentionOp op)
      : function(function), op(op), axes(op), known(op.getBody().front()) {}

  FailureOr<AttentionKernel> run() {
    kernel.op = op;
    ArrayRef<int64_t> over = op.getOver();
    kernel.batch.assign(over.begin(), over.end() - 2);
    kernel.rows = over[over.size() - 2], kernel.columns = over.back();
    for (Value input : op.getInputs()) {
      std::optional<View> view = viewOfArgument(input);
      if (!view)
        return op.emitError("attention: Vulkan needs its operands in memory"), failure();
      kernel.operands.push_back(*view);
    }
    for (auto product : op.getBody().front().getOps<MatmulOp>())
      if (product.getWindow())
        window = std::max<int64_t>(window.value_or(0), *product.getWindow());
    for (Operation &inner : op.getBody().front().without_terminator())
      read(inner);
    for (auto [value, result] : llvm::zip_equal(op.getBody().front().getTerminator()->getOperands(), op.getResults())) {
      std::optional<View> view = viewOfResult(result);
      auto product = value.getDefiningOp<MatmulOp>();
      if (!view || !product || axes.of(value).both())
        return op.emitError("attention: Vulkan needs results that are products, each in memory of its own"), failure();
      view->operand += function.getNumArguments();
      AttentionGoal goal{AttentionGoal::Product, product, levels.lookup(product.getLhs()), *view};
      findBounds(goal);
      (product.getTransposeLhs() ? kernel.overRows : kernel.overColumns).push_back(goal);
    }
    return std::move(kernel);
  }

private:
  /// (Triangles are of square matrices.)
  void findBounds(AttentionGoal &goal) {
    goal.causal = kernel.rows == kernel.columns && ignores(goal, known, kAbove);
    if (goal.causal && window && ignores(goal, KnownTriangles(op.getBody().front(), *window), kBelow))
      goal.window = window;
  }

  void read(Operation &inner) {
    if (isa<DiagonalsOp>(inner))
      return; // maps read its table
    int64_t level = 0;
    for (Value operand : inner.getOperands())
      level = std::max(level, levels.lookup(operand));
    if (auto reduce = dyn_cast<ReduceOp>(inner)) {
      addStatistic(reduce, reduce.getKind() == ReduceKind::sum ? AttentionGoal::Sum : AttentionGoal::Extremum, level);
      levels[reduce] = level + 1;
    } else if (isa<SoftmaxOp>(inner)) {
      addStatistic(&inner, AttentionGoal::Softmax, level++);
    }
    for (Value value : inner.getResults())
      if (axes.of(value).both()) {
        kernel.both.insert(value);
        levels[value] = level;
      }
  }

  void addStatistic(Operation *inner, AttentionGoal::Kind kind, int64_t level) {
    AttentionGoal goal{kind, inner, level};
    findBounds(goal);
    kernel.overColumns.push_back(goal);
    kernel.statistics.push_back(inner);
  }

  func::FuncOp function;
  AttentionOp op;
  AxisAnalysis axes;
  KnownTriangles known;
  AttentionKernel kernel;
  std::optional<int64_t> window;   ///< the widest that a product tells of
  DenseMap<Value, int64_t> levels; ///< how many reductions of columns lead to it, one from the other
};

double countFlops(const AttentionKernel &kernel) {
  double flops = 0, points = static_cast<double>(kernel.batchSize() * kernel.rows * kernel.columns);
  kernel.op->walk([&](Operation *inner) {
    if (auto product = dyn_cast<MatmulOp>(inner)) {
      bool makes = kernel.both.contains(product.getResult());
      int64_t depth =
          cast<RankedTensorType>((makes ? product.getLhs() : product.getResult()).getType()).getShape().back();
      bool half = product.getLhsPart() || product.getResultPart();
      flops += points * 2 * static_cast<double>(depth) * (half ? 0.5 : 1);
    } else if (isa<SoftmaxOp>(inner)) {
      flops += points * 5;
    } else if (isa<ReduceOp>(inner)) {
      flops += points;
    } else if (auto map = dyn_cast<MapOp>(inner)) {
      flops += points * static_cast<double>(codegen::countFlops(map.getBody().front()));
    }
  });
  return flops;
}

} // namespace

FailureOr<AttentionKernel> readAttention(func::FuncOp function) {
  auto op = *function.getBody().front().getOps<AttentionOp>().begin();
  return Reader(function, op).run();
}

LogicalResult emitAttention(func::FuncOp function, ShaderTable &shaders, const Profile &profile) {
  FailureOr<AttentionKernel> kernel = readAttention(function);
  if (failed(kernel))
    return failure();
  FailureOr<AttentionSchedule> schedule = readSchedule(function, *kernel, profile);
  if (failed(schedule))
    return failure();
  KernelBuilder target(function, shaders, profile);
  AttentionNumbers numbers;
  if (!kernel->overRows.empty()) {
    int64_t each = kernel->batchSize() * llvm::alignTo(kernel->rows, kQuad), count = 0;
    for (const AttentionGoal &goal : kernel->overColumns) {
      numbers.first[goal.op] = count * each;
      count += goal.numbers();
    }
    numbers.each = each;
    numbers.place = target.addScratch(std::max<int64_t>(count * each, kQuad) * int64_t(sizeof(float)));
  }
  for (bool byColumns : {false, true}) {
    ArrayRef<AttentionGoal> goals = byColumns ? kernel->overRows : kernel->overColumns;
    if (goals.empty())
      continue;
    const AttentionTiling &tiling = byColumns ? schedule->columns : schedule->rows;
    if (failed(AttentionShader(target, *kernel, tiling, byColumns, numbers).emit()))
      return failure();
  }
  target.finish(static_cast<int64_t>(countFlops(*kernel)), /*general=*/false);
  return success();
}

} // namespace sinter::vulkan
