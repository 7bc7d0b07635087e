// Texts that the model of policy.h writes, and what they are worth: the sum of the ratings, -4 to 4, that the VADER
// lexicon has for their words (Hutto, Gilbert 2014): what ten people said of each.
#pragma once

#include "policy.h"

#include <fstream>
#include <sstream>

namespace policy {

// Words of the lexicon, a space on either side, as bytes [words, longest], 0 behind their end; and their ratings.
struct Lexicon {
  std::vector<double> bytes, ratings;
  int64_t words = 0, longest = 14;
};
inline Lexicon read_lexicon(const std::string &path) {
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
inline Tensor rewards(Tensor tokens, int64_t from, const Lexicon &lexicon) {
  int64_t B = tokens.dim(0), T = tokens.dim(1), places = T - lexicon.longest + 1 - from;
  check(places > 0, "context: too short for the lexicon's longest word behind the prompt");
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

// The same, [B], by a model that has learnt it (reward_model.cpp): a sum over the bytes of what each adds.
inline Tensor learned_rewards(Tensor tokens, const Config &c) {
  Scope scope("reward");
  return sum(matmul(body(tokens, c), parameter("head", {c.width, 1}, normal(0.02))), {1, 2});
}

// What is written: texts [B, T] that begin with prompts, and the log p that each new byte had when it was drawn, [B,
// n].
struct Written {
  Tensor tokens, logs;
};
// Each row's first bytes, continued, a byte a step: from caches, whose numbers are those of the whole text to the bit.
inline Written write(Tensor text, int64_t prompt, const Config &c) {
  int64_t B = text.dim(0), T = text.dim(1), n = T - prompt;
  std::vector<Tensor> start = {text, full({B, n}, 0)};
  start.resize(2 + size_t(2 * c.layers), full({B, c.heads, T, c.width / c.heads}, 0));
  auto end = repeat(T - 1, start, [&](auto now, Tensor step) -> std::vector<Tensor> {
    Caches caches{{now.begin() + 2, now.end()}, step};
    Tensor hidden = body(slice_at(now[0], 1, step, 1), c, &caches), logs = log_softmax(head(hidden, c));
    Tensor given = slice_at(now[0], 1, step + 1, 1), is_given = step + 1 < prompt;
    Tensor next = where(is_given, given, categorical(logs)), log = take_along(logs, next, -1);
    // (Of a byte that is given, the first new one's place takes what that one will write over.)
    std::vector<Tensor> all = {update_at(now[0], 1, step + 1, next),
                               update_at(now[1], 1, maximum(step + 1 - prompt, 0), log)};
    all.insert(all.end(), caches.of.begin(), caches.of.end());
    return all;
  });
  return {end[0], end[1]};
}

// How far log p [B, n, vocab] is from that of the model that the training began with, at each place: nats.
inline Tensor away(Tensor logs, Tensor first) { return sum(exp(logs) * (logs - first), -1); }
inline Tensor first_log_continuation(Tensor tokens, int64_t prompt, const Config &c) {
  Reference reference;
  return log_continuation(tokens, prompt, c);
}

// The entry `write`: tokens -> written, their rewards, and the nats a byte from the first model, of each text.
inline void write_entry(int64_t prompt, const Lexicon &lexicon, const Config &c) {
  entry("write", [&] {
    Tensor tokens = write(input("tokens", {c.batch, c.context}, i32), prompt, c).tokens;
    output("written", tokens);
    output("rewards", rewards(tokens, prompt - 1, lexicon));
    Tensor logs = log_continuation(tokens, prompt, c);
    output("kl", mean(away(logs, first_log_continuation(tokens, prompt, c)), 1));
  });
}

} // namespace policy
