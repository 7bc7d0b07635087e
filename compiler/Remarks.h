// What passes said about their work (passes/NotFused.h, passes/Debug.h), collected for `--report` and `--statistics`.
#pragma once

#include "dialects/Precompiled.h"
#include "dialects/sinter/Places.h"

#include <memory>
#include <string>
#include <vector>

namespace sinter {

/// Something that was not fused.
struct Refusal {
  std::string target; ///< of which it was said; empty: of all
  std::string function, line, what, why;
  ModelScopes scopes;
  int64_t times = 1; ///< on this line, in these scopes
};

/// Listens to all passes that run in a context, for as long as that exists.
class Remarks {
public:
  explicit Remarks(mlir::MLIRContext &context);
  ~Remarks();

  /// From now on, what is said is said of one target; empty: of all.
  void listenTo(llvm::StringRef target);
  /// What was not fused in `function` for `target`, in the order in which it was said, equal ones together.
  std::vector<Refusal> refusals(llvm::StringRef function, llvm::StringRef target) const;
  /// How often each pass did what, in all functions together, by the passes' names.
  void printCounts(llvm::raw_ostream &out) const;

private:
  struct Log;
  std::shared_ptr<Log> log;
};

} // namespace sinter
