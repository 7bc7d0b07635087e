#include "compiler/Inspection.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace sinter {

void inspect(PassManager &manager, const Inspection &inspection, StringRef stage) {
  if (!inspection.reproducer.empty())
    manager.enableCrashReproducerGeneration(inspection.reproducer);
  if (!inspection.prints())
    return;
  auto never = [](Pass *, Operation *) { return false; };
  auto wanted = [after = inspection.after](Pass *pass, Operation *) {
    return after.empty() || llvm::is_contained(after, pass->getArgument());
  };
  if (inspection.treeDirectory.empty())
    return manager.enableIRPrinting(never, wanted, /*printModuleScope=*/false, inspection.onChange);
  SmallString<128> directory(inspection.treeDirectory);
  llvm::sys::path::append(directory, stage);
  manager.enableIRPrintingToFileTree(never, wanted, /*printModuleScope=*/false, inspection.onChange,
                                     /*printAfterOnlyOnFailure=*/false, directory);
}

std::vector<std::string> passNames(const OpPassManager &manager) {
  // `builtin.module(func.func(pass-a,pass-b{option=1}),pass-c)`: nested managers are not to be reached otherwise.
  std::string text;
  llvm::raw_string_ostream os(text);
  manager.printAsTextualPipeline(os);
  std::vector<std::string> names;
  std::string word;
  int options = 0;
  for (char c : text) {
    options += c == '{';
    if (options == 0 && c != '(' && c != ')' && c != ',') {
      word += c;
      continue;
    }
    options -= c == '}';
    bool isPass = c != '(' && !word.empty();
    if (isPass && !llvm::is_contained(names, word))
      names.push_back(word);
    word.clear();
  }
  return names;
}

} // namespace sinter
