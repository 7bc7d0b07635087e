// From a module at stage `target` to object files: kernels are shared out over as many LLVM modules as there are cores,
// each optimised and compiled by its own thread. One more module holds the program descriptor.
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Target.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Target/TargetMachine.h"

#include <thread>

using namespace mlir;

namespace sinter {
namespace {

/// One LLVM module, in a context of its own, on its way to an object file.
struct Part {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  const TargetOptions *options;
  std::string path, error;
};

/// What is worth doing to kernels: the emitters have vectorised, unrolled and inlined already. As fast code as LLVM's
/// own O3 list makes, in little more than half its time.
constexpr llvm::StringLiteral kPasses =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-mssa(loop-rotate<header-duplication>,licm,simple-loop-unswitch),simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop(loop-idiom,indvars,loop-deletion,loop-unroll-full),sroa,gvn,sccp,bdce,instcombine<no-verify-fixpoint>,adce,"
    "dse,"
    "loop-mssa(licm),simplifycfg,instcombine<no-verify-fixpoint>),globaldce";

/// Optimises the module and writes its object file.
void compile(Part &part) {
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(*part.options, part.error);
  if (!machine)
    return;
  llvm::Module &module = *part.module;
  llvm::PassBuilder builder(machine.get());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, kPasses));
  passes.run(module, modules);

  std::error_code failed;
  llvm::raw_fd_ostream file(part.path, failed, llvm::sys::fs::OF_None);
  if (failed) {
    part.error = "cannot write " + part.path + ": " + failed.message();
    return;
  }
  llvm::legacy::PassManager code;
  machine->addPassesToEmitFile(code, file, nullptr, llvm::CodeGenFileType::ObjectFile);
  code.run(module);
  file.flush();
  if (file.has_error()) {
    part.error = "cannot write " + part.path + ": " + file.error().message();
    file.clear_error();
  }
}

/// Kernels in `count` shares of about equal numbers of operations.
SmallVector<SmallVector<LLVM::LLVMFuncOp>> shareOut(ArrayRef<LLVM::LLVMFuncOp> kernels, unsigned count) {
  SmallVector<std::pair<int64_t, LLVM::LLVMFuncOp>> sized;
  for (LLVM::LLVMFuncOp kernel : kernels) {
    int64_t size = 0;
    kernel->walk([&](Operation *) { ++size; });
    sized.push_back({size, kernel});
  }
  llvm::sort(sized, [](auto &a, auto &b) {
    return std::pair(-a.first, a.second.getName()) < std::pair(-b.first, b.second.getName());
  });
  SmallVector<SmallVector<LLVM::LLVMFuncOp>> shares(count);
  SmallVector<int64_t> load(count, 0);
  for (auto &[size, kernel] : sized) {
    unsigned least = llvm::min_element(load) - load.begin();
    shares[least].push_back(kernel);
    load[least] += size;
  }
  return shares;
}

/// The translation trusts the types that attributes name (of what is allocated, of an address's steps).
LogicalResult checkTypes(LLVM::LLVMFuncOp kernel) {
  WalkResult walk = kernel->walk([](Operation *op) {
    for (NamedAttribute attribute : op->getAttrs())
      if (auto type = dyn_cast<TypeAttr>(attribute.getValue()); type && !LLVM::isCompatibleType(type.getValue()))
        return op->emitOpError() << "`" << attribute.getName().getValue() << "` is " << type.getValue()
                                 << ", which is no type of LLVM",
               WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

/// Translates some functions, with every declaration they may call, to LLVM IR.
std::unique_ptr<llvm::Module> translate(ArrayRef<LLVM::LLVMFuncOp> kernels, ArrayRef<Operation *> shared,
                                        StringRef prefix, size_t version, llvm::LLVMContext &context) {
  OpBuilder builder(kernels.front()->getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, kernels.front()->getLoc());
  builder.setInsertionPointToEnd(module->getBody());
  for (Operation *op : shared)
    builder.clone(*op);
  for (LLVM::LLVMFuncOp kernel : kernels) {
    auto copy = cast<LLVM::LLVMFuncOp>(builder.clone(*kernel.getOperation()));
    for (NamedAttribute attribute : llvm::to_vector(copy->getDiscardableAttrs()))
      copy->removeDiscardableAttr(attribute.getName());
  }
  std::unique_ptr<llvm::Module> result = translateModuleToLLVMIR(*module, context, "sinter_kernels");
  if (!result)
    return nullptr;
  for (llvm::Function &function : *result)
    if (!function.isDeclaration()) {
      function.setLinkage(llvm::GlobalValue::ExternalLinkage);
      function.setVisibility(llvm::GlobalValue::HiddenVisibility); // called through the descriptor only
      function.setName(kernelSymbol(prefix, function.getName(), version));
      function.setDoesNotThrow();
      function.addFnAttr("prefer-vector-width", "512");
    }
  return result;
}

/// Each version's kernels are of the kind that its target runs.
LogicalResult checkTargets(ArrayRef<Version> versions) {
  for (const Version &version : versions) {
    bool wantsVulkan = version.options.target == Target::Vulkan;
    SymbolTable symbols(version.module);
    WalkResult walk = ModuleOp(version.module).walk([&](plan::LaunchOp launch) {
      Operation *kernel = symbols.lookup(launch.getKernel());
      if (isa<plan::KernelOp>(kernel) == wantsVulkan)
        return WalkResult::advance();
      launch.emitError("kernel @") << launch.getKernel() << " is for " << (wantsVulkan ? "cpu" : "vulkan")
                                   << ", but the program is for " << (wantsVulkan ? "vulkan" : "cpu")
                                   << "; give the --target that the module was made for";
      return WalkResult::interrupt();
    });
    if (walk.wasInterrupted())
      return failure();
  }
  return success();
}

} // namespace

FailureOr<std::vector<std::string>> emitObjects(ArrayRef<Version> versions, StringRef stem, StringRef prefix) {
  if (failed(checkTargets(versions)))
    return failure();
  ModuleOp first = versions.front().module;
  registerBuiltinDialectTranslation(*first.getContext());
  registerLLVMDialectTranslation(*first.getContext());

  std::vector<Part> parts;
  SmallVector<uint64_t> features;
  unsigned cpuVersions = 0;
  for (auto [index, version] : llvm::enumerate(versions)) {
    bool isCpu = version.options.target == Target::Cpu;
    if (!isCpu && index + 1 < versions.size())
      continue;
    std::string error;
    std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(version.options, error);
    if (!machine)
      return first.emitError("cpu: ") << error, failure();
    if (isCpu)
      features.push_back(requiredFeatures(*machine));
    auto addPart = [&]() -> Part & {
      Part &part = parts.emplace_back();
      part.context = std::make_unique<llvm::LLVMContext>();
      part.options = &version.options;
      part.path = (stem + "." + Twine(parts.size() - 1) + ".o").str();
      return part;
    };
    auto finish = [&](Part &part) {
      part.module->setTargetTriple(machine->getTargetTriple());
      part.module->setDataLayout(machine->createDataLayout());
    };

    SmallVector<LLVM::LLVMFuncOp> kernels;
    SmallVector<Operation *> shared;
    for (Operation &op : *ModuleOp(version.module).getBody()) {
      if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op); function && !function.isExternal()) {
        if (failed(checkTypes(function)))
          return failure();
        kernels.push_back(function);
      } else if (isa<LLVM::LLVMFuncOp, LLVM::GlobalOp>(op))
        shared.push_back(&op);
    }
    unsigned count = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), kernels.size());
    if (!isCpu)
      count = 0; // all there is to it is data
    for (ArrayRef<LLVM::LLVMFuncOp> share : shareOut(kernels, count)) {
      Part &part = addPart();
      part.module = translate(share, shared, prefix, cpuVersions, *part.context);
      if (!part.module)
        return first.emitError("cpu: the kernels cannot be translated to LLVM IR"), failure();
      finish(part);
    }
    cpuVersions += isCpu;
    if (index + 1 < versions.size())
      continue;
    Part &descriptor = addPart();
    descriptor.module = std::make_unique<llvm::Module>("sinter_program", *descriptor.context);
    finish(descriptor);
    if (failed(emitProgram(versions, features, prefix, *descriptor.module)))
      return failure();
  }

  std::vector<std::thread> threads;
  for (Part &part : parts)
    threads.emplace_back([&part] { compile(part); });
  for (std::thread &thread : threads)
    thread.join();
  std::vector<std::string> paths;
  for (Part &part : parts) {
    if (!part.error.empty())
      return first.emitError("cpu: ") << part.error, failure();
    paths.push_back(part.path);
  }
  return paths;
}

} // namespace sinter
