// sinter-fuse-diagonals: lookups by the distance of column and row become sinter.diagonals.
//
//   %at = map () over [T, T] { f(j - i) }            %at = map () over [2T - 1] { f(d - (T - 1)) }
//   %g = gather %table, %at : [T, T, H]      =>      %g = transpose (gather %table, %at) : [H, 2T - 1]
//   %s = map (%scores, %g) { + }                     %s = map (%scores, diagonals %g) { + }
//
// A learned bias for relative positions, whatever function of the distance says which row of the table it is: clipped,
// in buckets, backwards. The gather then reads each distance once, and a kernel that reads the bias reads a row of a
// small table instead of a matrix; the gradient comes back along diagonals, instead of one by one. Runs on maps.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

#define DEBUG_TYPE "sinter-fuse-diagonals"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSEDIAGONALS
#include "compiler/passes/Passes.h.inc"

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// How a scalar of a map depends on the indices i (rows) and j (columns).
struct Dependence {
  /// It is row i + column j and some number (modulo 2^32), if it is linear.
  uint32_t row = 0, column = 0;
  bool linear = true;

  bool isConstant() const { return linear && row == 0 && column == 0; }
  /// Whether it is a function of j - i.
  bool ofDistance() const { return !linear || row + column == 0; }
};

/// Of a scalar of a region without arguments; nothing if it depends on more than the distance in some way that is not
/// linear.
class Dependences {
public:
  explicit Dependences(Block &body) {
    for (Operation &op : body.without_terminator())
      if (op.getNumResults() == 1)
        if (std::optional<Dependence> found = ask(op))
          known[op.getResult(0)] = *found;
  }

  bool ofDistance(Value scalar) const {
    auto found = known.find(scalar);
    return found != known.end() && found->second.ofDistance() && !found->second.isConstant();
  }

private:
  std::optional<Dependence> ask(Operation &op) const {
    if (auto index = dyn_cast<IndexOp>(op))
      return index.getDim() == 0 ? Dependence{1, 0} : Dependence{0, 1};
    SmallVector<Dependence> operands;
    for (Value operand : op.getOperands()) {
      auto found = known.find(operand);
      if (found == known.end())
        return std::nullopt;
      operands.push_back(found->second);
    }
    if (op.getNumOperands() == 0)
      return isa<arith::ConstantOp>(op) ? std::optional(Dependence()) : std::nullopt;
    bool linear = llvm::all_of(operands, [](const Dependence &d) { return d.linear; });
    if (linear && isa<arith::AddIOp>(op))
      return Dependence{operands[0].row + operands[1].row, operands[0].column + operands[1].column};
    if (linear && isa<arith::SubIOp>(op))
      return Dependence{operands[0].row - operands[1].row, operands[0].column - operands[1].column};
    APInt factor;
    if (linear && isa<arith::MulIOp>(op) && matchPattern(op.getOperand(1), m_ConstantInt(&factor)))
      return Dependence{operands[0].row * uint32_t(factor.getZExtValue()),
                        operands[0].column * uint32_t(factor.getZExtValue())};
    if (!llvm::all_of(operands, [](const Dependence &d) { return d.ofDistance(); }) || !isPure(&op))
      return std::nullopt;
    bool constant = llvm::all_of(operands, [](const Dependence &d) { return d.isConstant(); });
    return Dependence{0, 0, constant};
  }

  DenseMap<Value, Dependence> known;
};

/// Why `gather`, whose indices are computed for each row and column, is no lookup by their distance; null if it is.
const char *whyNot(GatherOp gather, MapOp indices) {
  if (!Dependences(indices.getBody().front()).ofDistance(indices.getBody().front().getTerminator()->getOperand(0)))
    return "which row it reads depends on more than the distance of column and row";
  if (!llvm::all_of(gather->getUsers(), llvm::IsaPred<MapOp>))
    return "its rows are read by something else than elementwise ops";
  return nullptr;
}

/// The indices for each distance, from that of the last row's first column on.
Value byDistance(OpBuilder &builder, MapOp indices) {
  ArrayRef<int64_t> shape = indices.getShape();
  auto type = RankedTensorType::get({shape[0] + shape[1] - 1}, builder.getI32Type());
  auto map = MapOp::create(builder, indices.getLoc(), TypeRange(type), ValueRange{}, builder.getAffineMapArrayAttr({}));
  OpBuilder inner = OpBuilder::atBlockEnd(&map.getBody().emplaceBlock());
  IRMapping mapping;
  for (Operation &op : indices.getBody().front()) {
    auto index = dyn_cast<IndexOp>(op);
    if (!index)
      inner.clone(op, mapping);
    else if (index.getDim() == 0) // seen from the last row, distance d is column d
      mapping.map(index.getResult(),
                  arith::ConstantOp::create(inner, op.getLoc(), inner.getI32IntegerAttr(shape[0] - 1)));
    else
      mapping.map(index.getResult(), IndexOp::create(inner, op.getLoc(), inner.getI32Type(), 0));
  }
  return map.getResult(0);
}

/// `map` reads a value whose first two dimensions have become the last two.
void readMoved(MapOp map, Value old, Value moved) {
  SmallVector<Attribute> maps(map.getIndexingMaps().getValue());
  for (auto [i, input] : llvm::enumerate(map.getInputs()))
    if (input == old) {
      auto read = cast<AffineMapAttr>(maps[i]).getValue();
      SmallVector<AffineExpr> results(read.getResults().drop_front(2));
      llvm::append_range(results, read.getResults().take_front(2));
      maps[i] = AffineMapAttr::get(AffineMap::get(read.getNumDims(), 0, results, map.getContext()));
    }
  map.setIndexingMapsAttr(ArrayAttr::get(map.getContext(), maps));
  map->replaceUsesOfWith(old, moved);
}

void rewrite(GatherOp gather, MapOp indices) {
  OpBuilder builder(gather);
  Location loc = gather.getLoc();
  Value rows = GatherOp::create(builder, loc, gather.getTable(), byDistance(builder, indices));
  auto rank = static_cast<int64_t>(shapeOf(rows).size());
  if (rank > 1) {
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(1, rank));
    permutation.push_back(0);
    rows = TransposeOp::create(builder, loc, rows, permutation);
  }
  Value matrix = DiagonalsOp::create(builder, loc, rows, builder.getI64IntegerAttr(indices.getShape()[0]));
  DEBUG_AT(gather) << "reads " << shapeOf(rows).back() << " distances";
  for (Operation *user : llvm::make_early_inc_range(gather->getUsers()))
    readMoved(cast<MapOp>(user), gather, matrix);
  gather.erase();
  if (indices.use_empty())
    indices.erase();
}

struct FuseDiagonalsPass : impl::FuseDiagonalsBase<FuseDiagonalsPass> {
  void runOnOperation() override {
    int64_t count = 0;
    for (auto gather : llvm::make_early_inc_range(getOperation().getOps<GatherOp>())) {
      auto indices = gather.getIndices().getDefiningOp<MapOp>();
      if (!indices || !indices.getInputs().empty() || indices.getNumResults() != 1 || indices.getShape().size() != 2 ||
          llvm::is_contained(indices.getShape(), 0))
        continue;
      if (const char *why = whyNot(gather, indices)) {
        notFused(gather, "this lookup for each row and column into one for each of their distances", why);
        continue;
      }
      rewrite(gather, indices);
      ++count;
    }
    counted(getOperation(), DEBUG_TYPE, "lookups by distance", count);
  }
};

} // namespace
} // namespace sinter
