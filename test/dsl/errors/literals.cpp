// Numbers that their type does not hold, wherever they are written.
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

SINTER_MODEL(literals) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {3}), i = input("i", {3}, i32);
    if (mistake == "range")
      constant({3, 3e9}, {2}, i32);
    // RUN: not sinterc %s --set mistake=range --emit=model 2>&1 | FileCheck %s --check-prefix=RANGE
    // RANGE: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: constant: element 1, 3e+09 is not an i32, a whole number from -2147483648 to 2147483647

    if (mistake == "fraction")
      full({1}, 0.5, i32);
    // RUN: not sinterc %s --set mistake=fraction --emit=model 2>&1 | FileCheck %s --check-prefix=FRACTION
    // FRACTION: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: full: 0.5 is not an i32

    if (mistake == "nan")
      full({1}, NAN, i32);
    // RUN: not sinterc %s --set mistake=nan --emit=model 2>&1 | FileCheck %s --check-prefix=NAN
    // NAN: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: full: nan is not an i32

    if (mistake == "boolean")
      constant({0.5}, {1}, boolean);
    // RUN: not sinterc %s --set mistake=boolean --emit=model 2>&1 | FileCheck %s --check-prefix=BOOLEAN
    // BOOLEAN: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: constant: element 0, 0.5 is not a boolean, 0 or 1

    if (mistake == "large")
      output("y", full({1}, 1e39));
    // RUN: sinterc %s --set mistake=large --emit=model 2>&1 | FileCheck %s --check-prefix=LARGE
    // LARGE: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: warning: full: 1e+39 is infinity: the largest f32 is 3.4028235e+38
    // LARGE: dense<0x7F800000> : tensor<1xf32>

    if (mistake == "small")
      output("y", x + 1e-46);
    // RUN: not sinterc %s --set mistake=small --emit=model 2>&1 | FileCheck %s --check-prefix=SMALL
    // SMALL: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: add: 1e-46 is not an f32: the least above 0 is 1e-45

    if (mistake == "operand")
      output("y", i + 3e9);
    // RUN: not sinterc %s --set mistake=operand --emit=model 2>&1 | FileCheck %s --check-prefix=OPERAND
    // OPERAND: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: add: 3e+09 is not an i32, but the other operand is

    if (mistake == "state")
      state("s", {1}, filled(3e9), i32);
    // RUN: not sinterc %s --set mistake=state --emit=model 2>&1 | FileCheck %s --check-prefix=STATE
    // STATE: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: state: the initial value of 's', 3e+09 is not an i32

    if (mistake == "half")
      state("h", {1}, filled(0.5), i32);
    // RUN: not sinterc %s --set mistake=half --emit=model 2>&1 | FileCheck %s --check-prefix=HALF
    // HALF: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: state: the initial value of 'h', 0.5 is not an i32

    if (mistake == "scale")
      parameter("p", {1}, normal(NAN));
    // RUN: not sinterc %s --set mistake=scale --emit=model 2>&1 | FileCheck %s --check-prefix=SCALE
    // SCALE: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameter: the scale of the initial values of 'p' must be finite, but is nan

    if (mistake == "random")
      state("r", {1}, uniform(1), i32);
    // RUN: not sinterc %s --set mistake=random --emit=model 2>&1 | FileCheck %s --check-prefix=RANDOM
    // RANDOM: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: state: random initial values are f32, but 'r' is i32

    if (mistake == "default")
      scalar_input("step", 1e10, i32);
    // RUN: not sinterc %s --set mistake=default --emit=model 2>&1 | FileCheck %s --check-prefix=DEFAULT
    // DEFAULT: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: scalar_input: the default of 'step', 1e+10 is not an i32

    if (mistake == "float-default")
      scalar_input("eps", 1e-50);
    // RUN: not sinterc %s --set mistake=float-default --emit=model 2>&1 | FileCheck %s --check-prefix=FLOAT-DEFAULT
    // FLOAT-DEFAULT: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: scalar_input: the default of 'eps', 1e-50 is not an f32

    if (mistake == "indices")
      arange(3000000000);
    // RUN: not sinterc %s --set mistake=indices --emit=model 2>&1 | FileCheck %s --check-prefix=INDICES
    // INDICES: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: iota: the last index, 2999999999 is not an i32

    if (mistake == "epsilon")
      layer_norm(x, 1e-60);
    // RUN: not sinterc %s --set mistake=epsilon --emit=model 2>&1 | FileCheck %s --check-prefix=EPSILON
    // EPSILON: literals.cpp:[[#@LINE-2]]:{{[0-9]+}}: layer_norm: epsilon 1e-60 is not an f32: the least above 0 is 1e-45
    output("none", x);
  });
}
