// IR as lines of text, each with the place in the model that it comes from; what differs between two such texts.
#pragma once

#include "dialects/Precompiled.h"
#include "dialects/sinter/Places.h"

#include <map>
#include <string>
#include <vector>

namespace sinter::view {

/// Places of the model, numbered; 0 is none.
class Places {
public:
  size_t of(mlir::Location location);
  const std::vector<std::pair<std::string, std::vector<std::string>>> &list() const { return all; } ///< line, scopes

private:
  std::vector<std::pair<std::string, std::vector<std::string>>> all{{}};
  llvm::DenseMap<mlir::Location, size_t> byLocation;
  std::map<std::pair<std::string, std::vector<std::string>>, size_t> byPlace;
};

/// A top-level op of a module, printed without locations.
struct Section {
  std::string name;
  std::vector<std::string> lines;
  std::vector<size_t> places; ///< of each line
};

/// `@train`, or the op's name where it has none. Several without a name have the same one.
std::string nameOf(mlir::Operation *op);
Section print(mlir::Operation *op, Places &places);
/// All top-level ops; those that are one line each come together first, as `module`.
std::vector<Section> printAll(mlir::ModuleOp module, Places &places);

/// Lines that changed, with some around them: each begins with ` `, `-` or `+`.
struct Hunk {
  size_t before = 0, after = 0; ///< where it begins, from 0
  std::vector<std::string> lines;
};

/// What to do to `before` to get `after`. Lines that differ only in the numbers of values (%12) count as equal, if they
/// come from the same place: one op less renumbers all that follow.
std::vector<Hunk> compare(const Section &before, const Section &after);

} // namespace sinter::view
