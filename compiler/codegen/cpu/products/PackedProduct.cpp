// See PackedProduct.h. For each panel of 64 columns, for some rows at a time:
//
//   f32    as bf16, in the units of a product, a step a word
//   bf16   for units of 384 steps: for words: sum += x[even] * (word << 16), sum += x[odd] * (word & 0xffff0000)
//          total += sum
//          (of more rows than fit into registers, all of them for each unit in turn, which stays in a cache)
//   whole  for groups: dot = -128 (or -8) * (sum of x); for words: dot += four bytes of w + 128 times four of x
//          total += dot * scale of x * scale of w
#include "compiler/codegen/cpu/products/PackedProduct.h"
#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/sinter/Decode.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

constexpr int64_t kVectors = kPanelColumns / kLanes, kMostRows = 4;
/// Words ahead of those that are multiplied, which memory is asked for.
constexpr int64_t kAhead = 16 * kPanelColumns;

MatmulPackedOp packedOf(func::FuncOp kernel) {
  auto products = kernel.getOps<MatmulPackedOp>();
  return llvm::hasSingleElement(products) ? *products.begin() : MatmulPackedOp();
}

class PackedEmitter {
public:
  PackedEmitter(OpBuilder &builder, MatmulPackedOp op, int64_t rows, bool byteDots, ArrayRef<Value> left, Value words,
                Value scales, Value output)
      : b(builder), loc(op.getLoc()), kind(op.getKind()), rows(rows), byteDots(byteDots),
        left(left.begin(), left.end()), words(words), scales(scales), output(output) {
    m = op.getResult().getType().getDimSize(0), n = op.getResult().getType().getDimSize(1);
    length = op.getWords().getType().getDimSize(1), panels = op.getWords().getType().getDimSize(0);
    steps = op.getStepsOfWord();
    groupWords = kind == PackedKind::f32 ? codegen::unitOf(length) : op.getGroup() / steps,
    groups = length / groupWords;
  }

  void emitPanel(Value number) {
    panel = number;
    int64_t last = n - (panels - 1) * kPanelColumns;
    if (last == kPanelColumns || panels == 1)
      return emitColumns(last);
    // The last panel has fewer columns.
    Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, panel, constant(panels - 1));
    auto branch = scf::IfOp::create(b, loc, isLast, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    emitColumns(last);
    b.setInsertionPointToStart(branch.elseBlock());
    emitColumns(kPanelColumns);
  }

private:
  using Vectors = SmallVector<Value>; ///< row by row, four a row

  Value constant(int64_t value) { return indexConstant(b, loc, value); }
  Value integers(int32_t value) {
    auto type = cast<ShapedType>(lanesOf(b.getI32Type()));
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, b.getI32IntegerAttr(value)));
  }
  Value zeros(Type element) { return arith::ConstantOp::create(b, loc, b.getZeroAttr(lanesOf(element))); }
  Vectors loop(Value from, Value to, int64_t step, ValueRange initial,
               llvm::function_ref<Vectors(Value, ValueRange)> body) {
    auto op = scf::ForOp::create(b, loc, from, to, constant(step), initial);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    Vectors results = body(op.getInductionVar(), op.getRegionIterArgs());
    if (!results.empty())
      scf::YieldOp::create(b, loc, results);
    return Vectors(op.getResults());
  }
  /// An element of the left operand number `operand`, of `width` in a row, on all lanes.
  Value spread(int64_t operand, Value row, int64_t r, int64_t width, Value column) {
    Value at = LinearIndex{r * width, {}}.add(row, width).add(column, 1).materialize(b, loc);
    Value scalar = memref::LoadOp::create(b, loc, left[operand], at);
    return vector::BroadcastOp::create(b, loc, lanesOf(scalar.getType()), scalar);
  }
  Value wordsAt(Value at, int64_t v) {
    Value from =
        LinearIndex{v * kLanes, {}}.add(panel, length * kPanelColumns).add(at, kPanelColumns).materialize(b, loc);
    // (Behind the operand, that does no harm.)
    memref::PrefetchOp::create(b, loc, words, LinearIndex{kAhead, {}}.add(from, 1).materialize(b, loc),
                               /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
    return loadLanes(b, loc, words, from);
  }

  /// `body` for every `rows` rows, and for those that are left.
  void eachRows(llvm::function_ref<void(Value row, int64_t count)> body) {
    int64_t whole = m / rows * rows;
    if (whole > 0)
      loop(constant(0), constant(whole), rows, {}, [&](Value row, ValueRange) {
        body(row, rows);
        return Vectors();
      });
    if (whole < m)
      body(constant(whole), m - whole);
  }

  void emitColumns(int64_t count) {
    columns = count;
    if (isReal() && groupWords < length && m > rows)
      return emitUnits();
    eachRows(
        [&](Value row, int64_t count) { storeRows(row, isReal() ? sumUnits(row, count) : sumGroups(row, count)); });
  }

  /// `visit` the vectors of a result's rows.
  void eachVector(Value row, int64_t count, llvm::function_ref<void(int64_t vector, Value at, int64_t lanes)> visit) {
    for (int64_t r = 0; r < count; ++r)
      for (int64_t v = 0; v * kLanes < columns; ++v)
        visit(r * kVectors + v,
              LinearIndex{r * n + v * kLanes, {}}.add(row, n).add(panel, kPanelColumns).materialize(b, loc),
              std::min(kLanes, columns - v * kLanes));
  }

  void storeRows(Value row, ArrayRef<Value> sums) {
    eachVector(row, static_cast<int64_t>(sums.size()) / kVectors, [&](int64_t vector, Value at, int64_t lanes) {
      storeLanes(b, loc, sums[vector], output, at, 1, lanes);
    });
  }

  bool isReal() const { return kind == PackedKind::f32 || kind == PackedKind::bf16; }

  //===--- f32 and bf16 --------------------------------------------------------------------------------------===//

  Vectors sumUnits(Value row, int64_t count) {
    Vectors none(count * kVectors, zeros(b.getF32Type()));
    auto sumUnit = [&](Value from, Value to) {
      return loop(from, to, 1, none, [&](Value at, ValueRange before) { return addWord(row, at, before); });
    };
    if (groupWords >= length)
      return sumUnit(constant(0), constant(length));
    return loop(constant(0), constant(length), groupWords, none, [&](Value from, ValueRange totals) {
      Value end = LinearIndex{groupWords, {}}.add(from, 1).materialize(b, loc);
      Vectors after;
      for (auto [total, sum] :
           llvm::zip_equal(totals, sumUnit(from, arith::MinUIOp::create(b, loc, end, constant(length)))))
        after.push_back(arith::AddFOp::create(b, loc, total, sum));
      return after;
    });
  }

  /// Totals are in the result meanwhile: the same sums as sumUnits.
  void emitUnits() {
    eachRows([&](Value row, int64_t count) { storeRows(row, Vectors(count * kVectors, zeros(b.getF32Type()))); });
    loop(constant(0), constant(length), groupWords, {}, [&](Value from, ValueRange) {
      Value end = LinearIndex{groupWords, {}}.add(from, 1).materialize(b, loc);
      Value to = arith::MinUIOp::create(b, loc, end, constant(length));
      eachRows([&](Value row, int64_t count) {
        Vectors none(count * kVectors, zeros(b.getF32Type()));
        Vectors sums = loop(from, to, 1, none, [&](Value at, ValueRange before) { return addWord(row, at, before); });
        eachVector(row, count, [&](int64_t vector, Value at, int64_t lanes) {
          Value total = loadLanes(b, loc, output, at, 1, lanes);
          storeLanes(b, loc, arith::AddFOp::create(b, loc, total, sums[vector]), output, at, 1, lanes);
        });
      });
      return Vectors();
    });
  }

  Vectors addWord(Value row, Value at, ValueRange before) {
    Vectors sums(before);
    SmallVector<Vectors> weights(steps);
    auto type = lanesOf(b.getF32Type());
    for (int64_t v = 0; v < kVectors; ++v) {
      Value word = wordsAt(at, v);
      if (steps == 1) {
        weights[0].push_back(arith::BitcastOp::create(b, loc, type, word));
        continue;
      }
      Value upper = integers(static_cast<int32_t>(0xffff0000u));
      weights[0].push_back(arith::BitcastOp::create(b, loc, type, arith::ShLIOp::create(b, loc, word, integers(16))));
      weights[1].push_back(arith::BitcastOp::create(b, loc, type, arith::AndIOp::create(b, loc, word, upper)));
    }
    for (int64_t next = 0; next < steps; ++next)
      for (int64_t r = 0; r < static_cast<int64_t>(sums.size()) / kVectors; ++r) {
        Value x = spread(0, row, r, steps * length, LinearIndex{next, {}}.add(at, steps).materialize(b, loc));
        for (int64_t v = 0; v < kVectors; ++v) {
          Value &sum = sums[r * kVectors + v];
          sum = math::FmaOp::create(b, loc, x, weights[next][v], sum);
        }
      }
    return sums;
  }

  //===--- whole numbers -----------------------------------------------------------------------------===//

  Vectors sumGroups(Value row, int64_t count) {
    Vectors none(count * kVectors, zeros(b.getF32Type()));
    Type f32 = lanesOf(b.getF32Type()), i32 = lanesOf(b.getI32Type());
    Value offset = integers(kind == PackedKind::int8 ? -128 : -8);
    return loop(constant(0), constant(groups), 1, none, [&](Value group, ValueRange totals) {
      Value from = LinearIndex().add(group, groupWords).materialize(b, loc);
      Vectors dots, after, weights = scalesOf(group);
      for (int64_t r = 0; r < count; ++r) {
        Value sum = arith::FPToSIOp::create(b, loc, i32, spread(2, row, r, groups, group));
        dots.append(kVectors, arith::MulIOp::create(b, loc, sum, offset).getResult());
      }
      for (int64_t word = 0; word < groupWords; ++word)
        addDots(row, LinearIndex{word, {}}.add(from, 1).materialize(b, loc), dots);
      for (int64_t r = 0; r < count; ++r) {
        Value scale = spread(1, row, r, groups, group);
        for (int64_t v = 0; v < kVectors; ++v) {
          Value exact = arith::SIToFPOp::create(b, loc, f32, dots[r * kVectors + v]);
          Value scaled = arith::MulFOp::create(b, loc, exact, scale);
          after.push_back(math::FmaOp::create(b, loc, scaled, weights[v], totals[r * kVectors + v]));
        }
      }
      return after;
    });
  }

  /// Of a group's columns: the half of each word that has them becomes the upper one.
  Vectors scalesOf(Value group) {
    Value one = constant(1), pair = arith::ShRUIOp::create(b, loc, group, one);
    Value even = arith::SubIOp::create(b, loc, one, arith::AndIOp::create(b, loc, group, one));
    Value by = arith::IndexCastOp::create(b, loc, b.getI32Type(), LinearIndex().add(even, 16).materialize(b, loc));
    Value upper = integers(static_cast<int32_t>(0xffff0000u));
    Vectors result;
    for (int64_t v = 0; v < kVectors; ++v) {
      Value at = LinearIndex{v * kLanes, {}}
                     .add(panel, llvm::divideCeil(groups, 2) * kPanelColumns)
                     .add(pair, kPanelColumns)
                     .materialize(b, loc);
      Value both = loadLanes(b, loc, scales, at);
      Value half = arith::ShLIOp::create(b, loc, both, vector::BroadcastOp::create(b, loc, both.getType(), by));
      half = arith::AndIOp::create(b, loc, half, upper);
      result.push_back(arith::BitcastOp::create(b, loc, lanesOf(b.getF32Type()), half));
    }
    return result;
  }

  /// Adds the products of a word of each column: four bytes, or of four bits twice as many.
  void addDots(Value row, Value at, Vectors &dots) {
    bool nibbles = kind == PackedKind::int4;
    int64_t parts = nibbles ? 2 : 1, count = static_cast<int64_t>(dots.size()) / kVectors;
    SmallVector<Vectors> bytes(parts);
    for (int64_t v = 0; v < kVectors; ++v) {
      Value word = wordsAt(at, v);
      if (!nibbles) {
        bytes[0].push_back(word);
        continue;
      }
      Value low = integers(0x0f0f0f0f);
      bytes[0].push_back(arith::AndIOp::create(b, loc, word, low));
      bytes[1].push_back(arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, word, integers(4)), low));
    }
    for (int64_t part = 0; part < parts; ++part)
      for (int64_t r = 0; r < count; ++r) {
        Value x = spread(0, row, r, parts * length, LinearIndex{part, {}}.add(at, parts).materialize(b, loc));
        for (int64_t v = 0; v < kVectors; ++v)
          dots[r * kVectors + v] = addDot(dots[r * kVectors + v], bytes[part][v], x);
      }
  }

  /// sum + four unsigned bytes of each lane times four signed ones.
  Value addDot(Value sum, Value weights, Value x) {
    auto call = [&](StringRef name, Type type, ValueRange operands) -> Value {
      return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name), operands).getResult(0);
    };
    if (byteDots) {
      auto type = VectorType::get({4 * kLanes}, b.getI8Type());
      Value bytes = vector::BitCastOp::create(b, loc, type, weights),
            signs = vector::BitCastOp::create(b, loc, type, x);
      return call("llvm.x86.avx512.vpdpbusd.512", sum.getType(), {sum, bytes, signs});
    }
    // Bytes 0 and 2 of a lane, then 1 and 3, as pairs of 16 bits.
    auto shorts = VectorType::get({2 * kLanes}, b.getI16Type());
    Value eight = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(shorts, b.getI16IntegerAttr(8)));
    Value w = vector::BitCastOp::create(b, loc, shorts, weights), s = vector::BitCastOp::create(b, loc, shorts, x);
    Value first = arith::ShRUIOp::create(b, loc, arith::ShLIOp::create(b, loc, w, eight), eight);
    Value firstX = arith::ShRSIOp::create(b, loc, arith::ShLIOp::create(b, loc, s, eight), eight);
    Value second = arith::ShRUIOp::create(b, loc, w, eight), secondX = arith::ShRSIOp::create(b, loc, s, eight);
    for (auto [u, t] : {std::pair(first, firstX), std::pair(second, secondX)}) {
      SmallVector<Value> halves;
      for (int64_t half = 0; half < 2; ++half) {
        auto part = [&](Value v) -> Value {
          return vector::ExtractStridedSliceOp::create(b, loc, v, ArrayRef<int64_t>{half * kLanes},
                                                       ArrayRef<int64_t>{kLanes}, ArrayRef<int64_t>{1});
        };
        halves.push_back(
            call("llvm.x86.avx2.pmadd.wd", VectorType::get({kLanes / 2}, b.getI32Type()), {part(u), part(t)}));
      }
      SmallVector<int64_t> both = llvm::to_vector(llvm::seq<int64_t>(0, kLanes));
      sum = arith::AddIOp::create(b, loc, sum, vector::ShuffleOp::create(b, loc, halves[0], halves[1], both));
    }
    return sum;
  }

  OpBuilder &b;
  Location loc;
  PackedKind kind;
  int64_t rows;
  bool byteDots;
  SmallVector<Value> left;
  Value words, scales, output, panel;
  int64_t m = 0, n = 0, length = 0, panels = 0; ///< words along k; panels
  int64_t columns = 0;                          ///< of the panel that is emitted
  int64_t steps = 1, groupWords = 0, groups = 0;
};

} // namespace

bool multipliesPacked(func::FuncOp kernel) { return packedOf(kernel) != nullptr; }

DictionaryAttr schedulePacked(func::FuncOp kernel, const MatmulTarget &target, std::mt19937_64 *random) {
  int64_t m = packedOf(kernel).getResult().getType().getDimSize(0),
          rows = std::clamp<int64_t>(m, 1, target.vectorRegisters < 32 ? 2 : kMostRows);
  bool bytes = target.byteDots;
  if (random)
    rows = 1 + static_cast<int64_t>((*random)() % std::clamp<int64_t>(m, 1, kMostRows)),
    bytes = bytes && (*random)() % 2;
  Builder b(kernel.getContext());
  return b.getDictionaryAttr({b.getNamedAttr("rows", b.getI64IntegerAttr(rows)),
                              b.getNamedAttr("dots", b.getStringAttr(bytes ? "bytes" : "pairs"))});
}

LogicalResult emitPacked(func::FuncOp kernel) {
  MatmulPackedOp op = packedOf(kernel);
  int64_t m = op.getResult().getType().getDimSize(0);
  auto schedule = kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  auto rows = schedule ? schedule.getAs<IntegerAttr>("rows") : IntegerAttr();
  auto dots = schedule ? schedule.getAs<StringAttr>("dots") : StringAttr();
  if (!rows || !dots || schedule.size() != 2 || rows.getInt() < 1 ||
      rows.getInt() > std::clamp<int64_t>(m, 1, kMostRows) || !llvm::is_contained({"bytes", "pairs"}, dots.getValue()))
    return kernel.emitError(
        "`sinter.schedule`: of packed weights has 1 to 4 rows, no more than there are, and dots: bytes "
        "or pairs");
  SmallVector<unsigned> operands;
  for (Value operand : op.getOperands()) {
    BlockArgument argument = argumentOf(operand);
    if (!argument)
      return op.emitError("matmul_packed: the CPU needs it in a kernel of its own");
    operands.push_back(argument.getArgNumber());
  }
  Operation *end = kernel.front().getTerminator();
  if (end->getNumOperands() != 1 || withoutReshapes(end->getOperand(0)) != op.getResult())
    return op.emitError("matmul_packed: the CPU needs it in a kernel of its own");
  int64_t k = op.getWords().getType().getDimSize(1) * op.getStepsOfWord(), n = op.getResult().getType().getDimSize(1);
  int64_t panels = op.getWords().getType().getDimSize(0);

  func::FuncOp function = createTileFunction(kernel);
  OpBuilder b(function.getBody().front().getTerminator());
  unsigned arguments = function.getNumArguments();
  SmallVector<Value> flat;
  for (unsigned operand : operands)
    flat.push_back(flatten(b, op.getLoc(), function.getArgument(operand)));
  size_t left = op.getLhs().size();
  PackedEmitter emitter(b, op, rows.getInt(), dots.getValue() == "bytes", ArrayRef(flat).take_front(left), flat[left],
                        op.getScales() ? flat.back() : Value(),
                        flatten(b, op.getLoc(), function.getArgument(arguments - 4)));
  auto tiles = scf::ForOp::create(b, op.getLoc(), function.getArgument(arguments - 3),
                                  function.getArgument(arguments - 2), indexConstant(b, op.getLoc(), 1));
  b.setInsertionPointToStart(tiles.getBody());
  emitter.emitPanel(tiles.getInductionVar());
  setTileAttributes(function, panels, /*scratch=*/0, /*flops=*/2 * m * n * k);
  kernel.erase();
  return success();
}

} // namespace sinter::cpu
