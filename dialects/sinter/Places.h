// Where an op stands in the model: its line, and the scopes that were open there. Every op of a model has the location
// `"h.3.attn.c_attn"("gpt.cpp":32:10)`, a NameLoc around a FileLineColLoc, or the latter alone outside of all scopes.
// One op that does the work of several has a FusedLoc of theirs.
#pragma once

#include "mlir/IR/Location.h"
#include "llvm/ADT/MapVector.h"

#include <map>
#include <string>

namespace sinter {

/// `place` in the scope; `place` itself if `scope` is empty.
mlir::Location inScope(llvm::StringRef scope, mlir::Location place);

/// `gpt.cpp:32:10`, from the first file location inside `location`; empty if there is none.
std::string modelLine(mlir::Location location);

/// Scopes, those that differ in numbers only together: `h.3.attn.c_attn`, but `h.*.attn.c_attn` for several layers'.
class ModelScopes {
public:
  ModelScopes() = default;
  explicit ModelScopes(mlir::Location location) { add(location); }

  void add(llvm::StringRef scope);
  void add(mlir::Location location);
  void add(const ModelScopes &other);
  bool empty() const { return byPattern.empty(); }
  std::vector<std::string> list() const;
  /// `h.*.ln_1, h.*.ln_2, ln_f`, of many the first ones.
  std::string text() const;
  /// The same, but `h.*.attn.c_attn` for a single layer's, too: equal for what layers have in common.
  std::string pattern() const;

private:
  /// `h.*.attn.c_attn` -> the same, or the only scope so far that looks like this.
  llvm::MapVector<std::string, std::string, std::map<std::string, unsigned>> byPattern;
};

/// `gpt.cpp:32:10 in h.3.attn.c_attn`, or as much of this as there is.
std::string placeText(llvm::StringRef line, const ModelScopes &scopes);
std::string modelPlace(mlir::Location location);

/// Where several ops stand: lines, each with its scopes, in the order in which they came.
class ModelPlaces {
public:
  void add(mlir::Location location);
  bool empty() const { return lines.empty(); }
  /// `gpt.cpp:32:10 in h.*.attn.c_attn, h.*.mlp.c_fc; gpt.cpp:24:10 in ln_f`, of many lines the first ones; files
  /// without their folders.
  std::string text() const;
  llvm::ArrayRef<std::pair<std::string, ModelScopes>> list() const { return lines.getArrayRef(); }

private:
  llvm::MapVector<std::string, ModelScopes, std::map<std::string, unsigned>> lines;
};

} // namespace sinter
