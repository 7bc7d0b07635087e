// A long short-term memory: Hochreiter, Schmidhuber 1997, with a forget gate; it predicts the next number of a
// sequence. The steps are a scan: one body is compiled, whatever their number.
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

    Tensor by_step = reshape(transpose(x), {steps, batch, 1}), zero = full({batch, width}, 0);
    Tensor now = slice(by_step, 0, 0, steps - 1), next = slice(by_step, 0, 1, steps);
    auto [last, hidden] = scan({zero, zero}, {now}, [&](auto state, auto part) -> ScanStep {
      auto [in, forget, candidate, out] = split<4>(matmul(part[0], of_input) + matmul(state[0], of_state) + bias, -1);
      Tensor c = sigmoid(forget) * state[1] + sigmoid(in) * tanh(candidate);
      Tensor h = sigmoid(out) * tanh(c);
      return {{h, c}, {h}};
    });
    Tensor loss = mean(square(matmul(hidden[0], head) - next));
    output("loss", loss);
    output("grad_norm", minimize(loss, Adam{.lr = 1e-2, .grad_clip = 1}));
  });
}
