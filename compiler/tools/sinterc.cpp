// sinterc: compiles a model description to an executable, or to any stage on the way.
#include "compiler/Pipeline.h"
#include "compiler/Report.h"
#include "compiler/frontend/Frontend.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <chrono>

using namespace mlir;

namespace sinter {
namespace {

/// Exit codes of all sinter programs.
enum ExitCode { kDone = 0, kWrongInput = 1, kUsage = 2 };

struct CommandLine {
  std::string input, output, target = "cpu", march = "native", profile, dtype = "f32", budget, emit, from, dumpDirectory, report;
  std::vector<std::string> settings;
  bool time = false, verbose = false, validateSpirv = false;

  std::map<std::string, std::string> values; ///< `settings`, taken apart
  std::vector<TargetOptions> targets;        ///< every version of the program: --target, --march, --profile
  std::optional<uint64_t> budgetBytes;
  Stage last = Stage::Executable, first = Stage::Model;
};

int usage(const llvm::Twine &message, ExitCode code = kUsage) {
  llvm::errs() << "sinterc: " << message << "\n";
  return code;
}

/// `300M` or `1048576`; K, M and G are powers of 1024.
std::optional<uint64_t> parseBytes(llvm::StringRef text) {
  uint64_t factor = 1, value = 0;
  for (auto [suffix, power] : {std::pair{"K", 10}, {"M", 20}, {"G", 30}})
    if (text.consume_back(suffix)) {
      factor = uint64_t{1} << power;
      break;
    }
  auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc() || end != text.end() || value > UINT64_MAX / factor)
    return std::nullopt;
  return value * factor;
}

/// The versions of the program that --target, --march and --profile ask for; an exit code if they make no sense.
std::optional<int> interpretTargets(CommandLine &line) {
  llvm::SmallVector<llvm::StringRef> targets, marches, profiles;
  llvm::StringRef(line.target).split(targets, ',');
  bool cpu = false, vulkan = false, oneModule = line.last == Stage::Target || line.first == Stage::Target;
  for (llvm::StringRef target : targets) {
    if (target != "cpu" && target != "vulkan")
      return usage("--target=" + line.target + ": unknown target; cpu and vulkan are known");
    bool &wanted = target == "cpu" ? cpu : vulkan;
    if (wanted)
      return usage("--target=" + line.target + ": '" + target + "' is given twice");
    wanted = true;
  }
  if (cpu && vulkan && oneModule)
    return usage("--target=" + line.target + ": a module at stage target is for one target; give one, or use --dump-stages");
  llvm::StringRef(line.march).split(marches, ',');
  for (llvm::StringRef march : marches) {
    if (march.empty())
      return usage("--march=" + line.march + ": expected a processor or a list such as x86-64-v3,x86-64-v4");
    if (llvm::count(marches, march) > 1)
      return usage("--march=" + line.march + ": '" + march + "' is given twice");
    TargetOptions &options = line.targets.emplace_back();
    options.march = march.str();
  }
  if (cpu && marches.size() > 1 && oneModule)
    return usage("--march=" + line.march + ": a module at stage target is for one processor; give one, or use --dump-stages");
  if (!cpu)
    line.targets.clear();
  if (!vulkan)
    return line.profile.empty() ? std::nullopt
                                : std::optional(usage("--profile=" + line.profile + ": needs --target=vulkan"));
  std::string chosen = !line.profile.empty() ? line.profile : oneModule ? "registers" : "registers,shared";
  llvm::StringRef(chosen).split(profiles, ',');
  for (llvm::StringRef profile : profiles) {
    if (profile != "registers" && profile != "shared")
      return usage("--profile=" + line.profile + ": registers and shared are known");
    if (llvm::count(profiles, profile) > 1)
      return usage("--profile=" + line.profile + ": '" + profile + "' is given twice");
    TargetOptions &options = line.targets.emplace_back();
    options.target = Target::Vulkan;
    options.profile = profile.str();
    options.validateSpirv = line.validateSpirv;
  }
  if (profiles.size() > 1 && oneModule)
    return usage("--profile=" + line.profile + ": a module at stage target is for one kind of device; give one");
  return std::nullopt;
}

/// Makes sense of what CLI11 has taken apart; an exit code if it makes none.
std::optional<int> interpret(CommandLine &line) {
  if (line.dtype != "f32" && line.dtype != "bf16")
    return usage("--dtype=" + line.dtype + ": unknown type; f32 and bf16 are known");
  for (const std::string &setting : line.settings) {
    auto [name, value] = llvm::StringRef(setting).split('=');
    if (name.empty() || name.size() == setting.size())
      return usage("--set: expected NAME=VALUE, but got '" + setting + "'");
    if (!line.values.emplace(name, value).second)
      return usage("--set: '" + name + "' is given twice");
  }
  if (!line.budget.empty() && !(line.budgetBytes = parseBytes(line.budget)))
    return usage("--memory-budget: expected a number of bytes such as 300M, but got '" + line.budget + "'");
  for (auto [option, name, stage] : {std::tuple{"--emit", &line.emit, &line.last}, {"--from", &line.from, &line.first}}) {
    if (name->empty())
      continue;
    std::optional<Stage> found = stageByName(*name);
    if (!found)
      return usage(llvm::Twine(option) + "=" + *name +
                   ": unknown stage; the stages are model fused train kernels plan target obj exe");
    *stage = *found;
  }
  if (std::optional<int> code = interpretTargets(line))
    return code;
  bool isModule = llvm::StringRef(line.input).ends_with(".mlir");
  if (!isModule && !line.from.empty())
    return usage("--from=" + line.from + ": needs a module (.mlir), but the input is '" + line.input + "'");
  if (line.first > Stage::Target)
    return usage("--from=" + line.from + ": compilation resumes at a stage that is a module: model to target");
  if (line.first > line.last)
    return usage("--from=" + line.from + " comes after --emit=" + line.emit);
  if (isModule && !line.values.empty())
    return usage("--set: configuration values belong to a model's C++ file, not to '" + line.input + "'");
  if (!line.report.empty() && line.report != "text" && line.report != "json")
    return usage("--report=" + line.report + ": text and json are known");
  if (!line.report.empty() && (line.first > Stage::Plan || line.last < Stage::Plan))
    return usage("--report: describes stage plan, which lies outside of --from and --emit");
  if (line.last >= Stage::Object && line.output.empty() && line.report.empty())
    return usage("-o OUT is missing: where shall the program go?");
  return std::nullopt;
}

/// The folder above sinterc's own: `include/` and `lib/` lie in it, in the build tree as after installation.
std::string prefixDirectory(const char *argv0) {
  std::string self = llvm::sys::fs::getMainExecutable(argv0, reinterpret_cast<void *>(&prefixDirectory));
  return llvm::sys::path::parent_path(llvm::sys::path::parent_path(self)).str();
}

std::string under(llvm::StringRef directory, llvm::StringRef name) {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

/// Says how long a step took, when asked to.
class Stopwatch {
public:
  explicit Stopwatch(bool on) : on_(on) {}
  void lap(llvm::StringRef what) {
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
    if (on_)
      llvm::errs() << llvm::formatv("{0,-10} {1,8:f3} s\n", what, seconds.count());
    restart();
  }
  void restart() { start_ = std::chrono::steady_clock::now(); }

private:
  bool on_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

OwningOpRef<ModuleOp> readModule(const CommandLine &line, MLIRContext &context, const std::string &prefix) {
  if (!llvm::StringRef(line.input).ends_with(".mlir"))
    return loadModel(line.input, context, {line.values, under(prefix, "include"), line.verbose});
  llvm::SourceMgr sources;
  return parseSourceFile<ModuleOp>(line.input, sources, &context);
}

/// Prints the module with its locations, so that a later `--from` still knows the model's lines.
int printModule(ModuleOp module, const std::string &path) {
  std::error_code error;
  llvm::ToolOutputFile file(path.empty() ? "-" : path, error, llvm::sys::fs::OF_Text);
  if (error)
    return usage("cannot write '" + path + "': " + error.message(), kWrongInput);
  OpPrintingFlags flags;
  flags.enableDebugInfo(true);
  module->print(file.os(), flags);
  file.keep();
  return kDone;
}

/// From stage `target` to objects, and to an executable.
int finish(llvm::ArrayRef<Version> versions, const CommandLine &line, const std::string &prefix, Stopwatch &watch) {
  if (line.last == Stage::Object) {
    llvm::StringRef stem = line.output;
    stem.consume_back(".o");
    auto objects = emitObjects(versions, stem);
    watch.lap("obj");
    return failed(objects) ? kWrongInput : kDone;
  }
  SmallString<128> directory;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("sinter", directory))
    return usage("cannot create a temporary folder: " + error.message(), kWrongInput);
  auto removeDirectory = llvm::scope_exit([&] { llvm::sys::fs::remove_directories(directory); });
  auto objects = emitObjects(versions, under(directory, "program"));
  watch.lap("obj");
  if (failed(objects) ||
      failed(linkExecutable(*objects, under(prefix, "lib/libsinter_runtime.a"), line.output, line.verbose)))
    return kWrongInput;
  watch.lap("exe");
  return kDone;
}

int compile(const CommandLine &line, const char *argv0) {
  std::string prefix = prefixDirectory(argv0);
  DialectRegistry registry;
  registerAllStageDialects(registry);
  MLIRContext context(registry);
  bool printed = false;
  context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
    printed |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    printDiagnostic(diagnostic);
    return success();
  });

  PipelineOptions options;
  options.target = line.targets.front();
  options.cpuKernels = llvm::all_of(line.targets, [](const TargetOptions &t) { return t.target == Target::Cpu; });
  options.severalVersions = line.targets.size() > 1 || options.target.target == Target::Vulkan;
  options.bf16 = line.dtype == "bf16";
  options.memoryBudget = line.budgetBytes;
  options.dumpDirectory = line.dumpDirectory;
  options.time = line.time;
  options.verbose = line.verbose;

  Stopwatch watch(line.time);
  OwningOpRef<ModuleOp> module = readModule(line, context, prefix);
  watch.lap("model");
  if (!module)
    return kWrongInput;

  // A report describes the plan: it is made on the way, of whatever comes after.
  Stage at = line.first;
  if (!line.report.empty()) {
    if (failed(runStages(*module, at, Stage::Plan, options)))
      return kWrongInput;
    at = Stage::Plan;
    std::vector<OwningOpRef<ModuleOp>> targets;
    std::vector<std::pair<std::string, ModuleOp>> vulkan;
    for (const TargetOptions &target : line.targets) {
      if (target.target != Target::Vulkan)
        continue;
      PipelineOptions quiet;
      quiet.target = target;
      targets.push_back(OwningOpRef<ModuleOp>(module->clone()));
      if (failed(runStages(*targets.back(), Stage::Plan, Stage::Target, quiet)))
        return kWrongInput;
      vulkan.push_back({target.profile, *targets.back()});
    }
    printReport(*module, llvm::outs(), line.report == "json", vulkan);
    if (line.output.empty())
      return kDone;
  }
  // Versions for several processors share every stage up to the plan.
  std::vector<OwningOpRef<ModuleOp>> targets;
  std::vector<Version> versions;
  bool one = line.targets.size() == 1;
  bool done = succeeded(runStages(*module, at, std::min(line.last, one ? Stage::Target : Stage::Plan), options));
  if (done && line.last <= Stage::Target)
    return printModule(*module, line.output);
  for (size_t i = 0; done && i < line.targets.size(); ++i) {
    options.target = line.targets[i];
    targets.push_back(i + 1 < line.targets.size() ? OwningOpRef<ModuleOp>(module->clone()) : std::move(module));
    done = one || succeeded(runStages(*targets.back(), Stage::Plan, Stage::Target, options));
    versions.push_back({*targets.back(), options.target});
  }
  if (!done)
    return printed ? kWrongInput : usage("compilation failed without a message: this is a mistake in sinterc", kWrongInput);
  watch.restart(); // the stages have told their own times
  return finish(versions, line, prefix, watch);
}

} // namespace
} // namespace sinter

int main(int argc, char **argv) {
  sinter::CommandLine line;
  CLI::App app("Compiles a model description to one self-contained program.", "sinterc");
  app.set_version_flag("--version", "sinterc " SINTER_VERSION);
  app.add_option("input", line.input, "MODEL.cpp or MODULE.mlir")->required();
  app.add_option("-o", line.output, "where the result goes");
  app.add_option("--target", line.target, "cpu, vulkan or cpu,vulkan: the program chooses by --device")->capture_default_str();
  app.add_option("--march", line.march, "processor to compile for: native, x86-64-v3, ...; of a list, worst to best, the program runs the best that it can")->capture_default_str();
  app.add_option("--profile", line.profile, "Vulkan devices to compile for: registers (CPU-like), shared (GPUs) or registers,shared (the default)");
  app.add_flag("--validate-spirv", line.validateSpirv, "check every shader by libSPIRV-Tools");
  app.add_option("--set", line.settings, "NAME=VALUE: a configuration value that the model declares")
      ->allow_extra_args(false);
  app.add_option("--dtype", line.dtype, "what matrix products compute in: f32 or bf16 (sums, parameters and all else are f32)")->capture_default_str();
  app.add_option("--memory-budget", line.budget, "the most arena bytes an entry may use, such as 300M");
  app.add_option("--emit", line.emit, "stop at and write: model fused train kernels plan target obj exe; obj: OUT.N.o, all versions of --march");
  app.add_option("--from", line.from, "the stage that MODULE.mlir is at (model)");
  app.add_option("--dump-stages", line.dumpDirectory, "folder to write every stage to, and shaders as SPIR-V");
  app.add_option("--report", line.report, "what was compiled: text or json")->expected(0, 1)->default_str("text");
  app.add_flag("--time", line.time, "say how long each stage took");
  app.add_flag("-v,--verbose", line.verbose, "say what is being done");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? sinter::kDone : sinter::kUsage;
  }
  if (app.count("--report") && line.report.empty())
    line.report = "text";
  if (std::optional<int> code = sinter::interpret(line))
    return *code;
  return sinter::compile(line, argv[0]);
}
