// One sequence from another, as in translation: each position of the target asks all of the source by attention, with
// the target's tokens before it given. The data are three arrays of one archive:
//
//     ./sequences train --data pairs.npz --steps 2000 --out run      # source, target_in, target_out
//
// target_in is target_out moved right by one, behind a token that begins all; places of target_out that are no token
// (-1) do not count.
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

// Tokens and where they stand: [B, T] -> [B, T, width]
Tensor embed(const std::string &name, Tensor tokens, int vocabulary, int width) {
  Scope scope(name);
  Tensor token = parameter("token", {vocabulary, width}, normal(0.1));
  Tensor position = parameter("position", {tokens.dim(1), width}, normal(0.1));
  return gather(token, tokens) + position;
}

Tensor project(const std::string &name, Tensor x, int64_t out) {
  return matmul(x, parameter(name, {x.dim(-1), out}, normal(std::sqrt(1.0 / double(x.dim(-1))))));
}

// -> [B, T, vocabulary]
Tensor translate(Tensor source, Tensor target, int vocabulary, int width) {
  Tensor from = embed("source", source, vocabulary, width), to = embed("target", target, vocabulary, width);
  Tensor scores = matmul(project("query", to, width), transpose(project("key", from, width)));
  Tensor found = matmul(softmax(scores / std::sqrt(double(width))), project("value", from, width));
  return project("head", rms_norm(to + found), vocabulary);
}

} // namespace

SINTER_MODEL(sequences) {
  int batch = config("batch", 16, "pairs per training step");
  int from = config("from", 8, "tokens of a source");
  int to = config("to", 8, "tokens of a target");
  int vocabulary = config("vocabulary", 12, "different tokens");
  int width = config("width", 32, "numbers that a token is told by");

  entry("train", Mode::Training, [&] {
    Tensor logits =
        translate(input("source", {batch, from}, i32), input("target_in", {batch, to}, i32), vocabulary, width);
    Tensor loss = mean(cross_entropy(logits, input("target_out", {batch, to}, i32)));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 3e-3}));
  });
  entry("eval", [&] {
    Tensor logits =
        translate(input("source", {batch, from}, i32), input("target_in", {batch, to}, i32), vocabulary, width);
    output("loss", mean(cross_entropy(logits, input("target_out", {batch, to}, i32))));
  });
  // The most probable token of each place, with those before it as given.
  entry("next", [&] {
    Tensor logits = translate(input("source", {1, from}, i32), input("target_in", {1, to}, i32), vocabulary, width);
    output("tokens", argmax(logits));
  });
}
