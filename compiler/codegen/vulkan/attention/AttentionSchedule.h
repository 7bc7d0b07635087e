// How an attention kernel is cut up, as an attribute of it:
//
//   sinter.schedule = {columns = {down = 1 : i64, each = 8 : i64}, rows = {down = 1 : i64, each = 16 : i64}}
//
// rows: of the dispatch whose workgroups own rows; columns: of the other, if there is one. A workgroup owns `down`
// times `each` positions: `down` invocations lie down a tile, and each has so many of them. Along the other axis a tile
// is what the order of sums asks for.
#pragma once

#include "compiler/codegen/vulkan/attention/Attention.h"

#include <random>

namespace sinter::vulkan {

struct AttentionTiling {
  static constexpr int64_t kAcross = 8; ///< invocations
  int64_t down;                         ///< invocations
  int64_t each;                         ///< outer positions of an invocation
  int64_t width;                        ///< times four inner positions of an invocation
  bool whole;                           ///< a tile has all of the inner axis: there is nothing to sweep

  int64_t outer() const { return down * each; }
  int64_t inner() const { return kAcross * kQuad * width; }
};

/// Of both dispatches; what a kernel does not have is left as it is.
struct AttentionSchedule {
  AttentionTiling rows = {}, columns = {};
};

/// The fastest one, by what was measured; with `random`, any that the emitters can do. No choice changes a bit.
AttentionSchedule chooseSchedule(const AttentionKernel &kernel, const Profile &profile, std::mt19937_64 *random);

mlir::DictionaryAttr scheduleOf(const AttentionSchedule &schedule, const AttentionKernel &kernel);

/// What the function's `sinter.schedule` says; an error if there is none, or none that the emitters can do.
llvm::FailureOr<AttentionSchedule> readSchedule(mlir::func::FuncOp function, const AttentionKernel &kernel,
                                                const Profile &profile);

} // namespace sinter::vulkan
