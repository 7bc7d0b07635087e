// What only programs need that translate. sinterc links it in where an entry takes `source` and `target`; others have
// neither the options nor their code.
#pragma once

#include "data/dataset.h"

struct sinter_program;

namespace sinter {

enum class Exit;
struct CommonOptions;
struct ScoreCommand;
struct TranslateCommand;

struct PairsPart {
  Data (*load)(const DataOptions &options, const Batch &batch, int64_t vocabulary); ///< pairs.h
  Exit (*score)(const ScoreCommand &command);                                       ///< commands.h
  Exit (*translate)(const sinter_program &description, const CommonOptions &common, const TranslateCommand &command);
};
/// Null in a program without it.
const PairsPart *pairsPart();

/// The word after a file's colon that makes a text of it: `--input source=a.txt:lines`, which --source a.txt stands
/// for.
constexpr const char *linesOfText = "lines";
/// Whether these are texts of pairs, not arrays.
bool readsLines(const std::vector<InputFile> &inputs);
/// `--source A --target B` as the inputs that they stand for, appended to `inputs`. Failure (usage) if one is missing,
/// or `inputs` are there already; `prefix` is "--" or "--val-".
void addPairs(std::vector<std::string> &inputs, const std::string &source, const std::string &target,
              const std::string &prefix);

} // namespace sinter
