// sinter-recompute-maps: a cheap map is computed by each of its readers, instead of being stored for them.
//
//   %g = map (%dy, %w) { * }          (%dy has other readers: it is stored in any case)
//   %a = reduce sum %g                    %a = reduce sum (map (%dy, %w) { * })
//   %b = map (%g, %a) { - }        =>     %b = map (%dy, %w, %a) { * ; - }
//
// A kernel then reads what the map reads, which it often does anyway, and nobody writes or reads the map's result. A
// map in front of a reduction or a row-wise op becomes part of its kernel (KernelGroups.h). Runs after differentiation:
// before, it would hide from a gradient that two readers share a value.
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"

#define DEBUG_TYPE "sinter-recompute-maps"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_RECOMPUTEMAPS
#include "compiler/passes/Passes.h.inc"

namespace {

/// A map that is repeated more often costs more than it saves.
constexpr int64_t kMostReaders = 4;
/// Tensors of the map's size that every reader then reads instead of one.
constexpr int kMostInputs = 2;

/// Whether `value` is held in memory even if `reader` did not exist. What a product or a map computes may live in
/// registers only, if its one reader is in the same kernel; what is scattered goes straight onto what is added to it.
bool isStoredAnyway(Value value, Operation *reader) {
  Value source = behindReshapes(value);
  return !isa_and_nonnull<ProductLike, MapOp, ScatterAddOp>(source.getDefiningOp()) || hasOtherReader(source, reader);
}

/// Whether `user` can compute the map whose result it reads.
bool canCompute(Operation *user, Value result) {
  auto map = dyn_cast<MapOp>(user);
  if (!map)
    return takesMapsIn(user);
  return llvm::all_of(llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>()),
                      [&](auto read) { return std::get<0>(read) != result || std::get<1>(read).isPermutation(); });
}

bool shouldRecompute(MapOp map) {
  if (map.getNumResults() != 1 || map.getShape().empty() || !isCheap(map))
    return false;
  Value result = map.getResult(0);
  DenseSet<Operation *> readers(result.user_begin(), result.user_end());
  if (readers.size() < 2 || readers.size() > kMostReaders ||
      !llvm::all_of(readers, [&](Operation *user) { return canCompute(user, result); }))
    return false;
  int wide = 0;
  int64_t elements = cast<RankedTensorType>(result.getType()).getNumElements();
  for (Value input : map.getInputs())
    if (cast<RankedTensorType>(input.getType()).getNumElements() == elements) {
      ++wide;
      if (!isStoredAnyway(input, map))
        return false;
    }
  return wide <= kMostInputs;
}

/// A map that yields its input is that input.
bool replaceIdentity(MapOp map) {
  if (map.getNumResults() != 1)
    return false;
  auto argument = dyn_cast<BlockArgument>(map.getBody().front().getTerminator()->getOperand(0));
  if (!argument)
    return false;
  auto read = cast<AffineMapAttr>(map.getIndexingMaps()[argument.getArgNumber()]).getValue();
  if (!read.isIdentity())
    return false;
  map.getResult(0).replaceAllUsesWith(map.getInputs()[argument.getArgNumber()]);
  map.erase();
  return true;
}

void recompute(MapOp map) {
  Value result = map.getResult(0);
  SmallVector<Operation *> readers;
  for (Operation *user : result.getUsers())
    if (!llvm::is_contained(readers, user))
      readers.push_back(user);
  for (Operation *reader : readers) {
    if (auto into = dyn_cast<MapOp>(reader)) {
      MapDraft draft(into);
      for (size_t i = 0; i < draft.inputs.size();)
        if (draft.inputs[i] == result)
          draft.inlineProducer(i, map), i = 0; // which reorders the inputs
        else
          ++i;
      draft.dropUnusedInputs();
      draft.finish();
    } else {
      Operation *clone = OpBuilder(reader).clone(*map);
      reader->replaceUsesOfWith(result, clone->getResult(0));
    }
  }
  map.erase();
}

struct RecomputeMapsPass : impl::RecomputeMapsBase<RecomputeMapsPass> {
  void runOnOperation() override {
    // Forwards, so that what a map takes in counts when its own turn comes.
    Block &block = getOperation().getBody().front();
    int64_t repeated = 0;
    for (Operation *op = &block.front(); op;) {
      Operation *previous = op->getPrevNode(); // neither this op nor its readers may be there afterwards
      auto map = dyn_cast<MapOp>(op);
      bool erased = map && replaceIdentity(map);
      if (map && !erased && shouldRecompute(map)) {
        DEBUG_AT(map) << "is computed by each of its readers";
        recompute(map);
        ++repeated;
        erased = true;
      }
      op = !erased ? op->getNextNode() : previous ? previous->getNextNode() : &block.front();
    }
    counted(getOperation(), DEBUG_TYPE, "maps computed by each of their readers", repeated);
  }
};

} // namespace
} // namespace sinter
