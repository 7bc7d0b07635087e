#include "compiler/report/Figures.h"

#include "llvm/Support/JSON.h"

using namespace mlir;

namespace sinter::report {
namespace {

/// The figures as JSON, one function for each kind.
class JsonReport {
public:
  explicit JsonReport(llvm::raw_ostream &out) : json(out, 2) {}

  void print(const Figures &figures) {
    json.object([&] {
      attribute("program", figures.program);
      attribute("source", figures.source);
      if (!figures.target.empty())
        json.attribute("target", figures.target);
      json.attribute("parameters", figures.parameters);
      json.attribute("parameter_bytes", figures.parameterBytes);
      json.attribute("other_state_bytes", figures.otherStateBytes);
      json.attribute("state_bytes", figures.stateBytes);
      json.attribute("kernels", figures.kernels);
      json.attribute("launches", figures.launches);
      list("memory", figures.memory, [&](const Memory &memory) { print(memory); });
      if (!figures.vulkan.empty())
        list("vulkan", figures.vulkan, [&](const VulkanFigures &vulkan) { print(vulkan); });
      list("entries", figures.entries, [&](const EntryFigures &entry) { print(entry); });
    });
  }

private:
  static std::string text(StringRef value) { return llvm::json::fixUTF8(value); }
  void attribute(StringRef name, StringRef value) { json.attribute(name, text(value)); }

  /// An array of objects.
  template <typename List, typename Print> void list(StringRef name, const List &values, Print print) {
    json.attributeArray(name, [&] {
      for (const auto &value : values)
        json.object([&] { print(value); });
    });
  }
  void texts(StringRef name, const std::vector<std::string> &values) {
    json.attributeArray(name, [&] {
      for (const std::string &value : values)
        json.value(text(value));
    });
  }
  void place(StringRef line, const ModelScopes &scopes) {
    attribute("line", line);
    texts("scopes", scopes.list());
  }

  void print(const Memory &memory) {
    attribute("version", memory.label);
    json.attribute("state_bytes", static_cast<int64_t>(memory.states));
    json.attribute("constant_bytes", static_cast<int64_t>(memory.constants));
    json.attribute("arena_bytes", static_cast<int64_t>(memory.arena));
    json.attribute("scratch_bytes", static_cast<int64_t>(memory.scratch));
    json.attribute("threads", static_cast<int64_t>(memory.threads));
    json.attribute("bytes", static_cast<int64_t>(memory.total()));
  }

  void print(const VulkanFigures &vulkan) {
    attribute("profile", vulkan.profile);
    json.attribute("dispatches", vulkan.dispatches);
    json.attribute("shaders", vulkan.shaders);
    list("general", vulkan.general, [&](const std::pair<std::string, Place> &kernel) {
      attribute("name", kernel.first);
      place(kernel.second.line, kernel.second.scopes);
    });
  }

  void print(const EntryFigures &entry) {
    attribute("name", entry.name);
    json.attribute("flops", entry.flops);
    json.attribute("arena_bytes", entry.arena);
    json.attribute("live_bytes", entry.live);
    json.attribute("input_bytes", entry.inputs);
    json.attribute("repeated_launches", entry.repeated);
    list("curve", entry.curve, [&](const CurvePoint &point) {
      json.attribute("arena_bytes", static_cast<int64_t>(point.arena));
      json.attribute("further_flops", point.extraFlops);
      json.attribute("time", point.time);
    });
    json.attribute("launches", entry.launches);
    attribute("peak_line", entry.peak.line);
    texts("peak_scopes", entry.peak.scopes.list());
    list("largest_at_peak", entry.largest, [&](const BufferFigures &buffer) {
      json.attribute("bytes", buffer.bytes);
      attribute("shape", buffer.shape);
      place(buffer.place.line, buffer.place.scopes);
    });
    list("kernels", entry.kernels, [&](const KernelFigures &kernel) { print(kernel); });
    list("not_fused", entry.refusals, [&](const Refusal &refusal) {
      place(refusal.line, refusal.scopes);
      attribute("what", refusal.what);
      attribute("because", refusal.why);
      json.attribute("times", refusal.times);
    });
  }

  void print(const KernelFigures &kernel) {
    attribute("name", kernel.name);
    attribute("line", kernel.places.empty() ? "" : kernel.places.list().front().first);
    list("places", kernel.places.list(), [&](const auto &where) { place(where.first, where.second); });
    json.attribute("launches", kernel.launches);
    json.attribute("flops", kernel.flops);
    json.attribute("bytes", kernel.bytes);
    texts("fuses", kernel.fused);
    texts("stored_because", reasons(kernel));
  }

  llvm::json::OStream json;
};

} // namespace

void printJson(const Figures &figures, llvm::raw_ostream &out) {
  JsonReport(out).print(figures);
  out << "\n";
}

} // namespace sinter::report
