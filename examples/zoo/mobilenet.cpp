// MobileNetV2's inverted residuals (Sandler et al. 2018, arXiv:1801.04381, figure 4): a pointwise convolution that
// widens, one of each channel on its own (groups), and a pointwise one that narrows again.
//   sinterc examples/zoo/mobilenet.cpp -o mobilenet
//   ./mobilenet train --input images='data_batch_*.bin' --input labels='data_batch_*.bin' --out run
#include <sinter/sinter.h>

using namespace sinter;

static Tensor normed(Tensor x, const std::string &name, int64_t taps, int64_t channels, const Conv &options) {
  Tensor weight = parameter(name + ".weight", {taps, taps, x.dim(-1) / options.groups, channels}, he_normal());
  return batch_norm(conv(x, weight, options), name + ".norm", {.axis = -1});
}

static Tensor relu6(Tensor x) { return clamp(x, 0, 6); }

static Tensor block(Tensor x, const std::string &name, int64_t channels, int64_t stride, int64_t expansion) {
  Scope scope(name);
  int64_t wide = x.dim(-1) * expansion;
  Tensor y = relu6(normed(x, "widen", 1, wide, {}));
  y = relu6(normed(y, "depthwise", 3, wide, {.stride = stride, .padding = 1, .groups = wide}));
  y = normed(y, "narrow", 1, channels, {});
  return stride == 1 && x.dim(-1) == channels ? x + y : y;
}

SINTER_MODEL(mobilenet) {
  int batch = config("batch", 64, "images a step"), side = config("side", 32, "pixels of a row, and rows");
  int width = config("width", 16, "channels of the first blocks"), expansion = config("expansion", 6);
  int classes = config("classes", 10);

  auto logits = [&](Tensor images) {
    Tensor x = transpose(images, {0, 2, 3, 1}); // channels come last
    x = relu6(normed(x, "stem", 3, width, {.padding = 1}));
    x = block(x, "block1", width, 1, expansion);
    x = block(x, "block2", 2 * width, 2, expansion);
    x = block(x, "block3", 2 * width, 1, expansion);
    x = mean(x, {1, 2}); // of all positions
    return matmul(x, parameter("head.weight", {x.dim(-1), classes}, he_normal())) +
           parameter("head.bias", {classes}, zeros());
  };

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, 3, side, side}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(logits(images), labels));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 2e-3}));
  });

  entry("eval", [&] {
    Tensor scores = logits(input("images", {batch, 3, side, side})), labels = input("labels", {batch}, i32);
    output("loss", mean(cross_entropy(scores, labels)));
    output("correct", sum(cast(argmax(scores) == labels, f32)));
  });
}
