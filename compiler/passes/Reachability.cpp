#include "compiler/passes/Reachability.h"

#include "mlir/IR/Block.h"

#include "llvm/ADT/DenseSet.h"

#include <queue>

using namespace mlir;

namespace sinter {

Reachability::Reachability(Block &block) {
  unsigned place = 0;
  for (Operation &op : block)
    ranks[&op] = place++;
}

bool Reachability::leadsTo(Operation *from, Operation *to) const {
  unsigned end = ranks.at(to);
  std::priority_queue<std::pair<unsigned, Operation *>> open;
  DenseSet<Operation *> seen{from};
  open.push({ranks.at(from), from});
  while (!open.empty()) {
    Operation *op = open.top().second;
    open.pop();
    for (Operation *reader : op->getUsers()) {
      if (reader == to)
        return true;
      unsigned rank = ranks.at(reader);
      if (rank <= end && seen.insert(reader).second)
        open.push({rank, reader});
    }
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
