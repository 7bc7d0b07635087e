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
static const std::string *declare(const char *name, std::string fallback, const char *meaning) {
  ModelBuilder &builder = ModelBuilder::get();
  builder.configs.emplace(name, ConfigValue{std::move(fallback), meaning});
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
  if (const std::string *given = declare(name, written, meaning)) {
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
  if (const std::string *given = declare(name, fallback ? "true" : "false", meaning)) {
    if (*given != "true" && *given != "false")
      badValue(name, *given, "true or false", loc);
    value = *given == "true";
  }
  record(name, ModelBuilder::get().ops.getBoolAttr(value));
  return value;
}

std::string config(const char *name, const char *fallback, const char *meaning, Loc loc) {
  const std::string *given = declare(name, fallback, meaning);
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
  static const char *names[] = {"zeros", "ones", "constant", "normal", "uniform"};
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
  if (init.kind != Initializer::Normal && init.kind != Initializer::Uniform)
    return;
  if (dtype != DType::F32)
    fail(loc, Twine(what) + ": random initial values are f32, but '" + name + "' is " + frontend::name(dtype));
  if (!std::isfinite(init.scale))
    fail(loc, Twine(what) + ": the scale of the initial values of '" + name + "' must be finite, but is " +
                  digits(init.scale));
  checkHeld(init.scale, dtype, Twine(what) + ": the scale of the initial values of '" + name + "',", loc);
}

enum class Role { Parameter, Memory, Transient };

/// Declares a state, or finds it as an earlier entry declared it, and reads it.
static Value readState(const char *what, const std::string &shortName, const Shape &shape, Initializer init,
                       DType dtype, Role role, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry(what, loc);
  checkName(shortName, what, loc);
  checkShape(shape, what, loc);
  if (dtype == DType::Bool)
    fail(loc, Twine(what) + ": a state must be f32 or i32, but '" + shortName + "' is boolean");
  checkInitializer(what, shortName, init, dtype, loc);
  std::string full = scoped(shortName);
  mlir::Location at = builder.at(loc);
  if (auto found = entry.declared.find(full); found != entry.declared.end()) {
    ModelError error(at, std::string(what) + ": '" + full + "' is declared twice in entry '" + entry.name + "'");
    error.notes.emplace_back(found->second, "first declared here");
    throw error;
  }
  entry.declared.emplace(full, at);
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
    ModelError error(at, std::string(what) + ": '" + full + "' is " + now + " here, but another entry declared it as " +
                             before);
    error.notes.emplace_back(known->second.getLoc(), "declared there");
    throw error;
  } else {
    op.erase();
  }
  return ReadOp::create(builder.ops, at, type, full);
}

Tensor parameter(const std::string &name, Shape shape, Initializer init, Loc loc) {
  Tensor value = wrap(readState("parameter", name, shape, init, DType::F32, Role::Parameter, loc));
  ModelBuilder::get().current->parameters.push_back({value, scoped(name)});
  return value;
}

Tensor state(const std::string &name, Shape shape, Initializer init, DType dtype, Loc loc) {
  return wrap(readState("state", name, shape, init, dtype, Role::Memory, loc));
}

Value frontend::readTransient(const std::string &name, const Shape &shape, const Loc &loc) {
  return readState("step_gradients", name, shape, zeros(), DType::F32, Role::Transient, loc);
}

void assign(Tensor target, Tensor value, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("assign", loc);
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

Tensor input(const std::string &name, Shape shape, DType dtype, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("input", loc);
  checkName(name, "input", loc);
  checkShape(shape, "input", loc);
  if (dtype == DType::Bool)
    fail(loc, "input: an input must be f32 or i32, but '" + name + "' is boolean");
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
  auto type = RankedTensorType::get({}, elementType(builder.ops.getContext(), dtype));
  auto value = builder.ops.getF64FloatAttr(fallback);
  if (auto found = llvm::find(entry.inputs, name); found != entry.inputs.end()) {
    unsigned index = found - entry.inputs.begin();
    Value argument = entry.func.getArgument(index);
    if (argument.getType() == type && entry.func.getArgAttr(index, kDefaultAttr) == value)
      return wrap(argument);
    ModelError error(builder.at(loc), "scalar_input: '" + name + "' is already an input of another type or default");
    error.notes.emplace_back(argument.getLoc(), "first declared here");
    throw error;
  }
  Value argument = addArgument(entry, name, type, loc);
  entry.func.setArgAttr(entry.inputs.size() - 1, kDefaultAttr, value);
  return wrap(argument);
}

void output(const std::string &name, Tensor value, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Entry &entry = builder.entry("output", loc);
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
