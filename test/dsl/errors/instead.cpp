// What parameters are read as instead of themselves is one thing at a time.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(instead) {
  std::string mistake = config("mistake", "none");
  entry("f", [&] {
    Reference reference;
    if (mistake == "averages")
      Averages averages;
    // RUN: not sinterc %s --set mistake=averages --emit=model 2>&1 | FileCheck %s --check-prefix=AVERAGES
    // AVERAGES: instead.cpp:[[#@LINE-2]]:{{[0-9]+}}: averages: the reference is read already in the place of parameters

    if (mistake == "twice")
      Reference again;
    // RUN: not sinterc %s --set mistake=twice --emit=model 2>&1 | FileCheck %s --check-prefix=TWICE
    // TWICE: instead.cpp:[[#@LINE-2]]:{{[0-9]+}}: reference: the reference is read already in the place of parameters
    output("p", parameter("p", {2}, ones()));
  });
}
