// Arrays out of files of all formats that are read: .npy, .npz, safetensors, tables (CSV), IDX, the binaries of CIFAR.
#pragma once

#include "arrays/array.h"

#include <map>
#include <memory>

namespace sinter {

/// Reads each file once, however many inputs take something of it.
class ArrayFiles {
public:
  ArrayFiles();
  ~ArrayFiles();

  /// What `part` names in the file: an array of an archive, columns of a table, labels or images of CIFAR's binaries.
  /// Empty: what there is, or what is called as the input `name` is; of CIFAR's binaries what suits an input of
  /// `dtype`. Failure that names the file, and what it has.
  Array read(const std::string &path, const std::string &part, const std::string &name, uint32_t dtype);

  /// Whether such a file may hold several inputs, each found without a part.
  static bool holdsSeveral(const std::string &path);

  /// Whether the name says what the file is: ".npy", ".csv" and so on.
  static bool hasKnownEnding(const std::string &path);

private:
  struct Opened;
  Opened &open(const std::string &path);
  std::map<std::string, std::unique_ptr<Opened>> files_;
};

} // namespace sinter
