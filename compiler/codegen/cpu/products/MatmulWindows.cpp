// A left operand of windows is packed tap by tap: all that depends on a window and a tap is computed once for the tap's
// channels, which are contiguous in memory and in the matrix.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

/// `index` of a row-major order of `sizes`, as one for each.
SmallVector<Value> split(OpBuilder &b, Location loc, Value index, ArrayRef<int64_t> sizes) {
  SmallVector<Value> parts(sizes.size());
  Value rest = index;
  for (int64_t d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
    Value size = indexConstant(b, loc, sizes[d]);
    parts[d] = sizes[d] == 1 ? indexConstant(b, loc, 0) : rest;
    if (d > 0 && sizes[d] > 1) {
      parts[d] = arith::RemUIOp::create(b, loc, rest, size);
      rest = arith::DivUIOp::create(b, loc, rest, size);
    }
  }
  return parts;
}

} // namespace

/// Elements [from, to) of a row of the matrix, that of `window`, go to buffer[place...]. Taps that are neighbours in
/// memory, and all within, are one run.
void MatmulEmitter::copyWindow(Value window, Value from, Value to, Value buffer, Value place) {
  WindowsOp op = kernel.lhs.windows->op;
  WindowShape shape = windowsOf(op);
  SmallVector<int64_t> sizes{op.getInput().getType().getShape().front()};
  llvm::append_range(sizes, shape.positions);
  SmallVector<Value> at = split(b, loc, window, sizes);
  CopiedWindow copied{at[0], {}, from, to, buffer, place};
  for (size_t d = 0; d < shape.rank(); ++d)
    copied.first.push_back(LinearIndex{-shape.low[d], {}}.add(at[d + 1], shape.strides[d]).materialize(b, loc));
  int64_t channels = kernel.lhs.windows->channels, inRun = shape.taps.back(), last = shape.rank() - 1;
  if (shape.steps[last] != 1 || shape.divisors[last] != 1 || inRun == 1)
    return copyTaps(copied, divide(from, channels), divide(add(to, channels - 1), channels));
  int64_t length = inRun * channels;
  loop(divide(from, length), divide(add(to, length - 1), length), 1, {}, [&](Value run, ValueRange) {
    Value start = multiply(run, length), begin = arith::MaxSIOp::create(b, loc, from, start),
          end = arith::MinSIOp::create(b, loc, to, add(start, length));
    auto [exists, element] = tapAt(copied, multiply(run, inRun));
    // The last tap is as far from the first one as they are many.
    Value endsWithin = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, copied.first[last],
                                             constant(shape.sizes[last] - inRun + 1));
    choose(
        arith::AndIOp::create(b, loc, exists, endsWithin),
        [&, element = element] {
          Value source = LinearIndex().add(element, channels).add(start, -1).materialize(b, loc);
          copyLanes(copied, begin, end, source, {});
        },
        [&] { copyTaps(copied, divide(begin, channels), divide(add(end, channels - 1), channels)); });
    return SmallVector<Value>();
  });
}

/// Whether a tap of a window is within, and which position it is then.
std::pair<Value, Value> MatmulEmitter::tapAt(const CopiedWindow &copied, Value tap) {
  WindowShape shape = windowsOf(kernel.lhs.windows->op);
  SmallVector<Value> taps = split(b, loc, tap, shape.taps);
  Value exists, element = copied.image;
  auto require = [&](Value condition) {
    exists = exists ? arith::AndIOp::create(b, loc, exists, condition).getResult() : condition;
  };
  for (size_t d = 0; d < shape.rank(); ++d) {
    int64_t divisor = shape.divisors[d];
    Value index = LinearIndex().add(copied.first[d], 1).add(taps[d], shape.steps[d]).materialize(b, loc);
    // One unsigned comparison: what is negative is beyond all positions.
    require(
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, constant((shape.sizes[d] - 1) * divisor + 1)));
    if (divisor > 1)
      require(equals(remainder(index, divisor), 0));
    element = LinearIndex().add(element, shape.sizes[d]).add(divide(index, divisor), 1).materialize(b, loc);
  }
  return {exists, element};
}

void MatmulEmitter::copyTaps(const CopiedWindow &copied, Value firstTap, Value lastTap) {
  int64_t channels = kernel.lhs.windows->channels;
  loop(firstTap, lastTap, 1, {}, [&](Value tap, ValueRange) {
    auto [exists, element] = tapAt(copied, tap);
    // Some place in the operand in any case, so that nothing branches.
    Value source = arith::SelectOp::create(b, loc, exists, multiply(element, channels), constant(0));
    Value start = multiply(tap, channels), begin = arith::MaxSIOp::create(b, loc, copied.from, start),
          end = arith::MinSIOp::create(b, loc, copied.to, add(start, channels));
    copyLanes(copied, begin, end, LinearIndex().add(source, 1).add(start, -1).materialize(b, loc), exists);
    return SmallVector<Value>();
  });
}

/// Elements [begin, end) of the row, each of which stands `source` elements further on in the operand; zeros unless
/// `exists` (null: they do).
void MatmulEmitter::copyLanes(const CopiedWindow &copied, Value begin, Value end, Value source, Value exists) {
  bool whole = kernel.lhs.windows->channels % kLanes == 0 && plan.lhs == LhsForm::Rows && plan.kc % kLanes == 0;
  Value operand = flat[kernel.lhs.windows->operand];
  auto choose = [&](Value lanes) {
    return exists ? arith::SelectOp::create(b, loc, exists, lanes, zeros()).getResult() : lanes;
  };
  loop(begin, end, kLanes, {}, [&](Value at, ValueRange) {
    Value there = add(source, at),
          here = LinearIndex().add(copied.place, 1).add(at, 1).add(copied.from, -1).materialize(b, loc);
    if (whole) {
      storeLanes(b, loc, choose(loadLanes(b, loc, operand, there)), copied.buffer, here);
      return SmallVector<Value>();
    }
    Value count = LinearIndex().add(end, 1).add(at, -1).materialize(b, loc);
    Value mask = vector::CreateMaskOp::create(b, loc, lanesOf(b.getI1Type()), ValueRange{count});
    Value lanes = choose(loadLanesWhere(b, loc, operand, there, 1, mask));
    vector::MaskedStoreOp::create(b, loc, copied.buffer, ValueRange{here}, mask, lanes);
    return SmallVector<Value>();
  });
}

/// How many steps of `size` it takes from 0 to `distance`, which may be negative, up to `most`.
Value MatmulEmitter::stepsTo(Value distance, int64_t size, int64_t most) {
  Value positive = arith::MaxSIOp::create(b, loc, distance, constant(0));
  return minimum(divide(add(positive, size - 1), size), constant(most));
}

/// Which taps of a dimension lie within for windows at `place` there: the first one, and the one behind the last.
std::pair<Value, Value> MatmulEmitter::tapsWithinAt(size_t d, Value place) {
  WindowShape shape = windowsOf(kernel.lhs.windows->op);
  int64_t step = shape.steps[d], size = shape.sizes[d], taps = shape.taps[d];
  auto first = [&](int64_t constant, int64_t factor) { // of the window's first tap
    return LinearIndex{constant - factor * shape.low[d], {}}.add(place, factor * shape.strides[d]).materialize(b, loc);
  };
  return step > 0 ? std::pair(stepsTo(first(0, -1), step, taps), stepsTo(first(size, -1), step, taps))
                  : std::pair(stepsTo(first(1 - size, 1), -step, taps), stepsTo(first(1, 1), -step, taps));
}

/// Which taps of the current batch's windows, which are all in one place, lie within.
void MatmulEmitter::locateTaps() {
  WindowShape shape = windowsOf(kernel.lhs.windows->op);
  const MatmulSplit &split = *kernel.splitOf(kernel.lhs.windows->dim);
  SmallVector<Value> places =
      cpu::split(b, loc, indexOf(split.parts.back().first, {constant(0), {}, {}, nullptr, 1}), shape.positions);
  tapsWithin.clear();
  for (size_t d = 0; d < shape.rank(); ++d)
    tapsWithin.push_back(tapsWithinAt(d, places[d]));
}

/// The steps of a block of k, of those from `from` to `to`, that a register tile of windows in one line (or plane)
/// needs: lines of taps outside are left out.
std::pair<Value, Value> MatmulEmitter::depthsInLine(Value kBlock, Value row, Value from, Value to) {
  WindowShape shape = windowsOf(kernel.lhs.windows->op);
  Value line = remainder(divide(add(firstRow, row), kernel.lhs.windows->lineLength()), shape.positions.front());
  auto [first, last] = tapsWithinAt(0, line);
  int64_t inLine = kernel.lhs.windows->channels * llvm::product_of(ArrayRef(shape.taps).drop_front());
  Value start = multiply(kBlock, plan.kc);
  auto within = [&](Value tap) {
    Value inBlock = LinearIndex().add(tap, inLine).add(start, -1).materialize(b, loc);
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, inBlock, from), to).getResult();
  };
  return {within(first), within(last)};
}

/// Calls `run` for the steps of a block of k whose taps lie within: neighbours in the last dimension are one run.
MatmulEmitter::Sums MatmulEmitter::eachRunOfTaps(Value kBlock, const Sums &before, Run run) {
  WindowShape shape = windowsOf(kernel.lhs.windows->op);
  int64_t channels = kernel.lhs.windows->channels;
  Value start = multiply(kBlock, plan.kc), depth = depthOf(kBlock);
  auto within = [&](Value at) { // of the block
    Value inBlock = LinearIndex().add(at, 1).add(start, -1).materialize(b, loc);
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, inBlock, constant(0)), depth).getResult();
  };
  std::function<Sums(size_t, Value, const Sums &)> walk = [&](size_t d, Value outer, const Sums &sums) -> Sums {
    auto [first, last] = tapsWithin[d];
    auto inAll = [&](Value tap) { return LinearIndex().add(outer, shape.taps[d]).add(tap, 1).materialize(b, loc); };
    if (d + 1 < shape.rank())
      return loop(first, last, 1, sums,
                  [&](Value tap, ValueRange carried) { return walk(d + 1, inAll(tap), Sums(carried)); });
    Value from = within(multiply(inAll(first), channels)), to = within(multiply(inAll(last), channels));
    return run(from, arith::MaxSIOp::create(b, loc, from, to), sums);
  };
  return walk(0, constant(0), before);
}

/// Floats between a channel of a tap of one window and that of the next one in a run.
int64_t MatmulEmitter::runStride() const {
  return windowsOf(kernel.lhs.windows->op).strides.back() * kernel.lhs.windows->channels;
}

/// A register tile whose rows are neighbours in all windows, `row` the first of them: calls `run` for the steps of a
/// block of k, which are windows, that have them within, line by line of an image. `element` is where the rows of
/// step 0 would stand if the line began with it.
MatmulEmitter::Sums MatmulEmitter::eachRunOfWindows(Value kBlock, Value row, const Sums &before, RunAt run) {
  WindowsOp op = kernel.lhs.windows->op;
  WindowShape shape = windowsOf(op);
  int64_t channels = kernel.lhs.windows->channels, neighbours = kernel.lhs.windows->neighbours();
  int64_t length = shape.positions.back(), stride = runStride();
  size_t last = shape.rank() - 1;
  if (neighbours > channels)
    shape.taps.back() = 1; // the first tap of each line stands for all
  Value inRows = add(firstRow, row), neighbour = remainder(inRows, neighbours);
  SmallVector<Value> taps = split(b, loc, divide(inRows, neighbours), shape.taps), offsets;
  SmallVector<std::pair<Value, Value>> within; // positions of windows: the first, and behind the last
  for (size_t d = 0; d < shape.rank(); ++d) {
    auto offset = [&](int64_t constant, int64_t factor) { // of the tap from where its window would be without padding
      int64_t start = constant - factor * shape.low[d];
      return LinearIndex{start, {}}.add(taps[d], factor * shape.steps[d]).materialize(b, loc);
    };
    offsets.push_back(offset(0, 1));
    within.push_back({stepsTo(offset(0, -1), shape.strides[d], shape.positions[d]),
                      stepsTo(offset(shape.sizes[d], -1), shape.strides[d], shape.positions[d])});
  }
  SmallVector<int64_t> lines{op.getInput().getType().getShape().front()};
  llvm::append_range(lines, ArrayRef(shape.positions).drop_back());
  Value start = multiply(kBlock, plan.kc), end = add(start, depthOf(kBlock));
  Value lastLine = divide(add(end, length - 1), length);
  return loop(divide(start, length), lastLine, 1, before, [&](Value line, ValueRange sums) {
    SmallVector<Value> at = split(b, loc, line, lines);
    Value element = at[0], begin = multiply(line, length);
    Value from = arith::MaxSIOp::create(b, loc, start, add(begin, within[last].first)),
          to = arith::MinSIOp::create(b, loc, end, add(begin, within[last].second));
    for (size_t d = 0; d < last; ++d) {
      Value position = at[d + 1];
      auto compares = [&](arith::CmpIPredicate relation, Value bound) -> Value {
        return arith::CmpIOp::create(b, loc, relation, position, bound);
      };
      Value exists = arith::AndIOp::create(b, loc, compares(arith::CmpIPredicate::uge, within[d].first),
                                           compares(arith::CmpIPredicate::ult, within[d].second));
      to = arith::SelectOp::create(b, loc, exists, to, from);
      element = LinearIndex()
                    .add(element, shape.sizes[d])
                    .add(position, shape.strides[d])
                    .add(offsets[d], 1)
                    .materialize(b, loc);
    }
    to = arith::MaxSIOp::create(b, loc, from, to);
    element = LinearIndex()
                  .add(element, shape.sizes[last] * channels)
                  .add(offsets[last], channels)
                  .add(neighbour, 1)
                  .add(start, stride)
                  .add(begin, -stride)
                  .materialize(b, loc);
    auto inBlock = [&](Value k) { return LinearIndex().add(k, 1).add(start, -1).materialize(b, loc); };
    return run(inBlock(from), inBlock(to), element, Sums(sums));
  });
}

/// [row][kc + padding] of a block of k: taps and channels of the tile's windows.
void MatmulEmitter::packWindowRows(Value kBlock) {
  Value from = multiply(kBlock, plan.kc), to = add(from, depthOf(kBlock));
  loop(rows, 1, [&](Value row) {
    Value place = LinearIndex().add(lhsBlock(kBlock), 1).add(row, lhsRowLength()).materialize(b, loc);
    Value window = indexOf(kernel.lhs.windows->dim, {add(firstRow, row), {}, {}, nullptr, 1});
    copyWindow(window, from, to, packedLhs, place);
  });
}

/// [panel][k][mr] of a block of k. What a panel takes of a window comes into one row first.
void MatmulEmitter::packWindowPanels(Value kBlock) {
  Value from = multiply(kBlock, plan.kc), depth = depthOf(kBlock);
  auto eachPanel = [&](llvm::function_ref<void(Value row, Value panel)> body) {
    loop(rows, plan.mr, [&](Value rowAt) {
      body(whole(rowAt, rows, plan.mr, rowsInAll()), lhsPanel(kBlock, divide(rowAt, plan.mr)));
    });
  };
  if (kernel.lhs.windows->areRows) {
    eachPanel([&](Value row, Value panel) {
      loop(constant(plan.mr), 1, [&](Value r) {
        Value window = indexOf(kernel.lhs.windows->dim, {add(add(firstRow, row), r), {}, {}, nullptr, 1});
        copyWindow(window, from, add(from, depth), windowRow, constant(0));
        loop(depth, 1, [&](Value k) {
          Value place = LinearIndex().add(panel, 1).add(k, plan.mr).add(r, 1).materialize(b, loc);
          memref::StoreOp::create(b, loc, memref::LoadOp::create(b, loc, windowRow, k), packedLhs, place);
        });
      });
    });
    return;
  }
  loop(depth, 1, [&](Value k) {
    copyWindow(add(from, k), firstRow, add(firstRow, rows), windowRow, constant(0));
    eachPanel([&](Value row, Value panel) {
      Value place = LinearIndex().add(panel, 1).add(k, plan.mr).materialize(b, loc);
      storeLanes(b, loc, loadLanes(b, loc, windowRow, row, 1, plan.mr), packedLhs, place, 1, plan.mr);
    });
  });
}

} // namespace sinter::cpu
