// Tables, indices and updates that are equal everywhere: kernels read them in memory all the same.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
// RUN: sinter-run --unfused %t.mlir | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(gathers) {
  // CHECK: tables: reference ok, cpu ok
  entry("tables", [] {
    Tensor i = state("one", {}, ones(), i32), out = state("three", {2}, filled(3), i32);
    expect(gather(full({2, 3}, 5), i), full({3}, 5));
    expect(gather(full({3}, 5), out), full({2}, 0));
    expect(gather(full({2, 3}, 5, i32), i), full({3}, 5, i32));
    expect(gather(full({2, 3}, 5), full({2}, 1, i32)), full({2, 3}, 5));
    expect(gather(full({2, 3}, 5), arange(3)), constant({5, 5, 5, 5, 5, 5, 0, 0, 0}, {3, 3}));
  });

  // CHECK: indices: reference ok, cpu ok
  entry("indices", [] {
    Tensor table = constant({1, 2, 3, 4}, {2, 2});
    expect(gather(table, full({3}, 1, i32)), constant({3, 4, 3, 4, 3, 4}, {3, 2}));
    expect(gather(table, full({}, -1, i32)), full({2}, 0));
    expect(grad(sum(square(gather(table, full({3}, 1, i32)))), table), constant({0, 0, 18, 24}, {2, 2}));
  });

  // CHECK: updates: reference ok, cpu ok
  entry("updates", [] {
    Tensor table = state("table", {2, 1}, ones()), index = state("index", {5}, ones(), i32);
    expect(grad(sum(gather(table, index)), table), constant({0, 5}, {2, 1}));
    expect(grad(sum(gather(table, full({4}, 0, i32))), table), constant({4, 0}, {2, 1}));
    expect(grad(sum(gather(table, full({4}, 2, i32))), table), constant({0, 0}, {2, 1}));
  });

  // CHECK: before_products: reference ok, cpu ok
  entry("before_products", [] {
    Tensor w = constant({1, 2, 3, 4}, {2, 2});
    expect(matmul(gather(full({3, 2}, 2), full({2}, 1, i32)), w), constant({8, 12, 8, 12}, {2, 2}));
    expect(grad(sum(matmul(gather(full({3, 2}, 2), full({2}, 1, i32)), w)), w), full({2, 2}, 4));
  });
}
