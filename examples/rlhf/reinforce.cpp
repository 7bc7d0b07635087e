// A language model is trained on text, then by rewards for what it writes: the policy gradient with a baseline, and a
// penalty for leaving the model that it began as. Williams 1992 (REINFORCE); Ziegler et al. 2019 (arXiv:1909.08593),
// eq. 2, for the penalty; Ouyang et al. 2022 (arXiv:2203.02155). A text's reward is what people said of its words: the
// sum of the ratings, -4 to 4, that the VADER lexicon has for them (Hutto, Gilbert 2014).
//   sinterc examples/rlhf/pretrain.cpp -o pretrain
//   sinterc examples/rlhf/reinforce.cpp --set lexicon=vader_lexicon.txt -o reinforce
//   ./pretrain train --data text.txt --tokenizer bytes --steps 2000 --out base
//   ./reinforce train --data text.txt --tokenizer bytes --init base --steps 200 --out run
// Everything happens in the program: it continues prompts from the text, scores and learns in one entry, so a training
// that was killed goes on bit for bit. What it computes while it writes and when it learns are the same numbers: before
// any update a token's importance ratio is 1, exactly (output `same`).
#include "policy.h"

#include <fstream>
#include <sstream>

using namespace sinter;
using namespace policy;

namespace {

// Words of the lexicon, a space on either side, as bytes [words, longest], 0 behind their end; and their ratings.
struct Lexicon {
  std::vector<double> bytes, ratings;
  int64_t words = 0, longest = 14;
};
Lexicon read_lexicon(const std::string &path) {
  Lexicon lexicon;
  std::ifstream file(path);
  check(file.good(),
        "lexicon=" + path + ": cannot be read; it is vader_lexicon.txt of the npm package vader-sentiment");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string word;
    double rating = 0;
    fields >> word >> rating;
    bool plain = word.size() >= 3 && int64_t(word.size()) + 2 <= lexicon.longest &&
                 word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
    if (!plain || std::abs(rating) < 1.5)
      continue; // what is spelled otherwise, or moves nobody
    word = " " + word + " ";
    word.resize(size_t(lexicon.longest));
    lexicon.bytes.insert(lexicon.bytes.end(), word.begin(), word.end());
    lexicon.ratings.push_back(rating);
    ++lexicon.words;
  }
  return lexicon;
}

// [B] of tokens [B, T]: the ratings of all words from byte `from` on, but for those in the last bytes of a text, where
// the longest word would find no room.
Tensor rewards(Tensor tokens, int64_t from, const Lexicon &lexicon) {
  int64_t B = tokens.dim(0), T = tokens.dim(1), places = T - lexicon.longest + 1 - from;
  Tensor lower = where(tokens >= 'A' && tokens <= 'Z', tokens + ('a' - 'A'), tokens);
  Tensor text = where(lower >= 'a' && lower <= 'z', lower, ' ');
  Tensor words = constant(lexicon.bytes, {lexicon.words, lexicon.longest}, i32);
  Tensor found = full({B, places, lexicon.words}, 1);
  for (int64_t i = 0; i < lexicon.longest; ++i) {
    Tensor there = reshape(slice(text, 1, from + i, from + i + places), {B, places, 1});
    Tensor wanted = reshape(slice(words, 1, i, i + 1), {1, 1, lexicon.words});
    found = where(there == wanted || wanted == 0, found, 0.0);
  }
  return sum(found * constant(lexicon.ratings, {1, 1, lexicon.words}), {1, 2});
}

} // namespace

SINTER_MODEL(reinforce) {
  Config c;
  int prompt = config("prompt", 16, "bytes of the text that are continued");
  double lr = config("rate", 3e-5), penalty = config("penalty", 0.05, "what a nat away from the first model costs");
  Lexicon lexicon = read_lexicon(config("lexicon", "vader_lexicon.txt", "words and their ratings"));
  int64_t B = c.batch, T = c.context, P = prompt;
  auto log_probabilities = [&](Tensor tokens) { return log_softmax(head(slice(body(tokens, c), 1, 0, T - 1), c)); };
  auto of_next = [&](Tensor logs, Tensor tokens) { // [B, T - 1] of [B, T - 1, V]
    return reshape(take_along(logs, reshape(slice(tokens, 1, 1, T), {B, T - 1, 1}), -1), {B, T - 1});
  };
  // Each row's first P bytes, continued; and the log-probability that each byte had when it was drawn.
  auto written = [&](Tensor text) {
    Tensor start = where(iota({B, T}, 1) < P, text, ' ');
    auto drawn = repeat(T - P, {start, full({B, T - 1}, 0)}, [&](auto carry, Tensor step) -> std::vector<Tensor> {
      Tensor before = step + (P - 1), logs = log_probabilities(carry[0]);
      Tensor next = categorical(reshape(slice_at(logs, 1, before, 1), {B, c.vocab}));
      Tensor tokens = where(iota({B, T}, 1) == before + 1, reshape(next, {B, 1}), carry[0]);
      return {tokens, where(iota({B, T - 1}, 1) == before, of_next(logs, tokens), carry[1])};
    });
    return std::pair(drawn[0], drawn[1]);
  };

  entry("train", Mode::Training, [&] {
    Tensor text = input("tokens", {B, T}, i32);
    input("targets", {B, T}, i32);
    auto [tokens, then] = written(text);
    Tensor reward = rewards(tokens, P - 1, lexicon), advantage = stop_gradient(reward - mean(reward));

    Tensor logs = log_probabilities(tokens), now = of_next(logs, tokens), first;
    {
      Averages averages; // the weights that the training began with: see below
      first = stop_gradient(log_probabilities(tokens));
    }
    Tensor is_new = cast(iota({B, T - 1}, 1) >= P - 1, f32);
    double count = double(B * (T - P));
    Tensor away = sum(sum(exp(logs) * (logs - first), -1) * is_new) / count; // nats a byte
    Tensor gain = mean(advantage * sum(now * is_new, 1)) / double(T - P);
    output("loss", penalty * away - gain);
    output("reward", mean(reward));
    output("kl", away); // in the first step, before there are averages, of no meaning
    output("same", sum(where(now == then, is_new, 0.0)) / count);
    // Nothing moves in the first step, in which the averages become what the weights are.
    Tensor rate = where(training_step() > 1, full({}, lr), 0.0);
    output("grad_norm", minimize(penalty * away - gain, AdamW{.lr = rate, .weight_decay = 0}));
    ema(parameters(), 0.9999999); // they move by a ten-millionth of the way a step
  });

  entry("write", Mode::Inference, [&] {
    Tensor tokens = written(input("tokens", {B, T}, i32)).first;
    output("written", tokens);
    output("rewards", rewards(tokens, P - 1, lexicon));
  });
}
