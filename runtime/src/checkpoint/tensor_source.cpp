#include "checkpoint/tensor_source.h"

#include "base/error.h"
#include "base/format.h"
#include "base/json_tree.h"
#include "checkpoint/gguf.h"
#include "checkpoint/number_formats.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace sinter {

int64_t SourceTensor::count() const {
  int64_t count = 1;
  for (const int64_t size : shape)
    count *= size;
  return count;
}

static std::string fileIn(const std::string &path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return path;
  for (const char *name : {"model.safetensors", "model.safetensors.index.json"})
    if (const std::string file = path + "/" + name; std::filesystem::is_regular_file(file, error))
      return file;
  return path;
}

TensorSource::TensorSource(const std::string &path) {
  const std::string file = fileIn(path);
  if (file.ends_with(".json"))
    addIndex(file);
  else if (FileReader(file).beginning(4) == "GGUF")
    addGguf(file);
  else
    addSafetensors(file);
}

void TensorSource::addSafetensors(const std::string &path) {
  auto reader = std::make_shared<FileReader>(path);
  const TensorFile file = readTensorHeader(*reader);
  const uint64_t data = 8 + file.header.size();
  for (const TensorEntry &entry : file.tensors)
    tensors_.push_back({entry.name, entry.dtype, entry.shape, files_.size(), data + entry.begin, data + entry.end});
  files_.push_back(std::move(reader));
}

// Hugging Face's index: which tensor is in which file beside it.
void TensorSource::addIndex(const std::string &path) {
  JsonTreeBuilder builder(200'000);
  const std::string text = readFile(path);
  if (!readJson(text, builder))
    fail(Exit::Damaged, formatted("{}: not JSON at byte {}, or not an index of safetensors", path, builder.wrongAt()));
  std::vector<std::string> names;
  const JsonTree &map = builder.tree()["weight_map"];
  for (const JsonTree &entry : map.members)
    names.push_back(entry.text);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty())
    fail(Exit::Damaged, formatted("{}: has no weight_map that names files", path));
  for (const std::string &name : names) {
    if (name.empty() || name.find('/') != name.npos || name.starts_with('.'))
      fail(Exit::Damaged, formatted("{}: weight_map names '{}', which is no file beside it", path, name.substr(0, 64)));
    addSafetensors(folderOf(path) + "/" + name);
  }
  std::set<std::string_view> known;
  for (const SourceTensor &tensor : tensors_)
    known.insert(tensor.name);
  for (const JsonTree &entry : map.members)
    if (!known.contains(entry.name))
      fail(Exit::Damaged, formatted("{}: {} is not in {}", path, entry.name, entry.text));
}

void TensorSource::addGguf(const std::string &path) {
  auto reader = std::make_shared<FileReader>(path);
  GgufFile file = readGgufHeader(*reader);
  tensors_ = std::move(file.tensors);
  tokenizer_ = std::move(file.tokenizer);
  heads_ = file.heads;
  keyHeads_ = file.keyHeads;
  gguf_ = true;
  files_.push_back(std::move(reader));
}

bool TensorSource::isKnown(const std::string &dtype) { return findNumberFormat(dtype); }

void TensorSource::readBytes(const SourceTensor &tensor, void *out) const {
  const FileReader &file = *files_[tensor.file];
  const auto size = size_t(tensor.end - tensor.begin);
  if (file.readAt(tensor.begin, out, size) != size)
    fail(Exit::Damaged, formatted("{}: truncated in tensor {}", file.path(), tensor.name));
}

void TensorSource::read(const SourceTensor &tensor, float *out) const {
  const NumberFormat *format = findNumberFormat(tensor.dtype);
  const FileReader &file = *files_[tensor.file];
  const auto count = uint64_t(tensor.count());
  if (!format || count % uint64_t(format->block) ||
      count / uint64_t(format->block) * format->bytes != tensor.end - tensor.begin)
    fail(Exit::Input,
         formatted("{}: {}: {} is no type of numbers that is read here", file.path(), tensor.name, tensor.dtype));
  constexpr uint64_t blocks = 1 << 15;
  std::vector<char> part(size_t(std::min(blocks, count / uint64_t(format->block) + 1)) * format->bytes);
  for (uint64_t at = tensor.begin; at < tensor.end;) {
    const auto size = size_t(std::min<uint64_t>(part.size(), tensor.end - at));
    if (file.readAt(at, part.data(), size) != size)
      fail(Exit::Damaged, formatted("{}: truncated in tensor {}", file.path(), tensor.name));
    const auto elements = int64_t(size / format->bytes) * format->block;
    format->toFloat(part.data(), elements, out);
    out += elements;
    at += size;
  }
}

} // namespace sinter
