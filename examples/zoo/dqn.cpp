// Deep Q-learning: Mnih et al. 2015, with the double estimator (arXiv:1509.06461): a network learns what an action is
// worth from what a slow copy of it says of the next state. The copy is an average of the weights, which `ema` keeps.
//   sinterc examples/zoo/dqn.cpp -o dqn
#include <sinter/sinter.h>

using namespace sinter;

static Tensor layer(Tensor x, const std::string &name, int64_t width) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), width}, he_uniform())) + parameter("bias", {width}, zeros());
}

static Tensor values(Tensor states, int actions) { return layer(relu(layer(states, "in", 64)), "out", actions); }

SINTER_MODEL(dqn) {
  int batch = config("batch", 32), width = config("width", 4, "numbers of a state"), actions = config("actions", 2);

  entry("act", [&] {
    Tensor states = input("states", {batch, width});
    Tensor best = argmax(values(states, actions)), any_action = categorical(full({batch, actions}, 0));
    output("actions", where(bernoulli({batch}, 0.05), any_action, best));
  });

  entry("train", Mode::Training, [&] {
    Tensor states = input("states", {batch, width}), next = input("next", {batch, width});
    Tensor taken = input("actions", {batch}, i32), rewards = input("rewards", {batch}), ends = input("ends", {batch});
    Tensor predicted = take_along(values(states, actions), taken, -1);
    std::vector<Parameter> weights = parameters();

    // The network chooses the next action, the copy says what it is worth; no gradient flows into either.
    Tensor choice = argmax(values(next, actions)), worth;
    {
      Averages averages;
      worth = take_along(values(next, actions), choice, -1);
    }
    Tensor target = stop_gradient(rewards + 0.99 * (1 - ends) * worth);
    Tensor loss = mean(huber(predicted, target));
    output("loss", loss);
    output("grad_norm", minimize(loss, weights, AdamW{.lr = 1e-3, .weight_decay = 0}));
    ema(weights, 0.995);
  });
}
