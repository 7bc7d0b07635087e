#include "checkpoint/checkpoint.h"

#include "base/error.h"
#include "base/flat_json.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/trace.h"
#include "checkpoint/configuration.h"
#include "checkpoint/number_formats.h"
#include "checkpoint/safetensors.h"
#include "files/files.h"
#include "program/program.h"
#include "training/trainer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <type_traits>
#include <unordered_map>

namespace sinter {

static constexpr const char *formatName = "sinter-checkpoint";
static constexpr const char *formatVersion = "1";
// The metadata `holds` of Saved::Parameters.
static constexpr const char *onlyParameters = "parameters";
// The hash of the whole file, itself read as zeros.
static constexpr std::string_view hashKey = "\"xxh3\":\"";
static constexpr std::string_view noHash = "0000000000000000";

// A tokenizer that is a file of its own is kept as one, among the tensors: the header would be long.
static constexpr const char *tokenizerTensor = "tokenizer.json";

static std::string textOf(const Hash &hash) { return formatted("{:016x}", hash.value()); }

std::string checkpointPath(const std::string &folder) { return folder + "/checkpoint.safetensors"; }

std::string findCheckpoint(const std::string &path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return path;
  if (!std::filesystem::exists(checkpointPath(path), error))
    for (const char *name : {"/model.safetensors", "/model.safetensors.index.json"})
      if (std::filesystem::exists(path + name, error))
        return path + name;
  return checkpointPath(path);
}

static std::string nameInFile(const sinter_state &state) {
  const std::string name = state.tensor.name;
  return isParameter(state) || name.starts_with("optimizer.") ? name : "optimizer." + name;
}

static void addState(std::vector<TensorEntry> &tensors, const sinter_state &state) {
  const sinter_tensor &tensor = state.tensor;
  TensorEntry entry;
  entry.name = nameInFile(state);
  entry.dtype = dtypeInSafetensors(tensor.dtype);
  entry.shape.assign(tensor.shape, tensor.shape + tensor.rank);
  tensors.push_back(std::move(entry));
}

// A good checkpoint is not replaced by one that nothing can go on from.
static void checkFinite(const std::string &path, Program &program, const std::vector<const sinter_state *> &states) {
  for (const sinter_state *saved : states) {
    const sinter_state &state = *saved;
    if (!isFloat(state.tensor.dtype))
      continue;
    withDtype(state.tensor.dtype, [&]<typename T>(T) {
      const auto *values = static_cast<const T *>(program.toRead(state));
      for (int64_t i = 0, count = elementCount(state.tensor); i < count; ++i)
        if (!std::isfinite(double(valueOf(values[i]))))
          fail(Exit::Input, formatted("{}: not saved: element {} of {} is {}; what was saved before is unchanged", path,
                                      i, state.tensor.name, double(valueOf(values[i]))));
    });
  }
}

void saveCheckpoint(const std::string &path, Program &program, const Checkpoint &checkpoint, Saved what) {
  const TraceSpan span("file", "save a checkpoint");
  const sinter_program &description = program.description();
  std::vector<const sinter_state *> states;
  for (uint32_t s = 0; s < description.state_count; ++s)
    if (what == Saved::All ? isSaved(description.states[s]) : isParameter(description.states[s]))
      states.push_back(&description.states[s]);
  std::vector<TensorEntry> tensors;
  for (const sinter_state *state : states)
    addState(tensors, *state);
  const bool apart = checkpoint.tokenizer.kind() == Tokenizer::Kind::Model;
  const std::string tokenizer = checkpoint.tokenizer.vocabulary();
  if (apart)
    tensors.push_back({tokenizerTensor, "U8", {int64_t(tokenizer.size())}});
  std::map<std::string, std::string> metadata = {
      {"format", formatName},
      {"version", formatVersion},
      {"program", description.name},
      {"config", description.config},
      {"step", fmt::to_string(checkpoint.step)},
      {"seed", fmt::to_string(checkpoint.seed)},
      {"data_position", fmt::to_string(checkpoint.nextRow)},
      {"data_xxh3", formatted("{:016x}", checkpoint.dataHash)},
      {"data_size", checkpoint.dataSize},
      {"options", checkpoint.options},
      {"tokenizer", checkpoint.tokenizer.name()},
      {"vocabulary", apart ? std::string() : tokenizer},
      {"xxh3", std::string(noHash)},
  };
  if (what == Saved::Parameters)
    metadata["holds"] = onlyParameters;
  if (!checkpoint.chatTemplate.empty())
    metadata["chat_template"] = checkpoint.chatTemplate;
  if (checkpoint.bestStep >= 0) {
    metadata["best_loss"] = formatted("{}", checkpoint.bestLoss);
    metadata["best_step"] = fmt::to_string(checkpoint.bestStep);
    metadata["losses_since_best"] = fmt::to_string(checkpoint.lossesSinceBest);
  }
  std::string header = makeTensorHeader(tensors, metadata);
  const std::string length = headerLengthBytes(header);

  checkFinite(path, program, states);
  Hash hash;
  hash.add(length.data(), length.size());
  hash.add(header.data(), header.size());
  for (const sinter_state *state : states)
    hash.add(program.toRead(*state), state->tensor.bytes);
  if (apart)
    hash.add(tokenizer.data(), tokenizer.size());
  header.replace(header.find(formatted("{}{}", hashKey, noHash)) + hashKey.size(), noHash.size(), textOf(hash));

  AtomicFile file(path);
  file.write(length.data(), length.size());
  file.write(header.data(), header.size());
  for (const sinter_state *state : states)
    file.write(program.toRead(*state), state->tensor.bytes);
  if (apart)
    file.write(tokenizer.data(), tokenizer.size());
  file.commit();
}

template <typename T, typename... Base>
static T metadataNumber(const TensorFile &file, const std::string &path, const char *key, Base... base) {
  const auto found = file.metadata.find(key);
  T value{};
  if (found == file.metadata.end())
    fail(Exit::Damaged, formatted("{}: the metadata has no {}", path, key));
  const char *end = found->second.data() + found->second.size();
  const auto [rest, error] = std::from_chars(found->second.data(), end, value, base...);
  if (error != std::errc() || rest != end || (std::is_integral_v<T> && value < 0))
    fail(Exit::Damaged, formatted("{}: metadata {} is '{}', not a number", path, key, found->second.substr(0, 32)));
  return value;
}

static std::string metadataText(const TensorFile &file, const char *key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? std::string() : found->second;
}

// `tokenizer`: of one that was kept apart.
static Checkpoint readMetadata(const TensorFile &file, const std::string &path, const std::string &tokenizer) {
  if (const std::string version = metadataText(file, "version"); version != formatVersion)
    fail(Exit::Input, formatted("{}: checkpoint version '{}', this program reads version {}", path,
                                version.substr(0, 32), formatVersion));
  Checkpoint checkpoint;
  checkpoint.step = metadataNumber<int64_t>(file, path, "step");
  if (checkpoint.step > maximumSteps)
    fail(Exit::Damaged, formatted("{}: step {} is above {}", path, checkpoint.step, maximumSteps));
  checkpoint.seed = metadataNumber<uint64_t>(file, path, "seed");
  checkpoint.nextRow = metadataNumber<int64_t>(file, path, "data_position");
  checkpoint.dataHash = metadataNumber<uint64_t>(file, path, "data_xxh3", 16);
  checkpoint.dataSize = metadataText(file, "data_size").substr(0, 32);
  // Whoever shows or compares these need not bother about what no program writes.
  for (const char *key : {"options", "program", "config", "chat_template"})
    if (const size_t size = metadataText(file, key).size(); size > flatJsonBytes)
      fail(Exit::Damaged, formatted("{}: metadata {} has {} bytes, more than {}", path, key, size, flatJsonBytes));
  if (const std::string config = metadataText(file, "config"); !config.empty() && !parseFlatJson(config))
    fail(Exit::Damaged, formatted("{}: the saved configuration is not readable", path));
  if (file.metadata.contains("best_step")) {
    checkpoint.bestStep = metadataNumber<int64_t>(file, path, "best_step");
    checkpoint.bestLoss = metadataNumber<double>(file, path, "best_loss");
    checkpoint.lossesSinceBest = metadataNumber<int64_t>(file, path, "losses_since_best");
    if (!std::isfinite(checkpoint.bestLoss))
      fail(Exit::Damaged, formatted("{}: metadata best_loss is not finite", path));
  }
  checkpoint.options = metadataText(file, "options");
  checkpoint.program = metadataText(file, "program");
  checkpoint.config = metadataText(file, "config");
  checkpoint.chatTemplate = metadataText(file, "chat_template");
  const std::string kind = metadataText(file, "tokenizer");
  checkpoint.tokenizer = Tokenizer::restore(kind, kind == "model" ? tokenizer : metadataText(file, "vocabulary"), path);
  return checkpoint;
}

// Why states may differ, where the file tells.
static std::string modelOf(const TensorFile &file, const sinter_program &program) {
  const std::string differences = configurationDifferences(metadataText(file, "config"), program);
  return differences.empty() ? "it is of another model" : "trained with " + differences;
}

// Exact type and shape, or a message with both.
static void checkAgainst(const sinter_state &state, const TensorFile &file, size_t tensorNumber,
                         const std::string &path, const sinter_program &program) {
  const TensorEntry &entry = file.tensors[tensorNumber];
  const sinter_tensor &tensor = state.tensor;
  const bool sameShape =
      entry.shape.size() == tensor.rank && std::equal(entry.shape.begin(), entry.shape.end(), tensor.shape);
  if (!sameShape || entry.dtype != dtypeInSafetensors(tensor.dtype))
    fail(Exit::Input, formatted("{}: {}: the file has {} [{}], the program needs {} {}: {}", path, entry.name,
                                entry.dtype, fmt::join(entry.shape, ", "), dtypeInSafetensors(tensor.dtype),
                                shapeText(tensor), modelOf(file, program)));
}

static bool isCheckpointFile(const TensorFile &file) { return metadataText(file, "format") == formatName; }

// Files of other formats than safetensors that parameters are read from.
static bool isForeign(const std::string &path) {
  return path.ends_with(".json") || FileReader(path).beginning(4) == "GGUF";
}

// What `reader` begins with, if that is a checkpoint's header.
static std::optional<TensorFile> checkpointHeader(FileReader &reader) {
  if (isForeign(reader.path()))
    return std::nullopt;
  TensorFile file = readTensorHeader(reader);
  return isCheckpointFile(file) ? std::optional(std::move(file)) : std::nullopt;
}

void keepTraining(const std::string &path) {
  TensorFile file;
  try {
    if (path.empty())
      return;
    FileReader reader(path);
    file = readTensorHeader(reader);
  } catch (const Failure &) { // nothing there, or nothing of ours
    return;
  }
  if (const std::string step = metadataText(file, "step"); isCheckpointFile(file) && step != "0")
    fail(Exit::Input,
         formatted("{}: is the checkpoint of a training of {} steps, which this would destroy; name another file, or "
                   "remove it first",
                   path, step.substr(0, 32)));
}

// Reads the tensors' bytes in order into `targets` (null: skipped), and checks the hash if the file has one of ours.
static void readTensors(FileReader &reader, const TensorFile &file, const std::vector<void *> &targets) {
  Hash hash;
  const std::string length = headerLengthBytes(file.header);
  const std::string expected = metadataText(file, "xxh3");
  const std::string_view header = file.header;
  hash.add(length.data(), length.size());
  if (isCheckpointFile(file)) {
    const size_t found =
        expected.size() == noHash.size() ? header.find(formatted("{}{}\"", hashKey, expected)) : header.npos;
    if (found == header.npos)
      fail(Exit::Damaged, formatted("{}: the checkpoint has no readable hash", reader.path()));
    const size_t begin = found + hashKey.size(), end = begin + noHash.size();
    hash.add(header.data(), begin);
    hash.add(noHash.data(), noHash.size());
    hash.add(header.data() + end, header.size() - end);
  }
  std::vector<char> skipped;
  for (size_t t = 0; t < file.tensors.size(); ++t) {
    uint64_t left = file.tensors[t].end - file.tensors[t].begin;
    char *target = static_cast<char *>(targets[t]);
    constexpr uint64_t step = 1u << 20;
    if (!target && left)
      skipped.resize(step);
    while (left > 0) {
      const size_t size = size_t(std::min(left, step));
      char *into = target ? target : skipped.data();
      if (reader.read(into, size) != size)
        fail(Exit::Damaged, formatted("{}: truncated in tensor {}", reader.path(), file.tensors[t].name));
      hash.add(into, size);
      left -= size;
      if (target)
        target += size;
    }
  }
  if (isCheckpointFile(file) && textOf(hash) != expected)
    fail(Exit::Damaged, formatted("{}: damaged: its content has hash {}, it was saved with {}", reader.path(),
                                  textOf(hash), expected));
}

// The same; returns the tokenizer's file, if there is one.
static std::string readWithTokenizer(FileReader &reader, const TensorFile &file, std::vector<void *> &targets) {
  std::string text;
  for (size_t t = 0; t < file.tensors.size() && isCheckpointFile(file); ++t)
    if (const TensorEntry &entry = file.tensors[t]; entry.name == tokenizerTensor && !targets[t]) {
      text.resize(entry.end - entry.begin);
      targets[t] = text.data();
    }
  readTensors(reader, file, targets);
  return text;
}

static std::unordered_map<std::string_view, size_t> indexByName(const TensorFile &file) {
  std::unordered_map<std::string_view, size_t> index;
  for (size_t t = 0; t < file.tensors.size(); ++t)
    index.emplace(file.tensors[t].name, t);
  return index;
}

// What follows the header.
static Checkpoint loadStates(FileReader &reader, const TensorFile &file, Program &program) {
  const std::string &path = reader.path();
  const sinter_program &description = program.description();
  const auto index = indexByName(file);
  std::vector<void *> targets(file.tensors.size());
  const bool restBegins = metadataText(file, "holds") == onlyParameters;
  if (restBegins)
    program.initializeAllButParameters(metadataNumber<uint64_t>(file, path, "seed"));
  for (uint32_t s = 0; s < description.state_count; ++s) {
    if (restBegins ? !isParameter(description.states[s]) : !isSaved(description.states[s]))
      continue;
    const std::string name = nameInFile(description.states[s]);
    const auto found = index.find(name);
    if (found == index.end())
      fail(Exit::Input,
           formatted("{}: has no {}, which the program needs: {}", path, name, modelOf(file, description)));
    checkAgainst(description.states[s], file, found->second, path, description);
    targets[found->second] = program.data(description.states[s]);
  }
  for (size_t t = 0; t < targets.size(); ++t)
    if (!targets[t] && file.tensors[t].end != file.tensors[t].begin && file.tensors[t].name != tokenizerTensor)
      fail(Exit::Input, formatted("{}: {} is not a state of the program: {}", path, file.tensors[t].name,
                                  modelOf(file, description)));
  const std::string tokenizer = readWithTokenizer(reader, file, targets);
  return readMetadata(file, path, tokenizer);
}

Checkpoint loadCheckpoint(const std::string &path, Program &program) {
  const TraceSpan span("file", "load a checkpoint");
  FileReader reader(path);
  const TensorFile file = readTensorHeader(reader);
  if (!isCheckpointFile(file))
    fail(Exit::Input,
         formatted("{}: plain safetensors, not a checkpoint; --init takes its parameters, 'import' makes a "
                   "checkpoint of it",
                   path));
  return loadStates(reader, file, program);
}

std::optional<Checkpoint> loadIfCheckpoint(const std::string &path, Program &program) {
  const TraceSpan span("file", "load a checkpoint");
  FileReader reader(path);
  const std::optional<TensorFile> file = checkpointHeader(reader);
  return file ? std::optional(loadStates(reader, *file, program)) : std::nullopt;
}

// The parameters of a file that is no checkpoint.
static Checkpoint loadForeign(const std::string &path, Program &program, std::vector<std::string> &notes,
                              const std::vector<NameRule> &rules, std::vector<ImportedTensor> *table,
                              const ParameterChoice &choice) {
  const TensorSource source(path);
  std::vector<ImportedTensor> tensors = importTensors(source, program, rules, path, choice);
  const auto ignored = [](const ImportedTensor &tensor) { return tensor.use.empty(); };
  const auto first = std::find_if(tensors.begin(), tensors.end(), ignored);
  if (first != tensors.end())
    notes.push_back(formatted("{}: ignored {} tensors that are not parameters of the program, the first is {}", path,
                              std::count_if(tensors.begin(), tensors.end(), ignored), first->name));
  Checkpoint checkpoint;
  if (!source.tokenizer().empty())
    checkpoint.tokenizer = Tokenizer::restore("model", source.tokenizer(), path);
  if (table)
    *table = std::move(tensors);
  return checkpoint;
}

Checkpoint loadParameters(const std::string &path, Program &program, bool *isCheckpoint,
                          std::vector<std::string> &notes, const std::vector<NameRule> &rules,
                          std::vector<ImportedTensor> *table, const ParameterChoice &choice) {
  const TraceSpan span("file", "load parameters");
  FileReader reader(path);
  const std::optional<TensorFile> header = checkpointHeader(reader);
  *isCheckpoint = header.has_value();
  if (!header)
    return loadForeign(path, program, notes, rules, table, choice);
  const TensorFile &file = *header;
  const sinter_program &description = program.description();
  const auto index = indexByName(file);
  std::vector<void *> targets(file.tensors.size());
  for (uint32_t s = 0; s < description.state_count; ++s) {
    const sinter_state &state = description.states[s];
    const std::string name = nameInFile(state);
    const auto found = index.find(name);
    if (!isParameter(state) || choice.beginsAnew(name) || (found == index.end() && choice.taken))
      continue;
    if (found == index.end())
      fail(Exit::Input,
           formatted("{}: has no {}, a parameter of the program: {}", path, name, modelOf(file, description)));
    if (choice.taken)
      choice.taken->insert(name);
    checkAgainst(state, file, found->second, path, description);
    targets[found->second] = program.data(state);
  }
  const std::string tokenizer = readWithTokenizer(reader, file, targets);
  return readMetadata(file, path, tokenizer);
}

Contents readContents(const std::string &path) {
  FileReader reader(path);
  Contents contents;
  contents.file = readTensorHeader(reader);
  contents.isCheckpoint = isCheckpointFile(contents.file);
  std::vector<void *> targets(contents.file.tensors.size());
  const std::string tokenizer = readWithTokenizer(reader, contents.file, targets);
  if (contents.isCheckpoint)
    contents.checkpoint = readMetadata(contents.file, path, tokenizer);
  std::erase_if(contents.file.tensors,
                [&](const TensorEntry &entry) { return contents.isCheckpoint && entry.name == tokenizerTensor; });
  return contents;
}

void exportParameters(const std::string &path, Program &program, const std::string &prefix, const std::string &dtype) {
  const sinter_program &description = program.description();
  const NumberFormat *format = findNumberFormat(dtype);
  const auto converts = [&](const sinter_state &state) { return state.tensor.dtype == SINTER_F32 && dtype != "F32"; };
  std::vector<TensorEntry> tensors;
  for (uint32_t s = 0; s < description.state_count; ++s)
    if (const sinter_state &state = description.states[s]; isParameter(state)) {
      addState(tensors, state);
      tensors.back().name = prefix + tensors.back().name;
      if (converts(state))
        tensors.back().dtype = dtype;
    }
  const std::string header = makeTensorHeader(tensors, {{"format", "pt"}});
  const std::string length = headerLengthBytes(header);
  AtomicFile file(path);
  file.write(length.data(), length.size());
  file.write(header.data(), header.size());
  for (uint32_t s = 0; s < description.state_count; ++s) {
    const sinter_state &state = description.states[s];
    if (!isParameter(state))
      continue;
    if (!converts(state)) {
      file.write(program.toRead(state), state.tensor.bytes);
      continue;
    }
    std::string bytes(size_t(elementCount(state.tensor)) * format->bytes, '\0');
    format->fromFloat(static_cast<const float *>(program.toRead(state)), elementCount(state.tensor), bytes.data());
    file.write(bytes.data(), bytes.size());
  }
  file.commit();
}

} // namespace sinter
