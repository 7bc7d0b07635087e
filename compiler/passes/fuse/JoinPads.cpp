// sinter-join-pads: tensors that are padded to fit side by side and added are concatenated.
//
//   %a = pad %x high [0, 3]                    %y = sinter.concat %x, %z axis 1
//   %b = pad %z low [0, 5]             =>
//   %y = map (%a, %b) { + }
//
// That is the gradient of a split: each part's gradient, with zeros for the others. Adding a zero changes nothing but
// the sign of a zero.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "dialects/sinter/Sinter.h"

#define DEBUG_TYPE "sinter-join-pads"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_JOINPADS
#include "compiler/passes/Passes.h.inc"

namespace {

/// Whether the region adds up its arguments, each once.
bool addsAll(Block &block) {
  Operation *yield = block.getTerminator();
  if (yield->getNumOperands() != 1 || llvm::range_size(block) != block.getNumArguments())
    return false;
  for (BlockArgument argument : block.getArguments())
    if (!argument.hasOneUse())
      return false;
  for (Operation &op : block.without_terminator())
    if (!isa<arith::AddFOp>(op) || !op.hasOneUse())
      return false;
  return yield->getOperand(0).getDefiningOp<arith::AddFOp>() != nullptr;
}

/// The dimension along which `pad` adds zeros, if it is one and nothing goes between the elements.
std::optional<unsigned> paddedAxis(PadOp pad) {
  std::optional<unsigned> axis;
  for (auto [d, sizes] : llvm::enumerate(llvm::zip_equal(pad.getLow(), pad.getHigh(), pad.getInterior()))) {
    auto [low, high, interior] = sizes;
    if (low < 0 || high < 0 || interior != 0 || (axis && (low != 0 || high != 0)))
      return std::nullopt;
    if (low != 0 || high != 0)
      axis = d;
  }
  return axis;
}

/// Whether `map` was such a sum, and is a concatenation now.
bool joinPads(MapOp map) {
  if (map.getNumResults() != 1 || map.getInputs().size() < 2 || !addsAll(map.getBody().front()))
    return false;
  std::optional<unsigned> axis;
  SmallVector<PadOp> pads;
  for (auto [input, read] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    auto pad = input.getDefiningOp<PadOp>();
    std::optional<unsigned> padded = pad ? paddedAxis(pad) : std::nullopt;
    if (!padded || (axis && axis != padded) || !read.isIdentity())
      return false;
    axis = padded;
    pads.push_back(pad);
  }
  llvm::sort(pads, [&](PadOp a, PadOp b) { return a.getLow()[*axis] < b.getLow()[*axis]; });
  int64_t end = 0;
  SmallVector<Value> parts;
  for (PadOp pad : pads) { // each begins where the one before ends
    if (pad.getLow()[*axis] != end)
      return false;
    end += cast<RankedTensorType>(pad.getInput().getType()).getDimSize(*axis);
    parts.push_back(pad.getInput());
  }
  if (end != map.getShape()[*axis])
    return false;
  OpBuilder builder(map);
  DEBUG_AT(map) << "is a concatenation of " << parts.size() << " parts";
  Value joined = ConcatOp::create(builder, map.getLoc(), map.getResult(0).getType(), parts, *axis);
  map.getResult(0).replaceAllUsesWith(joined);
  map.erase();
  for (PadOp pad : pads)
    if (pad->use_empty())
      pad.erase();
  return true;
}

struct JoinPadsPass : impl::JoinPadsBase<JoinPadsPass> {
  void runOnOperation() override {
    SmallVector<MapOp> maps(getOperation().getBody().front().getOps<MapOp>());
    counted(getOperation(), DEBUG_TYPE, "concatenations formed", llvm::count_if(maps, joinPads));
  }
};

} // namespace
} // namespace sinter
