// Checkpoints: one safetensors file with the parameters under their names, the optimizer's memory under `optimizer.`,
// and in the metadata what else a training needs to go on as if it had never stopped.
#pragma once

#include "checkpoint/import.h"
#include "checkpoint/safetensors.h"
#include "tokenizers/tokenizer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

class Program;

/// What a checkpoint holds beside tensors.
struct Checkpoint {
  int64_t step = 0; ///< steps done
  uint64_t seed = 0;
  int64_t nextRow = 0;         ///< data position: the row of the sequence of batches that comes next
  uint64_t dataHash = 0;       ///< XXH3 of the training data, to notice other data on resume
  std::string dataSize;        ///< "5400 tokens", for messages about that
  std::string options;         ///< JSON object of the training's options
  std::string program, config; ///< name and configuration (JSON) of the program that wrote it
  Tokenizer tokenizer;
  std::string chatTemplate; ///< JSON (tokenizers/chat_template.h); empty: the model knows no chats
  double bestLoss = 0;      ///< the least held-out loss so far, and the step after which it was; -1: none yet
  int64_t bestStep = -1;
  int64_t lossesSinceBest = 0; ///< held-out losses after that, none of which was less
};

/// The file's name inside the folder that --out names.
std::string checkpointPath(const std::string &folder);

/// A checkpoint's file: `path` itself or, if it is a folder, the checkpoint that a training keeps in it, or else
/// model.safetensors or its index.
std::string findCheckpoint(const std::string &path);

/// Failure (input) if a checkpoint with steps of training is at `path`, where something else is to be written. Empty:
/// no file.
void keepTraining(const std::string &path);

/// What of the program's state a checkpoint holds: of one before the first step, the seed says what the rest is.
enum class Saved { All, Parameters };

/// Writes the program's state. On a Failure (also if a value is not finite) the previous file at `path` is unchanged.
void saveCheckpoint(const std::string &path, Program &program, const Checkpoint &checkpoint, Saved what = Saved::All);

/// Reads a checkpoint of this program: every state, of exact type and shape, hash checked; all but parameters begin
/// anew where it has nothing else (Saved::Parameters). Throws Failure: damaged if
/// the file is, input if it is of another model or a plain safetensors file. After a Failure the program's state is
/// undefined.
Checkpoint loadCheckpoint(const std::string &path, Program &program);

/// The same, or nothing, and the program's state as it was, if the file is of another format or plain safetensors.
std::optional<Checkpoint> loadIfCheckpoint(const std::string &path, Program &program);

/// Reads the parameters only, from a checkpoint or any file that has them: see importTensors, which `rules` go to;
/// those that `choice` asks for.
/// `*isCheckpoint` tells whether what is returned was in the file. Notes about ignored tensors are added to `notes`,
/// and what became of each tensor of a file that is no checkpoint to `table`, if there is one.
Checkpoint loadParameters(const std::string &path, Program &program, bool *isCheckpoint,
                          std::vector<std::string> &notes, const std::vector<NameRule> &rules = {},
                          std::vector<ImportedTensor> *table = nullptr, const ParameterChoice &choice = {});

/// What a file holds, of whatever program it is.
struct Contents {
  TensorFile file;
  bool isCheckpoint = false;
  Checkpoint checkpoint; ///< only of one
};

/// Reads all of the file and checks it as loading does, but against no program.
Contents readContents(const std::string &path);

/// Writes the parameters only, as plain safetensors: their names begin with `prefix`, their numbers are of `dtype`
/// (F32, F16, BF16, F64).
void exportParameters(const std::string &path, Program &program, const std::string &prefix = "",
                      const std::string &dtype = "F32");

} // namespace sinter
