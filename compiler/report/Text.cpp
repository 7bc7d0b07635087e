#include "compiler/report/Figures.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace sinter::report {
namespace {

/// 1234567 -> 1,234,567
std::string grouped(double value) {
  std::string digits = llvm::formatv("{0:f0}", value).str();
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, ",");
  return digits;
}

/// The line without the folders of its file.
std::string brief(StringRef line) { return line.substr(line.rfind('/') + 1).str(); }
std::string brief(const Place &place) { return placeText(brief(StringRef(place.line)), place.scopes); }

void printText(const VulkanFigures &figures, llvm::raw_ostream &out) {
  out << "vulkan (" << figures.profile << "): " << figures.dispatches << " dispatches of " << figures.shaders
      << " shaders; ";
  if (figures.general.empty())
    out << "no kernel is left to the general lowering\n";
  else
    out << "left to the general lowering, which is slow:\n";
  for (auto &[name, place] : figures.general)
    out << llvm::StringRef("  " + name + "  " + brief(place)).rtrim() << "\n";
}

} // namespace

void printText(const Figures &figures, llvm::raw_ostream &out) {
  out << "model " << figures.program << " (" << figures.source << ")\n";
  if (!figures.target.empty())
    out << "target " << figures.target << "\n";
  out << "parameters " << grouped(figures.parameters) << " (" << grouped(figures.parameterBytes)
      << " bytes), other state " << grouped(figures.otherStateBytes) << " bytes, state block "
      << grouped(figures.stateBytes) << " bytes\n";
  out << "kernels " << figures.kernels << ", merged from " << figures.launches << " in all entries\n";
  for (const VulkanFigures &vulkan : figures.vulkan)
    printText(vulkan, out);
  for (const Memory &memory : figures.memory) {
    out << "memory " << grouped(memory.total()) << " bytes (" << memory.label << "): states " << grouped(memory.states)
        << ", constants " << grouped(memory.constants) << ", arena " << grouped(memory.arena) << ", scratch "
        << grouped(memory.scratch);
    if (memory.threads)
      out << " of " << memory.threads << (memory.threads == 1 ? " thread" : " threads");
    out << "\n";
  }
  for (const EntryFigures &entry : figures.entries) {
    out << "\nentry " << entry.name << ": " << grouped(entry.flops) << " FLOPs, " << entry.launches << " launches of "
        << entry.kernels.size() << " kernels\n";
    out << "  arena " << grouped(entry.arena) << " bytes, of which " << grouped(entry.live)
        << " are live at once at the peak";
    if (std::string peak = brief(entry.peak); !peak.empty())
      out << " (" << peak << ")";
    out << "; inputs " << grouped(entry.inputs) << " bytes\n";
    if (entry.repeated)
      out << "  " << entry.repeated << " launches repeat others, for the memory budget\n";
    if (entry.curve.size() > 1) {
      out << "  with a --memory-budget (arena bytes, further FLOPs, estimated time):\n";
      for (const CurvePoint &point : entry.curve)
        out << llvm::formatv("  {0,16} {1,18}  {2:f3} x\n", grouped(point.arena), grouped(point.extraFlops),
                             point.time);
    }
    out << "  largest then:\n";
    for (const BufferFigures &buffer : entry.largest)
      out << llvm::formatv("  {0,16} bytes  {1,-28} {2}\n", grouped(buffer.bytes), buffer.shape, brief(buffer.place));
    out << "  kernels, by work:\n";
    out << llvm::formatv("  {0,8} {1,16} {2,14}  {3}\n", "launches", "FLOPs each", "bytes each", "name");
    for (const KernelFigures &kernel : entry.kernels) {
      out << llvm::formatv("  {0,8} {1,16} {2,14}  {3}", kernel.launches, grouped(kernel.flops), grouped(kernel.bytes),
                           kernel.name);
      if (!kernel.places.empty())
        out << "  " << kernel.places.text();
      out << "\n";
      if (kernel.fused.size() > 1)
        out << "           fuses "
            << llvm::join(llvm::map_range(kernel.fused, [](StringRef line) { return brief(line); }), ", ") << "\n";
      if (!kernel.stored.empty())
        out << "           stores its result: " << llvm::join(ArrayRef(reasons(kernel)).take_front(3), "; ")
            << (kernel.stored.size() > 3 ? llvm::formatv("; {0} more", kernel.stored.size() - 3).str() : "") << "\n";
    }
    for (const Refusal &refusal : entry.refusals) {
      std::string place = placeText(brief(StringRef(refusal.line)), refusal.scopes);
      out << "  " << place << (place.empty() ? "" : ": ") << "not fused: " << refusal.what << ", because "
          << refusal.why;
      if (refusal.times > 1)
        out << " (" << refusal.times << " times)";
      out << "\n";
    }
  }
}

} // namespace sinter::report
