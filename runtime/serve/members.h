// Members of a request's JSON, taken one by one: whatever is wrong is a refusal (400) that names the member.
#pragma once

#include "base/json_tree.h"
#include "http.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter::serve {

/// Refusal (400): "PARAM: PROBLEM".
[[noreturn]] void refuse(const std::string &param, const std::string &problem);
/// The same: it must be `wanted`, but is something else.
[[noreturn]] void wrongKind(const std::string &param, const char *wanted, const JsonTree &value);
/// "a string", "null".
const char *nameOf(JsonTree::Kind kind);
/// Text of a client's for a message: short, in one line.
std::string inQuotes(std::string_view text);

/// Of one object. A member that is null is one that is not there.
class Members {
public:
  explicit Members(const JsonTree &object) : object_(object) {}

  bool flag(const char *name, bool otherwise) const;
  double number(const char *name, double least, double most, double otherwise) const;
  int64_t whole(const char *name, int64_t least, int64_t most, int64_t otherwise) const {
    return wholeOrNone(name, least, most).value_or(otherwise);
  }
  std::optional<int64_t> wholeOrNone(const char *name, int64_t least, int64_t most) const;
  static double numberOf(const std::string &name, const JsonTree &value, double least, double most);
  const JsonTree &operator[](const char *name) const { return object_[name]; }
  /// Refusal where there is one that is not known: it would have been a misspelt one.
  void check(const std::vector<std::string> &known) const;

private:
  const JsonTree &object_;
};

} // namespace sinter::serve
