// Loops whose number of steps is known at run time only. Values from closed forms and from Python, on all paths.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
// RUN: sinterc %s --emit=plan -o %t.plan && FileCheck %s --check-prefix=PLAN --input-file=%t.plan
// RUN: not sinterc %s --set mistake=gradient -o %t 2>&1 | FileCheck %s --check-prefix=GRADIENT
// RUN: not sinterc %s --set mistake=endless -o %t 2>&1 | FileCheck %s --check-prefix=ENDLESS
// RUN: not sinterc %s --set mistake=long --target=vulkan -o %t 2>&1 | FileCheck %s --check-prefix=LONG
// RUN: not sinterc %s --set mistake=number --emit=model 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not sinterc %s --set mistake=times --emit=model 2>&1 | FileCheck %s --check-prefix=TIMES
// RUN: not sinterc %s --set mistake=most --emit=model 2>&1 | FileCheck %s --check-prefix=MOST
// RUN: not sinterc %s --set mistake=type --emit=model 2>&1 | FileCheck %s --check-prefix=TYPE
#include <sinter/sinter.h>
using namespace sinter;
using Tensors = std::vector<Tensor>;

static Tensor seen(double value) { return state("zero", {}, zeros()) + value; }

SINTER_MODEL(while_loops) {
  // The step counts itself, stops in time, and is told apart from the most that there may be.
  // PLAN: plan.loop 200 carry
  // PLAN: } {sinter.while = 0 : i64}
  // CHECK: collatz: {{.*}}ok
  entry("collatz", [] {
    // From 27 it takes 111 steps, by way of 9232.
    Tensors last = while_loop(
        {cast(seen(27), i32), full({}, 0, i32), full({}, 0, i32)}, [](Tensors c) { return c[0] != 1; },
        [](Tensors c) {
          Tensor next = where(remainder(c[0], 2) == 0, c[0] / 2, c[0] * 3 + 1);
          return Tensors{next, maximum(c[1], next), c[2] + 1};
        },
        200);
    expect(last[1], full({}, 9232, i32));
    expect(last[2], full({}, 111, i32));
  });

  // CHECK: power_iteration: {{.*}}ok
  entry("power_iteration", [] {
    // The largest eigenvalue of [[2, 1], [1, 3]]: (5 + sqrt(5)) / 2.
    Tensor a = constant({2, 1, 1, 3}, {2, 2});
    Tensors last = while_loop(
        {full({2, 1}, 1) + seen(0), full({}, 0), full({}, 1)}, [](Tensors c) { return c[2] > 1e-7 * c[1]; },
        [&](Tensors c) {
          Tensor next = matmul(a, c[0]), size = sqrt(sum(square(next)));
          return Tensors{next / size, size, abs(size - c[1])};
        },
        100);
    expect(last[1], full({}, 3.618033988749895));
  });

  // CHECK: at_run_time: {{.*}}ok
  entry("at_run_time", [] {
    auto doubled = [](Tensor times) {
      return repeat(times, {seen(1), full({3}, 0)}, [](Tensors c, Tensor step) {
        return Tensors{c[0] * 2, c[1] + cast(step, f32) * constant({1, 2, 3}, {3})};
      }, 40);
    };
    Tensors ten = doubled(cast(seen(10), i32)), none = doubled(cast(seen(0), i32)), all = doubled(cast(seen(99), i32));
    expect(ten[0], full({}, 1024));
    expect(ten[1], constant({45, 90, 135}, {3}));
    expect(none[0], full({}, 1));
    expect(none[1], full({3}, 0));
    expect(all[0], full({}, 1099511627776));
  });

  // Loops of both kinds inside each other: the number of divisors of 1 to 12.
  // CHECK: nested: {{.*}}ok
  entry("nested", [] {
    Tensor numbers = cast(seen(0), i32) + arange(12) + 1;
    Tensor counts = scan({full({}, 0, i32)}, {numbers}, [](auto carry, auto now) -> ScanStep {
                      Tensors last = while_loop(
                          {full({}, 1, i32), full({}, 0, i32)}, [&](Tensors c) { return c[0] <= now[0]; },
                          [&](Tensors c) {
                            return Tensors{c[0] + 1, c[1] + cast(remainder(now[0], c[0]) == 0, i32)};
                          },
                          16);
                      return {{carry[0] + last[1]}, {last[1]}};
                    }).outputs[0];
    expect(counts, constant({1, 2, 2, 3, 2, 4, 2, 4, 3, 4, 2, 6}, {12}, i32));
    Tensors outer = while_loop({cast(seen(0), i32), full({}, 0, i32)}, [](Tensors c) { return c[0] < 5; }, [](Tensors c) {
      Tensor sum = repeat(c[0], {c[1]}, [](Tensors s, Tensor step) { return Tensors{s[0] + step}; }, 8)[0];
      return Tensors{c[0] + 1, sum};
    }, 8);
    expect(outer[1], full({}, 0 + 1 + 3 + 6, i32));
  });

  std::string mistake = config("mistake", "none");
  if (mistake != "none")
    entry("wrong", [&] {
      Tensor x = seen(2);
      auto half = [](Tensors c) { return Tensors{c[0] / 2}; };
      if (mistake == "gradient")
        output("g", grad(while_loop({x}, [](Tensors c) { return c[0] > 1; }, half)[0], x));
      // GRADIENT: while_loops.cpp:[[#@LINE-1]]:{{.*}} while_loop: how many steps there are is known at run time only, so no gradient can be computed
      // GRADIENT: while_loops.cpp:[[#@LINE-2]]:{{.*}} remark: the gradient was asked for here
      if (mistake == "endless")
        output("y", while_loop({x}, [](Tensors) { return full({}, 1) > 0; }, half)[0]);
      // ENDLESS: while_loops.cpp:[[#@LINE-1]]:{{.*}} while_loop: the condition depends on no carry, so that it never changes
      if (mistake == "long")
        output("y", while_loop({x}, [](Tensors c) { return c[0] > 1; }, half)[0]);
      // LONG: while_loops.cpp:[[#@LINE-1]]:{{.*}} vulkan: every step that a loop may have is recorded, and this one may have 2147483647, more than 65536: give a bound to while_loop
      if (mistake == "number")
        while_loop({x}, [](Tensors c) { return c[0]; }, half);
      // NUMBER: while_loops.cpp:[[#@LINE-1]]:{{.*}} while_loop: the condition must be a boolean scalar, but is f32 []
      if (mistake == "times")
        repeat(x, {x}, [](Tensors c, Tensor) { return c; });
      // TIMES: while_loops.cpp:[[#@LINE-1]]:{{.*}} repeat: the number of times must be an i32 scalar, but is f32 []
      if (mistake == "most")
        while_loop({x}, [](Tensors c) { return c[0] > 1; }, half, 0);
      // MOST: while_loops.cpp:[[#@LINE-1]]:{{.*}} while_loop: at most 0 times; it takes a number from 1 to 2147483647
      if (mistake == "type")
        while_loop({x}, [](Tensors c) { return c[0] > 1; }, [](Tensors c) { return Tensors{cast(c[0], i32)}; });
      // TYPE: while_loops.cpp:[[#@LINE-1]]:{{.*}} while_loop: carry 0 begins as f32 [], but the body makes it i32 []
      output("x", x);
    });
}
