// A wrong element type.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(types) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {3}), i = input("i", {3}, i32);
    if (mistake == "mixed")
      output("y", x * i);
    // RUN: not sinterc %s --set mistake=mixed --emit=model 2>&1 | FileCheck %s --check-prefix=MIXED
    // MIXED: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: multiply: element types differ: f32 and i32; use cast
    // MIXED-NEXT: types.cpp:[[#@LINE-5]]:{{[0-9]+}}: note: the first operand, f32 [3], was made here
    // MIXED-NEXT: types.cpp:[[#@LINE-6]]:{{[0-9]+}}: note: the other operand, i32 [3], was made here

    if (mistake == "exp")
      exp(i);
    // RUN: not sinterc %s --set mistake=exp --emit=model 2>&1 | FileCheck %s --check-prefix=EXP
    // EXP: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: exp: needs f32, but the operand is i32; use cast(x, f32)

    if (mistake == "fma")
      fma(i, i, i);
    // RUN: not sinterc %s --set mistake=fma --emit=model 2>&1 | FileCheck %s --check-prefix=FMA
    // FMA: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: fma: needs f32, but the operand is i32; use cast(x, f32)

    if (mistake == "fraction")
      output("y", i + 0.5);
    // RUN: not sinterc %s --set mistake=fraction --emit=model 2>&1 | FileCheck %s --check-prefix=FRACTION
    // FRACTION: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: add: 0.5 is not an i32, but the other operand is

    if (mistake == "boolean")
      output("y", (x > 0) + (x < 1));
    // RUN: not sinterc %s --set mistake=boolean --emit=model 2>&1 | FileCheck %s --check-prefix=BOOLEAN
    // BOOLEAN: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: add: booleans have no arithmetic; use cast(x, f32) or the logical operators

    if (mistake == "logic")
      output("y", x && x);
    // RUN: not sinterc %s --set mistake=logic --emit=model 2>&1 | FileCheck %s --check-prefix=LOGIC
    // LOGIC: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: and: needs booleans, but the operands are f32

    if (mistake == "condition")
      where(x, 1, x);
    // RUN: not sinterc %s --set mistake=condition --emit=model 2>&1 | FileCheck %s --check-prefix=CONDITION
    // CONDITION: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: where: the condition must be boolean, but is f32

    if (mistake == "indices")
      gather(x, x);
    // RUN: not sinterc %s --set mistake=indices --emit=model 2>&1 | FileCheck %s --check-prefix=INDICES
    // INDICES: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: gather: indices must be i32, but are f32

    if (mistake == "output")
      output("y", x > 0);
    // RUN: not sinterc %s --set mistake=output --emit=model 2>&1 | FileCheck %s --check-prefix=OUTPUT
    // OUTPUT: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: output: 'y' is boolean; use cast(x, i32)

    if (mistake == "half")
      output("y", cast(x, bf16) * 2);
    // RUN: not sinterc %s --set mistake=half --emit=model 2>&1 | FileCheck %s --check-prefix=HALF
    // HALF: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: multiply: nothing is computed in bf16, which only stores; use cast(x, f32)

    if (mistake == "softmax")
      softmax(cast(x, f64));
    // RUN: not sinterc %s --set mistake=softmax --emit=model 2>&1 | FileCheck %s --check-prefix=SOFTMAX
    // SOFTMAX: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: softmax: needs f32, but the operand is f64; use cast(x, f32)

    if (mistake == "large")
      output("y", full({3}, 7e4, f16));
    // RUN: sinterc %s --set mistake=large --emit=model 2>&1 | FileCheck %s --check-prefix=LARGE
    // LARGE: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: warning: full: 70000 is infinity: the largest f16 is 65504

    if (mistake == "zero")
      output("y", i / 0);
    // RUN: not sinterc %s --set mistake=zero --emit=model 2>&1 | FileCheck %s --check-prefix=ZERO
    // ZERO: types.cpp:[[#@LINE-2]]:{{[0-9]+}}: divide: the divisor is the constant 0
    output("none", x);
  });
}
