// Tensors of other people's files, of one file or several: safetensors, also in shards that an index lists, and GGUF.
#pragma once

#include "checkpoint/safetensors.h"
#include "files/files.h"

#include <memory>

namespace sinter {

struct SourceTensor {
  std::string name, dtype; ///< as the file has them
  std::vector<int64_t> shape;
  size_t file = 0;
  uint64_t begin = 0, end = 0; ///< bytes in the file

  int64_t count() const;
};

class TensorSource {
public:
  /// A file, an index (.index.json), or a folder with model.safetensors or its index. Failure (input or damaged) names
  /// the file.
  explicit TensorSource(const std::string &path);

  const std::vector<SourceTensor> &tensors() const { return tensors_; }
  bool isGguf() const { return gguf_; }
  /// The tokenizer in the file's metadata, as a tokenizer.json; empty if there is none.
  const std::string &tokenizer() const { return tokenizer_; }
  /// Of attention, by a GGUF's metadata.
  int64_t heads() const { return heads_; }
  int64_t keyHeads() const { return keyHeads_; }

  /// Whether elements of this type can be read as numbers.
  static bool isKnown(const std::string &dtype);
  /// The elements in f32: `count()` of them. Failure (input) if the type is not known.
  void read(const SourceTensor &tensor, float *out) const;
  /// Its bytes as they are.
  void readBytes(const SourceTensor &tensor, void *out) const;

private:
  void addSafetensors(const std::string &path);
  void addIndex(const std::string &path);
  void addGguf(const std::string &path);

  std::vector<std::shared_ptr<FileReader>> files_;
  std::vector<SourceTensor> tensors_;
  bool gguf_ = false;
  std::string tokenizer_;
  int64_t heads_ = 0, keyHeads_ = 0;
};

} // namespace sinter
