// What convolutions of 3 x 3 taps become to be computed with fewer multiplications (Lavin and Gray 2016,
// arXiv:1509.09308, section 4.1): sinter.winograd_input, _kernel and _output; for a kernel's gradient, _input,
// _cotangent and _taps.
#include "dialects/sinter/ops/windows/BlockReads.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

/// Of 4 x 4 elements, a tile's.
constexpr int64_t kSide = 4, kElements = 16;

LogicalResult verifyF32(Operation *op, RankedTensorType from, RankedTensorType to) {
  if (isDifferentiable(from) && isDifferentiable(to))
    return success();
  return op->emitError() << op->getName().stripDialect() << ": tensors of " << from << " and " << to
                         << " are not of f32";
}

/// C1 and C2 of taps [3, 3, C, F] and their elements [16, C, F].
LogicalResult verifyTaps(Operation *op, Value taps, Value elements) {
  auto w = cast<RankedTensorType>(taps.getType()), u = cast<RankedTensorType>(elements.getType());
  if (failed(verifyF32(op, w, u)))
    return failure();
  if (w.getRank() != 4 || w.getDimSize(0) != 3 || w.getDimSize(1) != 3 ||
      u.getShape() != ArrayRef<int64_t>{kElements, w.getDimSize(2), w.getDimSize(3)})
    return op->emitError() << op->getName().stripDialect() << ": taps and elements have shapes " << shapeText(w)
                           << " and " << shapeText(u) << ", not [3, 3, C, F] and [16, C, F]";
  return success();
}

/// C1, C2 and C3 of positions [N, P, Q, F] and what tiles of 2 x 2 of them are made of.
LogicalResult verifyTiles(Operation *op, Value positions, Value sums) {
  auto y = cast<RankedTensorType>(positions.getType()), m = cast<RankedTensorType>(sums.getType());
  if (failed(verifyF32(op, m, y)))
    return failure();
  if (y.getRank() != 4 || y.getDimSize(1) % 2 != 0 || y.getDimSize(2) % 2 != 0)
    return op->emitError() << op->getName().stripDialect() << ": positions have shape " << shapeText(y)
                           << ", not four dimensions of which two are even numbers of positions";
  int64_t tiles = y.getDimSize(0) * (y.getDimSize(1) / 2) * (y.getDimSize(2) / 2);
  if (m.getShape() != ArrayRef<int64_t>{kElements, tiles, y.getDimSize(3)})
    return op->emitError() << op->getName().stripDialect() << ": tiles have shape " << shapeText(m) << ", but [16, "
                           << tiles << ", " << y.getDimSize(3) << "] is what positions of shape " << shapeText(y)
                           << " take";
  return success();
}

/// tensor[places...], each an index of a loop or a number.
Expr readAt(const Expr &like, Value tensor, ArrayRef<Value> places) {
  IndexMath index(*like.builder, like.loc);
  SmallVector<Value> at;
  for (Value place : places)
    at.push_back(index.place(place));
  return like.with(tensor::ExtractOp::create(*like.builder, like.loc, tensor, at));
}

/// Applies `line` to each column of a square of expressions, then to each row: both give as many as they take or fewer.
template <typename Line> std::vector<std::vector<Expr>> transform(std::vector<std::vector<Expr>> square, Line line) {
  auto turn = [](const std::vector<std::vector<Expr>> &of) {
    std::vector<std::vector<Expr>> turned;
    for (size_t j = 0; j < of.front().size(); ++j) {
      turned.emplace_back();
      for (const std::vector<Expr> &row : of)
        turned.back().push_back(row[j]);
    }
    return turned;
  };
  for (int direction = 0; direction < 2; ++direction) {
    square = turn(square);
    for (std::vector<Expr> &each : square)
      each = line(each);
  }
  return square;
}

SmallVector<Expr> flattened(const std::vector<std::vector<Expr>> &square) {
  SmallVector<Expr> all;
  for (const std::vector<Expr> &row : square)
    llvm::append_range(all, row);
  return all;
}

/// Results of loops over `shape`, one for each part, as [parts, shape...].
Value stacked(OpBuilder &builder, Location loc, ArrayRef<Value> parts, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(parts.front().getType());
  SmallVector<int64_t> all = joined(static_cast<int64_t>(parts.size()), shape), one = joined(1, shape);
  Value result = empty(builder, loc, type.clone(all));
  SmallVector<OpFoldResult> offsets(all.size(), builder.getIndexAttr(0)), strides(all.size(), builder.getIndexAttr(1)),
      sizes;
  for (int64_t size : one)
    sizes.push_back(builder.getIndexAttr(size));
  for (auto [number, part] : llvm::enumerate(parts)) {
    offsets[0] = builder.getIndexAttr(static_cast<int64_t>(number));
    result = tensor::InsertSliceOp::create(builder, loc, part, result, offsets, sizes, strides);
  }
  return result;
}

/// In the meaning of ops: sum over a, b of left[a, i] right[b, j] at(a, b).
template <size_t N, size_t M, typename At> double bilinear(const double (&matrix)[N][M], size_t i, size_t j, At at) {
  double sum = 0;
  for (size_t a = 0; a < N; ++a)
    for (size_t b = 0; b < N; ++b)
      if (double factor = matrix[a][i] * matrix[b][j]; factor != 0)
        sum += factor * at(static_cast<int64_t>(a), static_cast<int64_t>(b));
  return sum;
}

/// The same with matrices turned: sum over i, j of matrix[a, i] matrix[b, j] at(i, j).
template <size_t N, size_t M, typename At>
double bilinearTurned(const double (&matrix)[N][M], size_t a, size_t b, At at) {
  double sum = 0;
  for (size_t i = 0; i < M; ++i)
    for (size_t j = 0; j < M; ++j)
      if (double factor = matrix[a][i] * matrix[b][j]; factor != 0)
        sum += factor * at(static_cast<int64_t>(i), static_cast<int64_t>(j));
  return sum;
}

// As in the paper, transposed so that columns are results: B, G^T and A.
constexpr double kInput[4][4] = {{1, 0, 0, 0}, {0, 1, -1, 1}, {-1, 1, 1, 0}, {0, 0, 0, -1}};
constexpr double kKernel[3][4] = {{1, 0.5, 0.5, 0}, {0, 0.5, -0.5, 0}, {0, 0.5, 0.5, 1}};
constexpr double kOutput[4][2] = {{1, 0}, {1, 1}, {1, -1}, {0, -1}};

} // namespace

//===--- winograd_input ----------------------------------------------------------------------------===//

LogicalResult WinogradInputOp::verify() {
  auto x = cast<RankedTensorType>(getInput().getType()), type = cast<RankedTensorType>(getType());
  // C1
  if (failed(verifyF32(*this, x, type)))
    return failure();
  // C2
  if (x.getRank() != 4 || getLow().size() != 2 || getTiles().size() != 2 || type.getRank() != 3 ||
      type.getDimSize(0) != kElements)
    return emitError() << "winograd_input: the operand and the result have shapes " << shapeText(x) << " and "
                       << shapeText(type) << ", not four dimensions, and three of which the first is 16";
  // C3
  if (type.getDimSize(1) != x.getDimSize(0) * countOf(getTiles()) || type.getDimSize(2) != x.getDimSize(3))
    return emitError() << "winograd_input: the result has shape " << shapeText(type) << ", but [16, "
                       << x.getDimSize(0) * countOf(getTiles()) << ", " << x.getDimSize(3) << "] is what there is";
  return success();
}

FailureOr<SmallVector<Value>> WinogradInputOp::lowerToLinalg(OpBuilder &builder) {
  auto x = cast<RankedTensorType>(getInput().getType()), type = cast<RankedTensorType>(getType());
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  WindowShape shape{copy(getTiles()), {kSide, kSide}, {2, 2}, {1, 1}, copy(getLow()), {1, 1}, copy(positionsOf(x))};
  SmallVector<int64_t> blocks{1, 1}, loops{x.getDimSize(0), getTiles()[0], getTiles()[1], x.getDimSize(3)};
  Mapped part{empty(builder, getLoc(), type.clone(loops)), builder.getMultiDimIdentityMap(4)};
  SmallVector<Value> parts =
      generic(builder, getLoc(), 4, {}, {}, SmallVector<Mapped>(kElements, part),
              [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                IndexMath index(*scalars[0].builder, scalars[0].loc);
                BlockPlace place{index.loop(0), {index.loop(1), index.loop(2)}, index.loop(3)};
                BlockReads reads(index, getInput(), shape, blocks, place);
                std::vector<std::vector<Expr>> tile;
                for (int64_t a = 0; a < kSide; ++a) {
                  tile.emplace_back();
                  for (int64_t b = 0; b < kSide; ++b) {
                    Value element = reads.read({0, 0}, {a, b});
                    tile.back().push_back(element ? scalars[0].with(element) : scalars[0].constant(0));
                  }
                }
                return flattened(transform(std::move(tile), [](const std::vector<Expr> &d) {
                  return std::vector<Expr>{d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]};
                }));
              });
  return SmallVector<Value>{reshaped(builder, getLoc(), stacked(builder, getLoc(), parts, loops), type.getShape())};
}

LogicalResult WinogradInputOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                        MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  int64_t at = 0;
  reference::forEachIndex({4, 4, x.shape[0], getTiles()[0], getTiles()[1], x.shape[3]},
                          [&](const std::vector<int64_t> &i) {
                            outputs[0][at++] = bilinear(kInput, i[0], i[1], [&](int64_t a, int64_t b) -> double {
                              int64_t row = 2 * i[3] + a - getLow()[0], column = 2 * i[4] + b - getLow()[1];
                              if (row < 0 || row >= x.shape[1] || column < 0 || column >= x.shape[2])
                                return 0;
                              return x[((i[2] * x.shape[1] + row) * x.shape[2] + column) * x.shape[3] + i[5]];
                            });
                          });
  return success();
}

//===--- winograd_kernel ---------------------------------------------------------------------------===//

LogicalResult WinogradKernelOp::verify() { return verifyTaps(*this, getKernel(), getResult()); }

FailureOr<SmallVector<Value>> WinogradKernelOp::lowerToLinalg(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  ArrayRef<int64_t> loops = type.getShape().drop_front();
  Mapped part{empty(builder, getLoc(), type.clone(loops)), builder.getMultiDimIdentityMap(2)};
  SmallVector<Value> parts =
      generic(builder, getLoc(), 2, {}, {}, SmallVector<Mapped>(kElements, part),
              [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                IndexMath index(*scalars[0].builder, scalars[0].loc);
                Value channel = index.loop(0), filter = index.loop(1);
                std::vector<std::vector<Expr>> taps;
                for (int64_t a = 0; a < 3; ++a) {
                  taps.emplace_back();
                  for (int64_t b = 0; b < 3; ++b) {
                    taps.back().push_back(readAt(scalars[0], getKernel(),
                                                 {index.constant(getTurned() ? 2 - a : a),
                                                  index.constant(getTurned() ? 2 - b : b), channel, filter}));
                  }
                }
                return flattened(transform(std::move(taps), [](const std::vector<Expr> &g) {
                  Expr outer = g[0] + g[2];
                  return std::vector<Expr>{g[0], (outer + g[1]) * 0.5, (outer - g[1]) * 0.5, g[2]};
                }));
              });
  return SmallVector<Value>{stacked(builder, getLoc(), parts, loops)};
}

LogicalResult WinogradKernelOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                         MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &w = *inputs[0];
  int64_t at = 0;
  reference::forEachIndex({4, 4, w.shape[2], w.shape[3]}, [&](const std::vector<int64_t> &i) {
    outputs[0][at++] = bilinear(kKernel, i[0], i[1], [&](int64_t a, int64_t b) -> double {
      int64_t row = getTurned() ? 2 - a : a, column = getTurned() ? 2 - b : b;
      return w[((row * 3 + column) * w.shape[2] + i[2]) * w.shape[3] + i[3]];
    });
  });
  return success();
}

//===--- winograd_output ---------------------------------------------------------------------------===//

LogicalResult WinogradOutputOp::verify() { return verifyTiles(*this, getResult(), getSums()); }

FailureOr<SmallVector<Value>> WinogradOutputOp::lowerToLinalg(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  int64_t images = type.getDimSize(0), rows = type.getDimSize(1) / 2, columns = type.getDimSize(2) / 2,
          filters = type.getDimSize(3);
  SmallVector<int64_t> loops{images, rows, columns, filters};
  Value sums = reshaped(builder, getLoc(), getSums(), joined(kElements, loops));
  Mapped part{empty(builder, getLoc(), type.clone(loops)), builder.getMultiDimIdentityMap(4)};
  SmallVector<Value> parts = generic(
      builder, getLoc(), 4, {}, {}, SmallVector<Mapped>(4, part), [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        OpBuilder &inner = *scalars[0].builder;
        IndexMath index(inner, scalars[0].loc);
        std::vector<std::vector<Expr>> tile;
        for (int64_t a = 0; a < kSide; ++a) {
          tile.emplace_back();
          for (int64_t b = 0; b < kSide; ++b) {
            SmallVector<Value> places{index.place(index.constant(a * kSide + b))};
            for (int64_t d = 0; d < 4; ++d)
              places.push_back(index.place(index.loop(d)));
            tile.back().push_back(scalars[0].with(tensor::ExtractOp::create(inner, scalars[0].loc, sums, places)));
          }
        }
        return flattened(transform(std::move(tile), [](const std::vector<Expr> &m) {
          return std::vector<Expr>{m[0] + m[1] + m[2], m[1] - m[2] - m[3]};
        }));
      });
  SmallVector<int64_t> apart{images, rows, 2, columns, 2, filters}, one{images, rows, 1, columns, 1, filters};
  Value result = empty(builder, getLoc(), type.clone(apart));
  SmallVector<OpFoldResult> offsets(apart.size(), builder.getIndexAttr(0)),
      strides(apart.size(), builder.getIndexAttr(1)), sizes;
  for (int64_t size : one)
    sizes.push_back(builder.getIndexAttr(size));
  for (auto [number, value] : llvm::enumerate(parts)) {
    offsets[2] = builder.getIndexAttr(static_cast<int64_t>(number / 2));
    offsets[4] = builder.getIndexAttr(static_cast<int64_t>(number % 2));
    result = tensor::InsertSliceOp::create(builder, getLoc(), reshaped(builder, getLoc(), value, one), result, offsets,
                                           sizes, strides);
  }
  return SmallVector<Value>{reshaped(builder, getLoc(), result, type.getShape())};
}

LogicalResult WinogradOutputOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                         MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &sums = *inputs[0];
  reference::Tensor &result = outputs[0];
  int64_t rows = result.shape[1] / 2, columns = result.shape[2] / 2, at = 0;
  reference::forEachIndex(result.shape, [&](const std::vector<int64_t> &i) {
    int64_t tile = (i[0] * rows + i[1] / 2) * columns + i[2] / 2;
    result[at++] = bilinear(kOutput, i[1] % 2, i[2] % 2, [&](int64_t a, int64_t b) -> double {
      return sums[((a * 4 + b) * sums.shape[1] + tile) * sums.shape[2] + i[3]];
    });
  });
  return success();
}

//===--- winograd_cotangent ------------------------------------------------------------------------===//

LogicalResult WinogradCotangentOp::verify() { return verifyTiles(*this, getCotangent(), getResult()); }

FailureOr<SmallVector<Value>> WinogradCotangentOp::lowerToLinalg(OpBuilder &builder) {
  auto g = cast<RankedTensorType>(getCotangent().getType()), type = cast<RankedTensorType>(getType());
  SmallVector<int64_t> loops{g.getDimSize(0), g.getDimSize(1) / 2, g.getDimSize(2) / 2, g.getDimSize(3)};
  Mapped part{empty(builder, getLoc(), type.clone(loops)), builder.getMultiDimIdentityMap(4)};
  SmallVector<Value> parts =
      generic(builder, getLoc(), 4, {}, {}, SmallVector<Mapped>(kElements, part),
              [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                IndexMath index(*scalars[0].builder, scalars[0].loc);
                std::vector<std::vector<Expr>> tile;
                for (int64_t i = 0; i < 2; ++i) {
                  tile.emplace_back();
                  for (int64_t j = 0; j < 2; ++j) {
                    auto at = [&](int64_t dim, int64_t offset) {
                      Value first = index.multiply(index.loop(dim), 2);
                      return offset == 0 ? first : index.add(first, index.constant(offset));
                    };
                    tile.back().push_back(
                        readAt(scalars[0], getCotangent(), {index.loop(0), at(1, i), at(2, j), index.loop(3)}));
                  }
                }
                return flattened(transform(std::move(tile), [](const std::vector<Expr> &y) {
                  return std::vector<Expr>{y[0], y[0] + y[1], y[0] - y[1], -y[1]};
                }));
              });
  return SmallVector<Value>{reshaped(builder, getLoc(), stacked(builder, getLoc(), parts, loops), type.getShape())};
}

LogicalResult WinogradCotangentOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                            MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &g = *inputs[0];
  int64_t at = 0;
  reference::forEachIndex({4, 4, g.shape[0], g.shape[1] / 2, g.shape[2] / 2, g.shape[3]},
                          [&](const std::vector<int64_t> &k) {
                            outputs[0][at++] = bilinearTurned(kOutput, k[0], k[1], [&](int64_t i, int64_t j) -> double {
                              int64_t row = 2 * k[3] + i, column = 2 * k[4] + j;
                              return g[((k[2] * g.shape[1] + row) * g.shape[2] + column) * g.shape[3] + k[5]];
                            });
                          });
  return success();
}

//===--- winograd_taps -----------------------------------------------------------------------------===//

LogicalResult WinogradTapsOp::verify() { return verifyTaps(*this, getResult(), getElements()); }

FailureOr<SmallVector<Value>> WinogradTapsOp::lowerToLinalg(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  ArrayRef<int64_t> loops = type.getShape().drop_front(2);
  Mapped part{empty(builder, getLoc(), type.clone(loops)), builder.getMultiDimIdentityMap(2)};
  SmallVector<Value> parts = generic(
      builder, getLoc(), 2, {}, {}, SmallVector<Mapped>(9, part), [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        IndexMath index(*scalars[0].builder, scalars[0].loc);
        Value channel = index.loop(0), filter = index.loop(1);
        std::vector<std::vector<Expr>> tile;
        for (int64_t i = 0; i < kSide; ++i) {
          tile.emplace_back();
          for (int64_t j = 0; j < kSide; ++j)
            tile.back().push_back(readAt(scalars[0], getElements(), {index.constant(i * kSide + j), channel, filter}));
        }
        return flattened(transform(std::move(tile), [](const std::vector<Expr> &u) {
          Expr both = (u[1] + u[2]) * 0.5;
          return std::vector<Expr>{u[0] + both, (u[1] - u[2]) * 0.5, both + u[3]};
        }));
      });
  return SmallVector<Value>{reshaped(builder, getLoc(), stacked(builder, getLoc(), parts, loops), type.getShape())};
}

LogicalResult WinogradTapsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                       MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &u = *inputs[0];
  int64_t at = 0;
  reference::forEachIndex({3, 3, u.shape[1], u.shape[2]}, [&](const std::vector<int64_t> &k) {
    outputs[0][at++] = bilinearTurned(kKernel, k[0], k[1], [&](int64_t i, int64_t j) -> double {
      return u[((i * 4 + j) * u.shape[1] + k[2]) * u.shape[2] + k[3]];
    });
  });
  return success();
}
