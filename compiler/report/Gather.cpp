#include "compiler/report/Figures.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace sinter::report {
namespace {

constexpr size_t kLargestBuffers = 5;

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
  explicit EntryReader(plan::EntryOp entry) : entry(entry) {
    for (Operation &op : entry.getBody().getOps())
      if (isa<plan::LaunchOp, plan::LoopOp>(op)) {
        op.walk<WalkOrder::PreOrder>(
            [&](plan::LaunchOp launch) { launches.push_back({launch, static_cast<int64_t>(moments.size())}); });
        moments.push_back(&op);
      }
  }

  EntryFigures read() {
    figures.name = entry.getSymName().str();
    figures.arena = entry.getArenaBytes();
    figures.live = entry.getLiveBytes();
    figures.launches = launches.size();
    for (auto input : entry.getBody().getOps<plan::InputOp>())
      figures.inputs += plan::sizeInBytes(cast<MemRefType>(input.getBuffer().getType()));
    figures.repeated = llvm::count_if(launches, [](Timed timed) { return timed.launch->hasAttr(kAgainAttr); });
    if (std::optional<ArrayRef<double>> curve = entry.getCurve())
      for (size_t i = 0; i + 2 < curve->size(); i += 3)
        figures.curve.push_back({(*curve)[i], (*curve)[i + 1], (*curve)[i + 2] / (*curve)[2]});
    for (Timed timed : launches)
      figures.schedule.push_back({timed.launch.getKernel().str(), Place(timed.launch.getLoc()), timed.time});
    readLives();
    readPeak();
    readKernels();
    return std::move(figures);
  }

private:
  /// All launches of a loop are one moment.
  struct Timed {
    plan::LaunchOp launch;
    int64_t time;

    double runs() const {
      double runs = 1;
      for (Operation *op = launch->getParentOp(); isa<plan::LoopOp>(op); op = op->getParentOp())
        runs *= static_cast<double>(countedSteps(cast<plan::LoopOp>(op)));
      return runs;
    }
  };

  void readLives() {
    for (auto [launch, time] : launches) {
      for (Value input : launch.getInputs()) {
        Value root = plan::rootBuffer(input);
        lives[root].last = time;
        readers[root].insert(launch);
      }
      for (Value output : launch.getOutputs())
        lives[plan::rootBuffer(output)] = {nullptr, time, time};
      for (size_t output = 0; output < launch.getOutputs().size(); ++output)
        if (int64_t input = launch.getReusedInput(output); input >= 0 && moments[time] == launch)
          overwritten.insert(plan::rootBuffer(launch.getInputs()[input]));
    }
    entry.walk([&](plan::LoopOp loop) {
      for (Value carry : loop.getCarries())
        overwritten.insert(plan::rootBuffer(carry));
    });
    for (auto output : entry.getBody().getOps<plan::OutputOp>()) {
      lives[plan::rootBuffer(output.getBuffer())].last = moments.size();
      outputs.insert(plan::rootBuffer(output.getBuffer()));
    }
    for (auto arena : entry.getBody().getOps<plan::ArenaOp>())
      lives[arena.getBuffer()].buffer = arena;
  }

  /// The launch at which most bytes are live, and the largest buffers then.
  void readPeak() {
    auto liveAt = [&](int64_t time, Life &life) { return life.first <= time && time <= until(life); };
    SmallVector<Life> arena;
    for (auto &[value, life] : lives)
      if (life.buffer)
        arena.push_back(life);
    for (Life &life : arena)
      figures.buffers.push_back(describe(life));
    SmallVector<int64_t> change(moments.size() + 3); // of live bytes, from launch -1 on
    for (Life &life : arena) {
      int64_t bytes = plan::alignUp(sizeOf(life));
      change[life.first + 1] += bytes;
      change[until(life) + 2] -= bytes;
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
      figures.largest.push_back(describe(life));
    if (figures.peakLaunch >= 0 && figures.peakLaunch < static_cast<int64_t>(moments.size()))
      figures.peak = Place(moments[figures.peakLaunch]->getLoc());
  }

  /// The last moment at which a buffer counts. What a launch overwrites in place is counted once, as its output.
  int64_t until(Life &life) { return life.last - (overwritten.contains(life.buffer.getBuffer()) ? 1 : 0); }

  BufferFigures describe(Life &life) {
    return {describeType(cast<MemRefType>(life.buffer.getBuffer().getType())),
            Place(life.buffer.getLoc()),
            sizeOf(life),
            static_cast<int64_t>(life.buffer.getOffset()),
            life.first,
            life.last,
            until(life)};
  }

  static int64_t sizeOf(Life &life) { return plan::sizeInBytes(cast<MemRefType>(life.buffer.getBuffer().getType())); }

  void readKernels() {
    llvm::MapVector<StringAttr, KernelFigures> kernels;
    for (Timed timed : launches) {
      plan::LaunchOp launch = timed.launch;
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
      figures.flops += kernel.flops * timed.runs();
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
  SmallVector<Timed> launches;
  SmallVector<Operation *> moments; ///< launches and outermost loops
  EntryFigures figures;
  SymbolTableCollection symbols;
  llvm::MapVector<Value, Life> lives;
  llvm::DenseMap<Value, llvm::SetVector<Operation *>> readers;
  llvm::DenseSet<Value> overwritten, outputs;
};

} // namespace

std::vector<std::string> reasons(const KernelFigures &kernel) {
  std::vector<std::string> result;
  for (auto &[reason, places] : kernel.stored)
    result.push_back(places.empty() ? reason : reason + " (" + places.text() + ")");
  return result;
}

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

} // namespace sinter::report
