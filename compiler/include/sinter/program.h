// program.h - what a model consists of: configuration, parameters, entries with inputs and outputs.
#pragma once

#include "sinter/tensor.h"

#include <functional>

/// Opens a model description: `SINTER_MODEL(gpt) { ... }`.
#define SINTER_MODEL(NAME)                                                                                             \
  extern "C" const char *sinter_model_name() { return #NAME; }                                                         \
  extern "C" void sinter_model()

namespace sinter {

//===--- configuration: `sinterc --set layers=12` ----------------------------------------------------===//

int config(const char *name, int fallback, const char *meaning = "", Location loc = Location::current());
double config(const char *name, double fallback, const char *meaning = "", Location loc = Location::current());
bool config(const char *name, bool fallback, const char *meaning = "", Location loc = Location::current());
std::string config(const char *name, const char *fallback, const char *meaning = "",
                   Location loc = Location::current());

/// A mistake in the model, with the words of the model's author: `check(width % heads == 0, "...")`.
void check(bool condition, const std::string &message, Location loc = Location::current());

//===--- names ---------------------------------------------------------------------------------------===//

/// While it lives, names of parameters and states begin with `name.`; scopes nest.
class [[nodiscard("a scope lasts as long as its variable: write Scope scope(name);")]] Scope {
public:
  [[nodiscard("a scope lasts as long as its variable: write Scope scope(name);")]] explicit Scope(
      const std::string &name, Location loc = Location::current());
  ~Scope();
  Scope(const Scope &) = delete;
  Scope &operator=(const Scope &) = delete;
};

//===--- parameters and other state ------------------------------------------------------------------===//

/// How a state begins. The values depend on the program's seed and the state's name only.
struct Initializer {
  enum Kind { Zeros, Ones, Constant, Normal, Uniform } kind = Zeros;
  double scale = 0; ///< the constant, standard deviation or half width
};
inline Initializer zeros() { return {Initializer::Zeros, 0}; }
inline Initializer ones() { return {Initializer::Ones, 0}; }
inline Initializer filled(double value) { return {Initializer::Constant, value}; }
inline Initializer normal(double deviation) { return {Initializer::Normal, deviation}; }
inline Initializer uniform(double halfWidth) { return {Initializer::Uniform, halfWidth}; }

/// A trainable tensor that outlives the call. Entries that name the same parameter share it.
Tensor parameter(const std::string &name, Shape shape, Initializer init, Location loc = Location::current());
/// The same, but not trainable: an optimizer's memory, running statistics.
Tensor state(const std::string &name, Shape shape, Initializer init = zeros(), DType dtype = f32,
             Location loc = Location::current());
/// Gives a parameter or state the value that it has when the entry ends; until then, reading it gives the old value.
void assign(Tensor parameterOrState, Tensor value, Location loc = Location::current());

struct Parameter : Tensor {
  std::string name; ///< with its scopes
};
/// The parameters that the current entry has declared so far, in order.
std::vector<Parameter> parameters(Location loc = Location::current());

//===--- entries -------------------------------------------------------------------------------------===//

/// Training entries are those in which `dropout` acts.
enum class Mode { Inference, Training };

/// A function of the compiled program, called by name; `body` declares its inputs and outputs.
void entry(const std::string &name, Mode mode, const std::function<void()> &body, Location loc = Location::current());
inline void entry(const std::string &name, const std::function<void()> &body, Location loc = Location::current()) {
  entry(name, Mode::Inference, body, loc);
}

Tensor input(const std::string &name, Shape shape, DType dtype = f32, Location loc = Location::current());
/// A number that the caller may set at each call. Asking again for the same one gives the same tensor.
Tensor scalar_input(const std::string &name, double fallback, DType dtype = f32, Location loc = Location::current());
void output(const std::string &name, Tensor value, Location loc = Location::current());
/// For tests and examples: says what a value must be. `sinter-run` checks it, on every device. An entry that expects
/// has no other outputs.
void expect(Tensor actual, Tensor expected, Location loc = Location::current());

} // namespace sinter
