// What planning finds out about an entry before the plan is written. Private to this folder.
#pragma once

#include "compiler/passes/memory/Placement.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/DenseMap.h"

namespace sinter {

inline constexpr int64_t kStart = -1; // before the first launch: when inputs are written

struct Buffer {
  enum Kind { Arena, OldState, NewState, Constant } kind;
  mlir::MemRefType type;
  mlir::Location loc;
  mlir::Attribute source = {};      // of a state: its symbol; of a constant: its value
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

struct Launch {
  mlir::func::FuncOp kernel;
  mlir::Location loc;
  llvm::SmallVector<Operand> inputs, outputs;
  llvm::SmallVector<int64_t> inPlace = {}; // per output: input, or -1
  size_t call = SIZE_MAX;                  // which of the entry's calls it is; none if the planner added a copy
  bool isAgain = false;                    // the call repeats another one

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
