// How the sums of units of k add up (ProductOrder.h): in the scratch, where other work comes between two units, or in
// registers.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

using namespace mlir;

namespace sinter::cpu {

MatmulEmitter::Sums MatmulEmitter::loadWaiting(const Waiting &waiting, int64_t part) {
  Sums sums;
  for (Value offset : waiting.offsets)
    sums.push_back(loadLanes(b, loc, waiting.buffer, add(offset, part * waiting.partSize)));
  return sums;
}

void MatmulEmitter::storeWaiting(const Sums &sums, const Waiting &waiting, int64_t part) {
  for (auto [sum, offset] : llvm::zip_equal(sums, waiting.offsets))
    storeLanes(b, loc, sum, waiting.buffer, add(offset, part * waiting.partSize));
}

/// Where a register tile's sums wait for the next block of k; nowhere if there is none.
MatmulEmitter::Waiting MatmulEmitter::waitingTile(Value rowPanel, Value columnPanel) {
  int64_t size = plan.mr * plan.nr();
  Waiting waiting{partials, plan.mPanels() * plan.nPanels() * size, {}};
  for (int64_t i = 0; plan.kBlocks > 1 && i < plan.mr * plan.vectors; ++i)
    waiting.offsets.push_back(
        LinearIndex{i * kLanes, {}}.add(columnPanel, plan.mPanels() * size).add(rowPanel, size).materialize(b, loc));
  return waiting;
}

int64_t MatmulEmitter::waitingTileParts() const { return levelsOf(kernel.k.size) + (plan.unitBlocks > 1 ? 1 : 0); }

Value MatmulEmitter::blockInUnit(Value kBlock) {
  return plan.units() == 1 ? kBlock : remainder(kBlock, plan.unitBlocks);
}

/// What a block of k goes on with: zeros where a unit begins.
MatmulEmitter::Sums MatmulEmitter::beginBlock(Value kBlock, const Waiting &waiting) {
  Value begins = equals(blockInUnit(kBlock), 0);
  if (blocks.first)
    begins = either(begins, isSame(kBlock, blocks.first));
  return zerosIf(begins, plan.mr * plan.vectors, [&] { return loadWaiting(waiting, levelsOf(kernel.k.size)); });
}

void MatmulEmitter::endBlock(Value kBlock, const Waiting &waiting, const Sums &sums, Finish finish) {
  Value isLast = blocks.last ? isSame(kBlock, blocks.last) : equals(kBlock, plan.kBlocks - 1);
  Value ends = either(equals(blockInUnit(kBlock), plan.unitBlocks - 1), isLast);
  choose(
      ends, [&] { endGroup(1, divide(kBlock, plan.unitBlocks), isLast, waiting, sums, finish); },
      [&] { storeWaiting(sums, waiting, levelsOf(kernel.k.size)); });
}

/// Adds a unit to its group; after the last one, calls `finish` with all of them.
void MatmulEmitter::endUnit(Value unit, const Waiting &waiting, const Sums &sums, Finish finish) {
  endGroup(1, unit, equals(unit, plan.units() - 1), waiting, sums, finish);
}

/// `sums` are number `number` of those that groups of `level` are made of. A group goes on with zeros where it begins,
/// or where the first block of k lies.
void MatmulEmitter::endGroup(int64_t level, Value number, Value isLast, const Waiting &waiting, Sums sums,
                             Finish finish) {
  int64_t levels = levelsOf(kernel.k.size);
  if (level > levels)
    return finish(sums);
  Value inGroup = level == levels ? number : remainder(number, kUnitsPerGroup);
  Value begins = equals(inGroup, 0);
  if (blocks.first) {
    int64_t length = plan.unitBlocks;
    for (int64_t below = 1; below < level; ++below)
      length *= kUnitsPerGroup;
    begins = either(begins, isSame(number, divide(blocks.first, length)));
  }
  Sums before = zerosIf(begins, sums.size(), [&] { return loadWaiting(waiting, level - 1); });
  for (auto [sum, group] : llvm::zip_equal(sums, before))
    sum = arith::AddFOp::create(b, loc, group, sum);
  Value ends = level == levels ? isLast : either(equals(inGroup, kUnitsPerGroup - 1), isLast);
  choose(
      ends, [&] { endGroup(level + 1, divide(number, kUnitsPerGroup), isLast, waiting, sums, finish); },
      [&] { storeWaiting(sums, waiting, level - 1); });
}

/// The sums of steps `from` to `to` of k, which are a group of `level`, or a unit (level 0), in registers.
MatmulEmitter::Sums MatmulEmitter::sumInGroups(int64_t level, Value from, Value to, const Sums &none,
                                               llvm::function_ref<Sums(Value from, Value to)> sumUnit) {
  if (level == 0)
    return sumUnit(from, to);
  int64_t length = unitOf(kernel.k.size);
  for (int64_t below = 1; below < level; ++below)
    length *= kUnitsPerGroup;
  return loop(from, to, length, none, [&](Value at, ValueRange carried) {
    Sums sums = sumInGroups(level - 1, at, minimum(add(at, length), to), none, sumUnit);
    for (auto [sum, group] : llvm::zip_equal(sums, carried))
      sum = arith::AddFOp::create(b, loc, group, sum);
    return sums;
  });
}

} // namespace sinter::cpu
