// Links object files by the host's C++ driver: to an executable with the runtime, to a shared object, or to
// one object.
#include "compiler/HostCompiler.h"
#include "compiler/codegen/Codegen.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace sinter {
namespace {

/// What the runtime library needs, from the list that its build leaves beside it: one argument a line.
SmallVector<std::string> runtimeArguments(StringRef runtimeLibrary) {
  SmallString<256> list(runtimeLibrary);
  llvm::sys::path::remove_filename(list);
  llvm::sys::path::append(list, "sinter_runtime.link");
  SmallVector<std::string> arguments;
  auto file = llvm::MemoryBuffer::getFile(list);
  if (!file)
    return arguments; // nothing but the C library
  SmallVector<StringRef> lines;
  (*file)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines)
    if (!line.trim().empty())
      arguments.push_back(line.trim().str());
  return arguments;
}

LogicalResult run(ArrayRef<std::string> arguments, StringRef output, bool verbose) {
  auto compiler = HostCompiler::find();
  if (!compiler) {
    llvm::errs() << "error: link: " << llvm::toString(compiler.takeError()) << '\n';
    return failure();
  }
  SmallString<128> log;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("sinter-link", "log", log)) {
    llvm::errs() << "error: link: cannot write a temporary file: " << code.message() << '\n';
    return failure();
  }
  std::string message;
  int status = compiler->run(arguments, log, verbose, message);
  if (status != 0) {
    llvm::errs() << "error: link: " << compiler->name() << " failed with status " << status << " on " << output
                 << (message.empty() ? "" : ": ") << message << '\n';
    if (auto text = llvm::MemoryBuffer::getFile(log))
      llvm::errs() << (*text)->getBuffer();
  }
  llvm::sys::fs::remove(log);
  return success(status == 0);
}

} // namespace

LogicalResult linkExecutable(ArrayRef<std::string> objects, StringRef runtimeLibrary, StringRef output, bool verbose) {
  std::vector<std::string> arguments{"-pie", "-o", output.str()};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  arguments.push_back(runtimeLibrary.str());
  for (std::string &argument : runtimeArguments(runtimeLibrary))
    arguments.push_back(argument);
  for (const char *argument :
       {"-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections", "-Wl,--as-needed", "-s", "-pthread", "-lm"})
    arguments.push_back(argument);
  return run(arguments, output, verbose);
}

LogicalResult joinObjects(ArrayRef<std::string> objects, StringRef output, bool verbose) {
  std::vector<std::string> arguments{"-r", "-nostdlib", "-o", output.str()};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  return run(arguments, output, verbose);
}

LogicalResult linkShared(ArrayRef<std::string> objects, StringRef output, bool verbose) {
  std::vector<std::string> arguments{"-shared", "-o", output.str()};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  for (const char *argument : {"-Wl,--as-needed", "-Wl,-Bsymbolic", "-lm"})
    arguments.push_back(argument);
  return run(arguments, output, verbose);
}

} // namespace sinter
