// A code of whole bits between two layers. Rounding has no slope; the straight-through estimator (Bengio, Leonard,
// Courville 2013, arXiv:1308.3432) takes that of the probability in its place: what is rounded is the value, what
// gradients see is the number that was rounded.
//   sinterc examples/zoo/straight_through.cpp -o bits && ./bits train --input x=x.npy --out run
#include <sinter/sinter.h>

using namespace sinter;

static Tensor straight_through(Tensor value, Tensor slope_of) { return slope_of + stop_gradient(value - slope_of); }

SINTER_MODEL(straight_through) {
  int batch = config("batch", 32, "examples a step"), width = config("width", 8, "numbers of an example");
  int bits = config("bits", 6, "of a code");

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {batch, width});
    Tensor encoder = parameter("encoder", {width, bits}, xavier_uniform());
    Tensor decoder = parameter("decoder", {bits, width}, xavier_uniform()), bias = parameter("bias", {width}, zeros());

    Tensor probability = sigmoid(matmul(x, encoder));
    Tensor code = straight_through(cast(bernoulli(probability), f32), probability);
    Tensor loss = mean(square(matmul(code, decoder) + bias - x));
    output("loss", loss);
    output("code", code);
    output("grad_norm", minimize(loss, Adam{.lr = 3e-3}));
  });
}
