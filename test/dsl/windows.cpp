// Convolution and pooling: sums of whole numbers, which are exact, and their gradients, as PyTorch 2.6 computes them.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir
// RUN: sinter-run --unfused %t.mlir
#include <sinter/sinter.h>

#include <cmath>
using namespace sinter;

/// Nothing that was made of it can be folded.
static Tensor kept(const std::vector<double> &values, const Shape &shape) {
  return constant(values, shape) + state("zero", {}, zeros());
}

/// 7 i + seed modulo 11, minus 5.
static Tensor whole(Shape shape, int seed) {
  int64_t size = 1;
  for (int64_t d : shape)
    size *= d;
  std::vector<double> values;
  for (int64_t i = 0; i < size; ++i)
    values.push_back(static_cast<double>((7 * i + seed) % 11 - 5));
  return kept(values, shape);
}

SINTER_MODEL(windows) {
  entry("2d", [] {
    Tensor x = whole({1, 3, 4, 2}, 1), w = whole({2, 3, 2, 3}, 2), y = conv(x, w, {.stride = {1, 2}, .padding = 1});
    expect(y, constant({14, -24, -7, -18, 48, -18, 24, -24, 27, 27, -30, -32, 25, -22, 19, -20, -26, 12, 30, 4, 0, -18, 0,
                     -4}, {1, 4, 2, 3}));
    Tensor loss = sum(y * whole({1, 4, 2, 3}, 3));
    expect(grad(loss, x), constant({11, -35, 27, 29, 17, -34, 14, 18, -32, 22, 18, 22, -26, 23, 50, 55, -20, 13, -2, -7,
                     -36, -19, -24, -29}, {1, 3, 4, 2}));
    expect(grad(loss, w), constant({7, -4, 7, 3, -4, 11, 5, -17, 27, 29, 4, -32, -46, 14, -14, 0, -20, 37, 7, -4, -4, 23,
                     -28, 20, 5, -17, -17, 14, 22, -14, 1, 6, 22, 10, -32, -8}, {2, 3, 2, 3}));
  });
  entry("1d_dilated", [] {
    Tensor x = whole({2, 5, 2}, 1), w = whole({2, 2, 2}, 2), y = conv(x, w, {.padding = 1, .dilation = 2});
    expect(y, constant({22, -9, 28, -34, 13, 13, -35, 27, -15, 16, 14, -5, -25, 25, -40, 28, 33, -35, 6, -28}, {2, 5,
                     2}));
    Tensor loss = sum(y * whole({2, 5, 2}, 3));
    expect(grad(loss, x), constant({-15, 12, -23, 20, 30, -23, -5, 0, -15, 26, -11, -4, 33, -30, -2, -7, -26, 27, 4, -8},
                     {2, 5, 2}));
    expect(grad(loss, w), constant({-36, 27, -12, -41, 23, -43, -11, 29}, {2, 2, 2}));
  });
  entry("3d", [] {
    Tensor x = whole({1, 2, 2, 3, 1}, 1), w = whole({2, 2, 2, 1, 2}, 2), y = conv(x, w, {.stride = {2, 1, 1}, .padding = {1, 0, 1}});
    expect(y, constant({16, -3, -17, -23, 9, 12, -6, -5, -20, -12, -3, 12, 17, 8, -3, -8}, {1, 2, 1, 4, 2}));
    Tensor loss = sum(y * whole({1, 2, 1, 4, 2}, 3));
    expect(grad(loss, x), constant({-34, 2, 27, 27, 3, -32, 6, -3, 21, 3, 0, -36}, {1, 2, 2, 3, 1}));
    expect(grad(loss, w), constant({24, -21, -18, -30, 20, -24, -24, -24, 12, 9, 7, -29, 11, 9, 4, -31}, {2, 2, 2, 1,
                     2}));
  });
  entry("groups", [] {
    Tensor x = whole({1, 4, 4}, 1), w = whole({3, 2, 4}, 2), y = conv(x, w, {.padding = 1, .groups = 2});
    expect(y, constant({8, -32, 26, -18, 32, 10, 38, -34, 2, -21, -5, -12, 11, -1, 7, 13}, {1, 4, 4}));
    Tensor loss = sum(y * whole({1, 4, 4}, 3));
    expect(grad(loss, x), constant({17, 4, -2, 13, -48, 13, 3, -4, -38, 30, -22, 33, 21, 10, -7, 10}, {1, 4, 4}));
    expect(grad(loss, w), constant({-33, -13, 14, -13, 34, 14, 34, -33, 34, -2, -6, -2, -23, -6, -23, 34, -19, -5, -5, -5,
                     21, -5, 21, -19}, {3, 2, 4}));
  });
  entry("depthwise", [] {
    Tensor x = whole({1, 3, 3, 4}, 1), w = whole({2, 2, 1, 4}, 2), y = conv(x, w, {.stride = 2, .padding = 1, .groups = 4});
    expect(y, constant({-16, 0, 4, -15, -16, -10, 5, -15, 5, 1, 17, -2, 8, 25, 5, 3}, {1, 2, 2, 4}));
    Tensor loss = sum(y * whole({1, 2, 2, 4}, 3));
    expect(grad(loss, x), constant({-8, 0, -4, -9, -8, 0, -4, -9, 16, 0, 16, 9, -3, 5, -10, -4, -15, 4, 0, -16, 15, -1,
                     15, 8, -4, 0, -8, -6, -10, 5, -3, -12, 20, 0, 12, 12}, {1, 3, 3, 4}));
    expect(grad(loss, w), constant({-10, 5, -3, -12, 17, 5, 2, 8, 33, 1, -11, 19, -3, 36, -6, 3}, {2, 2, 1, 4}));
  });
  entry("transposed", [] {
    Tensor x = whole({1, 2, 3, 2}, 1), w = whole({3, 2, 3, 2}, 2), y = conv_transpose(x, w, {.stride = {2, 1}, .padding = {1, 0}, .output_padding = {1, 0}});
    expect(y, constant({-16, 25, -11, -18, -28, 50, 16, -24, -9, 8, 8, -14, -23, -19, 40, 45, -32, -32, -8, 64, -29, -22,
                     -12, 20, 20, -17, -10, -4, 50, -28, -14, -23, 45, 8, -4, -16, -4, 14, -23, -21, -11, 43, 42, -11,
                     -20, -20, 12, 0}, {1, 4, 4, 3}));
    Tensor loss = sum(y * whole({1, 4, 4, 3}, 3));
    expect(grad(loss, x), constant({-21, 13, -25, 13, 15, 13, -46, -3, -44, -6, 2, 24}, {1, 2, 3, 2}));
    expect(grad(loss, w), constant({13, 9, 5, 5, -3, 1, 11, 8, 3, 4, -5, -44, 8, 22, -21, -10, 5, 13, 9, 25, -20, -51, 6,
                     16, -21, -10, 5, 13, 9, 25, -20, -51, 6, 16, 32, 6}, {3, 2, 3, 2}));
  });
  entry("transposed_groups", [] {
    Tensor x = whole({1, 3, 4}, 1), w = whole({2, 1, 4}, 2), y = conv_transpose(x, w, {.stride = 2, .dilation = 2, .groups = 2});
    expect(y, constant({24, 20, 0, 0, -29, -9, 0, 0, 33, -7, 0, 0, -13, -8}, {1, 7, 2}));
    Tensor loss = sum(y * whole({1, 7, 2}, 3));
    expect(grad(loss, x), constant({18, -12, 0, -20, -15, 17, 25, -10, 18, -9, -5, 22}, {1, 3, 4}));
    expect(grad(loss, w), constant({19, -18, -5, -5, -33, 34, -25, -9}, {2, 1, 4}));
  });
  // Equal ones: the first has the gradient. NaN is the largest.
  entry("max_ties", [] {
    Tensor x = kept({1, 5, 5, 2, 7, 7, 0, 5, 3, NAN, 1, 1, 2, 2, 9, 9}, {1, 4, 4, 1}), y = max_pool(x, 2);
    expect(y, constant({7, 5, NAN, 9}, {1, 2, 2, 1}));
    expect(grad(sum(y * constant({-2, 5, 1, -3}, {1, 2, 2, 1})), x),
           constant({0, 0, 5, 0, -2, 0, 0, 0, 0, 1, 0, 0, 0, 0, -3, 0}, {1, 4, 4, 1}));
  });
  entry("max_overlapping", [] {
    Tensor x = kept({1, 5, 5, 2, 7, 7, 0, 5, 3, NAN, 1, 1, 2, 2, 9, 9}, {1, 4, 4, 1}), y = max_pool(x, 3, {.stride = 2, .padding = 1});
    expect(y, constant({7, 7, NAN, NAN}, {1, 2, 2, 1}));
    expect(grad(sum(y * constant({-2, 5, 1, -3}, {1, 2, 2, 1})), x),
           constant({0, 0, 0, 0, -2, 5, 0, 0, 0, -2, 0, 0, 0, 0, 0, 0}, {1, 4, 4, 1}));
  });
  entry("max_dilated", [] {
    Tensor x = kept({1, 5, 5, 2, 7, 7, 0, 5, 3, NAN, 1, 1, 2, 2, 9, 9}, {1, 4, 4, 1}), y = max_pool(x, 2, {.stride = 1, .dilation = 2});
    expect(y, constant({5, NAN, 9, 9}, {1, 2, 2, 1}));
    expect(grad(sum(y * constant({-2, 5, 1, -3}, {1, 2, 2, 1})), x),
           constant({0, 0, -2, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1, -3}, {1, 4, 4, 1}));
  });
  entry("max_padded", [] {
    Tensor x = whole({1, 4, 5, 2}, 1), y = max_pool(x, {3, 2}, {.stride = {2, 1}, .padding = 1});
    expect(y, constant({0, 3, 3, 3, 3, 2, 5, 5, 5, 5, 1, 4, 4, 4, 4, 4, 3, 3, 3, 5, 5, 5, 5, 5}, {1, 2, 6, 2}));
    expect(grad(sum(y * whole({1, 2, 6, 2}, 3)), x), constant({0, 2, 0, 0, 0, 0, -5, 0, 0, -2, -2, 0, 5, 0, 0, 0, 0,
                         -1, 2, 0, 2, 0, 0, -4, 0, 0, 0, 0, -7, 0, 0, 5, 0, 0, 3, 0, 0, 0, 0, 5}, {1, 4, 5, 2}));
  });
  entry("avg", [] {
    Tensor x = whole({1, 4, 5, 2}, 1), y = avg_pool(x, 2, {.stride = {2, 1}, .padding = 1});
    expect(y, constant({-1, 0.75, -1.25, -0.5, 0.25, -1.75, 1.75, -0.25, 0.5, 1.25, -0.75, 1, 1, -1, 0.75, -0.5,
                         -1.75, -0.25, -1.5, 0, 1.5, 0.25, 1.5, -0.5, -0.75, 1, -0.75, 0, 0.75, -1.25, -0.5, 0.25,
                         -1.75, 1.75, -0.5, 1.25}, {1, 3, 6, 2}));
    expect(grad(sum(y * whole({1, 3, 6, 2}, 3)), x), constant({-0.25, 0.5, 1.25, -0.75, 0, 0.75, -1.25, -0.5, 0.25,
                         -1.75, 0.5, 1.25, -0.75, 0, 0.75, -1.25, -0.5, 0.25, -1.75, 1.75, 0.5, 1.25, -0.75, 0,
                         0.75, -1.25, -0.5, 0.25, -1.75, 1.75, 1.25, -0.75, 0, 0.75, -1.25, -0.5, 0.25, -1.75, 1.75,
                         -0.25}, {1, 4, 5, 2}));
  });
}
