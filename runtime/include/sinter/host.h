/* host.h - a compiled model in a program of one's own: open it, set inputs, call entries, read outputs and state, save
 * and load.
 *
 *   sinterc gpt.cpp --emit=obj,header -o gpt.o     # gpt.o, and gpt.h with gpt_program and the entries' types
 *   c++ -std=c++20 -IPREFIX/include host.cpp gpt.o PREFIX/lib/libsinter_runtime.a $(cat PREFIX/lib/sinter_runtime.link)
 *
 * or, by CMake, sinter_add_model(gpt gpt.cpp LIBRARY); PREFIX is where sinter is installed.
 *
 * The first part is C11, the second, sinter::host, C++20 over it. Several models, and several of one, may be open at
 * once. One model takes one call at a time; different ones may be used by different threads. What is set is copied: the
 * caller's memory may change or go as soon as a function returns, and an input keeps what it was set to until it is set
 * again, although the memory in which an entry runs is used over and over.
 */
#ifndef SINTER_HOST_H
#define SINTER_HOST_H

#include <sinter/abi.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sinter_model sinter_model;

/* What functions return: what a program's exit code would be. sinter_last_error() says more of all but SINTER_OK. */
enum sinter_status {
  SINTER_OK = 0,
  SINTER_WRONG_INPUT = 1, /* a file that is not there, or of another model; a value that cannot be */
  SINTER_WRONG_USE = 2,   /* a name that the model does not have, another number of elements, a missing input */
  SINTER_DAMAGED = 3,     /* a file whose content is not what was saved */
  SINTER_DEVICE = 4       /* no such device, or no memory on it; a processor that the model was not compiled for */
};

typedef struct sinter_options {
  int threads;        /* 0: as many as the machine has */
  const char *device; /* "cpu", "vulkan", "vulkan:1"; null: the first of these that the model was compiled for */
  const char *march;  /* which version of the kernels for the CPU; null: the best that the processor can run */
  uint64_t seed;      /* of the states' initial values, and of the random numbers in entries */
} sinter_options;
#define SINTER_OPTIONS_DEFAULT {0, NULL, NULL, 0}

/* The message of the last function that failed on this thread, in a line; valid until the next one fails. */
const char *sinter_last_error(void);

/* Opens a model, with its states at their initial values. `options` may be null. *out_model is the caller's, to be
 * given to sinter_close; null after a failure. */
int sinter_open(const sinter_program *program, const sinter_options *options, sinter_model **out_model);
/* Ends it; null is allowed. */
void sinter_close(sinter_model *model);
/* The program, which abi.h describes: its entries, inputs, outputs and states. */
const sinter_program *sinter_program_of(const sinter_model *model);

/* Sets all states to their initial values for this seed, and the number of steps to 0. */
int sinter_initialize(sinter_model *model, uint64_t seed);

/* Sets an input of an entry from `count` elements of `dtype` (enum sinter_dtype; booleans are bytes), as many as it
 * has, row by row. Null `data` takes back what it was set to. */
int sinter_set(sinter_model *model, const char *entry, const char *input, uint32_t dtype, const void *data,
               size_t count);
/* Sets an input of one element, converted to its type. */
int sinter_set_number(sinter_model *model, const char *entry, const char *input, double value);

/* Runs an entry. Inputs that were never set hold their default; one that has none is an error. Nobody need set `step`
 * (steps done, and this one), `seed` and `seed_high`: a step is a call of an entry that writes states. */
int sinter_call(sinter_model *model, const char *entry);

/* An output of the entry that was called last: *out_data are *out_count elements of `dtype`, valid until the next call,
 * and until then nobody's to write to. */
int sinter_output(sinter_model *model, const char *entry, const char *output, uint32_t dtype, const void **out_data,
                  size_t *out_count);
/* The same of one element, as a number. */
int sinter_output_number(sinter_model *model, const char *entry, const char *output, double *out_value);

/* Copies a state (a parameter, or an optimizer's memory) out or in: all of its `count` elements. */
int sinter_get_state(sinter_model *model, const char *state, uint32_t dtype, void *out_data, size_t count);
int sinter_set_state(sinter_model *model, const char *state, uint32_t dtype, const void *data, size_t count);

/* Steps done: of a training, its calls of `train`. Saved and loaded with the states. */
int64_t sinter_steps(const sinter_model *model);

/* Writes a checkpoint: all states, the steps and the seed, in one safetensors file that the compiled program takes as
 * well. The file that was there stays until the new one is complete. */
int sinter_save(sinter_model *model, const char *path);
/* Takes a checkpoint of this model, or the parameters of another safetensors file; `path` may be the folder of a
 * training. After a failure the states are undefined. */
int sinter_load(sinter_model *model, const char *path);

#ifdef __cplusplus
} /* extern "C" */

#include <array>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sinter::host {

/// What all functions here throw: a line that says what is wrong and what would be right.
class Error : public std::runtime_error {
public:
  Error(int status, const char *message) : std::runtime_error(message), status_(status) {}
  int status() const { return status_; } ///< sinter_status

private:
  int status_;
};

/// Throws what `status` says.
inline void check(int status) {
  if (status != SINTER_OK)
    throw Error(status, sinter_last_error());
}

/// The element type of a C++ type: float, double, int32_t, int64_t, bool; uint16_t are the bits of bf16 or f16.
template <typename T> constexpr uint32_t dtype() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, int32_t> ||
                    std::is_same_v<T, int64_t> || std::is_same_v<T, bool> || std::is_same_v<T, int8_t> ||
                    std::is_same_v<T, uint16_t>,
                "tensors are of float, double, int32_t, int64_t or bool, or of 16 bits as uint16_t");
  return std::is_same_v<T, float>     ? SINTER_F32
         : std::is_same_v<T, double>  ? SINTER_F64
         : std::is_same_v<T, int32_t> ? SINTER_I32
         : std::is_same_v<T, int64_t> ? SINTER_I64
         : sizeof(T) == 1             ? SINTER_I8
                                      : SINTER_U16;
}

template <typename R>
concept Values = std::ranges::contiguous_range<R> && std::ranges::sized_range<R>;
template <Values R> using ElementOf = std::remove_cvref_t<std::ranges::range_value_t<R>>;

/// The `count` elements of an input, row by row: a vector, an array, a span. Anything else than `count` is an error.
template <typename T, size_t count> class Array {
public:
  template <Values R>
    requires std::is_same_v<ElementOf<R>, T>
  Array(const R &values) : data_(std::ranges::data(values)), size_(std::ranges::size(values)) {}
  Array(const T *values) : data_(values), size_(count) {} ///< as many as are needed
  const T *data() const { return data_; }
  size_t size() const { return size_; }
  const T *begin() const { return data_; }
  const T *end() const { return data_ + size_; }

private:
  const T *data_;
  size_t size_;
};

/// An input of one element that has no default.
template <typename T> class Number {
public:
  Number(T value) : value_(value) {}
  operator T() const { return value_; }

private:
  T value_;
};

struct Options {
  int threads = 0;
  std::string device = {}, march = {};
  uint64_t seed = 0;
};

/// An open model. Moving it leaves nothing behind that could be used.
class Model {
public:
  explicit Model(const sinter_program &program, const Options &options = {}) {
    const sinter_options raw{options.threads, options.device.empty() ? nullptr : options.device.c_str(),
                             options.march.empty() ? nullptr : options.march.c_str(), options.seed};
    sinter_model *opened = nullptr;
    check(sinter_open(&program, &raw, &opened));
    model_.reset(opened);
  }

  void initialize(uint64_t seed) { check(sinter_initialize(raw(), seed)); }

  template <Values R> void set(const char *entry, const char *input, const R &values) {
    check(sinter_set(raw(), entry, input, dtype<ElementOf<R>>(), std::ranges::data(values), std::ranges::size(values)));
  }
  void set(const char *entry, const char *input, double value) { check(sinter_set_number(raw(), entry, input, value)); }
  /// Back to its default.
  void unset(const char *entry, const char *input) { check(sinter_set(raw(), entry, input, 0, nullptr, 0)); }

  void call(const char *entry) { check(sinter_call(raw(), entry)); }

  /// Valid until the next call.
  template <typename T> std::span<const T> output(const char *entry, const char *name) {
    const void *data = nullptr;
    size_t count = 0;
    check(sinter_output(raw(), entry, name, dtype<T>(), &data, &count));
    return {static_cast<const T *>(data), count};
  }
  double number(const char *entry, const char *output) {
    double value = 0;
    check(sinter_output_number(raw(), entry, output, &value));
    return value;
  }

  template <Values R> void getState(const char *name, R &&values) {
    check(sinter_get_state(raw(), name, dtype<ElementOf<R>>(), std::ranges::data(values), std::ranges::size(values)));
  }
  template <Values R> void setState(const char *name, const R &values) {
    check(sinter_set_state(raw(), name, dtype<ElementOf<R>>(), std::ranges::data(values), std::ranges::size(values)));
  }

  int64_t steps() const { return sinter_steps(raw()); }
  void save(const std::string &path) { check(sinter_save(raw(), path.c_str())); }
  void load(const std::string &path) { check(sinter_load(raw(), path.c_str())); }

  sinter_model *raw() const { return model_.get(); }

private:
  struct Close {
    void operator()(sinter_model *model) const { sinter_close(model); }
  };
  std::unique_ptr<sinter_model, Close> model_;
};

} // namespace sinter::host
#endif /* __cplusplus */
#endif /* SINTER_HOST_H */
