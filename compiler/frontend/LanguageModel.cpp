// The entries of a language model, from one forward description.
#include "sinter/language_model.h"

namespace sinter {

void language_model(const LanguageModel &model, const Forward &forward, Location loc) {
  auto all = [](Tensor hidden) { return hidden; };

  entry("train", Mode::Training, [&] {
    Tensor tokens = input("tokens", {model.batch, model.context}, i32, loc);
    Tensor targets = input("targets", {model.batch, model.context}, i32, loc);
    Tensor loss = mean(cross_entropy(forward(tokens, all), targets, loc), {}, false, loc);
    output("loss", loss, loc);
    output("grad_norm", minimize(loss, model.optimizer, loc), loc);
  }, loc);

  entry("eval", Mode::Inference, [&] {
    Tensor tokens = input("tokens", {model.batch, model.context}, i32, loc);
    Tensor targets = input("targets", {model.batch, model.context}, i32, loc);
    Tensor logits = forward(tokens, all);
    output("loss", mean(cross_entropy(logits, targets, loc), {}, false, loc), loc);
    Tensor hits = Operand(argmax(logits, -1, loc), loc) == Operand(targets, loc);
    output("correct", sum(cast(hits, f32, loc), {}, false, loc), loc);
    output("logits", logits, loc);
  }, loc);

  entry("logits", Mode::Inference, [&] {
    Tensor tokens = input("tokens", {1, model.context}, i32, loc);
    Tensor position = reshape(scalar_input("position", 0, i32, loc), {1, 1}, loc);
    // Only the asked row of the hidden states [1, T, D] goes through the head.
    Tensor logits = forward(tokens, [&](Tensor hidden) {
      return gather(reshape(hidden, {model.context, -1}, loc), position, loc);
    });
    output("logits", reshape(logits, {-1}, loc), loc);
  }, loc);
}

} // namespace sinter
