#include "CommandLine.h"

#include "Output.h"
#include "base/error.h"
#include "base/report.h"
#include "compiler/view/View.h"
#include "options/option.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <charconv>
#include <iostream>

namespace sinter {
namespace {

/// `300M` or `1048576`; K, M and G are powers of 1024.
std::optional<uint64_t> parseBytes(llvm::StringRef text) {
  uint64_t factor = 1, value = 0;
  for (auto [suffix, power] : {std::pair{"K", 10}, {"M", 20}, {"G", 30}})
    if (text.consume_back(suffix)) {
      factor = uint64_t{1} << power;
      break;
    }
  auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc() || end != text.end() || value == 0 || value > INT64_MAX / factor)
    return std::nullopt;
  return value * factor;
}

/// The versions of the program that --target, --march and --profile ask for; an exit code if they make no sense.
std::optional<int> interpretTargets(CommandLine &line) {
  llvm::SmallVector<llvm::StringRef> targets, marches, profiles;
  llvm::StringRef(line.target).split(targets, ',');
  bool cpu = false, vulkan = false, oneModule = line.last == Stage::Target || line.first == Stage::Target;
  // Kernels are chosen for one target.
  bool oneTarget = line.first >= Stage::Kernels || (line.last >= Stage::Kernels && line.last <= Stage::Target);
  for (llvm::StringRef target : targets) {
    if (target != "cpu" && target != "vulkan")
      return complain("--target=" + line.target + ": unknown target; cpu and vulkan are known");
    bool &wanted = target == "cpu" ? cpu : vulkan;
    if (wanted)
      return complain("--target=" + line.target + ": '" + target + "' is given twice");
    wanted = true;
  }
  if (cpu && vulkan && oneTarget)
    return complain("--target=" + line.target + ": a module at stage " +
                    stageName(line.first >= Stage::Kernels ? line.first : line.last) +
                    " is for one target; give one, or use --dump-stages");
  llvm::StringRef(line.march).split(marches, ',');
  for (llvm::StringRef march : marches) {
    if (march.empty())
      return complain("--march=" + line.march + ": expected a processor or a list such as x86-64-v3,x86-64-v4");
    if (llvm::count(marches, march) > 1)
      return complain("--march=" + line.march + ": '" + march + "' is given twice");
    if (std::string problem = whyNoProcessor(march); !problem.empty())
      return complain("--march=" + line.march + ": " + problem);
    TargetOptions &options = line.targets.emplace_back();
    options.march = march.str();
  }
  if (cpu && marches.size() > 1 && oneModule)
    return complain("--march=" + line.march +
                    ": a module at stage target is for one processor; give one, or use --dump-stages");
  if (!cpu)
    line.targets.clear();
  if (!vulkan)
    return line.profile.empty() ? std::nullopt
                                : std::optional(complain("--profile=" + line.profile + ": needs --target=vulkan"));
  std::string chosen = !line.profile.empty() ? line.profile : oneModule ? "registers" : "registers,shared";
  llvm::StringRef(chosen).split(profiles, ',');
  for (llvm::StringRef profile : profiles) {
    if (profile != "registers" && profile != "shared")
      return complain("--profile=" + line.profile + ": registers and shared are known");
    if (llvm::count(profiles, profile) > 1)
      return complain("--profile=" + line.profile + ": '" + profile + "' is given twice");
    TargetOptions &options = line.targets.emplace_back();
    options.target = Target::Vulkan;
    options.profile = profile.str();
    options.validateSpirv = line.validateSpirv;
  }
  if (profiles.size() > 1 && oneModule)
    return complain("--profile=" + line.profile + ": a module at stage target is for one kind of device; give one");
  return std::nullopt;
}

/// The configuration values of --set.
std::optional<int> interpretSettings(CommandLine &line) {
  for (const std::string &setting : line.settings) {
    auto [name, value] = llvm::StringRef(setting).split('=');
    if (name.empty() || name.size() == setting.size())
      return complain("--set: expected NAME=VALUE, but got '" + setting + "'");
    if (!line.values.emplace(name, value).second)
      return complain("--set: '" + name + "' is given twice");
  }
  if (line.inputIsModule() && line.accumulate)
    return complain("--accumulate: acts while a model is built, but '" + line.input + "' is a module");
  if (line.inputIsModule() && !line.values.empty())
    return complain("--set: configuration values belong to a model's C++ file, not to '" + line.input + "'");
  return std::nullopt;
}

/// What --emit asks for: a stage, `header`, or `header` beside `obj`.
std::optional<int> interpretEmit(CommandLine &line) {
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(line.emit).split(words, ',', -1, /*KeepEmpty=*/false);
  bool stage = false;
  for (llvm::StringRef word : words) {
    if (word == "header") {
      line.header = true;
      continue;
    }
    std::optional<Stage> found = stageByName(word);
    if (!found)
      return complain("--emit=" + word +
                      ": unknown stage; the stages are model fused train kernels plan target obj "
                      "exe; header is known, too");
    if (stage)
      return complain("--emit=" + line.emit + ": one stage at a time, and header");
    stage = true;
    line.last = *found;
  }
  if (line.header && !stage)
    line.last = Stage::Plan;
  if (line.header && stage && line.last != Stage::Object)
    return complain("--emit=" + line.emit + ": header goes with obj, or stands alone");
  if (!line.prefix.empty() && !line.header && line.last != Stage::Object)
    return complain("--prefix: names what --emit=obj and --emit=header give");
  if (!line.prefix.empty() && (!llvm::isAlpha(line.prefix.front()) ||
                               !llvm::all_of(line.prefix, [](char c) { return llvm::isAlnum(c) || c == '_'; })))
    return complain("--prefix=" + line.prefix + ": expected a name of letters, digits and _ that begins with a letter");
  return std::nullopt;
}

/// The stages of --from and --emit.
std::optional<int> interpretStages(CommandLine &line) {
  if (std::optional<int> code = interpretEmit(line))
    return code;
  if (!line.from.empty()) {
    std::optional<Stage> found = stageByName(line.from);
    if (!found)
      return complain("--from=" + line.from +
                      ": unknown stage; the stages are model fused train kernels plan target obj exe");
    line.first = *found;
  }
  if (!line.inputIsModule() && !line.from.empty())
    return complain("--from=" + line.from + ": needs a module (.mlir), but the input is '" + line.input + "'");
  if (line.first > Stage::Target)
    return complain("--from=" + line.from + ": compilation resumes at a stage that is a module: model to target");
  if (line.first > line.last)
    return complain("--from=" + line.from + " comes after --emit=" + line.emit);
  return std::nullopt;
}

/// An option that acts at a stage which this compilation does not come by is not ignored.
std::optional<int> checkReach(const CommandLine &line, const Command &options) {
  for (auto [option, stage] : {std::pair{"--decode", Stage::Fused},
                               {"--decode-batch", Stage::Fused},
                               {"--weights", Stage::Fused},
                               {"--dtype", Stage::Train},
                               {"--memory-budget", Stage::Plan},
                               {"--validate-spirv", Stage::Object}}) {
    if (options.at(option).given.empty())
      continue;
    if (line.first >= stage)
      return complain(llvm::Twine(option) + ": acts on the way to stage " + stageName(stage) +
                      ", but --from=" + line.from + " starts behind it");
    if (line.last < stage)
      return complain(llvm::Twine(option) + ": acts on the way to stage " + stageName(stage) +
                      ", but --emit=" + line.emit + " ends before it");
  }
  if (!line.report.empty() && (line.first > Stage::Plan || line.last < Stage::Plan))
    return complain("--report: describes stage plan, which lies outside of --from and --emit");
  bool cpu = llvm::any_of(line.targets, [](const TargetOptions &t) { return t.target == Target::Cpu; });
  if (!options.at("--march").given.empty() && !cpu)
    return complain("--march=" + line.march + ": needs --target=cpu");
  bool vulkan = llvm::any_of(line.targets, [](const TargetOptions &t) { return t.target == Target::Vulkan; });
  // Few rows would be multiplied in f32 and many in bf16: a sampler would no longer agree with eval.
  if (line.weights == "packed" && line.dtype == "bf16")
    return complain("--weights=packed: are f32, but --dtype=bf16 rounds what products read; take --weights=bf16");
  if (vulkan && line.weights != "f32")
    return complain("--weights=" + line.weights +
                    ": Vulkan has no kernels for packed weights; compile for the CPU alone");
  for (const std::string &part : line.with)
    if (part != "serve")
      return complain("--with=" + part + ": unknown part; serve is known");
  if (!line.with.empty() && line.last != Stage::Executable)
    return complain("--with=serve: is linked into a program, but --emit=" + line.emit + " ends before that");
  if (line.validateSpirv && !vulkan)
    return complain("--validate-spirv: needs --target=vulkan");
  return std::nullopt;
}

/// "did you mean NAME?", of a name that contains `typed` or is spelt much like it; else `otherwise`.
std::string suggest(llvm::StringRef typed, llvm::ArrayRef<std::string> known, const std::string &otherwise) {
  std::string nearest;
  unsigned distance = std::max<size_t>(2, typed.size() / 3) + 1;
  for (const std::string &name : known)
    if (unsigned own = llvm::StringRef(name).contains(typed) ? 0 : typed.edit_distance(name); own < distance)
      distance = own, nearest = name;
  return nearest.empty() ? otherwise : "did you mean " + nearest + "?";
}

/// Passes that do not run would print nothing.
std::optional<int> checkPasses(const CommandLine &line) {
  if (!line.inspection.prints() && line.debugOnly.empty())
    return std::nullopt;
  std::vector<std::string> known;
  PipelineOptions options = line.pipelineOptions();
  for (const TargetOptions &target : line.targets) {
    options.target = target;
    for (std::string &name : passNames(line.first, line.last, options))
      if (!llvm::is_contained(known, name))
        known.push_back(std::move(name));
  }
  if (known.empty())
    return complain("no pass runs from stage " + stageName(line.first) + " to stage " + stageName(line.last) +
                    ", so there is none to look at");
  llvm::SmallVector<llvm::StringRef> debugged;
  llvm::StringRef(line.debugOnly).split(debugged, ',', -1, /*KeepEmpty=*/false);
  auto check = [&](llvm::StringRef option, auto &names) -> std::optional<int> {
    for (llvm::StringRef name : names)
      if (!llvm::is_contained(known, name))
        return complain(option + "=" + name + ": no pass of this name runs; " +
                        suggest(name, known, "those that do are " + llvm::join(known, " ")));
    return std::nullopt;
  };
  std::optional<int> code = check("--print-ir-after", line.inspection.after);
  return code ? code : check("--debug-only", debugged);
}

/// Where the result and the dumps go.
std::optional<int> checkOutputs(const CommandLine &line) {
  if (line.last >= Stage::Object && line.output.empty() && line.report.empty() && line.view.empty() &&
      !line.listSettings)
    return complain("-o OUT is missing: where shall the program go?");
  if (line.last >= Stage::Object && line.output == "-")
    return complain("-o -: a program does not go to standard output");
  if (std::string problem = line.output.empty() ? "" : whyNotWritable(line.output, line.input); !problem.empty())
    return complain("cannot write -o '" + line.output + "': " + problem, kWrongInput);
  if (!line.view.empty() && !view::hasPage())
    return complain("--view: sinter was built without the page, since npm was not there");
  if (std::string problem = line.view.empty() ? "" : whyNotWritable(line.view, line.input); !problem.empty())
    return complain("cannot write --view '" + line.view + "': " + problem, kWrongInput);
  if (!line.view.empty() && isSameFile(line.view, line.output))
    return complain("--view=" + line.view + ": that is where the result goes");
  if (line.header && line.last == Stage::Object && llvm::StringRef(line.output).ends_with(".h"))
    return complain("-o " + line.output + ": that is where the header goes; name the object, OUT.o");
  std::string folder = llvm::sys::path::parent_path(line.input).str();
  if (line.inputIsModule() && !line.dumpDirectory.empty() &&
      isSameFile(line.dumpDirectory, folder.empty() ? "." : folder))
    return complain("--dump-stages=" + line.dumpDirectory + ": '" + line.input +
                    "' lies there and might be written over");
  const std::string &reproducer = line.inspection.reproducer, &tree = line.inspection.treeDirectory;
  if (std::string problem = reproducer.empty() ? "" : whyNotWritable(reproducer, line.input); !problem.empty())
    return complain("cannot write --crash-reproducer '" + reproducer + "': " + problem, kWrongInput);
  if (tree.empty())
    return std::nullopt;
  std::error_code error = llvm::sys::fs::create_directories(tree);
  if (!error && !llvm::sys::fs::is_directory(tree))
    error = std::make_error_code(std::errc::not_a_directory);
  if (error)
    return complain("--print-ir-tree-dir: cannot create folder '" + tree + "': " + error.message(), kWrongInput);
  return std::nullopt;
}

/// Makes sense of what was read; an exit code if it makes none.
std::optional<int> interpret(CommandLine &line, const Command &options) {
  if (!llvm::is_contained({"f32", "packed", "bf16", "int8", "int4"}, line.weights))
    return complain("--weights=" + line.weights + ": unknown type; f32, packed, bf16, int8 and int4 are known");
  if (line.dtype != "f32" && line.dtype != "bf16")
    return complain("--dtype=" + line.dtype + ": unknown type; f32 and bf16 are known");
  if (!options.at("--memory-budget").given.empty() && !(line.budgetBytes = parseBytes(line.budget)))
    return complain("--memory-budget: expected a number of bytes such as 300M, but got '" + line.budget + "'");
  if (line.noDecode && (line.decode || !options.at("--decode-batch").given.empty()))
    return complain("--no-decode: contradicts --decode and --decode-batch");
  line.decodeTexts = line.noDecode ? 0 : 1;
  line.decode |= !options.at("--decode-batch").given.empty();
  if (!options.at("--decode-batch").given.empty() &&
      (llvm::StringRef(line.decodeBatch).getAsInteger(10, line.decodeTexts) || line.decodeTexts < 1 ||
       line.decodeTexts > 1024))
    return complain("--decode-batch: expected a number of texts from 1 to 1024, but got '" + line.decodeBatch + "'");
  if (!line.report.empty() && line.report != "text" && line.report != "json")
    return complain("--report=" + line.report + ": text and json are known");
  std::optional<int> code = interpretStages(line);
  if (!code)
    code = interpretTargets(line);
  if (!code)
    code = interpretSettings(line);
  if (!code)
    code = checkReach(line, options);
  if (!code)
    code = checkPasses(line);
  return code ? code : checkOutputs(line);
}

/// Whether a word is a configuration value that follows another: `--set layers=2 width=64`.
bool isSetting(llvm::StringRef word) {
  auto [name, value] = word.split('=');
  return name.size() < word.size() && !name.empty() &&
         llvm::all_of(name, [](char c) { return std::isalnum(c) || c == '_'; });
}

/// The arguments with --set before each of its values, and --report with its format.
std::vector<std::string> spellOut(llvm::ArrayRef<char *> arguments) {
  std::vector<std::string> words;
  bool settings = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    llvm::StringRef word = arguments[i];
    bool follows = settings && isSetting(word);
    if (follows)
      words.push_back("--set");
    words.push_back(word.str());
    if (word == "--set" && i + 1 < arguments.size())
      words.push_back(arguments[++i]);
    settings = follows || word.starts_with("--set");
    llvm::StringRef format = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (word == "--report" && format != "text" && format != "json")
      words.back() = "--report=text";
  }
  return words;
}

/// All that sinterc may be told.
CommandTable tableOf(CommandLine &line, std::vector<std::string> &inputs, std::string &configuration) {
  CommandTable table;
  table.program = "sinterc";
  table.about = "compiles a model description to one self-contained program";
  table.version = "sinterc " SINTER_VERSION;
  table.variables = "SINTERC_";
  table.exits = "0 done; 1 the input is wrong; 2 usage.";
  Command &command = table.commands.emplace_back(Command{"",
                                                         "Compiles a model description to one self-contained "
                                                         "program.",
                                                         {}});
  auto add = [&](const char *names, const char *value, OptionTarget target, std::string text,
                 std::string otherwise = "") -> Option & {
    return command.options.emplace_back(
        Option{names, value, target, anyText, std::move(text), std::move(otherwise), false, nullptr, "", "", {}});
  };
  auto flag = [&](const char *names, bool &target, const char *text) { add(names, "", &target, text); };
  add("input", "MODEL.cpp", &inputs, "what to compile; or a MODULE.mlir, with --from").required = true;
  add("-o,--output", "FILE", &line.output, "where the result goes");
  add("--target", "TARGETS", &line.target, "cpu, vulkan or cpu,vulkan: the program chooses by --device", line.target)
      .suggestions = "cpu,vulkan";
  add("--march", "NAME", &line.march,
      "processor to compile for: native, x86-64-v3, ...; of a list, worst to best, the program runs the best that it "
      "can",
      line.march)
      .suggestions = "native,x86-64-v2,x86-64-v3,x86-64-v4";
  add("--profile", "NAME", &line.profile,
      "Vulkan devices to compile for: registers (CPU-like), shared (GPUs) or registers,shared", "both")
      .suggestions = "registers,shared";
  flag("--validate-spirv", line.validateSpirv, "check every shader by libSPIRV-Tools");
  add("--set", "NAME=VALUE", &line.settings, "a configuration value that the model declares; several may follow");
  flag("--list-settings", line.listSettings, "print the values that the model declares, and end");
  add("--dtype", "TYPE", &line.dtype,
      "what matrix products compute in: f32 or bf16 (sums, parameters and all else are f32)", line.dtype)
      .suggestions = "f32,bf16";
  flag("--accumulate", line.accumulate,
       "also compile what `train --accumulate N` needs: steps of several batches, whose gradients add up");
  flag("--decode", line.decode,
       "an error if there can be no entries that sample token by token, with caches: prefill and decode, of the bits "
       "that "
       "logits has (without it, a warning, and sampling computes all positions for each token)");
  flag("--no-decode", line.noDecode, "compile no such entries: a smaller program, that samples slowly");
  add("--decode-batch", "TEXTS", &line.decodeBatch,
      "as --decode, and decode makes a token of so many texts at once: of --samples, of --beams, of a server's "
      "requests",
      "1");
  add("--weights", "TYPE", &line.weights,
      "how entries that do not train read their weights: f32, as they are; packed, a copy in the order in which few "
      "rows "
      "read them, to the same bits; bf16; or whole numbers with a scale for each group, int8 or int4. Checkpoints and "
      "training stay f32",
      line.weights)
      .suggestions = "f32,packed,bf16,int8,int4";
  add("--with", "PART", &line.with,
      "link a further part into the program: serve, which answers requests as OpenAI's API does and has a page to try "
      "the model (about 400 KB)",
      "none")
      .suggestions = "serve";
  add("--memory-budget", "BYTES", &line.budget,
      "the most bytes the program may take, such as 300M: values are computed again instead of stored", "no bound");
  add("--emit", "STAGE", &line.emit,
      "stop at and write: model fused train kernels plan target obj exe; obj: one object, of all versions, for "
      "programs "
      "of one's own; header: the types of its entries; obj,header: OUT.o and OUT.h",
      "exe")
      .suggestions = "model,fused,train,kernels,plan,target,obj,exe,header";
  add("--prefix", "NAME", &line.prefix, "what the symbols of obj and header begin with", "the model's name");
  add("--from", "STAGE", &line.from, "the stage that MODULE.mlir is at", "model").suggestions =
      "model,fused,train,kernels,plan,target";
  add("--dump-stages", "FOLDER", &line.dumpDirectory, "folder to write every stage to, and shaders as SPIR-V");
  add("--report", "[=FORMAT]", &line.report, "what was compiled: text or json", "text").alone = "text";
  add("--view", "OUT.html", &line.view,
      "a page to look at what was compiled, for the first target: every stage, what each pass changed, which ops are "
      "which kernel and why not more, memory over time");
  add("--print-ir-after", "PASSES", &line.inspection.after, "passes after which to print the IR to stderr");
  flag("--print-ir-after-change", line.inspection.onChange, "the same after every pass that changed something");
  add("--print-ir-tree-dir", "FOLDER", &line.inspection.treeDirectory,
      "the same to a file for each pass in this folder");
  add("--crash-reproducer", "FILE", &line.inspection.reproducer,
      "where the module and the passes go if one fails, for sinter-opt --run-reproducer");
  add("--debug-only", "PASSES", &line.debugOnly, "passes that say each of their steps to stderr");
  flag("--statistics", line.statistics, "say how much each pass did");
  flag("--time", line.time, "say how long each stage took");
  flag("-v,--verbose", line.verbose, "say what is being done");
  add("--config", "FILE", &configuration, "options in a file: lines NAME = VALUE; those given here count more");
  return table;
}

} // namespace

PipelineOptions CommandLine::pipelineOptions() const {
  PipelineOptions options;
  options.target = targets.front();
  options.severalTargets = llvm::any_of(targets, [&](const TargetOptions &t) { return t.target != targets[0].target; });
  options.severalVersions = targets.size() > 1 || options.target.target == Target::Vulkan;
  options.bf16 = dtype == "bf16";
  options.memoryBudget = budgetBytes;
  options.decode = decodeTexts;
  options.decodeIfPossible = !decode;
  options.weights = weights == "f32" ? "" : weights == "packed" ? "f32" : weights;
  options.curve = !report.empty();
  options.dumpDirectory = dumpDirectory;
  options.time = time;
  options.verbose = verbose;
  options.inspection = inspection;
  options.verifyEach = !inspection.reproducer.empty(); // it names the pass that fails
  return options;
}

int complain(const llvm::Twine &message, ExitCode code) {
  llvm::errs() << "sinterc: " << message << "\n";
  return code;
}

std::optional<int> readCommandLine(int argc, char **argv, CommandLine &line) {
  speakAs("sinterc");
  std::vector<std::string> inputs;
  std::string configuration;
  CommandTable table = tableOf(line, inputs, configuration);
  try {
    Chosen chosen = readOptions(table, spellOut({argv + 1, argv + argc}));
    if (!chosen.command) {
      std::cout << chosen.shown << std::flush;
      return std::cout ? kDone : complain("cannot write standard output", kWrongInput);
    }
  } catch (const Failure &failure) {
    return complain(failure.what(), static_cast<ExitCode>(failure.exit()));
  }
  if (inputs.size() > 1)
    return complain("one input at a time, but there are '" + inputs[0] + "' and '" + inputs[1] + "'");
  line.input = inputs[0];
  for (const std::string &names : std::exchange(line.inspection.after, {}))
    for (std::string &name : splitNames(names))
      line.inspection.after.push_back(std::move(name));
  return interpret(line, table.commands.front());
}

} // namespace sinter
