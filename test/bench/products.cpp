// One entry for each product of shapes.def: what matmul_bench.cpp calls.
#include <sinter/sinter.h>

using namespace sinter;

static void product(const std::string &name, const std::string &form, int64_t m, int64_t n, int64_t k) {
  entry(name, [&] {
    Tensor a = form == "tn" ? transpose(input("a", {k, m})) : input("a", {m, k});
    Tensor b = form == "nt" ? transpose(input("b", {n, k})) : input("b", {k, n});
    output("c", matmul(a, b));
  });
}

SINTER_MODEL(products) {
#define PRODUCT(FORM, M, N, K) product(#FORM "_" #M "x" #N "x" #K, #FORM, M, N, K);
#include "shapes.def"
#undef PRODUCT
}
