// sinter.attention holds what its rows x columns need, and no more: results and operands that nobody reads go, numbers
// move in, and what happens to rows or columns alone before or after moves out.
#include "dialects/sinter/Axes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace sinter;

namespace {

/// The parts of an attention, to be changed and put together again.
struct Parts {
  explicit Parts(AttentionOp op)
      : inputs(op.getInputs()), rows(op.getRowDims()), columns(op.getColumnDims()),
        yielded(op.getBody().front().getTerminator()->getOperands()), results(op.getResults()) {}

  SmallVector<Value> inputs;
  SmallVector<int64_t> rows, columns;
  SmallVector<Value> yielded, results; ///< what the region gives, and what is to be replaced by it (null: it is new)

  /// Puts an attention with the region of `op` in its place, and returns it.
  AttentionOp assemble(AttentionOp op, PatternRewriter &rewriter) const {
    auto made =
        AttentionOp::create(rewriter, op.getLoc(), ValueRange(yielded).getTypes(), inputs, op.getOver(), rows, columns);
    made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.modifyOpInPlace(op, [&] { op.getBody().front().getTerminator()->setOperands(yielded); });
    rewriter.inlineRegionBefore(op.getBody(), made.getBody(), made.getBody().begin());
    for (auto [old, value] : llvm::zip_equal(results, made.getResults()))
      if (old)
        rewriter.replaceAllUsesWith(old, value);
    return made;
  }
};

/// Makes numbers the region's own, reads equal operands as one; returns which operands the region does not read then.
BitVector readOnce(AttentionOp op, PatternRewriter &rewriter) {
  Block &body = op.getBody().front();
  BitVector unread(op.getInputs().size());
  for (BlockArgument argument : body.getArguments()) {
    unsigned i = argument.getArgNumber();
    SplatElementsAttr splat;
    bool hasAxes = op.getRowDims()[i] >= 0 || op.getColumnDims()[i] >= 0; // (a number has none)
    if (!argument.use_empty() && !hasAxes && matchPattern(op.getInputs()[i], m_Constant(&splat))) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(&body);
      rewriter.replaceAllUsesWith(argument, arith::ConstantOp::create(rewriter, argument.getLoc(), splat));
    }
    for (unsigned j = 0; j < i && !argument.use_empty(); ++j)
      if (op.getInputs()[j] == op.getInputs()[i] && op.getRowDims()[j] == op.getRowDims()[i] &&
          op.getColumnDims()[j] == op.getColumnDims()[i])
        rewriter.replaceAllUsesWith(argument, body.getArgument(j));
    unread[i] = argument.use_empty();
  }
  return unread;
}

/// Drops results and operands that nobody reads.
bool dropUnread(AttentionOp op, PatternRewriter &rewriter) {
  BitVector unread = readOnce(op, rewriter);
  Parts parts(op);
  for (size_t i = parts.results.size(); i-- > 0;)
    if (parts.results[i].use_empty()) {
      parts.results.erase(parts.results.begin() + i);
      parts.yielded.erase(parts.yielded.begin() + i);
    }
  if (parts.results.empty() || (unread.none() && parts.results.size() == op.getNumResults()))
    return false;
  for (size_t i = parts.inputs.size(); i-- > 0;)
    if (unread[i]) {
      parts.inputs.erase(parts.inputs.begin() + i);
      parts.rows.erase(parts.rows.begin() + i), parts.columns.erase(parts.columns.begin() + i);
    }
  rewriter.modifyOpInPlace(op, [&] { op.getBody().front().eraseArguments(unread); });
  parts.assemble(op, rewriter);
  rewriter.eraseOp(op);
  return true;
}

/// Whether `op` neither reads nor makes rows x columns.
bool isOutside(Operation &op, const AxisAnalysis &axes) {
  auto hasBoth = [&](Value value) { return axes.of(value).both(); };
  return !isa<arith::ConstantOp>(op) && llvm::none_of(op.getOperands(), hasBoth) &&
         llvm::none_of(op.getResults(), hasBoth);
}

/// The last of the region's ops that only rows or columns alone go through on their way out, done behind it instead:
/// the region yields what it reads.
bool moveOutBehind(AttentionOp op, PatternRewriter &rewriter, const AxisAnalysis &axes) {
  Block &body = op.getBody().front();
  Operation *last = nullptr;
  for (Operation &inner : llvm::reverse(body.without_terminator()))
    if (isOutside(inner, axes) &&
        llvm::all_of(inner.getUsers(), [&](Operation *user) { return user == body.getTerminator(); })) {
      last = &inner;
      break;
    }
  if (!last || last->use_empty())
    return false;
  Parts parts(op);
  SmallVector<std::pair<Value, unsigned>> replaced; // results of the op, and which of `last`'s they are
  for (size_t i = parts.yielded.size(); i-- > 0;)
    if (parts.yielded[i].getDefiningOp() == last) {
      replaced.push_back({parts.results[i], cast<OpResult>(parts.yielded[i]).getResultNumber()});
      parts.yielded.erase(parts.yielded.begin() + i), parts.results.erase(parts.results.begin() + i);
    }
  SmallVector<Value> read;
  for (Value operand : last->getOperands())
    if (operand.getDefiningOp() && !operand.getDefiningOp<arith::ConstantOp>())
      read.push_back(operand);
  size_t before = parts.yielded.size();
  parts.yielded.append(read);
  parts.results.append(read.size(), Value());
  IRMapping mapping;
  for (BlockArgument argument : body.getArguments())
    mapping.map(argument, op.getInputs()[argument.getArgNumber()]);
  AttentionOp made = parts.assemble(op, rewriter);
  for (auto [i, value] : llvm::enumerate(read))
    mapping.map(value, made.getResult(before + i));
  for (Value operand : last->getOperands())
    if (auto number = operand.getDefiningOp<arith::ConstantOp>())
      mapping.map(operand, rewriter.clone(*number)->getResult(0));
  Operation *moved = rewriter.clone(*last, mapping);
  for (auto [result, number] : replaced)
    rewriter.replaceAllUsesWith(result, moved->getResult(number));
  rewriter.eraseOp(op);
  rewriter.eraseOp(last);
  return true;
}

} // namespace

LogicalResult AttentionOp::canonicalize(AttentionOp op, PatternRewriter &rewriter) {
  if (dropUnread(op, rewriter))
    return success();
  AxisAnalysis axes(op);
  return success(moveOutBehind(op, rewriter, axes));
}
