// What is made of human preferences: a reward model by Bradley and Terry's law (Ouyang et al. 2022, arXiv:2203.02155),
// and a policy that is trained without one, DPO: Rafailov et al. 2023 (arXiv:2305.18290), or IPO: Azar et al. 2023
// (arXiv:2310.12036). (examples/zoo/ppo.cpp has the third way.) The policy is a small model of the next token.
//   sinterc examples/zoo/preferences.cpp --set loss=dpo -o dpo && ./dpo train --input chosen=chosen.npy \
//     --input rejected=rejected.npy --input chosen_before=a.npy --input rejected_before=b.npy --out run
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(preferences) {
  int batch = config("batch", 8, "pairs a step"), context = config("context", 32), width = config("width", 64);
  int vocabulary = config("vocabulary", 256, "of tokens; 0 fills the end of a shorter text");
  std::string kind = config("loss", "dpo", "dpo, ipo or reward");
  check(kind == "dpo" || kind == "ipo" || kind == "reward", "loss is dpo, ipo or reward");

  // What two tokens in a row make of each position but the first.
  auto features = [&](Tensor tokens) {
    Tensor x = gather(parameter("embed", {vocabulary, width}, normal(0.1)), tokens);
    Tensor pairs = concat({slice(x, 1, 0, context - 1), slice(x, 1, 1, context)}, -1);
    return tanh(matmul(pairs, parameter("hidden", {2 * width, width}, xavier_uniform())));
  };
  // log p(text), by token: [batch].
  auto log_probability = [&](Tensor tokens) {
    Tensor x = slice(features(tokens), 1, 0, context - 2), next = slice(tokens, 1, 2, context);
    Tensor logits = matmul(x, parameter("head", {width, vocabulary}, xavier_uniform()));
    return -sum(where(next != 0, cross_entropy(logits, next), 0.0), 1);
  };
  // One number a text: that of its last token.
  auto reward = [&](Tensor tokens) {
    Tensor length = sum(cast(tokens != 0, i32), 1); // at least two
    Tensor last = take_along(features(tokens), broadcast(reshape(length - 2, {batch, 1, 1}), {batch, 1, width}), 1);
    return reshape(matmul(last, parameter("value", {width, 1}, xavier_uniform())), {batch});
  };

  entry("train", Mode::Training, [&] {
    Tensor chosen = input("chosen", {batch, context}, i32), rejected = input("rejected", {batch, context}, i32);
    Tensor loss;
    if (kind == "reward") {
      loss = -mean(log_sigmoid(reward(chosen) - reward(rejected)));
    } else {
      // How much likelier the texts have become than before the training.
      Tensor gain = log_probability(chosen) - input("chosen_before", {batch});
      Tensor margin = gain - (log_probability(rejected) - input("rejected_before", {batch}));
      Tensor beta = scalar_input("beta", 0.1);
      loss = kind == "dpo" ? -mean(log_sigmoid(beta * margin)) : mean(square(margin - 1 / (2 * beta)));
      output("accuracy", mean(cast(margin > 0, f32)));
    }
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 1e-3}));
  });

  entry("score", [&] { // before the training: what chosen_before and rejected_before are
    Tensor tokens = input("tokens", {batch, context}, i32);
    output("score", kind == "reward" ? reward(tokens) : log_probability(tokens));
  });
}
