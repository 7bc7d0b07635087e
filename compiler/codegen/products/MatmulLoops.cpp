#include "compiler/codegen/products/MatmulLoops.h"

using namespace mlir;

namespace sinter::codegen {
namespace {

class LoopChoice {
public:
  LoopChoice(MatmulKernel &kernel, const MatmulDims &dims, bool mayTurn)
      : result(kernel), dims(dims), mayTurn(mayTurn) {}

  void run() {
    SmallVector<MatmulLoop> loops[4];
    SmallVector<utils::IteratorType> types = result.contraction.getIteratorTypesArray();
    AffineMap left = result.contraction.getIndexingMapsArray()[0], right = result.contraction.getIndexingMapsArray()[1];
    // Parts stand in the place of what was split: sums over several dimensions run through them in that order.
    auto order = llvm::to_vector(llvm::seq<int>(0, dims.sizes.size()));
    llvm::stable_sort(order, [&](int a, int b) { return dims.parents[a] < dims.parents[b]; });
    for (int dim : order) {
      bool inLeft = left.isFunctionOfDim(dims.parents[dim]), inRight = right.isFunctionOfDim(dims.parents[dim]);
      bool reduced = types[dims.parents[dim]] == utils::IteratorType::reduction;
      if (dims.sizes[dim] == 1)
        continue;
      Role role = reduced ? Role::K : inLeft && inRight ? Role::Batch : inLeft ? Role::M : Role::N;
      loops[static_cast<int>(role)].push_back({dims.sizes[dim], dim});
    }
    for (Role role : {Role::M, Role::N, Role::K, Role::Batch})
      mergeLoops(loops[static_cast<int>(role)], role == Role::K);
    readDepth(loops[static_cast<int>(Role::K)]);
    result.batch = loops[static_cast<int>(Role::Batch)];
    int images = result.skipsTaps() ? result.splitOf(result.lhs.windows->dim)->parts.front().first : -1;
    result.m = takePrincipal(loops[static_cast<int>(Role::M)], images);
    result.n = takePrincipal(loops[static_cast<int>(Role::N)]);
    // The vector dimension is n: results should be contiguous along it. Products commute exactly, so roles may swap.
    const MatmulAccess &stored = result.results.front().access;
    if (mayTurn && result.n.stride(stored) != 1 && result.m.stride(stored) == 1) {
      std::swap(result.m, result.n);
      std::swap(result.lhs, result.rhs);
    }
  }

private:
  enum class Role { M, N, K, Batch };

  template <typename Function> bool allAccesses(Function holds) {
    if (!holds(result.lhs) || !holds(result.rhs))
      return false;
    for (MatmulResult &r : result.results)
      if (!holds(r.access))
        return false;
    if (result.columnSums && !holds(*result.columnSums))
      return false;
    for (ArrayRef<MatmulStep> steps :
         {ArrayRef(result.lhs.steps), ArrayRef(result.rhs.steps), ArrayRef(result.epilogue)})
      for (const MatmulStep &step : steps)
        for (const MatmulInput &input : step.inputs)
          if (input.access && !holds(*input.access))
            return false;
    return true;
  }

  /// Joins neighbouring loops that every tensor walks as one. A dimension whose index is asked for stays alone.
  void mergeLoops(SmallVector<MatmulLoop> &loops, bool ordered) {
    for (size_t outer = 0; outer < loops.size(); ++outer)
      for (size_t inner = 0; inner < loops.size(); ++inner) {
        if (outer == inner || (ordered && outer > inner) || dims.used[loops[outer].dim] || dims.used[loops[inner].dim])
          continue;
        const MatmulLoop &o = loops[outer], &i = loops[inner];
        if (!allAccesses([&](const MatmulAccess &access) { return o.stride(access) == i.stride(access) * i.size; }))
          continue;
        loops[inner].size *= loops[outer].size;
        loops.erase(loops.begin() + outer);
        return mergeLoops(loops, ordered);
      }
  }

  void readDepth(ArrayRef<MatmulLoop> loops) {
    if (loops.empty())
      return;
    result.k = loops.back();
    if (loops.size() == 1)
      return;
    result.kParts.assign(loops.begin(), loops.end());
    for (const MatmulLoop &outer : loops.drop_back())
      result.k.size *= outer.size;
  }

  /// The loop that results walk with stride one, or else the longest, unless one is wanted; the others become batches.
  MatmulLoop takePrincipal(SmallVector<MatmulLoop> &loops, int wanted = -1) {
    if (loops.empty())
      return {};
    const MatmulAccess &stored = result.results.front().access;
    auto *best = llvm::max_element(loops, [&](const MatmulLoop &a, const MatmulLoop &b) {
      return std::tuple(a.dim == wanted, a.stride(stored) == 1, a.size) <
             std::tuple(b.dim == wanted, b.stride(stored) == 1, b.size);
    });
    MatmulLoop taken = *best;
    loops.erase(best);
    result.batch.append(loops.begin(), loops.end());
    return taken;
  }

  MatmulKernel &result;
  const MatmulDims &dims;
  bool mayTurn;
};

} // namespace

void chooseLoops(MatmulKernel &kernel, const MatmulDims &dims, bool mayTurn) {
  LoopChoice(kernel, dims, mayTurn).run();
}

} // namespace sinter::codegen
