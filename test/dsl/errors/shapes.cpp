// A wrong shape: one message with the line, both values, and where the operands were made.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(shapes) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {8, 384}); // made here
    Tensor w = input("w", {385, 10}); // and here
    if (mistake == "inner")
      output("y", matmul(x, w));
    // RUN: not sinterc %s --set mistake=inner --emit=model 2>&1 | FileCheck %s --check-prefix=INNER
    // INNER: {{^.*}}shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: matmul: inner dimensions differ: 384 and 385, of shapes [8, 384] and [385, 10]
    // INNER-NEXT: shapes.cpp:[[#@LINE-6]]:{{[0-9]+}}: note: the left operand, f32 [8, 384], was made here
    // INNER-NEXT: shapes.cpp:[[#@LINE-6]]:{{[0-9]+}}: note: the right operand, f32 [385, 10], was made here
    // INNER-NOT: {{.}}

    if (mistake == "batch")
      output("y", matmul(input("a", {2, 3, 4}), input("b", {5, 4, 6})));
    // RUN: not sinterc %s --set mistake=batch --emit=model 2>&1 | FileCheck %s --check-prefix=BATCH
    // BATCH: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: matmul: batch dimensions do not broadcast: [2] and [5]

    if (mistake == "vector")
      output("y", matmul(x, input("v", {384})));
    // RUN: not sinterc %s --set mistake=vector --emit=model 2>&1 | FileCheck %s --check-prefix=VECTOR
    // VECTOR: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: matmul: needs at least 2 dimensions, but the right operand has shape [384]

    if (mistake == "broadcast")
      output("y", x + w);
    // RUN: not sinterc %s --set mistake=broadcast --emit=model 2>&1 | FileCheck %s --check-prefix=BROADCAST
    // BROADCAST: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: add: shapes do not broadcast: [8, 384] and [385, 10]
    // BROADCAST-NEXT: note: the first operand, f32 [8, 384], was made here

    if (mistake == "reshape")
      output("y", reshape(x, {7, -1}));
    // RUN: not sinterc %s --set mistake=reshape --emit=model 2>&1 | FileCheck %s --check-prefix=RESHAPE
    // RESHAPE: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: reshape: [8, 384] has 3072 elements, which do not fill [7, -1]

    if (mistake == "split")
      split(x, 5, 1);
    // RUN: not sinterc %s --set mistake=split --emit=model 2>&1 | FileCheck %s --check-prefix=SPLIT
    // SPLIT: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: split: axis 1 of a tensor of shape [8, 384] does not divide into 5 equal parts

    if (mistake == "concat")
      concat({x, w}, 0);
    // RUN: not sinterc %s --set mistake=concat --emit=model 2>&1 | FileCheck %s --check-prefix=CONCAT
    // CONCAT: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: concat: along axis 0, f32 [8, 384] and f32 [385, 10] do not join

    if (mistake == "slice")
      slice(x, 0, 4, 9);
    // RUN: not sinterc %s --set mistake=slice --emit=model 2>&1 | FileCheck %s --check-prefix=SLICE
    // SLICE: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: slice: [4, 9) is empty or outside of axis 0 of a tensor of shape [8, 384]

    if (mistake == "targets")
      cross_entropy(x, input("t", {9}, i32));
    // RUN: not sinterc %s --set mistake=targets --emit=model 2>&1 | FileCheck %s --check-prefix=TARGETS
    // TARGETS: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: cross_entropy: logits of shape [8, 384] need targets of shape [8], but they have [9]

    if (mistake == "size")
      input("z", {3, 0});
    // RUN: not sinterc %s --set mistake=size --emit=model 2>&1 | FileCheck %s --check-prefix=SIZE
    // SIZE: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: input: every size must be positive, but the shape is [3, 0]

    if (mistake == "literal")
      constant({1, 2, 3}, {2, 2});
    // RUN: not sinterc %s --set mistake=literal --emit=model 2>&1 | FileCheck %s --check-prefix=LITERAL
    // LITERAL: shapes.cpp:[[#@LINE-2]]:{{[0-9]+}}: constant: shape [2, 2] holds 4 elements, but 3 are given
    output("none", x);
  });
}
