// The next letter from the last ones: an embedding of each, and two dense layers (Bengio et al. 2003), which host.cpp
// calls.
#include <sinter/sinter.h>

using namespace sinter;

namespace {

constexpr int letters = 128, width = 16, hidden = 64; // ASCII

// [B, context] -> [B, letters]
Tensor logitsOf(Tensor tokens) {
  int64_t B = tokens.dim(0), inputs = tokens.dim(1) * width;
  Tensor x = reshape(gather(parameter("embedding", {letters, width}, normal(0.3)), tokens), {B, inputs});
  x = tanh(matmul(x, parameter("hidden.weight", {inputs, hidden}, xavier_normal())) +
           parameter("hidden.bias", {hidden}, zeros()));
  return matmul(x, parameter("out.weight", {hidden, letters}, xavier_normal())) +
         parameter("out.bias", {letters}, zeros());
}

} // namespace

SINTER_MODEL(letters) {
  int batch = config("batch", 45, "places in the text per step");
  int context = config("context", 8, "letters that it looks back at");

  entry("train", Mode::Training, [&] {
    Tensor tokens = input("tokens", {batch, context}, i32), next = input("next", {batch}, i32);
    Tensor loss = mean(cross_entropy(logitsOf(tokens), next));
    minimize(loss, Adam{.lr = 3e-3});
    output("loss", loss);
  });
  entry("predict", [&] { output("logits", reshape(logitsOf(input("tokens", {1, context}, i32)), {letters})); });
}
