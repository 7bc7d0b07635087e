#include "pairs/part.h"

#include "arrays/array_files.h"
#include "base/error.h"
#include "base/format.h"

#include <algorithm>

/// Where it is linked in.
extern "C" [[gnu::weak]] const sinter::PairsPart sinter_pairs;

namespace sinter {

const PairsPart *pairsPart() { return &sinter_pairs; }

bool readsLines(const std::vector<InputFile> &inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const InputFile &file) {
    return file.part == linesOfText && !ArrayFiles::hasKnownEnding(file.path);
  });
}

void addPairs(std::vector<std::string> &inputs, const std::string &source, const std::string &target,
              const std::string &prefix) {
  if (source.empty() && target.empty())
    return;
  if (source.empty() || target.empty())
    fail(Exit::Usage,
         formatted("{0}source and {0}target go together: line n of the one belongs to line n of the other", prefix));
  if (!inputs.empty())
    fail(Exit::Usage, formatted("{0}source and {0}input both say what to read: give one of them", prefix));
  inputs = {formatted("source={}:{}", source, linesOfText), formatted("target={}:{}", target, linesOfText)};
}

} // namespace sinter
