// stage-mutants: damages printed modules of every stage and feeds them back, as `sinterc --from=STAGE` does. Each
// mutant is compiled by a process of its own and must end with objects or with a message: never by a signal, without a
// word, with hundreds of lines, or not at all. With --run, what compiled and can be interpreted must compute what it
// says, too.
#include "Mutator.h"

#include "compiler/Pipeline.h"
#include "compiler/Report.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace mlir;

namespace sinter::mutants {
namespace {

struct Settings {
  std::vector<std::string> folders;
  std::string keep = "mutants-failed", stage;
  uint64_t count = 10, first = 0;
  unsigned seconds = 60, jobs = std::max(1u, std::thread::hardware_concurrency());
  int64_t only = -1;
  bool run = false;
};

/// A printed module, made by `--dump-stages`.
struct Source {
  std::string path, name; ///< name: `mlp/04_kernels`
  Stage stage;
  TargetOptions target; ///< what stage target was made for
  std::string text;
};

/// How a mutant's process ends.
enum End { kCompiled = 0, kRefused = 1, kSilent = 3 };

constexpr size_t kMostLines = 100;
/// Files that say that LLVM's parser returned, and that the mutant runs as a program.
constexpr StringLiteral kParsed = "/parsed", kRuns = "/runs.mlir";
constexpr rlim_t kMostMemory = rlim_t{8} << 30;

std::optional<Source> readSource(StringRef path) {
  // NN_stage.mlir or NN_target.vulkan.PROFILE.mlir
  StringRef stem = llvm::sys::path::stem(path);
  auto [stageText, label] = stem.split('_').second.split('.');
  std::optional<Stage> stage = stageByName(stageText);
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!stage || !buffer)
    return std::nullopt;
  Source source{path.str(),
                (llvm::sys::path::filename(llvm::sys::path::parent_path(path)) + "/" + stem).str(),
                *stage,
                {},
                (*buffer)->getBuffer().str()};
  if (label.consume_front("vulkan.")) {
    source.target.target = Target::Vulkan;
    source.target.profile = label.str();
  }
  return source;
}

//===--- in the mutant's process -------------------------------------------------------------------===//

/// Everything that sinterc does with a module, up to the objects.
LogicalResult compile(ModuleOp module, Stage from, const TargetOptions &target, StringRef folder) {
  PipelineOptions options;
  options.target = target;
  Stage at = from;
  if (from <= Stage::Plan) {
    if (failed(runStages(module, from, Stage::Plan, options)))
      return failure();
    printReport(module, llvm::nulls(), /*json=*/false, {});
    printReport(module, llvm::nulls(), /*json=*/true, {});
    at = Stage::Plan;
  }
  if (failed(runStages(module, at, Stage::Target, options)))
    return failure();
  Version version{module, target};
  return success(succeeded(emitObjects(version, (folder + "/o").str())));
}

End compileText(const std::string &text, Stage from, const TargetOptions &target, StringRef folder) {
  DialectRegistry registry;
  registerAllStageDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  size_t errors = 0;
  context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
    errors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
    llvm::errs() << diagnostic.getLocation() << ": " << diagnostic << "\n";
    for (Diagnostic &note : diagnostic.getNotes())
      llvm::errs() << note.getLocation() << ": note: " << note << "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  std::error_code error;
  llvm::raw_fd_ostream((folder + kParsed).str(), error);
  bool good = module && succeeded(compile(*module, from, target, folder));
  return good ? kCompiled : errors ? kRefused : kSilent;
}

/// Becomes sinter-run, which holds what the mutant computes against the interpreter.
void becomeRun(const std::string &text, const Source &source, const std::string &folder) {
  std::error_code error;
  std::string path = folder + kRuns.str();
  llvm::raw_fd_ostream(path, error) << text;
  std::string self = llvm::sys::fs::getMainExecutable("", reinterpret_cast<void *>(&becomeRun));
  std::string tool = (llvm::sys::path::parent_path(self) + "/sinter-run").str(), stage = stageName(source.stage).str();
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execl(tool.c_str(), tool.c_str(), "--from", stage.c_str(), path.c_str(), nullptr);
}

[[noreturn]] void runMutant(const std::string &text, const Source &source, const TargetOptions &target,
                            const std::string &folder, const Settings &settings) {
  rlimit memory{kMostMemory, kMostMemory}, noCore{0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &noCore);
  alarm(settings.seconds);
  if (!std::freopen((folder + "/messages").c_str(), "w", stderr))
    std::_Exit(kSilent);
  End end = compileText(text, source.stage, target, folder);
  if (end == kCompiled && settings.run && source.stage <= Stage::Train)
    becomeRun(text, source, folder);
  std::_Exit(end); // what was allocated goes with the process
}

//===--- the harness -------------------------------------------------------------------------------===//

struct Tally {
  uint64_t compiled = 0, refused = 0, parser = 0, faults = 0;
};

class Harness {
public:
  Harness(const Settings &settings, std::vector<Source> sources) : settings(settings), sources(std::move(sources)) {
    llvm::sys::fs::createUniqueDirectory("sinter-mutants", scratch);
  }
  ~Harness() { llvm::sys::fs::remove_directories(scratch); }

  bool run() {
    Tally total;
    for (const Source &source : sources) {
      Mutator mutator(source.text, llvm::xxh3_64bits(source.name));
      tally = {};
      uint64_t end = settings.only < 0 ? settings.first + settings.count : settings.only + 1;
      for (uint64_t number = settings.only < 0 ? settings.first : settings.only; number < end; ++number) {
        if (running.size() == settings.jobs)
          waitForOne();
        start(source, mutator, number);
      }
      while (!running.empty())
        waitForOne();
      print(source.name, tally);
      total.compiled += tally.compiled;
      total.refused += tally.refused;
      total.parser += tally.parser;
      total.faults += tally.faults;
    }
    print("all stages", total);
    return total.faults == 0;
  }

private:
  struct Run {
    const Source *source;
    uint64_t number;
    Mutator::Mutant mutant;
    std::string folder;
    TargetOptions target;
  };

  static void print(const std::string &name, const Tally &tally) {
    llvm::outs() << name << ": " << tally.compiled + tally.refused + tally.parser + tally.faults << " mutants, "
                 << tally.compiled << " compiled, " << tally.refused << " refused with a message, ";
    if (tally.parser)
      llvm::outs() << tally.parser << " ended LLVM's own parser, ";
    llvm::outs() << tally.faults << " wrong\n";
    llvm::outs().flush();
  }

  void start(const Source &source, const Mutator &mutator, uint64_t number) {
    Run run{&source, number, mutator.make(number), (scratch + "/" + llvm::Twine(started++)).str(), source.target};
    // Before stage target, a module may go to either.
    if (source.stage < Stage::Target && number % 2)
      run.target.target = Target::Vulkan;
    llvm::sys::fs::create_directory(run.folder);
    pid_t child = fork();
    if (child == 0)
      runMutant(run.mutant.text, source, run.target, run.folder, settings);
    running.emplace(child, std::move(run));
  }

  void waitForOne() {
    int status = 0;
    pid_t child = wait(&status);
    auto found = running.find(child);
    if (found == running.end())
      return;
    judge(found->second, status);
    llvm::sys::fs::remove_directories(found->second.folder);
    running.erase(found);
  }

  void judge(const Run &run, int status) {
    auto buffer = llvm::MemoryBuffer::getFile(run.folder + "/messages");
    StringRef messages = buffer ? (*buffer)->getBuffer() : StringRef();
    // What ends LLVM's parser is LLVM's to mend; sinterc says so in a line.
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM && !llvm::sys::fs::exists(run.folder + kParsed)) {
      ++tally.parser;
      return;
    }
    bool runs = llvm::sys::fs::exists(run.folder + kRuns);
    // The interpreter may take its time.
    if (runs && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
      status = kCompiled;
    std::string fault;
    if (runs && messages.contains(" FAILED: "))
      fault = "computes something else";
    else if (WIFSIGNALED(status))
      fault = WTERMSIG(status) == SIGALRM ? "does not end within " + std::to_string(settings.seconds) + " s"
                                          : std::string("ends by ") + strsignal(WTERMSIG(status));
    else if (WEXITSTATUS(status) == kSilent)
      fault = "fails without a message";
    else if (WEXITSTATUS(status) > kSilent || WEXITSTATUS(status) == 2)
      fault = "exits with " + std::to_string(WEXITSTATUS(status));
    else if (messages.count('\n') > kMostLines)
      fault = "is answered by " + std::to_string(messages.count('\n')) + " lines";
    if (fault.empty()) {
      ++(WEXITSTATUS(status) == kCompiled ? tally.compiled : tally.refused);
      return;
    }
    ++tally.faults;
    std::string kept = keep(run);
    llvm::outs() << run.source->name << " number " << run.number << " for "
                 << (run.target.target == Target::Cpu ? "cpu" : "vulkan") << " " << fault << "\n  " << run.mutant.what
                 << "\n  sinterc --from=" << stageName(run.source->stage) << " " << kept << "\n  "
                 << messages.take_front(400).split('\n').first << "\n";
  }

  std::string keep(const Run &run) {
    std::string name = run.source->name + "." + std::to_string(run.number) + ".mlir";
    std::replace(name.begin(), name.end(), '/', '.');
    llvm::sys::fs::create_directories(settings.keep);
    std::string path = settings.keep + "/" + name;
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << run.mutant.text;
    return path;
  }

  const Settings &settings;
  std::vector<Source> sources;
  SmallString<128> scratch;
  std::map<pid_t, Run> running;
  Tally tally;
  uint64_t started = 0;
};

} // namespace
} // namespace sinter::mutants

int main(int argc, char **argv) {
  using namespace sinter::mutants;
  Settings settings;
  CLI::App app("Feeds damaged modules of every stage back to the compiler.", "stage-mutants");
  app.add_option("folders", settings.folders, "folders made by sinterc --dump-stages")->required();
  app.add_option("--count", settings.count, "mutants of each module")->capture_default_str();
  app.add_option("--first", settings.first, "number of the first one");
  app.add_option("--number", settings.only, "this one only");
  app.add_option("--stage", settings.stage, "modules of this stage only");
  app.add_flag("--run", settings.run, "hold what compiles against the interpreter, too");
  app.add_option("--keep", settings.keep, "folder for mutants that fail")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "the longest that one may take")->capture_default_str();
  app.add_option("--jobs", settings.jobs, "how many run at once")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::vector<Source> sources;
  for (const std::string &folder : settings.folders) {
    std::vector<std::string> paths;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator at(folder, error), end; at != end && !error; at.increment(error))
      if (llvm::sys::path::extension(at->path()) == ".mlir")
        paths.push_back(at->path());
    std::sort(paths.begin(), paths.end());
    for (const std::string &path : paths)
      if (std::optional<Source> source = readSource(path))
        if (settings.stage.empty() || sinter::stageName(source->stage) == settings.stage)
          sources.push_back(std::move(*source));
  }
  if (sources.empty()) {
    llvm::errs() << "stage-mutants: no printed module in the folders\n";
    return 2;
  }
  return Harness(settings, std::move(sources)).run() ? 0 : 1;
}
