// lab.h - what the driver of every lab needs beside its model: a record of results as JSON lines, and the table of
// bounds that ends it. Everything is written to LAB_RESULTS, which CMake sets.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lab {

/// Whether this is the form that `make test` runs: smaller sizes, the same program.
inline constexpr bool small = LAB_SMALL;

/// The full lab's value, or that of its small form.
template <typename T> constexpr T full_or_small(T full, T otherwise) { return small ? otherwise : full; }

/// A file of this lab's results: `result(".svg")`.
inline std::string result(const std::string &ending) { return std::string(LAB_RESULTS "/" LAB_NAME) + ending; }

/// 0.00123, 12.3, 1.23e+06: as few digits as tell.
inline std::string digits(double value, int count = 4) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", count, value);
  return text;
}

/// Results as they come, and what was expected of them.
class Lab {
public:
  Lab() {
    std::filesystem::create_directories(LAB_RESULTS);
    file_ = std::fopen(result(".jsonl").c_str(), "w");
    if (!file_)
      throw std::runtime_error(result(".jsonl") + ": cannot be written");
  }
  ~Lab() { std::fclose(file_); }
  Lab(const Lab &) = delete;
  Lab &operator=(const Lab &) = delete;

  /// One JSON object, a line: what was measured, by name. What is not finite is null.
  void record(const char *kind, std::initializer_list<std::pair<const char *, double>> values) {
    std::fprintf(file_, "{\"kind\":\"%s\"", kind);
    for (const auto &[name, value] : values)
      std::isfinite(value) ? std::fprintf(file_, ",\"%s\":%.9g", name, value)
                           : std::fprintf(file_, ",\"%s\":null", name);
    std::fputs("}\n", file_);
  }

  /// A row of the table at the end.
  void expect(const std::string &what, const std::string &expected, const std::string &measured, bool ok) {
    rows_.push_back({what, expected, measured, ok ? "ok" : "MISSED"});
  }
  /// A row that is not judged: the lab's README says why.
  void show(const std::string &what, const std::string &expected, const std::string &measured) {
    rows_.push_back({what, expected, measured, "-"});
  }
  /// Within a part of what was expected.
  void near(const std::string &what, double expected, double measured, double part) {
    expect(what, digits(expected) + " within " + digits(100 * part) + " %", digits(measured),
           std::abs(measured - expected) <= part * std::abs(expected));
  }
  void at_most(const std::string &what, double bound, double measured) {
    expect(what, "at most " + digits(bound), digits(measured), measured <= bound);
  }
  void at_least(const std::string &what, double bound, double measured) {
    expect(what, "at least " + digits(bound), digits(measured), measured >= bound);
  }

  /// Prints the table; the exit code: 1 if a bound was missed.
  int finish() const {
    const std::string head[] = {"what", "expected", "measured"};
    size_t width[3] = {};
    for (int column = 0; column < 3; ++column) {
      width[column] = head[column].size();
      for (const Row &row : rows_)
        width[column] = std::max(width[column], row.cells(column).size());
    }
    auto line = [&](const std::string &a, const std::string &b, const std::string &c, const char *last) {
      std::printf("  %-*s | %-*s | %-*s | %s\n", int(width[0]), a.c_str(), int(width[1]), b.c_str(), int(width[2]),
                  c.c_str(), last);
    };
    std::printf("\n%s%s\n", LAB_NAME, small ? " (small form)" : "");
    line(head[0], head[1], head[2], "ok");
    bool good = true;
    for (const Row &row : rows_) {
      line(row.what, row.expected, row.measured, row.ok.c_str());
      good &= row.ok != "MISSED";
    }
    std::printf("  results: %s, plots: %s\n", result(".jsonl").c_str(), result("*.svg").c_str());
    return good ? 0 : 1;
  }

private:
  struct Row {
    std::string what, expected, measured, ok;
    const std::string &cells(int column) const { return column == 0 ? what : column == 1 ? expected : measured; }
  };
  std::FILE *file_;
  std::vector<Row> rows_;
};

/// `int main() { return lab::run(body); }`: what goes wrong is one line.
template <typename Body> int run(const Body &body) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    Lab lab;
    body(lab);
    return lab.finish();
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s: %s\n", LAB_NAME, error.what());
    return 1;
  }
}

} // namespace lab
