#include "base/json_tree.h"

#include <charconv>

namespace sinter {

const JsonTree &JsonTree::operator[](std::string_view key) const {
  static const JsonTree none;
  for (const JsonTree &member : members)
    if (kind == Kind::Object && member.name == key)
      return member;
  return none;
}

bool JsonTree::flag(std::string_view name, bool otherwise) const {
  const JsonTree &value = (*this)[name];
  return value.kind == Kind::True || (value.kind != Kind::False && otherwise);
}

int32_t JsonTree::whole() const {
  int32_t value = -1;
  const char *end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return kind == Kind::Number && error == std::errc() && rest == end && value >= 0 ? value : -1;
}

bool JsonTreeBuilder::add(JsonTree value) {
  if (left_ == 0)
    return false;
  --left_;
  value.name = std::move(name_);
  name_.clear();
  (open_.empty() ? tree_ : open_.back().members.emplace_back()) = std::move(value);
  return true;
}

bool JsonTreeBuilder::open(JsonTree::Kind kind) {
  if (open_.size() == 32)
    return false;
  open_.push_back({kind, {}, std::move(name_), {}});
  name_.clear();
  return true;
}

bool JsonTreeBuilder::close() {
  JsonTree value = std::move(open_.back());
  open_.pop_back();
  name_ = std::move(value.name);
  return add(std::move(value));
}

} // namespace sinter
