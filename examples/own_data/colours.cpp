// A classifier of small colour images with the shapes of CIFAR: two dense layers.
//
//     ./colours train --data 'cifar-10-batches-bin/data_batch_*.bin' --flip --crop 4 --steps 5000 --out run
//     ./colours eval --data cifar-10-batches-bin/test_batch.bin --checkpoint run
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

// [B, in] -> [B, out], He initialisation
Tensor linear(const std::string &name, Tensor x, int64_t out) {
  Scope scope(name);
  Tensor weight = parameter("weight", {x.dim(-1), out}, normal(std::sqrt(2.0 / double(x.dim(-1)))));
  return matmul(x, weight) + parameter("bias", {out}, zeros());
}

// [B, 3, 32, 32] -> [B, classes]
Tensor classify(Tensor images, int hidden, int classes) {
  Tensor x = reshape(images, {images.dim(0), -1}) - 0.5;
  return linear("out", relu(linear("hidden", x, hidden)), classes);
}

} // namespace

SINTER_MODEL(colours) {
  int batch = config("batch", 64, "images per training step");
  int hidden = config("hidden", 256, "units of the hidden layer");
  int classes = config("classes", 10, "what an image may be");

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, 3, 32, 32}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(classify(images, hidden, classes), labels));
    output("loss", loss);
    output("grad_norm", minimize(loss, Momentum{.lr = 0.02, .weight_decay = 1e-4}));
  });
  entry("eval", [&] {
    Tensor images = input("images", {batch, 3, 32, 32}), labels = input("labels", {batch}, i32);
    Tensor logits = classify(images, hidden, classes);
    output("loss", mean(cross_entropy(logits, labels)));
    output("correct", sum(cast(argmax(logits) == labels, f32)));
    output("logits", logits);
  });
}
