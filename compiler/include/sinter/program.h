// program.h - what a model consists of: configuration, parameters, entries with inputs and outputs.
#pragma once

#include "sinter/tensor.h"

#include <functional>
#include <type_traits>

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
  enum Kind { Zeros, Ones, Constant, Normal, Uniform, TruncatedNormal, Orthogonal } kind = Zeros;
  double scale = 0; ///< the constant, standard deviation or half width
  /// What the squared scale is divided by: nothing, the fan-in, or the mean of fan-in and fan-out. A weight is
  /// [..., in, out]: its last two sizes, each times the product of the others, are its fans.
  enum Fan { None, In, Mean } fan = None;
};
template <typename T>
concept Number = std::is_arithmetic_v<T>;
inline Initializer zeros() { return {Initializer::Zeros, 0}; }
inline Initializer ones() { return {Initializer::Ones, 0}; }
inline Initializer filled(double value) { return {Initializer::Constant, value}; }
// (Templates, so that normal({64, 10}) and uniform({64}) are tensors of random numbers: random.h.)
/// Normal with this standard deviation.
template <Number T> Initializer normal(T deviation) { return {Initializer::Normal, static_cast<double>(deviation)}; }
/// Uniform in [-halfWidth, halfWidth).
template <Number T> Initializer uniform(T halfWidth) { return {Initializer::Uniform, static_cast<double>(halfWidth)}; }
/// Normal, but drawn again where it is beyond two deviations; the deviation is that of before.
inline Initializer truncated_normal(double deviation) { return {Initializer::TruncatedNormal, deviation}; }
/// Glorot, Bengio 2010, eq. 16: uniform within sqrt(6 / (fan-in + fan-out)); or normal of the same variance.
inline Initializer xavier_uniform() { return {Initializer::Uniform, 1.7320508075688772, Initializer::Mean}; }
inline Initializer xavier_normal() { return {Initializer::Normal, 1, Initializer::Mean}; }
/// He, Zhang, Ren, Sun 2015 (arXiv:1502.01852), eq. 10, for layers before a relu: variance 2 / fan-in.
inline Initializer he_uniform() { return {Initializer::Uniform, 2.449489742783178, Initializer::In}; }
inline Initializer he_normal() { return {Initializer::Normal, 1.4142135623730951, Initializer::In}; }
/// `gain` times a matrix with orthonormal rows or columns, whichever are fewer; rows are all dimensions but the last.
/// Saxe, McClelland, Ganguli 2014 (arXiv:1312.6120). The program computes it at its start, in time rows x columns x the
/// fewer of the two: a second for 1024 x 1024. Error: fewer than 2 dimensions.
inline Initializer orthogonal(double gain = 1) { return {Initializer::Orthogonal, gain}; }

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

/// Whether the current entry is one for training.
bool is_training(Location loc = Location::current());

/// A function of the compiled program, called by name; `body` declares its inputs and outputs.
void entry(const std::string &name, Mode mode, const std::function<void()> &body, Location loc = Location::current());
inline void entry(const std::string &name, const std::function<void()> &body, Location loc = Location::current()) {
  entry(name, Mode::Inference, body, loc);
}

Tensor input(const std::string &name, Shape shape, DType dtype = f32, Location loc = Location::current());
/// A number that the caller may set at each call. Asking again for the same one gives the same tensor.
Tensor scalar_input(const std::string &name, double fallback, DType dtype = f32, Location loc = Location::current());
/// The same for a number that the program sets itself: `step`, `seed`, an optimizer's rates such as `lr`. It leaves the
/// name to the model: where an input of the model's own is called so, before or after, it becomes `sinter.NAME`.
Tensor program_input(const std::string &name, double fallback, DType dtype = f32, Location loc = Location::current());
void output(const std::string &name, Tensor value, Location loc = Location::current());
/// For tests and examples: says what a value must be. `sinter-run` checks it, on every device. An entry that expects
/// has no other outputs.
void expect(Tensor actual, Tensor expected, Location loc = Location::current());

} // namespace sinter
