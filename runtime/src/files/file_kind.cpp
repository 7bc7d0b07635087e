#include "files/file_kind.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace sinter {

using namespace std::string_view_literals;

struct Kind {
  std::string_view magic;
  const char *what;
};

static constexpr Kind kinds[] = {
    {"GGUF"sv, "a GGUF file; convert it to safetensors first"},
    {"ggml"sv, "a GGML file; convert it to safetensors first"},
    {"PK\3\4"sv, "a zip archive, as PyTorch's .pt and .pth files are; save the tensors as safetensors instead"},
    {"PK\5\6"sv, "an empty zip archive"},
    {"\x80\2"sv, "a Python pickle, as old PyTorch files are; save the tensors as safetensors instead"},
    {"\x80\3"sv, "a Python pickle; save the tensors as safetensors instead"},
    {"\x80\4"sv, "a Python pickle; save the tensors as safetensors instead"},
    {"\x80\5"sv, "a Python pickle; save the tensors as safetensors instead"},
    {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as Keras saves; save the tensors as safetensors instead"},
    {"\x93NUMPY"sv, "a NumPy file"},
    {"\x1f\x8b"sv, "compressed with gzip; unpack it with 'gunzip' first"},
    {"\x28\xb5\x2f\xfd"sv, "compressed with zstd; unpack it with 'unzstd' first"},
    {"BZh"sv, "compressed with bzip2; unpack it with 'bunzip2' first"},
    {"\xfd\x37zXZ\0"sv, "compressed with xz; unpack it with 'unxz' first"},
    {"%PDF-"sv, "a PDF document"},
    {"PAR1"sv, "a Parquet file"},
    {"\x7f\x45LF"sv, "a program"},
};

static constexpr std::string_view pointers[] = {"version https://git-lfs.github.com/spec/",
                                                "version https://hawser.github.com/spec/"};

bool isPointer(std::string_view beginning) {
  return std::any_of(std::begin(pointers), std::end(pointers),
                     [&](std::string_view start) { return beginning.starts_with(start); });
}

std::string knownKind(std::string_view beginning, size_t shortest) {
  if (isPointer(beginning))
    return "a pointer of Git LFS, not the file itself; fetch that with 'git lfs pull'";
  for (const Kind &kind : kinds)
    if (kind.magic.size() >= shortest && beginning.starts_with(kind.magic))
      return kind.what;
  // What a server sends instead of a file.
  beginning = beginning.substr(0, kindBytes);
  if (beginning.starts_with("\xef\xbb\xbf"))
    beginning.remove_prefix(3);
  const size_t start = beginning.find_first_not_of(" \t\r\n");
  std::string word(beginning.substr(std::min(start, beginning.size()), 14));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  if (word.starts_with("<!doctype html") || word.starts_with("<html"))
    return "an HTML page, perhaps one that was downloaded in the file's place";
  if (word.starts_with("<?xml"))
    return "an XML document, perhaps one that was downloaded in the file's place";
  return {};
}

} // namespace sinter
