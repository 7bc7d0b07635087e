#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/products/MatmulCost.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::cpu {

int64_t MatmulPlan::nr() const { return vectors * kLanes; }
int64_t MatmulPlan::mPanels() const { return llvm::divideCeil(mc, mr); }
int64_t MatmulPlan::nPanels() const { return llvm::divideCeil(nc, nr()); }
int64_t MatmulPlan::units() const { return llvm::divideCeil(kBlocks, unitBlocks); }

bool canTranspose(const MatmulKernel &kernel) {
  constexpr int64_t kLeastDepth = 8;
  bool contiguous = kernel.n.stride(kernel.rhs) == 1 || kernel.n.size == 1;
  bool inParts = kernel.hasRhsInParts() && kernel.kParts.back().size % kLanes == 0 && !kernel.bf16;
  bool whole = !kernel.mustBePacked(kernel.rhs) && kernel.k.stride(kernel.rhs) == 1;
  return (inParts || whole) && !contiguous && !kernel.columnSums && kernel.n.size >= kLanes &&
         kernel.k.size >= kLeastDepth;
}

/// Whether blocks of `depth` steps leave a last one that packing can copy: it copies whole vectors of k.
static bool endsWell(int64_t k, int64_t depth) { return k % depth == 0 || k % depth >= kLanes; }

int64_t blockDepth(int64_t k, int64_t blocks) {
  int64_t unit = unitOf(k);
  if (unit == k && blocks == 1)
    return k;
  if (unit == k) {
    int64_t depth = llvm::alignTo(llvm::divideCeil(k, blocks), kLanes);
    while (depth < k && !endsWell(k, depth))
      depth += kLanes;
    return std::min(depth, k);
  }
  int64_t depth = unit;
  for (int64_t parts = 2; parts <= unit / kLanes && llvm::divideCeil(k, depth) < blocks; ++parts)
    if (unit % (parts * kLanes) == 0 && endsWell(k, unit / parts))
      depth = unit / parts;
  return depth;
}

void MatmulPlan::cutDepth(int64_t k, int64_t blocks) {
  kc = blockDepth(k, blocks);
  kBlocks = llvm::divideCeil(k, kc);
  unitBlocks = llvm::divideCeil(unitOf(k), kc);
}

} // namespace sinter::cpu
