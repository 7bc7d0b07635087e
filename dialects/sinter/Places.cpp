#include "dialects/sinter/Places.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace sinter {

/// Scopes of a line, and lines, that a text names before it says "and 2 more".
static constexpr size_t kMost = 3;

Location inScope(StringRef scope, Location place) {
  return scope.empty() ? place : Location(NameLoc::get(StringAttr::get(place.getContext(), scope), place));
}

std::string modelLine(Location location) {
  if (auto file = location->findInstanceOf<FileLineColLoc>())
    return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" + Twine(file.getColumn())).str();
  return "";
}

/// `h.3.attn.c_attn` -> `h.*.attn.c_attn`
static std::string patternOf(StringRef scope) {
  SmallVector<StringRef> parts(llvm::split(scope, '.'));
  for (StringRef &part : parts)
    if (!part.empty() && llvm::all_of(part, llvm::isDigit))
      part = "*";
  return llvm::join(parts, ".");
}

void ModelScopes::add(StringRef scope) {
  auto [known, isNew] = byPattern.try_emplace(patternOf(scope), scope.str());
  if (!isNew && known->second != scope)
    known->second = known->first;
}

void ModelScopes::add(Location location) {
  location->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner))
      add(named.getName().getValue());
    return WalkResult::advance();
  });
}

void ModelScopes::add(const ModelScopes &other) {
  for (auto &[pattern, scope] : other.byPattern)
    add(scope);
}

std::vector<std::string> ModelScopes::list() const {
  std::vector<std::string> scopes;
  for (auto &[pattern, scope] : byPattern)
    scopes.push_back(scope);
  return scopes;
}

std::string ModelScopes::text() const {
  std::vector<std::string> all = list();
  std::string text = llvm::join(ArrayRef(all).take_front(kMost), ", ");
  return all.size() > kMost ? text + " and " + std::to_string(all.size() - kMost) + " more" : text;
}

std::string ModelScopes::pattern() const {
  return llvm::join(llvm::map_range(byPattern, [](auto &entry) { return entry.first; }), ", ");
}

std::string placeText(StringRef line, const ModelScopes &scopes) {
  if (scopes.empty())
    return line.str();
  return line.str() + (line.empty() ? "in " : " in ") + scopes.text();
}

std::string modelPlace(Location location) { return placeText(modelLine(location), ModelScopes(location)); }

void ModelPlaces::add(Location location) {
  std::string line = modelLine(location);
  ModelScopes scopes(location);
  if (!line.empty() || !scopes.empty())
    lines[line].add(scopes);
}

std::string ModelPlaces::text() const {
  std::string text;
  for (auto &[line, scopes] : list().take_front(kMost))
    text += (text.empty() ? "" : "; ") + placeText(StringRef(line).substr(StringRef(line).rfind('/') + 1), scopes);
  return lines.size() > kMost ? text + "; " + std::to_string(lines.size() - kMost) + " lines more" : text;
}

} // namespace sinter
