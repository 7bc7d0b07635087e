// The ways to run an entry's calls, from the fastest to the smallest. Private to this folder.
#pragma once

#include "compiler/passes/memory/PlannedEntry.h"
#include "compiler/passes/memory/Recomputation.h"

namespace sinter {

/// What a way takes by the real planner.
struct Point {
  int64_t bytes = 0;
  double extraFlops = 0, seconds = 0;
};

/// The calls of an entry, or of an alternative to it, and the ways to run them.
class Ways {
public:
  Ways(mlir::func::FuncOp entry, mlir::SymbolTable &symbols) : entry(entry), symbols(symbols) {}

  /// An error has been emitted on failure.
  llvm::LogicalResult find();

  size_t size() const { return ways.size(); }
  mlir::func::FuncOp function() const { return entry; }
  double flops() const;
  double seconds(size_t way) const { return totalSeconds + ways[way].extraSeconds; }
  /// Of all, what attentions take when nothing is repeated.
  double attentionSeconds() const { return ofAttention; }

  /// Bytes by the planner: of the plan as it is, of a copy of the entry otherwise.
  const Point &point(size_t way);

  /// Rewrites the entry.
  void take(size_t way) {
    if (way != 0)
      apply(entry, ways[way]);
  }

  /// What no way can avoid: the estimate of `way`, by which planning is spared.
  int64_t liveBytes(size_t way) const { return ways[way].liveBytes; }

private:
  WorkGraph graph();
  /// Puts the calls of `function`, which is the entry or a copy of it, into the order of `way`, and repeats some.
  void apply(mlir::func::FuncOp function, const Recomputation &way) const;

  mlir::func::FuncOp entry;
  mlir::SymbolTable &symbols;
  std::unique_ptr<PlannedEntry> planned;
  std::vector<Recomputation> ways;
  std::vector<std::optional<Point>> points; // of the ways, once known
  std::vector<double> flopsOf;              // of the launches
  double totalSeconds = 0, ofAttention = 0;
};

} // namespace sinter
