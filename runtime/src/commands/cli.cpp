#include "commands/cli.h"

#include "base/error.h"
#include "base/format.h"
#include "base/output.h"
#include "base/report.h"
#include "base/trace.h"
#include "commands/options.h"
#include "pairs/part.h"
#include "program/pool.h"
#include "sinter/abi.h"
#include "vulkan/vulkan_device.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <optional>

/// The server, where it is linked in.
extern "C" [[gnu::weak]] const sinter::ServeFunction sinter_serve_command;

namespace sinter {

ServeFunction serveFunction() { return &sinter_serve_command ? sinter_serve_command : nullptr; }

// The program's name as the user knows it.
static std::string calledAs(const sinter_program &program, int argc, char **argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::string(name.empty() ? program.name : name);
}

static Exit dispatch(const sinter_program &program, int argc, char **argv) {
  Commands commands;
  if (argc > 1 && argv[1] == std::string_view("serve") && !serveFunction())
    fail(Exit::Usage, "serve: this program was compiled without the server; sinterc --with=serve compiles it in");
  CommandTable table = commandTable(program, speaker(), commands);
  const Chosen chosen = readOptions(table, {argv + std::min(argc, 1), argv + argc});
  if (!chosen.command) {
    printText(chosen.shown);
    return Exit::Done;
  }
  CommonOptions &common = commands.common;
  common.threadsGiven = common.threads != 0;
  if (!common.threadsGiven)
    common.threads = ThreadPool::hardwareThreads();
  const std::string_view name = chosen.command->name;
  std::optional<Trace> trace;
  if (!common.trace.empty())
    trace.emplace(common.trace);
  addPairs(commands.train.inputs, commands.train.source, commands.train.target, "--");
  addPairs(commands.train.validationInputs, commands.train.validationSource, commands.train.validationTarget, "--val-");
  addPairs(commands.eval.inputs, commands.eval.source, commands.eval.target, "--");
  commands.train.given = configurationText(*chosen.command, "--config,--resume,--trace");
  if (name == "tokenizer")
    return tokenizerCommand(commands.tokenizer);
  if (name == "report")
    return reportRuns(program, commands.report);
  if (name == "score")
    return pairsPart()->score(commands.score);
  if (name == "prepare")
    return prepare(common, commands.prepare);
  if (name == "translate")
    return pairsPart()->translate(program, common, commands.translate);
  if (name == "serve")
    return serveFunction()(program, common, commands.serve);
  return name == "train"     ? train(program, common, commands.train)
         : name == "eval"    ? eval(program, common, commands.eval)
         : name == "sample"  ? sample(program, common, commands.sample)
         : name == "bench"   ? bench(program, common, commands.bench)
         : name == "run"     ? runEntry(program, common, commands.run)
         : name == "average" ? average(program, common, commands.average)
         : name == "info"    ? info(program, common, commands.info)
         : name == "export"  ? exportSafetensors(program, common, commands.exported)
                             : importSafetensors(program, common, commands.imported);
}

int runCommandLine(const sinter_program &program, int argc, char **argv) {
  openStandardDescriptors();
  speakAs(calledAs(program, argc, argv));
  // A closed pipe and a file size limit are errors of write(), not reasons to die.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const Exit exit = dispatch(program, argc, argv);
    if (exit == Exit::Done && vulkanMessages()) // also those that came when the device was closed
      fail(Exit::Device, formatted("device vulkan: {} messages of the validation layer", vulkanMessages()));
    return int(exit);
  } catch (const Failure &failure) {
    reportError(failure.what());
    return int(failure.exit());
  } catch (const std::bad_alloc &) {
    reportError("out of memory");
    return int(Exit::Device);
  } catch (const std::exception &error) {
    reportError(error.what());
    return int(Exit::Input);
  }
}

} // namespace sinter
