// The first task of any transformer: to write what it reads. Sequences are drawn in the program, new ones in each step;
// `check` writes 1,000 fresh ones word by word and counts those that are right from the first to the last.
//   sinterc examples/transformer/copy.cpp -o copy
//   ./copy train --steps 1000 --out run && ./copy run check --checkpoint run
#include "transformer.h"

using namespace sinter;

SINTER_MODEL(copy) {
  int batch = config("batch", 64, "sequences per step"), length = config("length", 10, "words of a sequence");
  int words = config("words", 10, "different ones"), fresh = config("fresh", 1000, "sequences that `check` writes");
  int warmup = config("warmup", 200, "steps until the rate falls");
  Transformer model{.layers = config("layers", 2),
                    .heads = config("heads", 4),
                    .width = config("width", 64),
                    .hidden = config("hidden", 128),
                    .vocabulary = words + 2,
                    .dropout = config("dropout", 0.0),
                    .pre_norm = config("pre_norm", false)};
  int begin = 1; // stands in front of what is written; words are 2 and more, 0 would fill up

  auto draw = [&](int64_t count) { return cast(uniform({count, length}, 2, words + 2), i32); };
  auto begun = [&](Tensor written) {
    return concat({full({written.dim(0), 1}, begin, i32), slice(written, 1, 0, length - 1)}, 1);
  };

  entry("train", Mode::Training, [&] {
    Tensor source = draw(batch);
    Tensor logits = model.head(model.decode(begun(source), model.encode(source), source));
    Tensor loss = mean(cross_entropy(logits, source));
    output("loss", loss);
    // Section 5.3 of the paper: the rate rises linearly to 1 / sqrt(width * warmup), then falls with 1 / sqrt(step).
    double peak = 1 / std::sqrt(double(model.width) * warmup);
    output("grad_norm", minimize(loss, Adam{.lr = inverse_sqrt_schedule(peak, warmup), .beta2 = 0.98, .eps = 1e-9}));
  });

  entry("check", Mode::Inference, [&] {
    Tensor source = draw(fresh), read = model.encode(source);
    // Word by word: what is right up to some word stays, since no position looks ahead, and the next one comes to it.
    Tensor written = repeat(length, {full({fresh, length}, 0, i32)}, [&](auto carry, Tensor) -> std::vector<Tensor> {
      return {argmax(model.head(model.decode(begun(carry[0]), read, source)), -1)};
    })[0];
    output("right", sum(cast(all(written == source, 1), f32)));
    output("of", full({}, fresh));
  });
}
