// Names that are missing, taken, or mean something else elsewhere.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(names) {
  std::string mistake = config("mistake", "none", "which of them to make");
  config("layers", 4, "transformer blocks");
  entry("f", [&] {
    Tensor w = parameter("w", {3}, zeros()); // first
    output("y", w);                          // the first output
    if (mistake == "duplicate")
      parameter("w", {3}, ones());
    // RUN: not sinterc %s --set mistake=duplicate --emit=model 2>&1 | FileCheck %s --check-prefix=DUPLICATE
    // DUPLICATE: names.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameter: 'w' is parameter, f32 [3], ones here, but this entry, before, declared it as parameter, f32 [3], zeros
    // DUPLICATE-NEXT: names.cpp:[[#@LINE-6]]:{{[0-9]+}}: note: declared there

    if (mistake == "input") {
      input("x", {2});
      input("x", {2});
    }
    // RUN: not sinterc %s --set mistake=input --emit=model 2>&1 | FileCheck %s --check-prefix=INPUT
    // INPUT: names.cpp:[[#@LINE-3]]:{{[0-9]+}}: input: 'x' is declared twice in entry 'f'
    // INPUT-NEXT: names.cpp:[[#@LINE-5]]:{{[0-9]+}}: note: first declared here

    if (mistake == "output")
      output("y", w);
    // RUN: not sinterc %s --set mistake=output --emit=model 2>&1 | FileCheck %s --check-prefix=OUTPUT
    // OUTPUT: names.cpp:[[#@LINE-2]]:{{[0-9]+}}: output: 'y' is given twice in entry 'f'

    if (mistake == "empty")
      parameter("", {3}, zeros());
    // RUN: not sinterc %s --set mistake=empty --emit=model 2>&1 | FileCheck %s --check-prefix=EMPTY
    // EMPTY: names.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameter: the name is empty

    if (mistake == "character")
      parameter("two words", {3}, zeros());
    // RUN: not sinterc %s --set mistake=character --emit=model 2>&1 | FileCheck %s --check-prefix=CHARACTER
    // CHARACTER: names.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameter: the name 'two words' has a character other than visible ASCII

    if (mistake == "default") {
      scalar_input("lr", 0.5);
      scalar_input("lr", 0.25);
    }
    // RUN: not sinterc %s --set mistake=default --emit=model 2>&1 | FileCheck %s --check-prefix=DEFAULT
    // DEFAULT: names.cpp:[[#@LINE-3]]:{{[0-9]+}}: scalar_input: 'lr' is already an input of another type or default
  });

  if (mistake == "mismatch")
    entry("g", [] { output("y", parameter("w", {4}, zeros())); });
  // RUN: not sinterc %s --set mistake=mismatch --emit=model 2>&1 | FileCheck %s --check-prefix=MISMATCH
  // MISMATCH: names.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameter: 'w' is parameter, f32 [4], zeros here, but another entry declared it as parameter, f32 [3], zeros
  // MISMATCH-NEXT: names.cpp:9:{{[0-9]+}}: note: declared there

  if (mistake == "init")
    entry("g", [] { output("y", parameter("w", {3}, normal(0.0002))); });
  // RUN: not sinterc %s --set mistake=init --emit=model 2>&1 | FileCheck %s --check-prefix=INIT
  // INIT: parameter: 'w' is parameter, f32 [3], normal(2e-04) here, but another entry declared it as parameter, f32 [3], zeros

  if (mistake == "symbol")
    entry("w", [] { output("y", input("x", {4})); });
  // RUN: not sinterc %s --set mistake=symbol --emit=model 2>&1 | FileCheck %s --check-prefix=SYMBOL
  // SYMBOL: names.cpp:[[#@LINE-2]]:{{[0-9]+}}: entry: 'w' is already the name of a parameter or state
  // SYMBOL-NEXT: names.cpp:9:{{[0-9]+}}: note: declared here

  // RUN: not sinterc %s --set layer=12 --emit=model 2>&1 | FileCheck %s --check-prefix=UNKNOWN
  // UNKNOWN: --set: unknown name 'layer' (did you mean layers?); the model declares these:
  // UNKNOWN-NEXT: layers = 4 (transformer blocks)
  // UNKNOWN-NEXT: mistake = none (which of them to make)

  // RUN: not sinterc %s --set layers=twelve --emit=model 2>&1 | FileCheck %s --check-prefix=VALUE
  // VALUE: names.cpp:7:{{[0-9]+}}: config: 'layers' must be a whole number, but --set gives 'twelve'
  // RUN: not sinterc %s --set layers=4.5 --emit=model 2>&1 | FileCheck %s --check-prefix=FRACTION
  // FRACTION: config: 'layers' must be a whole number, but --set gives '4.5'
}
