// Every op knows its line of the model, also those that library functions are made of; a module that is printed and
// read back keeps them.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: sinterc %t.mlir --emit=model -o - | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(locations) {
  entry("f", [] {
    Tensor x = input("x", {3});
    // CHECK-DAG: math.exp {{.*}} loc([[EXP:#loc[0-9]*]])
    // CHECK-DAG: [[EXP]] = loc("{{.*}}locations.cpp":[[#@LINE+1]]:{{[0-9]+}})
    Tensor y = exp(x);
    // CHECK-DAG: arith.addf {{.*}} loc([[ADD:#loc[0-9]*]])
    // CHECK-DAG: [[ADD]] = loc("{{.*}}locations.cpp":[[#@LINE+1]]:{{[0-9]+}})
    Tensor z = x + y;
    // CHECK-DAG: arith.select {{.*}} loc([[RELU:#loc[0-9]*]])
    // CHECK-DAG: [[RELU]] = loc("{{.*}}locations.cpp":[[#@LINE+1]]:{{[0-9]+}})
    output("y", relu(z));
  });
}
