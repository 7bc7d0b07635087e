// Element types that are not computed with everywhere: bf16 and f16 store, i64 counts. On both devices; expected values
// from PyTorch's casts.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: FileCheck %s --check-prefix=MODEL --input-file %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

// Adding the state's zero keeps what follows from being folded.
static Tensor seen(std::vector<double> values) {
  int64_t count = static_cast<int64_t>(values.size());
  return state("zero", {}, zeros()) + constant(std::move(values), {count});
}

SINTER_MODEL(types) {
  // CHECK: round_trips: {{.*}}ok
  entry("round_trips", [] {
    Tensor x = seen({1, -2.5, 3.14159274, 1.00390625, 1.01171875, 65504, 1e-3, 6.1e-5, 3e-6});
    expect(cast(cast(x, bf16), f32), constant({1, -2.5, 3.140625, 1, 1.015625, 65536, 0.00099945068359375,
                                               6.103515625e-05, 2.995133399963379e-06}, {9}));
    expect(cast(cast(x, f16), f32), constant({1, -2.5, 3.140625, 1.00390625, 1.01171875, 65504, 0.0010004043579101562,
                                              6.097555160522461e-05, 2.9802322387695312e-06}, {9}));
    Tensor small = slice(x, 0, 6, 9); // to more digits than the tolerance has
    expect(cast(cast(small, bf16), f32) * 1e6, constant({999.45068359375, 61.03515625, 2.995133399963379}, {3}));
    expect(cast(cast(small, f16), f32) * 1e6, constant({1000.4043579101562, 60.97555160522461, 2.9802322387695312}, {3}));
    Tensor ends = seen({NAN, INFINITY, -INFINITY, 65519, 65520, -70000, 1e-8, -0.0});
    expect(cast(cast(ends, f16), f32), constant({NAN, INFINITY, -INFINITY, 65504, INFINITY, -INFINITY, 0, 0}, {8}));
    expect(cast(cast(ends, bf16), f32), constant({NAN, INFINITY, -INFINITY, 65536, 65536, -70144, 1.0011717677116394e-08,
                                                  0}, {8}));
    // Half way between two neighbours: the even one.
    Tensor ties = seen({2049, 2051, -2049, 4098, 4102, 1.00048828125, 1.00146484375, 257, 259, -257});
    expect(cast(cast(ties, f16), f32), constant({2048, 2052, -2048, 4096, 4104, 1, 1.001953125, 257, 259, -257}, {10}));
    expect(cast(cast(slice(ties, 0, 7, 10), bf16), f32), constant({256, 260, -256}, {3}));
    expect(cast(cast(cast(x, f16), bf16), i32), constant({1, -2, 3, 1, 1, 65536, 0, 0, 0}, {9}, i32));
  });

  // What moves elements takes them, and so do entries, states and constants.
  // MODEL: sinter.state @half : tensor<4xbf16>
  // CHECK: moved: {{.*}}ok
  entry("moved", [] {
    Tensor w = state("half", {4}, filled(0.1), bf16), x = cast(seen({1.5, 2.75, -3, 0.1}), f16);
    Tensor all = concat({reshape(x, {2, 2}), full({2, 2}, 0.1, f16)}, 0);
    expect(cast(w, f32), full({4}, 0.10009765625));
    expect(cast(transpose(all), f32), constant({1.5, -3, 0.0999755859375, 0.0999755859375, 2.75, 0.0999755859375,
                                                0.0999755859375, 0.0999755859375}, {2, 4}));
    expect(cast(slice(all, 0, 1, 2), f32), constant({-3, 0.0999755859375}, {1, 2}));
    expect(where(seen({1, -1, 1, -1}) > 0, x, 0.5), cast(constant({1.5, 0.5, -3, 0.5}, {4}), f16));
    expect(gather(all, constant({3, 0, 9}, {3}, i32)),
           cast(constant({0.0999755859375, 0.0999755859375, 1.5, 2.75, 0, 0}, {3, 2}), f16));
  });

  // Products read 16-bit operands in memory.
  // CHECK: products: {{.*}}ok
  entry("products", [] {
    Tensor a = reshape(seen({1, 2, 3, 4, 5, 6}), {2, 3}), b = cast(reshape(seen({1, -1, 0.5, 2, 0.25, 3}), {3, 2}), bf16);
    expect(matmul(a, cast(b, f32)), constant({2.75, 12, 8, 24}, {2, 2}));
    Tensor wide = cast(broadcast(cast(a, f16), {40, 2, 3}), f32);
    expect(sum(matmul(wide, broadcast(cast(b, f32), {40, 3, 2})), 0), constant({110, 480, 320, 960}, {2, 2}));
  });

  // A gradient passes a cast as it is, in f32.
  // CHECK: gradients: {{.*}}ok
  entry("gradients", [] {
    Tensor w = seen({1.00390625, -2.3, 0.1, 5.7}), stored = cast(w, bf16), y = cast(reshape(stored, {2, 2}), f32);
    Tensor c = constant({1, 2, 3, 4}, {2, 2}), loss = sum(y * y * c);
    expect(loss, full({}, 140.97195434570312));
    expect(grad(loss, w), constant({2, -9.1875, 0.6005859375, 45.5}, {4}));
    expect(grad(loss, stored), constant({2, -9.1875, 0.6005859375, 45.5}, {4}));
  });

  // CHECK: counts: {{.*}}ok
  entry("counts", [] {
    Tensor n = cast(cast(seen({1, -7, 2000000000}), i32), i64), large = n * 4000000000.0;
    expect(large, constant({4e9, -28e9, 8e18}, {3}, i64));
    expect(large / 1000000, constant({4000, -28000, 8e12}, {3}, i64));
    expect(remainder(large, 1000003), constant({988003, -916003, 999787}, {3}, i64));
    expect(cast(large, i32), constant({-294967296, 2064771072, 991952896}, {3}, i32));
    expect(cast(large > 5000000000.0, i32), constant({0, 0, 1}, {3}, i32));
    expect(cast(large, f32), constant({4e9, -28e9, 8e18}, {3}));
    expect(cast(seen({1e10, -3e18, NAN}), i64), constant({1e10, -2999999884200771584.0, 0}, {3}, i64));
    expect(maximum(state("many", {}, filled(3e9), i64), large), constant({4e9, 3e9, 8e18}, {3}, i64));
  });
}
