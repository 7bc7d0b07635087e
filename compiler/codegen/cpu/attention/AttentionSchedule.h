// How an attention kernel is cut up, as an attribute of it:
//
//   sinter.schedule = {rows = 48, products = [{block = array<i64: 48, 1024, 64>, keeps = "right", ...}, ...]}
//
// rows: queries that are taken together; products: a schedule for each (products/MatmulSchedule.h), in the order of
// AttentionKernel::products.
#pragma once

#include "compiler/codegen/cpu/attention/AttentionShape.h"
#include "compiler/codegen/cpu/products/MatmulSchedule.h"

namespace sinter::cpu {

/// Chooses rows and plans by cost; not more than `mostRows`, or the fewest that there can be.
void choose(AttentionKernel &kernel, const MatmulTarget &target, int64_t mostRows);

/// Chooses any legal ones, however slow.
void chooseAtRandom(AttentionKernel &kernel, const MatmulTarget &target, std::mt19937_64 &random);

mlir::DictionaryAttr scheduleOf(const AttentionKernel &kernel, mlir::MLIRContext *context);

/// Sets rows and plans to what an attribute says; an error of `where` if no code could be emitted by them.
llvm::LogicalResult readSchedule(mlir::Operation *where, mlir::Attribute schedule, AttentionKernel &kernel);

} // namespace sinter::cpu
