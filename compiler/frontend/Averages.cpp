// What is read in the parameters' place: running averages, which `ema` keeps, or what they were before the first step.
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

/// One of the two, once.
static void refuseBoth(const char *what, const Loc &loc) {
  if (ModelBuilder::get().averages || ModelBuilder::get().reference)
    fail(loc, std::string(what) + ": " + (ModelBuilder::get().averages ? "averages are" : "the reference is") +
                  " read already in the place of parameters");
}

Averages::Averages(Loc loc) {
  refuseBoth("averages", loc);
  ModelBuilder::get().averages = true;
}

Averages::~Averages() { ModelBuilder::get().averages = false; }

Value frontend::referenceOf(const std::string &name, Value parameter, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("reference", loc);
  Value &known = entry.references[name];
  if (known)
    return known;
  // A loop's body reads it from outside, as it does the parameter.
  OpBuilder::InsertionGuard guard(builder.ops);
  builder.ops.restoreInsertionPoint(builder.outsideLoops().saveInsertionPoint());
  const std::string states[] = {"sinter.reference." + name, "reference." + name};
  Value isKept = readKept(states[0], {}, loc), kept = readKept(states[1], Shape(shapeOf(parameter)), loc);
  Tensor first = where(wrap(isKept) != 0.0, wrap(kept), stop_gradient(wrap(parameter), loc), loc);
  known = builder.use(first, "reference", loc);
  if (entry.training) {
    WriteOp::create(builder.ops, builder.at(loc), states[0], builder.use(full({}, 1, f32, loc), "reference", loc));
    WriteOp::create(builder.ops, builder.at(loc), states[1], known);
  }
  return known;
}

Reference::Reference(Loc loc) {
  refuseBoth("reference", loc);
  ModelBuilder::get().reference = true;
}

Reference::~Reference() { ModelBuilder::get().reference = false; }

} // namespace sinter
