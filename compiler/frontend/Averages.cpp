// Running averages of parameters: `ema` keeps them, `Averages` reads them in the parameters' place.
#include "compiler/frontend/Builder.h"
#include "sinter/optim.h"

#include <cmath>

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

/// What the parameter will be when the entry ends.
static Tensor valueAtEnd(const Parameter &parameter, Entry &entry) {
  for (WriteOp write : entry.func.getOps<WriteOp>())
    if (write.getState() == parameter.name)
      return wrap(write.getValue());
  return parameter;
}

void ema(const std::vector<Parameter> &parameters, Rate decay, Loc loc) {
  CallSite here(loc);
  Entry &entry = ModelBuilder::get().entry("ema", loc);
  if (!decay.tensor.handle() && !(decay.value >= 0 && static_cast<float>(decay.value) < 1))
    fail(loc, "ema: the decay must be in [0, 1), also when rounded to f32, but is " + digits(decay.value));
  Tensor isFirst = training_step() <= 1.0;
  Operand keeps = decay.tensor.handle() ? Operand(decay.tensor) : Operand(decay.value);
  for (const Parameter &parameter : parameters) {
    Tensor average = wrap(readAverage(parameter.name, parameter.shape(), loc)), now = valueAtEnd(parameter, entry);
    // Exact where nothing moves.
    assign(average, where(isFirst, now, now + keeps * (average - now)));
  }
}

Averages::Averages(Loc loc) {
  if (ModelBuilder::get().averages)
    fail(loc, "averages: they are read already");
  ModelBuilder::get().averages = true;
}

Averages::~Averages() { ModelBuilder::get().averages = false; }

} // namespace sinter
