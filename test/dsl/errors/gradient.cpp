// Gradients of what has none.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(gradient) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {3}), i = input("i", {3}, i32);
    if (mistake == "vector")
      grad(x, x);
    // RUN: not sinterc %s --set mistake=vector --emit=model 2>&1 | FileCheck %s --check-prefix=VECTOR
    // VECTOR: gradient.cpp:[[#@LINE-2]]:{{[0-9]+}}: grad: the loss must be a scalar, but has shape [3]; take its mean or sum
    // VECTOR-NEXT: gradient.cpp:[[#@LINE-5]]:{{[0-9]+}}: note: the loss, f32 [3], was made here

    if (mistake == "integer")
      grad(sum(x), i);
    // RUN: not sinterc %s --set mistake=integer --emit=model 2>&1 | FileCheck %s --check-prefix=INTEGER
    // INTEGER: gradient.cpp:[[#@LINE-2]]:{{[0-9]+}}: grad: needs f32, but the operand is i32

    if (mistake == "none-at-all")
      grad(sum(x), std::vector<Tensor>{});
    // RUN: not sinterc %s --set mistake=none-at-all --emit=model 2>&1 | FileCheck %s --check-prefix=NONE
    // NONE: gradient.cpp:[[#@LINE-2]]:{{[0-9]+}}: grad: there is nothing to differentiate with respect to
    output("none", x);
  });
}
