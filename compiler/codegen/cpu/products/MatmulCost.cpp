#include "compiler/codegen/cpu/products/MatmulCost.h"
#include "compiler/codegen/cpu/Emitter.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <array>
#include <limits>
#include <numeric>
#include <unistd.h>

using namespace mlir;

namespace sinter::cpu {

/// Processors whose vdpbf16ps takes four times as long as a multiply-add (measured on Emerald Rapids, and what LLVM's
/// model of Sapphire Rapids says): f32 products of rounded operands, which have the same bits, are twice as fast there.
static bool hasSlowDots(StringRef processor) {
  return llvm::is_contained({"sapphirerapids", "emeraldrapids", "graniterapids", "graniterapids-d"}, processor);
}

MatmulTarget matmulTarget(StringRef march) {
  bool wide, dots, bytes;
  StringRef processor = march;
  if (march == "native") {
    processor = llvm::sys::getHostCPUName();
    auto features = llvm::sys::getHostCPUFeatures();
    wide = features.lookup("avx512f"), dots = features.lookup("avx512bf16");
    bytes = features.lookup("avx512vnni");
  } else {
    SmallVector<StringRef> features;
    if (llvm::X86::parseArchX86(march) != llvm::X86::CK_None)
      llvm::X86::getFeaturesForCPU(march, features);
    wide = llvm::is_contained(features, "avx512f"), dots = llvm::is_contained(features, "avx512bf16");
    bytes = llvm::is_contained(features, "avx512vnni");
  }
  // Of other machines' caches nothing is known; those that have wide vectors have a megabyte at least.
  int64_t cache = march == "native" ? sysconf(_SC_LEVEL2_CACHE_SIZE) : 0;
  if (cache <= 0)
    cache = wide ? 1024 * 1024 : 512 * 1024;
  return {wide ? 32 : 16, std::clamp<int64_t>(cache, 256 * 1024, 2048 * 1024), dots && !hasSlowDots(processor), bytes};
}

namespace {

// Floats that an operand may span and still be read in place again and again: half of a first-level cache.
constexpr int64_t kSmallSpan = 4096;
// Floats of a panel of columns that leaves a first-level cache room for panels of rows.
constexpr int64_t kPanelSpan = 6144;
// Floats of packed operand that are kept for several tiles.
constexpr int64_t kKept = 1536 * 1024;
// Floats between two steps of k of the left operand, from which on it is copied.
constexpr int64_t kFarSteps = 256;
// Products that are worth a thread's attention.
constexpr int64_t kTileWork = 1 << 18;
// Tiles of a kernel that is worth all threads' attention: a thread that is late holds one of them at most.
constexpr int64_t kMinTiles = 8;
// Threads that a kernel's tiles should divide among evenly.
constexpr int64_t kSharedBy = 4;
// Results of so many second-level caches, and bytes, do not wait in a cache for who reads them.
constexpr int64_t kPastCaches = 2, kPastCachesBytes = 4 << 20;
// A streamed matrix of more bytes comes from memory.
constexpr int64_t kFromMemoryBytes = 32 << 20;
// Cycles that the model must promise to save for another register tile than the best by itself.
constexpr double kClearlyFewer = 0.93;
// Cycles that a register tile may cost for what the model does not know.
constexpr double kHardlyMore = 1.05;
// Vectors in a row of a register tile.
constexpr int64_t kMostVectors = 6;
// Steps of k that a block should have, so that sums do not come and go too often.
constexpr int64_t kLeastDepth = 192;
// Columns that few rows are multiplied by at once.
constexpr int64_t kStreamedColumns = 16;
// Cycles to bring a float from the third-level cache; to copy it while it is multiplied, to copy it before that, to
// transpose it; to store and load a sum between two blocks of k, within a quarter of the second-level cache, within
// most of it, and beyond.
constexpr double kFetch = 0.1, kCopy = 0.1, kCopyFirst = 0.5, kTranspose = 0.4, kPartial = 0.2, kCrowdedPartial = 0.3,
                 kFarPartial = 0.5;

/// Cycles of one step of k in a register tile: two multiply-adds, two loads a cycle, four cycles of latency.
double stepCycles(int64_t mr, int64_t vectors, const MatmulTarget &target) {
  int64_t registers = target.vectorRegisters == 32 ? vectors : 2 * vectors;
  double work = std::max<int64_t>({mr * registers, registers + mr, 8}) / 2.0;
  return work + 0.25;
}

/// The best number of rows for a register tile of so many vectors, and its cycles for one step of k; none if it is too
/// wide. Rows that are read where they stand in windows are neighbours.
std::optional<std::pair<int64_t, double>> bestRows(int64_t vectors, const MatmulKernel &kernel, int64_t m,
                                                   const MatmulTarget &target) {
  int64_t n = kernel.n.size;
  bool inRuns = kernel.lhs.windows && kernel.lhs.windows->standInRuns();
  if (vectors > 1 && (vectors - 1) * kLanes >= n)
    return std::nullopt;
  // Accumulators, the row of the right operand and one broadcast must fit.
  int64_t perVector = target.vectorRegisters == 32 ? 1 : 2;
  std::optional<std::pair<int64_t, double>> best;
  for (int64_t mr = 1; mr <= std::min<int64_t>(m, 16); ++mr) {
    int64_t needed = (mr * vectors + (mr == 1 ? 0 : vectors)) * perVector + 1;
    if (needed > target.vectorRegisters - (target.vectorRegisters == 32 ? 3 : 1) ||
        (inRuns && kernel.lhs.windows->neighbours() % mr != 0))
      continue;
    double cycles = llvm::divideCeil(m, mr) * llvm::divideCeil(n, vectors * kLanes) * stepCycles(mr, vectors, target);
    if (skipsLines(kernel, mr))
      cycles *= kernel.lhs.windows->linesWithin();
    if (!best || cycles < best->second * 0.999)
      best = {mr, cycles};
  }
  return best;
}

/// Whether tiles of so many vectors may cut the columns: none of them moves back where each element is stored once.
bool cutsColumns(const MatmulKernel &kernel, int64_t vectors) {
  return !kernel.inPlace || kernel.n.size % (vectors * kLanes) == 0;
}

void chooseRegisterTile(MatmulPlan &plan, const MatmulKernel &kernel, int64_t m, const MatmulTarget &target) {
  double best = std::numeric_limits<double>::max();
  for (int64_t vectors = 1; vectors <= kMostVectors; ++vectors)
    if (!cutsColumns(kernel, vectors))
      continue;
    else if (auto rows = bestRows(vectors, kernel, m, target); rows && rows->second < best * 0.999) {
      plan.mr = rows->first, plan.vectors = vectors;
      best = rows->second;
    }
}

/// Cuts `size` into `parts` blocks of a multiple of `unit`, the last of at least `unit`; returns the block's length.
int64_t blockLength(int64_t size, int64_t parts, int64_t unit) {
  int64_t length = llvm::alignTo(llvm::divideCeil(size, parts), unit);
  while (length < size && size % length != 0 && size % length < unit)
    length += unit;
  return std::min(length, size);
}

/// Whether walking along `rows` rows side by side takes more lines than a set of a first-level cache has: 64 sets of 8.
bool crowdedRows(int64_t rows, int64_t stride) {
  std::array<int64_t, 64> lines{};
  for (int64_t row = 0; row < rows; ++row)
    if (++lines[row * stride / kLanes % 64] > 8)
      return true;
  return false;
}

void chooseForms(MatmulPlan &plan, const MatmulKernel &kernel) {
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
  int64_t rowStride = kernel.m.stride(kernel.lhs), lhsK = kernel.k.stride(kernel.lhs);
  bool crowded = lhsK == 1 && k >= kLanes && crowdedRows(plan.mr, rowStride) && n > plan.nr();
  // Steps of k that lie pages apart cost a translation each.
  bool scattered = lhsK >= kFarSteps && rowStride == 1 && k >= kLanes && m >= kLanes && n > 4 * plan.nr();
  plan.lhs = crowded ? LhsForm::Rows : scattered ? LhsForm::Panels : LhsForm::Direct;

  int64_t columnStride = kernel.n.stride(kernel.rhs), rhsK = kernel.k.stride(kernel.rhs);
  int64_t rhsSpan = (k - 1) * rhsK + (n - 1) * columnStride + 1;
  bool contiguous = columnStride == 1 || n == 1;
  // Lanes along k, which must not leave the innermost part of k.
  bool lanesAlongK = lhsK == 1 && (kernel.kParts.empty() || kernel.kParts.back().size % kLanes == 0);
  if (kernel.lhs.windows && kernel.lhs.windows->standInRuns())
    plan.lhs = LhsForm::Direct;
  else if (kernel.bf16 || kernel.mustBePacked(kernel.lhs)) // rounded, computed once, while they are copied
    plan.lhs = lanesAlongK ? LhsForm::Rows : LhsForm::Panels;
  plan.stream = kernel.readsInPlace() && !kernel.inPlace && !kernel.columnSums && m <= 4 && k * n >= 16 * 1024 &&
                (contiguous ? n >= kLanes : rhsK == 1 && n >= kStreamedColumns && k >= kLanes);
  if (plan.stream)
    plan.rhs = contiguous ? RhsForm::Direct : RhsForm::Transposed;
  else if (kernel.hasRhsInParts() && canTranspose(kernel))
    plan.rhs = RhsForm::Transposed;
  else if (kernel.mustBePacked(kernel.rhs) || kernel.columnSums)
    plan.rhs = RhsForm::Copied;
  else if (!kernel.bf16 && contiguous && (m <= 2 * plan.mr || rhsSpan <= kSmallSpan))
    plan.rhs = RhsForm::Direct;
  else
    plan.rhs = canTranspose(kernel) ? RhsForm::Transposed : RhsForm::Copied;
}

bool goesPastCaches(int64_t floats, const MatmulTarget &target) {
  return floats * int64_t(sizeof(float)) > std::max(kPastCaches * target.cacheBytes, kPastCachesBytes);
}

/// Products along k that one step takes. Pairs are made of whole vectors of k.
int64_t stepDepth(const MatmulKernel &kernel, const MatmulTarget &target) {
  return kernel.bf16 && target.dotProducts && kernel.k.size > kLanes ? 2 : 1;
}

/// Cycles to compute an element of an operand.
double stepsCycles(const MatmulOperand &operand) {
  size_t ops = 0;
  for (const MatmulStep &step : operand.steps)
    ops += linalg::GenericOp(step.op).getBody()->getOperations().size();
  return static_cast<double>(ops) / kLanes;
}

/// The cheapest cut into at least `wanted` tiles.
class TileSearch {
public:
  TileSearch(const MatmulPlan &start, const MatmulKernel &kernel, const MatmulTarget &target)
      : plan(start), best(start), m(kernel.m.size), n(kernel.n.size), k(kernel.k.size), batch(kernel.batchSize()),
        sharesRhs(kernel.sharesRhs()), inWindows(readsWindows(start, kernel)),
        step(stepCycles(start.mr, start.vectors, target)), maxLhsBlock(target.cacheBytes / 4 / 4),
        cacheBytes(target.cacheBytes) {
    // Each tile reads all windows, of which there are many.
    int64_t most = inWindows ? kSharedBy : kMinTiles;
    int64_t all = std::clamp<int64_t>(llvm::divideCeil(batch * m * n * k, kTileWork), 1, most);
    wanted = llvm::divideCeil(all, batch);
    sharedBy = all == 1 ? 1 : kSharedBy;
    packLhs = plan.lhs == LhsForm::Direct ? kFetch : kFetch + kCopyFirst;
    packRhs = plan.rhs == RhsForm::Direct ? kFetch : plan.rhs == RhsForm::Copied ? kFetch + kCopy : kFetch + kTranspose;
    packLhs += stepsCycles(kernel.lhs), packRhs += stepsCycles(kernel.rhs);
  }

  void run(int64_t leastBlocks, int64_t mostBlocks) {
    for (int64_t blocks = leastBlocks; blocks <= mostBlocks; blocks = std::max(blocks, plan.kBlocks) + 1) {
      plan.cutDepth(k, blocks);
      for (Keeps keeps : {Keeps::Rhs, Keeps::Lhs, Keeps::Neither}) {
        plan.keeps = keeps;
        cut();
      }
    }
  }

  const MatmulPlan &found() const { return best; }
  double cycles() const { return bestCycles; }

private:
  void cut() {
    int64_t mUnits = llvm::divideCeil(m, plan.mr), nUnits = llvm::divideCeil(n, plan.nr());
    for (int64_t nParts = 1; nParts <= nUnits; ++nParts) {
      plan.nc = blockLength(n, nParts, plan.nr());
      plan.nTiles = llvm::divideCeil(n, plan.nc);
      bool narrowest = nParts == nUnits;
      if (plan.keepsPackedRhs() && plan.nc * k > kKept)
        continue;
      for (int64_t mParts = 1; mParts <= mUnits; ++mParts) {
        plan.mc = blockLength(m, mParts, plan.mr);
        plan.mTiles = llvm::divideCeil(m, plan.mc);
        bool shortest = mParts == mUnits;
        if (!shortest && (plan.mc - plan.mr) * plan.kc > maxLhsBlock)
          continue;
        if (plan.keepsPackedLhs() && plan.mc * k > kKept)
          continue;
        if (plan.keepsPackedRhs() && inWindows && plan.mTiles == 1) // for nobody
          continue;
        if (plan.mTiles * plan.nTiles < wanted && !(shortest && narrowest))
          continue;
        if (double cycles = cost(); cycles < bestCycles) {
          bestCycles = cycles;
          best = plan;
        }
        if (plan.mTiles * plan.nTiles > 4 * wanted)
          break; // more tiles only pack more
      }
      if (plan.nTiles > 4 * wanted && bestCycles < std::numeric_limits<double>::max())
        break;
    }
  }

  double cost() const {
    int64_t keptOf = plan.keeps == Keeps::Rhs && sharesRhs ? 1 : batch;
    double lhs = packLhs * plan.mc * k, rhs = packRhs * plan.nc * k;
    double multiply = step / plan.depth * llvm::divideCeil(plan.mc, plan.mr) * llvm::divideCeil(plan.nc, plan.nr()) * k;
    int64_t sums = plan.mc * plan.nc;
    int64_t bytes = sums * int64_t(sizeof(float)) * (plan.unitBlocks > 1 && plan.units() > 1 ? 2 : 1);
    double partial = bytes > cacheBytes / 8 * 5 ? kFarPartial : bytes > cacheBytes / 4 ? kCrowdedPartial : kPartial;
    double tile = multiply + partial * sums * (plan.kBlocks - 1) + 500, kept = 0;
    // Every thread packs for itself what it keeps.
    if (plan.keeps == Keeps::Rhs)
      tile += lhs, kept = rhs * plan.nTiles * std::min(plan.mTiles, sharedBy);
    else if (plan.keeps == Keeps::Lhs)
      tile += rhs, kept = lhs * plan.mTiles * std::min(plan.nTiles, sharedBy);
    else
      tile += lhs + rhs;
    return tile * llvm::alignTo(plan.mTiles * plan.nTiles * batch, sharedBy) + kept * keptOf;
  }

  MatmulPlan plan, best;
  int64_t m, n, k, batch;
  bool sharesRhs, inWindows;
  double step;
  int64_t maxLhsBlock, cacheBytes, wanted, sharedBy;
  double packLhs, packRhs, bestCycles = std::numeric_limits<double>::max();
};

} // namespace

int64_t epilogueOps(const MatmulKernel &kernel) {
  int64_t ops = 0;
  for (const codegen::MatmulStep &step : kernel.epilogue)
    for (Operation &op : linalg::GenericOp(step.op).getBody()->without_terminator())
      ops += !isa<arith::ConstantOp, linalg::IndexOp, arith::IndexCastOp>(op);
  return ops;
}

/// Whether sums should wait for the next tile: they have far to go, and a tile takes so long that they hinder nobody.
/// (Not if they have much to go through: long chains of ops would take the places where multiply-adds wait for their
/// turn.)
static bool shouldFinishLater(const MatmulPlan &plan, const MatmulKernel &kernel) {
  return kernel.batch.empty() && kernel.ordered.empty() && !readsWindows(plan, kernel) &&
         plan.kc >= plan.mr * plan.depth * kLanes && plan.mPanels() * plan.nPanels() > 1 &&
         (plan.rhs != RhsForm::Copied || plan.mPanels() > 1) && plan.pastCaches && epilogueOps(kernel) <= kUnrolledOps;
}

/// Whether panels of the left operand come from runs of memory (of its widest input, if it is computed), in several
/// blocks of k, and every tile has the same number of panels of columns, more than two, after which slices can be
/// packed.
static bool shouldPackAhead(const MatmulPlan &plan, const MatmulKernel &kernel) {
  bool inRuns = kernel.m.stride(kernel.lhs) == 1 && kernel.walksEvenly(kernel.lhs) &&
                kernel.lhs.operand != MatmulOperand::kNowhere;
  bool evenTiles = plan.nTiles == 1 || kernel.n.size % plan.nc == 0;
  return plan.lhs == LhsForm::Panels && inRuns && evenTiles && plan.depth == 1 && plan.kBlocks > 3 &&
         plan.nPanels() > 2 && kernel.batch.empty() && kernel.ordered.empty();
}

static MatmulPlan chooseTiles(const MatmulKernel &kernel, const MatmulTarget &target);

MatmulPlan planMatmul(const MatmulKernel &kernel, const MatmulTarget &target) {
  MatmulPlan plan = chooseTiles(kernel, target);
  plan.finishesLater = !plan.stream && !kernel.bound && shouldFinishLater(plan, kernel);
  plan.packsAhead = !plan.stream && shouldPackAhead(plan, kernel);
  return plan;
}

/// Cuts k into more blocks where the left operand is copied, and sums between blocks cost little: a panel of columns
/// then stays in the first-level cache, and blocks of the left operand leave the second one room for what passes it
/// meanwhile.
static void relieveCaches(MatmulPlan &plan, const MatmulKernel &kernel, const MatmulTarget &target) {
  int64_t k = kernel.k.size;
  if ((plan.lhs == LhsForm::Direct && !readsWindows(plan, kernel)) ||
      plan.mc * plan.nc * int64_t(sizeof(float)) > target.cacheBytes / 4)
    return;
  while (plan.kc * plan.nr() > kPanelSpan) {
    int64_t depth = blockDepth(k, plan.kBlocks + 1);
    if (depth < kLeastDepth || depth == plan.kc)
      return;
    plan.cutDepth(k, plan.kBlocks + 1);
  }
}

MatmulPlan chooseTiles(const MatmulKernel &kernel, const MatmulTarget &target) {
  MatmulPlan plan{};
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
  plan.depth = stepDepth(kernel, target);
  chooseRegisterTile(plan, kernel, m, target);
  chooseForms(plan, kernel);
  plan.pastCaches = goesPastCaches(m * n, target);
  if (plan.stream) {
    plan.depth = 1; // bound by reading f32
    plan.mr = m, plan.vectors = 1;
    plan.lhs = LhsForm::Direct;
    plan.mc = m, plan.mTiles = 1;
    plan.fromMemory = n * k * int64_t(sizeof(float)) > kFromMemoryBytes;
    // Long runs of memory for the prefetchers, but sums that stay in the first-level cache; as many for each thread,
    // with those of a batch.
    int64_t parts = std::max<int64_t>(
        std::min<int64_t>(kMinTiles, llvm::divideCeil(n, kStreamedColumns * 8)),
        llvm::alignTo(llvm::divideCeil(n * m, kSmallSpan), kSharedBy / std::gcd(kSharedBy, kernel.batchSize())));
    int64_t unit = plan.rhs == RhsForm::Direct ? kLanes : kStreamedColumns;
    plan.nc = blockLength(n, parts, unit), plan.nTiles = llvm::divideCeil(n, plan.nc);
    plan.cutDepth(k, 1);
    return plan;
  }
  if (m <= 2 * plan.mr && plan.rhs != RhsForm::Direct) {
    // Packing dominates: what is packed should not leave the first-level cache before it is read.
    int64_t most = std::max<int64_t>(64, kSmallSpan / plan.nr());
    plan.cutDepth(k, k <= most * 4 / 3 ? 1 : llvm::divideCeil(k, most));
    plan.keeps = Keeps::Lhs;
    plan.mc = m, plan.mTiles = 1;
    plan.nc = blockLength(n, llvm::divideCeil(n, plan.nr()), plan.nr()), plan.nTiles = llvm::divideCeil(n, plan.nc);
    return plan;
  }
  auto search = [&](const MatmulPlan &start) {
    int64_t most = target.vectorRegisters == 32 ? 512 : 384;
    // Of a wide tile every few rows read the whole panel again, which the second-level cache could hardly deliver.
    if (start.vectors > 4)
      most = 2 * kSmallSpan / start.nr();
    bool packs = start.rhs != RhsForm::Direct || start.lhs != LhsForm::Direct;
    int64_t leastBlocks = !packs || k <= most * 4 / 3 ? 1 : llvm::divideCeil(k, most);
    TileSearch search(start, kernel, target);
    search.run(leastBlocks, packs ? std::max(leastBlocks, k / kLeastDepth) : 1);
    return search;
  };
  TileSearch best = search(plan);
  // Another register tile may cut more evenly, or read rows in place that crowd each other out in this one; what the
  // model does not know speaks for the best one by itself.
  const MatmulPlan byItself = plan;
  double least = best.cycles() * kClearlyFewer;
  for (int64_t vectors = 1; vectors <= kMostVectors; ++vectors) {
    std::optional<std::pair<int64_t, double>> rows = bestRows(vectors, kernel, m, target);
    if (!rows || vectors == byItself.vectors || !cutsColumns(kernel, vectors))
      continue;
    plan.mr = rows->first, plan.vectors = vectors;
    chooseForms(plan, kernel);
    bool readsInPlace = plan.lhs == LhsForm::Direct && best.found().lhs != LhsForm::Direct;
    if (TileSearch other = search(plan); other.cycles() < (readsInPlace ? best.cycles() : least)) {
      least = std::min(least, other.cycles());
      best = other;
    }
  }
  MatmulPlan found = best.found();
  relieveCaches(found, kernel, target);
  return found;
}

static MatmulPlan planPart(const MatmulKernel &kernel, const MatmulTarget &target, int64_t rows) {
  MatmulPlan plan{};
  plan.depth = stepDepth(kernel, target);
  chooseRegisterTile(plan, kernel, rows, target);
  chooseForms(plan, kernel);
  plan.stream = false;
  plan.mc = rows, plan.mTiles = llvm::divideCeil(kernel.m.size, rows);
  plan.nc = kernel.n.size, plan.nTiles = 1;
  plan.pastCaches = goesPastCaches(kernel.batchSize() * kernel.m.size * kernel.n.size, target);
  return plan;
}

MatmulPlan planRows(const MatmulKernel &kernel, const MatmulTarget &target, int64_t rows) {
  MatmulPlan plan = planPart(kernel, target, rows);
  plan.cutDepth(kernel.k.size, 1);
  plan.keeps = Keeps::Rhs;
  return plan;
}

MatmulPlan planDepth(const MatmulKernel &kernel, const MatmulTarget &target, int64_t depth) {
  MatmulPlan plan = planPart(kernel, target, kernel.m.size);
  // A tile as wide as the result reads the left operand once: for each panel of columns it would come again, from
  // beyond the second-level cache where rows are long.
  auto asWide = bestRows(llvm::divideCeil(kernel.n.size, kLanes), kernel, kernel.m.size, target);
  auto own = bestRows(plan.vectors, kernel, kernel.m.size, target);
  if (asWide && own && asWide->second <= own->second * kHardlyMore) {
    plan.mr = asWide->first, plan.vectors = llvm::divideCeil(kernel.n.size, kLanes);
    chooseForms(plan, kernel);
  }
  plan.kc = depth, plan.kBlocks = llvm::divideCeil(kernel.k.size, depth);
  plan.unitBlocks = unitsOf(kernel.k.size) == 1 ? plan.kBlocks : unitOf(kernel.k.size) / depth;
  plan.keeps = Keeps::Neither;
  return plan;
}

} // namespace sinter::cpu
