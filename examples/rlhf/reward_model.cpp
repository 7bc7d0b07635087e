// A reward model of texts, learnt from pairs of which one is preferred: Ouyang et al. 2022 (arXiv:2203.02155), eq. 1.
// The pairs are rows of a text, two by two; preferred is the one whose words people have rated higher (writing.h). The
// model sees bytes and knows nothing of the lexicon; ppo.cpp takes it in the lexicon's place.
//   sinterc examples/rlhf/reward_model.cpp --set lexicon=vader_lexicon.txt -o reward_model
//   ./reward_model train --data text.txt --tokenizer bytes --steps 1000 --out reward
#include "writing.h"

using namespace sinter;
using namespace policy;

SINTER_MODEL(reward_model) {
  Config c;
  int prompt = config("prompt", 16, "bytes whose words do not count");
  double lr = config("rate", 1e-3);
  Lexicon lexicon = read_lexicon(config("lexicon", "vader_lexicon.txt", "words and their ratings"));
  int64_t half = c.batch / 2;
  check(c.batch % 2 == 0, "batch: pairs are two rows each");

  // Of row i and row half + i: by how much the first is ahead, as people have it and as the model does. [half]
  struct Ahead {
    Tensor truly, learned;
  };
  auto ahead = [&] {
    Tensor tokens = input("tokens", {c.batch, c.context}, i32);
    auto difference = [&](Tensor r) { return slice(r, 0, 0, half) - slice(r, 0, half, 2 * half); };
    return Ahead{difference(rewards(tokens, prompt - 1, lexicon)), difference(learned_rewards(tokens, c))};
  };
  // Pairs that people would call alike do not count.
  auto mean_of_decided = [&](Tensor each, Tensor truly) {
    return sum(where(truly != 0, each, 0.0)) / maximum(sum(cast(truly != 0, f32)), 1);
  };

  entry("train", Mode::Training, [&] {
    auto [truly, learned] = ahead();
    input("targets", {c.batch, c.context}, i32);
    Tensor loss = mean_of_decided(-log_sigmoid(sign(truly) * learned), truly);
    output("loss", loss);
    output("accuracy", mean_of_decided(cast(sign(truly) * learned > 0, f32), truly));
    output("grad_norm", minimize(loss, AdamW{.lr = lr}));
  });

  entry("judge", [&] { // of held-out rows: how many pairs are decided, and how many of these the right way round
    auto [truly, learned] = ahead();
    output("decided", sum(cast(truly != 0, i32)));
    output("right", sum(cast(truly * learned > 0, i32)));
  });
}
