#include "compiler/passes/attention/FusedAttention.h"

#include "dialects/sinter/Axes.h"
#include "dialects/sinter/KnownTriangles.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter {
namespace {

/// Of fewer rows or columns, kernels of their own are faster: what is fused is packed for blocks and vectors.
constexpr int64_t kFewest = 16;

/// Asks one op after the other.
class Check {
public:
  Check(AttentionOp attention, const KernelAbilities &target)
      : attention(attention), tiles(target.readsAttention), axes(attention), known(attention.getBody().front()) {}

  std::string run() {
    ArrayRef<int64_t> over = attention.getOver();
    if (over.size() < 3)
      return "it has no batch dimension";
    if (!tiles && (over.back() < kFewest || over[over.size() - 2] < kFewest))
      return "there are fewer than " + std::to_string(kFewest) + " rows or columns";
    Block &body = attention.getBody().front();
    for (auto [argument, input] : llvm::zip_equal(body.getArguments(), attention.getInputs())) {
      if (matchPattern(input, m_Constant()))
        return "an operand is a number, which is nowhere in memory";
    }
    for (Operation &op : body.without_terminator())
      if (std::string why = ask(op); !why.empty())
        return why;
    for (Value value : body.getTerminator()->getOperands())
      if (!isa_and_nonnull<MatmulOp>(value.getDefiningOp()) &&
          (tiles || !isa_and_nonnull<SumDiagonalsOp>(value.getDefiningOp())))
        return "a result is no product";
    if (tiles)
      return askShader();
    if (skips)
      for (Operation *sum : reductions)
        if (!ignoresLaterColumns(sum))
          return "what products leave out counts in a reduction";
    return "";
  }

private:
  bool both(Value value) const { return axes.of(value).both(); }

  std::string ask(Operation &op) {
    if (isa<arith::ConstantOp>(op))
      return "";
    if (auto product = dyn_cast<MatmulOp>(op))
      return askProduct(product);
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      reductions.push_back(reduce);
      auto last = static_cast<int64_t>(attention.getOver().size()) - 1;
      return both(reduce.getInput()) && reduce.getAxes() == ArrayRef<int64_t>{last} ? ""
                                                                                    : "a reduction is not of columns";
    }
    if (auto diagonals = dyn_cast<DiagonalsOp>(op))
      return isa<BlockArgument>(diagonals.getTable()) ? "" : "diagonals are of what is computed inside";
    if (auto sum = dyn_cast<SumDiagonalsOp>(op)) {
      reductions.push_back(sum);
      bool whole = both(sum.getInput()) && sum.getInput().getType().getShape() == attention.getOver();
      return whole && sum->hasOneUse() ? "" : "a sum along diagonals is not of all batches, or is read inside";
    }
    if (auto map = dyn_cast<MapOp>(op))
      return askMap(map);
    return isa<SoftmaxOp>(op) ? "" : (op.getName().getStringRef() + " is not known to it").str();
  }

  /// Makes rows x columns, or is read off their left side.
  std::string askProduct(MatmulOp op) {
    if (op.getWindow())
      window = *op.getWindow();
    skips |= op.getLhsPart() == TrianglePart::lower || op.getResultPart() == TrianglePart::lower;
    bool makes = both(op.getResult()), reads = both(op.getLhs());
    if (makes == reads || both(op.getRhs()) || (makes && (!op.getTransposeRhs() || op.getTransposeLhs())) ||
        (reads && op.getTransposeRhs()))
      return "a product neither makes nor sums rows x columns";
    auto isOperand = [](Value value) { return isa<BlockArgument>(value); };
    return isOperand(op.getRhs()) && (!makes || isOperand(op.getLhs())) ? ""
                                                                        : "a product reads what is computed inside";
  }

  std::string askMap(MapOp map) {
    if (!both(map.getResult(0)))
      return "a map is not over rows x columns";
    for (auto [input, read] :
         llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      if (isa<BlockArgument>(input) || input.getDefiningOp<DiagonalsOp>())
        continue;
      bool element = both(input) && read.isIdentity();
      auto reduce = input.getDefiningOp<ReduceOp>();
      AffineMap perRow = AffineMap::getMultiDimIdentityMap(attention.getOver().size(), map.getContext())
                             .getMajorSubMap(attention.getOver().size() - 1);
      if (!element && !(reduce && read == perRow))
        return "a map reads what is computed of rows or columns alone";
    }
    return "";
  }

  /// Whether nothing above the diagonal or before the window, which the kernel may leave out, counts in a reduction.
  bool ignoresLaterColumns(Operation *op) {
    auto isZeroIn = [&](const KnownTriangles &known, Triangle triangle) {
      return isZero(known.of(op->getOperand(0))[triangle]);
    };
    auto reduce = dyn_cast<ReduceOp>(op);
    return (!reduce || reduce.getKind() == ReduceKind::sum) && isZeroIn(known, kAbove) &&
           (!window || isZeroIn(KnownTriangles(attention.getBody().front(), *window), kBelow));
  }

  /// What devices allow, and how long their drivers' compilers may take.
  std::string askShader() {
    constexpr int64_t kMostDepth = 256, kMostGroups = 65535, kMostPlaces = 16, kMostRounds = 60000, kTile = 32;
    ArrayRef<int64_t> over = attention.getOver();
    int64_t batches = llvm::product_of(over.drop_back(2)), longest = std::max(over.back(), over[over.size() - 2]);
    if (batches > kMostGroups || longest > kMostGroups)
      return "there are more than " + std::to_string(kMostGroups) + " batches, rows or columns";
    // Places to bind: operands, results, and what rows leave for columns.
    int64_t places = attention.getNumOperands() + attention.getNumResults() + 1, rounds = 0, levels = 1;
    for (Operation &op : attention.getBody().front().without_terminator()) {
      levels += isa<SoftmaxOp, ReduceOp>(op);
      auto product = dyn_cast<MatmulOp>(op);
      if (!product)
        continue;
      bool makes = both(product.getResult());
      Value value = makes ? product.getLhs() : product.getResult();
      int64_t depth = cast<RankedTensorType>(value.getType()).getShape().back();
      if (depth > kMostDepth)
        return "rows or columns have more than " + std::to_string(kMostDepth) + " numbers";
      rounds += makes ? depth / 4 + 2 : kTile / 4 + 2;
    }
    if (places > kMostPlaces)
      return "a shader binds at most " + std::to_string(kMostPlaces) + " tensors, but it would need " +
             std::to_string(places);
    if (rounds * levels * (longest / kTile + 1) > kMostRounds)
      return "a device would take too many rounds of loops";
    return "";
  }

  AttentionOp attention;
  bool tiles; ///< of any size; else blocks of whole rows
  AxisAnalysis axes;
  KnownTriangles known;
  SmallVector<Operation *> reductions; ///< of columns, along diagonals
  bool skips = false;                  ///< products leave out columns after a row
  std::optional<int64_t> window;       ///< and those so many before it
};

} // namespace

std::string whyNoKernel(AttentionOp attention, const KernelAbilities &target) { return Check(attention, target).run(); }

bool hasKernel(AttentionOp attention, const KernelAbilities &abilities) {
  return abilities.attention && whyNoKernel(attention, abilities).empty();
}

} // namespace sinter
