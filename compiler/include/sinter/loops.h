// loops.h - computations that are repeated. A body is described once, by calling it once, and compiled once: 256 steps
// compile as fast as 2. It may read whatever is described before the loop (parameters, too), and declare parameters; it
// assigns and outputs nothing. Random numbers differ from step to step. Loops nest, and have gradients of any order:
// those of what all steps read are added up step by step (or, of products and biases, at once behind the loop).
#pragma once

#include "sinter/ops.h"

#include <functional>

namespace sinter {

/// What a step of a scan gives: the next carries, and its part of each stacked output.
struct ScanStep {
  std::vector<Tensor> carry;
  std::vector<Tensor> outputs = {};
};

/// What a scan gives: the carries after the last step, and all steps' outputs, stacked along a new first dimension.
struct ScanResult {
  std::vector<Tensor> carry;
  std::vector<Tensor> outputs;
};

enum class Direction { Forward, Backward };

/// For t = 0, 1, ... (backward: from the last one down to 0): carry, outputs[t] = body(carry, sequences[t]).
/// `sequences`, of one first dimension (the steps), and carries are of any shape, of f32 or i32; the body gives each
/// carry in its shape. It gets the carries and the parts of the sequences, without their first dimension, in order.
///   auto [last, outputs] = scan({h}, {x}, [&](auto carry, auto now) -> ScanStep {
///     Tensor h = tanh(matmul(now[0], w) + matmul(carry[0], u));
///     return {{h}, {h}};
///   });
/// Memory: what gradients need of each step is kept (the carries, and what products give), the rest computed again.
/// Errors: no sequences, or of different lengths; a boolean that enters or leaves; a carry that changes its shape or
/// type.
ScanResult scan(std::vector<Tensor> carry, std::vector<Tensor> sequences,
                const std::function<ScanStep(std::vector<Tensor> carry, std::vector<Tensor> now)> &body,
                Direction direction = Direction::Forward, Location loc = Location::current());

/// carry = body(carry, step) for step = 0 ... times - 1, an i32 scalar: as a scan without sequences and outputs.
/// Errors: as for `scan`; fewer than one time.
std::vector<Tensor> repeat(int64_t times, std::vector<Tensor> carry,
                           const std::function<std::vector<Tensor>(std::vector<Tensor> carry, Tensor step)> &body,
                           Location loc = Location::current());

/// As long as `condition(carry)`, a boolean scalar, holds, but at most so many times: carry = body(carry). How often is
/// known at run time only, so there is no gradient: to ask for one is an error at this line.
///   auto [x, step] = ...while_loop({x, zero}, [&](auto c) { return norm(residual(c[0])) > 1e-6 && c[1] < limit; },
///                                  [&](auto c) -> std::vector<Tensor> { return {next(c[0]), c[1] + 1}; });
/// The CPU stops when the condition fails. A Vulkan device has recorded all steps before, and goes through the rest of
/// them with carries that stay as they are: there, `most` is at most 65536.
/// Errors: as for `scan`; a condition that is no boolean scalar, or never changes; `most` below one or above 2^31 - 1.
std::vector<Tensor> while_loop(std::vector<Tensor> carry,
                               const std::function<Tensor(std::vector<Tensor> carry)> &condition,
                               const std::function<std::vector<Tensor>(std::vector<Tensor> carry)> &body,
                               int64_t most = INT32_MAX, Location loc = Location::current());

/// carry = body(carry, step) for step = 0 ... times - 1, where `times`, an i32 scalar, is known at run time only: as
/// while_loop.
std::vector<Tensor> repeat(Tensor times, std::vector<Tensor> carry,
                           const std::function<std::vector<Tensor>(std::vector<Tensor> carry, Tensor step)> &body,
                           int64_t most = INT32_MAX, Location loc = Location::current());

} // namespace sinter
