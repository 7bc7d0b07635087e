// The entries of a language model, from one forward description.
#include "sinter/language_model.h"

namespace sinter {

static std::string text(const Shape &shape) {
  std::string result = "[";
  for (size_t d = 0; d < shape.size(); ++d)
    result += (d ? ", " : "") + std::to_string(shape[d]);
  return result + "]";
}

// The mean over targets that are in the vocabulary. Where all of them are, it has the bits of mean().
static Tensor meanLoss(Tensor logits, Tensor targets, Location loc) {
  auto at = [&](auto value) { return Operand(value, loc); };
  Tensor losses = cross_entropy(logits, targets, loc);
  Tensor known = at(at(targets) >= at(0.0)) && at(at(targets) < at(double(logits.dim(-1, loc))));
  Tensor count = sum(cast(known, f32, loc), {}, false, loc);
  return at(sum(losses, {}, false, loc)) / at(maximum(at(count), at(1.0), loc));
}

void language_model(const LanguageModel &model, const Forward &forward, Location loc) {
  auto all = [](Tensor hidden) { return hidden; };

  entry(
      "train", Mode::Training,
      [&] {
        Tensor tokens = input("tokens", {model.batch, model.context}, i32, loc);
        Tensor targets = input("targets", {model.batch, model.context}, i32, loc);
        Tensor loss = meanLoss(forward(tokens, all), targets, loc);
        output("loss", loss, loc);
        output("grad_norm", minimize(loss, model.optimizer, loc), loc);
      },
      loc);

  entry(
      "eval", Mode::Inference,
      [&] {
        Tensor tokens = input("tokens", {model.batch, model.context}, i32, loc);
        Tensor targets = input("targets", {model.batch, model.context}, i32, loc);
        Tensor logits = forward(tokens, all);
        output("loss", meanLoss(logits, targets, loc), loc);
        // (Rows of logits as the loss has them: what reads them all may take a block of rows at a time.)
        Tensor rows = reshape(logits, {model.batch * model.context, -1}, loc);
        Tensor hits = Operand(argmax(rows, -1, loc), loc) == Operand(reshape(targets, {-1}, loc), loc);
        output("correct", sum(cast(hits, f32, loc), {}, false, loc), loc);
        if (model.eval_logits)
          output("logits", logits, loc);
      },
      loc);

  entry(
      "logits", Mode::Inference,
      [&] {
        Tensor tokens = input("tokens", {1, model.context}, i32, loc);
        Tensor position = reshape(scalar_input("position", 0, i32, loc), {1, 1}, loc);
        // Only the asked row of the hidden states [1, T, D] goes through the head.
        Tensor logits = forward(tokens, [&](Tensor hidden) {
          check(hidden.rank(loc) == 3 && hidden.dim(0, loc) == 1 && hidden.dim(1, loc) == model.context,
                "language_model: select takes hidden states [B, T, D], here [1, " + std::to_string(model.context) +
                    ", D], but got " + text(hidden.shape(loc)) + "; call it once, on all positions",
                loc);
          return gather(reshape(hidden, {model.context, -1}, loc), position, loc);
        });
        // Without select these are the logits of all positions, and a sampler would read those of the first one.
        Shape shape = logits.shape(loc), one = {1, 1, shape.empty() ? 0 : shape.back()};
        check(shape == one,
              "language_model: the logits of one position have shape " + text(shape) + ", not " + text(one) +
                  "; call select on the hidden states before the output head, and go on from what it returns",
              loc);
        output("logits", reshape(logits, {-1}, loc), loc);
      },
      loc);
}

} // namespace sinter
