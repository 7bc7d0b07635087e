#include "compiler/passes/Reachability.h"

#include "mlir/IR/Block.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/PointerIntPair.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <queue>

using namespace mlir;

namespace sinter {

Reachability::Reachability(Block &block) {
  unsigned place = 0;
  for (Operation &op : block)
    ranks[&op] = place++;
}

bool Reachability::leadsTo(Operation *from, Operation *to) const {
  return leadsTo(from, to, [](Operation *) { return true; });
}

bool Reachability::leadsTo(Operation *from, Operation *to, function_ref<bool(Operation *)> wanted) const {
  unsigned end = ranks.at(to);
  using Reached = llvm::PointerIntPair<Operation *, 1, bool>; // whether a wanted op lies on the way
  using Ranked = std::pair<unsigned, Reached>;
  std::priority_queue<Ranked, SmallVector<Ranked, 32>> open; // most ways are short
  llvm::SmallDenseSet<Reached, 32> seen;
  // What `to` reads is known at once; an op on the way may have thousands of readers (a factor of all gradients).
  llvm::SmallPtrSet<Operation *, 16> read;
  for (Value operand : to->getOperands())
    read.insert(operand.getDefiningOp());
  bool isWanted = wanted(to);
  auto reach = [&](Operation *op, bool found) {
    unsigned rank = ranks.at(op);
    if (rank <= end && seen.insert(Reached(op, found)).second)
      open.push({rank, Reached(op, found)});
  };
  reach(from, false);
  while (!open.empty()) {
    Reached last = open.top().second;
    open.pop();
    if ((last.getInt() || isWanted) && read.contains(last.getPointer()))
      return true;
    for (Operation *reader : last.getPointer()->getUsers())
      reach(reader, last.getInt() || wanted(reader));
  }
  return false;
}

void Reachability::add(Operation *op, unsigned rank) { ranks[op] = rank; }

unsigned Reachability::remove(Operation *op) {
  unsigned rank = ranks.at(op);
  ranks.erase(op);
  return rank;
}

void Reachability::connect(Operation *producer, Operation *reader) {
  unsigned least = ranks.at(producer);
  SmallVector<Operation *> raised{reader};
  while (!raised.empty()) {
    Operation *op = raised.pop_back_val();
    unsigned &rank = ranks.find(op)->second;
    if (rank >= least)
      continue;
    rank = least;
    llvm::append_range(raised, op->getUsers());
  }
}

} // namespace sinter
