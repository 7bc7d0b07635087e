#include "commands/cli.h"

#include "base/error.h"
#include "base/output.h"
#include "base/report.h"
#include "commands/arguments.h"
#include "commands/options.h"
#include "program/pool.h"
#include "sinter/abi.h"
#include "vulkan/vulkan_device.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <new>

namespace sinter {

// The program's name as the user knows it.
static std::string calledAs(const sinter_program &program, int argc, char **argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::string(name.empty() ? program.name : name);
}

static Exit dispatch(const sinter_program &program, int argc, char **argv) {
  CLI::App app{fmt::format("{}: compiled by sinter from {}", program.name, program.source), speaker()};
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("{} ({}, {})", program.name, program.compiler, program.target));
  app.get_formatter()->column_width(28);
  Commands commands;
  addSubcommands(app, program, commands);
  Arguments arguments = readArguments(app, program, {argv + std::min(argc, 1), argv + argc});
  if (!arguments.subcommand) {
    printText(arguments.shown);
    return Exit::Done;
  }
  try {
    std::reverse(arguments.words.begin(), arguments.words.end()); // as CLI11 wants them
    app.parse(std::move(arguments.words));
  } catch (const CLI::ParseError &error) {
    fail(Exit::Usage, error.what() + seeHelp());
  }
  CommonOptions &common = commands.common;
  common.threadsGiven = common.threads != 0;
  if (!common.threadsGiven)
    common.threads = ThreadPool::hardwareThreads();
  const std::string name = arguments.subcommand->get_name();
  return name == "train"    ? train(program, common, commands.train)
         : name == "eval"   ? eval(program, common, commands.eval)
         : name == "sample" ? sample(program, common, commands.sample)
         : name == "bench"  ? bench(program, common, commands.bench)
         : name == "run"    ? runEntry(program, common, commands.run)
         : name == "info"   ? info(program, common, commands.info)
         : name == "export" ? exportSafetensors(program, common, commands.exported)
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
      fail(Exit::Device, fmt::format("device vulkan: {} messages of the validation layer", vulkanMessages()));
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
