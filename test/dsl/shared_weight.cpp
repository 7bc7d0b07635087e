// A weight that is used many times: its partial gradients are added to one sum as they come, so memory does not grow
// with their number (48 of 64 KiB here, beside 48 activations of 1 KiB).
// RUN: sinterc %s --set uses=48 --emit=plan -o %t.plan.mlir
// RUN: awk '/plan.entry @train arena/ { found = 1; if ($4 > 400000) exit 1 } END { exit !found }' %t.plan.mlir
// RUN: sinterc %s --set uses=48 --target=vulkan --emit=plan -o %t.vulkan.mlir
// RUN: awk '/plan.entry @train arena/ { found = 1; if ($4 > 400000) exit 1 } END { exit !found }' %t.vulkan.mlir
// RUN: sinterc %s --set uses=40 --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(shared) {
  int uses = config("uses", 40);
  // CHECK: train: reference ok, cpu ok
  entry("train", [&] {
    Tensor w = parameter("w", {128, 128}, normal(0.05)), h = input("x", {2, 128});
    for (int i = 0; i < uses; ++i)
      h = tanh(matmul(h, w));
    output("g", grad(mean(h), w));
  });
  // A table that is looked at again and again, and a bias.
  // CHECK: lookups: reference ok, cpu ok
  entry("lookups", [&] {
    Tensor table = parameter("table", {200, 100}, normal(1)), bias = parameter("bias", {100}, zeros()), total = full({3, 100}, 0);
    for (int i = 0; i < uses; ++i)
      total = total + tanh(gather(table, full({3}, i, i32)) * total + bias);
    std::vector<Tensor> g = grad(mean(total), {table, bias});
    output("table", g[0]);
    output("bias", g[1]);
  });
}
