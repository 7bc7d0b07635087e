// Values become buffers, calls become launches, lives give offsets: the parts of a plan (PlanMemory.cpp), and the
// choice among orders of launches.
#include "compiler/passes/kernels/KernelCost.h"
#include "compiler/passes/memory/PlannedEntry.h"
#include "compiler/passes/memory/Schedule.h"
#include "dialects/sinter/Loops.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace sinter {
namespace {

enum class Order { AsWritten, FreeEarly, FreeTogether };

class EntryPlanner : public PlannedEntry {
public:
  EntryPlanner(func::FuncOp entry, SymbolTable &symbols)
      : PlannedEntry(entry), symbols(symbols), module(entry->getParentOfType<ModuleOp>()) {}

  /// A plan that needs more than `most` bytes is given up as soon as that is known.
  LogicalResult plan(Order order, int64_t most) {
    if (failed(collect()))
      return failure();
    if (order != Order::AsWritten)
      reorder(order == Order::FreeEarly ? Credit::LastReader : Credit::EachReader);
    findLastReaders();
    prepareLoops();
    if (isBody()) {
      bindGiven();
    } else {
      bindOutputs();
      for (auto write : entry.getOps<WriteOp>())
        bindState(write);
    }
    joinLaunches();
    computeLives();
    reuseInPlace();
    liveBytes = mostLiveBytes(intervals, &peak);
    placement = place(intervals, most);
    return success();
  }

  /// Takes time: for the plan that has been chosen.
  void packCloser() { improve(placement, intervals); }

  /// Less memory is better, then fewer copies; in a loop it is the other way round.
  bool isBetterThan(const EntryPlanner &other) const {
    if (isBody())
      return std::make_pair(launches.size(), placement.bytes) <
             std::make_pair(other.launches.size(), other.placement.bytes);
    return std::make_pair(placement.bytes, launches.size()) <
           std::make_pair(other.placement.bytes, other.launches.size());
  }

private:
  //===--- 1: buffers and launches ---===//

  bool isBody() const { return func::FuncOp(entry)->hasAttr(kLoopBodyAttr); }

  LogicalResult collect() {
    for (BlockArgument argument : entry.getArguments())
      bufferOf[argument] = addBuffer({isBody() ? Buffer::Taken : Buffer::Arena,
                                      plan::bufferType(argument.getType()),
                                      argument.getLoc(),
                                      {},
                                      argument.getArgNumber()});
    for (auto write : entry.getOps<WriteOp>())
      writtenStates.insert(write.getStateAttr());
    for (Operation &op : entry.getBody().getOps())
      if (failed(collect(op)))
        return failure();
    return success();
  }

  LogicalResult collect(Operation &op) {
    if (auto read = dyn_cast<ReadOp>(op)) {
      auto [known, isNew] = oldStates.try_emplace(read.getStateAttr(), buffers.size());
      if (isNew)
        addBuffer({Buffer::OldState, plan::bufferType(read.getType()), read.getLoc(), read.getStateAttr()});
      bufferOf[read.getValue()] = known->second;
    } else if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      bufferOf[constant.getResult()] =
          addBuffer({Buffer::Constant, plan::bufferType(constant.getType()), constant.getLoc(), constant.getValue()});
    } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      bufferOf[reshape.getResult()] = bufferOf.lookup(reshape.getInput());
    } else if (auto call = dyn_cast<func::CallOp>(op)) {
      auto kernel = symbols.lookup<func::FuncOp>(call.getCallee());
      if (!kernel || !kernel->hasAttr(kKernelAttr))
        return call.emitOpError() << "@" << call.getCallee() << " is not a kernel";
      Launch launch{kernel, call.getLoc(), {}, {}};
      launch.call = body.size();
      launch.isAgain = call->hasAttr(kAgainAttr);
      for (Value input : call.getOperands())
        launch.inputs.push_back(operandFor(input));
      for (Value output : call.getResults()) {
        bufferOf[output] = addBuffer({Buffer::Arena, plan::bufferType(output.getType()), call.getLoc()});
        producer[bufferOf[output]] = body.size();
        launch.outputs.push_back(operandFor(output));
      }
      launch.inPlace.assign(launch.outputs.size(), -1);
      body.push_back(std::move(launch));
    } else if (auto loop = dyn_cast<LoopOp>(op)) {
      return collect(loop);
    } else if (!isa<WriteOp, func::ReturnOp>(op)) {
      return op.emitOpError() << "an entry of stage `kernels` holds calls of kernels, loops, states, constants and "
                                 "reshapes only";
    }
    return success();
  }

  LogicalResult collect(LoopOp loop) {
    auto function = symbols.lookup<func::FuncOp>(loop.getCallee());
    auto info = std::make_shared<LoopPlan>(LoopPlan{function, static_cast<int64_t>(loop.getSteps()), loop.getReverse(),
                                                    loop.getNumCarries(), loop.getSequences().size(),
                                                    planEntry(function, symbols, Effort::Orders)});
    if (!info->planned)
      return failure();
    info->flag = whileCarry(loop);
    Operation *end = function.getBody().front().getTerminator();
    if (info->flag && end->getOperand(*info->flag) == function.getArgument(*info->flag))
      return loop.emitOpError("the condition never changes: such a loop has no step, or no end");
    Launch launch{func::FuncOp(), loop.getLoc(), {}, {}};
    launch.call = body.size();
    for (Value input : loop.getOperands())
      launch.inputs.push_back(operandFor(input));
    for (Value output : loop.getResults()) {
      bufferOf[output] = addBuffer({Buffer::Arena, plan::bufferType(output.getType()), loop.getLoc()});
      producer[bufferOf[output]] = body.size();
      launch.outputs.push_back(operandFor(output));
    }
    if (int64_t bytes = info->planned->placement.bytes) {
      auto type = MemRefType::get({bytes}, IntegerType::get(loop.getContext(), 8));
      launch.outputs.push_back({addBuffer({Buffer::Arena, type, loop.getLoc()}), type});
    }
    launch.inPlace.assign(launch.outputs.size(), -1);
    launch.loop = std::move(info);
    body.push_back(std::move(launch));
    return success();
  }

  BufferId addBuffer(Buffer buffer) {
    buffers.push_back(std::move(buffer));
    return buffers.size() - 1;
  }

  //===--- the order of launches ---===//

  void reorder(Credit credit) {
    std::vector<Task> tasks;
    std::vector<int64_t> bytes;
    for (const Launch &launch : body) {
      Task &task = tasks.emplace_back();
      for (const Operand &input : launch.inputs)
        task.reads.push_back(input.buffer);
      for (const Operand &output : launch.outputs)
        task.writes.push_back(output.buffer);
    }
    for (const Buffer &buffer : buffers)
      bytes.push_back(buffer.kind == Buffer::Arena ? plan::alignUp(plan::sizeInBytes(buffer.type)) : 0);
    std::vector<bool> kept(buffers.size());
    for (Value result : entry.getBody().front().getTerminator()->getOperands())
      kept[bufferOf.lookup(result)] = true;

    TaskGraph order(tasks);
    // A new value that can go straight into its state takes no memory, provided that it is computed after everything
    // else that reads the old one.
    for (auto write : entry.getOps<WriteOp>()) {
      BufferId value = bufferOf.lookup(write.getValue());
      auto writer = producer.find(value);
      auto old = oldStates.find(write.getStateAttr());
      if (writer == producer.end() || kept[value])
        continue;
      std::unordered_set<size_t> later = order.reachableFrom(writer->second);
      bool direct = true;
      for (size_t reader : old == oldStates.end() ? std::vector<size_t>() : order.readersOf(old->second)) {
        if (reader == writer->second)
          continue;
        direct &= !later.count(reader);
        if (!later.count(reader))
          order.addEdge(reader, writer->second);
      }
      if (direct)
        bytes[value] = 0;
    }

    std::vector<Launch> ordered;
    for (size_t task : scheduleToFree(order, bytes, kept, credit))
      ordered.push_back(std::move(body[task]));
    body = std::move(ordered);
    for (auto [index, launch] : llvm::enumerate(body))
      for (const Operand &output : launch.outputs)
        producer[output.buffer] = index;
  }

  void findLastReaders() {
    for (auto [index, launch] : llvm::enumerate(body)) {
      for (const Operand &input : launch.inputs)
        lastReader[input.buffer] = index;
      for (const Operand &output : launch.outputs)
        producer[output.buffer] = index;
    }
  }

  /// A loop works on its carries in place: what others read, too, is copied before.
  void prepareLoops() {
    llvm::DenseSet<BufferId> kept;
    for (Value result : entry.getBody().front().getTerminator()->getOperands())
      kept.insert(bufferOf.lookup(result));
    for (auto write : entry.getOps<WriteOp>())
      kept.insert(bufferOf.lookup(write.getValue()));
    std::vector<Launch> all;
    for (auto [index, launch] : llvm::enumerate(body)) {
      for (size_t carry = 0; launch.loop && carry < launch.loop->carries; ++carry) {
        Operand &input = launch.inputs[carry];
        bool isOnce = llvm::count_if(launch.inputs, [&](const Operand &o) { return o.buffer == input.buffer; }) == 1;
        if (buffers[input.buffer].kind != Buffer::Arena || lastReader[input.buffer] != index || !isOnce ||
            kept.contains(input.buffer)) {
          BufferId from = input.buffer;
          input = {addBuffer({Buffer::Arena, input.type, launch.loc}), input.type};
          addCopy(all, from, input.buffer, launch.loc);
        }
        launch.inPlace[carry] = static_cast<int64_t>(carry);
      }
      all.push_back(std::move(launch));
    }
    body = std::move(all);
    findLastReaders();
  }

  //===--- 2: outputs and states ---===//

  /// What a step gives goes where whoever runs the loop wants it: next carries into the memory of the carries.
  void bindGiven() {
    Operation *end = entry.getBody().front().getTerminator();
    llvm::DenseSet<BufferId> changing; // carries that do not stay as they are
    for (OpOperand &given : end->getOpOperands())
      if (BlockArgument carry = carryOf(given.getOperandNumber()); carry && carry != given.get())
        changing.insert(bufferOf.lookup(carry));
    for (OpOperand &given : end->getOpOperands()) {
      BlockArgument carry = carryOf(given.getOperandNumber());
      BufferId value = bufferOf.lookup(given.get()), old = carry ? bufferOf.lookup(carry) : SIZE_MAX;
      if (value == old || tryGiveDirectly(given, value, old))
        continue;
      BufferId place = addBuffer(
          {Buffer::Given, plan::bufferType(given.get().getType()), given.get().getLoc(), {}, given.getOperandNumber()});
      // What becomes another carry, or is given on, may have been overwritten by the end of the step.
      bool first = changing.contains(value);
      if (first && carry)
        value = copyToArena(value, given.get().getLoc());
      addCopy(first && !carry ? prologue : epilogue, value, place, given.get().getLoc());
    }
  }

  /// The argument that a result of the body is the next value of; null for what is stacked.
  BlockArgument carryOf(unsigned result) { return result < numCarries() ? entry.getArgument(result) : BlockArgument(); }

  size_t numCarries() const { return func::FuncOp(entry)->getAttrOfType<IntegerAttr>(kLoopBodyAttr).getInt(); }

  bool tryGiveDirectly(OpOperand &given, BufferId value, BufferId old) {
    // Products may store past the caches, whole lines at a time.
    constexpr int64_t line = 64;
    auto found = producer.find(value);
    bool inLines = given.getOperandNumber() < numCarries() || plan::sizeInBytes(buffers[value].type) % line == 0;
    if (!inLines && found != producer.end() && body[found->second].kernel &&
        kindOf(body[found->second].kernel) == kProductKind)
      return false;
    if (!tryWriteDirectly(value, old))
      return false;
    Buffer &buffer = buffers[value];
    buffer.kind = Buffer::Given;
    buffer.number = given.getOperandNumber();
    buffer.type = plan::bufferType(given.get().getType());
    return true;
  }

  /// Entry results lie in the arena; those that are states or constants are copied there.
  void bindOutputs() {
    for (Value result : entry.getBody().front().getTerminator()->getOperands()) {
      Operand output = operandFor(result);
      if (buffers[output.buffer].kind != Buffer::Arena)
        output.buffer = copyToArena(output.buffer, result.getLoc());
      buffers[output.buffer].isOutput = true;
      outputs.push_back(output);
    }
  }

  /// The value of a state or constant in a buffer of the arena. A state that this entry overwrites is saved before
  /// anything else runs.
  BufferId copyToArena(BufferId from, Location loc) {
    auto [known, isNew] = saved.try_emplace(from, buffers.size());
    if (!isNew)
      return known->second;
    Buffer copy{Buffer::Arena, buffers[from].type, loc};
    addBuffer(copy);
    bool overwritten = buffers[from].kind == Buffer::Taken ||
                       (buffers[from].kind == Buffer::OldState && writtenStates.contains(buffers[from].source));
    addCopy(overwritten ? prologue : epilogue, from, known->second, loc);
    return known->second;
  }

  void addCopy(std::vector<Launch> &where, BufferId from, BufferId to, Location loc) {
    MemRefType type = buffers[to].type;
    func::FuncOp kernel = getCopyKernel(module, symbols, type.getElementType(), type.getNumElements());
    MemRefType flat = plan::bufferType(kernel.getArgumentTypes()[0]);
    where.push_back({kernel, loc, {{from, flat}}, {{to, flat}}, {-1}});
  }

  void bindState(WriteOp write) {
    BufferId value = bufferOf.lookup(write.getValue());
    StringAttr name = write.getStateAttr().getAttr();
    auto old = oldStates.find(write.getStateAttr());
    BufferId oldBuffer = old == oldStates.end() ? SIZE_MAX : old->second;
    if (value == oldBuffer)
      return; // unchanged
    if (tryWriteDirectly(value, oldBuffer)) {
      buffers[value].kind = Buffer::NewState;
      buffers[value].source = write.getStateAttr();
      buffers[value].type = plan::bufferType(write.getValue().getType());
      return;
    }
    // Otherwise a copy when everything else is done. Another state's old value may be gone by then: save it first.
    if (buffers[value].kind == Buffer::OldState && writtenStates.contains(buffers[value].source))
      value = copyToArena(value, write.getLoc());
    auto type = cast<MemRefType>(plan::bufferType(write.getValue().getType()));
    BufferId state = addBuffer({Buffer::NewState, type, write.getLoc(), FlatSymbolRefAttr::get(name)});
    addCopy(epilogue, value, state, write.getLoc());
  }

  /// Whether the launch that computes `value` may write it into the memory of the old value: that is not needed from
  /// then on.
  bool tryWriteDirectly(BufferId value, BufferId oldBuffer) {
    auto found = producer.find(value);
    if (found == producer.end() || buffers[value].kind != Buffer::Arena || buffers[value].isOutput)
      return false;
    Launch &launch = body[found->second];
    if (launch.loop)
      return false; // its carries are in place of others
    if (oldBuffer != SIZE_MAX && lastReader.contains(oldBuffer) && lastReader[oldBuffer] > found->second)
      return false;
    size_t output =
        llvm::find_if(launch.outputs, [&](const Operand &o) { return o.buffer == value; }) - launch.outputs.begin();
    auto readers = llvm::make_filter_range(llvm::enumerate(launch.inputs),
                                           [&](auto input) { return input.value().buffer == oldBuffer; });
    if (!readers.empty()) {
      size_t input = (*readers.begin()).index();
      if (std::next(readers.begin()) != readers.end() || !plan::mayRunInPlace(launch.kernel, output, input))
        return false;
      launch.inPlace[output] = input;
    }
    return true;
  }

  //===--- 3: lives ---===//

  void joinLaunches() {
    launches = std::move(prologue);
    llvm::move(body, std::back_inserter(launches));
    llvm::move(epilogue, std::back_inserter(launches));
  }

  void computeLives() {
    for (auto [time, launch] : llvm::enumerate(launches)) {
      for (const Operand &input : launch.inputs)
        buffers[input.buffer].last = time;
      for (const Operand &output : launch.outputs)
        buffers[output.buffer].first = buffers[output.buffer].last = time;
    }
    for (BlockArgument argument : entry.getArguments()) {
      Buffer &buffer = buffers[bufferOf.lookup(argument)];
      if (llvm::none_of(launches, [&](const Launch &l) { return l.reads(bufferOf.lookup(argument)); }))
        buffer.last = kStart;
    }
    for (const Operand &output : outputs)
      buffers[output.buffer].last = launches.size();
  }

  void reuseInPlace() {
    for (BlockArgument argument : entry.getArguments())
      if (Buffer &buffer = buffers[bufferOf.lookup(argument)]; buffer.kind == Buffer::Arena)
        addInterval(buffer);
    for (auto [time, launch] : llvm::enumerate(launches))
      for (size_t output = 0; output < launch.outputs.size(); ++output) {
        Buffer &buffer = buffers[launch.outputs[output].buffer];
        if (buffer.kind != Buffer::Arena)
          continue;
        int64_t input =
            launch.loop ? findReusableOfLoop(launch, output, time) : findReusableInput(launch, output, time);
        if (input < 0) {
          addInterval(buffer);
          continue;
        }
        launch.inPlace[output] = input;
        buffer.interval = buffers[launch.inputs[input].buffer].interval;
        intervals[buffer.interval].last = buffer.last;
      }
  }

  void addInterval(Buffer &buffer) {
    buffer.interval = intervals.size();
    intervals.push_back({buffer.first, buffer.last, plan::alignUp(plan::sizeInBytes(buffer.type))});
  }

  /// Whether nobody else needs the memory of an input from this launch on, as far as lives tell.
  bool isLastUse(const Launch &launch, size_t input, int64_t time) const {
    BufferId id = launch.inputs[input].buffer;
    return buffers[id].kind == Buffer::Arena && buffers[id].last == time &&
           llvm::count_if(launch.inputs, [&](const Operand &o) { return o.buffer == id; }) == 1 &&
           !llvm::is_contained(launch.inPlace, static_cast<int64_t>(input));
  }

  int64_t findReusableInput(const Launch &launch, size_t output, int64_t time) {
    for (size_t input = 0; input < launch.inputs.size(); ++input)
      if (isLastUse(launch, input, time) && plan::mayRunInPlace(launch.kernel, output, input))
        return static_cast<int64_t>(input);
    return -1;
  }

  /// Carries are in place. Stacked results may take the memory of sequences, part by part.
  int64_t findReusableOfLoop(Launch &launch, size_t output, int64_t time) {
    LoopPlan &loop = *launch.loop;
    if (launch.inPlace[output] >= 0 || output >= loop.body.getNumResults())
      return launch.inPlace[output];
    for (size_t input = loop.carries; input < loop.carries + loop.sequences; ++input)
      if (launch.inputs[input].type == launch.outputs[output].type && isLastUse(launch, input, time) &&
          loop.planned->mayTakePlace(output, input))
        return static_cast<int64_t>(input);
    return -1;
  }

  SymbolTable &symbols;
  ModuleOp module;

  llvm::DenseMap<BufferId, size_t> producer;     // launch of `body` that writes it
  llvm::DenseMap<BufferId, size_t> lastReader;   // the last launch of `body` that reads it
  llvm::DenseMap<Attribute, BufferId> oldStates; // by symbol
  llvm::DenseMap<BufferId, BufferId> saved;      // copies in the arena of states and constants
  llvm::DenseSet<Attribute> writtenStates;
  std::vector<Launch> prologue, body, epilogue;
  std::vector<Interval> intervals;
};

} // namespace

std::unique_ptr<PlannedEntry> planEntry(func::FuncOp entry, SymbolTable &symbols, Effort effort) {
  std::unique_ptr<EntryPlanner> best;
  for (Order order : {Order::AsWritten, Order::FreeEarly, Order::FreeTogether}) {
    auto planner = std::make_unique<EntryPlanner>(entry, symbols);
    if (failed(planner->plan(order, best ? best->placement.bytes : INT64_MAX)))
      return nullptr;
    if (!best || planner->isBetterThan(*best))
      best = std::move(planner);
    if (effort == Effort::AsWritten)
      break;
  }
  if (effort == Effort::Closely)
    best->packCloser();
  return best;
}

} // namespace sinter
