// What one run of one function takes and gives, random inputs for it, and the comparison of two runs.
#pragma once

#include "compiler/reference/Interpreter.h"

#include <random>

namespace sinter::run {

using reference::States;
using reference::Tensor;

/// What one run of a function gave: its results, then every state's value afterwards.
struct Outcome {
  std::vector<Tensor> results;
  States states;
};

/// |actual - expected| <= absolute + relative * |expected| + what rounding explains; infinities and NaN must be the
/// same.
struct Tolerance {
  double absolute;
  double relative;
};

/// How far rounding to f32 moves what a function gives, element by element: as results and states are laid out.
struct Rounding {
  Outcome moves;
  /// An exact sum of rounded terms moves less than one that rounds at every step.
  static constexpr double kFactor = 32;
};

/// Two f64 evaluations of the same function. Not tighter, since a constant that the compiler folded is an f32.
inline constexpr Tolerance kReferenceTolerance{1e-6, 1e-6};

/// The project's promise for compiled f32 code, at any length of a sum whose terms do not cancel.
inline constexpr Tolerance kCompiledTolerance{1e-5, 1.3e-6};

/// The largest error found so far, and the first value that is out of tolerance in words.
struct Verdict {
  double maxError = 0;
  std::string mismatch; ///< empty: all is well
  bool ok() const { return mismatch.empty(); }
  void merge(const Verdict &other);
};

/// `result 1 at [0, 3]`: element number `position` of `tensor`, which is called `what`.
std::string place(llvm::StringRef what, const Tensor &tensor, int64_t position);

/// Compares element by element; `what` names the tensor in messages. With `asSingle`, `expected` is rounded to f32
/// before its kind (finite, infinite, NaN) is compared, for f32 overflows where f64 does not. `rounding` (one tensor,
/// or for `actual` and `expected` two) says what rounding explains beyond the tolerance.
Verdict compare(llvm::StringRef what, const Tensor &actual, const Tensor &expected, Tolerance tolerance, bool asSingle,
                llvm::ArrayRef<const Tensor *> rounding = {});

/// Compares all results and all states.
Verdict compare(const Outcome &actual, const Outcome &expected, Tolerance tolerance, bool asSingle,
                const Rounding *rounding = nullptr);

/// Compares the pairs (actual, expected) that a function marked `sinter.expect` returned.
Verdict compareExpectations(const Outcome &outcome, Tolerance tolerance, bool asSingle,
                            const Rounding *rounding = nullptr);

/// Whether two runs gave the same bits (any NaN equals any NaN).
bool identical(const Outcome &a, const Outcome &b);

/// A function under test with the inputs that every device gets.
struct Case {
  std::string name;
  mlir::FunctionType type;
  std::vector<std::string> argumentNames, resultNames;
  bool expects = false; ///< results are pairs (actual, expected)
  std::vector<Tensor> arguments;
  States states;
};

/// Draws the inputs of `function` from `seed` and its name, all exact in f32. A float argument is standard normal, or
/// uniform in its `sinter.range = [low, high]`; an integer one uniform in [0, `sinter.limit`), 8 unless said; a scalar
/// with `sinter.default` gets that. States follow their initialisers; trainable ones also get some noise, so that a
/// zero bias does not hide an error.
Case makeCase(mlir::func::FuncOp function, uint64_t seed);

/// Fills a tensor of `type` with standard normal values.
Tensor normalTensor(mlir::Type type, std::mt19937_64 &generator);

/// `[[1, 2, 3], [4, 5, 6]]`; a scalar is a bare number.
void print(llvm::raw_ostream &os, const Tensor &tensor);

} // namespace sinter::run
