#include "compiler/codegen/vulkan/MatmulShader.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter::vulkan {

/// Tiles have at least one row and four columns.
bool fitsGrid(const MatmulKernel &kernel) {
  return kernel.m.size <= plan::kMaxGroups && tilesOf(kernel.n, kQuad) <= plan::kMaxGroups &&
         kernel.batchSize() <= plan::kMaxGroups;
}

LogicalResult emitMatmul(func::FuncOp function, const MatmulKernel &kernel, ShaderTable &shaders,
                         const Profile &profile) {
  KernelBuilder target(function, shaders, profile);
  if (failed(profile.sharedMemory ? emitMatmulShared(target, kernel) : emitMatmulRegisters(target, kernel)))
    return failure();
  int64_t outputs = kernel.batchSize() * kernel.m.size * kernel.n.size;
  auto flops = static_cast<int64_t>(orderedShare(kernel.contraction) * 2 * kernel.k.size);
  for (const MatmulStep &step : kernel.epilogue)
    flops += countFlops(*linalg::GenericOp(step.op).getBody());
  target.finish(outputs * flops, /*general=*/false);
  return success();
}

} // namespace sinter::vulkan
