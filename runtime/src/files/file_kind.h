// Files of other formats, known by how they begin, so that messages can name them.
#pragma once

#include <string>
#include <string_view>

namespace sinter {

/// "a GGUF file; ...", with what to do about it; empty if the beginning of a file is of no kind that is known here.
/// Beginnings shorter than `shortest` bytes do not count, where anything may begin with them.
std::string knownKind(std::string_view beginning, size_t shortest = 1);

/// Whether it stands for a file that Git LFS keeps elsewhere: text, but never meant as such.
bool isPointer(std::string_view beginning);

/// Bytes of the beginning that are looked at.
inline constexpr size_t kindBytes = 512;

} // namespace sinter
