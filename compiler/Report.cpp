// The report: figures are gathered once, then printed as text or as JSON.
#include "compiler/Report.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Places.h"
#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace sinter {
namespace {

constexpr size_t kLargestBuffers = 5;

/// Where something of one kind was asked for.
struct Place {
  std::string line;
  ModelScopes scopes;

  Place() = default;
  explicit Place(Location location) : line(modelLine(location)), scopes(location) {}
};

struct BufferFigures {
  std::string shape;
  Place place;
  int64_t bytes = 0;
};

struct KernelFigures {
  std::string name;
  ModelPlaces places; // of its launches
  int64_t launches = 0;
  double flops = 0, bytes = 0;    // of one launch
  std::vector<std::string> fused; // model lines of the ops it holds, in order
  /// Why its results are tensors in memory, and whose readers they wait for.
  llvm::MapVector<std::string, ModelPlaces, std::map<std::string, unsigned>> stored;
};

/// Another way to run an entry.
struct CurvePoint {
  double arena = 0, extraFlops = 0, time = 0; // time: as a multiple of the first way's, estimated
};

struct EntryFigures {
  std::string name;
  int64_t arena = 0, live = 0, inputs = 0, launches = 0, repeated = 0, peakLaunch = 0;
  double flops = 0;
  Place peak;
  std::vector<BufferFigures> largest;
  std::vector<KernelFigures> kernels; // by FLOPs
  std::vector<Refusal> refusals;
  std::vector<CurvePoint> curve;
};

/// What Vulkan code generation made of the kernels.
struct VulkanFigures {
  std::string profile;
  int64_t dispatches = 0, shaders = 0;
  std::vector<std::pair<std::string, Place>> general; ///< kernels
};

struct Figures {
  std::string program, source, target;
  int64_t parameters = 0, parameterBytes = 0, otherStateBytes = 0, stateBytes = 0, kernels = 0, launches = 0;
  std::vector<EntryFigures> entries;
  std::vector<VulkanFigures> vulkan;
  std::vector<Memory> memory;
};

//===--- gathering ---------------------------------------------------------------------------------===//

std::string describeType(MemRefType type) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << type.getElementType() << " [";
  llvm::interleaveComma(type.getShape(), out);
  out << "]";
  return text;
}

/// The launches between which a buffer of the arena is live.
struct Life {
  plan::ArenaOp buffer;
  int64_t first = -1, last = -1;
};

class EntryReader {
public:
  explicit EntryReader(plan::EntryOp entry) : entry(entry), launches(entry.getBody().getOps<plan::LaunchOp>()) {}

  EntryFigures read() {
    figures.name = entry.getSymName().str();
    figures.arena = entry.getArenaBytes();
    figures.live = entry.getLiveBytes();
    figures.launches = launches.size();
    for (auto input : entry.getBody().getOps<plan::InputOp>())
      figures.inputs += plan::sizeInBytes(cast<MemRefType>(input.getBuffer().getType()));
    figures.repeated = llvm::count_if(launches, [](plan::LaunchOp launch) { return launch->hasAttr(kAgainAttr); });
    if (std::optional<ArrayRef<double>> curve = entry.getCurve())
      for (size_t i = 0; i + 2 < curve->size(); i += 3)
        figures.curve.push_back({(*curve)[i], (*curve)[i + 1], (*curve)[i + 2] / (*curve)[2]});
    readLives();
    readPeak();
    readKernels();
    return std::move(figures);
  }

private:
  void readLives() {
    for (auto [time, launch] : llvm::enumerate(launches)) {
      for (Value input : launch.getInputs()) {
        Value root = plan::rootBuffer(input);
        lives[root].last = time;
        readers[root].insert(launch);
      }
      for (Value output : launch.getOutputs())
        lives[plan::rootBuffer(output)] = {nullptr, static_cast<int64_t>(time), static_cast<int64_t>(time)};
      for (size_t output = 0; output < launch.getOutputs().size(); ++output)
        if (int64_t input = launch.getReusedInput(output); input >= 0)
          overwritten.insert(plan::rootBuffer(launch.getInputs()[input]));
    }
    for (auto output : entry.getBody().getOps<plan::OutputOp>()) {
      lives[plan::rootBuffer(output.getBuffer())].last = launches.size();
      outputs.insert(plan::rootBuffer(output.getBuffer()));
    }
    for (auto arena : entry.getBody().getOps<plan::ArenaOp>())
      lives[arena.getBuffer()].buffer = arena;
  }

  /// The launch at which most bytes are live, and the largest buffers then.
  void readPeak() {
    auto liveAt = [&](int64_t time, Life &life) {
      // What a launch overwrites in place is counted once, as its output.
      bool replaced = life.last == time && overwritten.contains(life.buffer.getBuffer());
      return life.first <= time && time <= life.last && !replaced;
    };
    SmallVector<Life> arena;
    for (auto &[value, life] : lives)
      if (life.buffer)
        arena.push_back(life);
    SmallVector<int64_t> change(launches.size() + 3); // of live bytes, from launch -1 on
    for (Life &life : arena) {
      int64_t bytes = plan::alignUp(sizeOf(life)),
              end = life.last + (overwritten.contains(life.buffer.getBuffer()) ? 0 : 1);
      change[life.first + 1] += bytes;
      change[end + 1] -= bytes;
    }
    int64_t live = 0, most = 0;
    for (auto [index, bytes] : llvm::enumerate(change)) {
      live += bytes;
      if (live > most) {
        most = live;
        figures.peakLaunch = static_cast<int64_t>(index) - 1;
      }
    }
    llvm::erase_if(arena, [&](Life &life) { return !liveAt(figures.peakLaunch, life); });
    llvm::sort(arena, [&](Life &a, Life &b) {
      return std::make_tuple(-sizeOf(a), a.first, a.buffer.getOffset()) <
             std::make_tuple(-sizeOf(b), b.first, b.buffer.getOffset());
    });
    for (Life &life : ArrayRef(arena).take_front(kLargestBuffers).vec())
      figures.largest.push_back({describeType(cast<MemRefType>(life.buffer.getBuffer().getType())),
                                 Place(life.buffer.getLoc()), sizeOf(life)});
    if (figures.peakLaunch >= 0 && figures.peakLaunch < static_cast<int64_t>(launches.size()))
      figures.peak = Place(launches[figures.peakLaunch].getLoc());
  }

  static int64_t sizeOf(Life &life) { return plan::sizeInBytes(cast<MemRefType>(life.buffer.getBuffer().getType())); }

  void readKernels() {
    llvm::MapVector<StringAttr, KernelFigures> kernels;
    for (plan::LaunchOp launch : launches) {
      Operation *function = symbols.lookupNearestSymbolFrom(entry, launch.getKernelAttr());
      auto [known, isNew] = kernels.try_emplace(launch.getKernelAttr().getAttr());
      KernelFigures &kernel = known->second;
      if (isNew) {
        kernel.name = launch.getKernel().str();
        kernel.flops = numberOf(function, plan::kFlopsAttr);
        kernel.bytes = numberOf(function, plan::kBytesAttr);
        kernel.fused = linesOf(function);
      }
      ++kernel.launches;
      kernel.places.add(launch.getLoc());
      figures.flops += kernel.flops;
      for (Value output : launch.getOutputs())
        addReason(kernel, launch, plan::rootBuffer(output));
    }
    for (auto &[name, kernel] : kernels)
      figures.kernels.push_back(std::move(kernel));
    auto work = [](const KernelFigures &kernel) { return kernel.flops * static_cast<double>(kernel.launches); };
    llvm::sort(figures.kernels, [&](const KernelFigures &a, const KernelFigures &b) {
      return std::make_pair(-work(a), StringRef(a.name)) < std::make_pair(-work(b), StringRef(b.name));
    });
  }

  static double numberOf(Operation *op, StringRef name) {
    auto value = op->getAttrOfType<FloatAttr>(name);
    return value ? value.getValueAsDouble() : 0;
  }

  /// The model lines of the loops in a kernel's body.
  static std::vector<std::string> linesOf(Operation *function) {
    std::vector<std::string> lines;
    function->walk([&](Operation *op) {
      if (op->getNumResults() && !isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp>(op))
        if (std::string line = modelLine(op->getLoc()); !line.empty() && !llvm::is_contained(lines, line))
          lines.push_back(line);
    });
    return lines;
  }

  /// "a product"
  static std::string describe(StringRef kind) {
    if (kind.empty())
      return "a kernel";
    return (llvm::StringRef("aeiou").contains(kind.front()) ? "an " : "a ") +
           (kind == kElementsKind                       ? "elementwise kernel"
            : kind == kRowsKind || kind == kColumnsKind ? "kernel of " + kind.str()
                                                        : kind.str());
  }

  /// Notes why what a launch writes was not kept inside a kernel together with its reader.
  void addReason(KernelFigures &figures, plan::LaunchOp launch, Value root) {
    auto add = [&](std::string reason) -> ModelPlaces & { return figures.stored[std::move(reason)]; };
    if (auto state = root.getDefiningOp<plan::StateOp>()) {
      add("it is the new value of state @" + state.getState().str());
      return;
    }
    if (outputs.contains(root)) {
      add("it is an output");
      return;
    }
    auto &who = readers[root];
    if (who.empty())
      return;
    if (who.size() > 1) {
      add(llvm::formatv("it is read by {0} launches", who.size()).str());
      return;
    }
    plan::LaunchOp reader = cast<plan::LaunchOp>(*who.begin());
    Operation *kernel = symbols.lookupNearestSymbolFrom(entry, reader.getKernelAttr());
    add("its reader is " + describe(kindOf(kernel)) + " of its own").add(reader.getLoc());
  }

  plan::EntryOp entry;
  SmallVector<plan::LaunchOp> launches;
  EntryFigures figures;
  SymbolTableCollection symbols;
  llvm::MapVector<Value, Life> lives;
  llvm::DenseMap<Value, llvm::SetVector<Operation *>> readers;
  llvm::DenseSet<Value> overwritten, outputs;
};

Figures gather(ModuleOp module, const Remarks *remarks) {
  Figures figures;
  auto text = [&](StringRef name) {
    auto value = module->getAttrOfType<StringAttr>(name);
    return value ? value.str() : std::string();
  };
  figures.program = text("sinter.program");
  figures.source = text("sinter.source");
  figures.target = text(kTargetAttr);
  for (auto [state, offset] : plan::layOutStates(module, figures.stateBytes)) {
    auto type = cast<ShapedType>(state.getType());
    if (state.getTrainable()) {
      figures.parameters += type.getNumElements();
      figures.parameterBytes += plan::sizeInBytes(type);
    } else {
      figures.otherStateBytes += plan::sizeInBytes(type);
    }
  }
  llvm::StringSet<> kernels;
  for (auto entry : module.getOps<plan::EntryOp>()) {
    figures.entries.push_back(EntryReader(entry).read());
    if (remarks)
      figures.entries.back().refusals = remarks->refusals(entry.getSymName(), figures.target);
    figures.launches += figures.entries.back().launches;
    for (const KernelFigures &kernel : figures.entries.back().kernels)
      kernels.insert(kernel.name);
  }
  figures.kernels = kernels.size();
  return figures;
}

VulkanFigures gatherVulkan(StringRef profile, ModuleOp target) {
  VulkanFigures figures;
  figures.profile = profile.str();
  llvm::StringSet<> shaders;
  for (auto kernel : target.getOps<plan::KernelOp>()) {
    for (auto dispatch : kernel.getBody().getOps<plan::DispatchOp>()) {
      ++figures.dispatches;
      shaders.insert(dispatch.getShader());
    }
    if (kernel.getGeneral())
      figures.general.push_back({kernel.getName().str(), Place(kernel.getLoc())});
  }
  figures.shaders = shaders.size();
  return figures;
}

//===--- printing ----------------------------------------------------------------------------------===//

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

std::vector<std::string> reasons(const KernelFigures &kernel) {
  std::vector<std::string> result;
  for (auto &[reason, places] : kernel.stored)
    result.push_back(places.empty() ? reason : reason + " (" + places.text() + ")");
  return result;
}

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

void printJson(const Figures &figures, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 2);
  auto text = [](const std::string &value) { return llvm::json::fixUTF8(value); };
  auto list = [&](StringRef name, const std::vector<std::string> &values) {
    json.attributeArray(name, [&] {
      for (const std::string &value : values)
        json.value(text(value));
    });
  };
  auto place = [&](StringRef line, const ModelScopes &scopes) {
    json.attribute("line", llvm::json::fixUTF8(line));
    list("scopes", scopes.list());
  };
  json.object([&] {
    json.attribute("program", text(figures.program));
    json.attribute("source", text(figures.source));
    if (!figures.target.empty())
      json.attribute("target", figures.target);
    json.attribute("parameters", figures.parameters);
    json.attribute("parameter_bytes", figures.parameterBytes);
    json.attribute("other_state_bytes", figures.otherStateBytes);
    json.attribute("state_bytes", figures.stateBytes);
    json.attribute("kernels", figures.kernels);
    json.attribute("launches", figures.launches);
    json.attributeArray("memory", [&] {
      for (const Memory &memory : figures.memory)
        json.object([&] {
          json.attribute("version", memory.label);
          json.attribute("state_bytes", static_cast<int64_t>(memory.states));
          json.attribute("constant_bytes", static_cast<int64_t>(memory.constants));
          json.attribute("arena_bytes", static_cast<int64_t>(memory.arena));
          json.attribute("scratch_bytes", static_cast<int64_t>(memory.scratch));
          json.attribute("threads", static_cast<int64_t>(memory.threads));
          json.attribute("bytes", static_cast<int64_t>(memory.total()));
        });
    });
    if (!figures.vulkan.empty())
      json.attributeArray("vulkan", [&] {
        for (const VulkanFigures &vulkan : figures.vulkan)
          json.object([&] {
            json.attribute("profile", text(vulkan.profile));
            json.attribute("dispatches", vulkan.dispatches);
            json.attribute("shaders", vulkan.shaders);
            json.attributeArray("general", [&] {
              for (auto &[name, where] : vulkan.general)
                json.object([&] {
                  json.attribute("name", text(name));
                  place(where.line, where.scopes);
                });
            });
          });
      });
    json.attributeArray("entries", [&] {
      for (const EntryFigures &entry : figures.entries)
        json.object([&] {
          json.attribute("name", text(entry.name));
          json.attribute("flops", entry.flops);
          json.attribute("arena_bytes", entry.arena);
          json.attribute("live_bytes", entry.live);
          json.attribute("input_bytes", entry.inputs);
          json.attribute("repeated_launches", entry.repeated);
          json.attributeArray("curve", [&] {
            for (const CurvePoint &point : entry.curve)
              json.object([&] {
                json.attribute("arena_bytes", static_cast<int64_t>(point.arena));
                json.attribute("further_flops", point.extraFlops);
                json.attribute("time", point.time);
              });
          });
          json.attribute("launches", entry.launches);
          json.attribute("peak_line", text(entry.peak.line));
          list("peak_scopes", entry.peak.scopes.list());
          json.attributeArray("largest_at_peak", [&] {
            for (const BufferFigures &buffer : entry.largest)
              json.object([&] {
                json.attribute("bytes", buffer.bytes);
                json.attribute("shape", text(buffer.shape));
                place(buffer.place.line, buffer.place.scopes);
              });
          });
          json.attributeArray("kernels", [&] {
            for (const KernelFigures &kernel : entry.kernels)
              json.object([&] {
                json.attribute("name", text(kernel.name));
                json.attribute("line", text(kernel.places.empty() ? "" : kernel.places.list().front().first));
                json.attributeArray("places", [&] {
                  for (auto &[line, scopes] : kernel.places.list())
                    json.object([&] { place(line, scopes); });
                });
                json.attribute("launches", kernel.launches);
                json.attribute("flops", kernel.flops);
                json.attribute("bytes", kernel.bytes);
                list("fuses", kernel.fused);
                list("stored_because", reasons(kernel));
              });
          });
          json.attributeArray("not_fused", [&] {
            for (const Refusal &refusal : entry.refusals)
              json.object([&] {
                place(refusal.line, refusal.scopes);
                json.attribute("what", text(refusal.what));
                json.attribute("because", text(refusal.why));
                json.attribute("times", refusal.times);
              });
          });
        });
    });
  });
  out << "\n";
}

} // namespace

void printReport(ModuleOp plan, llvm::raw_ostream &out, bool json, ArrayRef<std::pair<std::string, ModuleOp>> vulkan,
                 ArrayRef<Memory> memory, const Remarks *remarks) {
  Figures figures = gather(plan, remarks);
  figures.memory = memory.vec();
  for (auto &[profile, target] : vulkan)
    figures.vulkan.push_back(gatherVulkan(profile, target));
  json ? printJson(figures, out) : printText(figures, out);
}

} // namespace sinter
