// Rates of an optimizer that are none, or that f32 takes for others.
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

SINTER_MODEL(rates) {
  std::string mistake = config("mistake", "none");
  entry("train", Mode::Training, [&] {
    Tensor loss = sum(square(parameter("p", {3}, ones())));
    output("loss", loss);
    if (mistake == "beta2")
      minimize(loss, AdamW{.beta2 = 0.99999999});
    // RUN: not sinterc %s --set mistake=beta2 --emit=model 2>&1 | FileCheck %s --check-prefix=BETA2
    // BETA2: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: minimize: beta2 must be in [0, 1), also when rounded to f32, but is 0.99999999

    if (mistake == "beta1")
      minimize(loss, Momentum{.beta1 = 1});
    // RUN: not sinterc %s --set mistake=beta1 --emit=model 2>&1 | FileCheck %s --check-prefix=BETA1
    // BETA1: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: minimize: beta1 must be in [0, 1), also when rounded to f32, but is 1

    if (mistake == "eps")
      minimize(loss, AdamW{.eps = 0});
    // RUN: not sinterc %s --set mistake=eps --emit=model 2>&1 | FileCheck %s --check-prefix=EPS
    // EPS: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: minimize: eps must be at least 1.1754944e-38, the smallest normal f32, but is 0

    if (mistake == "lr")
      minimize(loss, Sgd{.lr = NAN});
    // RUN: not sinterc %s --set mistake=lr --emit=model 2>&1 | FileCheck %s --check-prefix=LR
    // LR: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: minimize: lr must be a finite number of at least 0, but is nan

    if (mistake == "clip")
      minimize(loss, Sgd{.grad_clip = 1e-50});
    // RUN: not sinterc %s --set mistake=clip --emit=model 2>&1 | FileCheck %s --check-prefix=CLIP
    // CLIP: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: scalar_input: the default of 'grad_clip', 1e-50 is not an f32
  });
}
