// A language model learns from pairs of texts, of which one is preferred, without a reward model: Rafailov et al. 2023
// (arXiv:2305.18290), eq. 7, -log sigmoid(beta (g_chosen - g_rejected)), where g is how much likelier a text has become
// than it was for the model that the training began with. That model's parameters are kept, and stay as they are.
//   sinterc examples/rlhf/dpo.cpp -o dpo
//   ./dpo train --input chosen=chosen.npy --input rejected=rejected.npy --init base --steps 400 --out run
// Rows are texts of bytes, 0 behind their end; the first `prompt` bytes of a pair's two are the same, and count for
// nothing. data/verses.py makes such pairs.
#include "policy.h"

using namespace sinter;
using namespace policy;

SINTER_MODEL(dpo) {
  Config c;
  int prompt = config("prompt", 4, "bytes that a pair begins with");
  double lr = config("rate", 3e-4), beta = config("beta", 0.1, "how soon a margin counts as learnt");
  int64_t B = c.batch, T = c.context;

  // [B]: the implied reward of the chosen text, less that of the rejected one.
  auto margin = [&] {
    Tensor tokens = concat({input("chosen", {B, T}, i32), input("rejected", {B, T}, i32)}, 0);
    Tensor gains = of_bytes(log_continuation(tokens, prompt, c), tokens);
    {
      Reference reference;
      gains = gains - of_bytes(log_continuation(tokens, prompt, c), tokens);
    }
    Tensor gain = sum(where(slice(tokens, 1, prompt, T) != 0, gains, 0.0), 1);
    return beta * (slice(gain, 0, 0, B) - slice(gain, 0, B, 2 * B));
  };

  entry("train", Mode::Training, [&] {
    Tensor ahead = margin(), loss = -mean(log_sigmoid(ahead));
    output("loss", loss);
    output("margin", mean(ahead));
    output("accuracy", mean(cast(ahead > 0, f32)));
    output("grad_norm", minimize(loss, AdamW{.lr = lr, .weight_decay = 0}));
  });

  entry("eval", [&] {
    Tensor ahead = margin();
    output("loss", -mean(log_sigmoid(ahead)));
    output("correct", sum(cast(ahead > 0, i32)));
  });

  entry("margins", [&] { output("margins", margin()); });
}
