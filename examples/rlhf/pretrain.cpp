// The first of two trainings: a language model learns from text. reinforce.cpp says how to go on.
#include "policy.h"

using namespace sinter;

SINTER_MODEL(pretrain) {
  policy::Config c;
  LanguageModel model{.batch = c.batch, .context = c.context, .optimizer = {.lr = 2e-3}};
  language_model(model,
                 [&](Tensor tokens, const Select &select) { return policy::head(select(policy::body(tokens, c)), c); });
}
