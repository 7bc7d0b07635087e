// A language model whose entry for one position would not give the logits of that position.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(select) {
  std::string mistake = config("mistake", "none");
  LanguageModel model{.batch = 2, .context = 8, .optimizer = {}};
  language_model(model, [&](Tensor tokens, const Select &select) {
    Tensor hidden = gather(parameter("e", {10, 4}, normal(1)), tokens), head = parameter("w", {4, 10}, normal(1));
    if (mistake == "forgotten")
      return matmul(hidden, head);
    if (mistake == "unused")
      return select(hidden), matmul(hidden, head);
    if (mistake == "twice")
      return matmul(select(select(hidden)), head);
    return matmul(select(hidden), head);
  });
  // RUN: not sinterc %s --set mistake=forgotten --emit=model 2>&1 | FileCheck %s --check-prefix=FORGOTTEN
  // RUN: not sinterc %s --set mistake=unused --emit=model 2>&1 | FileCheck %s --check-prefix=FORGOTTEN
  // RUN: not sinterc %s --set mistake=twice --emit=model 2>&1 | FileCheck %s --check-prefix=TWICE
  // RUN: sinterc %s --emit=model | FileCheck %s
  // FORGOTTEN: select.cpp:8:{{[0-9]+}}: language_model: the logits of one position have shape [1, 8, 10], not [1, 1, 10]; call select on the hidden states before the output head, and go on from what it returns
  // TWICE: select.cpp:8:{{[0-9]+}}: language_model: select takes hidden states [B, T, D], here [1, 8, D], but got [1, 1, 4]; call it once, on all positions
  // CHECK: func.func @logits
}
