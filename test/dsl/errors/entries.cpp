// Tensors and calls in the wrong place.
#include <sinter/sinter.h>
#include <stdexcept>
using namespace sinter;

SINTER_MODEL(entries) {
  std::string mistake = config("mistake", "none");
  Tensor kept, never;
  entry("f", [&] {
    kept = input("x", {3}); // made here
    output("y", kept);
    if (mistake == "null")
      output("z", exp(never));
    // RUN: not sinterc %s --set mistake=null --emit=model 2>&1 | FileCheck %s --check-prefix=NULL
    // NULL: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: exp: an operand is an empty tensor (declared, but never given a value)

    if (mistake == "nested")
      entry("g", [] {});
    // RUN: not sinterc %s --set mistake=nested --emit=model 2>&1 | FileCheck %s --check-prefix=NESTED
    // NESTED: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: entry: 'g' stands inside of entry 'f'

    if (mistake == "assign")
      assign(kept, kept + 1);
    // RUN: not sinterc %s --set mistake=assign --emit=model 2>&1 | FileCheck %s --check-prefix=ASSIGN
    // ASSIGN: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: assign: the target is neither a parameter nor a state
    // ASSIGN-NEXT: entries.cpp:10:{{[0-9]+}}: note: the target, f32 [3], was made here

    if (mistake == "assign-shape")
      assign(state("s", {2}), kept);
    // RUN: not sinterc %s --set mistake=assign-shape --emit=model 2>&1 | FileCheck %s --check-prefix=ASSIGN-SHAPE
    // ASSIGN-SHAPE: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: assign: 's' is f32 [2], but the value is f32 [3]

    if (mistake == "assign-twice") {
      Tensor s = state("s", {3});
      assign(s, kept);
      assign(s, kept);
    }
    // RUN: not sinterc %s --set mistake=assign-twice --emit=model 2>&1 | FileCheck %s --check-prefix=ASSIGN-TWICE
    // ASSIGN-TWICE: entries.cpp:[[#@LINE-3]]:{{[0-9]+}}: assign: 's' is assigned twice in entry 'f'
    // ASSIGN-TWICE-NEXT: entries.cpp:[[#@LINE-5]]:{{[0-9]+}}: note: first assigned here

    if (mistake == "check")
      check(kept.dim(0) == 4, "three is not four");
    // RUN: not sinterc %s --set mistake=check --emit=model 2>&1 | FileCheck %s --check-prefix=OWN
    // OWN: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: three is not four

    if (mistake == "exception")
      throw std::runtime_error("no idea");
    // RUN: not sinterc %s --set mistake=exception --emit=model 2>&1 | FileCheck %s --check-prefix=EXCEPTION
    // EXCEPTION: entries.cpp:10:{{[0-9]+}}: the model threw an exception after this call: no idea

    if (mistake == "dropout")
      dropout(kept, 1);
    // RUN: not sinterc %s --set mistake=dropout --emit=model 2>&1 | FileCheck %s --check-prefix=DROPOUT
    // DROPOUT: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: dropout: the probability must be at least 0 and below 1, but is 1
  });

  if (mistake == "other")
    entry("g", [&] { output("y", exp(kept)); });
  // RUN: not sinterc %s --set mistake=other --emit=model 2>&1 | FileCheck %s --check-prefix=OTHER
  // OTHER: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: exp: an operand belongs to entry 'f', but this is entry 'g'
  // OTHER-NEXT: entries.cpp:10:{{[0-9]+}}: note: the operand, f32 [3], was made here

  if (mistake == "outside")
    exp(kept);
  // RUN: not sinterc %s --set mistake=outside --emit=model 2>&1 | FileCheck %s --check-prefix=OUTSIDE
  // OUTSIDE: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: exp: called outside of an entry

  if (mistake == "nothing")
    entry("g", [] {});
  // RUN: not sinterc %s --set mistake=nothing --emit=model 2>&1 | FileCheck %s --check-prefix=NOTHING
  // NOTHING: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: entry: 'g' has no output and assigns nothing

  if (mistake == "again")
    entry("f", [] {});
  // RUN: not sinterc %s --set mistake=again --emit=model 2>&1 | FileCheck %s --check-prefix=AGAIN
  // AGAIN: entries.cpp:[[#@LINE-2]]:{{[0-9]+}}: entry: 'f' is defined twice
  // AGAIN-NEXT: entries.cpp:9:{{[0-9]+}}: note: first defined here
}
