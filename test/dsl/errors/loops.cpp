// What a loop cannot be is said where it stands.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(loops) {
  std::string mistake = config("mistake", "none");
  entry("run", [&] {
    Tensor h = input("h", {4}), x = input("x", {3, 4}), y = input("y", {2, 4});
    Tensor negative = h < 0;
    Tensor inner;
    auto [last, all] = scan({h}, {x}, [&](auto carry, auto now) -> ScanStep {
      inner = carry[0] + now[0];
      if (mistake == "output")
        output("inner", inner);
      if (mistake == "assign")
        assign(state("s", {4}), inner);
      if (mistake == "shape")
        return {{reshape(inner, {2, 2})}};
      if (mistake == "count")
        return {{inner, inner}};
      if (mistake == "boolean")
        return {{inner}, {inner < 0}};
      return {{inner}, {inner}};
    });
    if (mistake == "outside")
      output("more", inner);
    if (mistake == "lengths")
      scan({h}, {x, y}, [&](auto carry, auto) -> ScanStep { return {carry}; });
    if (mistake == "scalar")
      scan({h}, {sum(x)}, [&](auto carry, auto) -> ScanStep { return {carry}; });
    if (mistake == "nothing")
      scan({h}, {}, [&](auto carry, auto) -> ScanStep { return {carry}; });
    if (mistake == "never")
      repeat(0, {h}, [&](auto carry, Tensor) { return carry; });
    if (mistake == "captured")
      repeat(3, {h}, [&](auto carry, Tensor) { return std::vector<Tensor>{where(negative, carry[0], 1)}; });
    output("last", last[0]);
    output("all", all[0]);
  });
}
// RUN: sinterc %s --emit=model | FileCheck %s
// RUN: not sinterc %s --set mistake=output --emit=model 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: not sinterc %s --set mistake=assign --emit=model 2>&1 | FileCheck %s --check-prefix=ASSIGN
// RUN: not sinterc %s --set mistake=shape --emit=model 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: not sinterc %s --set mistake=count --emit=model 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not sinterc %s --set mistake=boolean --emit=model 2>&1 | FileCheck %s --check-prefix=BOOLEAN
// RUN: not sinterc %s --set mistake=outside --emit=model 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// RUN: not sinterc %s --set mistake=lengths --emit=model 2>&1 | FileCheck %s --check-prefix=LENGTHS
// RUN: not sinterc %s --set mistake=scalar --emit=model 2>&1 | FileCheck %s --check-prefix=SCALAR
// RUN: not sinterc %s --set mistake=nothing --emit=model 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not sinterc %s --set mistake=never --emit=model 2>&1 | FileCheck %s --check-prefix=NEVER
// RUN: not sinterc %s --set mistake=captured --emit=model -o %t.mlir 2>&1 | FileCheck %s --check-prefix=CAPTURED
// CHECK: sinter.scan 3
// OUTPUT: loops.cpp:14:15: output: may not stand in the body of a loop, which only gives what it returns
// ASSIGN: loops.cpp:16:15: assign: may not stand in the body of a loop
// SHAPE: loops.cpp:11:28: scan: carry 0 begins as f32 [4], but the body makes it f32 [2, 2]
// SHAPE: loops.cpp:18:{{[0-9]+}}: note: the body gives this, f32 [2, 2], was made here
// COUNT: loops.cpp:11:28: scan: there are 1 carries, but the body gives 2
// BOOLEAN: loops.cpp:11:28: scan: an output is boolean; use cast(x, i32)
// OUTSIDE: loops.cpp:26:13: output: an operand belongs to the body of a loop, which gives outwards only what it returns
// LENGTHS: loops.cpp:28:11: scan: the sequences differ in length: 3 and 2 steps
// SCALAR: loops.cpp:30:11: scan: a sequence has a first dimension, that of the steps, but this one is a scalar
// NOTHING: loops.cpp:32:11: scan: there is no sequence to go over; use repeat(n, ...)
// NEVER: loops.cpp:34:13: repeat: 0 times; it takes at least one
// CAPTURED: loops.cpp:36:13: repeat: what the body reads of the code around it is boolean; use cast(x, i32)
