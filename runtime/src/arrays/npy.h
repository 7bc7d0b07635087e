// NumPy's format for one array, version 1 to 3: a line of Python that says type and shape, then the numbers.
#pragma once

#include "arrays/array.h"

#include <functional>
#include <string_view>

namespace sinter {

/// Reads the next bytes of something: up to so many, less only at the end.
using ReadBytes = std::function<size_t(void *data, size_t size)>;

/// An array of `size` bytes with its header. Failure that names `what`: damaged, or of a kind that is not read
/// (records, objects, Fortran's order). Nothing is allocated before the header and `size` agree.
Array readNpy(const std::string &what, uint64_t size, const ReadBytes &read);

/// What precedes the numbers of an array of this type ("<f4") in a file.
std::string npyHeader(std::string_view type, const std::vector<int64_t> &shape);

/// Turns every `width` bytes around: files of other machines.
void swapBytes(std::string &bytes, size_t width);

} // namespace sinter
