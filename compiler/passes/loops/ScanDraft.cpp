#include "compiler/passes/loops/ScanDraft.h"

using namespace mlir;

namespace sinter {

ScanDraft::ScanDraft(ScanOp scan)
    : scan(scan), init(scan.getInit()), sequences(scan.getSequences()), invariants(scan.getInvariants()),
      origins(scan.getResults()) {}

void ScanDraft::finish() {
  if (!changed)
    return;
  OpBuilder builder(scan);
  ScanOp old = scan;
  Region region;
  region.takeBody(old.getBody());
  scan = createScan(builder, old.getLoc(), old, init, sequences, invariants, region);
  for (auto [origin, result] : llvm::zip_equal(origins, scan.getResults()))
    if (origin)
      origin.replaceAllUsesWith(result);
  origins.assign(scan->result_begin(), scan->result_end());
  changed = false;
  old.erase();
}

BlockArgument ScanDraft::addSequence(Value operand) {
  changed = true;
  sequences.push_back(operand);
  return body().insertArgument(static_cast<unsigned>(init.size() + sequences.size() - 1), stepType(operand.getType()),
                               operand.getLoc());
}

BlockArgument ScanDraft::addInvariant(Value operand) {
  changed = true;
  invariants.push_back(operand);
  return body().addArgument(operand.getType(), operand.getLoc());
}

size_t ScanDraft::addStack(Value value) {
  auto stacked = next().getValues().drop_front(init.size());
  if (auto found = llvm::find(stacked, value); found != stacked.end())
    return init.size() + (found - stacked.begin());
  changed = true;
  next().getValuesMutable().append(value);
  origins.push_back(nullptr);
  return origins.size() - 1;
}

void ScanDraft::dropCarry(size_t i) {
  changed = true;
  next()->eraseOperand(i);
  body().eraseArgument(i);
  init.erase(init.begin() + i);
  origins.erase(origins.begin() + i);
}

void ScanDraft::dropStack(size_t i) {
  changed = true;
  next()->eraseOperand(init.size() + i);
  origins.erase(origins.begin() + init.size() + i);
}

void ScanDraft::dropSequence(size_t i) {
  changed = true;
  body().eraseArgument(init.size() + i);
  sequences.erase(sequences.begin() + i);
}

void ScanDraft::dropInvariant(size_t i) {
  changed = true;
  body().eraseArgument(init.size() + sequences.size() + i);
  invariants.erase(invariants.begin() + i);
}

} // namespace sinter
