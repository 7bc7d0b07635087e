// As reinforce.cpp, by proximal policy optimisation: Schulman et al. 2017 (arXiv:1707.06347), eq. 7, on texts as
// Ziegler et al. 2019 (arXiv:1909.08593) and Ouyang et al. 2022 (arXiv:2203.02155) have it. A byte's reward is what it
// costs to leave the first model there, -penalty (log p - log p_first); the last one's also what the text is worth. A
// head of the model says what is still to come, and advantages are generalised estimates (arXiv:1506.02438, eq. 16).
//   sinterc examples/rlhf/ppo.cpp --set lexicon=vader_lexicon.txt -o ppo
//   ./ppo train --data text.txt --tokenizer bytes --init base --new 'value.*' --steps 400 --out run
// With `--set learned=true`, texts are worth what a model says that has learnt it (reward_model.cpp): --init base
// --init reward. Its scale is arbitrary: the first batch, which is what the first model writes, is given mean 0 and
// deviation 1, as Ziegler et al. have it (section 2; they take more texts), and later ones the same scale. The entry
// `write` has the lexicon's word all the same. Each batch of texts is written once and learnt from `epochs` times, in
// `parts` steps each. The batch is state, so a training that was killed between two of them goes on bit for bit. What
// is computed while the texts are written and when they are learnt from are the same numbers: in a batch's first step
// every ratio is 1, exactly; if one is not, the loss is no number, at which a training ends.
#include "writing.h"

using namespace sinter;
using namespace policy;

// sum over l of lambda^l (r + V' - V), l places further, for rewards and values [B, n]; behind the last one nothing is
// to come, and nothing is discounted.
static Tensor advantages_of(Tensor rewards, Tensor values, double lambda) {
  int64_t B = values.dim(0), n = values.dim(1);
  Tensor surprise = rewards + pad(slice(values, 1, 1, n), 1, 0, 1) - values;
  auto add = [&](auto after, auto now) -> ScanStep {
    Tensor all = now[0] + lambda * after[0];
    return {{all}, {all}};
  };
  return transpose(scan({full({B}, 0)}, {transpose(surprise)}, add, Direction::Backward).outputs[0]);
}

SINTER_MODEL(ppo) {
  Config c;
  int prompt = config("prompt", 16, "bytes of the text that are continued");
  int epochs = config("epochs", 4, "times that each batch of texts is learnt from");
  int parts = config("parts", 1, "steps that share the texts of a batch each time");
  double lr = config("rate", 1e-4), penalty = config("penalty", 0.2, "what a nat away from the first model costs");
  double clip = config("clip", 0.2, "how far the ratio of probabilities may move");
  double lambda = config("lambda", 0.95, "of later surprises");
  double share = config("value", 0.02, "of the value's loss in the loss");
  bool learned = config("learned", false, "rewards are those of reward_model.cpp");
  Lexicon lexicon = read_lexicon(config("lexicon", "vader_lexicon.txt", "words and their ratings"));
  int64_t B = c.batch, T = c.context, P = prompt, n = T - P;
  check(parts >= 1 && B % parts == 0,
        "parts=" + std::to_string(parts) + " does not divide a batch of " + std::to_string(B) + " texts");

  entry("train", Mode::Training, [&] {
    Tensor text = input("tokens", {B, T}, i32);
    input("targets", {B, T}, i32);
    auto value = [&](Tensor hidden) { // what is still to come at each place, [B, n]
      Scope scope("value");
      Tensor each = matmul(hidden, parameter("weight", {c.width, 1}, zeros())) + parameter("bias", {1}, zeros());
      return reshape(each, {hidden.dim(0), n});
    };
    Tensor step = cast(training_step(), i32) - 1;
    // What texts are worth; and of a model that has learnt it, the mean and the deviation of the first batch's.
    auto worth_of = [&](Tensor tokens, Tensor middle, Tensor deviation) -> std::vector<Tensor> {
      if (!learned)
        return {rewards(tokens, P - 1, lexicon), middle, deviation};
      Tensor said = learned_rewards(tokens, c);
      middle = where(step == 0, mean(said), middle);
      deviation = where(step == 0, maximum(sqrt(var(said)), 1e-6), deviation);
      return {(said - middle) / deviation, middle, deviation};
    };

    // The batch: texts, log p of their bytes when they were written, advantages, values to learn; and four numbers.
    std::vector<Tensor> batch = {state("batch.tokens", {B, T}, zeros(), i32),
                                 state("batch.log_probabilities", {B, n}),
                                 state("batch.advantages", {B, n}),
                                 state("batch.returns", {B, n}),
                                 state("batch.reward", {}),
                                 state("batch.kl", {}),
                                 state("batch.middle", {}),
                                 state("batch.deviation", {}, ones())};
    auto new_batch = [&](auto last, Tensor) -> std::vector<Tensor> {
      auto [tokens, then] = write(text, P, c);
      Tensor hidden = before_bytes(tokens, P, c), logs = log_softmax(head(hidden, c));
      Tensor first = first_log_continuation(tokens, P, c);
      auto worth = worth_of(tokens, last[6], last[7]);
      Tensor each = penalty * (of_bytes(first, tokens) - then);
      each = each + where(iota({B, n}, 1) == n - 1, reshape(worth[0], {B, 1}), 0.0);
      Tensor values = value(hidden), advantages = advantages_of(each, values, lambda), returns = advantages + values;
      advantages = (advantages - mean(advantages)) / (sqrt(var(advantages)) + 1e-8);
      return {tokens, then, advantages, returns, mean(worth[0]), mean(away(logs, first)), worth[1], worth[2]};
    };
    Tensor is_new = remainder(step, epochs * parts) == 0;
    std::vector<Tensor> next = repeat(cast(is_new, i32), batch, new_batch, 1);
    for (size_t i = 0; i < next.size(); ++i) {
      next[i] = stop_gradient(next[i]);
      assign(batch[i], next[i]);
    }

    auto part = [&](Tensor all) {
      return parts == 1 ? all : slice_at(all, 0, remainder(step, parts) * int(B / parts), B / parts);
    };
    Tensor tokens = part(next[0]), advantages = part(next[2]), hidden = before_bytes(tokens, P, c);
    Tensor ratio = exp(of_bytes(log_softmax(head(hidden, c)), tokens) - part(next[1]));
    Tensor bounded = clamp(ratio, 1 - clip, 1 + clip);
    Tensor gain = mean(minimum(ratio * advantages, bounded * advantages));
    Tensor surprise = mean(square(value(hidden) - part(next[3])));
    Tensor loss = where(is_new && any(ratio != 1), NAN, share * surprise - gain);
    output("loss", loss);
    output("reward", next[4]);
    output("kl", next[5]); // nats a byte
    output("lowest_ratio", min(ratio));
    output("highest_ratio", max(ratio));
    output("clipped", mean(cast(ratio != bounded, f32)));
    output("surprise", surprise);
    AdamW rule{.lr = lr, .weight_decay = 0};
    if (learned)
      rule.groups = {{.of = named("reward.*"), .frozen = true}};
    output("grad_norm", minimize(loss, rule));
  });

  write_entry(prompt, lexicon, c);
}
