// What the windows of a block of neighbouring positions read.
#pragma once

#include "dialects/sinter/ops/windows/WindowRules.h"

#include <map>

namespace sinter::rules {

/// Which block of which image the loops are at, and which channel.
struct BlockPlace {
  mlir::Value image;
  llvm::SmallVector<mlir::Value> blocks; ///< in each dimension
  mlir::Value channel;
};

/// What a block reads of a tensor, each element once.
class BlockReads {
public:
  BlockReads(IndexMath index, mlir::Value input, const WindowShape &shape, llvm::ArrayRef<int64_t> blocks,
             const BlockPlace &place)
      : index(index), input(input), shape(shape), blocks(blocks), place(place), places(shape.rank()) {}

  /// The element at tap `k` of the block's position `at`; null if there is none, whichever block it is.
  mlir::Value read(const std::vector<int64_t> &at, const std::vector<int64_t> &k) {
    std::vector<int64_t> offsets;
    for (size_t d = 0; d < shape.rank(); ++d) {
      offsets.push_back(at[d] * shape.strides[d] + k[d] * shape.steps[d] - shape.low[d]);
      if (!placeAt(d, offsets.back()).index)
        return {};
    }
    mlir::Value &element = elements[offsets];
    if (element)
      return element;
    IndexMath::Position position;
    for (size_t d = 0; d < shape.rank(); ++d) {
      auto [at, exists] = placeAt(d, offsets[d]);
      position.indices.push_back(at);
      if (exists)
        position.exists = position.exists ? index.both(position.exists, exists) : exists;
    }
    return element = index.read(input, place.image, position, place.channel, 0);
  }

private:
  /// A position of one dimension, and whether it exists (null: always); no index: it never does.
  struct Place {
    mlir::Value index, exists;
  };

  /// `offset` is from where the block begins, before it is divided.
  Place placeAt(size_t d, int64_t offset) {
    auto [known, isNew] = places[d].insert({offset, {}});
    return isNew ? known->second = findPlace(d, offset) : known->second;
  }

  Place findPlace(size_t d, int64_t offset) {
    int64_t divisor = shape.divisors[d], step = blocks[d] * shape.strides[d], count = shape.positions[d] / blocks[d],
            behind = (shape.sizes[d] - 1) * divisor + 1, last = (count - 1) * step + offset;
    bool isKnown = step % divisor == 0; // which taps fall on positions
    if (last < 0 || offset >= behind || (isKnown && offset % divisor != 0))
      return {};
    if (isKnown)
      step /= divisor, offset /= divisor, last /= divisor, behind = shape.sizes[d], divisor = 1;
    mlir::Value at = index.constant(offset), exists;
    if (count > 1) {
      at = index.multiply(place.blocks[d], step);
      if (offset != 0)
        at = index.add(at, index.constant(offset));
    }
    if (offset < 0 || last >= behind) {
      exists = index.below(at, behind);
      at = index.select(exists, at, index.constant(0));
    }
    if (divisor > 1) {
      mlir::Value falls = index.equal(index.remainder(at, divisor), index.constant(0));
      exists = exists ? index.both(exists, falls) : falls;
      at = index.divide(at, divisor);
    }
    return {at, exists};
  }

  IndexMath index;
  mlir::Value input;
  const WindowShape &shape;
  llvm::ArrayRef<int64_t> blocks;
  const BlockPlace &place;
  std::vector<std::map<int64_t, Place>> places;
  std::map<std::vector<int64_t>, mlir::Value> elements;
};

} // namespace sinter::rules
