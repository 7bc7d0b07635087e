#include "base/flat_json.h"

#include "base/json_events.h"

#include <charconv>
#include <cmath>

namespace sinter {

template <typename T> static std::optional<T> wholeText(const FlatValue &value) {
  T number{};
  const char *end = value.text.data() + value.text.size();
  const auto [rest, error] = std::from_chars(value.text.data(), end, number);
  return !value.quoted && error == std::errc() && rest == end && !value.text.empty() ? std::optional(number)
                                                                                     : std::nullopt;
}

std::optional<double> FlatValue::number() const { return wholeText<double>(*this); }
std::optional<int64_t> FlatValue::wholeNumber() const { return wholeText<int64_t>(*this); }

namespace {

using Json = nlohmann::json;

// Takes the text's events one by one and ends at the first that is nested: no tree, no recursion.
struct FlatReader final : JsonListener {
  std::map<std::string, FlatValue> values;
  std::string name;
  bool inside = false, done = false;

  bool add(std::string text, bool quoted = false) {
    return inside && !done && values.emplace(name, FlatValue{std::move(text), quoted}).second;
  }
  bool null() override { return add("null"); }
  bool boolean(bool value) override { return add(value ? "true" : "false"); }
  bool number_integer(Json::number_integer_t value) override { return add(std::to_string(value)); }
  bool number_unsigned(Json::number_unsigned_t value) override { return add(std::to_string(value)); }
  bool number_float(Json::number_float_t, const std::string &text) override { return add(text); }
  bool string(std::string &value) override { return add(std::move(value), true); }
  bool binary(Json::binary_t &) override { return false; }
  bool start_object(size_t) override { return !std::exchange(inside, true); }
  bool key(std::string &value) override {
    name = std::move(value);
    return true;
  }
  bool end_object() override { return done = true; }
  bool start_array(size_t) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(size_t, const std::string &, const nlohmann::detail::exception &) override { return false; }
};

} // namespace

std::optional<std::map<std::string, FlatValue>> parseFlatJson(const std::string &text) {
  FlatReader reader;
  if (text.size() > flatJsonBytes || !readJson(text, reader) || !reader.done)
    return std::nullopt;
  return std::move(reader.values);
}

} // namespace sinter
