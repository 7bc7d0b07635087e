// RUN: not sinterc %s --emit=model 2>&1 | FileCheck %s
// CHECK: idle.cpp: the model defines no entry
#include <sinter/sinter.h>
SINTER_MODEL(idle) {}
