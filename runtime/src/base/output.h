// Standard input, output and error of a program, and what becomes of bytes that nobody takes.
#pragma once

#include "base/format.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace sinter {

/// Opens /dev/null for those of descriptors 0, 1 and 2 that are closed, so that no file of ours gets their numbers.
void openStandardDescriptors();

/// Writes all bytes to a descriptor that may be a pipe or a terminal; false, with errno, at the first error. A request
/// to leave (interrupt.h) ends the wait for a reader that takes nothing.
bool writeStream(int file, const void *data, size_t size);

/// To standard output. False if its reader has closed the pipe, who has read enough; Failure (input) if bytes are lost
/// otherwise.
bool printText(std::string_view text);

template <typename... Arguments> bool print(fmt::format_string<Arguments...> format, Arguments &&...arguments) {
  return printText(formatted(format, std::forward<Arguments>(arguments)...));
}

} // namespace sinter
