// Gradients of loops, and theirs, of bodies that hold everything: against finite differences in double precision, and
// compiled for both targets.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run --grad-check --hvp-check %t.mlir
// The launches of a loop are those of one step, however many there are.
// RUN: sinterc %S/../../examples/zoo/lstm.cpp --set steps=4 --emit=plan -o %t.4.mlir
// RUN: sinterc %S/../../examples/zoo/lstm.cpp --set steps=257 --emit=plan -o %t.257.mlir
// RUN: grep -c plan.launch %t.4.mlir > %t.4.count
// RUN: grep -c plan.launch %t.257.mlir | diff - %t.4.count
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(loop_gradients) {
  entry("one_step", [] {
    Tensor h = input("h", {3, 5}), x = input("x", {1, 3, 5}), w = input("w", {5, 5});
    auto all = scan({h}, {x}, [&](auto carry, auto now) -> ScanStep {
      Tensor y = tanh(matmul(carry[0], w) + now[0]);
      return {{y}, {y * now[0]}};
    });
    output("last", all.carry[0]);
    output("all", all.outputs[0]);
  });
  entry("no_carry", [] {
    Tensor x = input("x", {4, 3, 5}), w = input("w", {5, 5});
    auto all = scan({}, {x}, [&](auto, auto now) -> ScanStep { return {{}, {softmax(matmul(now[0], w))}}; });
    output("all", all.outputs[0]);
  });
  entry("partly_read", [] {
    Tensor x = input("x", {4, 3}), h = input("h", {3});
    auto all = scan({h, h * 2}, {x, x * x}, [&](auto carry, auto now) -> ScanStep {
      return {{carry[0] + now[0], carry[1] * now[1]}, {now[1], carry[0] * carry[1]}};
    });
    output("all", all.outputs[1]);
  });
  entry("lookups", [] {
    Tensor table = input("table", {7, 6}), h = input("h", {2, 6});
    Tensor ids = constant({0, 3, 6, 1, 2, 2, 5, 4}, {4, 2}, i32);
    auto all = scan({h}, {ids}, [&](auto carry, auto now) -> ScanStep {
      Tensor row = gather(table, now[0]), y = layer_norm(carry[0] + row * sigmoid(carry[0]));
      return {{y}, {sum(y * row, -1)}};
    });
    output("last", all.carry[0]);
    output("all", all.outputs[0]);
  });
  entry("attention", [] {
    Tensor q = input("q", {2, 4, 8}), k = input("k", {2, 6, 8}), v = input("v", {2, 6, 8});
    output("last", repeat(3, {q}, [&](auto x, Tensor) {
             return std::vector<Tensor>{x[0] + matmul(softmax(matmul(x[0], transpose(k)) * 0.3), v)};
           })[0]);
  });
  entry("turned_weights", [] {
    Tensor h = input("h", {3, 5}), w = input("w", {5, 5}), x = input("x", {4, 3, 5});
    auto all = scan(
        {h}, {x},
        [&](auto carry, auto now) -> ScanStep {
          Tensor y = sin(matmul(carry[0], transpose(w)) + matmul(now[0], w) + matmul(now[0], transpose(w)));
          return {{y}, {y}};
        },
        Direction::Backward);
    output("sum", sum(all.outputs[0] * x));
  });
  entry("carry_of_outer_loop", [] {
    Tensor h = input("h", {3}), w = input("w", {3}), x = input("x", {2, 4, 3});
    auto all = scan({h}, {x}, [&](auto carry, auto row) -> ScanStep {
      auto inner = scan(
          {carry[0]}, {row[0]},
          [&](auto y, auto now) -> ScanStep { return {{y[0] * w + now[0] * carry[0]}, {y[0] * w}}; },
          Direction::Backward);
      return {{inner.carry[0] + w}, {inner.outputs[0], carry[0]}};
    });
    output("last", all.carry[0]);
    output("inner", all.outputs[0]);
    output("outer", all.outputs[1]);
  });
  entry("sums", [] {
    Tensor x = input("x", {5, 4, 8}), b = input("b", {8}), s = input("s", {});
    auto all = scan({full({8}, 0), s}, {x}, [&](auto carry, auto now) -> ScanStep {
      Tensor y = tanh(now[0] * b + carry[1]);
      return {{carry[0] + sum(y, 0), carry[1] * 0.9 + mean(y)}, {max(y, 1)}};
    });
    output("sum", all.carry[0]);
    output("mean", all.carry[1]);
    output("largest", all.outputs[0]);
  });
}
