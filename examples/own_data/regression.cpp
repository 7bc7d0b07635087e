// A number from several others: two dense layers, trained on the squared error. The data are a table:
//
//     ./regression train --input x=houses.csv:1-4 --input y=houses.csv:price --steps 2000 --out run
//     ./regression run predict --input x=new.csv --checkpoint run --output y=prices.npy
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

// [B, in] -> [B, out]
Tensor linear(const std::string &name, Tensor x, int64_t out) {
  Scope scope(name);
  Tensor weight = parameter("weight", {x.dim(-1), out}, normal(std::sqrt(1.0 / double(x.dim(-1)))));
  return matmul(x, weight) + parameter("bias", {out}, zeros());
}

// [B, columns] -> [B]
Tensor predict(Tensor x, int hidden) {
  return reshape(linear("out", tanh(linear("hidden", x, hidden)), 1), {x.dim(0)});
}

} // namespace

SINTER_MODEL(regression) {
  int batch = config("batch", 32, "examples per training step");
  int columns = config("columns", 4, "numbers that a prediction is made from");
  int hidden = config("hidden", 32, "units of the hidden layer");

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {batch, columns}), y = input("y", {batch});
    Tensor loss = mean(square(predict(x, hidden) - y));
    output("loss", loss);
    output("grad_norm", minimize(loss, AdamW{.lr = 3e-3, .weight_decay = 0}));
  });
  entry("eval", [&] {
    Tensor x = input("x", {batch, columns}), y = input("y", {batch});
    output("loss", mean(square(predict(x, hidden) - y)));
  });
  entry("predict", [&] { output("y", predict(input("x", {1, columns}), hidden)); });
}
