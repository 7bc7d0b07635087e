// What stands behind the DSL's functions: the module under construction. Only this folder includes it.
#pragma once

#include "compiler/frontend/Frontend.h"
#include "compiler/include/sinter/ops.h"
#include "compiler/include/sinter/program.h"
#include "dialects/sinter/Sinter.h"

#include <exception>
#include <map>

namespace sinter::frontend {

/// A mistake in the model: thrown by the DSL's functions, through the model, to `loadModel`, which prints it.
struct ModelError : std::exception {
  mlir::Location location;
  std::string message;
  std::vector<std::pair<mlir::Location, std::string>> notes;

  ModelError(mlir::Location location, std::string message) : location(location), message(std::move(message)) {}
  const char *what() const noexcept override { return message.c_str(); }
};

/// How much of a training step an entry is: all, or what is done for each batch and what is done after the last one.
enum class StepPart { Whole, Gradients, Update };

/// The entry being built.
struct Entry {
  mlir::func::FuncOp func;
  std::string name;
  mlir::Location location;
  bool training;
  std::vector<std::string> inputs = {};                  ///< names of the arguments
  std::map<std::string, std::string> programInputs = {}; ///< those that the program sets, and as what they are declared
  std::vector<std::pair<std::string, mlir::Value>> outputs = {};
  std::vector<Parameter> parameters = {};
  std::map<std::string, mlir::Value> read = {};       ///< states read so far, and their values
  std::map<std::string, mlir::Value> references = {}; ///< what parameters were before the first step
  std::map<std::string, mlir::Location> written = {}; ///< states assigned so far, and where
  int draws = 0;                                      ///< number of calls so far that draw random numbers
  size_t expectations = 0;                            ///< number of `expect` calls so far
  StepPart part = StepPart::Whole;
  std::vector<mlir::Value> gradients = {}; ///< of the step, as `step_gradients` has given them
};

/// One declared configuration value.
struct ConfigValue {
  std::string fallback, meaning;
  sinter::Location location; ///< where it was asked for first
};

/// The module, and the point in it where calls add ops. There is one at a time: `ModelBuilder::get()`.
class ModelBuilder {
public:
  ModelBuilder(mlir::MLIRContext &context, const ModelOptions &options);
  ~ModelBuilder();
  static ModelBuilder &get();

  /// The line of a call, in the scopes that are open now.
  mlir::Location at(const sinter::Location &loc);
  /// The entry under construction; a mistake of the model if there is none.
  Entry &entry(const char *what, const sinter::Location &loc);
  /// The value that a tensor names, checked to belong to the current entry.
  mlir::Value use(const Tensor &tensor, const char *what, const sinter::Location &loc);
  /// The same, checked to hold what is computed with, f32 or f64.
  mlir::Value useReal(const Tensor &tensor, const char *what, const sinter::Location &loc);
  /// The same, checked to hold f32.
  mlir::Value useFloat(const Tensor &tensor, const char *what, const sinter::Location &loc);

  /// The place in front of all loops whose bodies are being described.
  mlir::OpBuilder outsideLoops();
  /// A mistake of the model if a loop's body is being described.
  void refuseInLoop(const char *what, const sinter::Location &loc);

  mlir::OpBuilder ops;
  const ModelOptions &options;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Entry> current;
  mlir::Location lastCall;                  ///< of the DSL, by the model
  std::optional<sinter::Location> callSite; ///< where all calls count as made, inside of a CallSite
  std::vector<std::string> scopes;
  std::vector<mlir::Value> loopSteps; ///< the numbers of the steps of the loops whose bodies are being described
  bool averages = false;              ///< parameters are read as their running averages
  bool reference = false;             ///< parameters are read as they were before the first step
  std::map<std::string, ConfigValue> configs;
  std::map<std::string, StateOp> states;
  StateOp lastState; ///< states stand in front of the entries, in the order of their declaration
  std::map<std::string, mlir::Location> entries;
};

/// Declares a state that means nothing between two steps, and reads it (Program.cpp).
mlir::Value readTransient(const std::string &fullName, const Shape &shape, const sinter::Location &loc);

/// Reads the running average of the parameter of this full name (Program.cpp).
mlir::Value readAverage(const std::string &fullName, const Shape &shape, const sinter::Location &loc);

/// Reads a state that has to do with the reference of a training (Program.cpp).
mlir::Value readKept(const std::string &name, const Shape &shape, const sinter::Location &loc);

/// What the parameter of this full name and value was before the first step (Averages.cpp).
mlir::Value referenceOf(const std::string &fullName, mlir::Value parameter, const sinter::Location &loc);

/// The gradients of a scalar f32. `names`, if any, are what the values are called in messages: parameters.
std::vector<Tensor> gradients(const Tensor &loss, const std::vector<Tensor> &wrt, llvm::ArrayRef<std::string> names,
                              const sinter::Location &loc);

/// Drops the outputs and assignments that the entry's part of a step does not make (Steps.cpp).
void keepPart(Entry &entry);
/// Drops what nothing needs any more, inputs too.
void dropUnused(mlir::func::FuncOp function);

inline Tensor wrap(mlir::Value value) { return Tensor(value.getAsOpaquePointer()); }
/// The same for a function of `operand` that may have had nothing to do: its result is a value of its own all the same,
/// since a gradient may be asked for with respect to one of the two.
Tensor wrapResult(mlir::Value value, const Tensor &operand, const sinter::Location &loc);
inline mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return typeOf(value).getShape(); }

/// `[8, 64, 64]`
std::string text(llvm::ArrayRef<int64_t> shape);
/// `f32 [8, 64, 64]`
std::string text(mlir::Value value);
/// The shortest decimal that means `value`.
std::string digits(double value);
const char *name(DType dtype);
DType dtypeOf(mlir::Type type);
mlir::Type elementType(mlir::MLIRContext *context, DType dtype);
inline bool isFloat(DType dtype) {
  return dtype == DType::F32 || dtype == DType::F64 || dtype == DType::BF16 || dtype == DType::F16;
}
inline bool isInteger(DType dtype) { return dtype == DType::I32 || dtype == DType::I64; }
/// Whether it is for storing alone, in 16 bits.
inline bool isHalf(DType dtype) { return dtype == DType::BF16 || dtype == DType::F16; }

/// 0, 1, ... rank - 1.
inline Shape firstAxes(int64_t rank) {
  auto axes = llvm::seq<int64_t>(0, rank);
  return Shape(axes.begin(), axes.end());
}
/// `axis` counted from the front; a mistake of the model if it is not within `rank` of `shape`.
int64_t checkAxis(int64_t axis, llvm::ArrayRef<int64_t> shape, const char *what, const sinter::Location &loc);
/// Positive sizes, at most 8 of them, and at most 2^40 elements.
void checkShape(llvm::ArrayRef<int64_t> shape, const char *what, const sinter::Location &loc);

/// A mistake of the model if a tensor of `dtype` cannot hold `value`; `what` says whose it is: "full: the value".
void checkHeld(double value, DType dtype, const llvm::Twine &what, const sinter::Location &loc);
/// The same for an element of a tensor: an f32 may round to infinity, as everywhere in IEEE arithmetic, but is warned
/// of.
void checkElement(double value, DType dtype, const llvm::Twine &what, const sinter::Location &loc);

/// Throws: message, and one note per value saying where it was made.
[[noreturn]] void fail(const sinter::Location &loc, const llvm::Twine &message,
                       llvm::ArrayRef<std::pair<const char *, mlir::Value>> operands = {});

/// `value` repeated to `shape`, which it is known to broadcast to.
mlir::Value broadcastTo(mlir::Value value, llvm::ArrayRef<int64_t> shape, mlir::Location loc);
/// The common shape of two under numpy's rules, or nothing.
std::optional<Shape> commonShape(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);
mlir::Value reshapeTo(mlir::Value value, llvm::ArrayRef<int64_t> shape, mlir::Location loc);
mlir::Value permute(mlir::Value value, llvm::ArrayRef<int64_t> permutation, mlir::Location loc);

} // namespace sinter::frontend
