// Proximal policy optimisation: Schulman et al. 2017 (arXiv:1707.06347), eq. 9, with the advantages of generalised
// estimation (arXiv:1506.02438, eq. 16). `advantages` is run once for each batch of episodes, `train` some times.
//   sinterc examples/zoo/ppo.cpp -o ppo
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

static Tensor layer(Tensor x, const std::string &name, int64_t width, double gain) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), width}, orthogonal(gain))) + parameter("bias", {width}, zeros());
}

// The policy's logits and the value of a state.
static std::pair<Tensor, Tensor> policy_and_value(Tensor states, int actions) {
  Tensor features = tanh(layer(tanh(layer(states, "in", 64, 1.41)), "hidden", 64, 1.41));
  return {layer(features, "policy", actions, 0.01), reshape(layer(features, "value", 1, 1), {-1})};
}

SINTER_MODEL(ppo) {
  int batch = config("batch", 64, "steps of episodes"), width = config("width", 4, "numbers of a state");
  int actions = config("actions", 2, "to choose from");
  double clip = config("clip", 0.2, "how far the ratio of probabilities may move");
  double discount = config("discount", 0.99, "of later rewards"),
         lambda = config("lambda", 0.95, "of later advantages");

  entry("act", [&] {
    auto [logits, value] = policy_and_value(input("states", {batch, width}), actions);
    Tensor action = categorical(logits);
    output("actions", action);
    output("log_probabilities", take_along(log_softmax(logits), action, -1));
    output("values", value);
  });

  // A_t = sum over l of (discount lambda)^l delta_{t+l}: a product with powers of that, up to the episode's end.
  entry("advantages", [&] {
    Tensor rewards = input("rewards", {batch}), values = input("values", {batch}), ends = input("ends", {batch});
    Tensor next = pad(slice(values, 0, 1, batch), 0, 0, 1);
    Tensor delta = rewards + discount * next * (1 - ends) - values;
    Tensor ended = cumsum(ends, 0, true); // before this step
    Tensor distance = cast(iota({batch, batch}, 1) - iota({batch, batch}, 0), f32);
    Tensor counts = distance >= 0 && reshape(ended, {1, batch}) == reshape(ended, {batch, 1});
    Tensor weights = where(counts, exp(distance * std::log(discount * lambda)), 0);
    Tensor advantages = matmul(weights, reshape(delta, {batch, 1}));
    output("advantages", reshape(advantages, {batch}));
    output("returns", reshape(advantages, {batch}) + values);
  });

  entry("train", Mode::Training, [&] {
    Tensor states = input("states", {batch, width}), taken = input("actions", {batch}, i32);
    Tensor before = input("log_probabilities", {batch}), returns = input("returns", {batch});
    Tensor advantages = input("advantages", {batch});
    advantages = (advantages - mean(advantages)) / (sqrt(var(advantages)) + 1e-8);

    auto [logits, value] = policy_and_value(states, actions);
    Tensor log_probability = log_softmax(logits);
    Tensor ratio = exp(take_along(log_probability, taken, -1) - before);
    Tensor gain = mean(minimum(ratio * advantages, clamp(ratio, 1 - clip, 1 + clip) * advantages));
    Tensor value_loss = mean(square(value - returns));
    Tensor entropy = -mean(sum(exp(log_probability) * log_probability, -1));
    Tensor loss = -gain + 0.5 * value_loss - 0.01 * entropy;
    output("loss", loss);
    output("entropy", entropy);
    output("grad_norm", minimize(loss, Adam{.lr = 3e-4, .grad_clip = 0.5}));
  });
}
