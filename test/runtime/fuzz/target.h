// What is fuzzed: the readers of files, each with valid files to begin with and with changes that keep something of
// their structure.
#pragma once

#include "../mutator.h"
#include "../support.h"

namespace sinter::test {

/// A format. What libFuzzer changes is one text, the input; `read` makes of it the file, or the files, that are read.
struct Target {
  const char *name;
  std::vector<std::string> seeds; ///< inputs of valid files
  /// Reads the input's files and uses what came of them. It may fail by a Failure; anything else is a fault.
  void (*read)(const std::string &input);
  /// One change beside those of libFuzzer's own.
  void (*change)(Mutator &mutator, std::string &input);
};

std::vector<Target> tensorTargets();
std::vector<Target> arrayTargets();
std::vector<Target> tokenTargets();
std::vector<Target> tokenizerTargets();
std::vector<Target> settingTargets();

/// Ends the process, as a fault, unless `holds`.
inline void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  std::abort();
}

/// Writes a file of this name, and returns its path.
std::string fuzzFile(const std::string &name, std::string_view content);

/// Two parts in one input: the first one's length stands in front.
std::string joined(const std::string &first, const std::string &second);
std::pair<std::string, std::string> parted(const std::string &input);

/// An input that begins with a byte of settings, and the settings. Without any they are 0.
inline unsigned settingsOf(const std::string &input) {
  return input.empty() ? 0 : static_cast<unsigned char>(input[0]);
}
inline std::string contentOf(const std::string &input) { return input.empty() ? input : input.substr(1); }

/// Changes the settings of such an input sometimes, else its content by `change`.
template <typename Change> void changeContent(Mutator &mutator, std::string &input, Change change) {
  if (input.empty() || mutator.below(8) == 0) {
    input.resize(std::max<size_t>(input.size(), 1));
    input[0] = char(mutator.next());
    return;
  }
  std::string content = contentOf(input);
  change(content);
  input = input[0] + content;
}

} // namespace sinter::test
