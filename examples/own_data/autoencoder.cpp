// Images through a narrow middle and back: what is learnt needs no labels.
//
//     ./autoencoder train --data train-images-idx3-ubyte --steps 2000 --flip --out run
//     ./autoencoder run encode --input images=t10k-images-idx3-ubyte --checkpoint run --output code=codes.npy
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

// [B, in] -> [B, out]
Tensor linear(const std::string &name, Tensor x, int64_t out) {
  Scope scope(name);
  Tensor weight = parameter("weight", {x.dim(-1), out}, normal(std::sqrt(1.0 / double(x.dim(-1)))));
  return matmul(x, weight) + parameter("bias", {out}, zeros());
}

// [B, height, width] -> [B, code]
Tensor encode(Tensor images, int hidden, int code) {
  Tensor x = reshape(images, {images.dim(0), -1});
  return linear("code", relu(linear("encoder", x, hidden)), code);
}

// Mean squared difference of the pixels to those that come back.
Tensor difference(Tensor images, int hidden, int code) {
  Tensor x = relu(linear("decoder", encode(images, hidden, code), hidden));
  Tensor back = sigmoid(linear("pixels", x, images.dim(1) * images.dim(2)));
  return mean(square(reshape(back, images.shape()) - images));
}

} // namespace

SINTER_MODEL(autoencoder) {
  int batch = config("batch", 32, "images per training step");
  int size = config("size", 28, "height and width of an image");
  int hidden = config("hidden", 128, "units of the hidden layers");
  int code = config("code", 16, "numbers that an image is told by");

  entry("train", Mode::Training, [&] {
    Tensor loss = difference(input("images", {batch, size, size}), hidden, code);
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 2e-3, .weight_decay = 0}));
  });
  entry("eval", [&] { output("loss", difference(input("images", {batch, size, size}), hidden, code)); });
  entry("encode", [&] { output("code", encode(input("images", {1, size, size}), hidden, code)); });
}
