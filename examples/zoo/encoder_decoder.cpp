// A transformer that reads one sequence and writes another: Vaswani et al. 2017 (arXiv:1706.03762), with the norms in
// front. Attention is written out, and fused whatever its mask: none in the encoder, the future in the decoder,
// padding in both.
//   sinterc examples/zoo/encoder_decoder.cpp -o translate
//   ./translate train --input source=source.npy --input target=target.npy --out run
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

struct Config {
  int batch = config("batch", 32), source = config("source", 24, "tokens of what is read");
  int target = config("target", 20, "tokens of what is written, with a first one that begins it");
  int vocabulary = config("vocabulary", 256), width = config("width", 128), heads = config("heads", 4);
  int layers = config("layers", 2, "of the encoder, and of the decoder");
  int padding = 0; // the token that fills up
};

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), width}, xavier_uniform())) + parameter("bias", {width}, zeros());
}

static Tensor norm(Tensor x, const std::string &name) {
  Scope scope(name);
  return layer_norm(x, parameter("weight", {x.dim(-1)}, ones()), parameter("bias", {x.dim(-1)}, zeros()));
}

// Every query of x looks at what `mask` lets it see of y.
static Tensor attention(Tensor x, Tensor y, Tensor mask, const std::string &name, const Config &c) {
  Scope scope(name);
  auto heads = [&](Tensor z) { return transpose(reshape(z, {c.batch, z.dim(1), c.heads, -1}), {0, 2, 1, 3}); };
  Tensor q = heads(linear(x, "q", c.width)), k = heads(linear(y, "k", c.width)), v = heads(linear(y, "v", c.width));
  Tensor scores = matmul(q, transpose(k)) / std::sqrt(c.width / c.heads);
  Tensor read = matmul(softmax(where(mask, scores, -INFINITY)), v);
  return linear(reshape(transpose(read, {0, 2, 1, 3}), x.shape()), "out", c.width);
}

static Tensor feed_forward(Tensor x, const std::string &name) {
  Scope scope(name);
  return linear(relu(linear(x, "in", 4 * x.dim(-1))), "out", x.dim(-1));
}

SINTER_MODEL(encoder_decoder) {
  Config c;
  entry("train", Mode::Training, [&] {
    Tensor source = input("source", {c.batch, c.source}, i32), target = input("target", {c.batch, c.target}, i32);
    Tensor written = slice(target, 1, 0, -1), expected = slice(target, 1, 1, c.target);
    const int64_t steps = c.target - 1;
    Tensor table = parameter("embedding", {c.vocabulary, c.width}, normal(1 / std::sqrt(c.width)));
    auto embed = [&](Tensor tokens) {
      return gather(table, tokens) * std::sqrt(c.width) + sinusoidal_positions(tokens.dim(1), c.width);
    };
    Tensor is_word = reshape(source != c.padding, {c.batch, 1, 1, c.source}); // of every head and query
    Tensor is_past = iota({steps, steps}, 1) <= iota({steps, steps}, 0);

    Tensor x = embed(source);
    for (int i = 0; i < c.layers; ++i) {
      Scope scope("encoder." + std::to_string(i));
      Tensor y = norm(x, "norm1");
      x += attention(y, y, is_word, "self", c);
      x += feed_forward(norm(x, "norm2"), "mlp");
    }
    Tensor read = norm(x, "encoder.norm");
    x = embed(written);
    for (int i = 0; i < c.layers; ++i) {
      Scope scope("decoder." + std::to_string(i));
      Tensor y = norm(x, "norm1");
      x += attention(y, y, is_past, "self", c);
      x += attention(norm(x, "norm2"), read, is_word, "cross", c);
      x += feed_forward(norm(x, "norm3"), "mlp");
    }
    Tensor logits = matmul(norm(x, "decoder.norm"), transpose(table)); // the head shares the table
    Tensor losses = cross_entropy(logits, expected, {.label_smoothing = 0.1, .ignore_index = c.padding});
    Tensor loss = sum(losses) / maximum(sum(cast(expected != c.padding, f32)), 1);
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 5e-4, .beta2 = 0.98}));
  });
}
