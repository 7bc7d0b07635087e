// The functions of sinter/host.h: a program, what its inputs were set to, and the steps done.
#include "sinter/host.h"

#include "base/error.h"
#include "base/format.h"
#include "base/suggest.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "program/open_program.h"
#include "program/pool.h"
#include "program/program.h"
#include "training/trainer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

using namespace sinter;

struct sinter_model {
  std::unique_ptr<Program> program;
  /// What each input of each entry was set to; empty: nothing yet.
  std::vector<std::vector<std::vector<std::byte>>> inputs;
  const sinter_entry *called = nullptr; ///< whose outputs lie in the arena
  Checkpoint checkpoint;                ///< steps, seed, and what came with a file that was loaded
  bool begun = false;                   ///< states hold values

  /// The program, its states at their initial values unless they have others: drawn when they are asked for, not before
  /// a file gives them.
  Program &withStates() {
    if (!begun)
      program->initialize(checkpoint.seed);
    begun = true;
    return *program;
  }
};

static std::string &lastError() {
  thread_local std::string message;
  return message;
}

const char *sinter_last_error(void) { return lastError().c_str(); }

// Does `work` and returns its status: no exception leaves the library.
template <typename Work> static int attempt(Work work) {
  try {
    work();
    return SINTER_OK;
  } catch (const Failure &failure) {
    lastError() = failure.what();
    return int(failure.exit());
  } catch (const std::bad_alloc &) {
    lastError() = "out of memory";
    return SINTER_DEVICE;
  } catch (const std::exception &error) {
    lastError() = error.what();
    return SINTER_WRONG_INPUT;
  }
}

// What is called `name` among `count` things, or a Failure with the names of all.
template <typename T, typename Name>
static uint32_t indexOf(const T *things, uint32_t count, const char *name, const std::string &what, Name nameOf) {
  std::vector<std::string> known;
  for (uint32_t i = 0; i < count; ++i) {
    if (name && !std::strcmp(nameOf(things[i]), name))
      return i;
    known.push_back(nameOf(things[i]));
  }
  fail(Exit::Usage, formatted("{} {}: there is none; known are {}{}", what, name ? name : "(null)",
                              known.empty() ? "none" : formatted("{}", fmt::join(known, ", ")),
                              didYouMean(name ? name : "", known)));
}

static uint32_t entryIndex(const sinter_model &model, const char *name) {
  return indexOf(model.program->plan().entries, model.program->description().entry_count, name, "entry",
                 [](const sinter_entry &e) { return e.name; });
}

static uint32_t inputIndex(const sinter_entry &entry, const char *name) {
  return indexOf(entry.inputs, entry.input_count, name, formatted("entry {}: input", entry.name),
                 [](const sinter_input &i) { return i.tensor.name; });
}

static void checkElements(const std::string &what, const sinter_tensor &tensor, uint32_t dtype, size_t count) {
  const bool isHalf = tensor.dtype == SINTER_BF16 || tensor.dtype == SINTER_F16;
  if (dtype != tensor.dtype && !(isHalf && dtype == SINTER_U16)) // the bits
    fail(Exit::Usage, formatted("{} is of {}, not {}", what, dtypeName(tensor.dtype), dtypeName(dtype)));
  if (count != size_t(elementCount(tensor)))
    fail(Exit::Usage,
         formatted("{} has {} elements, {}, not {}", what, elementCount(tensor), shapeText(tensor), count));
}

// Bytes of a tensor; booleans are 0 or 1, whatever the caller takes for true.
static void copyElements(const sinter_tensor &tensor, void *to, const void *from) {
  std::memcpy(to, from, tensor.bytes);
  if (tensor.dtype == SINTER_I8)
    for (uint64_t i = 0; i < tensor.bytes; ++i)
      static_cast<uint8_t *>(to)[i] = static_cast<const uint8_t *>(from)[i] != 0;
}

int sinter_open(const sinter_program *program, const sinter_options *options, sinter_model **out_model) {
  *out_model = nullptr;
  return attempt([&] {
    DeviceOptions device;
    device.threads = options && options->threads > 0 ? options->threads : ThreadPool::hardwareThreads();
    device.threadsGiven = options && options->threads > 0;
    device.device = options && options->device ? options->device : "";
    device.march = options && options->march ? options->march : "";
    auto model = std::make_unique<sinter_model>();
    model->program = openProgram(*program, device);
    for (uint32_t e = 0; e < program->entry_count; ++e)
      model->inputs.emplace_back(model->program->plan().entries[e].input_count);
    model->checkpoint.seed = options ? options->seed : 0;
    model->checkpoint.options = TrainingOptions().json();
    *out_model = model.release();
  });
}

void sinter_close(sinter_model *model) { delete model; }

const sinter_program *sinter_program_of(const sinter_model *model) { return &model->program->description(); }

int sinter_initialize(sinter_model *model, uint64_t seed) {
  return attempt([&] {
    model->program->initialize(seed);
    model->begun = true;
    model->checkpoint.seed = seed;
    model->checkpoint.step = 0;
  });
}

int sinter_set(sinter_model *model, const char *entry, const char *input, uint32_t dtype, const void *data,
               size_t count) {
  return attempt([&] {
    const uint32_t e = entryIndex(*model, entry);
    const sinter_entry &description = model->program->plan().entries[e];
    const uint32_t i = inputIndex(description, input);
    const sinter_tensor &tensor = description.inputs[i].tensor;
    if (!data)
      return model->inputs[e][i].clear();
    checkElements(formatted("entry {}: input {}", entry, input), tensor, dtype, count);
    model->inputs[e][i].resize(tensor.bytes);
    copyElements(tensor, model->inputs[e][i].data(), data);
  });
}

int sinter_set_number(sinter_model *model, const char *entry, const char *input, double value) {
  return attempt([&] {
    const uint32_t e = entryIndex(*model, entry);
    const sinter_entry &description = model->program->plan().entries[e];
    const uint32_t i = inputIndex(description, input);
    const sinter_tensor &tensor = description.inputs[i].tensor;
    if (elementCount(tensor) != 1)
      fail(Exit::Usage, formatted("entry {}: input {} has {} elements, {}, not one number", entry, input,
                                  elementCount(tensor), shapeText(tensor)));
    model->inputs[e][i].resize(tensor.bytes);
    storeScalar(tensor.dtype, model->inputs[e][i].data(), value);
  });
}

// Whether a call of the entry is a step: it leaves states other than they were.
static bool writesStates(const sinter_entry &entry) {
  for (uint32_t l = 0; l < entry.launch_count; ++l)
    for (uint32_t o = 0; o < entry.launches[l].operand_count; ++o)
      if (const sinter_operand &operand = entry.launches[l].operands[o];
          operand.space == SINTER_STATE && (operand.access & SINTER_WRITE))
        return true;
  return false;
}

int sinter_call(sinter_model *model, const char *entry) {
  return attempt([&] {
    const uint32_t e = entryIndex(*model, entry);
    const sinter_entry &description = model->program->plan().entries[e];
    Program &program = model->withStates();
    model->called = nullptr;
    program.setDefaults(description);
    program.setScalar(description, "step", double(model->checkpoint.step + 1));
    setSeed(program, description, model->checkpoint.seed);
    const sinter_input *const own[] = {Program::findProgramInput(description, "step"),
                                       Program::findProgramInput(description, "seed"),
                                       Program::findProgramInput(description, "seed_high")};
    for (uint32_t i = 0; i < description.input_count; ++i) {
      const sinter_input &input = description.inputs[i];
      const std::vector<std::byte> &value = model->inputs[e][i];
      if (!value.empty())
        std::memcpy(program.data(input), value.data(), value.size());
      else if (!input.has_default && std::find(std::begin(own), std::end(own), &input) == std::end(own))
        fail(Exit::Usage, formatted("entry {}: the input {}, {} {}, was never set", entry, input.tensor.name,
                                    dtypeName(input.tensor.dtype), shapeText(input.tensor)));
    }
    program.run(description);
    model->called = &description;
    model->checkpoint.step += writesStates(description);
  });
}

// An output of the entry that was called last.
static const sinter_tensor &outputOf(const sinter_model &model, const char *entry, const char *output) {
  const sinter_entry &description = model.program->plan().entries[entryIndex(model, entry)];
  const uint32_t o = indexOf(description.outputs, description.output_count, output,
                             formatted("entry {}: output", entry), [](const sinter_tensor &t) { return t.name; });
  if (model.called != &description)
    fail(Exit::Usage, formatted("entry {}: output {}: {}", entry, output,
                                model.called ? formatted("the last call was of {}", model.called->name)
                                             : "the entry was not called yet"));
  return description.outputs[o];
}

int sinter_output(sinter_model *model, const char *entry, const char *output, uint32_t dtype, const void **out_data,
                  size_t *out_count) {
  return attempt([&] {
    const sinter_tensor &tensor = outputOf(*model, entry, output);
    checkElements(formatted("entry {}: output {}", entry, output), tensor, dtype, size_t(elementCount(tensor)));
    *out_data = model->program->data(tensor);
    *out_count = size_t(elementCount(tensor));
  });
}

int sinter_output_number(sinter_model *model, const char *entry, const char *output, double *out_value) {
  return attempt([&] {
    const sinter_tensor &tensor = outputOf(*model, entry, output);
    if (elementCount(tensor) != 1)
      fail(Exit::Usage, formatted("entry {}: output {} has {} elements, {}, not one number", entry, output,
                                  elementCount(tensor), shapeText(tensor)));
    *out_value = model->program->scalar(*model->called, output);
  });
}

static const sinter_state &stateOf(const sinter_model &model, const char *name, uint32_t dtype, size_t count) {
  const sinter_program &program = model.program->description();
  const sinter_state &state = program.states[indexOf(program.states, program.state_count, name, "state",
                                                     [](const sinter_state &s) { return s.tensor.name; })];
  checkElements(formatted("state {}", name), state.tensor, dtype, count);
  return state;
}

int sinter_get_state(sinter_model *model, const char *state, uint32_t dtype, void *out_data, size_t count) {
  return attempt([&] {
    const sinter_state &found = stateOf(*model, state, dtype, count);
    std::memcpy(out_data, model->withStates().toRead(found), found.tensor.bytes);
  });
}

int sinter_set_state(sinter_model *model, const char *state, uint32_t dtype, const void *data, size_t count) {
  return attempt([&] {
    const sinter_state &found = stateOf(*model, state, dtype, count);
    copyElements(found.tensor, model->withStates().data(found), data);
  });
}

int64_t sinter_steps(const sinter_model *model) { return model->checkpoint.step; }

int sinter_save(sinter_model *model, const char *path) {
  return attempt([&] { saveCheckpoint(path, model->withStates(), model->checkpoint); });
}

int sinter_load(sinter_model *model, const char *path) {
  return attempt([&] {
    const std::string file = findCheckpoint(path);
    Program &program = *model->program;
    if (std::optional<Checkpoint> loaded = loadIfCheckpoint(file, program)) {
      if (const std::string differences = trainedOtherwise(*loaded, program.description()); !differences.empty())
        fail(Exit::Input, formatted("{}: trained with {}: the model computes something else", file, differences));
      model->checkpoint = std::move(*loaded);
      model->begun = true;
      return;
    }
    if (!model->begun)
      program.initializeAllButParameters(model->checkpoint.seed);
    bool unused = false;
    std::vector<std::string> notes; // what the file has beside the parameters
    loadParameters(file, program, &unused, notes);
    model->begun = true;
  });
}
