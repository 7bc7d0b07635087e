// Messages of the C++ compiler reach the author unchanged, and sinterc says that it stops.
// RUN: not sinterc %s --emit=model 2>&1 | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(broken) {
  // CHECK: broken.cpp:[[#@LINE+1]]:{{.*}}undeclared_thing
  undeclared_thing;
}
// CHECK: broken.cpp does not compile
