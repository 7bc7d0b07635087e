// Two views of the same things that find each other: the loss of Oord, Li, Vinyals 2018 (arXiv:1807.03748) and of CLIP
// (arXiv:2103.00020), figure 3: in each row and each column of similarities, the diagonal should be the largest.
//   sinterc examples/zoo/contrastive.cpp -o pairs && ./pairs train --input a=a.npy --input b=b.npy --out run
#include <sinter/sinter.h>

using namespace sinter;

static Tensor unit(Tensor x) { return x * rsqrt(sum(square(x), -1, true) + 1e-12); }

SINTER_MODEL(contrastive) {
  int batch = config("batch", 64, "pairs a step"), width = config("width", 16), common = config("common", 8);

  entry("train", Mode::Training, [&] {
    Tensor a = input("a", {batch, width}), b = input("b", {batch, width});
    Tensor of_a = parameter("a", {width, common}, xavier_uniform()),
           of_b = parameter("b", {width, common}, xavier_uniform());
    Tensor scale = parameter("scale", {}, filled(2.6593)); // log(1 / 0.07)
    Tensor similar = matmul(unit(matmul(a, of_a)), transpose(unit(matmul(b, of_b)))) * exp(clamp(scale, 0, 4.6052));
    Tensor same = arange(batch);
    Tensor loss = (mean(cross_entropy(similar, same)) + mean(cross_entropy(transpose(similar), same))) / 2;
    output("loss", loss);
    output("correct", sum(cast(argmax(similar) == same, f32)));
    output("grad_norm", minimize(loss, AdamW{.lr = 1e-3}));
  });
}
