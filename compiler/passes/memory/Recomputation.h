// Which values to compute again so that less is alive at once. Knows nothing of MLIR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sinter {

/// A launch, in the order in which they run. Tensors are numbers; one may be read several times.
struct Work {
  std::vector<size_t> reads, writes;
  std::vector<std::pair<size_t, size_t>> inPlace; ///< of a write and a read: may take its memory if it dies here
  double seconds = 0;
  bool mayRepeat = true;
};

struct WorkGraph {
  std::vector<Work> works;
  std::vector<int64_t> bytes; ///< of each tensor; 0 for what takes no memory of its own, and is always there
  std::vector<bool> kept;     ///< of each tensor: it is alive until the end
};

/// A launch of an order in which some run again.
struct Run {
  size_t work;
  std::vector<size_t> reads, writes; ///< as those of the work, but of copies where it reads or runs again
  bool isAgain = false;
};

/// One way to run everything.
struct Recomputation {
  std::vector<Run> order;
  int64_t liveBytes = 0;   ///< the most that is alive at once
  double extraSeconds = 0; ///< of what runs again
};

/// Ways that take less and less memory and more and more time, the first of which repeats nothing.
///
/// Whoever is alive at the launch where most is alive costs a price for each of its bytes; computing it again later
/// costs time, and whatever that reads in turn costs its price, or is computed again, too. The cheapest choice at a
/// price is a minimum cut (as in min-cut partitioning of forward and backward passes); the price rises until the cut
/// computes something again. Of what may be done at that price independently, those go first that wait longest (in a
/// chain of layers: the first layers), so that each way takes a little less than the one before.
std::vector<Recomputation> recompute(const WorkGraph &graph);

} // namespace sinter
