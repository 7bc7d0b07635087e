#include "compiler/passes/kernels/KernelAbilities.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace sinter {

std::optional<KernelAbilities> kernelAbilities(StringRef target) {
  return llvm::StringSwitch<std::optional<KernelAbilities>>(target)
      .Case("cpu",
            KernelAbilities{
                .attention = true, .prologues = true, .scattersOnto = true, .columnSums = true, .sumsInUnits = true})
      .Case("vulkan", KernelAbilities{.attention = true, .readsAttention = true})
      .Case("portable", KernelAbilities{})
      .Default(std::nullopt);
}

FailureOr<KernelAbilities> kernelAbilities(StringRef target, Operation *op) {
  if (std::optional<KernelAbilities> abilities = kernelAbilities(target))
    return *abilities;
  return op->emitError("unknown target '") << target << "'; cpu, vulkan and portable are known";
}

} // namespace sinter
