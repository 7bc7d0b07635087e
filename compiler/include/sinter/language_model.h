// language_model.h - the usual entries of a language model from one description of it.
#pragma once

#include "sinter/nn.h"
#include "sinter/optim.h"

namespace sinter {

/// Picks the rows of the hidden states [B, T, D] whose logits an entry needs: all of them, or one.
using Select = std::function<Tensor(Tensor)>;

/// From tokens [B, T] to logits [B, T, V]. Call `select` on the hidden states before the output head.
using Forward = std::function<Tensor(Tensor tokens, const Select &select)>;

struct LanguageModel {
  int64_t batch, context;
  AdamW optimizer;
  bool eval_logits = true; ///< eval gives its logits: often most of what it takes
};

/// Makes three entries:
///   train   tokens, targets i32 [batch, context] -> loss, grad_norm; updates the parameters
///   eval    tokens, targets i32 [batch, context] -> loss, correct (count), logits [batch, context, V]
///   logits  tokens i32 [1, context], position -> logits [V] after tokens[position]
/// A loss is the mean over the targets from 0 to V - 1; others are padding, which counts for nothing.
void language_model(const LanguageModel &model, const Forward &forward, Location loc = Location::current());

} // namespace sinter
