// Every op knows the scopes that were open where it was made: what one line of a helper makes for many is told apart.
// Printed and read back, through the passes, in gradients, in the report, in profiles and in messages.
// RUN: rm -rf %t && mkdir -p %t
// RUN: sinterc %s --emit=model -o %t/model.mlir
// RUN: FileCheck %s --check-prefix=MODEL < %t/model.mlir
// RUN: sinterc %t/model.mlir --emit=model -o - | diff - %t/model.mlir
// RUN: sinterc %t/model.mlir --emit=train -o %t/train.mlir
// RUN: FileCheck %s --check-prefix=TRAIN < %t/train.mlir
// RUN: sinterc %t/train.mlir --from=train --emit=train -o - | diff - %t/train.mlir
// RUN: sinterc %s --report -o %t/program | FileCheck %s --check-prefix=REPORT
// RUN: sinterc %s --report=json | FileCheck %s --check-prefix=JSON
// RUN: %t/program bench train --steps 2 --profile | FileCheck %s --check-prefix=PROFILE
// RUN: %t/program bench train --steps 2 --profile --json | FileCheck %s --check-prefix=PROFILE-JSON
// RUN: sinterc %s --emit=train --debug-only=sinter-fuse-elementwise -o %t/out.mlir 2>&1 | FileCheck %s --check-prefix=STEPS
// RUN: not sinterc %s --set inner=33 -o %t/none 2>&1 | FileCheck %s --check-prefix=ERROR
#include <sinter/sinter.h>
using namespace sinter;

static Tensor linear(const std::string &name, Tensor x, int64_t in, int64_t out) {
  Scope scope(name);
  Tensor weight = parameter("weight", {in, out}, normal(0.1));
  // ERROR: scopes.cpp:[[#@LINE+2]]:{{[0-9]+}}: matmul: inner dimensions differ: 32 and 33, of shapes [16, 32] and [33, 64] [in h.0.mlp.c_fc]
  // ERROR: note: the right operand, f32 [33, 64], was made here [in h.0.mlp.c_fc]
  return matmul(x, weight);
}

SINTER_MODEL(scopes) {
  int inner = config("inner", 32);
  entry("train", [&] {
    Tensor x = input("x", {16, 32});
    // Outside of all scopes there is the line alone.
    // MODEL-DAG: math.exp {{.*}} loc([[EXP:#loc[0-9]*]])
    // MODEL-DAG: [[EXP]] = loc("{{.*}}scopes.cpp":[[#@LINE+1]]:{{[0-9]+}})
    x = exp(x);
    for (int layer = 0; layer < 2; ++layer) {
      Scope scope("h." + std::to_string(layer));
      {
        Scope part("attn");
        x = x + linear("c_attn", x, 32, 32);
      }
      {
        Scope part("mlp");
        x = x + linear("c_proj", tanh(linear("c_fc", x, inner, 64)), 64, 32);
      }
    }
    // MODEL-DAG: sinter.matmul {{.*}} loc([[ATTN:#loc[0-9]*]])
    // MODEL-DAG: sinter.matmul {{.*}}tensor<32x64xf32>{{.*}} loc([[FC:#loc[0-9]*]])
    // MODEL-DAG: [[ATTN]] = loc("h.0.attn.c_attn"([[LINE:#loc[0-9]*]]))
    // MODEL-DAG: [[FC]] = loc("h.0.mlp.c_fc"([[LINE]]))
    // MODEL-DAG: [[LINE]] = loc("{{.*}}scopes.cpp":{{[0-9]+}}:{{[0-9]+}})
    // The gradients of products have the scopes of these.
    // TRAIN-DAG: sinter.matmul {{.*}}transpose_lhs{{.*}} -> tensor<32x64xf32> loc([[FC:#loc[0-9]*]])
    // TRAIN-DAG: [[FC]] = loc("h.1.mlp.c_fc"(#loc{{[0-9]*}}))
    output("loss", mean(square(x)));
    output("norm", minimize(mean(square(x)), Sgd{.lr = 0.1}));
  });
  // Equal ops of different scopes are one.
  // TRAIN-LABEL: func.func @twice
  // TRAIN-COUNT-1: math.exp
  // TRAIN-NOT: math.exp
  entry("twice", [] {
    Tensor x = input("x", {8});
    auto exponential = [&](const char *name) {
      Scope scope(name);
      return exp(x);
    };
    output("y", exponential("one") + exponential("two"));
  });
}
// Forwards: one kernel for both layers, one line for all products. Backwards, the last layer has one of its own.
// REPORT: entry train:
// REPORT-DAG: {{^ *}}2 {{.*}} matmul_16x32  scopes.cpp:[[LINE:[0-9]+:[0-9]+]] in h.*.attn.c_attn{{$}}
// REPORT-DAG: {{^ *}}2 {{.*}} matmul_16x64  scopes.cpp:[[LINE]] in h.*.mlp.c_fc{{$}}
// REPORT-DAG: {{^ *}}2 {{.*}} matmul_32x64  scopes.cpp:[[LINE]] in h.*.mlp.c_fc{{$}}
// REPORT-DAG: {{^ *}}1 {{.*}}  scopes.cpp:[[LINE]] in h.1.mlp.c_proj{{$}}
// REPORT-DAG: stores its result: {{.*}}its reader is a product of its own (scopes.cpp:[[LINE]] in h.*.mlp.c_proj)
// JSON-DAG: "h.*.attn.c_attn"
// JSON-DAG: "h.1.mlp.c_proj"
// PROFILE-DAG: 2 x {{.*}}matmul_16x32 (scopes.cpp:[[LINE:[0-9]+:[0-9]+]] in h.*.attn.c_attn)
// PROFILE-DAG: 2 x {{.*}}matmul_16x64 (scopes.cpp:[[LINE]] in h.*.mlp.c_fc)
// PROFILE-DAG: 1 x {{.*}}(scopes.cpp:[[LINE]] in h.1.mlp.c_proj)
// PROFILE-JSON: "scope":"h.*.attn.c_attn","launches":2
// STEPS: [sinter-fuse-elementwise] scopes.cpp:{{[0-9]+:[0-9]+}} in h.1.mlp:
