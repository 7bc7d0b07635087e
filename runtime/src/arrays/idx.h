// IDX, the format of MNIST and its like, plain or gzipped.
#pragma once

#include "arrays/array.h"

namespace sinter {

/// The array in the file. `rank` 0: of any rank and type; else it must be bytes with so many axes. Failure that names
/// the file, also if nothing is in it.
Array readIdx(const std::string &path, size_t rank = 0);

} // namespace sinter
