// What C++ would take for something else does not compile.
// RUN: not sinterc %s --emit=model 2>&1 | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(misread) {
  entry("f", [] {
    // A temporary: it would be gone before the next line.
    // CHECK: misread.cpp:[[#@LINE+1]]:{{.*}}error: {{.*}}a scope lasts as long as its variable: write Scope scope(name);
    Scope("layer");
    Tensor x = input("x", {2, 3});
    // Not axis 1, which true is as a number.
    // CHECK: misread.cpp:[[#@LINE+1]]:{{.*}}error: use of deleted function {{.*}}Axes(bool)
    output("y", mean(x, true));
    // CHECK: no axis: keepDims comes after the axes, mean(x, {}, true)
  });
}
