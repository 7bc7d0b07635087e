// sinter-run: the test tool. Runs the functions of a module on the f64 reference interpreter (at every stage that it
// can run) and compiled for the CPU and for Vulkan, compares what they give, and checks gradients against finite
// differences.
#include "run/RandomGraphs.h"

#include "vulkan/vulkan_device.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>

using namespace sinter;

namespace {

constexpr const char *kAbout =
    "Runs every sinter.entry of MODULE.mlir (or every public function) on the reference interpreter, the CPU and "
    "Vulkan and "
    "compares. Functions marked sinter.expect return pairs (actual, expected); others are compared across devices and "
    "stages on random inputs. Argument attributes: sinter.range = [low, high], sinter.limit = N (integers below N), "
    "sinter.default.";

struct Arguments {
  std::string file, from = "model";
  run::RandomChoice random;
  run::RunOptions run;
};

int runFile(const Arguments &arguments) {
  mlir::DialectRegistry registry;
  registerAllStageDialects(registry);
  mlir::MLIRContext context(registry);
  auto sources = std::make_shared<llvm::SourceMgr>();
  mlir::SourceMgrDiagnosticHandler diagnostics(*sources, &context, llvm::errs());
  if (arguments.random.count) {
    context.loadAllAvailableDialects();
    return run::runRandomGraphs(context, arguments.random, arguments.run, llvm::outs()) ? 0 : 1;
  }
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceFile<mlir::ModuleOp>(arguments.file, sources, &context);
  if (!module)
    return 1;
  run::RunOptions options = arguments.run;
  std::optional<Stage> from = stageByName(arguments.from);
  if (!from || *from > Stage::Kernels) {
    llvm::errs() << "sinter-run: --from: unknown stage " << arguments.from
                 << "; it is one of model, fused, train, kernels\n";
    return 2;
  }
  options.from = *from;
  return run::runModule(*module, options, llvm::outs()) ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Arguments arguments;
  run::RunOptions &options = arguments.run;
  CLI::App app{kAbout, "sinter-run"};
  const std::map<std::string, run::Device> devices{{"reference", run::Device::Reference},
                                                   {"cpu", run::Device::Cpu},
                                                   {"vulkan", run::Device::Vulkan},
                                                   {"compiled", run::Device::Compiled},
                                                   {"all", run::Device::All}};
  app.add_option("MODULE", arguments.file, "module to run; - for standard input");
  app.add_option("--entry", options.entry, "run this function only");
  app.add_option("--device", options.device,
                 "reference, cpu, vulkan (the first device, with the kernels of all profiles; and the reference), "
                 "compiled (cpu, and vulkan if "
                 "there is a device) or all")
      ->transform(CLI::CheckedTransformer(devices));
  app.add_option("--from", arguments.from, "stage that the module is at the end of");
  app.add_option("--seed", options.seed, "of the random inputs");
  app.add_option("--program", options.program,
                 "also hold what this executable of the module gives by `run ENTRY`, inputs and outputs in files, "
                 "against the reference");
  app.add_option("--program-device", options.programDevice, "where that runs: cpu or vulkan:0");
  app.add_flag("--print", options.print, "print results and states");
  app.add_flag("--grad-check", options.gradientCheck, "compare gradients with finite differences");
  app.add_flag("--hvp-check", options.curvatureCheck, "compare Hessian-vector products with finite differences");
  app.add_option("--threads", options.threads, "run compiled code on N threads only (default: 1, 2 and 3)");
  app.add_option("--march", options.pipeline.target.march, "CPU to compile for; this one must be able to run it");
  app.add_option("--schedule-seed", options.pipeline.target.scheduleSeed,
                 "cut kernels up by chance; no bit may depend on it");
  app.add_flag("!--no-validate-spirv", options.validateSpirv, "do not check shaders by libSPIRV-Tools");
  app.add_flag("!--unfused", options.pipeline.fuse, "keep elementwise ops apart");
  app.add_flag("--same-profiles", options.sameProfiles,
               "Vulkan: the kernels of all profiles must give the same bits, as those of attention do");
  app.add_flag("--portable-kernels", options.portableKernels,
               "CPU: the kernels that programs for Vulkan have: attention op by op, products without prologues");
  app.add_option("--random-graphs", arguments.random.count,
                 "instead of a module: run N random functions and their gradients, fused and unfused");
  app.add_option("--first-graph", arguments.random.first, "number of the first random function");
  app.add_flag("--about-attention", arguments.random.aboutAttention,
               "random functions of one attention and little else");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (arguments.file.empty() != (arguments.random.count > 0)) {
    llvm::errs() << "sinter-run: give a module to run, or --random-graphs=N\n";
    return 2;
  }
  int exit = runFile(arguments);
  if (uint64_t messages = vulkanMessages();
      messages && exit == 0) { // those of a device's end come when all has been compared
    llvm::errs() << "sinter-run: " << messages << " messages of the validation layer\n";
    return 1;
  }
  return exit;
}
