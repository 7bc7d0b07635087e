// sinterc: compiles a model description to an executable, or to any stage on the way.
#include "compiler/Pipeline.h"
#include "compiler/Report.h"
#include "compiler/frontend/Frontend.h"
#include "compiler/passes/Debug.h"
#include "compiler/tools/sinterc/Budget.h"
#include "compiler/tools/sinterc/CommandLine.h"
#include "compiler/tools/sinterc/Output.h"
#include "compiler/tools/sinterc/Supervisor.h"
#include "compiler/view/View.h"
#include "dialects/plan/Plan.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"

#include <chrono>
#include <thread>

using namespace mlir;

namespace sinter {
namespace {

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

/// One run of the compiler. Functions return exit codes; whatever they fail for has been said.
class Compilation {
public:
  Compilation(const CommandLine &line, std::string prefix, Progress &progress)
      : line(line), prefix(std::move(prefix)), progress(progress), watch(line.time), options(line.pipelineOptions()) {}

  int run() {
    DialectRegistry registry;
    registerAllStageDialects(registry);
    MLIRContext context(registry);
    context.printOpOnDiagnostic(false); // which may be the whole module
    if (line.inspection.prints() || !line.debugOnly.empty() || !line.view.empty())
      context.disableMultithreading(); // one pass at a time
    setDebugTypes(line.debugOnly);
    if (!line.report.empty() || line.statistics || !line.view.empty())
      remarks.emplace(context);
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      said |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
      printDiagnostic(diagnostic, line.inputIsModule() ? "" : line.input);
      return success();
    });
    OwningOpRef<ModuleOp> module = read(context);
    watch.lap("model");
    progress.enter(Progress::Stages);
    if (!module)
      return kWrongInput;
    if (line.listSettings)
      return write(settingsOf(*module), "-");
    if (module->getOps<plan::EntryOp>().empty() &&
        llvm::none_of(module->getOps<func::FuncOp>(), [](func::FuncOp f) { return f->hasAttr(kEntryAttr); }))
      return complain(line.input + ": the module has no entry", kWrongInput);
    int code = compile(std::move(module));
    if (line.statistics)
      remarks->printCounts(llvm::errs());
    return code;
  }

private:
  OwningOpRef<ModuleOp> read(MLIRContext &context) {
    if (line.inputIsModule()) {
      progress.enter(Progress::Parsing);
      llvm::SourceMgr sources;
      return parseSourceFile<ModuleOp>(line.input, sources, &context);
    }
    progress.enter(Progress::Model);
    auto onCall = [&](StringRef place) { progress.setCall(placeUnder(line.input, place)); };
    return loadModel(line.input, context,
                     {line.values, under(prefix, "include"), line.verbose, line.accumulate, onCall});
  }

  /// Whether the module got from one stage to another.
  bool reach(ModuleOp module, Stage from, Stage to, const PipelineOptions &options) {
    if (succeeded(runStages(module, from, to, options)))
      return true;
    if (!said)
      complain("compilation failed without a message: this is a mistake in sinterc", kWrongInput);
    return false;
  }

  /// Everything after the module has been read. Targets part before kernels are chosen, versions for several processors
  /// or devices behind the plan.
  int compile(OwningOpRef<ModuleOp> module) {
    watch.restart();
    watchStages();
    std::string title = titleOf(*module);
    Stage shared = std::clamp(Stage::Train, line.first, line.last);
    if (!reach(*module, line.first, shared, options))
      return kWrongInput;
    std::vector<OwningOpRef<ModuleOp>> plans, compiled;
    std::vector<Version> versions;
    std::string described;
    for (auto [i, target] : llvm::enumerate(line.targets)) {
      options.target = target;
      bool first = i == 0 || target.target != line.targets[i - 1].target;
      bool last = i + 1 == line.targets.size();
      if (first) {
        if (!line.view.empty())
          view.enter(targetName(target.target));
        remarks ? remarks->listenTo(targetName(target.target)) : void();
        if (options.memoryBudget && shared < Stage::Plan && line.last >= Stage::Plan &&
            !makeRoom(*module, shared, target))
          return kWrongInput;
        watchStages();
        plans.push_back(last ? std::move(module) : OwningOpRef<ModuleOp>(module->clone()));
        if (!reach(*plans.back(), shared, std::clamp(Stage::Plan, shared, line.last), options) ||
            (!line.report.empty() && !describe(*plans.back(), described)))
          return kWrongInput;
        if (!line.view.empty() && line.last >= Stage::Plan && line.first <= Stage::Plan)
          view.plan(*plans.back(), &*remarks);
      }
      if (line.header && i == 0)
        header = emitHeader(*plans.back(), prefixOf(*plans.back()));
      if (line.last < Stage::Target || (justTells() && (line.view.empty() || !first)))
        continue;
      compiled.push_back(last ? std::move(plans.back()) : OwningOpRef<ModuleOp>(plans.back()->clone()));
      if (!reach(*compiled.back(), std::clamp(Stage::Plan, line.first, line.last), Stage::Target, options))
        return kWrongInput;
      versions.push_back({*compiled.back(), target});
      options.atStage = nullptr; // the page is about one version of each target
    }
    if (int code = line.report.empty() ? kDone : write(described, "-"))
      return code;
    if (int code = line.view.empty() ? kDone : write(view.page(title, "sinter " SINTER_VERSION), line.view);
        code || justTells())
      return code;
    if (line.header && line.last < Stage::Object)
      return write(header, line.output.empty() ? "-" : line.output);
    if (line.last <= Stage::Target)
      return print(compiled.empty() ? *plans.back() : *compiled.back());
    watch.restart(); // the stages have told their own times
    return finish(versions);
  }

  /// Lets --view see the stages that come.
  void watchStages() {
    if (!line.view.empty())
      options.atStage = [this](Stage stage, ModuleOp module, PassManager *manager) {
        manager ? view.begin(stageName(stage), module, *manager) : view.end(stageName(stage), module);
      };
  }

  /// What the symbols of an object begin with; nothing for an executable.
  std::string prefixOf(ModuleOp module) {
    return line.last == Stage::Executable ? "" : line.prefix.empty() ? symbolPrefix(module) : line.prefix;
  }

  /// The configuration values of a model, as --set takes them, one a line.
  static std::string settingsOf(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (auto config = module->getAttrOfType<DictionaryAttr>("sinter.config"))
      for (NamedAttribute entry : config) {
        os << entry.getName().getValue() << '=';
        if (auto word = dyn_cast<StringAttr>(entry.getValue()))
          os << word.getValue();
        else if (auto real = dyn_cast<FloatAttr>(entry.getValue()))
          os << llvm::format("%.9g", real.getValueAsDouble());
        else
          entry.getValue().print(os, /*elideType=*/true);
        os << '\n';
      }
    return text;
  }

  static unsigned threadsHere() { return std::max(std::thread::hardware_concurrency(), 1u); }

  /// Sees what programs for `target` need beside their arena, of a budget for all.
  bool makeRoom(ModuleOp module, Stage shared, const TargetOptions &target) {
    std::vector<TargetOptions> versions;
    llvm::copy_if(line.targets, std::back_inserter(versions),
                  [&](const TargetOptions &version) { return version.target == target.target; });
    if (failed(findBytesBesideArena(module, shared, options, versions, threadsHere())))
      return false;
    module->setAttr(kMemoryBudgetAttr,
                    IntegerAttr::get(IntegerType::get(module.getContext(), 64), *options.memoryBudget));
    return true;
  }

  /// Whether there is nothing to write but what is told of the compilation.
  bool justTells() const { return (!line.report.empty() || !line.view.empty()) && line.output.empty(); }

  static std::string titleOf(ModuleOp module) {
    auto name = module->getAttrOfType<StringAttr>("sinter.program");
    return name ? name.str() : "module";
  }

  /// Adds the report of a module at stage `plan` to `text`: for JSON an element of a list if there are several targets.
  bool describe(ModuleOp module, std::string &text) {
    std::vector<OwningOpRef<ModuleOp>> compiled;
    std::vector<std::pair<std::string, ModuleOp>> vulkan;
    std::vector<Memory> memory;
    for (const TargetOptions &target : line.targets) {
      if (target.target != options.target.target)
        continue;
      PipelineOptions quiet;
      quiet.target = target;
      compiled.push_back(OwningOpRef<ModuleOp>(module.clone()));
      if (!reach(*compiled.back(), Stage::Plan, Stage::Target, quiet))
        return false;
      memory.push_back(memoryOf(*compiled.back(), target, threadsHere()));
      if (target.target == Target::Vulkan)
        vulkan.push_back({target.profile, *compiled.back()});
    }
    llvm::raw_string_ostream os(text);
    bool json = line.report == "json", isList = json && options.severalTargets;
    os << (isList ? text.empty() ? "[" : "," : text.empty() ? "" : "\n");
    printReport(module, os, json, vulkan, memory, &*remarks);
    if (isList && options.target.target == line.targets.back().target)
      os << "]\n";
    return true;
  }

  /// Prints the module with its locations, so that a later `--from` still knows the model's lines.
  int print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    OpPrintingFlags flags;
    flags.enableDebugInfo(true);
    module->print(os, flags);
    return write(text, line.output.empty() ? "-" : line.output);
  }

  int write(StringRef content, StringRef path) {
    return explain(publish(content, path, /*executable=*/false, progress), path);
  }

  int explain(const std::string &problem, StringRef path) {
    if (problem.empty())
      return kDone;
    std::string name = path == "-" ? "standard output" : ("'" + path + "'").str();
    return complain("cannot write " + name + ": " + problem, kWrongInput);
  }

  /// From stage `target` to objects, and to an executable. All is made in a temporary folder first.
  int finish(llvm::ArrayRef<Version> versions) {
    SmallString<128> directory;
    if (std::error_code error = llvm::sys::fs::createUniqueDirectory("sinter", directory))
      return complain("cannot create a temporary folder: " + error.message(), kWrongInput);
    auto removeDirectory = llvm::scope_exit([&] { llvm::sys::fs::remove_directories(directory); });
    auto objects = emitObjects(versions, under(directory, "program"), prefixOf(versions.front().module));
    watch.lap("obj");
    if (failed(objects))
      return kWrongInput;
    std::string program = under(directory, line.last == Stage::Object ? "joined.o" : "executable");
    if (line.last == Stage::Object)
      return failed(joinObjects(*objects, program, line.verbose)) ? kWrongInput : publishObject(program);
    for (const std::string &part : line.with) { // sinter_PART_command is how the command line finds it
      objects->push_back("-Wl,-u,sinter_" + part + "_command");
      objects->push_back(under(prefix, "lib/libsinter_" + part + ".a"));
    }
    if (takesPairs(versions.front().module))
      objects->push_back("-Wl,-u,sinter_pairs");
    if (failed(linkExecutable(*objects, under(prefix, "lib/libsinter_runtime.a"), program, line.verbose)))
      return kWrongInput;
    int code = explain(publishFile(program, line.output, /*executable=*/true, progress), line.output);
    watch.lap("exe");
    return code;
  }

  /// Whether an entry takes `source` and `target`: then the runtime's part for pairs of sentences is linked in.
  static bool takesPairs(ModuleOp module) {
    return llvm::any_of(module.getOps<plan::EntryOp>(), [](plan::EntryOp entry) {
      auto takes = [&](StringRef name) {
        return llvm::any_of(entry.getBody().getOps<plan::InputOp>(),
                            [&](plan::InputOp input) { return input.getName() == name; });
      };
      return takes("source") && takes("target");
    });
  }

  /// OUT.o and, where it was asked for, OUT.h.
  int publishObject(StringRef object) {
    if (int code = explain(publishFile(object, line.output, /*executable=*/false, progress), line.output))
      return code;
    SmallString<128> path(line.output);
    llvm::sys::path::replace_extension(path, "h");
    return line.header ? write(header, path) : static_cast<int>(kDone);
  }

  const CommandLine &line;
  std::string header; ///< --emit=header
  std::string prefix;
  Progress &progress;
  Stopwatch watch;
  PipelineOptions options;
  std::optional<Remarks> remarks;
  view::View view;   ///< --view
  bool said = false; ///< an error
};

} // namespace
} // namespace sinter

int main(int argc, char **argv) {
  llvm::sys::Process::FixupStandardFileDescriptors();
  sinter::CommandLine line;
  if (std::optional<int> code = sinter::readCommandLine(argc, argv, line))
    return *code;
  std::string prefix = sinter::prefixDirectory(argv[0]);
  return sinter::supervise(
      [&](sinter::Progress &progress) { return sinter::Compilation(line, prefix, progress).run(); });
}
