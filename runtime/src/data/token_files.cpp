#include "data/token_files.h"

#include "base/error.h"
#include "base/format.h"
#include "data/input_files.h"
#include "files/file_kind.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

namespace sinter {

namespace fs = std::filesystem;

bool isTokenFile(const std::string &path) { return path.ends_with(".bin"); }

TokenWidth tokenWidthNamed(const std::string &name) {
  return name == "uint16" ? TokenWidth::Uint16 : name == "uint32" ? TokenWidth::Uint32 : TokenWidth::Unknown;
}

static std::vector<std::string> filesBelow(const std::string &folder) {
  std::vector<std::string> all;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().native().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    if (std::error_code ignored; entry->is_regular_file(ignored))
      all.push_back(entry->path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> textFiles(const std::string &path) {
  std::error_code error;
  if (!fs::is_directory(path, error))
    return matchingFiles(path);
  const std::vector<std::string> all = filesBelow(path);
  const auto isText = [](const std::string &file) {
    return file.ends_with(".txt") || file.ends_with(".md") || file.ends_with(".text");
  };
  for (const auto &wanted : {+isTokenFile, +isText}) {
    std::vector<std::string> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), wanted);
    if (!found.empty())
      return found;
  }
  return all.empty() ? std::vector<std::string>{path} : all;
}

// Of llm.c: the magic number, the version, and the bytes of a token.
static constexpr int32_t headers[][3] = {{20240520, 1, 2}, {20240801, 7, 4}};
static constexpr size_t headerNumbers = 256;

std::string tokenFileHeader(int64_t count, int width, uint64_t hash) {
  std::array<int32_t, headerNumbers> numbers = {};
  const auto &kind = headers[width == 4];
  numbers[0] = kind[0];
  numbers[1] = kind[1];
  numbers[2] = int32_t(count);
  std::memcpy(&numbers[4], &hash, sizeof hash);
  return std::string(reinterpret_cast<const char *>(numbers.data()), sizeof numbers);
}

// Whether the file says what it holds; then that is in `file`.
static bool readHeader(const std::string &path, TokenFile &file) {
  std::array<int32_t, headerNumbers> numbers;
  if (file.file->readAt(0, numbers.data(), sizeof numbers) != sizeof numbers)
    return false;
  for (const auto &[magic, version, width] : headers) {
    if (numbers[0] != magic)
      continue;
    if (numbers[1] != version)
      fail(Exit::Input,
           formatted("{}: tokens of llm.c's in version {}, of which only {} is read", path, numbers[1], version));
    file.begin = sizeof numbers;
    file.width = width;
    file.count = numbers[2];
    std::memcpy(&file.hash, &numbers[4], sizeof file.hash);
    const uint64_t bytes = file.file->size() - file.begin;
    if (numbers[2] < 0 || uint64_t(file.count) * uint64_t(width) != bytes)
      fail(Exit::Damaged, formatted("{}: damaged or truncated: its header says {} tokens of {} bytes, but {} bytes "
                                    "follow it",
                                    path, numbers[2], width, bytes));
    return true;
  }
  return false;
}

TokenFile openTokenFile(const std::string &path, TokenWidth width) {
  TokenFile file;
  const auto reader = std::make_shared<const FileReader>(path);
  file.file = reader;
  if (!reader->regular())
    fail(Exit::Input, formatted("{}: not a regular file", path));
  if (reader->size() == 0)
    fail(Exit::Input, formatted("{}: is empty", path));
  // Tokens may begin with any two bytes.
  if (const std::string kind = knownKind(reader->beginning(kindBytes), 4); !kind.empty())
    fail(Exit::Input, formatted("{}: not uint16 tokens but {}", path, kind));
  if (readHeader(path, file))
    return file;
  const std::string name = fs::path(path).filename();
  const bool wide =
      width == TokenWidth::Uint32 ||
      (width == TokenWidth::Unknown && (name.find("u32") != name.npos || name.find("uint32") != name.npos));
  file.width = wide ? 4 : 2;
  if (reader->size() % uint64_t(file.width))
    fail(Exit::Input,
         formatted("{}: {} bytes are not a whole number of uint{} tokens", path, reader->size(), 8 * file.width));
  file.count = int64_t(reader->size() / uint64_t(file.width));
  return file;
}

std::string tokenizerBeside(const std::vector<std::string> &files) {
  std::error_code error;
  const std::string path = files.empty() ? "" : folderOf(files[0]) + "/tokenizer.json";
  return !path.empty() && fs::is_regular_file(path, error) ? path : "";
}

} // namespace sinter
