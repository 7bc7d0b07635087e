// The proof that an entry's buffers do not disturb each other. Labels C1... are those of `plan.entry` in Ops.td.
#include "dialects/plan/Plan.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <set>

using namespace mlir;

namespace sinter::plan {
namespace {

constexpr int64_t kNever = -2, kStart = -1;

/// A buffer of the arena: bytes [offset, end), from the launch that writes it to the last that reads it.
struct Lifetime {
  ArenaOp op;
  int64_t offset, end;
  int64_t written = kNever, lastRead = kNever;
  LaunchOp writer;
  // In loops:
  Lifetime *next = nullptr; ///< of a carry: what has its place from the loop's begin on
  bool awaited = false;     ///< of a next carry: the step has not written it yet
  LoopOp within;            ///< written anew in each step of this loop, and read in there only
};

class EntryVerifier {
public:
  explicit EntryVerifier(EntryOp entry) : entry(entry) {}

  LogicalResult run() {
    if (failed(collectBuffers()))
      return failure();
    for (auto input : entry.getBody().getOps<InputOp>())
      if (failed(defineInput(input)))
        return failure();
    if (failed(run(entry.getBody().front())))
      return failure();
    for (auto output : entry.getBody().getOps<OutputOp>())
      if (failed(readOutput(output, time)))
        return failure();
    return proveDisjoint();
  }

private:
  LogicalResult collectBuffers() {
    for (auto op : entry.getBody().getOps<ArenaOp>()) {
      int64_t offset = op.getOffset(), end = offset + sizeInBytes(cast<MemRefType>(op.getBuffer().getType()));
      if (offset < 0 || offset % kAlignment) // C1
        return op.emitOpError() << "offset " << offset << " is not a multiple of " << kAlignment;
      if (end > static_cast<int64_t>(entry.getArenaBytes())) // C2
        return op.emitOpError() << "the buffer ends at byte " << end << " of an arena of " << entry.getArenaBytes();
      lifetimes[op.getBuffer()] = buffers.size();
      buffers.push_back({op, offset, end, kNever, kNever, {}, nullptr, false, {}});
    }
    return success();
  }

  Lifetime *find(Value root) {
    auto found = lifetimes.find(root);
    return found == lifetimes.end() ? nullptr : &buffers[found->second];
  }

  LogicalResult unique(llvm::StringSet<> &names, StringRef name, Operation *op) { // C10
    return names.insert(name).second ? success() : op->emitOpError() << "the name \"" << name << "\" appears twice";
  }

  LogicalResult defineInput(InputOp input) {
    Lifetime *buffer = find(rootBuffer(input.getBuffer()));
    if (!buffer)
      return input.emitOpError() << "an input lies in the arena";
    if (buffer->written != kNever) // C3
      return input.emitOpError() << "the buffer is written twice";
    buffer->written = buffer->lastRead = kStart;
    return unique(inputNames, input.getName(), input);
  }

  LogicalResult readOutput(OutputOp output, int64_t end) {
    Lifetime *buffer = find(rootBuffer(output.getBuffer()));
    if (!buffer) // C9
      return output.emitOpError() << "an output lies in the arena";
    if (buffer->written == kNever) // C4
      return output.emitOpError() << "nothing writes the buffer";
    if (buffer->within || buffer->next) // C11, C12
      return output.emitOpError() << "the buffer is a loop's own";
    buffer->lastRead = end;
    return unique(outputNames, output.getName(), output);
  }

  LogicalResult run(Block &block) {
    for (Operation &op : block) {
      if (auto launch = dyn_cast<LaunchOp>(op)) {
        if (failed(run(launch, time++)))
          return failure();
      } else if (auto loop = dyn_cast<LoopOp>(op)) {
        if (failed(run(loop)))
          return failure();
      }
    }
    return success();
  }

  LogicalResult run(LoopOp loop) {
    const int64_t begin = time;
    for (auto [number, carry, next] : llvm::enumerate(loop.getCarries(), loop.getNext()))
      if (failed(beginCarry(loop, number, find(rootBuffer(carry)), find(rootBuffer(next)))))
        return failure();
    loops.push_back({loop, begin, {}});
    if (failed(run(loop.getBody().front())))
      return failure();
    OpenLoop open = loops.pop_back_val();
    for (auto [number, next] : llvm::enumerate(loop.getNext())) {
      Lifetime *buffer = find(rootBuffer(next));
      if (buffer->awaited) // C12
        return loop.emitOpError() << "no launch writes the next carry " << number;
      buffer->lastRead = std::max(buffer->lastRead, time - 1);
    }
    for (size_t index : open.touched)
      if (Lifetime &buffer = buffers[index]; isOpen(buffer.within) && !buffer.next) // C11
        buffer.lastRead = std::max(buffer.lastRead, time - 1);
    return success();
  }

  /// C12: from here on the next carry has the place of the carry.
  LogicalResult beginCarry(LoopOp loop, size_t number, Lifetime *carry, Lifetime *next) {
    if (!carry || !next || carry->offset != next->offset || carry->end != next->end)
      return loop.emitOpError() << "carry " << number << " and the next one are not one place of the arena";
    if (carry->written == kNever) // C4
      return loop.emitOpError() << "carry " << number << " is read before anything wrote it";
    if (next->written != kNever || carry->next) // C3
      return loop.emitOpError() << "the next carry " << number << " is written twice";
    if (!isOpen(carry->within) || carry->lastRead > time)
      return loop.emitOpError() << "carry " << number << " is a loop's own";
    std::set<std::pair<int64_t, int64_t>> parts;
    collectParts(loop, rootBuffer(loop.getCarries()[number]), parts);
    collectParts(loop, rootBuffer(loop.getNext()[number]), parts);
    if (parts.size() > 1)
      return loop.emitOpError() << "a step reads and writes different parts of carry " << number;
    carry->next = next;
    carry->lastRead = next->written = next->lastRead = time;
    next->awaited = true;
    next->within = carry->within;
    reuses.insert({carry->op.getBuffer(), next->op.getBuffer()});
    return success();
  }

  /// The parts of a buffer that a step of `loop` reads or writes: where the first one begins, and how far it moves. Two
  /// for all of it.
  static void collectParts(LoopOp loop, Value buffer, std::set<std::pair<int64_t, int64_t>> &parts) {
    for (Operation *user : buffer.getUsers()) {
      if (isa<ViewOp>(user))
        collectParts(loop, user->getResult(0), parts);
      else if (auto step = dyn_cast<StepOp>(user); step && step->getParentOp() == loop)
        parts.insert({static_cast<int64_t>(step.getFrom()), static_cast<int64_t>(step.getBy())});
      else if (loop->isProperAncestor(user))
        parts.insert({0, 0});
    }
  }

  /// Whether this is null or a loop that is being looked at.
  bool isOpen(LoopOp loop) {
    return !loop || llvm::any_of(loops, [&](const OpenLoop &open) { return open.loop == loop; });
  }

  /// Notes that the launches of all open loops touch a buffer.
  void touch(Value root) {
    for (OpenLoop &open : loops)
      open.touched.insert(lifetimes.lookup(root));
  }

  /// The outermost loop that has a part of `buffer`'s root for each step, or null.
  static LoopOp loopOfParts(Value buffer) {
    LoopOp outermost;
    for (Operation *op = buffer.getDefiningOp(); isa_and_nonnull<ViewOp, StepOp>(op);
         op = op->getOperand(0).getDefiningOp())
      if (isa<StepOp>(op))
        outermost = cast<LoopOp>(op->getParentOp());
    return outermost;
  }

  LogicalResult run(LaunchOp launch, int64_t time) {
    for (auto [index, input] : llvm::enumerate(launch.getInputs()))
      if (failed(read(launch, index, rootBuffer(input), time)))
        return failure();
    for (auto [index, output] : llvm::enumerate(launch.getOutputs()))
      if (failed(write(launch, index, rootBuffer(output), time)))
        return failure();
    return success();
  }

  LogicalResult read(LaunchOp launch, size_t index, Value root, int64_t time) {
    if (Lifetime *buffer = find(root)) {
      if (buffer->written == kNever) { // C4
        auto error = launch.emitOpError() << "input " << index << " is read before anything wrote it";
        error.attachNote(buffer->op.getLoc()) << "the buffer";
        return error;
      }
      if (buffer->next && !buffer->next->awaited) // C12
        return launch.emitOpError() << "input " << index << " is a carry that has been overwritten by the next one";
      if (buffer->awaited) // C12
        return launch.emitOpError() << "input " << index << " is a next carry, which is not written yet";
      if (!isOpen(buffer->within)) // C11
        return launch.emitOpError() << "input " << index << " is a buffer of a loop, which has ended";
      touch(root);
      buffer->lastRead = buffer->next ? buffer->lastRead : time;
      return success();
    }
    if (auto state = root.getDefiningOp<StateOp>()) { // C7
      auto written = stateWrites.find(state.getState());
      if (written != stateWrites.end() && written->second.value != root) {
        auto error = launch.emitOpError() << "input " << index << " is the old value of state @" << state.getState()
                                          << ", which was overwritten";
        error.attachNote(written->second.writer.getLoc()) << "by this launch";
        return error;
      }
      if (written == stateWrites.end() && isWritten(root))
        return launch.emitOpError() << "input " << index << " is the new value of state @" << state.getState()
                                    << ", read before it is written";
    }
    return success();
  }

  LogicalResult write(LaunchOp launch, size_t index, Value root, int64_t time) {
    int64_t reused = launch.getReusedInput(index);
    if (Lifetime *buffer = find(root)) {
      if (buffer->awaited)
        return writeCarry(launch, index, *buffer, reused);
      if (buffer->written != kNever) { // C3
        auto error = launch.emitOpError() << "output " << index << " is written twice";
        error.attachNote(buffer->op.getLoc()) << "the buffer";
        return error;
      }
      buffer->written = buffer->lastRead = time;
      buffer->writer = launch;
      touch(root);
      if (LoopOp parts = loopOfParts(launch.getOutputs()[index])) { // C11
        auto *open = llvm::find_if(loops, [&](const OpenLoop &one) { return one.loop == parts; });
        buffer->written = open->begin;
        buffer->within = open == loops.begin() ? LoopOp() : std::prev(open)->loop;
      } else if (!loops.empty()) {
        buffer->within = loops.back().loop;
      }
      return reused < 0 ? success() : checkReuse(launch, index, *buffer, reused);
    }
    if (auto state = root.getDefiningOp<StateOp>()) { // C7
      if (!loops.empty())
        return launch.emitOpError() << "state @" << state.getState() << " is written in a loop";
      if (!stateWrites.try_emplace(state.getState(), StateWrite{root, launch}).second)
        return launch.emitOpError() << "state @" << state.getState() << " is written twice";
      for (auto [input, value] : llvm::enumerate(launch.getInputs())) {
        auto other = rootBuffer(value).getDefiningOp<StateOp>();
        if (other && other.getState() == state.getState() && static_cast<int64_t>(input) != reused)
          return launch.emitOpError() << "output " << index << " overwrites state @" << state.getState()
                                      << " while input " << input << " reads it";
      }
      if (reused >= 0) {
        auto other = rootBuffer(launch.getInputs()[reused]).getDefiningOp<StateOp>();
        if (!other || other.getState() != state.getState())
          return launch.emitOpError() << "output " << index << " does not have the memory of input " << reused;
      }
      return success();
    }
    return launch.emitOpError() << "output " << index << " is a constant"; // C8
  }

  /// C12: no operand reads the old carry meanwhile, unless the kernel may overwrite it.
  LogicalResult writeCarry(LaunchOp launch, size_t index, Lifetime &next, int64_t reused) {
    next.awaited = false;
    next.writer = launch;
    for (auto [input, value] : llvm::enumerate(launch.getInputs()))
      if (Lifetime *read = find(rootBuffer(value));
          read && read->next == &next && static_cast<int64_t>(input) != reused)
        return launch.emitOpError() << "output " << index << " overwrites a carry while input " << input << " reads it";
    Lifetime *carry = reused < 0 ? nullptr : find(rootBuffer(launch.getInputs()[reused]));
    if (reused >= 0 && (!carry || carry->next != &next))
      return launch.emitOpError() << "output " << index << " does not have the memory of input " << reused;
    return success();
  }

  /// C6, but for what the launch's symbol check asks of the kernel.
  LogicalResult checkReuse(LaunchOp launch, size_t index, Lifetime &output, int64_t reused) {
    Value root = rootBuffer(launch.getInputs()[reused]);
    Lifetime *input = find(root);
    if (!input || input->offset != output.offset || input->end != output.end)
      return launch.emitOpError() << "output " << index << " does not have the memory of input " << reused;
    for (auto [other, value] : llvm::enumerate(launch.getInputs()))
      if (static_cast<int64_t>(other) != reused && rootBuffer(value) == root)
        return launch.emitOpError() << "output " << index << " overwrites input " << reused << ", which is also input "
                                    << other;
    reuses.insert({input->op.getBuffer(), output.op.getBuffer()});
    return success();
  }

  /// C5 and the rest of C6: sweeps the buffers by the launch that writes them. Those that are alive are disjoint, so
  /// that only the one before a place and those from there on can meet what is written there.
  LogicalResult proveDisjoint() {
    SmallVector<Lifetime *> order;
    for (Lifetime &buffer : buffers)
      if (buffer.written != kNever)
        order.push_back(&buffer);
    llvm::sort(order, [](Lifetime *a, Lifetime *b) { return std::tie(a->written, a) < std::tie(b->written, b); });
    std::map<int64_t, Lifetime *> alive;             // by offset
    std::set<std::pair<int64_t, Lifetime *>> ending; // the same by the launch that reads them last
    for (Lifetime *buffer : order) {
      for (; !ending.empty() && ending.begin()->first < buffer->written; ending.erase(ending.begin()))
        if (auto place = alive.find(ending.begin()->second->offset);
            place != alive.end() && place->second == ending.begin()->second)
          alive.erase(place);
      auto other = alive.upper_bound(buffer->offset);
      if (other != alive.begin())
        --other;
      for (; other != alive.end() && other->first < buffer->end; ++other)
        if (failed(proveDisjoint(*other->second, *buffer)))
          return failure();
      if (buffer->offset == buffer->end)
        continue;
      alive[buffer->offset] = buffer; // instead of the one whose place it takes, if there is one
      ending.insert({buffer->lastRead, buffer});
    }
    return success();
  }

  LogicalResult proveDisjoint(Lifetime &older, Lifetime &newer) {
    if (older.end <= newer.offset || newer.end <= older.offset)
      return success();
    bool declared = reuses.contains({older.op.getBuffer(), newer.op.getBuffer()});
    if (declared && older.lastRead == newer.written)
      return success();
    auto error = newer.op.emitOpError();
    if (declared)
      error << "takes the place of a buffer that is read later: by launch " << older.lastRead
            << ", it is overwritten by launch " << newer.written;
    else
      error << "bytes [" << newer.offset << ", " << newer.end << ") are in use at launch " << newer.written
            << ": another buffer has [" << older.offset << ", " << older.end << ") from launch " << older.written
            << " to " << older.lastRead;
    error.attachNote(older.op.getLoc()) << "the other buffer";
    return error;
  }

  /// Whether any launch writes this value.
  bool isWritten(Value root) {
    for (OpOperand &use : root.getUses()) {
      if (auto view = dyn_cast<ViewOp>(use.getOwner())) {
        if (isWritten(view.getBuffer()))
          return true;
      } else if (auto launch = dyn_cast<LaunchOp>(use.getOwner())) {
        if (use.getOperandNumber() >= launch.getInputs().size())
          return true;
      }
    }
    return false;
  }

  struct OpenLoop {
    LoopOp loop;
    int64_t begin;
    llvm::DenseSet<size_t> touched;
  };

  struct StateWrite {
    Value value;
    LaunchOp writer;
  };

  EntryOp entry;
  int64_t time = 0; ///< the number of the next launch
  SmallVector<OpenLoop> loops;
  SmallVector<Lifetime> buffers;
  llvm::DenseMap<Value, size_t> lifetimes;
  llvm::StringMap<StateWrite> stateWrites;
  llvm::DenseSet<std::pair<Value, Value>> reuses; ///< (input, output) that share memory by declaration
  llvm::StringSet<> inputNames, outputNames;
};

} // namespace

LogicalResult EntryOp::verifyRegions() { return EntryVerifier(*this).run(); }

} // namespace sinter::plan
