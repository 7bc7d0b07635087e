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

mlir::DictionaryAttr scheduleOf(const MatmulPlan &plan, mlir::MLIRContext *context);

/// The plan that an attribute means for a kernel; an error of `where` if it is none that could be emitted.
mlir::FailureOr<MatmulPlan> readSchedule(mlir::Operation *where, mlir::Attribute schedule, const MatmulKernel &kernel);

/// Why no code can be emitted by `plan`; empty if it can. No legal plan changes a bit.
std::string whyIllegal(const MatmulPlan &plan, const MatmulKernel &kernel);

/// A legal plan by chance, however slow.
MatmulPlan randomPlan(const MatmulKernel &kernel, const MatmulTarget &target, std::mt19937_64 &random);

} // namespace sinter::cpu
