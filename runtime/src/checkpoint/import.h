// Parameters from other people's files: which tensor of theirs is which parameter of ours.
#pragma once

#include "checkpoint/tensor_source.h"

#include <set>
#include <string>
#include <vector>

namespace sinter {

class Program;

/// A rule of --map: FROM=TO or FROM=TO:transpose. Each * stands for anything, in TO for what it was in FROM.
struct NameRule {
  enum class Turn { None, Queries, Keys }; ///< rows of heads as llama.cpp pairs them: see pairHeads
  std::string from, to;
  bool transpose = false;
  Turn turn = Turn::None;

  /// What a name of theirs is called here; empty: the rule says nothing of it.
  std::string apply(std::string_view name) const;
};
/// Failure (usage) that names the rule.
std::vector<NameRule> parseNameRules(const std::vector<std::string> &words);

/// Which of the program's parameters a file has to have: all, unless this says something else.
struct ParameterChoice {
  std::vector<std::string> anew = {};     ///< names, with * for anything, of those that no file gives
  std::set<std::string> *taken = nullptr; ///< where several files have them together: those that one has given

  bool beginsAnew(std::string_view name) const;
};

/// What became of a tensor of theirs.
struct ImportedTensor {
  std::string name, type; ///< "F16 [768, 2304]"
  std::string use;        ///< "h.0.attn.c_attn.weight", with what was done to it; empty: ignored
  std::string why;        ///< of one that is ignored
};

/// Fills the program's parameters from the file. By rules first, else by their own names, which may begin with
/// `transformer.` or `_orig_mod.`; of GGUF by what llama.cpp calls GPT-2's and Llama's. Failure (input) if a parameter
/// that `choice` asks for is missed, of another shape, or given twice.
std::vector<ImportedTensor> importTensors(const TensorSource &source, Program &program,
                                          const std::vector<NameRule> &rules, const std::string &path,
                                          const ParameterChoice &choice = {});

/// The table, for people: a line each, equal ones of blocks together, and what was found, used and ignored in all.
std::string importTable(const std::vector<ImportedTensor> &tensors);

} // namespace sinter
