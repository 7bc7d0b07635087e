#include "commands/output_values.h"

#include "arrays/npy.h"
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/output.h"
#include "base/suggest.h"
#include "program/program.h"

#include <algorithm>
#include <cstring>

namespace sinter {

std::vector<std::pair<std::string, std::string>>
splitOutputs(const std::vector<std::string> &words, const std::string &entry, const std::vector<std::string> &known) {
  std::vector<std::pair<std::string, std::string>> outputs;
  for (const std::string &word : words) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == word.npos || equals + 1 == word.size())
      fail(Exit::Usage, formatted("--output {}: an output and its file are wanted: NAME=FILE", word));
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail(Exit::Usage, formatted("--output {}: the entry {} has no output {}; it has {}{}", word, entry, name,
                                  fmt::join(known, ", "), didYouMean(name, known)));
    for (const auto &[earlier, file] : outputs)
      if (earlier == name)
        fail(Exit::Usage, formatted("--output {}: {} is given twice", word, name));
    outputs.emplace_back(name, word.substr(equals + 1));
  }
  return outputs;
}

static std::string numberText(const sinter_tensor &output, const void *data, int64_t i, bool json) {
  return withDtype(output.dtype, [&]<typename T>(T) -> std::string {
    const T element = static_cast<const T *>(data)[i];
    if constexpr (!isFloatType<T>)
      return fmt::to_string(element);
    const double value = double(valueOf(element));
    if (!json)
      return formatted("{:.6g}", value);
    return std::is_same_v<T, double> ? formatted("{:.17g}", JsonNumber{value}) : formatted("{:.9g}", JsonNumber{value});
  });
}

void ValuePrinter::flush(size_t least) {
  if (text_.size() < least)
    return;
  (void)printText(text_); // who closed the pipe has read enough
  text_.clear();
}

void ValuePrinter::begin(int64_t call) {
  text_ += json_ ? formatted("{{\"call\":{}", call) : formatted("call {}\n", call);
}

void ValuePrinter::end() {
  text_ += json_ ? "}\n" : "";
  flush(0);
}

// Nested as the axes are.
void ValuePrinter::numbers(const sinter_tensor &output, const void *data, uint32_t axis, int64_t &next) {
  if (axis == output.rank) {
    text_ += numberText(output, data, next++, true);
    return flush(1 << 16);
  }
  for (int64_t i = 0; i < output.shape[axis]; ++i) {
    text_ += i ? "," : "[";
    numbers(output, data, axis + 1, next);
  }
  text_ += "]";
}

void ValuePrinter::value(const sinter_tensor &output, const void *data) {
  int64_t next = 0;
  if (json_) {
    text_ += formatted(",{}:", jsonQuoted(output.name));
    return numbers(output, data, 0, next);
  }
  constexpr int64_t most = 64; // numbers, of those that make several lines
  const int64_t count = elementCount(output), width = output.rank ? output.shape[output.rank - 1] : 1;
  text_ += formatted("  {:<14} {} {}{}", output.name, dtypeName(output.dtype), shapeText(output),
                     output.rank ? "" : "  " + numberText(output, data, 0, false));
  for (int64_t i = 0; output.rank && i < std::min(count, most); ++i)
    text_ += (i % width ? " " : "\n    ") + numberText(output, data, i, false);
  text_ += count > most ? formatted("\n    ... of {} numbers; --json or --out has all\n", count) : "\n";
}

ValueFile::ValueFile(const std::string &path, const sinter_tensor &output, int64_t calls)
    : output_(output), file_(path) {
  std::vector<int64_t> shape(output.shape, output.shape + output.rank);
  if (calls != 1 && shape.empty())
    shape.push_back(1);
  if (calls != 1)
    shape[0] *= calls;
  const std::string header = npyHeader(dtypeInNumpy(output.dtype), shape);
  file_.write(header.data(), header.size());
}

void ValueFile::add(const void *data) {
  if (output_.dtype != SINTER_BF16)
    return file_.write(data, output_.bytes);
  const int64_t count = elementCount(output_);
  for (int64_t i = 0; i < count; ++i) {
    const float wide = float(numberAt(output_.dtype, data, i));
    file_.write(&wide, sizeof wide);
  }
}

} // namespace sinter
