// What an entry computed, as text, as JSON, or in NumPy files.
#pragma once

#include "files/files.h"
#include "sinter/abi.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sinter {

/// NAME=FILE words as pairs. Failure (usage) for outputs that the entry lacks, or that are given twice.
std::vector<std::pair<std::string, std::string>>
splitOutputs(const std::vector<std::string> &words, const std::string &entry, const std::vector<std::string> &known);

/// Prints the outputs of one call after another: as JSON all of them in one line, as text the first numbers of each.
class ValuePrinter {
public:
  explicit ValuePrinter(bool json) : json_(json) {}
  void begin(int64_t call);
  void value(const sinter_tensor &output, const void *data);
  void end();

private:
  void numbers(const sinter_tensor &output, const void *data, uint32_t axis, int64_t &next);
  void flush(size_t least);
  bool json_;
  std::string text_; // not yet printed
};

/// The values of one output, call after call, as a NumPy file: those of several calls one after the other along the
/// first axis.
class ValueFile {
public:
  ValueFile(const std::string &path, const sinter_tensor &output, int64_t calls);
  const sinter_tensor &output() const { return output_; }
  void add(const void *data);
  void commit() { file_.commit(); }

private:
  const sinter_tensor &output_;
  AtomicFile file_;
};

} // namespace sinter
