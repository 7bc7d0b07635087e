// Mistakes in calls of functions that are made of others: the message has the caller's line.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(mistakes) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {4, 6}), i = input("i", {4}, i32), w = parameter("w", {6, 2}, he_normal());
    output("none", x);
    if (mistake == "einsum-sizes")
      einsum("ij,ij->i", {x, w});
    // RUN: not sinterc %s --set mistake=einsum-sizes --emit=model 2>&1 | FileCheck %s --check-prefix=EINSUM-SIZES
    // EINSUM-SIZES: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: einsum: "ij,ij->i" has 'i' for sizes 4 and 6

    if (mistake == "einsum-twice")
      einsum("ii->i", {x});
    // RUN: not sinterc %s --set mistake=einsum-twice --emit=model 2>&1 | FileCheck %s --check-prefix=EINSUM-TWICE
    // EINSUM-TWICE: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: einsum: "ii->i" has 'i' twice in one operand: take its diagonal first

    if (mistake == "einsum-result")
      einsum("ij->k", {x});
    // RUN: not sinterc %s --set mistake=einsum-result --emit=model 2>&1 | FileCheck %s --check-prefix=EINSUM-RESULT
    // EINSUM-RESULT: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: einsum: "ij->k" has 'k' in the result, but in no operand

    if (mistake == "einsum-rank")
      einsum("ijk->k", {x});
    // RUN: not sinterc %s --set mistake=einsum-rank --emit=model 2>&1 | FileCheck %s --check-prefix=EINSUM-RANK
    // EINSUM-RANK: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: einsum: "ijk->k" names 3 dimensions of operand 1, which has 2

    if (mistake == "einsum-count")
      einsum("ij,jk->ik", {x});
    // RUN: not sinterc %s --set mistake=einsum-count --emit=model 2>&1 | FileCheck %s --check-prefix=EINSUM-COUNT
    // EINSUM-COUNT: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: einsum: "ij,jk->ik" has 2 operands, but there are 1

    if (mistake == "stack")
      stack({x, w});
    // RUN: not sinterc %s --set mistake=stack --emit=model 2>&1 | FileCheck %s --check-prefix=STACK
    // STACK: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: stack: shapes and types must agree, but are [4, 6] and [6, 2]

    if (mistake == "take-along")
      take_along(x, i, 0);
    // RUN: not sinterc %s --set mistake=take-along --emit=model 2>&1 | FileCheck %s --check-prefix=TAKE-ALONG
    // TAKE-ALONG: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: take_along: along axis 0 of a tensor of shape [4, 6], indices of shape [4] do not fit

    if (mistake == "take-float")
      take(x, x, 0);
    // RUN: not sinterc %s --set mistake=take-float --emit=model 2>&1 | FileCheck %s --check-prefix=TAKE-FLOAT
    // TAKE-FLOAT: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: take: indices must be i32

    if (mistake == "slice-at")
      slice_at(x, 1, i, 2);
    // RUN: not sinterc %s --set mistake=slice-at --emit=model 2>&1 | FileCheck %s --check-prefix=SLICE-AT
    // SLICE-AT: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: slice_at: the start must be a scalar, but has shape [4]

    if (mistake == "update-at")
      update_at(x, 1, full({}, 0, i32), w);
    // RUN: not sinterc %s --set mistake=update-at --emit=model 2>&1 | FileCheck %s --check-prefix=UPDATE-AT
    // UPDATE-AT: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: update_at: along axis 1 of a tensor of shape [4, 6], a value of shape [6, 2] (or of its type) has no place

    if (mistake == "top-k")
      top_k(x, 7);
    // RUN: not sinterc %s --set mistake=top-k --emit=model 2>&1 | FileCheck %s --check-prefix=TOP-K
    // TOP-K: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: top_k: there are no 7 elements along axis 1 of a tensor of shape [4, 6]

    if (mistake == "sort")
      sort(full({2, 5000}, 0));
    // RUN: not sinterc %s --set mistake=sort --emit=model 2>&1 | FileCheck %s --check-prefix=SORT
    // SORT: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: sort: compares every element with every other one of its row, of which 5000 are too many: at most 4096

    if (mistake == "any")
      any(x);
    // RUN: not sinterc %s --set mistake=any --emit=model 2>&1 | FileCheck %s --check-prefix=ANY
    // ANY: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: any: needs booleans; use x != 0

    if (mistake == "integers")
      sum(full({70000}, 1, i32));
    // RUN: not sinterc %s --set mistake=integers --emit=model 2>&1 | FileCheck %s --check-prefix=INTEGERS
    // INTEGERS: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: sum: adds up at most 65536 integers, but here 70000

    if (mistake == "groups")
      group_norm(x, 4);
    // RUN: not sinterc %s --set mistake=groups --emit=model 2>&1 | FileCheck %s --check-prefix=GROUPS
    // GROUPS: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: group_norm: 6 channels do not divide into 4 groups

    if (mistake == "rope")
      rope(full({3, 5}, 1));
    // RUN: not sinterc %s --set mistake=rope --emit=model 2>&1 | FileCheck %s --check-prefix=ROPE
    // ROPE: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: rope: needs [..., positions, width] of an even width

    if (mistake == "fans")
      parameter("b", {6}, xavier_uniform());
    // RUN: not sinterc %s --set mistake=fans --emit=model 2>&1 | FileCheck %s --check-prefix=FANS
    // FANS: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameter: 'b' of shape [6] has no inputs and outputs to initialise it by: that takes at least 2 dimensions

    if (mistake == "bernoulli")
      bernoulli({3}, 1.5);
    // RUN: not sinterc %s --set mistake=bernoulli --emit=model 2>&1 | FileCheck %s --check-prefix=BERNOULLI
    // BERNOULLI: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: bernoulli: the probability must be from 0 to 1, but is 1.5

    if (mistake == "uniform")
      uniform({3}, 2, 2);
    // RUN: not sinterc %s --set mistake=uniform --emit=model 2>&1 | FileCheck %s --check-prefix=UNIFORM
    // UNIFORM: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: uniform: numbers are drawn from [low, high), but that is [2, 2)

    if (mistake == "categorical")
      categorical(i);
    // RUN: not sinterc %s --set mistake=categorical --emit=model 2>&1 | FileCheck %s --check-prefix=CATEGORICAL
    // CATEGORICAL: composed.cpp:[[#@LINE-2]]:{{[0-9]+}}: categorical: needs f32, but the operand is i32; use cast(x, f32)

    if (mistake == "config") {
      config("width", 64);
      config("width", 32);
    }
    // RUN: not sinterc %s --set mistake=config --emit=model 2>&1 | FileCheck %s --check-prefix=CONFIG
    // CONFIG: composed.cpp:[[#@LINE-3]]:{{[0-9]+}}: config: 'width' has the default 32 here, but 64 where it was asked for first
    // CONFIG-NEXT: composed.cpp:[[#@LINE-5]]:{{[0-9]+}}: note: first asked for here
  });

  // RUN: sinterc %s --emit=model -o %t.mlir 2>&1 | count 0
}
