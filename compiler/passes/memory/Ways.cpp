#include "compiler/passes/memory/Ways.h"

#include "compiler/passes/kernels/KernelCost.h"
#include "dialects/sinter/Loops.h"
#include "dialects/sinter/Roles.h"

#include <numeric>

using namespace mlir;

namespace sinter {
namespace {

/// A launch takes as long as its work or its memory, on a processor with few cores; only ratios matter.
constexpr double kFlopsPerSecond = 150e9, kBytesPerSecond = 15e9, kSecondsPerLaunch = 3e-6;

/// Adds up what launches do, those of loops in all steps.
double secondsOf(const Launch &launch, double &flops) {
  if (!launch.loop) {
    double own = countFlops(launch.kernel);
    flops += own;
    return std::max(own / kFlopsPerSecond, countBytes(launch.kernel) / kBytesPerSecond) + kSecondsPerLaunch;
  }
  double seconds = 0, step = 0;
  for (const Launch &inner : launch.loop->planned->launches)
    seconds += secondsOf(inner, step);
  const double steps = launch.loop->flag ? 1 : static_cast<double>(launch.loop->steps);
  flops += step * steps;
  return seconds * steps;
}

/// Of that, what is spent in attentions.
double attentionSecondsOf(const Launch &launch) {
  double flops = 0;
  if (!launch.loop)
    return kindOf(launch.kernel) == kAttentionKind ? secondsOf(launch, flops) : 0;
  double step = 0;
  for (const Launch &inner : launch.loop->planned->launches)
    step += attentionSecondsOf(inner);
  return step * (launch.loop->flag ? 1 : static_cast<double>(launch.loop->steps));
}

/// Views behind what they view, states' new values last, and everything else that is no call first.
void settle(Block &block) {
  SmallVector<Operation *> first, last;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto view = dyn_cast<ReshapeOp>(op)) {
      if (Operation *source = view.getInput().getDefiningOp())
        view->moveAfter(source);
      else
        view->moveBefore(&block, block.begin());
    }
  }
  for (Operation &op : block.without_terminator())
    if (isa<WriteOp>(op))
      last.push_back(&op);
    else if (!isa<ReshapeOp, func::CallOp, LoopOp>(op))
      first.push_back(&op);
  for (Operation *op : llvm::reverse(first))
    op->moveBefore(&block, block.begin());
  for (Operation *op : last)
    op->moveBefore(block.getTerminator());
}

} // namespace

LogicalResult Ways::find() {
  planned = planEntry(entry, symbols, Effort::Orders);
  if (!planned)
    return failure();
  ways = recompute(graph());
  points.resize(ways.size());
  return success();
}

double Ways::flops() const { return std::accumulate(flopsOf.begin(), flopsOf.end(), 0.0); }

const Point &Ways::point(size_t way) {
  std::optional<Point> &point = points[way];
  if (point)
    return *point;
  point = Point{planned->placement.bytes, 0, seconds(way)};
  for (const Run &run : ways[way].order)
    if (run.isAgain)
      point->extraFlops += flopsOf[run.work];
  if (way == 0)
    return *point;
  OpBuilder builder(entry);
  auto trial = cast<func::FuncOp>(builder.clone(*entry));
  apply(trial, ways[way]);
  if (std::unique_ptr<PlannedEntry> plan = planEntry(trial, symbols, Effort::Orders))
    point->bytes = plan->placement.bytes;
  trial.erase();
  return *point;
}

WorkGraph Ways::graph() {
  WorkGraph graph;
  for (const Buffer &buffer : planned->buffers) {
    graph.bytes.push_back(buffer.kind == Buffer::Arena ? plan::alignUp(plan::sizeInBytes(buffer.type)) : 0);
    graph.kept.push_back(buffer.isOutput);
  }
  for (const Launch &launch : planned->launches) {
    Work &work = graph.works.emplace_back();
    work.mayRepeat = launch.call != SIZE_MAX;
    for (const Operand &input : launch.inputs)
      work.reads.push_back(input.buffer);
    for (auto [output, operand] : llvm::enumerate(launch.outputs)) {
      work.writes.push_back(operand.buffer);
      // A state is written once.
      work.mayRepeat &= planned->buffers[operand.buffer].kind == Buffer::Arena;
      if (int64_t input = launch.inPlace[output]; input >= 0)
        work.inPlace.push_back({output, static_cast<size_t>(input)});
    }
    work.mayRepeat &= !launch.loop; // which works on some operands in place
    double flops = 0;
    work.seconds = secondsOf(launch, flops);
    totalSeconds += work.seconds;
    ofAttention += attentionSecondsOf(launch);
    flopsOf.push_back(flops);
  }
  return graph;
}

void Ways::apply(func::FuncOp function, const Recomputation &way) const {
  Block &block = function.getBody().front();
  SmallVector<Operation *> calls;
  for (Operation &op : block)
    if (isa<func::CallOp, LoopOp>(op))
      calls.push_back(&op);
  OpBuilder builder(block.getTerminator());
  DenseMap<size_t, Value> copies; // of tensors that are computed again
  for (const Run &run : way.order) {
    size_t number = planned->launches[run.work].call;
    if (number == SIZE_MAX)
      continue; // the planner's own
    Operation *call = calls[number];
    if (run.isAgain) {
      call = builder.clone(*call);
      call->setAttr(kAgainAttr, builder.getUnitAttr());
      for (auto [tensor, result] : llvm::zip_equal(run.writes, call->getResults()))
        copies[tensor] = result;
    } else {
      call->moveBefore(block.getTerminator());
    }
    for (auto [tensor, operand] : llvm::zip_equal(run.reads, call->getOpOperands())) {
      auto copy = copies.find(tensor);
      if (copy == copies.end())
        continue;
      Value value = copy->second;
      if (value.getType() != operand.get().getType()) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(call);
        value = ReshapeOp::create(builder, call->getLoc(), operand.get().getType(), value);
      }
      operand.set(value);
    }
  }
  settle(block);
}

} // namespace sinter
