// A denoising diffusion model: Ho, Jain, Abbeel 2020 (arXiv:2006.11239), algorithms 1 and 2, for points of a plane. A
// network learns the noise that was added; taking it off again, step by step, makes points of noise.
//   sinterc examples/zoo/diffusion.cpp -o diffusion && ./diffusion train --input x=points.npy --out run
//   ./diffusion run denoise --checkpoint run --input x=noise.npy --input t=999 ... 0
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(diffusion) {
  int batch = config("batch", 128, "points a step"), hidden = config("hidden", 64), steps = config("steps", 1000);

  // What is left of a point after each step: the products of 1 - beta, with beta on a line.
  auto left = [&] { return cumprod(1 - (1e-4 + cast(arange(steps), f32) * ((0.02 - 1e-4) / (steps - 1)))); };
  auto noise_of = [&](Tensor x, Tensor t) {
    Tensor table = sinusoidal_positions(steps, hidden);
    auto layer = [&](Tensor in, const std::string &name, int64_t width) {
      return matmul(in, parameter(name + ".weight", {in.dim(-1), width}, xavier_uniform())) +
             parameter(name + ".bias", {width}, zeros());
    };
    Tensor y = silu(layer(x, "in", hidden) + layer(gather(table, t), "time", hidden));
    return layer(silu(layer(y, "hidden", hidden)), "out", x.dim(-1));
  };

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {batch, 2}), noise = normal(x.shape());
    Tensor t = cast(uniform({batch}, 0, steps), i32);
    Tensor share = reshape(gather(left(), t), {batch, 1});
    Tensor loss = mean(square(noise_of(sqrt(share) * x + sqrt(1 - share) * noise, t) - noise));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 1e-3}));
  });

  entry("denoise", [&] {
    Tensor x = input("x", {batch, 2}), t = scalar_input("t", steps - 1, i32);
    Tensor share = gather(left(), t), before = where(t > 0, gather(left(), t - 1), 1), kept = share / before;
    Tensor mean_ = (x - (1 - kept) / sqrt(1 - share) * noise_of(x, broadcast(t, {batch}))) / sqrt(kept);
    output("x", mean_ + where(t > 0, sqrt(1 - kept), 0) * normal(x.shape()));
  });
}
