// The report: figures are gathered once (report/Gather.cpp), then printed as text or as JSON.
#include "compiler/Report.h"

#include "compiler/report/Figures.h"

using namespace mlir;

namespace sinter {

void printReport(ModuleOp plan, llvm::raw_ostream &out, bool json, ArrayRef<std::pair<std::string, ModuleOp>> vulkan,
                 ArrayRef<Memory> memory, const Remarks *remarks) {
  report::Figures figures = report::gather(plan, remarks);
  figures.memory = memory.vec();
  for (auto &[profile, target] : vulkan)
    figures.vulkan.push_back(report::gatherVulkan(profile, target));
  json ? report::printJson(figures, out) : report::printText(figures, out);
}

} // namespace sinter
