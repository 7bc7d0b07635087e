// The page of --view: runtime/web/view with the data inside. What is long (the text of stages, the changes of passes)
// is deflated, each stage for itself: the page unpacks what is looked at.
#include "compiler/view/View.h"

#include "base/page.h"
#include "dialects/plan/Plan.h"

#include "llvm/Support/Base64.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/JSON.h"

SINTER_PAGE(sinter_view_page, SINTER_VIEW_PAGE)

using namespace mlir;

namespace sinter::view {
namespace {

using llvm::json::OStream;

std::string text(StringRef value) { return llvm::json::fixUTF8(value); }

/// What `write` prints as JSON.
std::string jsonOf(llvm::function_ref<void(OStream &)> write) {
  std::string result;
  llvm::raw_string_ostream os(result);
  OStream json(os);
  write(json);
  return result;
}

/// Deflated (RFC 1950), in base 64.
std::string packed(const std::string &value) {
  SmallVector<uint8_t> bytes;
  llvm::compression::zlib::compress(ArrayRef(reinterpret_cast<const uint8_t *>(value.data()), value.size()), bytes);
  return llvm::encodeBase64(bytes);
}

template <typename List, typename Print> void list(OStream &json, StringRef name, const List &values, Print print) {
  json.attributeArray(name, [&] {
    for (const auto &value : values)
      print(value);
  });
}
template <typename List> void plain(OStream &json, StringRef name, const List &values) {
  list(json, name, values, [&](const auto &value) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
      json.value(static_cast<int64_t>(value));
    else
      json.value(text(value));
  });
}
/// Lines as one text, which takes less to read than many.
void lines(OStream &json, StringRef name, const std::vector<std::string> &values) {
  json.attribute(name, text(llvm::join(values, "\n")));
}

void write(OStream &json, const StageRecord &stage) {
  json.object([&] {
    list(json, "sections", stage.sections, [&](const Section &section) {
      json.object([&] {
        json.attribute("name", text(section.name));
        lines(json, "text", section.lines);
        plain(json, "places", section.places);
      });
    });
    list(json, "passes", stage.passes, [&](const PassRun &run) {
      json.array([&] {
        for (const Change &change : run.changes)
          json.array([&] {
            for (const Hunk &hunk : change.hunks)
              json.object([&] {
                json.attribute("before", static_cast<int64_t>(hunk.before));
                json.attribute("after", static_cast<int64_t>(hunk.after));
                lines(json, "lines", hunk.lines);
              });
          });
      });
    });
  });
}

/// What there is of a stage, in numbers.
void writeSummary(OStream &json, const StageRecord &stage) {
  json.object([&] {
    json.attribute("name", stage.name);
    size_t count = 0;
    for (const Section &section : stage.sections)
      count += section.lines.size();
    json.attribute("lines", static_cast<int64_t>(count));
    list(json, "passes", stage.passes, [&](const PassRun &run) {
      json.object([&] {
        json.attribute("name", run.name);
        list(json, "changes", run.changes, [&](const Change &change) {
          json.object([&] {
            json.attribute("section", text(change.section));
            json.attribute("added", static_cast<int64_t>(change.added));
            json.attribute("removed", static_cast<int64_t>(change.removed));
          });
        });
      });
    });
    json.attribute("packed", packed(jsonOf([&](OStream &inner) { write(inner, stage); })));
  });
}

void write(OStream &json, const Graph &graph) {
  json.object([&] {
    json.attribute("entry", text(graph.entry));
    plain(json, "kinds", graph.kinds);
    plain(json, "kernels", graph.kernels);
    list(json, "ops", graph.ops, [&](const GraphOp &op) {
      json.object([&] {
        json.attribute("name", text(op.name));
        json.attribute("type", text(op.type));
        json.attribute("place", static_cast<int64_t>(op.place));
        json.attribute("group", op.group);
        json.attribute("bytes", op.bytes);
        json.attribute("flops", op.flops);
        plain(json, "operands", op.operands);
      });
    });
  });
}

void place(OStream &json, StringRef line, const ModelScopes &scopes) {
  json.attribute("line", text(line));
  plain(json, "scopes", scopes.list());
}

void write(OStream &json, const report::EntryFigures &entry) {
  json.object([&] {
    json.attribute("name", text(entry.name));
    json.attribute("arena", entry.arena);
    json.attribute("live", entry.live);
    json.attribute("inputs", entry.inputs);
    json.attribute("flops", entry.flops);
    json.attribute("peak", entry.peakLaunch);
    list(json, "kernels", entry.kernels, [&](const report::KernelFigures &kernel) {
      json.object([&] {
        json.attribute("name", text(kernel.name));
        json.attribute("launches", kernel.launches);
        json.attribute("flops", kernel.flops);
        json.attribute("bytes", kernel.bytes);
        plain(json, "fuses", kernel.fused);
        plain(json, "stored", report::reasons(kernel));
      });
    });
    list(json, "launches", entry.schedule, [&](const report::LaunchFigures &launch) {
      json.object([&] {
        json.attribute("kernel", text(launch.kernel));
        json.attribute("time", launch.time);
        place(json, launch.place.line, launch.place.scopes);
      });
    });
    list(json, "buffers", entry.buffers, [&](const report::BufferFigures &buffer) {
      json.object([&] {
        json.attribute("shape", text(buffer.shape));
        json.attribute("bytes", buffer.bytes);
        json.attribute("offset", buffer.offset);
        json.attribute("first", buffer.first);
        json.attribute("last", buffer.last);
        json.attribute("until", buffer.until);
        place(json, buffer.place.line, buffer.place.scopes);
      });
    });
    list(json, "refusals", entry.refusals, [&](const Refusal &refusal) {
      json.object([&] {
        place(json, refusal.line, refusal.scopes);
        json.attribute("what", text(refusal.what));
        json.attribute("why", text(refusal.why));
        json.attribute("times", refusal.times);
      });
    });
  });
}

} // namespace

bool hasPage() { return sinter_view_page_bytes != 0; }

/// What is a target's own; entries and graphs packed.
static void write(OStream &json, const TargetRecord &target) {
  json.object([&] {
    json.attribute("name", text(target.name));
    json.attribute("title", text(target.figures.target.empty() ? target.name : target.figures.target));
    json.attribute("parameters", target.figures.parameters);
    json.attribute("state_bytes", target.figures.stateBytes);
    list(json, "stages", target.stages, [&](const StageRecord &stage) { writeSummary(json, stage); });
    json.attribute("entries", packed(jsonOf([&](OStream &inner) {
                     inner.array([&] {
                       for (const report::EntryFigures &entry : target.figures.entries)
                         write(inner, entry);
                     });
                   })));
    json.attribute("graphs", packed(jsonOf([&](OStream &inner) {
                     inner.array([&] {
                       for (const Graph &graph : target.graphs)
                         write(inner, graph);
                     });
                   })));
  });
}

std::string View::page(StringRef title, StringRef version) const {
  std::string json = jsonOf([&](OStream &out) {
    out.object([&] {
      out.attribute("title", text(title));
      out.attribute("compiler", text(version));
      out.attribute("alignment", plan::kAlignment);
      list(out, "places", places.list(), [&](const auto &place) {
        out.object([&] {
          out.attribute("line", text(place.first));
          plain(out, "scopes", place.second);
        });
      });
      list(out, "stages", shared, [&](const StageRecord &stage) { writeSummary(out, stage); });
      list(out, "targets", targets, [&](const TargetRecord &target) { write(out, target); });
    });
  });
  return fillPage(sinter_view_page, sinter_view_page_bytes, json);
}

} // namespace sinter::view
