// Whether two paths name one file, so that no output destroys an input.
#pragma once

#include <string>
#include <vector>

namespace sinter {

/// Also by way of links; of files that are not there yet, by where they would be.
bool sameFile(const std::string &a, const std::string &b);

/// A file and the option that names it. An empty path is no file.
struct NamedFile {
  std::string option, path;
};

/// Failure (usage) if the output is one of the inputs, or the program itself.
void keepApart(const NamedFile &output, const std::vector<NamedFile> &inputs);

} // namespace sinter
