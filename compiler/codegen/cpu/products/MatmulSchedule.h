// A product's plan as an attribute of its kernel, so that it can be read, edited, and set by a test:
//
//   sinter.schedule = {block = array<i64: 96, 384, 192>, flags = ["past caches"], keeps = "left", left = "rows",
//                      right = "copied", tile = array<i64: 12, 32>}
//
// tile: rows and columns of the register tile; block: the rows, columns and steps of k that are worked on at a time;
// left, right: how operands are read; keeps: which packed operand outlives a tile. Everything else follows from these.
#pragma once

#include "compiler/codegen/cpu/products/MatmulCost.h"

#include <random>

namespace sinter::cpu {

/// How a product is asked for that is part of another kernel (MatmulEmit.h): by blocks of `rows` rows (emitRows), or
/// by blocks of `depth` steps of k (emitDepth). A product that has a kernel of its own is asked for whole.
struct PartOf {
  int64_t rows = 0, depth = 0;
  bool isWhole() const { return rows == 0 && depth == 0; }
};

mlir::DictionaryAttr scheduleOf(const MatmulPlan &plan, mlir::MLIRContext *context);

/// The plan that an attribute means for a kernel; an error of `where` if it is none that could be emitted.
mlir::FailureOr<MatmulPlan> readSchedule(mlir::Operation *where, mlir::Attribute schedule, const MatmulKernel &kernel,
                                         PartOf part = {});

/// Why no code can be emitted by `plan`; empty if it can. No legal plan changes a bit.
std::string whyIllegal(const MatmulPlan &plan, const MatmulKernel &kernel, PartOf part = {});

/// A legal plan by chance, however slow; `chosen` is the one that the cost model would take.
MatmulPlan randomPlan(const MatmulKernel &kernel, const MatmulTarget &target, std::mt19937_64 &random);
MatmulPlan randomPart(const MatmulKernel &kernel, const MatmulPlan &chosen, const MatmulTarget &target, PartOf part,
                      std::mt19937_64 &random);

} // namespace sinter::cpu
