// random.h - random numbers. What a call gives is a function of the program's seed (the scalar inputs `seed` and
// `seed_high`, its two words), the step (the scalar input `step`), the call's number in the entry and the element:
//
//   key = two rounds of a Feistel network over the seed, keyed by the step: another bijection of 64 bits for each step
//   word(element) = the first of Threefry-2x32-20(key, (element's row-major number, number of the call))
//
// In the body of a loop, key = two words Threefry(key, (number of the loop's step, 0 or 1)), again for each loop
// around. (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".) So a step can be repeated
// exactly, nothing has to be saved for a resume, and numbers are the same for any number of threads. They are the same
// bits on every device, too, but for normal and gumbel, which agree within 1e-6: a device may round multiply-adds
// twice. `train` sets all three inputs; `run` takes the seed of --seed or of the checkpoint, and counts its calls.
// `dropout` draws in the same way. No gradient flows through a draw: write it as `mean + deviation * normal(shape)`.
#pragma once

#include "sinter/ops.h"

#include <type_traits>

namespace sinter {

/// f32 in [low, high), whole multiples of 2^-24 of the way, rounded. (Rounding may give `high` itself unless low is 0
/// and high a power of two.) Error: low is not below high, or one is no f32.
Tensor uniform(Shape shape, double low = 0, double high = 1, Location loc = Location::current());

/// Normal numbers of mean 0 and deviation 1, f32, within 6.34: the quantiles of the normal distribution in the middle
/// of 2^32 equal parts of the probability, each within 1e-6 (the logarithm of the tail's probability, of which the
/// quantile is a polynomial of degree 8 in each of four intervals; Chebyshev's coefficients).
Tensor normal(Shape shape, Location loc = Location::current());

/// True with the given probability, from all 32 bits. Error: the probability is not in [0, 1].
Tensor bernoulli(Shape shape, double probability, Location loc = Location::current());
/// The same for each element of a tensor of probabilities, f32, with 24 bits; of NaN false.
Tensor bernoulli(Tensor probabilities, Location loc = Location::current());

/// Gumbel's distribution: -log(-log(u)) for uniform u, f32, in the middle of 2^31 parts, with all digits on the right,
/// where the largest are. `argmax(x + gumbel(x.shape()))` is a draw from softmax(x); Maddison, Mnih, Teh 2017
/// (arXiv:1611.00712) for relaxations of it.
Tensor gumbel(Shape shape, Location loc = Location::current());

/// An index along `axis`, as i32, with the probabilities softmax(logits): the logits' shape without `axis`. What has a
/// logit of -inf is never drawn, unless all have. Logits are f32, at most 2^24 along the axis.
Tensor categorical(Tensor logits, int64_t axis = -1, Location loc = Location::current());

} // namespace sinter
