// LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition"), with maxima in place of means
// and relu: convolution, pooling, and what follows on rows.
//   sinterc examples/zoo/lenet.cpp -o lenet
//   ./lenet train --input images=train-images-idx3-ubyte --input labels=train-labels-idx1-ubyte --out run
#include <sinter/sinter.h>

using namespace sinter;

static Tensor layer(Tensor x, const std::string &name, int64_t taps, int64_t channels) {
  Scope scope(name);
  Tensor weight = parameter("weight", {taps, taps, x.dim(-1), channels}, he_normal());
  return max_pool(relu(conv(x, weight) + parameter("bias", {channels}, zeros())), 2);
}

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), width}, he_normal())) + parameter("bias", {width}, zeros());
}

SINTER_MODEL(lenet) {
  int batch = config("batch", 64, "images a step"), side = config("side", 28, "pixels of a row, and rows");
  int width = config("width", 6, "channels of the first layer"), classes = config("classes", 10);

  auto logits = [&](Tensor images) {
    Tensor x = reshape(images, {batch, side, side, 1}); // channels come last
    x = layer(layer(x, "conv1", 5, width), "conv2", 3, 2 * width);
    return linear(relu(linear(reshape(x, {batch, -1}), "hidden", 14 * width)), "head", classes);
  };

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, side, side}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(logits(images), labels));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 2e-3}));
  });

  entry("eval", [&] {
    Tensor scores = logits(input("images", {batch, side, side})), labels = input("labels", {batch}, i32);
    output("loss", mean(cross_entropy(scores, labels)));
    output("correct", sum(cast(argmax(scores) == labels, f32)));
  });
}
