// A classifier with batch norm and dropout: both act by the batch in `train`, and rest in `eval`, which reads the same
// parameters and the running statistics.
//   sinterc examples/zoo/batch_norm_mlp.cpp -o mlp
//   ./mlp train --input images=train-images-idx3-ubyte --input labels=train-labels-idx1-ubyte --out run
#include <sinter/sinter.h>

using namespace sinter;

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), width}, he_normal())) + parameter("bias", {width}, zeros());
}

SINTER_MODEL(batch_norm_mlp) {
  int batch = config("batch", 64, "images a step"), side = config("side", 28, "pixels of a row, and rows");
  int hidden = config("hidden", 256, "width of the hidden layers"), classes = config("classes", 10);
  double drop = config("dropout", 0.1, "probability of zeroing a hidden number");

  auto logits = [&](Tensor images) {
    Tensor x = reshape(images, {batch, -1});
    for (int i = 0; i < 2; ++i) {
      Scope scope("layer" + std::to_string(i));
      x = dropout(relu(batch_norm(linear(x, "linear", hidden), "norm")), drop);
    }
    return linear(x, "head", classes);
  };

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, side, side}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(logits(images), labels, {.label_smoothing = 0.1}));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 2e-3}));
  });

  entry("eval", [&] {
    Tensor scores = logits(input("images", {batch, side, side})), labels = input("labels", {batch}, i32);
    output("loss", mean(cross_entropy(scores, labels)));
    output("correct", sum(cast(argmax(scores) == labels, f32)));
    output("logits", scores);
  });
}
