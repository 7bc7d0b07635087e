// See RoundRows.h. For each group of a row, 16 neighbours at a time:
//
//   most = max of |x|                as whole numbers, which magnitudes are ordered like, NaNs behind infinity
//   bytes = roundeven(x * (127 / most))
#include "compiler/codegen/cpu/products/RoundRows.h"
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/sinter/Decode.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

/// What is no larger has an inverse that is no number, or none to speak of.
constexpr double kTiny = 1e-30;

RoundRowsOp roundingOf(func::FuncOp kernel) {
  auto ops = kernel.getOps<RoundRowsOp>();
  return llvm::hasSingleElement(ops) ? *ops.begin() : RoundRowsOp();
}

class RoundingEmitter {
public:
  /// Of rows of `length` elements, in groups of `group`.
  RoundingEmitter(OpBuilder &builder, Location loc, int64_t length, int64_t group)
      : b(builder), loc(loc), length(length), group(group), f32(b.getF32Type()), i32(b.getI32Type()) {}

  void emitGroup(Value row, Value number, Value input, ArrayRef<Value> outputs) {
    SmallVector<Value> x;
    Value most;
    for (int64_t i = 0; i < group; i += kLanes) {
      x.push_back(loadLanes(b, loc, input, elementAt(row, number, i, 1)));
      Value bits = arith::BitcastOp::create(b, loc, lanesOf(i32), x.back());
      bits = arith::AndIOp::create(b, loc, bits, allLanes(b.getI32IntegerAttr(0x7fffffff)));
      most = most ? arith::MaxUIOp::create(b, loc, most, bits).getResult() : bits;
    }
    most = vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXUI, most);
    most = arith::BitcastOp::create(b, loc, f32, most);
    Value all = numberOf(127), none = numberOf(0);
    Value isSome = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, most, numberOf(kTiny));
    Value inverse = arith::SelectOp::create(b, loc, isSome, arith::DivFOp::create(b, loc, all, most), none);
    inverse = vector::BroadcastOp::create(b, loc, lanesOf(f32), inverse);
    Value sum;
    for (auto [i, lanes] : llvm::enumerate(x)) {
      Value whole = math::RoundEvenOp::create(b, loc, arith::MulFOp::create(b, loc, lanes, inverse));
      // (Of a NaN, zero.)
      whole = LLVM::CallIntrinsicOp::create(b, loc, lanesOf(i32), b.getStringAttr("llvm.fptosi.sat.v16i32.v16f32"),
                                            ValueRange(whole))
                  .getResult(0);
      sum = sum ? arith::AddIOp::create(b, loc, sum, whole).getResult() : whole;
      Value bytes = arith::TruncIOp::create(b, loc, lanesOf(b.getI8Type()), whole);
      Value words = vector::BitCastOp::create(b, loc, VectorType::get({kLanes / 4}, i32), bytes);
      vector::StoreOp::create(b, loc, words, outputs[0],
                              elementAt(row, number, static_cast<int64_t>(i) * kLanes, /*share=*/4));
    }
    sum = arith::SIToFPOp::create(b, loc, f32, vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, sum));
    Value at = LinearIndex().add(row, length / group).add(number, 1).materialize(b, loc);
    memref::StoreOp::create(b, loc, arith::DivFOp::create(b, loc, most, all), outputs[1], at);
    memref::StoreOp::create(b, loc, sum, outputs[2], at);
  }

private:
  /// Where element `i` of a group is, counted in parts of `share` elements.
  Value elementAt(Value row, Value number, int64_t i, int64_t share) {
    return LinearIndex{i / share, {}}.add(row, length / share).add(number, group / share).materialize(b, loc);
  }
  Value numberOf(double value) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(static_cast<float>(value)));
  }
  Value allLanes(Attribute value) {
    auto type = cast<ShapedType>(lanesOf(cast<TypedAttr>(value).getType()));
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, value));
  }

  OpBuilder &b;
  Location loc;
  int64_t length, group;
  Type f32, i32;
};

} // namespace

bool roundsRows(func::FuncOp kernel) { return roundingOf(kernel) != nullptr; }

LogicalResult emitRounding(func::FuncOp kernel) {
  RoundRowsOp op = roundingOf(kernel);
  auto schedule = kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  if (!schedule || !schedule.empty())
    return kernel.emitError("`sinter.schedule`: of rows that are rounded is empty");
  BlockArgument input = argumentOf(op.getInput());
  SmallVector<unsigned> numbers; // of the kernel's results, for each of the op's
  for (Value result : op.getResults())
    for (auto [i, given] : llvm::enumerate(kernel.front().getTerminator()->getOperands()))
      if (withoutReshapes(given) == result)
        numbers.push_back(i);
  if (!input || numbers.size() != op->getNumResults() || kernel.getNumResults() != op->getNumResults())
    return op.emitError("round_rows: the CPU needs it in a kernel of its own, that gives all three results");

  RankedTensorType type = op.getInput().getType();
  int64_t rows = type.getDimSize(0), length = type.getDimSize(1), group = groupOf(op.getKind());
  Location loc = op.getLoc();
  func::FuncOp function = createTileFunction(kernel);
  OpBuilder b(function.getBody().front().getTerminator());
  auto flat = [&](unsigned argument) { return flatten(b, loc, function.getArgument(argument)); };
  unsigned inputs = kernel.getNumArguments(), arguments = function.getNumArguments();
  Value from = flat(input.getArgNumber());
  SmallVector<Value> outputs;
  for (unsigned number : numbers)
    outputs.push_back(flat(inputs + number));
  auto over = [&](Value begin, Value end) {
    auto loop = scf::ForOp::create(b, loc, begin, end, indexConstant(b, loc, 1));
    b.setInsertionPointToStart(loop.getBody());
    return loop.getInductionVar();
  };
  Value row = over(function.getArgument(arguments - 3), function.getArgument(arguments - 2));
  Value number = over(indexConstant(b, loc, 0), indexConstant(b, loc, length / group));
  RoundingEmitter(b, loc, length, group).emitGroup(row, number, from, outputs);
  setTileAttributes(function, rows, /*scratch=*/0, /*flops=*/2 * rows * length);
  kernel.erase();
  return success();
}

} // namespace sinter::cpu
