// ResNet-18 for images of 32 x 32 (He et al. 2016, arXiv:1512.03385, section 4.2, with the blocks of ImageNet's):
// batch norm, residual blocks, strides, and a shortcut where the width changes.
//   sinterc examples/zoo/resnet.cpp -o resnet
//   ./resnet train --input images='data_batch_*.bin' --input labels='data_batch_*.bin' --out run --flip --crop 4
#include <sinter/sinter.h>

using namespace sinter;

/// Images of CIFAR come as [channels, rows, columns]; channels last is what convolutions take.
static Tensor channelsLast(Tensor images) { return transpose(images, {0, 2, 3, 1}); }

static Tensor convolution(Tensor x, const std::string &name, int64_t taps, int64_t channels, int64_t stride = 1) {
  Tensor weight = parameter(name + ".weight", {taps, taps, x.dim(-1), channels}, he_normal());
  Tensor y = conv(x, weight, {.stride = stride, .padding = (taps - 1) / 2});
  return batch_norm(y, name + ".norm", {.axis = -1});
}

static Tensor block(Tensor x, const std::string &name, int64_t channels, int64_t stride) {
  Scope scope(name);
  Tensor y = relu(convolution(x, "conv1", 3, channels, stride));
  y = convolution(y, "conv2", 3, channels);
  if (stride != 1 || x.dim(-1) != channels)
    x = convolution(x, "shortcut", 1, channels, stride);
  return relu(x + y);
}

SINTER_MODEL(resnet) {
  int batch = config("batch", 64, "images a step"), side = config("side", 32, "pixels of a row, and rows");
  int width = config("width", 64, "channels of the first stage, which double three times");
  int blocks = config("blocks", 2, "of a stage: 2 make ResNet-18"), classes = config("classes", 10);
  int stages = config("stages", 4);

  auto logits = [&](Tensor images) {
    Tensor x = relu(convolution(channelsLast(images), "stem", 3, width));
    for (int stage = 0; stage < stages; ++stage)
      for (int i = 0; i < blocks; ++i)
        x = block(x, "layer" + std::to_string(stage + 1) + "." + std::to_string(i), width << stage,
                  stage > 0 && i == 0 ? 2 : 1);
    x = mean(x, {1, 2}); // of all positions
    return matmul(x, parameter("head.weight", {x.dim(-1), classes}, he_normal())) +
           parameter("head.bias", {classes}, zeros());
  };

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, 3, side, side}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(logits(images), labels));
    output("loss", loss);
    output("grad_norm", minimize(loss, Momentum{.lr = 0.05}));
  });

  entry("eval", [&] {
    Tensor scores = logits(input("images", {batch, 3, side, side})), labels = input("labels", {batch}, i32);
    output("loss", mean(cross_entropy(scores, labels)));
    output("correct", sum(cast(argmax(scores) == labels, f32)));
  });
}
