// The subcommand run: calls any entry, its inputs from files or numbers, its outputs to the terminal, JSON lines or
// NumPy files.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "commands/output_values.h"
#include "data/array_dataset.h"
#include "files/files.h"
#include "files/same_file.h"
#include "program/program.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unistd.h>

namespace sinter {

namespace {

/// The calls of one entry.
class EntryCalls {
public:
  EntryCalls(Program &program, const RunCommand &command)
      : program_(program), command_(command), entry_(requireEntry(program, command.entry)) {}
  Exit run();

private:
  /// What an input is given: rows of files, so many a call, or those of one call for all.
  struct Given {
    BatchInput input;
    InputArrays arrays;
    int64_t calls() const { return arrays.rows() / input.shape[0]; }
  };

  void readInputs();
  void readFiles(const std::vector<InputFile> &files);
  void loadState();
  void checkOutputs();
  void countCalls();
  void fill(int64_t call);
  void print(int64_t call);

  Program &program_;
  const RunCommand &command_;
  const sinter_entry &entry_;
  std::map<std::string, double> numbers_;
  std::vector<Given> given_;
  std::vector<NamedFile> inputFiles_;
  std::vector<std::pair<const sinter_tensor *, std::string>> written_; // outputs and their files
  Checkpoint checkpoint_;
  int64_t calls_ = 1;
};

} // namespace

// NAME=NUMBER for inputs that are numbers, all others are files.
void EntryCalls::readInputs() {
  std::vector<std::string> files;
  for (const std::string &word : command_.inputs) {
    const size_t equals = word.find('=');
    const sinter_input *input = Program::findInput(entry_, word.substr(0, equals));
    double value = 0;
    const char *end = word.data() + word.size();
    const bool isNumber = input && input->tensor.rank == 0 && equals != word.npos &&
                          std::from_chars(word.data() + equals + 1, end, value).ptr == end && equals + 1 < word.size();
    if (!isNumber) {
      files.push_back(word);
      continue;
    }
    const double kept = scalarOf(input->tensor.dtype, value);
    if (!std::isfinite(kept) || (!isFloat(input->tensor.dtype) && kept != value))
      fail(Exit::Usage, formatted("--input {}: not a number of {}", word, dtypeName(input->tensor.dtype)));
    if (!numbers_.emplace(input->tensor.name, value).second)
      fail(Exit::Usage, formatted("--input {}: {} is given twice", word, input->tensor.name));
  }
  readFiles(parseInputFiles(files, entry_, "--input"));
  std::vector<std::string> missing;
  for (uint32_t i = 0; i < entry_.input_count; ++i) {
    const sinter_input &input = entry_.inputs[i];
    const std::string name = input.tensor.name;
    const bool given = numbers_.contains(name) ||
                       std::any_of(given_.begin(), given_.end(), [&](const Given &g) { return g.input.name == name; });
    const bool known = input.has_default || name == "step" || name == "seed" || name == "seed_high";
    if (!given && !known)
      missing.push_back(formatted("{} {} {}", name, dtypeName(input.tensor.dtype), shapeText(input.tensor)));
  }
  if (!missing.empty())
    fail(Exit::Usage, formatted("entry {}: no numbers for {}: --input NAME=FILE, or NAME=NUMBER for one", entry_.name,
                                fmt::join(missing, ", ")));
}

// [8] for an input of [1, 8]: all of it is the one row.
static void makeOneRow(Array &array, const BatchInput &input) {
  const bool dense = array.cells.empty() && array.rowBytes == size_t(array.rowSize()) * elementBytes(array.element);
  if (!dense || input.shape[0] != 1 || array.rows() == 1 || !hasShapeOf(array.shape, input.shape))
    return;
  array.rowBytes *= size_t(array.rows());
  array.shape.insert(array.shape.begin(), 1);
}

void EntryCalls::readFiles(const std::vector<InputFile> &files) {
  for (const std::string &file : filesOf(files))
    inputFiles_.push_back({"--input", file});
  ArrayFiles reader;
  for (uint32_t i = 0; i < entry_.input_count; ++i) {
    const sinter_input &input = entry_.inputs[i];
    Given given = {batchInput(program_, input), {input.tensor.name, {}}};
    for (const InputFile &file : filesFor(files, input.tensor.name)) {
      if (file.name.empty() && input.tensor.rank == 0)
        continue;
      Array array = reader.read(file.path, file.part, input.tensor.name, input.tensor.dtype);
      makeOneRow(array, given.input);
      checkInputArray(array, given.input, 0);
      given.arrays.parts.push_back(std::move(array));
    }
    if (given.arrays.parts.empty())
      continue;
    if (given.arrays.rows() % given.input.shape[0])
      fail(Exit::Input, formatted("{}: {} rows are no whole number of calls: the input {} {} takes {} each",
                                  given.arrays.parts[0].origin, given.arrays.rows(), given.input.name,
                                  shapeText(input.tensor), given.input.shape[0]));
    given_.push_back(std::move(given));
  }
}

void EntryCalls::countCalls() {
  for (const Given &given : given_)
    calls_ = std::max(calls_, given.calls());
  calls_ = command_.calls.value_or(calls_);
  for (const Given &given : given_)
    if (given.calls() != 1 && given.calls() < calls_)
      fail(Exit::Input,
           formatted("{}: has rows for {} calls, not {}", given.arrays.parts[0].origin, given.calls(), calls_));
}

void EntryCalls::loadState() {
  bool complete = false;
  if (command_.checkpoint.empty())
    program_.initialize(command_.seed.value_or(0));
  else
    checkpoint_ = loadForUse(command_.checkpoint, program_, Use::Parameters, command_.ignoreConfiguration, &complete);
  if (command_.seed || !complete)
    checkpoint_.seed = command_.seed.value_or(0);
  if (checkpoint_.options.empty())
    checkpoint_.options = TrainingOptions().json();
}

// Which outputs are written where; no file is an input, a training's checkpoint or that of another output.
void EntryCalls::checkOutputs() {
  std::vector<NamedFile> taken = inputFiles_;
  taken.push_back({"--checkpoint", command_.checkpoint.empty() ? "" : findCheckpoint(command_.checkpoint)});
  const auto take = [&](const std::string &option, const std::string &path) {
    keepApart({option, path}, taken);
    keepTraining(path);
    taken.push_back({option, path});
  };
  take("--save", command_.save);
  std::vector<std::string> known;
  for (uint32_t o = 0; o < entry_.output_count; ++o)
    known.push_back(entry_.outputs[o].name);
  for (const auto &[name, path] : splitOutputs(command_.outputs, entry_.name, known)) {
    take("--output", path);
    written_.emplace_back(Program::findOutput(entry_, name), path);
  }
  if (command_.out.empty())
    return;
  for (uint32_t o = 0; o < entry_.output_count; ++o) {
    const std::string path = formatted("{}/{}.npy", command_.out, known[o]);
    take("--out", path);
    written_.emplace_back(&entry_.outputs[o], path);
  }
  makeFolder(command_.out);
}

void EntryCalls::fill(int64_t call) {
  program_.setDefaults(entry_);
  program_.setScalar(entry_, "step", double(checkpoint_.step + call + 1));
  setSeed(program_, entry_, checkpoint_.seed);
  for (const auto &[name, value] : numbers_)
    if (const sinter_input *input = Program::findInput(entry_, name)) // the model's own, whatever its name
      storeScalar(input->tensor.dtype, program_.data(*input), value);
  for (const Given &given : given_) {
    const int64_t rows = given.input.shape[0], first = given.calls() == 1 ? 0 : call * rows;
    for (int64_t b = 0; b < rows; ++b)
      copyExample(given.arrays, first + b, given.input, b);
  }
}

void EntryCalls::print(int64_t call) {
  const bool json = command_.json || !isatty(STDOUT_FILENO);
  ValuePrinter printer(json);
  printer.begin(call + 1);
  for (uint32_t o = 0; o < entry_.output_count; ++o) {
    const sinter_tensor &output = entry_.outputs[o];
    if (std::none_of(written_.begin(), written_.end(), [&](const auto &w) { return w.first == &output; }))
      printer.value(output, program_.data(output));
  }
  printer.end();
}

Exit EntryCalls::run() {
  readInputs();
  countCalls();
  checkOutputs();
  loadState();
  std::vector<std::unique_ptr<ValueFile>> files;
  for (const auto &[output, path] : written_)
    files.push_back(std::make_unique<ValueFile>(path, *output, calls_));
  const bool prints = written_.size() < entry_.output_count;
  for (int64_t call = 0; call < calls_; ++call) {
    fill(call);
    program_.run(entry_);
    for (const auto &file : files)
      file->add(program_.data(file->output()));
    if (prints)
      print(call);
  }
  for (const auto &file : files)
    file->commit();
  if (command_.save.empty())
    return Exit::Done;
  if (Program::findProgramInput(entry_, "step"))
    checkpoint_.step += calls_;
  checkpoint_.bestStep = -1; // of another state
  saveCheckpoint(command_.save, program_, checkpoint_);
  return Exit::Done;
}

Exit runEntry(const sinter_program &description, const CommonOptions &common, const RunCommand &command) {
  const auto program = openProgram(description, common);
  return EntryCalls(*program, command).run();
}

} // namespace sinter
