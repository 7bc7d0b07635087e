#include "compiler/codegen/products/MatmulShape.h"

using namespace mlir;

namespace sinter::codegen {

/// The share of taps that lie within what windows are over, in one dimension; the others read zeros.
static double shareWithin(const WindowShape &shape, size_t d) {
  int64_t within = 0;
  for (int64_t o = 0; o < shape.positions[d]; ++o)
    for (int64_t t = 0; t < shape.taps[d]; ++t) {
      int64_t place = o * shape.strides[d] + t * shape.steps[d] - shape.low[d];
      within += place >= 0 && place % shape.divisors[d] == 0 && place / shape.divisors[d] < shape.sizes[d];
    }
  return static_cast<double>(within) / static_cast<double>(shape.positions[d] * shape.taps[d]);
}

static double shareWithin(const WindowShape &shape) {
  double share = 1;
  for (size_t d = 0; d < shape.rank(); ++d)
    share *= shareWithin(shape, d);
  return share;
}

int64_t MatmulWindows::lineLength() const { return llvm::product_of(WindowsOp(op).getPositions().drop_front()); }

double MatmulWindows::linesWithin() const {
  constexpr int64_t kWholeSteps = 4; // that the loops over k take at once
  WindowShape shape = windowsOf(op);
  bool known = areRows && shape.rank() > 1 && channels % kWholeSteps == 0 && shape.divisors.front() == 1 &&
               shape.steps.front() != 0;
  return known ? shareWithin(shape, 0) : 1;
}

int64_t MatmulWindows::neighbours() const {
  WindowShape shape = windowsOf(op);
  int64_t taps = shape.taps.back(), farthest = (shape.positions.back() - 1) * shape.strides.back() + taps;
  bool stays = shape.steps.back() == 1 && shape.low.back() == 0 && farthest <= shape.sizes.back();
  return stays ? taps * channels : channels;
}

bool MatmulWindows::standInRuns() const {
  constexpr int64_t kLeastRun = 7, kLeastRows = 5, kMostRows = 16;
  auto fills = [&](int64_t rows) { return neighbours() % rows == 0; };
  return !areRows && WindowsOp(op).getPositions().back() >= kLeastRun &&
         llvm::all_of(WindowsOp(op).getDivisors(), [](int64_t divisor) { return divisor == 1; }) &&
         llvm::any_of(llvm::seq(kLeastRows, kMostRows + 1), fills);
}

bool paysByPlace(WindowsOp op) {
  constexpr double kMostWithin = 0.95;
  constexpr int64_t kLeastImages = 16, kMostPlaces = 4; // of an image for each image
  int64_t images = op.getInput().getType().getShape().front(), places = op.getType().getShape().front() / images;
  return images >= kLeastImages && places > 1 && places <= kMostPlaces * images &&
         llvm::all_of(op.getDivisors(), [](int64_t divisor) { return divisor == 1; }) &&
         llvm::none_of(op.getSteps(), [](int64_t step) { return step == 0; }) &&
         shareWithin(windowsOf(op)) < kMostWithin;
}

} // namespace sinter::codegen
