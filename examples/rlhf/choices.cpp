// A reward model of what people choose: each choice was between two options, and of whoever chose some traits are
// known. r(person, option) is learnt by Bradley and Terry's law, -log sigmoid(r_chosen - r_rejected): Ouyang et al.
// 2022 (arXiv:2203.02155), eq. 1. Options have no features but their number, so r is a row of numbers for each person:
// what is common to all, what goes with traits, and what is the person's own, which a penalty keeps small: a random
// effect, known by choices that the same person has made elsewhere.
//   python3 examples/rlhf/data/cems.py /usr/lib/R/site-library/BradleyTerry2/data asked    # what students chose
//   sinterc examples/rlhf/choices.cpp -o choices
//   ./choices train --input traits=asked/train.csv:1-7 --input chosen=asked/train.csv --input rejected=asked/train.csv
//     --input person=asked/train.csv --steps 2000 --out run
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(choices) {
  int batch = config("batch", 128), options = config("options", 6, "to choose from");
  int traits = config("traits", 7, "numbers that are known of a person");
  int people = config("people", 303, "whose own tastes are learnt; 0: traits say all");
  double lr = config("rate", 1e-2), penalty = config("penalty", 5e-5, "of the squares of own tastes");

  // [B]: how far the chosen option is ahead. And the tastes that are penalised, if any.
  struct Margin {
    Tensor ahead, own;
  };
  auto margin = [&] {
    Tensor r = matmul(input("traits", {batch, traits}), parameter("tastes", {traits, options}, zeros()));
    r = r + parameter("ability", {options}, zeros());
    Tensor own;
    if (people > 0) {
      own = parameter("own", {people, options}, zeros());
      r = r + gather(own, input("person", {batch}, i32));
    }
    Tensor chosen = input("chosen", {batch}, i32), rejected = input("rejected", {batch}, i32);
    return Margin{take_along(r, chosen, -1) - take_along(r, rejected, -1), own};
  };

  entry("train", Mode::Training, [&] {
    auto [ahead, own] = margin();
    Tensor loss = -mean(log_sigmoid(ahead));
    output("loss", loss);
    output("accuracy", mean(cast(ahead > 0, f32)));
    if (people > 0)
      loss = loss + penalty * sum(square(own));
    output("grad_norm", minimize(loss, AdamW{.lr = lr, .weight_decay = 0}));
  });

  entry("eval", [&] {
    Tensor ahead = margin().ahead;
    output("loss", -mean(log_sigmoid(ahead)));
    output("correct", sum(cast(ahead > 0, i32)));
  });
}
