// Stands in for the pipeline and code generation in builds that do not have them: stages up to `train`, no CPU.
#include "Cpu.h"
#include "compiler/passes/Passes.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace sinter {

static constexpr StringLiteral kStages[] = {"model", "fused", "train", "kernels", "plan", "target", "obj", "exe"};

std::optional<Stage> stageByName(StringRef name) {
  for (auto [i, stage] : llvm::enumerate(kStages))
    if (stage == name)
      return static_cast<Stage>(i);
  return std::nullopt;
}

StringRef stageName(Stage stage) { return kStages[static_cast<int>(stage)]; }

LogicalResult runStages(ModuleOp module, Stage from, Stage to, const PipelineOptions &options) {
  PassManager manager(module.getContext());
  FuseElementwiseOptions fuse;
  fuse.wrapOnly = !options.fuse;
  if (from < Stage::Fused && to >= Stage::Fused)
    manager.addNestedPass<func::FuncOp>(createFuseElementwise(fuse));
  if (from < Stage::Train && to >= Stage::Train) {
    manager.addNestedPass<func::FuncOp>(createDifferentiate());
    manager.addNestedPass<func::FuncOp>(createFuseElementwise(fuse));
  }
  return manager.run(module);
}

void registerAllStageDialects(DialectRegistry &registry) { registerDialects(registry); }

namespace run {

struct CpuProgram::Loaded {};
CpuProgram::~CpuProgram() = default;
FailureOr<std::unique_ptr<CpuProgram>> CpuProgram::compile(ModuleOp module, Stage, const PipelineOptions &) {
  return module.emitError() << "this build has no code generation; use --device=reference";
}
std::vector<std::string> CpuProgram::entries() const { return {}; }
llvm::Expected<Outcome> CpuProgram::run(StringRef, ArrayRef<std::string>, ArrayRef<Tensor>, const States &, int,
                                        uint8_t) {
  return llvm::createStringError("no code generation");
}

} // namespace run
} // namespace sinter
