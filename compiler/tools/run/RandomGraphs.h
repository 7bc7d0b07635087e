// Random small functions over the whole op set, for comparing stages and devices where nobody thought of looking.
#pragma once

#include "Runner.h"

namespace sinter::run {

/// Which random functions there are.
struct RandomChoice {
  int first = 0, count = 0;
  bool aboutAttention = false; ///< each holds an attention and little else
};

/// Adds functions `graph_FIRST` ... to `module`, each drawn from `seed` and its own number alone: odd shapes (sizes 1,
/// 3, 17...), sums of several runs, broadcasts, several readers of one value, attention, states read and written.
/// Values stay near 1, and comparisons away from ties, so that f32 can be compared with f64. Step n of graph 12 is at
/// `graph_12:n:1`. Returns how many attentions they hold, each of which must become one sinter.attention.
int64_t addRandomFunctions(mlir::ModuleOp module, int first, int count, uint64_t seed, bool aboutAttention);

/// Runs random functions and their gradients in batches, each batch fused and unfused (compiled unfused: one
/// batch in four). Each attention must be a sinter.attention at stage fused. Prints how many kernels of each kind that
/// took and how many were wrong, and for every function that fails its text, which can be given back to sinter-run.
bool runRandomGraphs(mlir::MLIRContext &context, const RandomChoice &choice, const RunOptions &options,
                     llvm::raw_ostream &out);

} // namespace sinter::run
