#include "compiler/passes/memory/PlannedEntry.h"

using namespace mlir;

namespace sinter {
namespace {

class PlanEmission {
public:
  explicit PlanEmission(PlannedEntry &planned) : planned(planned) {}

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

  void emit(OpBuilder &builder, const Launch &launch) {
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
      if (buffer.kind == Buffer::Arena)
        buffer.emitted =
            plan::ArenaOp::create(builder, buffer.loc, buffer.type, planned.placement.offsets[buffer.interval]);
      else if (buffer.kind == Buffer::Constant)
        buffer.emitted = plan::ConstantOp::create(builder, buffer.loc, buffer.type, cast<ElementsAttr>(buffer.source));
      else
        buffer.emitted =
            plan::StateOp::create(builder, buffer.loc, buffer.type, cast<FlatSymbolRefAttr>(buffer.source));
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
  llvm::DenseMap<std::pair<BufferId, Type>, Value> views;
};

} // namespace

void emitPlan(PlannedEntry &planned, SymbolTable &symbols) {
  PlanEmission(planned).run();
  symbols.remove(planned.entry);
  planned.entry.erase();
}

} // namespace sinter
