// A language model is trained on text, then by rewards for what it writes: the policy gradient with a baseline, and a
// penalty for leaving the model that it began as. Williams 1992 (REINFORCE); Ziegler et al. 2019 (arXiv:1909.08593),
// eq. 2, for the penalty; Ouyang et al. 2022 (arXiv:2203.02155).
//   sinterc examples/rlhf/pretrain.cpp -o pretrain
//   sinterc examples/rlhf/reinforce.cpp --set lexicon=vader_lexicon.txt -o reinforce
//   ./pretrain train --data text.txt --tokenizer bytes --steps 2000 --out base
//   ./reinforce train --data text.txt --tokenizer bytes --init base --steps 300 --out run
// Everything happens in the program: it continues prompts from the text, scores and learns in one entry, so a training
// that was killed goes on bit for bit. What it computes while it writes and when it learns are the same numbers: before
// any update a token's importance ratio is 1, exactly (output `same`).
#include "writing.h"

using namespace sinter;
using namespace policy;

SINTER_MODEL(reinforce) {
  Config c;
  int prompt = config("prompt", 16, "bytes of the text that are continued");
  double lr = config("rate", 2e-4), penalty = config("penalty", 0.2, "what a nat away from the first model costs");
  Lexicon lexicon = read_lexicon(config("lexicon", "vader_lexicon.txt", "words and their ratings"));

  entry("train", Mode::Training, [&] {
    Tensor text = input("tokens", {c.batch, c.context}, i32);
    input("targets", {c.batch, c.context}, i32);
    auto [tokens, then] = write(text, prompt, c);
    Tensor reward = rewards(tokens, prompt - 1, lexicon), advantage = stop_gradient(reward - mean(reward));

    Tensor logs = log_continuation(tokens, prompt, c), now = of_bytes(logs, tokens);
    Tensor far = mean(away(logs, first_log_continuation(tokens, prompt, c)));
    Tensor gain = mean(advantage * mean(now, 1));
    output("loss", penalty * far - gain);
    output("reward", mean(reward));
    output("kl", far); // nats a byte
    output("same", mean(cast(now == then, f32)));
    output("grad_norm", minimize(penalty * far - gain, AdamW{.lr = lr, .weight_decay = 0}));
  });

  write_entry(prompt, lexicon, c);
}
