// A classifier of 28 x 28 images (Fashion-MNIST): three dense layers, trained with momentum. It spells out its entries,
// which a language model gets from `language_model`.
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

// [B, in] -> [B, out], He initialisation: normal(sqrt(2 / in))
Tensor linear(const std::string &name, Tensor x, int64_t out) {
  Scope scope(name);
  int64_t in = x.dim(-1);
  Tensor weight = parameter("weight", {in, out}, normal(std::sqrt(2.0 / double(in))));
  Tensor bias = parameter("bias", {out}, zeros());
  return matmul(x, weight) + bias;
}

// [B, 28, 28] -> [B, 10]
Tensor classify(Tensor images, int hidden) {
  Tensor x = reshape(images, {images.dim(0), -1});
  x = relu(linear("layer1", x, hidden));
  x = relu(linear("layer2", x, hidden / 2));
  return linear("layer3", x, 10);
}

} // namespace

SINTER_MODEL(mlp) {
  int batch = config("batch", 64, "images per training step");
  int hidden = config("hidden", 256, "units of the first layer");

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, 28, 28}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(classify(images, hidden), labels));
    output("loss", loss);
    output("grad_norm", minimize(loss, Momentum{.lr = 0.05, .weight_decay = 1e-4}));
  });

  entry("eval", [&] {
    Tensor images = input("images", {batch, 28, 28}), labels = input("labels", {batch}, i32);
    Tensor logits = classify(images, hidden);
    output("loss", mean(cross_entropy(logits, labels)));
    output("correct", sum(cast(argmax(logits) == labels, f32)));
    output("logits", logits);
  });
}
