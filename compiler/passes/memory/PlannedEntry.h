// What planning finds out about an entry before the plan is written. Private to this folder.
#pragma once

#include "compiler/passes/memory/Placement.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>

namespace sinter {

inline constexpr int64_t kStart = -1; // before the first launch: when inputs are written

struct PlannedEntry;

struct Buffer {
  /// Taken, Given: of a loop's body, what a step takes and gives: memory of whoever runs the loop.
  enum Kind { Arena, OldState, NewState, Constant, Taken, Given } kind;
  mlir::MemRefType type;
  mlir::Location loc;
  mlir::Attribute source = {};      // of a state: its symbol; of a constant: its value
  size_t number = 0;                // Taken: which argument; Given: which result
  int64_t first = kStart, last = 0; // arena: the launches between which it lives
  bool isOutput = false;
  size_t interval = 0;      // arena: what it is placed with
  mlir::Value emitted = {}; // once the plan is written
};

using BufferId = size_t;

struct Operand {
  BufferId buffer;
  mlir::MemRefType type; // differs from the buffer's by shape where the program reshapes
};

/// A loop is planned as a launch. Its inputs are what the op reads; outputs are the results, then the memory that its
/// body needs besides, if it needs any.
struct LoopPlan {
  mlir::func::FuncOp body;
  int64_t steps;
  bool reverse;
  size_t carries, sequences;
  std::shared_ptr<PlannedEntry> planned; ///< the body: offsets count from the memory that it has
  std::optional<int64_t> flag = {};      ///< the carry that ends the loop when it is 0
};

struct Launch {
  mlir::func::FuncOp kernel; // null: a loop
  mlir::Location loc;
  llvm::SmallVector<Operand> inputs, outputs;
  llvm::SmallVector<int64_t> inPlace = {}; // per output: input, or -1
  size_t call = SIZE_MAX;                  // which of the entry's calls it is; none if the planner added a copy
  bool isAgain = false;                    // the call repeats another one
  std::shared_ptr<LoopPlan> loop = {};

  bool reads(BufferId buffer) const {
    return llvm::any_of(inputs, [&](const Operand &input) { return input.buffer == buffer; });
  }
};

struct PlannedEntry {
  explicit PlannedEntry(mlir::func::FuncOp entry) : entry(entry) {}
  virtual ~PlannedEntry() = default;

  mlir::func::FuncOp entry;
  std::vector<Buffer> buffers;
  llvm::DenseMap<mlir::Value, BufferId> bufferOf; // of every tensor of the entry
  std::vector<Launch> launches;
  std::vector<Operand> outputs;
  Placement placement;
  int64_t liveBytes = 0; // the most that is live
  int64_t peak = 0;      // at this launch

  /// Of a body: whether a launch writes what it gives as `result`: a carry may stay as it is.
  bool gives(size_t result) const;
  /// Of a body: whether what it gives as `result` may have the memory of what it takes as `argument`. A launch that
  /// reads the one and writes the other then runs in place.
  bool mayTakePlace(size_t result, size_t argument);

  Operand operandFor(mlir::Value value) const { return {bufferOf.lookup(value), plan::bufferType(value.getType())}; }
};

enum class Effort {
  AsWritten, ///< the order of the entry's calls
  Orders,    ///< the smallest arena of several orders
  Closely    ///< and a search for the best placement, which takes a tenth of a second
};

/// Plans; changes nothing but for copy kernels. More effort gives no larger arena. Null after an error, which has been
/// emitted.
std::unique_ptr<PlannedEntry> planEntry(mlir::func::FuncOp entry, mlir::SymbolTable &symbols, Effort effort);

/// Replaces the entry by a plan.entry.
void emitPlan(PlannedEntry &planned, mlir::SymbolTable &symbols);

} // namespace sinter
