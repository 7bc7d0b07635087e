// sinter-cpu-chain-launches: launches that can run piece by piece say so.
//
//   plan.launch @scores(%q, %k) -> (%s)                       plan.launch @scores(%q, %k) -> (%s) pieces 48
//   plan.launch @softmax(%s) -> (%p) in_place [0]        =>   plan.launch @softmax(%s) -> (%p) in_place [0] pieces 48
//   plan.launch @mix(%p, %v) -> (%o)                          plan.launch @mix(%p, %v) -> (%o)
//
// A thread then takes one head through all three, and finds in its cache what it has just written. Nothing is computed
// otherwise: two launches are chained where every memory that one of them writes and the other touches is the same
// buffer, which both walk through piece by piece (Pieces.h). What nobody else touches (%s, and %p if no gradient needs
// it) gets a place in a block of the thread's own, which stays in its cache: `own [-1, -1, 0]`.
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/plan/Plan.h"
#include "runtime/include/sinter/abi.h"
#include "llvm/ADT/MapVector.h"

#include <numeric>

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUCHAINLAUNCHES
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

// Pieces that share work evenly among some threads.
constexpr int64_t kFewestPieces = 8;
// What one piece moves between launches should stay in a second-level cache, or at least in a core's share of the
// third.
constexpr int64_t kMostPieceBytes = 4 << 20;

// As many as the runtime follows.
constexpr size_t kLongestChain = 8;

/// Bytes that a launch touches, and how.
struct Touch {
  StringAttr state; ///< null: the arena
  int64_t first, last;
  bool writes, piecewise;

  bool overlaps(const Touch &other) const { return state == other.state && first < other.last && other.first < last; }
  bool sameAs(const Touch &other) const { return state == other.state && first == other.first && last == other.last; }
};

struct Link {
  plan::LaunchOp launch;
  int64_t pieces = 1;
  SmallVector<Touch> touches;
};

Link describe(plan::LaunchOp launch, const SymbolTable &kernels) {
  Link link{launch, 1, {}};
  auto kernel = kernels.lookup<func::FuncOp>(launch.getKernel());
  ArrayRef<int64_t> piecewise;
  if (auto pieces = kernel ? kernel->getAttrOfType<IntegerAttr>(kPiecesAttr) : IntegerAttr()) {
    link.pieces = pieces.getInt();
    piecewise = kernel->getAttrOfType<DenseI64ArrayAttr>(kPiecewiseAttr).asArrayRef();
  }
  auto note = [&](Value buffer, bool writes, int64_t operand) {
    Value root = plan::rootBuffer(buffer);
    Touch touch{
        {}, 0, plan::sizeInBytes(cast<ShapedType>(root.getType())), writes, llvm::is_contained(piecewise, operand)};
    if (auto arena = root.getDefiningOp<plan::ArenaOp>())
      touch.first = arena.getOffset(), touch.last += arena.getOffset();
    else if (auto state = root.getDefiningOp<plan::StateOp>())
      touch.state = state.getStateAttr().getAttr();
    else
      return; // a constant, which nobody writes
    link.touches.push_back(touch);
  };
  int64_t operand = 0;
  for (Value input : launch.getInputs())
    note(input, false, operand++);
  for (Value output : launch.getOutputs())
    note(output, true, operand++);
  return link;
}

/// Whether all that reads or writes `buffer`, seen through views, is in `launches`.
bool isOnlyUsedBy(Value buffer, const DenseSet<Operation *> &launches) {
  return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
    return isa<plan::ViewOp>(user) ? isOnlyUsedBy(user->getResult(0), launches) : launches.contains(user);
  });
}

/// Places what only `chain` touches in the block of the thread that runs a piece.
void placeOwn(ArrayRef<Link> chain, int64_t pieces) {
  DenseSet<Operation *> launches, written;
  for (const Link &link : chain) {
    plan::LaunchOp launch = link.launch;
    launches.insert(launch);
    for (Value output : launch.getOutputs())
      written.insert(plan::rootBuffer(output).getDefiningOp());
  }
  // Buffers at one place share it, as results do that are written over an operand: it is the chain's if all of them
  // are.
  llvm::MapVector<int64_t, bool> places; // of the arena
  auto forEachBuffer = [&](auto action) {
    for (const Link &link : chain) {
      plan::LaunchOp launch = link.launch;
      for (auto [number, operand] : llvm::enumerate(launch->getOperands())) // inputs, then outputs
        if (auto arena = plan::rootBuffer(operand).getDefiningOp<plan::ArenaOp>())
          action(launch, number, arena);
    }
  };
  forEachBuffer([&](plan::LaunchOp, size_t, plan::ArenaOp arena) {
    bool own = written.contains(arena) && isOnlyUsedBy(arena.getBuffer(), launches);
    bool &known = places.try_emplace(arena.getOffset(), true).first->second;
    known = known && own;
  });
  DenseMap<int64_t, int64_t> offsets;
  int64_t next = 0;
  forEachBuffer([&](plan::LaunchOp launch, size_t number, plan::ArenaOp arena) {
    if (!places.lookup(arena.getOffset()))
      return;
    auto [found, isNew] = offsets.try_emplace(arena.getOffset(), next);
    if (isNew)
      next += plan::alignUp(plan::sizeInBytes(cast<ShapedType>(arena.getType())) / pieces);
    SmallVector<int64_t> own(launch->getNumOperands(), -1);
    if (launch.getOwn())
      own.assign(launch.getOwn()->begin(), launch.getOwn()->end());
    own[number] = found->second;
    launch.setOwn(own);
  });
}

/// Whether `next` may run a piece when `link` has run that piece; `moved` grows by the bytes that one hands to the
/// other.
bool mayFollow(const Link &link, const Link &next, int64_t &moved) {
  for (const Touch &a : link.touches)
    for (const Touch &b : next.touches) {
      if ((!a.writes && !b.writes) || !a.overlaps(b))
        continue;
      if (!a.sameAs(b) || !a.piecewise || !b.piecewise)
        return false;
      if (a.writes)
        moved += a.last - a.first;
    }
  return true;
}

/// Launches that do not depend on the chain may stand in it, if one follows that does.
void chainLaunches(plan::EntryOp entry, const SymbolTable &kernels) {
  SmallVector<Link> chain;
  int64_t pieces = 0, chained = 0; // how many of `chain` are, in how many pieces
  size_t links = 0;
  auto finish = [&] {
    if (links > 1) {
      chain.truncate(links);
      for (Link &link : MutableArrayRef(chain).drop_back())
        link.launch.setPieces(chained);
      placeOwn(chain, chained);
    }
    chain.clear();
    links = 0;
  };
  for (Operation &op : entry.getBody().front()) {
    if (isa<plan::LoopOp>(op))
      finish(); // its launches are in no chain
    auto launch = dyn_cast<plan::LaunchOp>(op);
    if (!launch)
      continue;
    Link link = describe(launch, kernels);
    int64_t common = std::gcd(pieces, link.pieces), moved = 0;
    bool follows = !chain.empty() && chain.size() < kLongestChain && common >= kFewestPieces &&
                   chain.front().launch->getNumOperands() <= SINTER_CHAIN_OPERANDS &&
                   launch->getNumOperands() <= SINTER_CHAIN_OPERANDS &&
                   llvm::all_of(
                       chain, [&](const Link &before) { return mayFollow(before, link, moved); }) &&
                   moved / common <= kMostPieceBytes;
    if (!follows)
      finish();
    pieces = chain.empty() ? link.pieces : common;
    chain.push_back(std::move(link));
    if (moved > 0)
      links = chain.size(), chained = pieces;
  }
  finish();
}

struct ChainLaunchesPass : impl::CpuChainLaunchesBase<ChainLaunchesPass> {
  using CpuChainLaunchesBase::CpuChainLaunchesBase;

  void runOnOperation() override {
    SymbolTable kernels(getOperation());
    for (auto entry : getOperation().getOps<plan::EntryOp>())
      chainLaunches(entry, kernels);
  }
};

} // namespace

} // namespace sinter
