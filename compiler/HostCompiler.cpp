#include "compiler/HostCompiler.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

namespace sinter {

llvm::Expected<HostCompiler> HostCompiler::find() {
  const char *chosen = std::getenv("CXX");
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver saver(allocator);
  llvm::SmallVector<const char *> words;
  llvm::cl::TokenizeGNUCommandLine(chosen ? chosen : "", saver, words);
  if (words.empty())
    words.push_back("c++");
  llvm::ErrorOr<std::string> program = llvm::sys::findProgramByName(words.front());
  if (!program)
    return llvm::createStringError("cannot find the C++ compiler '%s'; install g++, or set CXX", words.front());
  HostCompiler compiler;
  compiler.command.assign(words.begin(), words.end());
  compiler.command.front() = *program;
  return compiler;
}

std::string HostCompiler::name() const { return llvm::join(command, " "); }

int HostCompiler::run(llvm::ArrayRef<std::string> arguments, llvm::StringRef log, bool verbose,
                      std::string &error) const {
  llvm::SmallVector<llvm::StringRef> words(command.begin(), command.end());
  words.append(arguments.begin(), arguments.end());
  words.push_back("-Wl,-z,relro,-z,now"); // the tables of addresses are complete, and read-only, from the start
  ::unsetenv("LD_RUN_PATH");              // what is linked looks for libraries in no folder that is named there
  if (verbose)
    llvm::errs() << llvm::join(words, " ") << "\n";
  std::optional<llvm::StringRef> streams[3] = {std::nullopt, log, log};
  return llvm::sys::ExecuteAndWait(command.front(), words, std::nullopt,
                                   log.empty() ? llvm::ArrayRef<std::optional<llvm::StringRef>>() : streams, 0, 0,
                                   &error);
}

} // namespace sinter
