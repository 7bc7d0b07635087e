// Thousands of elementwise ops and their gradient are pieces that code generation can take: no kernel holds more than
// some hundred ops, and pieces that are equal share one, however long the chain is.
// RUN: sinterc %s --set n=2000 --emit=kernels -o %t.2000.mlir
// RUN: sinterc %s --set n=8000 --emit=kernels -o %t.8000.mlir
// RUN: awk '/func.func private/ { n = 0 } ++n > 1200 { exit 1 }' %t.2000.mlir
// RUN: awk '/func.func private/ { n = 0 } ++n > 1200 { exit 1 }' %t.8000.mlir
// RUN: grep -c 'func.func private' %t.2000.mlir > %t.kernels
// RUN: grep -c 'func.func private' %t.8000.mlir | diff %t.kernels -
// RUN: sinterc %s --set n=200 --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
// RUN: sinter-run --unfused %t.mlir | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

// CHECK: chain: reference ok, cpu ok
SINTER_MODEL(chain) {
  int n = config("n", 200);
  entry("chain", [&] {
    Tensor x = input("x", {64}), y = x;
    for (int i = 0; i < n; ++i)
      y = 0.5 * sin(y) + x;
    output("y", y);
    output("g", grad(sum(y), x));
  });
}
