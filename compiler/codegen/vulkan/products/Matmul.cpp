#include "compiler/codegen/vulkan/products/MatmulShader.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter::vulkan {

/// Tiles have at least one row and four columns.
static bool fitsGrid(const MatmulKernel &kernel) {
  return kernel.m.size <= plan::kMaxGroups && tilesOf(kernel.n, kQuad) <= plan::kMaxGroups &&
         kernel.batchSize() <= plan::kMaxGroups;
}

bool fitsShaders(func::FuncOp function, const MatmulKernel &kernel) {
  int64_t places = kernel.k.size > kProductPart; // of what parts leave
  for (TypeRange types : {TypeRange(function.getArgumentTypes()), TypeRange(function.getResultTypes())})
    for (Type type : types)
      places += countPlaces(plan::sizeInBytes(cast<ShapedType>(type)));
  return kernel.readsInPlace() && !kernel.columnSums && kernel.splits.empty() && fitsGrid(kernel) &&
         places <= kMostPlaces;
}

/// One dispatch, or for long k several for its parts and one for what they come to.
static LogicalResult emitDispatches(KernelBuilder &target, const MatmulKernel &kernel) {
  int64_t depth = kernel.k.size, parts = llvm::divideCeil(depth, kProductPart);
  bool shared = target.profile.sharedMemory, few = shared && parts > 1 && hasFewElements(kernel);
  auto emit = [&](const MatmulDispatch &dispatch) {
    return few      ? emitMatmulFew(target, kernel, dispatch)
           : shared ? emitMatmulShared(target, kernel, dispatch)
                    : emitMatmulRegisters(target, kernel, dispatch);
  };
  if (parts <= 1)
    return emit({MatmulDispatch::All, depth});
  MatmulTiling tiling = few ? tilingOfFew(kernel) : shared ? tilingInShared() : tilingInRegisters(target, kernel);
  constexpr int64_t kBytes = kQuad * sizeof(float);
  Place left =
      target.addScratch(parts * kernel.batchSize() * tiling.tiles(kernel) * tiling.invocations * tiling.sums * kBytes);
  int64_t most = std::max<int64_t>(plan::kMaxGroups / kernel.batchSize(), 1), whole = depth / kProductPart;
  for (int64_t first = 0; first < whole; first += most)
    if (failed(emit({MatmulDispatch::Parts, kProductPart, first, std::min(most, whole - first), left})))
      return failure();
  if (whole < parts && failed(emit({MatmulDispatch::Parts, depth - whole * kProductPart, whole, 1, left})))
    return failure();
  return emit({MatmulDispatch::Totals, 0, 0, parts, left});
}

LogicalResult emitMatmul(func::FuncOp function, const MatmulKernel &kernel, ShaderTable &shaders,
                         const Profile &profile) {
  KernelBuilder target(function, shaders, profile);
  if (failed(emitDispatches(target, kernel)))
    return failure();
  int64_t outputs = kernel.batchSize() * kernel.m.size * kernel.n.size;
  auto flops = static_cast<int64_t>(orderedShare(kernel.contraction) * 2 * kernel.k.size);
  for (const MatmulStep &step : kernel.epilogue)
    flops += countFlops(*linalg::GenericOp(step.op).getBody());
  target.finish(outputs * flops, /*general=*/false);
  return success();
}

} // namespace sinter::vulkan
