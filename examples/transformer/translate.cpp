// Writes a sentence in one language that says what a sentence in another one says. Its data are two texts, line n
// of the one a translation of line n of the other; token 0 fills rows up, 1 begins a target, 2 ends each sentence.
//   sinterc examples/transformer/translate.cpp --decode-batch=32 -o translate
//   ./translate tokenizer train --vocab 4000 --first-token '<pad>' --first-token '<s>' --first-token '</s>' \
//     --data en.txt --data de.txt -o tokenizer.json
//   ./translate train --source en.txt --target de.txt --tokenizer tokenizer.json --steps 20000 --keep 5 --out run
//   ./translate average run -o mean.safetensors
//   ./translate translate --source new.en.txt --checkpoint mean.safetensors --tokenizer tokenizer.json > written.txt
//   ./translate score written.txt --reference new.de.txt
#include "transformer.h"

using namespace sinter;

SINTER_MODEL(translate) {
  int batch = config("batch", 64, "pairs per step"), words = config("words", 4000, "tokens of both languages together");
  int read = config("source", 32, "tokens of a source, filled up"), written = config("target", 32, "of a translation");
  int begin = config("begin", 1, "the token in front of a translation");
  int warmup = config("warmup", 4000, "steps until the rate falls");
  double smoothing = config("smoothing", 0.1, "the share of the target's weight that all tokens get alike");
  Transformer model{.layers = config("layers", 3),
                    .heads = config("heads", 8),
                    .width = config("width", 256),
                    .hidden = config("hidden", 1024),
                    .vocabulary = words,
                    .dropout = config("dropout", 0.1),
                    .pre_norm = config("pre_norm", false)};

  // Mean over what is no filling, and how many that are; logits [batch, written, words].
  auto losses = [&](double smoothing, Tensor logits, Tensor expected) {
    Tensor each = cross_entropy(logits, expected, {.label_smoothing = smoothing, .ignore_index = model.padding});
    return sum(each) / maximum(sum(cast(expected != model.padding, f32)), 1);
  };
  // Teacher forcing: each token is predicted from those that stand before it in the target.
  auto predict = [&](Tensor source, Tensor target) {
    return model.head(model.decode(slice(target, 1, 0, written), model.encode(source), source));
  };

  entry("train", Mode::Training, [&] {
    Tensor source = input("source", {batch, read}, i32), target = input("target", {batch, written + 1}, i32);
    Tensor loss = losses(smoothing, predict(source, target), slice(target, 1, 1, written + 1));
    output("loss", loss);
    // Section 5.3: up to 1 / sqrt(width * warmup), then down with 1 / sqrt(step).
    double peak = 1 / std::sqrt(double(model.width) * warmup);
    output("grad_norm", minimize(loss, Adam{.lr = inverse_sqrt_schedule(peak, warmup), .beta2 = 0.98, .eps = 1e-9}));
  });

  entry("eval", Mode::Inference, [&] {
    Tensor source = input("source", {batch, read}, i32), target = input("target", {batch, written + 1}, i32);
    output("loss", losses(0, predict(source, target), slice(target, 1, 1, written + 1)));
  });

  // What a translation is sampled from; the compiler derives from it what reads a source once and goes on from caches.
  entry("logits", Mode::Inference, [&] {
    Tensor source = input("source", {1, read}, i32), tokens = input("tokens", {1, written}, i32);
    Tensor position = reshape(scalar_input("position", 0, i32), {1});
    Tensor x = reshape(model.decode(tokens, model.encode(source), source), {written, model.width});
    output("logits", model.head(gather(x, position)));
  });

  // How the tokens of a translation look at those of the source, for attention_map.py: [layers, heads, written, read].
  entry("attention", Mode::Inference, [&] {
    Tensor source = input("source", {1, read}, i32), tokens = input("tokens", {1, written}, i32);
    std::vector<Tensor> looks;
    model.decode(tokens, model.encode(source), source, &looks);
    output("weights", reshape(stack(looks), {model.layers, model.heads, written, read}));
  });
}
