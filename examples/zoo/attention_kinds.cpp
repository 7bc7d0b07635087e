// Eight kinds of attention, a layer each, over sequences of vectors. All but the last are fused: scores, whatever is
// made of them, and the products around them are one kernel, forwards and backwards.
//   sinterc examples/zoo/attention_kinds.cpp -o kinds && ./kinds train --input x=x.npy --input y=y.npy --out run
#include <cmath>
#include <functional>
#include <sinter/sinter.h>

using namespace sinter;

struct Config {
  int batch = config("batch", 8), context = config("context", 64), width = config("width", 32);
  int heads = config("heads", 4), window = config("window", 16), memory = config("memory", 8, "vectors to look at");
  int size() const { return width / heads; }
};

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  return matmul(x, parameter(name + ".weight", {x.dim(-1), width}, xavier_uniform()));
}

/// [batch, context, heads * size] as [batch, heads, context, size], and back.
static Tensor heads(Tensor x, int64_t count) {
  return transpose(reshape(x, {x.dim(0), x.dim(1), count, x.dim(-1) / count}), {0, 2, 1, 3});
}
static Tensor joined(Tensor x) { return reshape(transpose(x, {0, 2, 1, 3}), {x.dim(0), x.dim(2), -1}); }

/// What is made of the scores [batch, heads, queries, keys] before the softmax.
using OfScores = std::function<Tensor(Tensor)>;

static Tensor attend(Tensor q, Tensor k, Tensor v, const OfScores &of) {
  return joined(matmul(softmax(of(matmul(q, transpose(k)) / std::sqrt(q.dim(-1)))), v));
}

SINTER_MODEL(attention_kinds) {
  Config c;
  check(c.width % c.heads == 0, "width must be a multiple of heads");

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {c.batch, c.context, c.width}), y = input("y", {c.batch, c.context, c.width});
    // Query and key that a score belongs to.
    Tensor query = iota({c.context, c.context}, 0), key = iota({c.context, c.context}, 1), past = key <= query;
    auto layer = [&](const std::string &name, const std::function<Tensor(Tensor)> &mix) {
      Scope scope(name);
      x += linear(mix(layer_norm(x)), "out", c.width);
    };
    auto with_scores = [&](const OfScores &of) {
      return [&, of](Tensor z) {
        return attend(heads(linear(z, "q", c.width), c.heads), heads(linear(z, "k", c.width), c.heads),
                      heads(linear(z, "v", c.width), c.heads), of);
      };
    };

    layer("causal", with_scores([&](Tensor s) { return where(past, s, -INFINITY); }));
    layer("window", with_scores([&](Tensor s) { return where(past && query - key < c.window, s, -INFINITY); }));
    // Press et al. 2021 (arXiv:2108.12409): scores fall with the distance, for each head at its own rate.
    layer("alibi", with_scores([&](Tensor s) {
            Tensor rates = pow(2, cast(iota({c.heads, 1, 1}, 0) + 1, f32) * (-8.0 / c.heads));
            return where(past, s - rates * cast(query - key, f32), -INFINITY);
          }));
    // As in Gemma 2 (arXiv:2408.00118).
    layer("soft_cap", with_scores([&](Tensor s) { return where(past, tanh(s / 20) * 20, -INFINITY); }));
    // Raffel et al. 2019 (arXiv:1910.10683): a learned number for each head and distance, near ones to both sides.
    layer("relative", with_scores([&](Tensor s) {
            Tensor table = parameter("table", {2 * c.window + 1, c.heads}, normal(0.1));
            Tensor distance = clamp(key - query, -c.window, c.window) + c.window;
            return s + transpose(gather(table, distance), {2, 0, 1});
          }));
    // Shazeer 2019 (arXiv:1911.02150): all heads of queries share one of keys and values.
    layer("multi_query", [&](Tensor z) {
      Tensor q = heads(linear(z, "q", c.width), c.heads);
      auto shared = [&](const char *name) {
        return broadcast(reshape(linear(z, name, c.size()), {c.batch, 1, c.context, c.size()}), q.shape());
      };
      return attend(q, shared("k"), shared("v"), [&](Tensor s) { return where(past, s, -INFINITY); });
    });
    // Jaegle et al. 2021 (arXiv:2103.03206): a few learned vectors read all positions, which then read these.
    layer("latent", [&](Tensor z) {
      Tensor latents = broadcast(parameter("latents", {c.memory, c.width}, normal(1)), {c.batch, c.memory, c.width});
      auto cross = [&](Tensor to, Tensor from, const std::string &name) {
        Scope scope(name);
        return attend(heads(linear(to, "q", c.width), c.heads), heads(linear(from, "k", c.width), c.heads),
                      heads(linear(from, "v", c.width), c.heads), [](Tensor s) { return s; });
      };
      return cross(z, cross(latents, z, "read"), "write");
    });
    // Katharopoulos et al. 2020 (arXiv:2006.16236): without a softmax, sums over keys of features times values.
    layer("linear", [&](Tensor z) {
      auto features = [](Tensor t) { return where(t > 0, t + 1, exp(minimum(t, 0))); }; // elu + 1
      Tensor q = features(heads(linear(z, "q", c.width), c.heads)), v = heads(linear(z, "v", c.width), c.heads);
      Tensor k = features(heads(linear(z, "k", c.width), c.heads));
      Tensor weight = matmul(q, reshape(sum(k, 2), {c.batch, c.heads, c.size(), 1}));
      return joined(matmul(q, matmul(transpose(k), v)) / weight);
    });

    Tensor loss = mean(square(x - y));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 1e-3}));
  });
}
