#include "Runner.h"

#include "Compiled.h"
#include "ProgramRun.h"

#include "compiler/codegen/vulkan/Profile.h"

#include "llvm/Support/Format.h"

#include <optional>

using namespace mlir;

namespace sinter::run {
namespace {

std::string maxErrorText(const Verdict &verdict) {
  char text[48];
  std::snprintf(text, sizeof text, "(max error %.1e)", verdict.maxError);
  return text;
}

/// What is said about one function: `softmax_rows: reference ok, cpu ok (max error 3.1e-08), vulkan ok (...)`.
class Line {
public:
  explicit Line(std::string name) : name(std::move(name)) {}

  void ok(std::string text) { parts.push_back(std::move(text)); }
  void wrong(std::string device, std::string text) {
    failed = true;
    parts.push_back(device + " FAILED: " + std::move(text));
  }
  void add(std::string device, const Verdict &verdict, bool withError) {
    if (!verdict.ok())
      return wrong(std::move(device), verdict.mismatch);
    ok(device + " ok" + (withError ? " " + maxErrorText(verdict) : ""));
  }

  bool isWrong() const { return failed; }
  void print(llvm::raw_ostream &out) const { out << name << ": " << llvm::join(parts, ", ") << "\n"; }

private:
  std::string name;
  std::vector<std::string> parts;
  bool failed = false;
};

class Runner {
public:
  Runner(const RunOptions &options, llvm::raw_ostream &out) : options(options), out(out) {}
  bool run(ModuleOp module);

private:
  LogicalResult addGradientFunctions(std::vector<func::FuncOp> &functions);
  PipelineOptions pipelineFor(Target target) const;
  std::string blame(const Case &test, Target target);
  LogicalResult compile(ModuleOp module);
  /// Each returns what the device computed, if it could.
  std::optional<Outcome> runOnReference(const Case &test, Line &line);
  std::optional<Outcome> runCompiled(const Case &test, const std::optional<Outcome> &reference, Target target,
                                     Line &line);
  Verdict judge(const Case &test, const Outcome &outcome, const std::optional<Outcome> &reference);
  std::optional<Outcome> runAlike(const Case &test, Target target, ArrayRef<CompiledProgram::Where> group, Line &line);
  bool runCase(const Case &test);
  bool checkGradients(const GradientFunctions &functions);
  void printOutcome(const Case &test, const Outcome &outcome);
  bool report(const Line &line);

  const RunOptions &options;
  llvm::raw_ostream &out;
  std::vector<StagedModule> stages;
  std::vector<GradientFunctions> gradients;
  std::unique_ptr<CompiledProgram> cpu, vulkan;
  std::optional<Rounding> rounding; ///< of the function under test, once it has been asked for
};

bool Runner::report(const Line &line) {
  if (line.isWrong() || !options.quiet)
    line.print(out);
  return !line.isWrong();
}

LogicalResult Runner::addGradientFunctions(std::vector<func::FuncOp> &functions) {
  std::vector<func::FuncOp> originals = functions;
  for (func::FuncOp function : originals) {
    std::optional<GradientFunctions> made = addGradients(function, options.curvatureCheck);
    if (!made)
      continue;
    auto module = function->getParentOfType<ModuleOp>();
    functions.push_back(module.lookupSymbol<func::FuncOp>(made->gradient));
    if (!made->curvature.empty())
      functions.push_back(module.lookupSymbol<func::FuncOp>(made->curvature));
    gradients.push_back(std::move(*made));
  }
  if (gradients.empty())
    return functions.front()->getParentOfType<ModuleOp>().emitError()
           << "no function has both a float argument and a float result, so there is no gradient to check";
  return success();
}

PipelineOptions Runner::pipelineFor(Target target) const {
  PipelineOptions pipeline = options.pipeline;
  pipeline.target.target = target;
  pipeline.portableKernels = options.portableKernels;
  pipeline.target.validateSpirv = options.validateSpirv;
  return pipeline;
}

/// ` (since PASS)`, if a pass is to blame.
std::string Runner::blame(const Case &test, Target target) {
  std::string pass = firstWrongPass(*stages.front().module, stages.front().stage, test, pipelineFor(target));
  return pass.empty() ? "" : " (since " + pass + ")";
}

LogicalResult Runner::compile(ModuleOp module) {
  for (Target target : {Target::Cpu, Target::Vulkan}) {
    Device device = target == Target::Cpu ? Device::Cpu : Device::Vulkan;
    if (options.device != device && options.device != Device::Compiled && options.device != Device::All)
      continue;
    PipelineOptions pipeline = pipelineFor(target);
    FailureOr<std::unique_ptr<CompiledProgram>> program = CompiledProgram::compile(module, options.from, pipeline);
    if (failed(program))
      return failure();
    if (options.kernels)
      for (const std::string &name : (*program)->kernels())
        ++(*options.kernels)[StringRef(name).split('_').first.str()];
    (target == Target::Cpu ? cpu : vulkan) = std::move(*program);
  }
  if (options.device != Device::Vulkan && vulkan && !vulkan->findsVulkanDevice())
    vulkan = nullptr;
  return success();
}

std::optional<Outcome> Runner::runOnReference(const Case &test, Line &line) {
  std::optional<Outcome> first;
  Verdict verdict;
  for (StagedModule &staged : stages) {
    auto function = staged.module->lookupSymbol<func::FuncOp>(test.name);
    if (function && !isInterpretable(function))
      continue;
    FailureOr<Outcome> outcome = interpret(*staged.module, test);
    std::string stage = "reference (" + stageName(staged.stage).str() + ")";
    if (failed(outcome)) {
      line.wrong(stage, "cannot be interpreted");
      return std::nullopt;
    }
    if (test.expects)
      verdict.merge(compareExpectations(*outcome, kReferenceTolerance, false));
    if (first)
      verdict.merge(compare(*outcome, *first, kReferenceTolerance, false));
    if (!verdict.ok()) {
      line.wrong(stage, verdict.mismatch + (first ? blame(test, Target::Cpu) : ""));
      return std::nullopt;
    }
    if (!first)
      first = std::move(*outcome);
  }
  if (!first)
    line.wrong("reference", "no stage of it can be interpreted, since each holds sinter.grad");
  else
    line.add("reference", verdict, false);
  return first;
}

/// On the CPU with several numbers of threads; on Vulkan twice with the kernels of every profile. Runs of the same
/// kernels must agree bit for bit.
std::optional<Outcome> Runner::runCompiled(const Case &test, const std::optional<Outcome> &reference, Target target,
                                           Line &line) {
  using Where = CompiledProgram::Where;
  std::vector<std::vector<Where>> groups;
  if (target == Target::Cpu) {
    groups.emplace_back();
    for (int threads : options.threads ? std::vector<int>{options.threads} : std::vector<int>{1, 2, 3})
      groups.back().push_back({threads, ""});
  } else {
    for (const vulkan::Profile &profile : vulkan::profiles())
      groups.push_back(std::vector<Where>(2, {1, profile.name.str()}));
  }
  std::string device = target == Target::Cpu ? "cpu" : "vulkan";
  std::optional<Outcome> result;
  Verdict verdict;
  for (const std::vector<Where> &group : groups) {
    std::optional<Outcome> first = runAlike(test, target, group, line);
    if (!first)
      return std::nullopt;
    Verdict own = judge(test, *first, reference);
    if (!own.ok() && reference)
      own.mismatch += blame(test, target);
    if (!own.ok() && target == Target::Vulkan)
      own.mismatch = "(" + group.front().profile + ") " + own.mismatch;
    verdict.merge(own);
    if (!result) {
      result = std::move(first);
    } else if (options.sameProfiles && !identical(*result, *first)) {
      line.wrong(device, "the profiles " + groups.front().front().profile + " and " + group.front().profile +
                             " differ: " + compare(*first, *result, {0, 0}, false).mismatch);
      return std::nullopt;
    }
  }
  line.add(device, verdict, test.expects || reference);
  return result;
}

/// Compares what compiled code gave with the reference, and with what the function itself expects. Where the tolerance
/// does not do, terms may have cancelled: the reference then finds out how far rounding moves each result.
Verdict Runner::judge(const Case &test, const Outcome &outcome, const std::optional<Outcome> &reference) {
  auto all = [&](const Rounding *rounding) {
    Verdict verdict;
    if (test.expects)
      verdict.merge(compareExpectations(outcome, kCompiledTolerance, true, rounding));
    if (reference)
      verdict.merge(compare(outcome, *reference, kCompiledTolerance, true, rounding));
    return verdict;
  };
  Verdict verdict = all(nullptr);
  if (verdict.ok() || !reference)
    return verdict;
  auto interpretable = [&](StagedModule &staged) {
    auto function = staged.module->lookupSymbol<func::FuncOp>(test.name);
    return !function || isInterpretable(function);
  };
  ModuleOp module = *llvm::find_if(stages, interpretable)->module;
  if (outcome.results.size() != reference->results.size())
    return verdict;
  if (!rounding)
    if (FailureOr<Rounding> found = findRounding(module, test, *reference); succeeded(found))
      rounding = std::move(*found);
  return rounding ? all(&*rounding) : verdict;
}

/// What all runs give, if it is the same.
std::optional<Outcome> Runner::runAlike(const Case &test, Target target, ArrayRef<CompiledProgram::Where> group,
                                        Line &line) {
  CompiledProgram &program = target == Target::Cpu ? *cpu : *vulkan;
  std::string device = target == Target::Cpu ? "cpu" : "vulkan";
  std::optional<Outcome> first;
  for (const CompiledProgram::Where &where : group) {
    // Zeros first, then NaN and -1: what is not written before it is read cannot give the same twice.
    uint8_t poison = first ? 0xff : 0x00;
    llvm::Expected<Outcome> outcome =
        program.run(test.name, test.argumentNames, test.arguments, test.states, where, poison);
    if (!outcome) {
      line.wrong(device, llvm::toString(outcome.takeError()));
      return std::nullopt;
    }
    if (!first) {
      first = std::move(*outcome);
    } else if (!identical(*first, *outcome)) {
      std::string what = target == Target::Cpu
                             ? "results on " + std::to_string(where.threads) + " threads differ from those on " +
                                   std::to_string(group.front().threads)
                             : "two runs (" + where.profile + ") differ";
      line.wrong(device, what + ": " + compare(*outcome, *first, {0, 0}, false).mismatch);
      return std::nullopt;
    }
  }
  return first;
}

void Runner::printOutcome(const Case &test, const Outcome &outcome) {
  for (auto [i, result] : llvm::enumerate(outcome.results)) {
    out << test.name << " result " << i << " = ";
    print(out, result);
    out << "\n";
  }
  for (const auto &[name, value] : outcome.states) {
    out << test.name << " state @" << name << " = ";
    print(out, value);
    out << "\n";
  }
}

bool Runner::runCase(const Case &test) {
  Line line(test.name);
  std::optional<Outcome> reference, compiled;
  rounding.reset();
  if (!stages.empty())
    reference = runOnReference(test, line);
  if (cpu)
    compiled = runCompiled(test, reference, Target::Cpu, line);
  if (vulkan) {
    std::optional<Outcome> onVulkan = runCompiled(test, reference, Target::Vulkan, line);
    if (!compiled)
      compiled = std::move(onVulkan);
  }
  if (!options.program.empty()) {
    llvm::Expected<Outcome> outcome = runProgram(options.program, options.programDevice, test);
    if (outcome)
      line.add("program", judge(test, *outcome, reference), reference.has_value());
    else
      line.wrong("program", llvm::toString(outcome.takeError()));
  }
  bool ok = report(line);
  if (options.print && (reference || compiled))
    printOutcome(test, reference ? *reference : *compiled);
  return ok;
}

bool Runner::checkGradients(const GradientFunctions &functions) {
  Line line(functions.original);
  ModuleOp module = *stages.back().module;
  FailureOr<Verdict> first = checkGradient(module, functions, options.seed, options.elementsPerArgument);
  if (failed(first))
    line.wrong("gradient", "cannot be interpreted");
  else
    line.add("gradient", *first, true);
  if (!functions.curvature.empty()) {
    FailureOr<Verdict> second = checkCurvature(module, functions, options.seed);
    if (failed(second))
      line.wrong("second order", "cannot be interpreted");
    else
      line.add("second order", *second, true);
  }
  return report(line);
}

bool Runner::run(ModuleOp module) {
  FailureOr<std::vector<func::FuncOp>> functions = prepareEntries(module, options.entry);
  if (failed(functions))
    return false;
  if ((options.gradientCheck || options.curvatureCheck) && failed(addGradientFunctions(*functions)))
    return false;
  std::vector<Case> cases;
  for (func::FuncOp function : *functions)
    cases.push_back(makeCase(function, options.seed));

  bool wantsReference =
      options.device != Device::Cpu && options.device != Device::Compiled && options.from <= Stage::Train;
  if (wantsReference || !gradients.empty()) {
    FailureOr<std::vector<StagedModule>> made = interpretableStages(module, options.from, options.pipeline);
    if (failed(made))
      return false;
    stages = std::move(*made);
  }
  if (options.device != Device::Reference && failed(compile(module)))
    return false;

  bool ok = true;
  for (const Case &test : cases)
    ok &= runCase(test);
  for (const GradientFunctions &functions : gradients)
    ok &= checkGradients(functions);
  return ok;
}

} // namespace

bool runModule(ModuleOp module, const RunOptions &options, llvm::raw_ostream &out) {
  return Runner(options, out).run(module);
}

} // namespace sinter::run
