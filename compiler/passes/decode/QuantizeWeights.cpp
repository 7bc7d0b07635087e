// sinter-quantize-weights: what does not train reads its weights in the order in which they are used, of f32 or of
// 16, 8 or 4 bits.
//
//   func @decode(...) { %w = sinter.read @c_fc.weight ; %y = sinter.matmul %x, %w }
//     =>
//   sinter.state @packed.c_fc.weight : tensor<48x192x64xi32> {init = "zeros", transient}      and its scales
//   func @prepare() { %w = sinter.read @c_fc.weight ; ... sinter.write @packed.c_fc.weight, %words }
//   func @decode(...) { %words = sinter.read @packed.c_fc.weight
//                       %y = sinter.matmul_packed int8(%q, %s, %t) by %words scales %scales }
//
// Weights are packed by ordinary ops, once, in an entry of their own: the runtime calls it before it calls any other
// that reads them, and again when parameters have changed. Rows on the left are rounded where they are multiplied
// (round_rows). As with `q8_0` and `q4_0` of llama.cpp, groups have a scale each: of 8 bits, from the largest
// magnitude; of 4 bits, so that the element of the largest magnitude is -8 times the scale, since there are more
// negative numbers than positive ones. A scale has 16 bits, as theirs do, but those of bf16, whose range is f32's.
#include "compiler/codegen/products/ProductOrder.h"
#include "compiler/passes/Debug.h"
#include "compiler/passes/decode/Passes.h"
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/ops/Rules.h"

#include "llvm/Support/MathExtras.h"

#include <deque>

#define DEBUG_TYPE "sinter-quantize-weights"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "compiler/passes/decode/Passes.h.inc"

namespace {

using namespace rules;

constexpr StringLiteral kPrepare = "prepare";
/// Of f32, more rows have better kernels: they share what is read from memory. Where all weights stay in a cache, it is
/// packing them anew for each product that costs time, and as many rows are worth it as a prefill or a batch has.
constexpr int64_t kMostRows = 16, kMostRowsInCache = 64, kCacheBytes = 48 << 20;
/// Below, a product is too small to be worth it.
constexpr int64_t kLeastColumns = 16, kLeastSteps = 32;

int64_t alignedTo(int64_t size, int64_t unit) { return llvm::divideCeil(size, unit) * unit; }

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Builds what packs weights, and rows.
class Packing {
public:
  Packing(OpBuilder &builder, Location loc, PackedKind kind) : b(builder), loc(loc), kind(kind) {}

  struct Weights {
    Value words, scales;
  };

  /// Of [k, n], or of [n, k] if they are read transposed.
  Weights weights(Value w, bool transposed) {
    if (transposed)
      w = transposedBy(w, {1, 0});
    w = padded(w, {stepsOf(typeOf(w).getDimSize(0)), alignedTo(typeOf(w).getDimSize(1), kPanelColumns)});
    int64_t k = typeOf(w).getDimSize(0), n = typeOf(w).getDimSize(1);
    if (kind == PackedKind::f32)
      return {panels(Expr(b, loc, arith::BitcastOp::create(b, loc, typeOf(w).clone(b.getI32Type()), w))), {}};
    if (kind == PackedKind::bf16)
      return {panels(inPairs(toBf16(Expr(b, loc, w)))), {}};
    int64_t groups = k / groupOf(kind);
    Expr grouped(b, loc, reshaped(w, {groups, groupOf(kind), n}));
    auto [scale, inverse] = scalesOf(grouped);
    Expr q = build<math::RoundEvenOp>(
        grouped * inverse.with(BroadcastOp::create(b, loc, typeOf(grouped), inverse.value, ArrayRef<int64_t>{0, 2})));
    // (A scale that was rounded to less leaves the largest one beyond what there is.)
    double least = kind == PackedKind::int8 ? -128 : -8;
    q = minimum(maximum(q, q.constant(least)), q.constant(-least - 1));
    Expr shifts = q - least;
    Expr whole = q.with(arith::FPToSIOp::create(b, loc, typeOf(q).clone(b.getI32Type()), shifts.value));
    SmallVector<Expr> steps = stepsOfWords(whole.with(reshaped(whole, {k, n})), 0, stepsOfWord(kind));
    Expr word = steps[0];
    for (int64_t j = 1; j < stepsOfWord(kind); ++j)
      word = build<arith::OrIOp>(word, shifted<arith::ShLIOp>(steps[j], 8 * (j % 4) + 4 * (j / 4)));
    return {panels(word), panels(inPairs(scale.with(padded(scale.value, {alignedTo(groups, 2), n}))))};
  }

  /// Of [m, k], as sinter.matmul_packed wants them.
  SmallVector<Value> rows(Value x) {
    int64_t m = typeOf(x).getDimSize(0), k = stepsOf(typeOf(x).getDimSize(1));
    x = padded(x, {m, k});
    if (isReal())
      return {x};
    auto words = RankedTensorType::get({m, k / 4}, b.getI32Type());
    auto numbers = RankedTensorType::get({m, k / groupOf(kind)}, b.getF32Type());
    return llvm::to_vector_of<Value>(RoundRowsOp::create(b, loc, words, numbers, numbers, kind, x).getResults());
  }

private:
  bool isReal() const { return kind == PackedKind::f32 || kind == PackedKind::bf16; }

  int64_t stepsOf(int64_t k) const { return alignedTo(k, isReal() ? stepsOfWord(kind) : groupOf(kind)); }

  Value reshaped(Value value, ArrayRef<int64_t> shape) {
    return ReshapeOp::create(b, loc, typeOf(value).clone(shape), value);
  }
  Value transposedBy(Value value, ArrayRef<int64_t> order) { return TransposeOp::create(b, loc, value, order); }
  Value padded(Value value, ArrayRef<int64_t> shape) {
    if (typeOf(value).getShape() == shape)
      return value;
    SmallVector<int64_t> none(shape.size(), 0), high;
    for (auto [from, to] : llvm::zip_equal(typeOf(value).getShape(), shape))
      high.push_back(to - from);
    return PadOp::create(b, loc, typeOf(value).clone(shape), value, none, high, none);
  }
  template <typename Shift> Expr shifted(Expr x, int64_t by) {
    return by == 0 ? x : build<Shift>(x, x.constant(static_cast<double>(by)));
  }
  Expr reduced(ReduceKind kind, Expr x) {
    return x.with(ReduceOp::create(b, loc, kind, x.value, ArrayRef<int64_t>{1}).getResult());
  }
  Expr toBf16(Expr x) {
    Value narrow = arith::TruncFOp::create(b, loc, typeOf(x).clone(b.getBF16Type()), x.value);
    return x.with(arith::ExtFOp::create(b, loc, typeOf(x), narrow));
  }
  /// Two rows in each word, of numbers that bf16 has, an even one in the lower half.
  Expr inPairs(Expr x) {
    Expr bits = x.with(arith::BitcastOp::create(b, loc, typeOf(x).clone(b.getI32Type()), x.value));
    SmallVector<Expr> rows = stepsOfWords(bits, 0, 2);
    return build<arith::OrIOp>(shifted<arith::ShRUIOp>(rows[0], 16), rows[1]);
  }

  /// Of groups [groups, steps, n]: a scale, as it is kept, and what numbers are multiplied by; 0 where there is
  /// nothing. Of 8 bits, it is 1/127 of the largest magnitude; of 4 bits -1/8 of what has it.
  std::pair<Expr, Expr> scalesOf(Expr x) {
    Expr top = reduced(ReduceKind::max, x), bottom = reduced(ReduceKind::min, x);
    Expr most = kind == PackedKind::int8 ? maximum(-bottom, top) : select(-bottom > top, bottom, top);
    Expr scale = toBf16(most / (kind == PackedKind::int8 ? 127 : -8));
    return {scale, select(build<math::AbsFOp>(most) > most.constant(kTiny), 1 / scale, 0)};
  }

  /// Every `count`-th along `dim` of a matrix: the first of each word, the second...
  SmallVector<Expr> stepsOfWords(Expr x, int64_t dim, int64_t count) {
    RankedTensorType type = typeOf(x);
    SmallVector<Expr> steps;
    for (int64_t j = 0; j < count; ++j) {
      SmallVector<int64_t> starts(2, 0), limits(type.getShape()), strides(2, 1), shape(type.getShape());
      starts[dim] = j, strides[dim] = count, shape[dim] /= count;
      steps.push_back(x.with(SliceOp::create(b, loc, type.clone(shape), x.value, starts, limits, strides)));
    }
    return steps;
  }

  /// [rows, n] -> [n / 64, rows, 64]
  Value panels(Expr x) {
    int64_t rows = typeOf(x).getDimSize(0), n = typeOf(x).getDimSize(1);
    return transposedBy(reshaped(x, {rows, n / kPanelColumns, kPanelColumns}), {1, 0, 2});
  }

  /// What is smaller than this has an inverse that is no number, or none to speak of.
  static constexpr double kTiny = 1e-30;

  OpBuilder &b;
  Location loc;
  PackedKind kind;
};

struct QuantizeWeightsPass : impl::QuantizeWeightsBase<QuantizeWeightsPass> {
  using QuantizeWeightsBase::QuantizeWeightsBase;

  void runOnOperation() override {
    std::optional<PackedKind> found = symbolizePackedKind(kind);
    if (!found) {
      getOperation().emitError("sinter-quantize-weights: kind is f32, bf16, int8 or int4, not '") << kind << "'";
      return signalPassFailure();
    }
    if (Operation *own = getOperation().lookupSymbol(kPrepare)) {
      own->emitError("the entry '") << kPrepare << "' cannot be made: the model has one of its own";
      return signalPassFailure();
    }
    states.clear();
    int64_t bytes = 0;
    for (auto state : getOperation().getOps<StateOp>())
      if (auto type = cast<RankedTensorType>(state.getType()); state.getTrainable() && type.getRank() == 2)
        bytes += type.getNumElements() * int64_t(sizeof(float));
    mostRows = bytes <= kCacheBytes ? kMostRowsInCache : kMostRows;
    for (auto entry : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (entry->hasAttr(kEntryAttr) && !trains(entry))
        for (auto product : llvm::to_vector(entry.getOps<MatmulOp>()))
          replace(product, *found);
    if (!states.empty())
      makePrepare(*found);
  }

private:
  struct Packed {
    StateOp weights, words, scales;
    bool transposed;
  };

  /// Whether the entry changes what is kept.
  bool trains(func::FuncOp entry) {
    return llvm::any_of(entry.getOps<WriteOp>(), [&](WriteOp write) {
      return !getOperation().lookupSymbol<StateOp>(write.getState()).getTransient();
    });
  }

  void replace(MatmulOp product, PackedKind found) {
    auto read = product.getRhs().getDefiningOp<ReadOp>();
    auto state = read ? getOperation().lookupSymbol<StateOp>(read.getState()) : StateOp();
    RankedTensorType type = typeOf(product.getResult());
    if (!state || !state.getTrainable() || type.getRank() != 2 || product.getTransposeLhs() || product.getBf16() ||
        type.getDimSize(1) < kLeastColumns || typeOf(product.getLhs()).getDimSize(1) < kLeastSteps)
      return;
    // In f32 it is the same sum, and worth it where the weights are read for few rows.
    if (found == PackedKind::f32 &&
        (type.getDimSize(0) > mostRows || codegen::levelsOf(typeOf(product.getLhs()).getDimSize(1)) > 1))
      return;
    Packed packed = packedOf(state, product.getTransposeRhs(), found);
    OpBuilder b(product);
    Location loc = product.getLoc();
    auto readOf = [&](StateOp of) -> Value {
      return of ? ReadOp::create(b, loc, of.getType(), of.getSymName()).getResult() : Value();
    };
    Value words = readOf(packed.words), scales = readOf(packed.scales);
    SmallVector<Value> left = Packing(b, loc, found).rows(product.getLhs());
    auto result = MatmulPackedOp::create(b, loc, type, found, left, words, scales);
    DEBUG_AT(product) << "multiplies by " << packed.words.getSymName();
    product.getResult().replaceAllUsesWith(result.getResult());
    product.erase();
    if (read->use_empty())
      read.erase();
  }

  Packed packedOf(StateOp state, bool transposed, PackedKind found) {
    for (Packed &known : states)
      if (known.weights == state && known.transposed == transposed)
        return known;
    // What packing gives tells the types.
    OpBuilder b(&getContext());
    auto scratch = func::FuncOp::create(state.getLoc(), "scratch", b.getFunctionType({state.getType()}, {}));
    b.setInsertionPointToStart(scratch.addEntryBlock());
    Packing::Weights made = Packing(b, state.getLoc(), found).weights(scratch.getArgument(0), transposed);
    auto stateOf = [&](Value value, StringRef suffix) {
      OpBuilder at(state);
      std::string name = ("packed." + state.getSymName() + (transposed ? ".transposed" : "") + suffix).str();
      return value ? StateOp::create(at, state.getLoc(), name, typeOf(value), "zeros", APFloat(0.0),
                                     /*trainable=*/false, /*transient=*/true)
                   : StateOp();
    };
    StateOp words = stateOf(made.words, ""), scales = stateOf(made.scales, ".scales");
    scratch.erase();
    states.push_back({state, words, scales, transposed});
    return states.back();
  }

  void makePrepare(PackedKind found) {
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    Location loc = states.front().weights.getLoc();
    auto entry = func::FuncOp::create(b, loc, kPrepare, b.getFunctionType({}, {}));
    entry->setAttr(kEntryAttr, b.getUnitAttr());
    b.setInsertionPointToStart(entry.addEntryBlock());
    for (Packed &packed : states) {
      Location own = packed.weights.getLoc();
      Value w = ReadOp::create(b, own, packed.weights.getType(), packed.weights.getSymName());
      Packing::Weights made = Packing(b, own, found).weights(w, packed.transposed);
      WriteOp::create(b, own, packed.words.getSymName(), made.words);
      if (made.scales)
        WriteOp::create(b, own, packed.scales.getSymName(), made.scales);
    }
    func::ReturnOp::create(b, loc);
  }

  std::deque<Packed> states;
  int64_t mostRows = 0; ///< of a product in f32
};

} // namespace
} // namespace sinter
