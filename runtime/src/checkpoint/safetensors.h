// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes without gaps.
// Files are untrusted: everything is checked before memory is allocated for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

class FileReader;

struct TensorEntry {
  std::string name;
  std::string dtype; ///< "F32", "I32", ...
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0; ///< bytes after the header
};

struct TensorFile {
  std::string header;               ///< the JSON text
  std::vector<TensorEntry> tensors; ///< in the order of their bytes, which they cover without gap or overlap
  std::map<std::string, std::string> metadata;
  uint64_t dataBytes = 0;

  const TensorEntry *find(std::string_view name) const;
};

/// Limits on what a file may ask for.
struct TensorLimits {
  static constexpr uint64_t headerBytes = 16u << 20, tensors = 100000, nameLength = 512, rank = 8, metadata = 4096;
};

/// Reads the header; the reader is then at the first tensor's bytes. Throws Failure (damaged) that names the path.
TensorFile readTensorHeader(FileReader &reader);

/// The part of readTensorHeader after reading: `dataBytes` follow the header in the file.
TensorFile parseTensorHeader(std::string header, uint64_t dataBytes, const std::string &path);

/// Header text for these tensors, whose begin and end are set here in their order, padded to a multiple of 8 bytes.
std::string makeTensorHeader(std::vector<TensorEntry> &tensors, const std::map<std::string, std::string> &metadata);

/// The little-endian length that precedes a header.
std::string headerLengthBytes(const std::string &header);

/// Bytes of an element of a safetensors dtype; 0 if unknown.
uint64_t tensorElementBytes(std::string_view dtype);

} // namespace sinter
