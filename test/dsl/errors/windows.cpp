// What is asked of windows.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(windows) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Tensor x = input("x", {8, 7, 9, 6}), w = input("w", {3, 3, 6, 4});
    if (mistake == "rank")
      conv(input("flat", {8, 6}), w);
    // RUN: not sinterc %s --set mistake=rank --emit=model 2>&1 | FileCheck %s --check-prefix=RANK
    // RANK: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: works on [N, positions..., C] with 1 to 3 dimensions of positions, but the operand has shape [8, 6]

    if (mistake == "kernel")
      conv(x, input("k", {3, 6, 4}));
    // RUN: not sinterc %s --set mistake=kernel --emit=model 2>&1 | FileCheck %s --check-prefix=KERNEL
    // KERNEL: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: the kernel [3, 6, 4] must have as many dimensions as the operand [8, 7, 9, 6]: taps, then the channels in and out

    if (mistake == "groups")
      conv(x, w, {.groups = 4});
    // RUN: not sinterc %s --set mistake=groups --emit=model 2>&1 | FileCheck %s --check-prefix=GROUPS
    // GROUPS: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: 4 groups do not divide the operand's 6 channels and the kernel's 4

    if (mistake == "channels")
      conv(x, w, {.groups = 2});
    // RUN: not sinterc %s --set mistake=channels --emit=model 2>&1 | FileCheck %s --check-prefix=CHANNELS
    // CHANNELS: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: the operand has 6 channels in 2 groups, but the kernel [3, 3, 6, 4] is of 6

    if (mistake == "numbers")
      conv(x, w, {.stride = {1, 2, 3}});
    // RUN: not sinterc %s --set mistake=numbers --emit=model 2>&1 | FileCheck %s --check-prefix=NUMBERS
    // NUMBERS: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: stride [1, 2, 3] has 3 numbers, but there are 2 dimensions of positions

    if (mistake == "stride")
      conv(x, w, {.stride = 0});
    // RUN: not sinterc %s --set mistake=stride --emit=model 2>&1 | FileCheck %s --check-prefix=STRIDE
    // STRIDE: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: stride [0, 0] must be at least 1

    if (mistake == "fit")
      conv(x, w, {.padding = {0, 1}, .dilation = 4});
    // RUN: not sinterc %s --set mistake=fit --emit=model 2>&1 | FileCheck %s --check-prefix=FIT
    // FIT: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv: a window of 3 with dilation 4 does not fit into 7 positions with padding 0 (dimension 1)

    if (mistake == "transposed")
      conv_transpose(x, w);
    // RUN: not sinterc %s --set mistake=transposed --emit=model 2>&1 | FileCheck %s --check-prefix=TRANSPOSED
    // TRANSPOSED: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv_transpose: the operand has 6 channels, but the kernel [3, 3, 6, 4] is of 4

    if (mistake == "output_padding")
      conv_transpose(input("y", {8, 7, 9, 4}), w, {.output_padding = 1});
    // RUN: not sinterc %s --set mistake=output_padding --emit=model 2>&1 | FileCheck %s --check-prefix=OUTPUT
    // OUTPUT: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv_transpose: output_padding 1 must be less than stride 1 or dilation 1

    if (mistake == "nothing_left")
      conv_transpose(input("y", {8, 1, 9, 4}), w, {.padding = 2});
    // RUN: not sinterc %s --set mistake=nothing_left --emit=model 2>&1 | FileCheck %s --check-prefix=NOTHING
    // NOTHING: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: conv_transpose: dimension 1 would have -1 positions

    if (mistake == "pool")
      max_pool(x, 2, {.padding = 2});
    // RUN: not sinterc %s --set mistake=pool --emit=model 2>&1 | FileCheck %s --check-prefix=POOL
    // POOL: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: max_pool: padding 2 is more than half of a window of 2

    if (mistake == "taps")
      max_pool(input("wide", {8, 70, 90, 6}), 17);
    // RUN: not sinterc %s --set mistake=taps --emit=model 2>&1 | FileCheck %s --check-prefix=TAPS
    // TAPS: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: max_pool: a window of [17, 17] has more than 256 elements; `max` takes all of an axis

    if (mistake == "type")
      avg_pool(input("i", {8, 7, 9, 6}, i32), 2);
    // RUN: not sinterc %s --set mistake=type --emit=model 2>&1 | FileCheck %s --check-prefix=TYPE
    // TYPE: windows.cpp:[[#@LINE-2]]:{{[0-9]+}}: avg_pool:
    output("x", x);
  });
}
