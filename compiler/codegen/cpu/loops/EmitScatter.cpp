// The loops of a kernel that is one sinter.scatter_add, perhaps onto another table; see EmitScatter.h.
//
//   for positions of each segment, in descending order:     lists of those of a row, which ascend
//     next[i] = first[index[i]], first[index[i]] = i
//   for each row of the table, for some vectors of its columns:
//     for positions of its list, in runs of 64: sum += updates[position]
#include "compiler/codegen/cpu/loops/EmitScatter.h"
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/loops/SumOrder.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

/// Vectors of a row that are summed side by side.
constexpr int64_t kVectors = 6;
/// Elements of a table that a thread may keep excesses for, beyond those of one tile.
constexpr int64_t kSmallTable = 1 << 16;

/// Whether the kernel returns `value`, reshaped or not, and nothing else.
bool isOnlyResult(func::FuncOp kernel, Value value) {
  Operation *terminator = kernel.getBody().front().getTerminator();
  while (value.hasOneUse()) {
    Operation *user = *value.getUsers().begin();
    if (user == terminator)
      return terminator->getNumOperands() == 1;
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
      return false;
    value = user->getResult(0);
  }
  return false;
}

/// The loops that add another argument to the scattered table, and nothing else; null if it is returned as it is.
linalg::GenericOp additionTo(ScatterAddOp scatter) {
  return scatter->hasOneUse() ? dyn_cast<linalg::GenericOp>(*scatter->getUsers().begin()) : linalg::GenericOp();
}

/// How much of everything there is, and who does what: fixed by the op's shapes, but for what the schedule says.
struct ScatterPlan {
  int64_t rows = 0, width = 0, count; ///< of the table; updates
  int64_t block = 0, scanned = 0;     ///< rows of a tile; rows of one scan of the indices: all of a call's, or a tile's
  int64_t tiles = 0;
  int64_t segment, segments; ///< positions that are listed at a time

  explicit ScatterPlan(ScatterAddOp op) {
    auto table = cast<RankedTensorType>(op.getResult().getType());
    rows = table.getDimSize(0), width = rows == 0 ? 0 : table.getNumElements() / rows;
    count = cast<RankedTensorType>(op.getIndices().getType()).getNumElements();
    segment = std::clamp<int64_t>(count, 1, kScatterSegment);
    segments = std::max<int64_t>(llvm::divideCeil(count, segment), 1);
  }

  void choose() {
    // Scanning the indices costs each tile the same again: few tiles, as many as threads can share.
    int64_t most = width < kLanes && count > rows ? 4 : 16;
    cut(llvm::divideCeil(rows, std::clamp<int64_t>(rows / 4, 1, most)), segments == 1 || rows * width <= kSmallTable);
  }

  void cut(int64_t rowsOfTile, bool scansAll) {
    block = rowsOfTile;
    tiles = llvm::divideCeil(rows, std::max<int64_t>(block, 1));
    scanned = std::max<int64_t>(scansAll ? rows : block, 1);
  }

  LogicalResult read(func::FuncOp kernel) {
    auto schedule = kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
    auto rowsOfTile = schedule ? schedule.getAs<IntegerAttr>("rows") : IntegerAttr();
    auto scan = schedule ? schedule.getAs<IntegerAttr>("scanned") : IntegerAttr();
    if (!rowsOfTile || !scan || schedule.size() != 2)
      return kernel.emitError("`sinter.schedule`: of scattered rows has those of a tile and of a scan");
    int64_t n = rowsOfTile.getInt(), m = scan.getInt();
    if (n < std::min<int64_t>(rows, 1) || n > rows || (m != std::max<int64_t>(rows, 1) && m != std::max<int64_t>(n, 1)))
      return kernel.emitError("`sinter.schedule`: a tile has 1 to ")
             << rows << " rows, and a scan looks for those of a tile or for all";
    cut(n, m != std::max<int64_t>(n, 1));
    return success();
  }

  int64_t firstBytes() const { return llvm::alignTo(scanned * 4, 64); }
  int64_t nextBytes() const { return llvm::alignTo(segment * 4, 64); }
  int64_t excessBytes() const { return segments == 1 ? 0 : llvm::alignTo(scanned * width * 4, 64); }
};

class ScatterEmitter {
public:
  ScatterEmitter(OpBuilder &builder, Location loc, const ScatterPlan &plan, func::FuncOp function, unsigned indices,
                 unsigned updates, std::optional<unsigned> base)
      : b(builder), loc(loc), plan(plan), index(flatten(b, loc, function.getArgument(indices))),
        update(flatten(b, loc, function.getArgument(updates))),
        output(flatten(b, loc, function.getArgument(function.getNumArguments() - 4))) {
    if (base)
      table = flatten(b, loc, function.getArgument(*base));
    Value scratch = function.getArguments().back();
    first = scratchView(b, loc, scratch, 0, b.getI32Type(), plan.firstBytes() / 4);
    next = scratchView(b, loc, scratch, plan.firstBytes(), b.getI32Type(), plan.nextBytes() / 4);
    if (plan.segments > 1)
      excess =
          scratchView(b, loc, scratch, plan.firstBytes() + plan.nextBytes(), b.getF32Type(), plan.excessBytes() / 4);
  }

  /// Tiles [begin, end).
  void emit(Value begin, Value end) {
    Value firstRow = multiply(begin, plan.block), lastRow = minimum(multiply(end, plan.block), constant(plan.rows));
    loop(firstRow, lastRow, plan.scanned, [&](Value at) {
      from = at, to = minimum(add(at, plan.scanned), lastRow);
      if (plan.segments == 1)
        return addSegment(constant(0));
      clear();
      loop(constant(0), constant(plan.count), plan.segment, [&](Value start) { addSegment(start); });
    });
  }

private:
  using Columns = SmallVector<Value>; ///< vectors of a row, side by side

  OpBuilder &b;
  Location loc;
  const ScatterPlan &plan;
  Value index, update, output;
  Value table;               ///< to which the sums are added, if there is one; may be the output
  Value first, next, excess; ///< of the rows scanned: heads of lists, links, what sums have in excess; -1: a list's end
  Value from, to, segmentStart;

  Value constant(int64_t value) { return indexConstant(b, loc, value); }
  Value add(Value x, int64_t y) { return LinearIndex{y, {}}.add(x, 1).materialize(b, loc); }
  Value subtract(Value x, Value y) { return LinearIndex().add(x, 1).add(y, -1).materialize(b, loc); }
  Value multiply(Value x, int64_t y) { return LinearIndex().add(x, y).materialize(b, loc); }
  Value minimum(Value x, Value y) { return arith::MinSIOp::create(b, loc, x, y); }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  Value toIndex(Value x) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), x); }
  Value integer(int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(static_cast<int32_t>(value)));
  }

  void loop(Value begin, Value end, int64_t step, llvm::function_ref<void(Value)> body) {
    auto op = scf::ForOp::create(b, loc, begin, end, constant(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }
  void onlyIf(Value condition, llvm::function_ref<void()> body) {
    auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    body();
  }
  /// `body` gives the next values, as long as `condition` holds of those before.
  SmallVector<Value> repeat(ValueRange initial, llvm::function_ref<Value(ValueRange)> condition,
                            llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
    auto op = scf::WhileOp::create(
        b, loc, initial.getTypes(), initial,
        [&](OpBuilder &, Location, ValueRange values) {
          Value holds = condition(values);
          scf::ConditionOp::create(b, loc, holds, values);
        },
        [&](OpBuilder &, Location, ValueRange values) { scf::YieldOp::create(b, loc, body(values)); });
    return op.getResults();
  }

  void addSegment(Value start) {
    segmentStart = start;
    listPositions();
    loop(from, to, 1, [&](Value row) { addRow(row); });
  }
  void clear();
  void listPositions();
  void addRow(Value row);
  void addColumns(Value row, Value head, Value column, int64_t vectors, int64_t lastLanes);

  //===--- columns -----------------------------------------------------------------------------------===//

  /// Runs `body` for the vectors of a row, some at a time: with the first one's column, how many, and lanes of the
  /// last.
  void forEachColumns(llvm::function_ref<void(Value, int64_t, int64_t)> body) {
    int64_t wide = kVectors * kLanes, whole = plan.width / wide * wide, rest = plan.width - whole;
    if (whole > 0)
      loop(constant(0), constant(whole), wide, [&](Value column) { body(column, kVectors, kLanes); });
    if (rest > 0)
      body(constant(whole), llvm::divideCeil(rest, kLanes), (rest - 1) % kLanes + 1);
  }

  Value loadAt(Value memory, Value at, int64_t lanes) {
    if (plan.width == 1) // no lanes at all
      return memref::LoadOp::create(b, loc, memory, at);
    return loadLanes(b, loc, memory, at, 1, lanes);
  }
  Columns loadColumns(Value memory, Value at, int64_t vectors, int64_t lastLanes) {
    Columns result;
    for (int64_t v = 0; v < vectors; ++v)
      result.push_back(loadAt(memory, add(at, v * kLanes), v + 1 == vectors ? lastLanes : kLanes));
    return result;
  }
  void storeColumns(ArrayRef<Value> values, Value memory, Value at, int64_t lastLanes) {
    for (auto [v, value] : llvm::enumerate(values))
      if (plan.width == 1)
        memref::StoreOp::create(b, loc, value, memory, at);
      else
        storeLanes(b, loc, value, memory, add(at, v * kLanes), 1, v + 1 == values.size() ? lastLanes : kLanes);
  }
  Columns zeros(int64_t vectors) {
    Type type = plan.width == 1 ? Type(b.getF32Type()) : Type(lanesOf(b.getF32Type()));
    return Columns(vectors, arith::ConstantOp::create(b, loc, b.getZeroAttr(type)));
  }
};

/// Sums of several segments stand in the table meanwhile.
void ScatterEmitter::clear() {
  loop(from, to, 1, [&](Value row) {
    forEachColumns([&](Value column, int64_t vectors, int64_t lastLanes) {
      for (auto [memory, at] : {std::pair(output, row), std::pair(excess, subtract(row, from))})
        storeColumns(zeros(vectors), memory, LinearIndex().add(at, plan.width).add(column, 1).materialize(b, loc),
                     lastLanes);
    });
  });
}

void ScatterEmitter::listPositions() {
  loop(constant(0), subtract(to, from), 1,
       [&](Value row) { memref::StoreOp::create(b, loc, integer(-1), first, row); });
  Value length = minimum(constant(plan.segment), subtract(constant(plan.count), segmentStart));
  loop(constant(0), length, 1, [&](Value step) {
    Value position = add(subtract(length, step), -1);
    Value at = LinearIndex().add(segmentStart, 1).add(position, 1).materialize(b, loc);
    Value row = subtract(toIndex(memref::LoadOp::create(b, loc, index, at)), from);
    // (As unsigned numbers, negative ones are large.)
    onlyIf(compare(arith::CmpIPredicate::ult, row, subtract(to, from)), [&] {
      memref::StoreOp::create(b, loc, memref::LoadOp::create(b, loc, first, row), next, position);
      memref::StoreOp::create(b, loc, arith::IndexCastOp::create(b, loc, b.getI32Type(), position), first, row);
    });
  });
}

void ScatterEmitter::addRow(Value row) {
  Value head = memref::LoadOp::create(b, loc, first, subtract(row, from));
  auto columns = [&] {
    forEachColumns(
        [&](Value column, int64_t vectors, int64_t lastLanes) { addColumns(row, head, column, vectors, lastLanes); });
  };
  if (plan.segments == 1)
    return columns(); // zeros where no position names the row
  onlyIf(compare(arith::CmpIPredicate::sge, head, integer(0)), columns);
}

/// `vectors` of a row from `column` on: all terms of the list that begins with `head`.
void ScatterEmitter::addColumns(Value row, Value head, Value column, int64_t vectors, int64_t lastLanes) {
  auto place = [&](Value at) { return LinearIndex().add(at, plan.width).add(column, 1).materialize(b, loc); };
  Value target = place(row), kept = excess ? place(subtract(row, from)) : Value();
  SmallVector<Value> carried{head};
  llvm::append_range(carried, excess ? loadColumns(output, target, vectors, lastLanes) : zeros(vectors));
  llvm::append_range(carried, excess ? loadColumns(excess, kept, vectors, lastLanes) : zeros(vectors));
  auto isPosition = [&](Value position) { return compare(arith::CmpIPredicate::sge, position, integer(0)); };
  carried = repeat(
      carried, [&](ValueRange values) { return isPosition(values[0]); },
      [&](ValueRange values) {
        SmallVector<Value> run{values[0], integer(0)};
        llvm::append_range(run, zeros(vectors));
        run = repeat(
            run,
            [&](ValueRange v) {
              Value inRun = compare(arith::CmpIPredicate::slt, v[1], integer(kTermsPerRun));
              return arith::AndIOp::create(b, loc, isPosition(v[0]), inRun).getResult();
            },
            [&](ValueRange v) {
              Value position = toIndex(v[0]);
              Value item = LinearIndex().add(segmentStart, 1).add(position, 1).materialize(b, loc);
              SmallVector<Value> after{memref::LoadOp::create(b, loc, next, position),
                                       arith::AddIOp::create(b, loc, v[1], integer(1))};
              for (auto [sum, term] :
                   llvm::zip_equal(v.drop_front(2), loadColumns(update, place(item), vectors, lastLanes)))
                after.push_back(arith::AddFOp::create(b, loc, sum, term));
              return after;
            });
        SmallVector<Value> sums{run[0]}, excesses;
        for (int64_t v = 0; v < vectors; ++v) {
          RunSum after = codegen::addRun(b, loc, {values[1 + v], values[1 + vectors + v]}, run[2 + v]);
          sums.push_back(after.sum);
          excesses.push_back(after.excess);
        }
        llvm::append_range(sums, excesses);
        return sums;
      });
  SmallVector<Value> sums(ArrayRef(carried).slice(1, vectors));
  if (table)
    for (auto [sum, before] : llvm::zip_equal(sums, loadColumns(table, target, vectors, lastLanes)))
      sum = arith::AddFOp::create(b, loc, before, sum);
  storeColumns(sums, output, target, lastLanes);
  if (excess)
    storeColumns(ArrayRef(carried).take_back(vectors), excess, kept, lastLanes);
}

} // namespace

FailureOr<DictionaryAttr> scheduleScatter(func::FuncOp kernel, std::mt19937_64 *random) {
  ScatterPlan plan(*kernel.getBody().front().getOps<ScatterAddOp>().begin());
  plan.choose();
  if (random && plan.rows > 0)
    plan.cut(1 + static_cast<int64_t>((*random)() % static_cast<uint64_t>(plan.rows)), (*random)() % 2);
  Builder b(kernel.getContext());
  return b.getDictionaryAttr({b.getNamedAttr("rows", b.getI64IntegerAttr(plan.block)),
                              b.getNamedAttr("scanned", b.getI64IntegerAttr(plan.scanned))});
}

LogicalResult emitScatterKernel(func::FuncOp kernel) {
  auto op = *kernel.getBody().front().getOps<ScatterAddOp>().begin();
  BlockArgument indices = argumentOf(op.getIndices()), updates = argumentOf(op.getUpdates());
  linalg::GenericOp addition = additionTo(op);
  BlockArgument base;
  if (addition)
    base = argumentOf(addition.getOperand(addition.getOperand(0) == op.getResult() ? 1 : 0));
  if (!indices || !updates || (addition && !base) ||
      !isOnlyResult(kernel, addition ? addition.getResult(0) : op.getResult()))
    return op.emitError("scatter_add: the CPU needs it in a kernel of its own");
  ScatterPlan plan(op);
  if (failed(plan.read(kernel)))
    return failure();
  if (base && plan.segments > 1)
    return op.emitError("scatter_add: the CPU adds a table to at most ") << kScatterSegment << " rows";
  std::optional<unsigned> baseArgument = base ? std::optional(base.getArgNumber()) : std::nullopt;
  unsigned indexArgument = indices.getArgNumber(), updateArgument = updates.getArgNumber();

  func::FuncOp function = createTileFunction(kernel);
  OpBuilder builder(function.getBody().front().getTerminator());
  unsigned arguments = function.getNumArguments();
  ScatterEmitter(builder, op.getLoc(), plan, function, indexArgument, updateArgument, baseArgument)
      .emit(function.getArgument(arguments - 3), function.getArgument(arguments - 2));
  setTileAttributes(function, plan.tiles, plan.firstBytes() + plan.nextBytes() + plan.excessBytes(),
                    /*flops=*/plan.count * plan.width + (base ? plan.rows * plan.width : 0));
  kernel.erase();
  return success();
}

} // namespace sinter::cpu
