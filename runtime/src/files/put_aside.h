// Files of an earlier run are not overwritten but kept under another name.
#pragma once

#include <string>

namespace sinter {

/// Gives the file `name.ext` the further name `name.previous.ext`, or, if that is taken, `name.previous-2.ext` and so
/// on, and returns it. The file keeps its own name as well, until another takes its place, unless the file system has
/// no second names. Failure (input) if it cannot be kept.
std::string putAside(const std::string &path);

/// Undoes that, for as long as nothing else has taken the file's own name.
void takeBack(const std::string &path, const std::string &aside);

} // namespace sinter
