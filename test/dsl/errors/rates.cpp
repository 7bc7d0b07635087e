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

    if (mistake == "tensor")
      minimize(loss, Sgd{.lr = full({2}, 0.1)});
    // RUN: not sinterc %s --set mistake=tensor --emit=model 2>&1 | FileCheck %s --check-prefix=TENSOR
    // TENSOR: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: minimize: lr must be a scalar f32: a number, or a tensor of rank 0

    if (mistake == "second") {
      minimize(loss, Sgd{.lr = 0.1});
      Tensor q = parameter("q", {2}, ones());
      minimize(sum(q), parameters(named("q")), Sgd{.lr = 0.2});
    }
    // RUN: not sinterc %s --set mistake=second --emit=model 2>&1 | FileCheck %s --check-prefix=SECOND
    // SECOND: rates.cpp:[[#@LINE-3]]:{{[0-9]+}}: program_input: 'lr' is asked for with different types or defaults; a second optimizer needs a name: AdamW{.name = "critic"}
    // SECOND-NEXT: rates.cpp:[[#@LINE-6]]:{{[0-9]+}}: note: first asked for here

    if (mistake == "frozen")
      minimize(loss, Sgd{.groups = {{.of = named("*"), .frozen = true}}});
    // RUN: not sinterc %s --set mistake=frozen --emit=model 2>&1 | FileCheck %s --check-prefix=FROZEN
    // FROZEN: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: minimize: all parameters are frozen

    if (mistake == "nobody")
      parameters(named("h.*"));
    // RUN: not sinterc %s --set mistake=nobody --emit=model 2>&1 | FileCheck %s --check-prefix=NOBODY
    // NOBODY: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: parameters: none is chosen; this entry has declared p

    if (mistake == "gradients")
      update(parameters(), {loss}, Sgd{});
    // RUN: not sinterc %s --set mistake=gradients --emit=model 2>&1 | FileCheck %s --check-prefix=GRADIENTS
    // GRADIENTS: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: update: the gradient of 'p' does not have its shape

    if (mistake == "average")
      ema(parameters(), 1);
    // RUN: not sinterc %s --set mistake=average --emit=model 2>&1 | FileCheck %s --check-prefix=AVERAGE
    // AVERAGE: rates.cpp:[[#@LINE-2]]:{{[0-9]+}}: ema: the decay must be in [0, 1), also when rounded to f32, but is 1

    // What gets no gradient is a warning, with both lines.
    if (mistake == "unused") {
      Tensor q = parameter("unused", {2}, ones());
      output("q", q);
      minimize(loss + 0 * sum(stop_gradient(q)), Sgd{});
    }
    // RUN: sinterc %s --set mistake=unused --emit=model -o %t 2>&1 | FileCheck %s --check-prefix=UNUSED
    // UNUSED: rates.cpp:[[#@LINE-3]]:{{[0-9]+}}: warning: grad: the loss does not depend on parameter 'unused': its gradient is zero
    // UNUSED-NEXT: rates.cpp:[[#@LINE-6]]:{{[0-9]+}}: note: it was made here
    // UNUSED-NOT: warning
  });
}
