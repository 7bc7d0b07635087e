// How a matrix product is cut up: register tile, cache blocks, tiles for threads. Depends on sizes and on the target
// only, and never changes a result: the order of every sum is that of ProductOrder.h, whatever is chosen here. Blocks
// of k are its units or whole parts of one, which are added to what the parts before have left.
#pragma once

#include "compiler/codegen/products/MatmulShape.h"
#include "compiler/codegen/products/ProductOrder.h"

namespace sinter::cpu {

using namespace codegen;

/// What the cost model knows of a processor.
struct MatmulTarget {
  int64_t vectorRegisters = 16;    ///< 16: registers of 8 floats (AVX2); 32: of 16 floats (AVX-512)
  int64_t cacheBytes = 512 * 1024; ///< of the second level, one core's
  bool dotProducts = false;        ///< a fast vdpbf16ps: two products of bf16 a lane
  bool byteDots = false;           ///< vpdpbusd on wide vectors: four products of bytes a lane
};

/// For `native` or an x86-64 processor or level that LLVM knows; anything else is taken for AVX2.
MatmulTarget matmulTarget(llvm::StringRef march);

/// How the micro-kernel finds the left operand.
enum class LhsForm {
  Direct, ///< in place: single elements are broadcast, so that any strides will do; windows that stand in runs
  Rows,   ///< copied to [mc][kc + padding], where rows would compete for the same cache lines, or for bf16
  Panels, ///< copied to [mc / mr][kc][mr]: an operand that is contiguous along m, for bf16, or where steps of k lie far
          ///< apart
};

/// How it finds the right operand.
enum class RhsForm {
  Direct,     ///< in place: the operand is contiguous along n
  Copied,     ///< to [nc / nr][kc][nr], while the first rows are multiplied
  Transposed, ///< to the same, before that: the operand is contiguous along k
};

/// Which packed operand outlives a tile. Tiles that share it follow each other, and the scratch remembers it from call
/// to call; of the other operand, no more is packed than is read next.
enum class Keeps {
  Lhs,     ///< tiles run through n first; a tile packs a panel of the right operand, and multiplies it by all rows
  Rhs,     ///< tiles run through m first; a tile packs its rows of a k block, and multiplies them by all columns
  Neither, ///< k is too long to keep all of it: as Lhs, but every tile packs its rows of each k block
};

/// Ops that an epilogue may have for its code to be repeated for every vector of the register tile.
inline constexpr int64_t kUnrolledOps = 6;

/// A tile of the kernel computes mc x nc of the result of one batch, in steps of mr x nr held in registers.
struct MatmulPlan {
  int64_t depth = 1;   ///< products along k that one packed element takes part in: 2 for pairs of bf16
  int64_t mr, vectors; ///< rows and 16-lane vectors of the register tile
  int64_t mc, nc, kc;  ///< at most this much of m, n and k at a time
  int64_t mTiles, nTiles, kBlocks;
  int64_t unitBlocks = 1; ///< blocks of k that make a unit: kc * unitBlocks is its length, but for a single unit
  LhsForm lhs;
  RhsForm rhs;
  Keeps keeps;
  /// The left operand's next block of k is packed slice by slice, one after each panel of columns, so that memory works
  /// while the processor multiplies.
  bool packsAhead = false;
  bool stream;             ///< few rows: read the right operand once, front to back, and keep the sums in memory
  bool fromMemory = false; ///< stream: no cache holds the right operand
  /// Results go to memory past the caches: they would not stay there until they are read, and a store that goes through
  /// the caches reads each of its lines first.
  bool pastCaches = false;
  /// A register tile's sums are finished while the next tile is multiplied: what they wait for, and their way to
  /// memory, then cost no time of their own.
  bool finishesLater = false;

  int64_t nr() const;
  int64_t mPanels() const;
  int64_t nPanels() const;
  int64_t units() const;
  /// Cuts k into at least `blocks`, as far as blockDepth can.
  void cutDepth(int64_t k, int64_t blocks);
  bool keepsPackedLhs() const { return keeps == Keeps::Lhs && lhs != LhsForm::Direct; }
  bool keepsPackedRhs() const { return keeps == Keeps::Rhs && rhs != RhsForm::Direct; }
};

/// Whether the left operand's windows are read where they stand.
inline bool readsWindows(const MatmulPlan &plan, const MatmulKernel &kernel) {
  return kernel.lhs.windows && plan.lhs == LhsForm::Direct;
}

/// Whether register tiles of so many windows lie in one line each, so that lines of taps outside cost nothing.
inline bool skipsLines(const MatmulKernel &kernel, int64_t rows) {
  return kernel.lhs.windows && !kernel.skipsTaps() && kernel.lhs.windows->linesWithin() < 1 &&
         kernel.lhs.windows->lineLength() % rows == 0;
}

/// Whether the right operand may be transposed while it is packed: it stands in memory, contiguous along k, or along
/// parts of k that are whole blocks.
bool canTranspose(const MatmulKernel &kernel);

/// Length of the blocks when k is cut into `blocks` of them: of several units, the longest whole part of one that makes
/// as many, or the shortest there is.
int64_t blockDepth(int64_t k, int64_t blocks);

/// Ops that each vector of sums goes through: constants are registers, and indices are shared by rows or columns.
int64_t epilogueOps(const MatmulKernel &kernel);

MatmulPlan planMatmul(const MatmulKernel &kernel, const MatmulTarget &target);

/// Of a product that is part of a kernel, which asks for it by rows (MatmulEmitter::emitRows): tiles of `rows` rows and
/// all columns. The right operand is kept from tile to tile.
MatmulPlan planRows(const MatmulKernel &kernel, const MatmulTarget &target, int64_t rows);
/// The same by blocks of `depth` steps of k (MatmulEmitter::emitDepth): a tile is all of the result.
MatmulPlan planDepth(const MatmulKernel &kernel, const MatmulTarget &target, int64_t depth);

} // namespace sinter::cpu
