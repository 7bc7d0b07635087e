// The stages, top to bottom as they run. Everything about the order of passes stands here; each stage ends with the
// check of its contract (passes/VerifyStage.cpp).
#include "compiler/Pipeline.h"
#include "compiler/codegen/vulkan/spirv/Serialize.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/convolution/Passes.h"
#include "compiler/passes/decode/Passes.h"
#include "compiler/passes/kernels/KernelAbilities.h"
#include "compiler/passes/loops/LoopPasses.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <chrono>

using namespace mlir;

namespace sinter {
namespace {

void addSimplifications(OpPassManager &manager) {
  // Entries are single blocks, as are the bodies in them: a walk through thousands of regions would simplify none.
  GreedyRewriteConfig patterns;
  patterns.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  manager.addPass(createCanonicalizerPass(patterns));
  manager.addPass(createCSEPass());
}

/// The check of what may be there at the end of `stage`. It asks the verifiers of all ops, unless that was done.
void addContract(OpPassManager &manager, Stage stage, bool isVerified) {
  VerifyStageOptions contract;
  contract.stage = stageName(stage).str();
  contract.ops = !isVerified;
  manager.addPass(createVerifyStage(contract));
}

FuseElementwiseOptions mapOptions(const PipelineOptions &options) {
  FuseElementwiseOptions fuse;
  fuse.wrapOnly = !options.fuse;
  return fuse;
}

std::string kernelTarget(const PipelineOptions &options) {
  return options.portableKernels ? "portable" : targetName(options.target.target).str();
}

void buildFused(OpPassManager &functions, const PipelineOptions &options) {
  functions.addPass(createMarkVariables());
  if (options.fuse) {
    functions.addPass(createFuseCrossEntropy()); // sees the logarithm of a softmax before it is one op
    functions.addPass(createFuseSoftmax());
    functions.addPass(createFuseNorm());
  }
  FuseElementwiseOptions fuse = mapOptions(options);
  fuse.mostOps = 64;        // a gradient repeats what it differentiates, and adds as much again and more
  fuse.sayRefusals = false; // the run in front of kernels does
  // Before gradients: a fused op's gradient is again a fused op, and recomputes instead of saving.
  functions.addPass(createFuseElementwise(fuse));
  functions.addPass(createCSEPass());
  if (options.fuse) {
    functions.addPass(createFuseDiagonals());
    functions.addPass(createFuseAttention());
  }
}

void buildGradients(OpPassManager &functions) {
  MoveOutOfLoopsOptions early;
  early.beforeGradients = true; // so that their gradients are products of all steps, too
  functions.addPass(createMoveOutOfLoops(early));
  functions.addPass(createDifferentiate());
  functions.addPass(createMoveOutOfLoops());
}

void buildTrain(OpPassManager &functions, const PipelineOptions &options) {
  // Gradients of the same value meet here, and what no gradient needs goes.
  addSimplifications(functions);
  FuseElementwiseOptions fuse = mapOptions(options);
  fuse.sayRefusals = false;
  functions.addPass(createFuseElementwise(fuse));
  addSimplifications(functions);
  if (options.fuse)
    functions.addPass(createShareScalars());
  functions.addPass(createFindTriangles());
  if (options.bf16)
    functions.addPass(createNarrowProducts());
}

/// What is computed together, and in which pieces.
void fuseForKernels(OpPassManager &functions, const PipelineOptions &options) {
  std::string target = kernelTarget(options);
  functions.addPass(createExpand());
  if (!options.fuse) {
    functions.addPass(createFuseElementwise(mapOptions(options)));
    return;
  }
  functions.addPass(createMergeAttention({target}));
  InlineAttentionOptions attention;
  attention.target = target;
  functions.addPass(createInlineAttention(attention));
  // What was taken apart meets what it computes again, and the maps around it.
  functions.addPass(createMergeEqual());
  functions.addPass(createFuseElementwise(mapOptions(options)));
  functions.addPass(createMergeEqual());
}

/// Gives every op the shape and the place that kernels of the target are grouped by.
void prepareKernels(OpPassManager &functions, const PipelineOptions &options) {
  if (!options.fuse)
    return;
  std::string target = kernelTarget(options);
  // Behind the last fusion of maps, which would add the sums of all blocks up at once.
  functions.addPass(createSplitRows({target}));
  functions.addPass(createMergeEqual());
  functions.addPass(createJoinPads());
  // Behind the last pass that would make equal windows one.
  functions.addPass(createMultiplyWindows({target}));
  functions.addPass(createRecomputeMaps());
  if (kernelAbilities(target)->prologues)
    functions.addPass(createFusePrologues());
  functions.addPass(createRematerialize());
  InlineAttentionOptions attention;
  attention.target = target;
  attention.mark = true;
  functions.addPass(createInlineAttention(attention));
}

void buildKernels(OpPassManager &manager, const PipelineOptions &options) {
  if (kernelTarget(options) != "cpu")
    manager.addPass(createAlignLoops());
  fuseForKernels(manager.nest<func::FuncOp>(), options);
  // Ways that nobody chooses from without a budget.
  if (options.fuse && (options.memoryBudget || options.curve))
    manager.addPass(createTileColumns({kernelTarget(options)}));
  OpPassManager &functions = manager.nest<func::FuncOp>();
  prepareKernels(functions, options);
  // Outlined before they are lowered, so that ops are grouped by their meaning and each distinct kernel is lowered
  // once.
  std::string target = options.fuse ? kernelTarget(options) : "portable";
  functions.addPass(createCanonicalizeShapes());
  functions.addPass(createGroupKernels({target}));
  manager.addPass(createOutlineKernels({target}));
  // From here on no canonicalisation: it would turn a kernel that copies into one that does nothing.
  manager.addNestedPass<func::FuncOp>(createLowerToLinalg());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
}

/// The passes between the stage before and `stage`.
void buildStage(OpPassManager &manager, Stage stage, const PipelineOptions &options) {
  switch (stage) {
  case Stage::Fused:
    // The bodies of loops are functions wherever passes over functions are to work on them, too.
    manager.addPass(createOutlineLoops());
    buildFused(manager.nest<func::FuncOp>(), options);
    manager.addPass(createInlineLoops());
    if (options.decode > 0) {
      DeriveDecodeOptions derive;
      derive.texts = options.decode;
      derive.ifPossible = options.decodeIfPossible;
      manager.addPass(createDeriveDecode(derive));
    }
    if (!options.weights.empty()) {
      manager.addPass(createQuantizeWeights({options.weights}));
      manager.addNestedPass<func::FuncOp>(createFuseElementwise(mapOptions(options)));
    }
    break;
  case Stage::Train:
    buildGradients(manager.nest<func::FuncOp>());
    manager.addPass(createOutlineLoops());
    buildTrain(manager.nest<func::FuncOp>(), options);
    break;
  case Stage::Kernels:
    buildKernels(manager, options);
    break;
  case Stage::Plan: {
    MeetBudgetOptions budget;
    budget.memoryBudget = static_cast<int64_t>(options.memoryBudget.value_or(0));
    budget.besides = static_cast<int64_t>(options.besideArena);
    for (auto [rows, bytes] : options.besideOfFewerRows) {
      budget.fewerRows.push_back(rows);
      budget.besidesOfFewer.push_back(static_cast<int64_t>(bytes));
    }
    budget.curve = options.curve;
    if (budget.memoryBudget || budget.curve)
      manager.addPass(createMeetBudget(budget));
    manager.addPass(createPlanMemory());
    manager.addPass(createSymbolDCEPass()); // kernels that nothing launches
    break;
  }
  case Stage::Target:
    if (options.target.target == Target::Vulkan)
      buildVulkanPipeline(manager, options.target.profile, options.target.scheduleSeed);
    else
      buildCpuPipeline(manager, options.target);
    break;
  case Stage::Model:
  case Stage::Object:
  case Stage::Executable:
    break;
  }
  addContract(manager, stage, options.verifyEach);
}

constexpr std::pair<Stage, StringLiteral> kNames[] = {
    {Stage::Model, "model"}, {Stage::Fused, "fused"},   {Stage::Train, "train"}, {Stage::Kernels, "kernels"},
    {Stage::Plan, "plan"},   {Stage::Target, "target"}, {Stage::Object, "obj"},  {Stage::Executable, "exe"}};

/// DIRECTORY/NAME, written by `write`.
LogicalResult dumpFile(Location loc, StringRef directory, StringRef name, llvm::sys::fs::OpenFlags flags,
                       llvm::function_ref<void(llvm::raw_ostream &)> write) {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, name);
  if (std::error_code error = llvm::sys::fs::create_directories(directory))
    return emitError(loc) << "dump-stages: cannot create folder '" << directory << "': " << error.message();
  std::error_code error;
  llvm::raw_fd_ostream file(path, error, flags);
  if (!error) {
    write(file);
    file.close();
    error = file.error();
    file.clear_error();
  }
  return error ? emitError(loc) << "dump-stages: cannot write '" << path << "': " << error.message() : success();
}

/// Every shader as the driver gets it, for spirv-dis and other devices' compilers: DIRECTORY/NAME.spv.
LogicalResult dumpShaders(ModuleOp module, StringRef directory) {
  DenseMap<StringAttr, uint32_t> indices;
  auto shaders = vulkan::serializeShaders(module, /*validate=*/false, indices);
  if (failed(shaders))
    return failure();
  for (const vulkan::SerializedShader &shader : *shaders)
    if (failed(dumpFile(
            module.getLoc(), directory, shader.name + ".spv", llvm::sys::fs::OF_None, [&](llvm::raw_ostream &os) {
              os.write(reinterpret_cast<const char *>(shader.words.data()), shader.words.size() * sizeof(uint32_t));
            })))
      return failure();
  return success();
}

/// `02_fused`, `06_target.x86-64-v3`: what files of a stage are called.
std::string fileName(Stage stage, const PipelineOptions &options) {
  // Kernels are chosen for each target; versions for several processors part later.
  std::string version;
  if (stage == Stage::Target && options.severalVersions)
    version = "." + options.target.label();
  else if ((stage == Stage::Kernels || stage == Stage::Plan) && options.severalTargets)
    version = ("." + targetName(options.target.target)).str();
  return llvm::formatv("{0:02}_{1}{2}", static_cast<int>(stage) + 1, stageName(stage), version).str();
}

/// Writes the module with its locations, so that `--from` still knows the model's lines.
LogicalResult dump(ModuleOp module, Stage stage, const PipelineOptions &options) {
  std::string name = fileName(stage, options);
  OpPrintingFlags flags;
  flags.enableDebugInfo(true);
  if (failed(dumpFile(module.getLoc(), options.dumpDirectory, name + ".mlir", llvm::sys::fs::OF_Text,
                      [&](llvm::raw_ostream &os) { module->print(os, flags); })))
    return failure();
  if (stage != Stage::Target || options.target.target != Target::Vulkan)
    return success();
  SmallString<128> shaders(options.dumpDirectory);
  llvm::sys::path::append(shaders, name);
  return dumpShaders(module, shaders);
}

int64_t countOps(ModuleOp module) {
  int64_t count = 0;
  module->walk([&](Operation *) { ++count; });
  return count;
}

/// The stages that passes lead to, behind `from` and up to `to`.
SmallVector<Stage> stagesBetween(Stage from, Stage to) {
  SmallVector<Stage> stages{Stage::Fused, Stage::Train, Stage::Kernels, Stage::Plan, Stage::Target};
  llvm::erase_if(stages, [&](Stage stage) { return stage <= from || stage > to; });
  return stages;
}

/// The options of `--sinter-to-STAGE`.
struct StageOptions : PassPipelineOptions<StageOptions> {
  Option<bool> bf16{*this, "bf16", llvm::cl::desc("matrix products round their operands to bf16")};
  Option<std::string> target{*this, "target", llvm::cl::desc("cpu, vulkan, or portable: kernels for any"),
                             llvm::cl::init("cpu")};
  Option<bool> fuse{*this, "fuse", llvm::cl::desc("false: elementwise ops stay apart"), llvm::cl::init(true)};
  Option<uint64_t> memoryBudget{*this, "memory-budget", llvm::cl::desc("bytes that an entry may use: of arena"),
                                llvm::cl::init(0)};

  operator PipelineOptions() const {
    PipelineOptions options;
    options.bf16 = bf16;
    if (!kernelAbilities(target))
      llvm::reportFatalUsageError("unknown target '" + Twine(target.getValue()) +
                                  "'; cpu, vulkan and portable are known");
    options.portableKernels = target == "portable";
    options.target.target = target == "vulkan" ? Target::Vulkan : Target::Cpu;
    options.fuse = fuse;
    if (memoryBudget != 0)
      options.memoryBudget = memoryBudget;
    return options;
  }
};

void registerPipelineTo(Stage stage) {
  std::string name = ("sinter-to-" + stageName(stage)).str();
  PassPipelineRegistration<StageOptions>(name, ("all passes from stage model to stage " + stageName(stage)).str(),
                                         [stage](OpPassManager &manager, const StageOptions &options) {
                                           addContract(manager, Stage::Model, /*isVerified=*/true);
                                           for (Stage next : stagesBetween(Stage::Model, stage))
                                             buildStage(manager, next, options);
                                         });
}

LogicalResult runStage(ModuleOp module, Stage stage, const PipelineOptions &options, bool onlyCheck) {
  auto start = std::chrono::steady_clock::now();
  PassManager manager(module.getContext());
  manager.enableVerifier(options.verifyEach);
  if (onlyCheck) {
    addContract(manager, stage, /*isVerified=*/true); // by what read or built it
  } else {
    buildStage(manager, stage, options);
    inspect(manager, options.inspection, fileName(stage, options));
  }
  if (options.watch)
    options.watch(manager);
  if (options.atStage && !onlyCheck)
    options.atStage(stage, module, &manager);
  if (failed(manager.run(module)))
    return failure();
  if (options.atStage)
    options.atStage(stage, module, nullptr);
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (options.time && !onlyCheck)
    llvm::errs() << llvm::formatv("{0,-10} {1,8:f3} s\n", stageName(stage), seconds.count());
  if (options.verbose)
    llvm::errs() << stageName(stage) << ": " << countOps(module) << " ops\n";
  return options.dumpDirectory.empty() ? success() : dump(module, stage, options);
}

} // namespace

std::optional<Stage> stageByName(StringRef name) {
  for (auto [stage, known] : kNames)
    if (known == name)
      return stage;
  return std::nullopt;
}

StringRef stageName(Stage stage) { return kNames[static_cast<size_t>(stage)].second; }

LogicalResult runStages(ModuleOp module, Stage from, Stage to, const PipelineOptions &options) {
  StringRef target = targetName(options.target.target);
  if (auto chosen = module->getAttrOfType<StringAttr>(kTargetAttr); chosen && chosen != target)
    return module.emitError("the module's kernels are for ")
           << chosen.getValue() << ", and the program is for " << target << ": give --target=" << chosen.getValue()
           << ", or start from stage train or before";
  if (failed(runStage(module, from, options, /*onlyCheck=*/true)))
    return failure();
  for (Stage stage : stagesBetween(from, to))
    if (failed(runStage(module, stage, options, /*onlyCheck=*/false)))
      return failure();
  return success();
}

std::vector<std::string> passNames(Stage from, Stage to, const PipelineOptions &options) {
  OpPassManager manager(ModuleOp::getOperationName());
  for (Stage stage : stagesBetween(from, to))
    buildStage(manager, stage, options);
  return passNames(manager);
}

void registerAllStageDialects(DialectRegistry &registry) {
  registerDialects(registry);
  registry.insert<plan::PlanDialect, memref::MemRefDialect, scf::SCFDialect, cf::ControlFlowDialect,
                  vector::VectorDialect, LLVM::LLVMDialect, gpu::GPUDialect, spirv::SPIRVDialect>();
}

void registerPasses() {
  registerSinterPasses();
  registerSinterConvolutionPasses();
  registerSinterLoopPasses();
  registerSinterDecodePasses();
  registerCodegenPasses();
  for (Stage stage : stagesBetween(Stage::Model, Stage::Plan))
    registerPipelineTo(stage);
}

} // namespace sinter
