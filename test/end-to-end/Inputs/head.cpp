// A table of embeddings that is read backwards by the loss head, one layer between, and nobody who clips or evaluates:
// the head is what binds.
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

SINTER_MODEL(head) {
  entry("train", [] {
    Tensor tokens = input("tokens", {1200}, i32), targets = input("targets", {1200}, i32);
    Tensor wte = parameter("wte.weight", {4100, 64}, normal(0.1));
    Tensor x = gather(wte, tokens);
    x = x + gelu_tanh(matmul(x, parameter("weight", {64, 64}, normal(0.1))));
    Tensor loss = mean(cross_entropy(matmul(x, transpose(wte)), targets));
    output("grad_norm", minimize(loss, AdamW{.lr = 1e-2, .grad_clip = INFINITY}));
    output("loss", loss);
  });
}
