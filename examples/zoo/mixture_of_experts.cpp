// A mixture of experts: Shazeer et al. 2017 (arXiv:1701.06538): a router sends each token to two of several networks,
// and is kept from sending all of them to the same (arXiv:2101.03961, eq. 4). All experts are one product, batched over
// them; what a token was not sent to has weight 0.
//   sinterc examples/zoo/mixture_of_experts.cpp -o experts
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(mixture_of_experts) {
  int tokens = config("tokens", 64, "of a step"), width = config("width", 32), hidden = config("hidden", 64);
  int experts = config("experts", 8), chosen = config("chosen", 2, "experts of a token");

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {tokens, width}), y = input("y", {tokens, width});
    Tensor router = parameter("router", {width, experts}, xavier_uniform());
    Tensor in = parameter("in", {experts, width, hidden}, normal(0.1));
    Tensor out = parameter("out", {experts, hidden, width}, normal(0.1));

    Tensor probabilities = softmax(matmul(x, router));
    Sorted best = top_k(probabilities, chosen);
    Tensor shares = best.values / sum(best.values, -1, true); // [tokens, chosen]
    Tensor sent = one_hot(best.indices, experts);             // [tokens, chosen, experts]
    Tensor weights = einsum("tc,tce->te", {shares, sent});

    Tensor each = matmul(relu(matmul(broadcast(x, {experts, tokens, width}), in)), out);
    Tensor mixed = einsum("te,etd->td", {weights, each});

    // Experts times the share of tokens that an expert gets, times its mean probability: 1 if all are alike.
    Tensor load = mean(sum(sent, 1), 0) / chosen;
    Tensor balance = experts * dot(load, mean(probabilities, 0));
    Tensor loss = mean(square(mixed - y)) + 0.01 * balance;
    output("loss", loss);
    output("balance", balance);
    output("grad_norm", minimize(loss, AdamW{.lr = 1e-3}));
  });
}
