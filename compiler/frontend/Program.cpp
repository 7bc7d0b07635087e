// The DSL's configuration, names, states and entries.
#include "compiler/frontend/Builder.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <cmath>

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

CallSite::CallSite(Loc loc) : outermost_(!ModelBuilder::get().callSite) {
  if (outermost_)
    ModelBuilder::get().callSite = loc;
}

CallSite::~CallSite() {
  if (outermost_)
    ModelBuilder::get().callSite.reset();
}

//===--- configuration -------------------------------------------------------------------------------===//

/// Declares a configuration value; returns what `--set` gave it, if anything.
static const std::string *declare(const char *name, const std::string &fallback, const char *meaning, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  auto [known, isNew] = builder.configs.emplace(name, ConfigValue{fallback, meaning, loc});
  if (!isNew && known->second.fallback != fallback) {
    ModelError error(builder.at(loc), "config: '" + std::string(name) + "' has the default " + fallback +
                                          " here, but " + known->second.fallback + " where it was asked for first");
    error.notes.emplace_back(builder.at(known->second.location), "first asked for here");
    throw error;
  }
  auto found = builder.options.settings.find(name);
  return found == builder.options.settings.end() ? nullptr : &found->second;
}

/// Records the value in the module's own description of its configuration.
static void record(const char *name, Attribute value) {
  Operation *module = *ModelBuilder::get().module;
  NamedAttrList list(module->getAttrOfType<DictionaryAttr>("sinter.config"));
  list.set(name, value);
  module->setAttr("sinter.config", list.getDictionary(module->getContext()));
}

[[noreturn]] static void badValue(const char *name, const std::string &value, const char *kind, const Loc &loc) {
  fail(loc, Twine("config: '") + name + "' must be " + kind + ", but --set gives '" + value + "'");
}

template <typename Number>
static Number numeric(const char *name, Number fallback, const char *meaning, const char *kind, const Loc &loc) {
  Number value = fallback;
  std::string written = digits(fallback);
  if (const std::string *given = declare(name, written, meaning, loc)) {
    auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
    if (error != std::errc() || end != given->data() + given->size())
      badValue(name, *given, kind, loc);
  }
  return value;
}

int config(const char *name, int fallback, const char *meaning, Loc loc) {
  int value = numeric(name, fallback, meaning, "a whole number", loc);
  record(name, ModelBuilder::get().ops.getI64IntegerAttr(value));
  return value;
}

double config(const char *name, double fallback, const char *meaning, Loc loc) {
  double value = numeric(name, fallback, meaning, "a number", loc);
  record(name, ModelBuilder::get().ops.getF64FloatAttr(value));
  return value;
}

bool config(const char *name, bool fallback, const char *meaning, Loc loc) {
  bool value = fallback;
  if (const std::string *given = declare(name, fallback ? "true" : "false", meaning, loc)) {
    if (*given != "true" && *given != "false")
      badValue(name, *given, "true or false", loc);
    value = *given == "true";
  }
  record(name, ModelBuilder::get().ops.getBoolAttr(value));
  return value;
}

std::string config(const char *name, const char *fallback, const char *meaning, Loc loc) {
  const std::string *given = declare(name, fallback, meaning, loc);
  std::string value = given ? *given : fallback;
  record(name, ModelBuilder::get().ops.getStringAttr(value));
  return value;
}

void check(bool condition, const std::string &message, Loc loc) {
  if (!condition)
    fail(loc, message);
}

//===--- names ---------------------------------------------------------------------------------------===//

/// Names go into symbols, files and reports: visible ASCII only.
static void checkName(StringRef name, const char *what, const Loc &loc) {
  if (name.empty())
    fail(loc, Twine(what) + ": the name is empty");
  if (name.size() > 256)
    fail(loc, Twine(what) + ": the name has " + Twine(name.size()) + " characters, at most 256 are possible");
  if (!llvm::all_of(name, [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\\'; }))
    fail(loc,
         Twine(what) + ": the name '" + name + "' has a character other than visible ASCII, or a quote or backslash");
}

Scope::Scope(const std::string &name, Loc loc) {
  checkName(name, "scope", loc);
  ModelBuilder::get().scopes.push_back(name);
}

Scope::~Scope() { ModelBuilder::get().scopes.pop_back(); }

static std::string scoped(const std::string &name) {
  std::vector<std::string> parts = ModelBuilder::get().scopes;
  parts.push_back(name);
  return llvm::join(parts, ".");
}

//===--- states --------------------------------------------------------------------------------------===//

static const char *initName(Initializer::Kind kind) {
  static const char *names[] = {"zeros", "ones", "constant", "normal", "uniform", "truncated_normal", "orthogonal"};
  return names[kind];
}

static std::string describe(StateOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  std::string role = op.getTrainable() ? "parameter, " : op.getTransient() ? "transient state, " : "state, ";
  std::string result =
      role + std::string(name(dtypeOf(type))) + " " + text(type.getShape()) + ", " + op.getInit().str();
  if (op.getInit() != "zeros" && op.getInit() != "ones")
    result += "(" + digits(op.getScale().convertToDouble()) + ")";
  return result;
}

/// Refuses initial values that a state of `dtype` cannot hold.
static void checkInitializer(const char *what, const std::string &name, Initializer init, DType dtype, const Loc &loc) {
  if (init.kind == Initializer::Constant)
    checkElement(init.scale, dtype, Twine(what) + ": the initial value of '" + name + "',", loc);
  if (init.kind < Initializer::Normal)
    return;
  if (dtype != DType::F32)
    fail(loc, Twine(what) + ": random initial values are f32, but '" + name + "' is " + frontend::name(dtype));
  if (!std::isfinite(init.scale))
    fail(loc, Twine(what) + ": the scale of the initial values of '" + name + "' must be finite, but is " +
                  digits(init.scale));
  checkHeld(init.scale, dtype, Twine(what) + ": the scale of the initial values of '" + name + "',", loc);
}

/// Divides by the square root of the fan that is asked for.
static Initializer scaled(const char *what, const std::string &name, Initializer init, const Shape &shape,
                          const Loc &loc) {
  bool matrix = shape.size() >= 2;
  if ((init.fan != Initializer::None || init.kind == Initializer::Orthogonal) && !matrix)
    fail(loc, Twine(what) + ": '" + name + "' of shape " + text(shape) +
                  " has no inputs and outputs to initialise it by: that takes at least 2 dimensions");
  if (init.fan == Initializer::None)
    return init;
  double in = static_cast<double>(shape[shape.size() - 2]), out = static_cast<double>(shape.back()), others = 1;
  for (int64_t size : ArrayRef(shape).drop_back(2))
    others *= static_cast<double>(size);
  init.scale /= std::sqrt(others * (init.fan == Initializer::In ? in : (in + out) / 2));
  init.fan = Initializer::None;
  return init;
}

enum class Role { Parameter, Memory, Transient };

/// Declares a state, or finds it as an earlier entry declared it, and reads it.
static Value readState(const char *what, const std::string &shortName, const Shape &shape, Initializer init,
                       DType dtype, Role role, const Loc &loc, bool isFullName = false) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry(what, loc);
  checkName(shortName, what, loc);
  checkShape(shape, what, loc);
  if (dtype == DType::Bool)
    fail(loc, Twine(what) + ": a state must be f32 or i32, or another number, but '" + shortName + "' is boolean");
  init = scaled(what, shortName, init, shape, loc);
  checkInitializer(what, shortName, init, dtype, loc);
  std::string full = isFullName ? shortName : scoped(shortName);
  mlir::Location at = builder.at(loc);
  if (auto taken = builder.entries.find(full); taken != builder.entries.end()) {
    ModelError error(at, std::string(what) + ": '" + full + "' is already the name of an entry");
    error.notes.emplace_back(taken->second, "defined here");
    throw error;
  }

  auto type = RankedTensorType::get(shape, elementType(builder.ops.getContext(), dtype));
  Block *body = builder.module->getBody();
  OpBuilder atStates(body, builder.lastState ? std::next(builder.lastState->getIterator()) : body->begin());
  auto op = StateOp::create(atStates, at, full, type, initName(init.kind), llvm::APFloat(init.scale),
                            role == Role::Parameter, role == Role::Transient);
  auto [known, isNew] = builder.states.emplace(full, op);
  if (isNew) {
    builder.lastState = op;
  } else if (std::string now = describe(op), before = describe(known->second); now != before) {
    auto here = entry.read.find(full);
    ModelError error(at, std::string(what) + ": '" + full + "' is " + now + " here, but " +
                             (here == entry.read.end() ? "another entry" : "this entry, before,") + " declared it as " +
                             before);
    error.notes.emplace_back(here == entry.read.end() ? known->second.getLoc() : here->second.getLoc(),
                             "declared there");
    throw error;
  } else {
    op.erase();
  }
  Value &value = entry.read[full];
  if (!value) {
    OpBuilder place = builder.outsideLoops();
    value = ReadOp::create(place, at, type, full);
  }
  return value;
}

Tensor parameter(const std::string &name, Shape shape, Initializer init, Loc loc) {
  if (ModelBuilder::get().averages)
    return wrap(readAverage(scoped(name), shape, loc));
  Tensor value = wrap(readState("parameter", name, shape, init, DType::F32, Role::Parameter, loc));
  if (ModelBuilder::get().reference)
    return wrap(referenceOf(scoped(name), ModelBuilder::get().use(value, "parameter", loc), loc));
  std::vector<Parameter> &known = ModelBuilder::get().current->parameters;
  if (llvm::none_of(known, [&](const Parameter &p) { return p.handle() == value.handle(); }))
    known.push_back({value, scoped(name)});
  return value;
}

Tensor state(const std::string &name, Shape shape, Initializer init, DType dtype, Loc loc) {
  return wrap(readState("state", name, shape, init, dtype, Role::Memory, loc));
}

Value frontend::readAverage(const std::string &name, const Shape &shape, const Loc &loc) {
  return readState("ema", "ema." + name, shape, zeros(), DType::F32, Role::Memory, loc, /*isFullName=*/true);
}

Value frontend::readKept(const std::string &name, const Shape &shape, const Loc &loc) {
  return readState("reference", name, shape, zeros(), DType::F32, Role::Memory, loc, /*isFullName=*/true);
}

Value frontend::readTransient(const std::string &name, const Shape &shape, const Loc &loc) {
  return readState("step_gradients", name, shape, zeros(), DType::F32, Role::Transient, loc);
}

void assign(Tensor target, Tensor value, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("assign", loc);
  builder.refuseInLoop("assign", loc);
  Value old = builder.use(target, "assign", loc), now = builder.use(value, "assign", loc);
  auto read = old.getDefiningOp<ReadOp>();
  if (!read)
    fail(loc, "assign: the target is neither a parameter nor a state", {{"the target", old}});
  std::string name = read.getState().str();
  if (old.getType() != now.getType())
    fail(loc, "assign: '" + name + "' is " + text(old) + ", but the value is " + text(now),
         {{"the target", old}, {"the value", now}});
  auto [first, isNew] = entry.written.emplace(name, builder.at(loc));
  if (!isNew) {
    ModelError error(builder.at(loc), "assign: '" + name + "' is assigned twice in entry '" + entry.name + "'");
    error.notes.emplace_back(first->second, "first assigned here");
    throw error;
  }
  WriteOp::create(builder.ops, builder.at(loc), name, now);
}

bool is_training(Loc loc) { return ModelBuilder::get().entry("is_training", loc).training; }

std::vector<Parameter> parameters(Loc loc) { return ModelBuilder::get().entry("parameters", loc).parameters; }

//===--- entries -------------------------------------------------------------------------------------===//

/// Adds an argument to the entry's function.
static Value addArgument(Entry &entry, const std::string &name, RankedTensorType type, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  entry.inputs.push_back(name);
  (void)entry.func.insertArgument(
      entry.func.getNumArguments(), type,
      builder.ops.getDictionaryAttr(builder.ops.getNamedAttr(kNameAttr, builder.ops.getStringAttr(name))),
      builder.at(loc));
  return entry.func.getArguments().back();
}

/// What an input that the program sets is called where the model has taken its name.
static std::string otherName(const std::string &name) { return "sinter." + name; }

/// If an input that the program sets is called so, it gives the name to the model.
static void leaveName(Entry &entry, const std::string &name) {
  auto known = entry.programInputs.find(name);
  if (known == entry.programInputs.end() || known->second != name)
    return;
  auto place = llvm::find(entry.inputs, name);
  known->second = *place = otherName(name);
  entry.func.setArgAttr(place - entry.inputs.begin(), kNameAttr, ModelBuilder::get().ops.getStringAttr(known->second));
}

/// The scalar input `name`, if the entry has it with this type and default.
static Value findScalar(Entry &entry, const std::string &name, double fallback, RankedTensorType type) {
  auto found = llvm::find(entry.inputs, name);
  if (found == entry.inputs.end())
    return {};
  unsigned index = found - entry.inputs.begin();
  Value argument = entry.func.getArgument(index);
  bool same = argument.getType() == type &&
              entry.func.getArgAttr(index, kDefaultAttr) == ModelBuilder::get().ops.getF64FloatAttr(fallback);
  return same ? argument : Value();
}

static RankedTensorType scalarType(DType dtype) {
  return RankedTensorType::get({}, elementType(ModelBuilder::get().ops.getContext(), dtype));
}

Tensor input(const std::string &name, Shape shape, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("input", loc);
  checkName(name, "input", loc);
  checkShape(shape, "input", loc);
  if (dtype == DType::Bool)
    fail(loc, "input: an input must be f32 or i32, but '" + name + "' is boolean");
  leaveName(entry, name);
  if (auto found = llvm::find(entry.inputs, name); found != entry.inputs.end()) {
    ModelError error(builder.at(loc), "input: '" + name + "' is declared twice in entry '" + entry.name + "'");
    error.notes.emplace_back(entry.func.getArgument(found - entry.inputs.begin()).getLoc(), "first declared here");
    throw error;
  }
  return wrap(
      addArgument(entry, name, RankedTensorType::get(shape, elementType(builder.ops.getContext(), dtype)), loc));
}

Tensor scalar_input(const std::string &name, double fallback, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("scalar_input", loc);
  checkName(name, "scalar_input", loc);
  if (dtype == DType::Bool)
    fail(loc, "scalar_input: must be f32 or i32, but '" + name + "' is boolean");
  checkHeld(fallback, dtype, "scalar_input: the default of '" + name + "',", loc);
  RankedTensorType type = scalarType(dtype);
  if (Value known = findScalar(entry, name, fallback, type))
    return wrap(known);
  leaveName(entry, name);
  if (auto found = llvm::find(entry.inputs, name); found != entry.inputs.end()) {
    ModelError error(builder.at(loc), "scalar_input: '" + name + "' is already an input of another type or default");
    error.notes.emplace_back(entry.func.getArgument(found - entry.inputs.begin()).getLoc(), "first declared here");
    throw error;
  }
  Value argument = addArgument(entry, name, type, loc);
  entry.func.setArgAttr(entry.inputs.size() - 1, kDefaultAttr, builder.ops.getF64FloatAttr(fallback));
  return wrap(argument);
}

Tensor program_input(const std::string &name, double fallback, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("program_input", loc);
  if (auto known = entry.programInputs.find(name); known != entry.programInputs.end()) {
    if (Value value = findScalar(entry, known->second, fallback, scalarType(dtype)))
      return wrap(value);
    ModelError error(builder.at(loc), "program_input: '" + name + "' is asked for with different types or defaults; " +
                                          "a second optimizer needs a name: AdamW{.name = \"critic\"}");
    auto first = llvm::find(entry.inputs, known->second);
    error.notes.emplace_back(entry.func.getArgument(first - entry.inputs.begin()).getLoc(), "first asked for here");
    throw error;
  }
  bool taken = llvm::is_contained(entry.inputs, name) && !findScalar(entry, name, fallback, scalarType(dtype));
  std::string declared = taken ? otherName(name) : name;
  Tensor value = scalar_input(declared, fallback, dtype, loc);
  entry.programInputs.emplace(name, declared);
  return value;
}

void output(const std::string &name, Tensor value, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("output", loc);
  builder.refuseInLoop("output", loc);
  checkName(name, "output", loc);
  Value result = builder.use(value, "output", loc);
  if (dtypeOf(result.getType()) == DType::Bool)
    fail(loc, "output: '" + name + "' is boolean; use cast(x, i32)", {{"the value", result}});
  for (auto &[other, earlier] : entry.outputs)
    if (other == name)
      fail(loc, "output: '" + name + "' is given twice in entry '" + entry.name + "'", {{"the first value", earlier}});
  entry.outputs.emplace_back(name, result);
}

void expect(Tensor actual, Tensor expected, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("expect", loc);
  Value is = builder.use(actual, "expect", loc), should = builder.use(expected, "expect", loc);
  if (is.getType() != should.getType())
    fail(loc, "expect: the actual value is " + text(is) + ", but the expected one is " + text(should),
         {{"the actual value", is}, {"the expected value", should}});
  entry.func->setAttr(kExpectAttr, builder.ops.getUnitAttr());
  std::string number = std::to_string(++entry.expectations);
  output("actual" + number, actual, loc);
  output("expected" + number, expected, loc);
}

/// Builds an entry, or a part of the step that it is. Whether it can be done in parts.
static bool build(const std::string &name, Mode mode, const std::function<void()> &body, StepPart part, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  mlir::Location at = builder.at(loc);
  checkName(name, "entry", loc);
  if (builder.current)
    fail(loc, "entry: '" + name + "' stands inside of entry '" + builder.current->name + "'");
  if (auto [first, isNew] = builder.entries.emplace(name, at); !isNew) {
    ModelError error(at, "entry: '" + name + "' is defined twice");
    error.notes.emplace_back(first->second, "first defined here");
    throw error;
  }

  if (auto taken = builder.states.find(name); taken != builder.states.end()) {
    ModelError error(at, "entry: '" + name + "' is already the name of a parameter or state");
    error.notes.emplace_back(taken->second.getLoc(), "declared here");
    throw error;
  }

  builder.ops.setInsertionPointToEnd(builder.module->getBody());
  auto func = func::FuncOp::create(builder.ops, at, name, builder.ops.getFunctionType({}, {}));
  func->setAttr(kEntryAttr, builder.ops.getUnitAttr());
  builder.ops.setInsertionPointToStart(func.addEntryBlock());
  builder.current = std::make_unique<Entry>(
      Entry{.func = func, .name = name, .location = at, .training = mode == Mode::Training, .part = part});
  body();

  Entry &done = *builder.current;
  if (part != StepPart::Whole)
    keepPart(done);
  if (done.outputs.empty() && done.written.empty())
    fail(loc, "entry: '" + name + "' has no output and assigns nothing");
  if (done.expectations > 0 && done.outputs.size() != 2 * done.expectations)
    fail(loc, "entry: '" + name + "' expects values, so it can have no other outputs");
  SmallVector<Value> results;
  SmallVector<Type> types;
  for (auto &[outputName, value] : done.outputs) {
    results.push_back(value);
    types.push_back(value.getType());
  }
  func::ReturnOp::create(builder.ops, at, results);
  func.setFunctionType(builder.ops.getFunctionType(func.getArgumentTypes(), types));
  for (auto [i, named] : llvm::enumerate(done.outputs))
    func.setResultAttr(i, kNameAttr, builder.ops.getStringAttr(named.first));
  if (part != StepPart::Whole)
    dropUnused(func);
  bool inParts = !done.gradients.empty() && !done.expectations;
  builder.current.reset();
  return inParts;
}

void entry(const std::string &name, Mode mode, const std::function<void()> &body, Loc loc) {
  if (!build(name, mode, body, StepPart::Whole, loc) || !ModelBuilder::get().options.accumulate)
    return;
  build(name + ".gradients", mode, body, StepPart::Gradients, loc);
  build(name + ".update", mode, body, StepPart::Update, loc);
}

} // namespace sinter
