#include "compiler/codegen/cpu/MatmulCost.h"
#include "compiler/codegen/cpu/Emitter.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <limits>

using namespace mlir;

namespace sinter::cpu {

int64_t MatmulPlan::nr() const { return vectors * kLanes; }
int64_t MatmulPlan::mPanels() const { return llvm::divideCeil(mc, mr); }
int64_t MatmulPlan::nPanels() const { return llvm::divideCeil(nc, nr()); }

MatmulTarget matmulTarget(StringRef march) {
  bool wide;
  if (march == "native") {
    wide = llvm::sys::getHostCPUFeatures().lookup("avx512f");
  } else {
    SmallVector<StringRef> features;
    if (llvm::X86::parseArchX86(march) != llvm::X86::CK_None)
      llvm::X86::getFeaturesForCPU(march, features);
    wide = llvm::is_contained(features, "avx512f");
  }
  return {wide ? 32 : 16};
}

namespace {

// Floats that an operand may span and still be read in place again and again: half of a first-level cache.
constexpr int64_t kSmallSpan = 4096;
// Floats of a block of the left operand: a third of a second-level cache of 512 KB.
constexpr int64_t kLhsBlock = 44 * 1024;
// Floats of packed right operand: of one k block, and of all that are kept.
constexpr int64_t kRhsBlock = 256 * 1024, kRhsKept = 512 * 1024;
// Products that are worth a thread's attention.
constexpr int64_t kTileWork = 2 << 20;
constexpr int64_t kMaxTiles = 12;
// Threads that a kernel's tiles should divide among evenly.
constexpr int64_t kSharedBy = 4;
// Cycles to pack one float.
constexpr double kCopy = 0.3, kTranspose = 0.7;

/// Cycles of one step of k in a register tile: two multiply-adds, two loads a cycle, four cycles of latency.
double stepCycles(int64_t mr, int64_t vectors, const MatmulTarget &target) {
  int64_t registers = target.vectorRegisters == 32 ? vectors : 2 * vectors;
  double work = std::max<int64_t>({mr * registers, registers + mr, 8}) / 2.0;
  return work + 0.25;
}

void chooseRegisterTile(MatmulPlan &plan, int64_t m, int64_t n, const MatmulTarget &target) {
  // Accumulators, the row of the right operand and one broadcast must fit.
  int64_t perVector = target.vectorRegisters == 32 ? 1 : 2;
  double best = std::numeric_limits<double>::max();
  for (int64_t vectors = 1; vectors <= 6 && (vectors == 1 || vectors * kLanes <= n); ++vectors)
    for (int64_t mr = 1; mr <= std::min<int64_t>(m, 16); ++mr) {
      int64_t needed = (mr * vectors + (mr == 1 ? 0 : vectors)) * perVector + 1;
      if (needed > target.vectorRegisters - (target.vectorRegisters == 32 ? 3 : 1))
        continue;
      double cycles = llvm::divideCeil(m, mr) * llvm::divideCeil(n, vectors * kLanes) * stepCycles(mr, vectors, target);
      if (cycles < best * 0.999) {
        best = cycles;
        plan.mr = mr;
        plan.vectors = vectors;
      }
    }
}

/// Cuts `size` into `parts` blocks of a multiple of `unit`, the last of at least `unit`; returns the block's length.
int64_t blockLength(int64_t size, int64_t parts, int64_t unit) {
  int64_t length = llvm::alignTo(llvm::divideCeil(size, parts), unit);
  while (length < size && size % length != 0 && size % length < unit)
    length += unit;
  return std::min(length, size);
}

void chooseForms(MatmulPlan &plan, const MatmulKernel &kernel) {
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
  int64_t rowStride = kernel.m.stride(kernel.lhs), lhsK = kernel.k.stride(kernel.lhs);
  int64_t lhsSpan = (m - 1) * rowStride + (k - 1) * lhsK + 1;
  bool aliases = rowStride != 0 && rowStride % 1024 == 0 && plan.mr > 4; // rows that compete for the same cache lines
  bool direct = lhsSpan <= kSmallSpan || (n <= 2 * plan.nr() && !(aliases && n > plan.nr()));
  plan.lhs = direct ? LhsForm::Direct : lhsK == 1 ? LhsForm::Rows : LhsForm::Panels;

  int64_t columnStride = kernel.n.stride(kernel.rhs), rhsK = kernel.k.stride(kernel.rhs);
  int64_t rhsSpan = (k - 1) * rhsK + (n - 1) * columnStride + 1;
  bool contiguous = columnStride == 1 || n == 1;
  plan.stream = contiguous && m <= 4 && n >= kLanes && k * n >= 16 * 1024;
  if (contiguous && (m <= 2 * plan.mr || rhsSpan <= kSmallSpan))
    plan.rhs = RhsForm::Direct;
  else
    plan.rhs = !contiguous && rhsK == 1 && n >= kLanes && k >= 8 ? RhsForm::Transposed : RhsForm::Copied;
}

/// The cheapest cut into at least `wanted` tiles, as if each tile packed for itself.
void chooseTiles(MatmulPlan &plan, const MatmulKernel &kernel, const MatmulTarget &target) {
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size, batch = kernel.batchSize();
  int64_t all = std::clamp<int64_t>(llvm::divideCeil(batch * m * n * k, kTileWork), 1, kMaxTiles);
  int64_t wanted = llvm::divideCeil(all, batch);
  double step = stepCycles(plan.mr, plan.vectors, target);
  double packLhs = plan.lhs == LhsForm::Direct ? 0 : kCopy;
  double packRhs = plan.rhs == RhsForm::Direct ? 0 : plan.rhs == RhsForm::Copied ? kCopy : kTranspose;
  int64_t sharedBy = all == 1 ? 1 : kSharedBy;
  double best = std::numeric_limits<double>::max();
  int64_t mUnits = llvm::divideCeil(m, plan.mr), nUnits = llvm::divideCeil(n, plan.nr());
  for (int64_t nParts = 1; nParts <= nUnits; ++nParts) {
    int64_t nc = blockLength(n, nParts, plan.nr());
    if (nParts < nUnits && plan.rhs != RhsForm::Direct && nc * plan.kc > kRhsBlock)
      continue;
    for (int64_t mParts = 1; mParts <= mUnits; ++mParts) {
      int64_t mc = blockLength(m, mParts, plan.mr);
      if (mParts < mUnits && plan.lhs != LhsForm::Direct && mc * plan.kc > kLhsBlock)
        continue;
      int64_t mTiles = llvm::divideCeil(m, mc), nTiles = llvm::divideCeil(n, nc);
      if (mTiles * nTiles < wanted && (mParts < mUnits || nParts < nUnits))
        continue;
      double multiply = step * llvm::divideCeil(mc, plan.mr) * llvm::divideCeil(nc, plan.nr()) * k;
      double pack = (mc * packLhs + nc * packRhs) * k;
      double partial = plan.kBlocks > 1 ? kCopy * mc * nc * plan.kBlocks : 0;
      double cycles = (multiply + pack + partial + 500) * llvm::alignTo(mTiles * nTiles * batch, sharedBy);
      if (cycles < best) {
        best = cycles;
        plan.mc = mc, plan.nc = nc, plan.mTiles = mTiles, plan.nTiles = nTiles;
      }
      if (mTiles * nTiles > 4 * wanted)
        break; // more tiles only pack more
    }
  }
}

} // namespace

MatmulPlan planMatmul(const MatmulKernel &kernel, const MatmulTarget &target) {
  MatmulPlan plan{};
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
  chooseRegisterTile(plan, m, n, target);
  chooseForms(plan, kernel);
  if (plan.stream) {
    plan.mr = m, plan.vectors = 1;
    plan.lhs = LhsForm::Direct, plan.rhs = RhsForm::Direct;
    plan.mc = m, plan.mTiles = 1;
    plan.nc = blockLength(n, llvm::divideCeil(n, 512), kLanes), plan.nTiles = llvm::divideCeil(n, plan.nc);
    plan.kc = k, plan.kBlocks = 1;
    return plan;
  }
  bool packs = plan.rhs != RhsForm::Direct || plan.lhs != LhsForm::Direct;
  bool fewRows = m <= 2 * plan.mr && plan.rhs != RhsForm::Direct; // packing dominates: keep it in the first-level cache
  int64_t most = fewRows ? std::max<int64_t>(64, kSmallSpan / plan.nr()) : target.vectorRegisters == 32 ? 512 : 384;
  plan.kBlocks = !packs || k <= most * 4 / 3 ? 1 : llvm::divideCeil(k, most);
  plan.kc = plan.kBlocks == 1 ? k : llvm::alignTo(llvm::divideCeil(k, plan.kBlocks), 16);
  while (k % plan.kc != 0 && k % plan.kc < kLanes)
    plan.kc += 16; // packing copies whole vectors of k
  plan.kBlocks = llvm::divideCeil(k, plan.kc);
  if (fewRows) {
    plan.mc = m, plan.mTiles = 1;
    plan.nc = blockLength(n, llvm::divideCeil(n, plan.nr()), plan.nr()), plan.nTiles = llvm::divideCeil(n, plan.nc);
  } else {
    chooseTiles(plan, kernel, target);
  }
  plan.keepRhs = plan.kBlocks == 1 || plan.nPanels() * plan.nr() * k <= kRhsKept;
  return plan;
}

} // namespace sinter::cpu
