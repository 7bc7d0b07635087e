#include "compiler/passes/memory/PlannedEntry.h"

using namespace mlir;

namespace sinter {
namespace {

class PlanEmission {
public:
  explicit PlanEmission(PlannedEntry &planned) : planned(planned) {}
  /// Of the body of a loop that `around` emits, whose memory begins at `base`; `outside`: in front of all loops.
  PlanEmission(PlannedEntry &planned, PlanEmission &around, const Launch &loop, int64_t base, OpBuilder &outside)
      : planned(planned), around(&around), loop(&loop), base(base), outside(&outside) {}

  void run() {
    func::FuncOp entry = planned.entry;
    OpBuilder builder(entry);
    auto op = plan::EntryOp::create(builder, entry.getLoc(), entry.getName(), planned.placement.bytes,
                                    planned.liveBytes, entry->getAttrOfType<DenseF64ArrayAttr>(kCurveAttr));
    builder.createBlock(&op.getBody());
    emitInputs(builder);
    for (const Launch &launch : planned.launches)
      emit(builder, launch);
    for (auto [index, output] : llvm::enumerate(planned.outputs))
      plan::OutputOp::create(builder, planned.buffers[output.buffer].loc,
                             name(entry.getResultAttr(index, kNameAttr), "result", index), emit(builder, output));
  }

private:
  void emitInputs(OpBuilder &builder) {
    for (auto [index, argument] : llvm::enumerate(planned.entry.getArguments())) {
      Value buffer = emit(builder, planned.operandFor(argument));
      auto fallback = planned.entry.getArgAttrOfType<FloatAttr>(index, kDefaultAttr);
      plan::InputOp::create(builder, argument.getLoc(), name(planned.entry.getArgAttr(index, kNameAttr), "arg", index),
                            buffer, fallback);
    }
  }

  /// The offset of a buffer of the arena.
  int64_t offsetOf(const Buffer &buffer) const { return base + planned.placement.offsets[buffer.interval]; }

  void emitLoop(OpBuilder &builder, const Launch &launch) {
    LoopPlan &info = *launch.loop;
    SmallVector<Value> carries, next;
    std::optional<int64_t> flag; // among those that change
    for (size_t i = 0; i < launch.inputs.size(); ++i)
      (void)emit(builder, launch.inputs[i]); // in front of the loop
    for (size_t i = 0; i < info.body.getNumResults(); ++i) {
      int64_t input = launch.inPlace[i];
      if (input >= 0 && !info.planned->gives(i)) { // a carry that stays as it is
        planned.buffers[launch.outputs[i].buffer].emitted = emit(builder, launch.inputs[input]);
        continue;
      }
      Value result = emit(builder, launch.outputs[i]);
      if (input < 0)
        continue;
      if (info.flag && *info.flag == static_cast<int64_t>(i))
        flag = carries.size();
      carries.push_back(emit(builder, launch.inputs[input]));
      next.push_back(result);
    }
    auto op = plan::LoopOp::create(builder, launch.loc, info.steps, carries, next);
    if (flag)
      op->setAttr(kWhileAttr, builder.getI64IntegerAttr(*flag));
    OpBuilder before(op), inner(op.getContext());
    inner.createBlock(&op.getBody());
    bool hasMemory = launch.outputs.size() > info.body.getNumResults();
    int64_t memory = hasMemory ? offsetOf(planned.buffers[launch.outputs.back().buffer]) : 0;
    PlanEmission body(*info.planned, *this, launch, memory, outside ? *outside : before);
    for (const Launch &own : info.planned->launches)
      body.emit(inner, own);
  }

  /// What a step takes or gives, in the memory of whoever runs the loop.
  Value emitShared(OpBuilder &builder, const Buffer &buffer) {
    const LoopPlan &info = *loop->loop;
    bool taken = buffer.kind == Buffer::Taken;
    size_t first = info.carries, last = taken ? first + info.sequences : SIZE_MAX;
    Value whole = around->emit(builder, taken ? loop->inputs[buffer.number] : loop->outputs[buffer.number]);
    if (buffer.number < first || buffer.number >= last)
      return whole;
    int64_t size = plan::sizeInBytes(buffer.type);
    return plan::StepOp::create(builder, buffer.loc, buffer.type, whole, info.reverse ? (info.steps - 1) * size : 0,
                                info.reverse ? -size : size);
  }

  void emit(OpBuilder &builder, const Launch &launch) {
    if (launch.loop)
      return emitLoop(builder, launch);
    SmallVector<Value> inputs, results;
    for (const Operand &input : launch.inputs)
      inputs.push_back(emit(builder, input));
    for (const Operand &output : launch.outputs)
      results.push_back(emit(builder, output));
    bool shares = llvm::any_of(launch.inPlace, [](int64_t input) { return input >= 0; });
    func::FuncOp kernel = launch.kernel;
    auto op = plan::LaunchOp::create(builder, launch.loc, kernel.getName(), inputs, results,
                                     shares ? builder.getDenseI64ArrayAttr(launch.inPlace) : nullptr,
                                     /*pieces=*/IntegerAttr(), /*own=*/nullptr);
    if (launch.isAgain)
      op->setAttr(kAgainAttr, builder.getUnitAttr());
    annotate(launch);
  }

  StringAttr name(Attribute given, StringRef kind, size_t index) {
    if (auto text = dyn_cast_if_present<StringAttr>(given))
      return text;
    return StringAttr::get(planned.entry.getContext(), kind + Twine(index));
  }

  Value emit(OpBuilder &builder, const Operand &operand) {
    Buffer &buffer = planned.buffers[operand.buffer];
    if (!buffer.emitted) {
      OpBuilder &at = outside ? *outside : builder;
      if (buffer.kind == Buffer::Taken || buffer.kind == Buffer::Given)
        buffer.emitted = emitShared(builder, buffer);
      else if (buffer.kind == Buffer::Arena)
        buffer.emitted = plan::ArenaOp::create(at, buffer.loc, buffer.type, offsetOf(buffer));
      else if (buffer.kind == Buffer::Constant)
        buffer.emitted = plan::ConstantOp::create(at, buffer.loc, buffer.type, cast<ElementsAttr>(buffer.source));
      else
        buffer.emitted = plan::StateOp::create(at, buffer.loc, buffer.type, cast<FlatSymbolRefAttr>(buffer.source));
    }
    if (operand.type == buffer.type)
      return buffer.emitted;
    Value &view = views[{operand.buffer, operand.type}];
    if (!view)
      view = plan::ViewOp::create(builder, buffer.loc, operand.type, buffer.emitted);
    return view;
  }

  /// Tells code generation which operands of the kernel may share memory.
  static void annotate(const Launch &launch) {
    SmallVector<int64_t> pairs;
    if (auto known = launch.kernel->getAttrOfType<DenseI64ArrayAttr>(plan::kInPlaceAttr))
      pairs.assign(known.asArrayRef().begin(), known.asArrayRef().end());
    for (auto [output, input] : llvm::enumerate(launch.inPlace)) {
      bool known = input < 0; // or another launch says the same
      for (size_t pair = 0; pair + 1 < pairs.size(); pair += 2)
        known |= pairs[pair] == static_cast<int64_t>(output) && pairs[pair + 1] == input;
      if (!known)
        pairs.append({static_cast<int64_t>(output), input});
    }
    if (!pairs.empty())
      func::FuncOp(launch.kernel)
          ->setAttr(plan::kInPlaceAttr, DenseI64ArrayAttr::get(func::FuncOp(launch.kernel).getContext(), pairs));
  }

  PlannedEntry &planned;
  // Of a loop's body:
  PlanEmission *around = nullptr;
  const Launch *loop = nullptr;
  int64_t base = 0;
  OpBuilder *outside = nullptr;
  llvm::DenseMap<std::pair<BufferId, Type>, Value> views;
};

} // namespace

bool PlannedEntry::gives(size_t result) const {
  return llvm::any_of(launches, [&](const Launch &launch) {
    return llvm::any_of(launch.outputs, [&](const Operand &operand) {
      return buffers[operand.buffer].kind == Buffer::Given && buffers[operand.buffer].number == result;
    });
  });
}

bool PlannedEntry::mayTakePlace(size_t result, size_t argument) {
  auto isTaken = [&](const Operand &operand) {
    return buffers[operand.buffer].kind == Buffer::Taken && buffers[operand.buffer].number == argument;
  };
  auto isGiven = [&](const Operand &operand) {
    return buffers[operand.buffer].kind == Buffer::Given && buffers[operand.buffer].number == result;
  };
  size_t writer = SIZE_MAX, reader = 0;
  bool isRead = false;
  for (auto [index, launch] : llvm::enumerate(launches)) {
    if (llvm::any_of(launch.inputs, isTaken))
      reader = index, isRead = true;
    if (llvm::any_of(launch.outputs, isGiven))
      writer = index;
  }
  if (writer == SIZE_MAX || (isRead && reader > writer))
    return false;
  if (!isRead || reader < writer)
    return true;
  Launch &launch = launches[writer];
  size_t from = llvm::find_if(launch.inputs, isTaken) - launch.inputs.begin(),
         to = llvm::find_if(launch.outputs, isGiven) - launch.outputs.begin();
  if (launch.loop || launch.inPlace[to] >= 0 || llvm::is_contained(launch.inPlace, static_cast<int64_t>(from)) ||
      llvm::count_if(launch.inputs, isTaken) != 1 || !plan::mayRunInPlace(launch.kernel, to, from))
    return false;
  launch.inPlace[to] = static_cast<int64_t>(from);
  return true;
}

void emitPlan(PlannedEntry &planned, SymbolTable &symbols) {
  PlanEmission(planned).run();
  symbols.remove(planned.entry);
  planned.entry.erase();
}

} // namespace sinter
