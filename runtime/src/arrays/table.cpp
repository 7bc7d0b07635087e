// The files are untrusted. A table is read twice, by pieces: first to know what its columns hold, then to keep that.
#include "arrays/table.h"

#include "base/error.h"
#include "base/format.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace sinter {

namespace {

constexpr size_t longestLine = size_t(8) << 20, mostColumns = 262144;

/// The lines of a file, without their ends.
class Lines {
public:
  explicit Lines(const std::string &path) : file_(path) {
    if (!file_.regular())
      fail(Exit::Input, formatted("{}: a table is read twice: put it into a file", path));
  }

  /// False at the end. Lines without anything are passed over.
  bool next(std::string_view &line) {
    do {
      size_t end;
      while ((end = buffer_.find('\n', searched_)) == buffer_.npos && !ended_)
        more();
      if (begin_ == buffer_.size())
        return false;
      end = std::min(end, buffer_.size());
      line = std::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = searched_ = std::min(end + 1, buffer_.size());
      if (line.ends_with('\r'))
        line.remove_suffix(1);
      if (number_++ == 0 && line.starts_with("\xef\xbb\xbf"))
        line.remove_prefix(3);
    } while (line.find_first_not_of(" \t") == line.npos);
    return true;
  }
  int64_t number() const { return number_; }
  uint64_t fileBytes() const { return file_.size(); }
  std::string beginning() const { return file_.beginning(kindBytes); }

private:
  void more() {
    constexpr size_t step = size_t(1) << 20;
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched_ = buffer_.size();
    if (buffer_.size() > longestLine)
      fail(Exit::Input, formatted("{}: line {} has more than {} bytes", file_.path(), number_ + 1, longestLine));
    buffer_.resize(searched_ + step);
    const size_t got = file_.read(buffer_.data() + searched_, step);
    buffer_.resize(searched_ + got);
    ended_ = got < step;
  }

  FileReader file_;
  std::string buffer_;
  size_t begin_ = 0, searched_ = 0;
  int64_t number_ = 0;
  bool ended_ = false;
};

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == text.npos ? text.substr(text.size()) : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The cells of a line, one after the other. A quoted cell may hold separators, and quotes that are doubled.
class Cells {
public:
  Cells(std::string_view line, char separator) : rest_(line), separator_(separator) {}
  bool next(std::string_view &cell) {
    if (done_)
      return false;
    const size_t begin = std::min(rest_.find_first_not_of(' '), rest_.size());
    size_t end = rest_.find(separator_);
    if (begin < rest_.size() && rest_[begin] == '"') {
      size_t quote = rest_.find('"', begin + 1);
      while (quote < rest_.size() - 1 && rest_[quote + 1] == '"')
        quote = rest_.find('"', quote + 2);
      end = quote == rest_.npos ? quote : rest_.find(separator_, quote);
    }
    cell = separator_ == '\t' ? rest_.substr(0, end) : trimmed(rest_.substr(0, end));
    if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"')
      cell = cell.substr(1, cell.size() - 2);
    done_ = end == rest_.npos;
    rest_.remove_prefix(done_ ? rest_.size() : end + 1);
    return true;
  }

private:
  std::string_view rest_;
  char separator_;
  bool done_ = false;
};

template <typename T> bool readNumber(std::string_view text, T &value) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-')
    text.remove_prefix(1);
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size();
}

char separatorOf(std::string_view line) {
  char best = ',';
  for (const char c : {';', '\t'})
    if (std::count(line.begin(), line.end(), c) > std::count(line.begin(), line.end(), best))
      best = c;
  return best;
}

/// What a column's numbers are.
struct Range {
  bool whole = true;
  double least = 0, most = 0;
  Element element() const {
    if (!whole || least < INT32_MIN || most > INT32_MAX)
      return Element::F32;
    return least >= 0 && most <= 255                 ? Element::U8
           : least >= INT16_MIN && most <= INT16_MAX ? Element::I16
                                                     : Element::I32;
  }
};

class Reader {
public:
  explicit Reader(const std::string &path) : path_(path) {}

  Table run() {
    measure();
    Array &all = table_.all;
    all.origin = path_;
    all.shape = {rows_, int64_t(ranges_.size())};
    for (const Range &range : ranges_) {
      all.cells.push_back({range.element(), all.rowBytes});
      all.rowBytes += elementBytes(range.element());
    }
    if (uint64_t(rows_) * all.rowBytes > fileBytes_ + spareBytes / 4)
      fail(Exit::Input, formatted("{}: {} lines of {} bytes are far more than the file's {}; save them as .npy", path_,
                                  rows_, all.rowBytes, fileBytes_));
    fill();
    return std::move(table_);
  }

private:
  [[noreturn]] void refuse(const Lines &lines, size_t column, std::string_view cell) const {
    const std::string name = column < table_.names.size() ? formatted(" ({})", table_.names[column]) : "";
    fail(Exit::Input, formatted("{}: line {}, column {}{}: '{}' is not a finite number", path_, lines.number(),
                                column + 1, name, cell.substr(0, 32)));
  }

  void measure() {
    Lines lines(path_);
    fileBytes_ = lines.fileBytes();
    if (const std::string kind = knownKind(lines.beginning()); !kind.empty())
      fail(Exit::Input, formatted("{}: not a table but {}", path_, kind));
    std::string_view line;
    if (!lines.next(line))
      fail(Exit::Input, formatted("{}: is empty", path_));
    separator_ = separatorOf(line);
    for (bool more = !takeNames(line) || lines.next(line); more; more = lines.next(line))
      measureLine(lines, line);
    if (!rows_)
      fail(Exit::Input, formatted("{}: has no line of numbers", path_));
  }

  // Whether the first line names the columns. NumPy's savetxt begins it with a #.
  bool takeNames(std::string_view line) {
    firstLine_ = 0;
    std::string_view cell;
    size_t columns = 0;
    double value;
    bool numbers = true;
    for (Cells cells(line, separator_); cells.next(cell); ++columns)
      numbers = numbers && readNumber(cell, value);
    if (columns > mostColumns)
      fail(Exit::Input, formatted("{}: has {} columns, more than {}", path_, columns, mostColumns));
    ranges_.resize(columns);
    if (numbers)
      return false;
    if (findInvalidUtf8(line) != line.npos || line.find('\0') != line.npos)
      fail(Exit::Input, formatted("{}: not a table: the first line is no text", path_));
    if (line.starts_with('#'))
      line = trimmed(line.substr(1));
    for (Cells cells(line, separator_); cells.next(cell);)
      table_.names.emplace_back(cell);
    firstLine_ = 1;
    return true;
  }

  void measureLine(const Lines &lines, std::string_view line) {
    std::string_view cell;
    size_t column = 0;
    for (Cells cells(line, separator_); cells.next(cell); ++column) {
      double value;
      if (column >= ranges_.size())
        continue;
      if (!readNumber(cell, value) || !std::isfinite(float(value)))
        refuse(lines, column, cell);
      Range &range = ranges_[column];
      range.whole = range.whole && value == std::floor(value) && !(value == 0 && std::signbit(value));
      range.least = std::min(range.least, value);
      range.most = std::max(range.most, value);
    }
    if (column != ranges_.size())
      fail(Exit::Input, formatted("{}: line {} has {} columns, the first line has {}", path_, lines.number(), column,
                                  ranges_.size()));
    ++rows_;
  }

  void fill() {
    Lines lines(path_);
    const Array &all = table_.all;
    std::string bytes(size_t(rows_) * all.rowBytes, '\0');
    std::string_view line, cell;
    for (int64_t n = 0; n < firstLine_; ++n)
      (void)lines.next(line);
    for (int64_t row = 0; row < rows_; ++row) {
      if (!lines.next(line))
        fail(Exit::Input, formatted("{}: became shorter while it was read", path_));
      size_t column = 0;
      for (Cells cells(line, separator_); column < all.cells.size() && cells.next(cell); ++column)
        keep(lines, column, cell, bytes.data() + size_t(row) * all.rowBytes);
    }
    table_.all.bytes = std::make_shared<const std::string>(std::move(bytes));
  }

  void keep(const Lines &lines, size_t column, std::string_view text, char *row) const {
    const Array::Cell &cell = table_.all.cells[column];
    float number = 0;
    double whole = 0;
    if (cell.element == Element::F32 ? !readNumber(text, number) : !readNumber(text, whole) || std::abs(whole) > 1e10)
      refuse(lines, column, text);          // it changed meanwhile
    const int64_t integer = int64_t(whole); // whose low bytes are those of the narrower types
    if (cell.element == Element::F32)
      std::memcpy(row + cell.offset, &number, sizeof number);
    else
      std::memcpy(row + cell.offset, &integer, elementBytes(cell.element));
  }

  const std::string &path_;
  Table table_;
  char separator_ = ',';
  std::vector<Range> ranges_;
  int64_t rows_ = 0, firstLine_ = 0;
  uint64_t fileBytes_ = 0;
};

// Columns from and up to; those that a name or a number stands for.
std::pair<size_t, size_t> columnsOf(const Table &table, const std::string &word) {
  const auto named = std::find(table.names.begin(), table.names.end(), word);
  if (named != table.names.end())
    return {size_t(named - table.names.begin()), size_t(named - table.names.begin()) + 1};
  const auto columns = table.all.cells.size();
  const size_t dash = word.find('-');
  size_t first = 0, last = 0;
  const bool numbers = readNumber(std::string_view(word).substr(0, dash), first) &&
                       (dash == word.npos ? (last = first, true) : readNumber(word.substr(dash + 1), last));
  if (!numbers || first < 1 || first > last || last > columns)
    fail(Exit::Usage, formatted("{}: has no column {}: {} columns{}{}", table.all.origin, word, columns,
                                table.names.empty() ? "" : formatted(", the first is called {}", table.names[0]),
                                didYouMean(word, table.names)));
  return {first - 1, last};
}

} // namespace

Table readTable(const std::string &path) { return Reader(path).run(); }

Array chooseColumns(const Table &table, const std::string &choice) {
  const bool others = choice.starts_with('-');
  std::vector<size_t> columns;
  std::vector<bool> named(table.all.cells.size());
  for (size_t at = others; at <= choice.size();) {
    const size_t end = std::min(choice.find(',', at), choice.size());
    const auto [first, last] = columnsOf(table, choice.substr(at, end - at));
    for (size_t column = first; column < last; ++column) {
      columns.push_back(column);
      named[column] = true;
    }
    at = end + 1;
  }
  if (others) {
    columns.clear();
    for (size_t column = 0; column < named.size(); ++column)
      if (!named[column])
        columns.push_back(column);
  }
  Array array = table.all;
  array.origin += formatted(":{}", choice);
  array.shape[1] = int64_t(columns.size());
  array.cells.clear();
  for (const size_t column : columns)
    array.cells.push_back(table.all.cells[column]);
  return array;
}

} // namespace sinter
