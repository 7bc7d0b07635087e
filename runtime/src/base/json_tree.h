// JSON that is small, as a tree.
#pragma once

#include "base/json_events.h"

#include <string>
#include <vector>

namespace sinter {

struct JsonTree {
  enum class Kind { Null, False, True, Number, Text, Array, Object };
  Kind kind = Kind::Null;
  std::string text; ///< of a text; a number as it is written
  std::string name; ///< of a member of an object
  std::vector<JsonTree> members;

  /// A member of an object; one that is null if there is none.
  const JsonTree &operator[](std::string_view name) const;
  bool isNull() const { return kind == Kind::Null; }
  bool isText() const { return kind == Kind::Text; }
  bool isTrue() const { return kind == Kind::True; }
  bool flag(std::string_view name, bool otherwise) const;
  /// -1 if it is no whole number from 0 to 2^31 - 1.
  int32_t whole() const;
};

/// Builds a tree of what it hears, of at most `most` members and 32 levels. A listener that keeps some of it apart
/// calls these for the rest.
class JsonTreeBuilder : public JsonListener {
public:
  explicit JsonTreeBuilder(size_t most) : left_(most) {}
  bool null() override { return add({}); }
  bool boolean(bool value) override { return add({value ? JsonTree::Kind::True : JsonTree::Kind::False, {}, {}, {}}); }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const std::string &text) override { return number(text); }
  bool string(std::string &value) override { return add({JsonTree::Kind::Text, std::move(value), {}, {}}); }
  bool binary(binary_t &) override { return false; }
  bool start_object(size_t) override { return open(JsonTree::Kind::Object); }
  bool start_array(size_t) override { return open(JsonTree::Kind::Array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string &value) override {
    name_ = std::move(value);
    return true;
  }
  bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &) override {
    wrongAt_ = position;
    return false;
  }

  JsonTree &tree() { return tree_; }
  /// Where the text is not JSON; 0: it is.
  size_t wrongAt() const { return wrongAt_; }

protected:
  bool add(JsonTree value);
  size_t depth() const { return open_.size(); }
  /// The name of the member that is open at a level, from 0.
  const std::string &nameAt(size_t level) const { return open_[level].name; }
  std::string name_; ///< of the member that comes next

private:
  bool number(std::string text) { return add({JsonTree::Kind::Number, std::move(text), {}, {}}); }
  bool open(JsonTree::Kind kind);
  bool close();

  size_t left_, wrongAt_ = 0;
  std::vector<JsonTree> open_;
  JsonTree tree_;
};

} // namespace sinter
