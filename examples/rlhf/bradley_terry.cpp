// The law behind reward models: i wins against j with probability sigmoid(r_i - r_j), and the abilities r are those
// that make what was seen likeliest. Bradley, Terry 1952; the logits of Ouyang et al. 2022 (arXiv:2203.02155), eq. 1.
// Here four journals of statistics, of which one "wins" when the other cites it: Stigler 1994, "Citation patterns in
// the journals of statistics and probability", the counts of 1987 and 1988.
//   sinterc examples/rlhf/bradley_terry.cpp -o abilities
//   ./abilities train --steps 400 --out run && ./abilities run abilities --checkpoint run
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(bradley_terry) {
  const int64_t journals = 4; // Biometrika, Communications in Statistics, JASA, JRSS B

  // Only differences count: the first one has ability 0.
  auto abilities = [&] { return concat({full({1}, 0), parameter("ability", {journals - 1}, zeros())}, 0); };

  entry("train", Mode::Training, [&] {
    // How often the journal of a row was cited by that of a column.
    Tensor wins = constant({0, 730, 498, 221, 33, 0, 68, 17, 320, 813, 0, 142, 284, 276, 325, 0}, {journals, journals});
    Tensor r = abilities();
    Tensor ahead = reshape(r, {journals, 1}) - reshape(r, {1, journals});
    Tensor loss = -sum(wins * log_sigmoid(ahead)) / sum(wins);
    output("loss", loss);
    output("grad_norm", minimize(loss, Sgd{.lr = 8}));
  });

  entry("abilities", Mode::Inference, [&] { output("abilities", abilities()); });
}
