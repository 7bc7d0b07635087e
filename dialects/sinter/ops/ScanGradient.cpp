// The gradient of sinter.scan: a scan in the other direction.
//
//   %last, %all = scan carry(%h) over(%x) with(%w)      %last, %all, %kept = scan carry(%h) over(%x) with(%w)
//                                                       %dh, %dw, %dx = scan reverse carry(%dlast, %zeros)
//                                                                       over(%dall, %x, %kept) with(%w)
//
// Its body begins with the forward computation and goes on with reverse mode over that; cotangents of carries are its
// carries, those of invariants are added up in carries. Then some values of the forward part become sequences, which
// the forward scan gives as further results (%kept), and whatever computes nothing else any more goes. Which ones is a
// minimum cut between what may not be computed again (carries, sequences, what is dear) and what the reverse part
// reads; to cut a value costs its bytes. Nothing else is known of the body, so that gradients of gradients are no case
// of their own.
#include "dialects/sinter/Loops.h"
#include "dialects/sinter/MinimumCut.h"
#include "dialects/sinter/ReverseMode.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter;

namespace {

/// What a step of the reverse scan may compute again.
bool isCheap(Operation *op) {
  return isa<MapOp, ViewLike, BroadcastOp, PadOp, IotaOp, VariableOp, arith::ConstantOp>(op) ||
         op->hasTrait<JoinsOperands>() || OpTrait::hasElementwiseMappableTraits(op);
}

int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * std::max<int64_t>(type.getElementTypeBitWidth() / 8, 1);
}

bool isBoolean(Value value) { return getElementTypeOrSelf(value.getType()).isInteger(1); }

/// Drops the inputs that a map does not look at: a gradient lists all of its forward map's.
void dropUnusedInputs(MapOp map) {
  Block &body = map.getBody().front();
  SmallVector<Attribute> reads(map.getIndexingMaps().getValue());
  for (unsigned i = body.getNumArguments(); i-- > 0;)
    if (body.getArgument(i).use_empty()) {
      body.eraseArgument(i);
      map.getInputsMutable().erase(i);
      reads.erase(reads.begin() + i);
    }
  map.setIndexingMapsAttr(ArrayAttr::get(map.getContext(), reads));
}

/// The input that a map gives as it is, or null.
Value identityOf(MapOp map) {
  auto given = dyn_cast<BlockArgument>(map.getBody().front().getTerminator()->getOperand(0));
  if (map.getNumResults() != 1 || !given)
    return {};
  auto read = cast<AffineMapAttr>(map.getIndexingMaps()[given.getArgNumber()]).getValue();
  return read.isIdentity() ? map.getInputs()[given.getArgNumber()] : Value();
}

/// Erases what nothing uses, and what does nothing; `gone` is told before.
void eraseDead(Block &block, function_ref<void(Operation *)> gone) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    auto map = dyn_cast<MapOp>(op);
    if (Value same = map ? identityOf(map) : Value())
      map.getResult(0).replaceAllUsesWith(same);
    if (isOpTriviallyDead(&op) || (isa<VariableOp>(op) && op.use_empty())) {
      gone(&op);
      op.erase();
    } else if (map) {
      dropUnusedInputs(map);
    }
  }
}

class ScanGradient {
public:
  ScanGradient(ScanOp scan, OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed)
      : scan(scan), builder(builder), inner(scan.getContext()), loc(scan.getLoc()), cotangents(cotangents),
        forward(scan.getBody().front()), active(needed), carries(scan.getNumCarries()),
        sequences(scan.getSequences().size()) {}

  LogicalResult run(MutableArrayRef<Value> operandCotangents) {
    findActive();
    cloneForward();
    if (failed(differentiate()))
      return failure();
    copyForward();
    if (failed(chooseKept()))
      return failure();
    finish(operandCotangents);
    return success();
  }

private:
  /// A sequence of the reverse scan, and the argument that a step sees of it.
  struct Sequence {
    BlockArgument argument;
    Value operand;           ///< of the scan; or null:
    Value toStack = nullptr; ///< what the steps of the forward scan have to give (a value of `copy`)
  };

  /// A carry is active if its first value is, or if what it becomes depends on something active.
  void findActive() {
    for (auto [argument, isActive] : llvm::zip_equal(forward.getArguments(), active))
      isActive = isActive && isDifferentiable(argument.getType());
    SmallVector<Operation *> ops;
    for (Operation &op : forward.without_terminator())
      ops.push_back(&op);
    for (bool again = true; again;) {
      again = false;
      SmallVector<Value> sources;
      for (auto [argument, isActive] : llvm::zip_equal(forward.getArguments(), active))
        if (isActive)
          sources.push_back(argument);
      DenseSet<Value> reached = dependents(ops, sources);
      for (unsigned i = 0; i < carries; ++i)
        if (!active[i] && reached.contains(forward.getTerminator()->getOperand(i)))
          active[i] = again = true;
    }
  }

  /// The reverse body with its sequences and invariants so far, and the forward computation in it.
  void cloneForward() {
    Block &block = region.emplaceBlock();
    inner.setInsertionPointToStart(&block);
    for (auto [number, cotangent] : llvm::enumerate(cotangents.drop_front(carries)))
      if (cotangent)
        fromOutput[number] = addSequence(cotangent);
    IRMapping mapping;
    for (BlockArgument argument : forward.getArguments().take_front(carries + sequences)) {
      unsigned number = argument.getArgNumber();
      Value operand = number < carries ? Value() : scan.getSequences()[number - carries];
      BlockArgument own = addSequence(operand, argument.getType());
      mapping.map(argument, own);
      inReverse.push_back(own);
    }
    for (BlockArgument argument : forward.getArguments().drop_front(carries + sequences)) {
      BlockArgument own = block.addArgument(argument.getType(), argument.getLoc());
      mapping.map(argument, own);
      inReverse.push_back(own);
    }
    for (Operation &op : forward.without_terminator())
      inner.clone(op, mapping);
    SmallVector<Value> given;
    for (Value value : forward.getTerminator()->getOperands())
      given.push_back(mapping.lookup(value));
    // Parts the forward ops from the others, and follows what they give when gradients replace ops.
    border = UnrealizedConversionCastOp::create(inner, loc, TypeRange(), given);
  }

  BlockArgument addSequence(Value operand, Type type = {}) {
    Block &block = region.front();
    BlockArgument argument =
        block.insertArgument(static_cast<unsigned>(reverseCarries.size() + reverseSequences.size()),
                             type ? type : Type(stepType(operand.getType())), loc);
    reverseSequences.push_back({argument, operand});
    return argument;
  }

  BlockArgument addCarry(Type type, Value init) {
    BlockArgument argument = region.front().insertArgument(static_cast<unsigned>(reverseCarries.size()), type, loc);
    reverseCarries.push_back(init ? init : splat(builder, loc, type, 0));
    return argument;
  }

  LogicalResult differentiate() {
    Cotangents flow;
    SmallVector<Value> next;
    for (unsigned i = 0; i < carries; ++i)
      if (active[i])
        flow.add(inner, loc, border.getOperand(i), addCarry(cotangentType(scan.getInit()[i].getType()), cotangents[i]));
    for (auto [number, argument] : fromOutput)
      flow.add(inner, loc, border.getOperand(carries + number), argument);
    SmallVector<Value> sources;
    for (auto [argument, isActive] : llvm::zip_equal(inReverse, active))
      if (isActive)
        sources.push_back(argument);
    SmallVector<Operation *> ops;
    for (Operation *op = &region.front().front(); op != border; op = op->getNextNode())
      ops.push_back(op);
    if (failed(backpropagate(inner, ops, dependents(ops, sources), flow)))
      return failure();

    SmallVector<Value> stacked;
    for (auto [number, argument] : llvm::enumerate(inReverse)) {
      if (!active[number])
        continue;
      Value cotangent = flow.lookup(argument);
      if (number < carries) {
        answers[number] = next.size();
        next.push_back(cotangent ? cotangent : splat(inner, loc, cotangentType(argument.getType()), 0));
      } else if (cotangent && number < carries + sequences) {
        stackedFor.push_back(number);
        stacked.push_back(cotangent);
      } else if (cotangent) {
        answers[number] = next.size();
        BlockArgument sum = addCarry(cotangentType(argument.getType()), nullptr);
        next.push_back(arith::AddFOp::create(inner, loc, sum, cotangent));
      }
    }
    for (auto [place, number] : llvm::enumerate(stackedFor))
      answers[number] = next.size() + place;
    llvm::append_range(next, stacked);
    NextOp::create(inner, loc, next);
    return success();
  }

  /// The body of the forward scan, as reverse mode has left it: loops in it may give more than before.
  void copyForward() {
    Block &block = copy.emplaceBlock();
    for (Value argument : inReverse)
      inCopy.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
    OpBuilder at(scan.getContext());
    at.setInsertionPointToEnd(&block);
    for (Operation *op = &region.front().front(); op != border; op = op->getNextNode()) {
      at.clone(*op, inCopy);
      forwardOps.insert(op);
    }
    for (Value value : border.getOperands())
      given.push_back(inCopy.lookup(value));
    border.erase();
  }

  void dropDead() {
    eraseDead(region.front(), [&](Operation *op) { forwardOps.erase(op); });
  }

  /// Values of the reverse body that become sequences.
  LogicalResult chooseKept() {
    dropDead();
    MinimumCut cut;
    DenseMap<Value, std::pair<size_t, size_t>> nodes;
    auto addValue = [&](Value value, bool isGiven) {
      std::pair<size_t, size_t> node{cut.addNode(), cut.addNode()};
      cut.addEdge(node.first, node.second, isBoolean(value) ? MinimumCut::kNever : bytesOf(value) + 1);
      if (isGiven)
        cut.addEdge(cut.source(), node.first, MinimumCut::kNever);
      if (llvm::any_of(value.getUsers(), [&](Operation *user) { return !forwardOps.contains(user); }))
        cut.addEdge(node.second, cut.sink(), MinimumCut::kNever);
      nodes[value] = node;
    };
    SmallVector<Value> values;
    for (unsigned i = 0; i < carries + sequences; ++i)
      values.push_back(inReverse[i]), addValue(inReverse[i], true);
    for (Operation &op : region.front()) {
      if (!forwardOps.contains(&op))
        continue;
      for (Value result : op.getResults()) {
        values.push_back(result), addValue(result, !isCheap(&op));
        for (Value operand : op.getOperands())
          if (auto node = nodes.find(operand); node != nodes.end() && isCheap(&op))
            cut.addEdge(node->second.second, nodes[result].first, MinimumCut::kNever);
      }
    }
    std::vector<bool> withSink = cut.withSink();
    for (Value value : values) {
      auto [in, out] = nodes[value];
      if (withSink[in] || !withSink[out])
        continue;
      if (isBoolean(value))
        return emitError(value.getLoc(), "scan: the gradient needs a boolean of each step that cannot be computed "
                                         "again; cast it to i32");
      if (isa<OpResult>(value)) {
        BlockArgument argument = addSequence(Value(), value.getType());
        reverseSequences.back().toStack = inCopy.lookup(value);
        value.replaceAllUsesWith(argument);
      }
    }
    for (Sequence &sequence : reverseSequences)
      if (!sequence.operand && !sequence.toStack)
        sequence.toStack = inCopy.lookup(sequence.argument); // a carry
    dropDead();
    llvm::erase_if(reverseSequences, [&](Sequence &sequence) {
      if (!sequence.argument.use_empty())
        return false;
      region.front().eraseArgument(sequence.argument.getArgNumber());
      return true;
    });
    return success();
  }

  /// The scan that also gives what is to be kept, instead of the one that there was, which has no reader any more.
  void replaceForward() {
    size_t before = given.size();
    for (Sequence &sequence : reverseSequences)
      if (!sequence.operand && !llvm::is_contained(ArrayRef(given).drop_front(carries), sequence.toStack))
        given.push_back(sequence.toStack);
    ValueRange results = scan.getResults();
    if (given.size() != before) {
      OpBuilder at(scan.getContext());
      at.setInsertionPointToEnd(&copy.front());
      NextOp::create(at, loc, given);
      eraseDead(copy.front(), [](Operation *) {});
      at.setInsertionPoint(scan);
      ScanOp more = createScan(at, loc, scan, scan.getInit(), scan.getSequences(), scan.getInvariants(), copy);
      scan->replaceAllUsesWith(more.getResults().take_front(before));
      results = more.getResults();
    }
    for (Sequence &sequence : reverseSequences) {
      if (!sequence.operand)
        sequence.operand = results[carries + (llvm::find(ArrayRef(given).drop_front(carries), sequence.toStack) -
                                              given.begin() - carries)];
      if (auto old = dyn_cast<OpResult>(sequence.operand); old && old.getOwner() == scan)
        sequence.operand = results[old.getResultNumber()];
    }
  }

  void finish(MutableArrayRef<Value> operandCotangents) {
    replaceForward();
    SmallVector<Value> over, with;
    for (Sequence &sequence : reverseSequences)
      over.push_back(sequence.operand);
    Block &block = region.front();
    for (unsigned i = carries + sequences; i < inReverse.size(); ++i) {
      auto argument = cast<BlockArgument>(inReverse[i]);
      if (argument.use_empty())
        block.eraseArgument(argument.getArgNumber());
      else
        with.push_back(scan.getInvariants()[i - carries - sequences]);
    }
    SmallVector<Type> types;
    for (Value init : reverseCarries)
      types.push_back(init.getType());
    for (Value value : block.getTerminator()->getOperands().drop_front(reverseCarries.size()))
      types.push_back(stackedType(value.getType(), scan.getSteps()));
    auto backward =
        ScanOp::create(builder, loc, types, scan.getSteps(), !scan.getReverse(), reverseCarries, over, with);
    backward.getBody().takeBody(region);
    for (auto [number, result] : answers)
      operandCotangents[number] = backward.getResult(result);
  }

  ScanOp scan;
  OpBuilder &builder, inner;
  Location loc;
  ArrayRef<Value> cotangents; ///< of the scan's results
  Block &forward;
  SmallVector<bool> active;          ///< of the body's arguments
  const unsigned carries, sequences; ///< of the forward scan

  Region region, copy;          ///< bodies: of the reverse scan, and of the forward one
  SmallVector<Value> inReverse; ///< the forward body's arguments in the reverse body
  IRMapping inCopy;             ///< from values of the reverse body's forward part to those of `copy`
  UnrealizedConversionCastOp border;
  DenseSet<Operation *> forwardOps;  ///< in the reverse body
  SmallVector<Value> given;          ///< what a step of `copy` gives
  SmallVector<Value> reverseCarries; ///< where they begin
  std::vector<Sequence> reverseSequences;
  llvm::MapVector<unsigned, BlockArgument> fromOutput; ///< the cotangent of each stacked result that has one
  SmallVector<unsigned> stackedFor;
  llvm::MapVector<unsigned, size_t> answers; ///< the reverse scan's result for each operand
};

} // namespace

LogicalResult ScanOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                          MutableArrayRef<Value> operandCotangents) {
  if (whileCarry(*this))
    return emitError("while_loop: how many steps there are is known at run time only, so no gradient can be computed; "
                     "use scan or repeat with a number, or stop_gradient");
  return ScanGradient(*this, builder, cotangents, needed).run(operandCotangents);
}
