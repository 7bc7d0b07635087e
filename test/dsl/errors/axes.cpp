// A wrong axis, by whichever function.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(axes) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {8, 64, 64});
    if (mistake == "softmax")
      softmax(x, 3);
    // RUN: not sinterc %s --set mistake=softmax --emit=model 2>&1 | FileCheck %s --check-prefix=SOFTMAX
    // SOFTMAX: axes.cpp:[[#@LINE-2]]:{{[0-9]+}}: softmax: axis 3 is out of range for a tensor of shape [8, 64, 64] (rank 3)

    if (mistake == "sum")
      sum(x, {0, -4});
    // RUN: not sinterc %s --set mistake=sum --emit=model 2>&1 | FileCheck %s --check-prefix=SUM
    // SUM: axes.cpp:[[#@LINE-2]]:{{[0-9]+}}: sum: axis -4 is out of range for a tensor of shape [8, 64, 64] (rank 3)

    if (mistake == "twice")
      sum(x, {1, -2});
    // RUN: not sinterc %s --set mistake=twice --emit=model 2>&1 | FileCheck %s --check-prefix=TWICE
    // TWICE: axes.cpp:[[#@LINE-2]]:{{[0-9]+}}: sum: an axis is given twice: [1, -2]

    if (mistake == "transpose")
      transpose(x, {0, 1});
    // RUN: not sinterc %s --set mistake=transpose --emit=model 2>&1 | FileCheck %s --check-prefix=TRANSPOSE
    // TRANSPOSE: axes.cpp:[[#@LINE-2]]:{{[0-9]+}}: transpose: [0, 1] permutes 2 dimensions, but the operand has shape [8, 64, 64] (rank 3)

    if (mistake == "dim")
      x.dim(3);
    // RUN: not sinterc %s --set mistake=dim --emit=model 2>&1 | FileCheck %s --check-prefix=DIM
    // DIM: axes.cpp:[[#@LINE-2]]:{{[0-9]+}}: dim: axis 3 is out of range for a tensor of shape [8, 64, 64] (rank 3)
    output("none", x);
  });
}
