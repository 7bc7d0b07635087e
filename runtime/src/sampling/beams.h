// Beam search: the continuations of a prompt that the model finds most probable, without chance.
#pragma once

#include "sampling/generate.h"

#include <functional>
#include <span>
#include <vector>

namespace sinter {

struct BeamOptions {
  int64_t beams = 1;        ///< continuations that are kept at each step
  double lengthPenalty = 1; ///< the exponent A of score = log-probability / tokens^A (Hugging Face's transformers)
};

/// The `best` continuations of `tokens` by score, at most `options.count` tokens long, the highest score first.
///
/// At each step every kept continuation is followed by every token; the `beams` most probable of all are kept. One that
/// a stop string ends is put aside. The search is over when `beams` are aside that nothing can surpass any more.
/// Log-probabilities are those of the logits with bias and penalties (sampler.h, steps 1 to 3), over the tokens that
/// may be chosen. Of equal ones the continuation comes first that has the lower token where the two first differ. With
/// as many beams as there are continuations one token shorter, the result is that of a search of all.
std::vector<Generated> beamSearch(Generator &generator, const std::vector<int32_t> &tokens,
                                  const GenerateOptions &options, const BeamOptions &beam, int64_t best);

/// The best continuation of `tokens` for each source that the model reads. As many searches go on side by side as the
/// program has room for; `done` is told of each, in the order of the sources, as soon as it and all before it are.
void beamSearches(Generator &generator, const std::vector<int32_t> &tokens,
                  std::span<const std::vector<int32_t>> sources, const GenerateOptions &options,
                  const BeamOptions &beam, const std::function<void(const Generated &)> &done);

} // namespace sinter
