#include "compiler/codegen/vulkan/products/MatmulShader.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter::vulkan {

/// Tiles have at least one row and four columns.
static bool fitsGrid(const MatmulKernel &kernel) {
  return kernel.m.size <= plan::kMaxGroups && tilesOf(kernel.n, kQuad) <= plan::kMaxGroups &&
         kernel.batchSize() <= plan::kMaxGroups;
}

static bool fitsShaders(func::FuncOp function, const MatmulKernel &kernel) {
  int64_t places = kernel.k.size > kProductPart; // of what parts leave
  for (TypeRange types : {TypeRange(function.getArgumentTypes()), TypeRange(function.getResultTypes())})
    for (Type type : types)
      places += countPlaces(plan::sizeInBytes(cast<ShapedType>(type)));
  return kernel.readsInPlace() && !kernel.columnSums && kernel.splits.empty() && fitsGrid(kernel) &&
         places <= kMostPlaces;
}

std::optional<MatmulKernel> productOf(func::FuncOp function) {
  if (kindOf(function) != kProductKind || !function.getBody().front().getOps<ScatterAddOp>().empty())
    return std::nullopt;
  std::optional<MatmulKernel> kernel = recogniseMatmul(function);
  return kernel && fitsShaders(function, *kernel) ? std::move(kernel) : std::nullopt;
}

/// One dispatch, or for long k several for its parts and one for what they come to.
static LogicalResult emitDispatches(KernelBuilder &target, const MatmulKernel &kernel, const MatmulSchedule &schedule) {
  int64_t depth = kernel.k.size, parts = llvm::divideCeil(depth, kProductPart);
  bool few = schedule.form == MatmulSchedule::Few, shared = schedule.form == MatmulSchedule::Shared;
  auto emit = [&](const MatmulDispatch &dispatch) {
    return few      ? emitMatmulFew(target, kernel, dispatch, schedule)
           : shared ? emitMatmulShared(target, kernel, dispatch)
                    : emitMatmulRegisters(target, kernel, dispatch, schedule);
  };
  if (parts <= 1)
    return emit({MatmulDispatch::All, depth});
  MatmulTiling tiling = few ? tilingOfFew(schedule) : shared ? tilingInShared() : tilingInRegisters(schedule);
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
  FailureOr<MatmulSchedule> schedule = readSchedule(function, kernel, profile);
  if (failed(schedule))
    return failure();
  KernelBuilder target(function, shaders, profile);
  if (failed(emitDispatches(target, kernel, *schedule)))
    return failure();
  int64_t outputs = kernel.batchSize() * kernel.m.size * kernel.n.size;
  auto flops = static_cast<int64_t>(orderedShare(kernel.contraction) * 2 * kernel.k.size);
  for (const MatmulStep &step : kernel.epilogue)
    flops += countFlops(*linalg::GenericOp(step.op).getBody());
  target.finish(outputs * flops, /*general=*/false);
  return success();
}

} // namespace sinter::vulkan
