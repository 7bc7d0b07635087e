// A long short-term memory: Hochreiter, Schmidhuber 1997, with a forget gate, written out step by step; it predicts the
// next number of a sequence. (Unrolled: compile time grows with the steps.)
//   sinterc examples/zoo/lstm.cpp -o lstm && ./lstm train --input x=sequences.npy --out run
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(lstm) {
  int batch = config("batch", 16), steps = config("steps", 12, "of a sequence"), width = config("width", 32);

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {batch, steps});
    Tensor of_input = parameter("weight_ih", {1, 4 * width}, xavier_uniform());
    Tensor of_state = parameter("weight_hh", {width, 4 * width}, orthogonal());
    Tensor bias = parameter("bias", {4 * width}, zeros()), head = parameter("head", {width, 1}, xavier_uniform());

    Tensor h = full({batch, width}, 0), c = h, loss = full({}, 0);
    for (int t = 0; t + 1 < steps; ++t) {
      Tensor now = slice(x, 1, t, t + 1), next = slice(x, 1, t + 1, t + 2);
      auto [in, forget, candidate, out] = split<4>(matmul(now, of_input) + matmul(h, of_state) + bias, -1);
      c = sigmoid(forget) * c + sigmoid(in) * tanh(candidate);
      h = sigmoid(out) * tanh(c);
      loss += mean(square(matmul(h, head) - next));
    }
    loss /= steps - 1;
    output("loss", loss);
    output("grad_norm", minimize(loss, Adam{.lr = 1e-2, .grad_clip = 1}));
  });
}
