// Scans over positions in entries that compute new ones only (EntryDeriver.h): what was carried behind each position is
// kept, and a scan goes on from what stands behind the one before the first new one.
//
//   %all = sinter.scan 1024 carry(%h) over(%x)
//     =>
//   sinter.state @cache.0 : tensor<1024x1x64xf32>                                 what is carried behind each position
//   %h0 = (offset == 0 ? %h : @cache.0[offset - 1])
//   %new, %behind = sinter.scan 64 carry(%h0) over(%new_x);  put %behind at %offset
//
// It is kept of all positions, not of the last alone: a text may be taken up at any of them, and what a prefill
// computes behind its last token counts for nothing. Of one new position there is no loop.
#include "compiler/passes/decode/EntryDeriver.h"
#include "dialects/sinter/Decode.h"

using namespace mlir;

namespace sinter {

/// What is carried into the first new position; of several texts, into that of each.
Value EntryDeriver::carryBefore(Value init, StateOp cache) {
  Location loc = cache.getLoc();
  Value kept = ReadOp::create(b, loc, cache.getType(), cache.getSymName()), row;
  auto number = [&](OpBuilder &at, int32_t value) {
    return arith::ConstantOp::create(at, loc, at.getI32IntegerAttr(value)).getResult();
  };
  if (lift) {
    row = rowsOfTexts(kept, /*back=*/1);
    init = lift->lift(init);
  } else {
    // (Row -1 is zeros, which nobody takes.)
    row = GatherOp::create(b, loc, kept, numbers({}, [&](OpBuilder &inner, Value first) -> Value {
                             return arith::SubIOp::create(inner, loc, first, number(inner, 1));
                           }));
  }
  auto rank = static_cast<unsigned>(typeOf(row).getRank());
  AffineMap each = b.getMultiDimIdentityMap(rank);
  SmallVector<AffineExpr> ofText;
  if (lift)
    ofText.push_back(b.getAffineDimExpr(0));
  auto choice = MapOp::create(b, loc, TypeRange(row.getType()), ValueRange{init, row, offset},
                              b.getAffineMapArrayAttr({each, each, AffineMap::get(rank, 0, ofText, b.getContext())}));
  OpBuilder inner(b.getContext());
  Type element = typeOf(row).getElementType();
  Block *block = inner.createBlock(&choice.getBody(), {}, {element, element, b.getI32Type()}, {loc, loc, loc});
  Value isFirst = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq, block->getArgument(2), number(inner, 0));
  YieldOp::create(
      inner, loc,
      arith::SelectOp::create(inner, loc, isFirst, block->getArgument(0), block->getArgument(1)).getResult());
  if (lift)
    lift->markLifted(choice.getResult(0));
  return choice.getResult(0);
}

bool EntryDeriver::scanned(ScanOp scan) {
  Location loc = scan.getLoc();
  Block &body = scan.getBody().front();
  unsigned carries = scan.getNumCarries();
  SmallVector<StateOp> kept;
  SmallVector<Value> operands;
  for (auto [i, operand, reading] : llvm::enumerate(scan.getOperands(), time.readings(scan))) {
    operands.push_back(read(operand, reading));
    if (i < carries) {
      kept.push_back(
          caches.of(scan.getResult(i), /*dim=*/0, count.texts, stackedType(operand.getType(), time.length())));
      operands.back() = carryBefore(operands.back(), kept.back());
    }
  }
  unsigned end = carries + scan.getSequences().size();
  SmallVector<Value> behind; // what is carried behind new positions: [new, ...], or of texts [texts, 1, ...]
  if (count.each == 1) {
    IRMapping inside;
    for (auto [i, argument, operand] : llvm::enumerate(body.getArguments(), operands)) {
      bool sequence = i >= carries && i < end;
      // (Texts lie where positions were.)
      SmallVector<int64_t> shape(typeOf(argument).getShape());
      if (sequence && lift)
        shape.insert(shape.begin(), count.texts);
      Value value = sequence ? reshaped(b, operand, shape) : operand;
      if (sequence && lift)
        lift->markLifted(value);
      inside.map(argument, value);
    }
    for (Operation &op : body.without_terminator())
      if (!lift)
        b.clone(op, inside);
      else if (!lifted(op, inside, SmallVector<int64_t>(op.getNumResults(), -1)))
        return false;
    for (auto [i, given] : llvm::enumerate(body.getTerminator()->getOperands())) {
      Value value = inside.lookup(given);
      SmallVector<int64_t> shape(typeOf(given).getShape());
      if (lift) {
        value = lift->lift(value);
        shape.insert(shape.begin(), count.texts);
      }
      if (i < carries || !lift)
        shape.insert(shape.begin() + (lift ? 1 : 0), 1);
      value = reshaped(b, value, shape);
      if (i < carries)
        behind.push_back(value);
      else
        mapping.map(scan.getResult(i), value);
    }
  } else {
    IRMapping inside;
    Region steps;
    scan.getBody().cloneInto(&steps, inside);
    Operation *next = steps.front().getTerminator();
    SmallVector<Value> given(next->getOperands());
    given.append(given.begin(), given.begin() + carries);
    next->setOperands(given);
    SmallVector<Type> types;
    for (auto [i, value] : llvm::enumerate(given))
      types.push_back(i < carries ? value.getType() : stackedType(value.getType(), count.each));
    ArrayRef<Value> all(operands);
    auto copy = ScanOp::create(b, loc, types, count.each, /*reverse=*/false, all.take_front(carries),
                               all.slice(carries, end - carries), all.drop_front(end));
    copy.getBody().takeBody(steps);
    for (unsigned i = carries; i < scan.getNumResults(); ++i)
      mapping.map(scan.getResult(i), copy.getResult(i));
    for (Value stack : copy.getResults().take_back(carries))
      behind.push_back(stack);
  }
  for (auto [cache, rows] : llvm::zip_equal(kept, behind)) {
    RankedTensorType type = cast<RankedTensorType>(cache.getType());
    Value before = ReadOp::create(b, loc, type, cache.getSymName());
    uint64_t dim = lift ? 1 : 0;
    writes.emplace_back(cache, PutOp::create(b, loc, type, before, rows, offset, dim).getResult());
  }
  return true;
}

} // namespace sinter
