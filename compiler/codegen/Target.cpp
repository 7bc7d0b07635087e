// LLVM's view of the processor that code is generated for; see Target.h.
#include "compiler/codegen/Target.h"
#include "runtime/include/sinter/abi.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <mutex>

namespace sinter {
namespace {

/// A processor by LLVM's name, and the features that it has beyond (or short of) what the name says.
struct Processor {
  llvm::Triple triple{llvm::sys::getDefaultTargetTriple()};
  const llvm::Target *target = nullptr;
  std::string name, features;
};

/// What to try instead of a name that is unknown.
std::string nearestProcessor(const llvm::MCSubtargetInfo &known, llvm::StringRef name) {
  std::string nearest;
  unsigned distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const llvm::SubtargetSubTypeKV &processor : known.getAllProcessorDescriptions())
    if (unsigned own = name.edit_distance(processor.Key); own < distance)
      distance = own, nearest = processor.Key;
  return (nearest.empty() ? "" : "did you mean '" + nearest + "'? ") +
         "native, x86-64-v3, x86-64-v4 and LLVM's names such as znver4 are known";
}

bool findProcessor(const TargetOptions &options, Processor &processor, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  processor.target = llvm::TargetRegistry::lookupTarget(processor.triple, error);
  if (!processor.target)
    return false;
  processor.name = processorName(options);
  if (options.march == "native")
    for (auto &feature : llvm::sys::getHostCPUFeatures())
      processor.features +=
          (processor.features.empty() ? "" : ",") + std::string(feature.second ? "+" : "-") + feature.first().str();
  std::unique_ptr<llvm::MCSubtargetInfo> known(processor.target->createMCSubtargetInfo(processor.triple, "", ""));
  if (!known->isCPUStringValid(processor.name)) {
    error = "the compiler knows no processor '" + processor.name + "'; " + nearestProcessor(*known, processor.name);
    return false;
  }
  std::unique_ptr<llvm::MCSubtargetInfo> own(
      processor.target->createMCSubtargetInfo(processor.triple, processor.name, ""));
  if (processor.triple.isX86() && !own->checkFeatures("+64bit")) {
    error = "'" + processor.name + "' is a processor of 32 bits; programs are for 64";
    return false;
  }
  return true;
}

} // namespace

std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const TargetOptions &options, std::string &error) {
  Processor processor;
  if (!findProcessor(options, processor, error))
    return nullptr;
  llvm::TargetOptions code;
  code.AllowFPOpFusion = llvm::FPOpFusion::Strict; // one rounding exactly where the IR says fma
  code.FunctionSections = true;
  code.DataSections = true;
  auto level = options.optLevel >= 3 ? llvm::CodeGenOptLevel::Aggressive : llvm::CodeGenOptLevel::Default;
  return std::unique_ptr<llvm::TargetMachine>(processor.target->createTargetMachine(
      processor.triple, processor.name, processor.features, code, llvm::Reloc::PIC_, std::nullopt, level));
}

std::string processorName(const TargetOptions &options) {
  return options.march == "native" ? llvm::sys::getHostCPUName().str() : options.march;
}

std::string whyNoProcessor(llvm::StringRef march) {
  TargetOptions options;
  options.march = march.str();
  Processor processor;
  std::string error;
  return findProcessor(options, processor, error) ? "" : error;
}

uint64_t requiredFeatures(const llvm::TargetMachine &machine) {
  static constexpr llvm::StringLiteral names[] = {
#define SINTER_NAME(name) name,
      SINTER_X86_FEATURES(SINTER_NAME)
#undef SINTER_NAME
  };
  static_assert(std::size(names) <= 64);
  uint64_t mask = 0;
  if (machine.getTargetTriple().isX86())
    for (auto [bit, name] : llvm::enumerate(names))
      if (machine.getMCSubtargetInfo()->checkFeatures(("+" + name).str()))
        mask |= uint64_t{1} << bit;
  return mask;
}

} // namespace sinter
