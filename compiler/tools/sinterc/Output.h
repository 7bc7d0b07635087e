// What sinterc writes: whole, or not at all.
#pragma once

#include "Supervisor.h"

#include "llvm/ADT/StringRef.h"

#include <string>

namespace sinter {

/// Why `path` cannot become a result of compiling `input`, as far as it shows before: a folder that does not exist, the
/// input itself under whatever name. Empty: nothing is in the way.
std::string whyNotWritable(llvm::StringRef path, llvm::StringRef input);

/// Whether two paths lead to the same file or folder.
bool isSameFile(llvm::StringRef a, llvm::StringRef b);

/// Gives the file `path` this content: by another file beside it that then takes its name, so that nobody finds a part
/// of it. What is no regular file (a device, a pipe) is written to, and `-` is standard output. Returns why it could
/// not be done, or nothing.
std::string publish(llvm::StringRef content, llvm::StringRef path, bool executable, Progress &progress);

/// The same with the content of the file `from`.
std::string publishFile(llvm::StringRef from, llvm::StringRef path, bool executable, Progress &progress);

} // namespace sinter
