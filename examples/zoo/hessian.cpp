// Second derivatives: products of the Hessian with a vector are gradients of gradients, and are compiled and fused like
// any others. The entry improves an estimate of the Hessian's largest eigenvalue by a power iteration a call; its
// vector is state that calls hand on.
//   sinterc examples/zoo/hessian.cpp -o hessian
//   ./hessian run sharpness --input x=x.npy --input y=y.npy --calls 20 --checkpoint run
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(hessian) {
  int batch = config("batch", 32), width = config("width", 6), hidden = config("hidden", 16);

  entry("sharpness", [&] {
    Tensor x = input("x", {batch, width}), y = input("y", {batch});
    Tensor in = parameter("in", {width, hidden}, xavier_uniform()), out = parameter("out", {hidden}, normal(0.3));
    Tensor loss = mean(square(sum(tanh(matmul(x, in)) * out, -1) - y));

    // H v = d (dloss/dw . v) / dw
    std::vector<Tensor> weights{in, out}, slopes = grad(loss, weights), direction;
    for (const Parameter &p : parameters())
      direction.push_back(state("direction." + p.name, p.shape(), filled(0.1)));
    Tensor along = dot(slopes[0], direction[0]) + dot(slopes[1], direction[1]);
    std::vector<Tensor> product = grad(along, weights);

    Tensor length = global_norm(product);
    Tensor squared = dot(direction[0], direction[0]) + dot(direction[1], direction[1]);
    Tensor eigenvalue = (dot(direction[0], product[0]) + dot(direction[1], product[1])) / squared;
    for (size_t i = 0; i < product.size(); ++i)
      assign(direction[i], product[i] / length);
    output("loss", loss);
    output("eigenvalue", eigenvalue);
  });
}
