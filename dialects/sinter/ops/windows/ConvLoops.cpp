// The loops of sinter.conv, where it is no product.
#include "dialects/sinter/ops/windows/WindowRules.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

/// Loops over rows of the result, what is summed, and the result's last dimension, along which vectors go.
struct ConvLoops {
  ConvOp op;
  OpBuilder &builder;
  WindowShape shape;
  RankedTensorType x, w, y, result;
  int64_t groups, batch, channels, filters; ///< of a group
  bool apart;                               ///< a channel in and one out a group: columns are channels of both

  ConvLoops(ConvOp op, OpBuilder &builder)
      : op(op), builder(builder), shape(windowsOf(op)), x(op.getInputType()), w(op.getKernelType()),
        y(op.getOutputType()), result(cast<RankedTensorType>(op.getType())),
        groups(static_cast<int64_t>(op.getGroups())), batch(x.getDimSize(0)), channels(x.getShape().back() / groups),
        filters(y.getShape().back() / groups), apart(groups > 1 && channels == 1 && filters == 1) {}

  int64_t columns() const { return result.getShape().back(); }
  int64_t rows() const { return result.getNumElements() / columns(); }

  Value build() {
    bool ofKernel = op.getPart() == ConvPart::kernel;
    if (apart && !ofKernel && countOf(shape.taps) <= kUnrolledTaps)
      return depthwiseLoops(builder, op.getLoc(), shape, op.getLhs(), op.getRhs(), result);
    int64_t terms = ofKernel                           ? batch * countOf(shape.positions)
                    : op.getPart() == ConvPart::output ? countOf(shape.taps) * channels
                                                       : countOf(shape.taps) * filters;
    AffineExpr row = builder.getAffineDimExpr(0), term = builder.getAffineDimExpr(1),
               column = builder.getAffineDimExpr(2);
    SmallVector<Mapped> inputs;
    // The other operand stands as a matrix of terms and columns, but for the kernel read from its other side.
    if (op.getPart() != ConvPart::input || apart)
      inputs.push_back({reshaped(builder, op.getLoc(), op.getRhs(), {terms, columns()}),
                        AffineMap::get(3, 0, {term, column}, builder.getContext())});
    else // a loop has its size from something that is read or written
      inputs.push_back({empty(builder, op.getLoc(), RankedTensorType::get({terms}, result.getElementType())),
                        AffineMap::get(3, 0, term, builder.getContext())});
    Value zeros = filled(builder, op.getLoc(), result.clone({rows(), columns()}), 0);
    Value sums = generic(
        builder, op.getLoc(), 3, 1, inputs, {{zeros, AffineMap::get(3, 0, {row, column}, builder.getContext())}},
        [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
          IndexMath index(*scalars[0].builder, scalars[0].loc);
          return {scalars.back() + (ofKernel ? kernelTerm(index, scalars) : positionTerm(index, scalars))};
        })[0];
    return reshaped(builder, op.getLoc(), sums, result.getShape());
  }

  /// The channel of the tensor read in windows: `inGroup` of the group that a column belongs to.
  Value channelOf(IndexMath &index, Value inGroup, int64_t ownPerGroup, int64_t perGroup) {
    if (apart)
      return index.loop(2);
    if (groups == 1)
      return inGroup;
    return index.add(index.multiply(index.divide(index.loop(2), ownPerGroup), perGroup), inGroup);
  }

  /// Of `output` and `input`: a row is a position, terms are taps and channels of what is read in windows.
  Expr positionTerm(IndexMath &index, ArrayRef<Expr> scalars) {
    bool forward = op.getPart() == ConvPart::output;
    int64_t summed = forward ? channels : filters, own = forward ? filters : channels;
    SmallVector<Value> place = index.split(index.loop(0), joined(batch, shape.positions));
    SmallVector<int64_t> sizes(shape.taps);
    sizes.push_back(apart ? 1 : summed);
    SmallVector<Value> term = index.split(index.loop(1), sizes);
    Value channel = channelOf(index, term.back(), own, summed);
    auto tap = ValueRange(term).drop_back();
    Expr read = scalars[0].with(
        index.read(op.getLhs(), place[0], index.position(shape, ValueRange(place).drop_front(), tap), channel, 0));
    if (forward || apart)
      return read * scalars[0];
    SmallVector<Value> places;
    for (Value t : tap)
      places.push_back(index.place(t));
    Value column = index.loop(2);
    places.push_back(index.place(groups == 1 ? column : index.remainder(column, channels)));
    places.push_back(index.place(channel));
    return read * read.with(tensor::ExtractOp::create(*read.builder, read.loc, op.getRhs(), places));
  }

  /// Of `kernel`: a row is a tap and a channel, terms are windows.
  Expr kernelTerm(IndexMath &index, ArrayRef<Expr> scalars) {
    SmallVector<int64_t> sizes(shape.taps);
    sizes.push_back(channels);
    SmallVector<Value> row = index.split(index.loop(0), sizes);
    SmallVector<Value> window = index.split(index.loop(1), joined(batch, shape.positions));
    Value channel = channelOf(index, row.back(), filters, channels);
    IndexMath::Position position = index.position(shape, ValueRange(window).drop_front(), ValueRange(row).drop_back());
    return scalars[0].with(index.read(op.getLhs(), window[0], position, channel, 0)) * scalars[0];
  }
};

} // namespace

FailureOr<SmallVector<Value>> ConvOp::lowerToLinalg(OpBuilder &builder) {
  return SmallVector<Value>{ConvLoops(*this, builder).build()};
}
