// A state space model: linear recurrences with a state of their own for each channel, whose rates depend on the input
// (selective: Gu, Dao 2023, arXiv:2312.00752), between gates. It predicts the next number of a sequence.
//   sinterc examples/zoo/state_space.cpp -o ssm && ./ssm train --input x=sequences.npy --out run
#include <sinter/sinter.h>

using namespace sinter;

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  return matmul(x, parameter(name + ".weight", {x.dim(-1), width}, xavier_uniform()));
}

/// x: [batch, steps, width]; `size` numbers of state for each channel.
static Tensor mix(Tensor x, int64_t size) {
  const int64_t batch = x.dim(0), width = x.dim(2);
  auto by_step = [&](Tensor t) { return transpose(t, {1, 0, 2}); };
  Tensor rates = -exp(parameter("log_rates", {width, size}, zeros()));
  Tensor pace = softplus(linear(x, "pace", width) + parameter("pace.bias", {width}, filled(-1)));
  Tensor in = linear(x, "in", size), out = linear(x, "out", size); // what enters a state, and what is read of it
  auto step = [&](auto state, auto now) -> ScanStep {
    Tensor dt = reshape(now[1], {batch, width, 1});
    Tensor enters = reshape(now[0] * now[1], {batch, width, 1}) * reshape(now[2], {batch, 1, size});
    Tensor next = exp(dt * rates) * state[0] + enters;
    return {{next}, {sum(next * reshape(now[3], {batch, 1, size}), -1)}};
  };
  Tensor all =
      scan({full({batch, width, size}, 0)}, {by_step(x), by_step(pace), by_step(in), by_step(out)}, step).outputs[0];
  return by_step(all) + x * parameter("direct", {width}, ones());
}

SINTER_MODEL(state_space) {
  int batch = config("batch", 16), steps = config("steps", 32, "of a sequence"), width = config("width", 32);
  int size = config("size", 8, "numbers of state for each channel"), layers = config("layers", 2);

  entry("train", Mode::Training, [&] {
    Tensor numbers = input("x", {batch, steps + 1});
    Tensor now = slice(numbers, 1, 0, steps), next = slice(numbers, 1, 1, steps + 1);
    Tensor x = linear(reshape(now, {batch, steps, 1}), "embed", width);
    for (int i = 0; i < layers; ++i) {
      Scope scope("layers." + std::to_string(i));
      Tensor y = rms_norm(x);
      x += linear(mix(silu(linear(y, "value", width)), size) * silu(linear(y, "gate", width)), "project", width);
    }
    Tensor loss = mean(square(reshape(linear(rms_norm(x), "head", 1), {batch, steps}) - next));
    output("loss", loss);
    output("grad_norm", minimize(loss, Adam{.lr = 3e-3, .grad_clip = 1}));
  });
}
