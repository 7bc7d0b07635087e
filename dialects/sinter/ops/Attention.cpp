// sinter.attention: its syntax, its checks, and its gradient, which is again one.
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

//===--- syntax --------------------------------------------------------------------------------------===//

/// %q rows 1, %bias rows 1 columns 2, %seed
ParseResult sinter::parseAxisOperands(OpAsmParser &parser, SmallVectorImpl<OpAsmParser::UnresolvedOperand> &inputs,
                                      DenseI64ArrayAttr &rowDims, DenseI64ArrayAttr &columnDims) {
  SmallVector<int64_t> rows, columns;
  auto parseOperand = [&]() -> ParseResult {
    OptionalParseResult found = parser.parseOptionalOperand(inputs.emplace_back());
    if (!found.has_value()) {
      inputs.pop_back();
      return success();
    }
    if (failed(*found))
      return failure();
    rows.push_back(-1), columns.push_back(-1);
    if (succeeded(parser.parseOptionalKeyword("rows")) && parser.parseInteger(rows.back()))
      return failure();
    if (succeeded(parser.parseOptionalKeyword("columns")) && parser.parseInteger(columns.back()))
      return failure();
    return success();
  };
  if (parser.parseCommaSeparatedList(parseOperand))
    return failure();
  rowDims = parser.getBuilder().getDenseI64ArrayAttr(rows);
  columnDims = parser.getBuilder().getDenseI64ArrayAttr(columns);
  return success();
}

void sinter::printAxisOperands(OpAsmPrinter &printer, Operation *, OperandRange inputs, DenseI64ArrayAttr rowDims,
                               DenseI64ArrayAttr columnDims) {
  for (auto [i, input] : llvm::enumerate(inputs)) {
    printer << (i ? ", " : "") << input;
    if (rowDims[i] >= 0)
      printer << " rows " << rowDims[i];
    if (columnDims[i] >= 0)
      printer << " columns " << columnDims[i];
  }
}

//===--- checks --------------------------------------------------------------------------------------===//

static LogicalResult verifyOperands(AttentionOp op) {
  // C4
  ArrayRef<int64_t> over = op.getOver();
  if (over.size() < 2)
    return op.emitOpError("works over rows and columns, but its shape has ") << over.size() << " dimensions";
  size_t inputs = op.getInputs().size();
  if (op.getRowDims().size() != inputs || op.getColumnDims().size() != inputs)
    return op.emitOpError("has ") << inputs << " operands, but axes for " << op.getRowDims().size() << " and "
                                  << op.getColumnDims().size();
  for (auto [input, row, column] : llvm::zip_equal(op.getInputs(), op.getRowDims(), op.getColumnDims())) {
    auto type = cast<RankedTensorType>(input.getType());
    for (auto [dim, size, name] : {std::tuple(row, over[over.size() - 2], "rows"), {column, over.back(), "columns"}})
      if (dim < -1 || dim >= type.getRank() || (dim >= 0 && type.getDimSize(dim) != size))
        return op.emitOpError("dimension ")
               << dim << " of an operand of shape " << shapeText(type) << " is no " << name << ": there are " << size;
    if (row >= 0 && row == column)
      return op.emitOpError("dimension ") << row << " of an operand is both rows and columns";
  }
  // C5
  Block &body = op.getBody().front();
  if (TypeRange(body.getArgumentTypes()) != op.getInputs().getTypes())
    return op.emitOpError("the region's arguments are not of the operands' types");
  if (body.getTerminator()->getOperandTypes() != op.getResultTypes())
    return op.emitOpError("the region does not yield the results' types");
  return success();
}

// In verifyRegions, since what the region's ops are has been checked by then.
LogicalResult AttentionOp::verify() { return verifyOperands(*this); }

LogicalResult AttentionOp::verifyRegions() {
  AxisAnalysis axes(*this);
  // C2
  if (axes.where())
    return axes.where()->emitOpError() << axes.problem() << " (in sinter.attention)";
  Block &body = getBody().front();
  auto hasBoth = [&](Value value) { return axes.of(value).both(); };
  // C1
  bool wholeOperand = llvm::any_of(body.getArguments(), hasBoth);
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    if (hasBoth(value) && !wholeOperand)
      return emitOpError("result ") << i << " is over rows and columns: " << value.getType();
  // C3
  bool any = wholeOperand;
  for (Operation &op : body)
    any |= llvm::any_of(op.getResults(), hasBoth);
  return any ? success() : emitOpError("holds nothing over rows and columns");
}

//===--- gradient ------------------------------------------------------------------------------------===//

/// Reverse mode over the region, in a region that begins with the forward computation. Saved: the operands.
LogicalResult AttentionOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                               MutableArrayRef<Value> operandCotangents) {
  Location loc = getLoc();
  Block &forward = getBody().front();
  AxisAnalysis axes(*this);
  SmallVector<Value> inputs(getInputs());
  SmallVector<int64_t> rows(getRowDims()), columns(getColumnDims());
  for (auto [value, cotangent] : llvm::zip_equal(forward.getTerminator()->getOperands(), cotangents))
    if (cotangent) {
      inputs.push_back(cotangent);
      rows.push_back(axes.of(value).row), columns.push_back(axes.of(value).column);
    }
  Region region;
  Block &block = region.emplaceBlock();
  OpBuilder inner(getContext());
  inner.setInsertionPointToStart(&block);
  for (Value input : inputs)
    block.addArgument(input.getType(), loc);
  IRMapping mapping;
  for (auto [from, to] : llvm::zip(forward.getArguments(), block.getArguments()))
    mapping.map(from, to);
  SmallVector<Operation *> ops;
  for (Operation &op : forward.without_terminator())
    ops.push_back(inner.clone(op, mapping));

  Cotangents flow;
  unsigned next = getInputs().size();
  for (auto [value, cotangent] : llvm::zip_equal(forward.getTerminator()->getOperands(), cotangents))
    if (cotangent)
      flow.add(inner, loc, mapping.lookup(value), block.getArgument(next++));
  SmallVector<Value> sources;
  for (auto [argument, isNeeded] : llvm::zip(block.getArguments(), needed))
    if (isNeeded && isDifferentiable(argument.getType()))
      sources.push_back(argument);
  if (failed(backpropagate(inner, ops, dependents(ops, sources), flow)))
    return failure();

  SmallVector<Value> yielded;
  SmallVector<unsigned> answered;
  for (Value source : sources)
    if (Value cotangent = flow.lookup(source)) {
      yielded.push_back(cotangent);
      answered.push_back(cast<BlockArgument>(source).getArgNumber());
    }
  if (yielded.empty())
    return success();
  YieldOp::create(inner, loc, yielded);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
  auto backward = AttentionOp::create(builder, loc, ValueRange(yielded).getTypes(), inputs, getOver(), rows, columns);
  backward.getBody().takeBody(region);
  for (auto [operand, result] : llvm::zip_equal(answered, backward.getResults()))
    operandCotangents[operand] = result;
  return success();
}
