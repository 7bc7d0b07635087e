#include "data/input_files.h"

#include "base/error.h"
#include "base/format.h"
#include "base/suggest.h"
#include "data/data.h"
#include "program/program.h"

#include <algorithm>
#include <filesystem>
#include <glob.h>

namespace sinter {

std::string InputFile::text() const {
  return formatted("{}{}{}{}{}", name, name.empty() ? "" : "=", path, part.empty() ? "" : ":", part);
}

std::vector<std::string> matchingFiles(const std::string &path) {
  std::error_code error;
  std::vector<std::string> files;
  glob_t found = {};
  if (!std::filesystem::exists(path, error) && path.find_first_of("*?[") != path.npos &&
      glob(path.c_str(), 0, nullptr, &found) == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (files.empty())
    files.push_back(path);
  return files;
}

std::vector<InputFile> filesFor(const std::vector<InputFile> &inputs, const std::string &name) {
  std::vector<InputFile> files;
  for (const std::string &wanted : {name, std::string()})
    for (const InputFile &input : inputs)
      if (input.name == wanted && (files.empty() || files[0].name == wanted))
        for (const std::string &path : matchingFiles(input.path))
          files.push_back({input.name, path, input.part});
  return files;
}

std::vector<std::string> filesOf(const std::vector<InputFile> &inputs) {
  std::vector<std::string> files;
  for (const InputFile &input : inputs)
    for (const std::string &file : matchingFiles(input.path))
      if (std::find(files.begin(), files.end(), file) == files.end())
        files.push_back(file);
  return files;
}

// The path and, behind the last colon, the part, unless the whole is the name of a file that is there.
static InputFile splitPart(const std::string &name, const std::string &value) {
  std::error_code error;
  const size_t colon = value.rfind(':');
  const std::string first = matchingFiles(value)[0];
  if (colon == value.npos || colon + 1 == value.size() || std::filesystem::exists(first, error))
    return {name, value, ""};
  return {name, value.substr(0, colon), value.substr(colon + 1)};
}

std::vector<InputFile> parseInputFiles(const std::vector<std::string> &words, const sinter_entry &entry,
                                       const std::string &option) {
  std::vector<std::string> known;
  for (uint32_t i = 0; i < entry.input_count; ++i)
    known.push_back(entry.inputs[i].tensor.name);
  std::vector<InputFile> files;
  for (const std::string &word : words) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    std::error_code error;
    if (word.find('\n') != word.npos)
      fail(Exit::Usage, formatted("{} {}: names of files with line ends are not read", option, word));
    if (equals == word.npos || std::filesystem::exists(word, error)) {
      files.push_back(splitPart("", word));
      continue;
    }
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail(Exit::Usage, formatted("{} {}: the entry {} has no input {}; it has {}{}", option, word, entry.name, name,
                                  fmt::join(known, ", "), didYouMean(name, known)));
    if (equals + 1 == word.size())
      fail(Exit::Usage, formatted("{} {}: is followed by nothing: NAME=FILE", option, word));
    files.push_back(splitPart(name, word.substr(equals + 1)));
  }
  return files;
}

// A line each: name, path, part, parted by bytes that no name has.
std::string inputFilesToSave(const std::vector<InputFile> &files, const std::string &folder) {
  std::string text;
  for (const InputFile &file : files)
    text += formatted("{}{}={}\t{}", text.empty() ? "" : "\n", file.name, dataPathToSave(file.path, folder), file.part);
  return text;
}

std::vector<InputFile> savedInputFiles(const std::string &saved, const std::string &folder) {
  std::vector<InputFile> files;
  for (size_t at = 0; at < saved.size();) {
    const size_t end = std::min(saved.find('\n', at), saved.size());
    const std::string line = saved.substr(at, end - at);
    const size_t equals = line.find('='), tab = line.rfind('\t');
    if (equals != line.npos && tab != line.npos && tab > equals)
      files.push_back({line.substr(0, equals), savedDataPath(line.substr(equals + 1, tab - equals - 1), folder),
                       line.substr(tab + 1)});
    at = end + 1;
  }
  return files;
}

} // namespace sinter
