// See PutRows.h. For each tile:
//
//   if the result is not where the table is: copy the tile's rows
//   for row in [max(place, 0), min(place + count, rows)): copy the row's elements from the value
#include "compiler/codegen/cpu/loops/PutRows.h"
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Decode.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

linalg::GenericOp putOf(func::FuncOp kernel) {
  auto generics = kernel.getOps<linalg::GenericOp>();
  if (!llvm::hasSingleElement(generics) || !(*generics.begin())->hasAttr(kPutsAttr))
    return {};
  linalg::GenericOp put = *generics.begin();
  bool alone = kernel.front().getTerminator()->getOperands() == ValueRange(put.getResults()) &&
               isa<BlockArgument>(put.getDpsInputs()[0]) && isa<BlockArgument>(put.getDpsInputs()[1]);
  return alone ? put : linalg::GenericOp();
}

/// What rows are taken from.
BlockArgument valueOf(linalg::GenericOp put) {
  auto reads = put.getBody()->getOps<tensor::ExtractOp>();
  return llvm::hasSingleElement(reads) ? dyn_cast<BlockArgument>((*reads.begin()).getTensor()) : BlockArgument();
}

/// Copies `count` elements, a vector at a time.
void copyRun(OpBuilder &b, Location loc, Value from, Value fromAt, Value to, Value toAt, int64_t count) {
  auto element = cast<MemRefType>(from.getType()).getElementType();
  auto add = [&](Value x, Value y) { return LinearIndex().add(x, 1).add(y, 1).materialize(b, loc); };
  auto copyLanesAt = [&](Value at, int64_t lanes) {
    Value source = add(fromAt, at), target = add(toAt, at);
    if (lanes == 1 || !element.isF32())
      memref::StoreOp::create(b, loc, memref::LoadOp::create(b, loc, from, source), to, target);
    else
      storeLanes(b, loc, loadLanes(b, loc, from, source, 1, lanes), to, target, 1, lanes);
  };
  int64_t width = element.isF32() ? kLanes : 1, whole = count / width * width;
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc, indexConstant(b, loc, 0), indexConstant(b, loc, whole),
                                   indexConstant(b, loc, width));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    copyLanesAt(loop.getInductionVar(), width);
  }
  if (whole < count)
    copyLanesAt(indexConstant(b, loc, whole), count - whole);
}

} // namespace

bool putsRows(func::FuncOp kernel) {
  linalg::GenericOp put = putOf(kernel);
  return put && valueOf(put);
}

LogicalResult emitPutRows(func::FuncOp kernel) {
  linalg::GenericOp put = putOf(kernel);
  unsigned tableArgument = cast<BlockArgument>(put.getDpsInputs()[0]).getArgNumber();
  unsigned placeArgument = cast<BlockArgument>(put.getDpsInputs()[1]).getArgNumber();
  unsigned valueArgument = valueOf(put).getArgNumber();
  auto type = cast<RankedTensorType>(put.getResult(0).getType());
  auto dim = put->getAttrOfType<IntegerAttr>(kPutsAttr).getInt();
  int64_t places = put.getMatchingIndexingMap(put.getDpsInputOperand(1)).getNumResults();
  int64_t tiles = 1, perPlace = 1, rows = type.getDimSize(dim), width = 1;
  for (int64_t d = 0; d < type.getRank(); ++d)
    (d < dim ? tiles : width) *= d == dim ? 1 : type.getDimSize(d);
  for (int64_t d = places; d < dim; ++d)
    perPlace *= type.getDimSize(d);
  int64_t count = cast<RankedTensorType>(kernel.getArgument(valueArgument).getType()).getDimSize(dim);
  Location loc = put.getLoc();

  func::FuncOp function = createTileFunction(kernel);
  OpBuilder b(function.getBody().front().getTerminator());
  unsigned arguments = function.getNumArguments();
  auto flat = [&](unsigned argument) { return flatten(b, loc, function.getArgument(argument)); };
  Value table = flat(tableArgument), value = flat(valueArgument), place = flat(placeArgument),
        output = flat(arguments - 4);
  auto constant = [&](int64_t number) { return indexConstant(b, loc, number); };
  auto addressOf = [&](Value memory) { return memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memory); };
  Value apart = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, addressOf(table), addressOf(output));
  auto loop =
      scf::ForOp::create(b, loc, function.getArgument(arguments - 3), function.getArgument(arguments - 2), constant(1));
  b.setInsertionPointToStart(loop.getBody());
  Value tile = loop.getInductionVar();
  {
    auto copies = scf::IfOp::create(b, loc, apart, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(copies.thenBlock());
    Value from = LinearIndex().add(tile, rows * width).materialize(b, loc);
    copyRun(b, loc, table, from, output, from, rows * width);
  }
  Value item = arith::DivUIOp::create(b, loc, tile, constant(perPlace));
  Value number = memref::LoadOp::create(b, loc, place, item);
  Value start = arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
  Value from = arith::MaxSIOp::create(b, loc, start, constant(0));
  Value end = LinearIndex{count, {}}.add(start, 1).materialize(b, loc);
  Value to = arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, end, constant(rows)), from);
  auto each = scf::ForOp::create(b, loc, from, to, constant(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(each.getBody());
    Value row = each.getInductionVar();
    Value fromAt = LinearIndex().add(tile, count * width).add(row, width).add(start, -width).materialize(b, loc);
    Value toAt = LinearIndex().add(tile, rows * width).add(row, width).materialize(b, loc);
    copyRun(b, loc, value, fromAt, output, toAt, width);
  }
  setTileAttributes(function, tiles, /*scratch=*/0, /*flops=*/0);
  // Of the table, that is; what the launch moves is the new rows.
  int64_t bytes = 2 * tiles * count * width * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  function->setAttr(plan::kBytesAttr, b.getF64FloatAttr(static_cast<double>(bytes)));
  kernel.erase();
  return success();
}

} // namespace sinter::cpu
