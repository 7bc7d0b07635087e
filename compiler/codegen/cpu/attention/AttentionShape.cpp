#include "compiler/codegen/cpu/attention/AttentionShape.h"
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/loops/TensorViews.h"
#include "compiler/codegen/products/Contraction.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

#include <numeric>

using namespace mlir;

namespace sinter::cpu {

int64_t AttentionKernel::batchSize() const {
  return std::accumulate(batch.begin(), batch.end(), int64_t(1), std::multiplies<>());
}

bool AttentionKernel::sumsOverQueries() const {
  return !diagonals.empty() ||
         llvm::any_of(products, [](const AttentionProduct &p) { return p.kind == AttentionProduct::OverQueries; });
}

std::optional<int64_t> AttentionKernel::bufferOf(Value value) const {
  for (auto [kept, buffer] : buffers)
    if (kept == value)
      return buffer;
  return std::nullopt;
}

Value AttentionKernel::firstKey(OpBuilder &b, Location loc, Value query, int64_t unit) const {
  auto constant = [&](int64_t value) { return indexConstant(b, loc, value); };
  if (!window)
    return constant(0);
  Value before = constant(*window - 1 + margin);
  Value key = arith::SubIOp::create(b, loc, arith::MaxUIOp::create(b, loc, query, before), before);
  return LinearIndex().add(arith::DivUIOp::create(b, loc, key, constant(unit)), unit).materialize(b, loc);
}

Value AttentionKernel::keysBound(OpBuilder &b, Location loc, Value query) const {
  auto constant = [&](int64_t value) { return indexConstant(b, loc, value); };
  Value all = constant(keysInVectors());
  if (!causal)
    return all;
  Value last = LinearIndex{margin + kLanes, {}}.add(query, 1).materialize(b, loc);
  Value vectors = arith::DivUIOp::create(b, loc, last, constant(kLanes));
  return arith::MinUIOp::create(b, loc, all, LinearIndex().add(vectors, kLanes).materialize(b, loc));
}

Value AttentionKernel::keysFrom(OpBuilder &b, Location loc, Value key) const {
  if (!hasPartVector())
    return {};
  Value left = LinearIndex{keys, {}}.add(key, -1).materialize(b, loc);
  return vector::CreateMaskOp::create(b, loc, lanesOf(b.getI1Type()), left);
}

namespace {

bool isRowReduction(linalg::GenericOp op) { return hasRole(op, kOnRows) && op.getNumReductionLoops() > 0; }

class Reader {
public:
  explicit Reader(func::FuncOp kernel) : kernel(kernel) {}

  std::optional<AttentionKernel> run() {
    findScores();
    if (scores.empty() || !readProducts() || !readRowOps())
      return std::nullopt;
    bool narrow = llvm::any_of(result.products, [](const AttentionProduct &p) { return p.kernel.bf16; });
    result.margin = narrow ? 2 * kLanes : kLanes;
    result.causal = llvm::all_of(result.products, skipsLaterKeys);
    readWindow();
    placeValues();
    return std::move(result);
  }

private:
  using Kind = AttentionProduct::Kind;

  static int keysOf(const AttentionProduct &product) {
    const MatmulKernel &k = product.kernel;
    return product.kind == Kind::Scores ? k.n.dim : product.kind == Kind::OverKeys ? k.k.dim : k.m.dim;
  }
  static int queriesOf(const AttentionProduct &product) {
    return product.kind == Kind::OverQueries ? product.kernel.k.dim : product.kernel.m.dim;
  }

  static bool skipsLaterKeys(const AttentionProduct &product) {
    return llvm::is_contained(product.kernel.ordered, MatmulKernel::Order{keysOf(product), queriesOf(product), 0});
  }

  /// The widest window of a product, if all have one.
  void readWindow() {
    int64_t widest = 0;
    for (const AttentionProduct &product : result.products) {
      auto *order = llvm::find_if(product.kernel.ordered, [&](const MatmulKernel::Order &o) {
        return o.less == queriesOf(product) && o.more == keysOf(product) && o.distance > 0;
      });
      if (order == product.kernel.ordered.end())
        return;
      widest = std::max(widest, order->distance + 1);
    }
    if (result.causal)
      result.window = widest;
  }

  /// Values over queries x keys: what products make, and what is made of these element by element.
  void findScores() {
    for (auto op : kernel.getOps<linalg::GenericOp>())
      if (hasRole(op, kMakes) || (hasRole(op, kOnRows) && op.getNumReductionLoops() == 0))
        scores.insert(op.getResults().begin(), op.getResults().end());
    if (scores.empty())
      return;
    ArrayRef<int64_t> shape = cast<RankedTensorType>(scores.front().getType()).getShape();
    result.batch.assign(shape.begin(), shape.end() - 2);
    result.queries = shape[shape.size() - 2], result.keys = shape.back();
  }

  int queryDim() const { return result.batch.size(); }
  int keyDim() const { return result.batch.size() + 1; }

  //===--- products ----------------------------------------------------------------------------------===//

  bool readProducts() {
    for (auto op : kernel.getOps<linalg::GenericOp>())
      if (hasRole(op, kMakes) && !readScores(op))
        return false;
    auto terminator = cast<func::ReturnOp>(kernel.front().getTerminator());
    result.results = terminator.getNumOperands();
    for (int64_t i = 0; i < result.results; ++i) {
      // A result is a sum along diagonals, a product, or several side by side.
      Value rest = terminator.getOperand(i);
      if (Value summed = summedAlongDiagonals(rest)) {
        result.diagonals.push_back({summed, i});
        continue;
      }
      if (!rest.getDefiningOp<tensor::InsertSliceOp>() && !readMix(rest, i))
        return false;
      for (; auto part = rest.getDefiningOp<tensor::InsertSliceOp>(); rest = part.getDest())
        if (!readMix(part.getSource(), i) || !moveInto(result.products.back(), part))
          return false;
    }
    return true;
  }

  /// What is over queries x keys, if `value` is its sum along diagonals (SumDiagonalsOp).
  Value summedAlongDiagonals(Value value) {
    auto op = value.getDefiningOp<linalg::GenericOp>();
    if (!op || !hasRole(op, kSumsDiagonals))
      return {};
    for (auto read : op.getBody()->getOps<tensor::ExtractOp>())
      if (scores.contains(read.getTensor()))
        return read.getTensor();
    return {};
  }

  /// A product that sums over keys or queries, in the function's result `number`.
  bool readMix(Value value, int64_t number) {
    AttentionProduct &product = result.products.emplace_back();
    product.result = number;
    carve(product, value);
    linalg::GenericOp inner = findContraction(*product.function);
    if (!inner)
      return false;
    product.kind = hasRole(inner, kSumsRows) ? Kind::OverQueries : Kind::OverKeys;
    auto argument = dyn_cast<BlockArgument>(inner.getDpsInputs()[0]);
    if (!argument)
      return false;
    product.value = product.operands[argument.getArgNumber()];
    return recognise(product);
  }

  /// Makes what is stored densely a part of a larger tensor: each loop stays within one dimension.
  bool moveInto(AttentionProduct &product, tensor::InsertSliceOp part) {
    ArrayRef<int64_t> shape = part.getSourceType().getShape(), whole = part.getDestType().getShape();
    if (shape.size() != whole.size() || !part.hasUnitStride() || !part.getOffsets().empty() || !part.getSizes().empty())
      return false;
    MatmulKernel &k = product.kernel;
    MatmulAccess &access = k.results[0].access;
    SmallVector<MatmulLoop> loops(k.batch);
    loops.append({k.m, k.n});
    SmallVector<int64_t> moved(access.strides.size(), 0);
    for (const MatmulLoop &loop : loops) {
      int64_t from = 1, to = 1, stride = loop.stride(access);
      for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; from *= shape[d], to *= whole[d], --d)
        if (stride % from == 0 && stride * loop.size <= from * shape[d] && loop.dim >= 0)
          moved[loop.dim] = stride / from * to;
      if (loop.dim >= 0 && stride != 0 && moved[loop.dim] == 0)
        return false;
    }
    int64_t to = 1;
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; to *= whole[d], --d)
      access.offset += part.getStaticOffset(d) * to;
    access.strides = moved;
    return true;
  }

  /// With the map that alone reads them, if it reads nothing else: it works on sums in registers.
  bool readScores(linalg::GenericOp op) {
    Value value = op.getResult(0);
    if (value.hasOneUse())
      if (auto map = dyn_cast<linalg::GenericOp>(*value.getUsers().begin());
          map && map.getNumDpsInputs() == 1 && map.getNumReductionLoops() == 0 && map.getNumResults() == 1) {
        epilogues.insert(map);
        value = map.getResult(0);
      }
    AttentionProduct &product = result.products.emplace_back();
    product.kind = Kind::Scores;
    product.value = value;
    carve(product, value);
    return recognise(product);
  }

  /// Makes a function of what `value` is computed from, up to arguments and to other values over queries x keys.
  void carve(AttentionProduct &product, Value value) {
    llvm::SetVector<Operation *> ops;
    llvm::SetVector<Value> leaves;
    bool makesScores = product.kind == Kind::Scores && product.result < 0;
    std::function<void(Value)> visit = [&](Value v) {
      Operation *op = v.getDefiningOp();
      if (!op || (!makesScores && scores.contains(v))) {
        leaves.insert(v);
        return;
      }
      if (ops.contains(op))
        return;
      for (Value operand : op->getOperands())
        visit(operand);
      op->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (operand.getParentRegion() == &kernel.getBody())
            visit(operand);
      });
      ops.insert(op);
    };
    visit(value);
    OpBuilder builder(kernel.getContext());
    auto type = builder.getFunctionType(ValueRange(leaves.getArrayRef()).getTypes(), value.getType());
    product.function = func::FuncOp::create(kernel.getLoc(), "product", type);
    builder.setInsertionPointToStart(product.function->addEntryBlock());
    IRMapping mapping;
    mapping.map(leaves.getArrayRef(), product.function->getArguments());
    for (Operation *op : ops)
      builder.clone(*op, mapping);
    func::ReturnOp::create(builder, kernel.getLoc(), mapping.lookup(value));
    product.operands.assign(leaves.begin(), leaves.end());
  }

  bool recognise(AttentionProduct &product) {
    std::optional<MatmulKernel> read = recogniseMatmul(*product.function, /*merges=*/false);
    if (!read || !read->readsInPlace() || read->columnSums || read->batchSize() != result.batchSize())
      return false;
    product.kernel = std::move(*read);
    MatmulKernel &k = product.kernel;
    int last = k.contraction.getNumLoops() - 1;
    // Left operands and results are what roles say, and batches come in their order.
    bool roles = k.m.dim == queryDim() && (k.k.dim == last || k.k.dim < 0);
    if (!roles || !llvm::is_sorted(k.batch, [](const MatmulLoop &a, const MatmulLoop &b) { return a.dim < b.dim; }) ||
        llvm::any_of(k.batch, [&](const MatmulLoop &loop) { return loop.dim >= queryDim(); }))
      return false;
    if (product.kind == Kind::Scores) {
      if (k.n.dim != keyDim() || k.results.size() != 1)
        return false;
      setLocal(k.results[0].access, queryDim(), keyDim());
      return true;
    }
    if (k.results.size() != 1 || (k.n.size > 1 && k.n.stride(k.results[0].access) != 1))
      return false;
    product.kind == Kind::OverKeys ? setLocal(k.lhs, queryDim(), last) : setLocal(k.lhs, last, queryDim());
    return true;
  }

  /// Elements lie in a buffer of a few rows.
  void setLocal(MatmulAccess &access, int queries, int keys) {
    access.offset = 0;
    access.strides.assign(access.strides.size(), 0);
    access.strides[queries] = result.stride();
    access.strides[keys] = 1;
  }

  //===--- rows --------------------------------------------------------------------------------------===//

  bool readRowOps() {
    DenseMap<Value, int64_t> passes; // of values per query: in which they are known
    for (auto op : kernel.getOps<linalg::GenericOp>()) {
      if (!hasRole(op, kOnRows) || epilogues.contains(op))
        continue;
      AttentionRowOp row{op};
      for (OpOperand *input : op.getDpsInputOperands()) {
        Attribute constant;
        if (matchPattern(input->get(), m_Constant(&constant)))
          continue;
        AffineMap map = op.getMatchingIndexingMap(input);
        bool element = map.isIdentity() && scores.contains(input->get());
        auto known = passes.find(input->get());
        if (!element && known == passes.end() && !viewOfArgument(input->get()))
          return false;
        if (known != passes.end())
          row.pass = std::max(row.pass, known->second);
      }
      for (Value value : op.getResults())
        passes[value] = isRowReduction(op) ? row.pass + 1 : row.pass;
      if (isRowReduction(op) && !isKnownReduction(op))
        return false;
      result.rowOps.push_back(row);
    }
    llvm::stable_sort(result.rowOps, [](const AttentionRowOp &a, const AttentionRowOp &b) { return a.pass < b.pass; });
    return true;
  }

  static bool isKnownReduction(linalg::GenericOp op) {
    auto init = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    Attribute start;
    Operation *combiner = findCombiner(*op.getBody(), 0, op.getBody()->getArguments().back());
    return op.getNumResults() == 1 && init && matchPattern(init.getInputs()[0], m_Constant(&start)) && combiner &&
           neutralElement(combiner, init.getInputs()[0].getType()) == start;
  }

  /// Values that a later pass or a product reads are kept; one may take the place of one that nobody reads any more.
  void placeValues() {
    constexpr int64_t forever = std::numeric_limits<int64_t>::max();
    DenseMap<Value, int64_t> last;
    for (const AttentionRowOp &row : result.rowOps)
      for (Value operand : linalg::GenericOp(row.op).getDpsInputs())
        last[operand] = std::max(last.lookup(operand), row.pass);
    for (const AttentionProduct &product : result.products)
      if (product.kind != Kind::Scores)
        last[product.value] = forever;
    for (const AttentionDiagonals &sum : result.diagonals)
      last[sum.value] = forever;
    SmallVector<int64_t> free; // per buffer: the pass from which on it may be written
    auto keep = [&](Value value, int64_t pass) {
      for (auto [buffer, from] : llvm::enumerate(free))
        if (from <= pass) {
          from = last.lookup(value);
          result.buffers.push_back({value, buffer});
          return;
        }
      result.buffers.push_back({value, free.size()});
      free.push_back(last.lookup(value));
    };
    for (const AttentionProduct &product : result.products)
      if (product.kind == Kind::Scores)
        keep(product.value, -1);
    for (const AttentionRowOp &row : result.rowOps)
      for (Value value : linalg::GenericOp(row.op).getResults())
        if (scores.contains(value) && last.lookup(value) > row.pass)
          keep(value, row.pass);
    result.bufferCount = free.size();
  }

  func::FuncOp kernel;
  AttentionKernel result;
  llvm::SetVector<Value> scores;
  DenseSet<Operation *> epilogues;
};

} // namespace

FailureOr<AttentionKernel> readAttention(func::FuncOp kernel) {
  if (std::optional<AttentionKernel> read = Reader(kernel).run())
    return std::move(*read);
  return kernel.emitError("@") << kernel.getSymName()
                               << " is said to be an attention, but its parts do not fit together";
}

} // namespace sinter::cpu
