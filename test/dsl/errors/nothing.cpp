// A file without a model.
// RUN: not sinterc %s --emit=model 2>&1 | FileCheck %s
// CHECK: nothing.cpp: has no SINTER_MODEL(name) { ... }
