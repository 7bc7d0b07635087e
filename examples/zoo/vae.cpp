// A variational autoencoder: Kingma, Welling 2014 (arXiv:1312.6114), with a normal latent code and Bernoulli pixels.
//   sinterc examples/zoo/vae.cpp -o vae && ./vae train --input images=train-images-idx3-ubyte --out run
//   ./vae run generate --checkpoint run --seed 3 --output images=new.npy
#include <sinter/sinter.h>

using namespace sinter;

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), width}, xavier_uniform())) + parameter("bias", {width}, zeros());
}

static Tensor decode(Tensor code, int hidden, int pixels) {
  return linear(tanh(linear(code, "decoder.in", hidden)), "decoder.out", pixels);
}

SINTER_MODEL(vae) {
  int batch = config("batch", 64, "images a step"), side = config("side", 28, "pixels of a row, and rows");
  int hidden = config("hidden", 256, "width of both hidden layers"), latent = config("latent", 16, "numbers of a code");

  entry("train", Mode::Training, [&] {
    Tensor images = reshape(input("images", {batch, side, side}), {batch, -1});
    Tensor features = tanh(linear(images, "encoder.in", hidden));
    auto [mean_, log_variance] = split<2>(linear(features, "encoder.out", 2 * latent), -1);

    // The draw is a function of the code's mean and deviation, so gradients flow into both.
    Tensor code = mean_ + exp(0.5 * log_variance) * normal(mean_.shape());
    Tensor pixels = bce_with_logits(decode(code, hidden, side * side), images);
    Tensor divergence = 0.5 * (square(mean_) + exp(log_variance) - 1 - log_variance);
    Tensor reconstruction = sum(pixels) / batch, prior = sum(divergence) / batch;
    output("loss", reconstruction + prior);
    output("reconstruction", reconstruction);
    output("prior", prior);
    output("grad_norm", minimize(reconstruction + prior, Adam{.lr = 1e-3}));
  });

  entry("generate", [&] {
    output("images", reshape(sigmoid(decode(normal({batch, latent}), hidden, side * side)), {batch, side, side}));
  });
}
