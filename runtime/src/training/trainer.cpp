#include "training/trainer.h"

#include "base/error.h"
#include "base/flat_json.h"
#include "base/format.h"
#include "base/json.h"
#include "base/suggest.h"
#include "program/program.h"
#include "training/rates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace sinter {

// The optional rates, the names they have in a checkpoint and as inputs of the entry, and what they may be.
struct Rate {
  const char *name;
  std::optional<double> TrainingOptions::*member;
  bool (*inside)(double);
};
static constexpr Rate rates[] = {
    {"lr", &TrainingOptions::lr, isRate},
    {"min_lr", &TrainingOptions::minLr, isRate},
    {"beta1", &TrainingOptions::beta1, isDecay},
    {"beta2", &TrainingOptions::beta2, isDecay},
    {"eps", &TrainingOptions::eps, isNormal},
    {"weight_decay", &TrainingOptions::weightDecay, isRate},
    {"grad_clip", &TrainingOptions::gradClip, isRate},
};

// As it is written on the command line: "weight-decay".
static std::string optionName(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

static constexpr const char *scheduleNames[] = {"constant", "cosine", "linear", "inverse-sqrt",
                                                "one-cycle"}; // by Schedule

Schedule scheduleNamed(std::string_view name) {
  return Schedule(std::find(std::begin(scheduleNames), std::end(scheduleNames), name) - std::begin(scheduleNames));
}

static constexpr const char *orderNames[] = {"random", "sequential", "shuffled"}; // by Order

// In the order of their names, as earlier versions wrote them; file names need not be UTF-8.
std::string TrainingOptions::json() const {
  std::map<std::string, std::string> values = {{"steps", fmt::to_string(steps)},
                                               {"warmup", fmt::to_string(warmup)},
                                               {"accumulate", fmt::to_string(accumulate)},
                                               {"schedule", jsonQuoted(scheduleNames[int(schedule)])},
                                               {"order", jsonQuoted(orderNames[int(order)])},
                                               {"val_fraction", formatted("{}", validationFraction)}};
  for (const Rate &rate : rates)
    if (this->*rate.member)
      values[rate.name] = formatted("{}", *(this->*rate.member));
  const std::pair<const char *, const std::string &> texts[] = {
      {"data", data},           {"val_data", validationData}, {"inputs", inputs}, {"val_inputs", validationInputs},
      {"separator", separator}, {"token_type", tokenType}};
  for (const auto &[name, text] : texts)
    if (!text.empty())
      values[name] = jsonQuoted(text);
  if (randomSplit)
    values["val_split"] = "\"random\"";
  if (augmentation.flip)
    values["flip"] = "true";
  if (augmentation.crop)
    values["crop"] = fmt::to_string(augmentation.crop);
  if (keepBest)
    values["keep_best"] = "true";
  const std::pair<const char *, int64_t> counts[] = {{"patience", patience}, {"keep", keep}};
  for (const auto &[name, count] : counts)
    if (count)
      values[name] = fmt::to_string(count);
  // Other trainings look at held-out losses without being changed by them.
  if ((keepBest || patience) && evalEvery)
    values["eval_every"] = fmt::to_string(*evalEvery);
  if ((keepBest || patience) && evalBatches)
    values["eval_batches"] = fmt::to_string(*evalBatches);
  std::string json;
  for (const auto &[name, value] : values)
    json += formatted("{}\"{}\":{}", json.empty() ? "{" : ",", name, value);
  return json + "}";
}

// Reads the values of saved options and checks them as the command line checks those that are given there.
namespace {

class SavedOptions {
public:
  SavedOptions(const std::string &json, const std::string &path) : path_(path) {
    auto values = parseFlatJson(json);
    if (!values)
      fail(Exit::Damaged, formatted("{}: the saved options are not readable", path));
    values_ = std::move(*values);
  }

  bool has(const char *name) const { return values_.contains(name); }
  std::string text(const char *name) const {
    return has(name) && values_.at(name).quoted ? values_.at(name).text : std::string();
  }

  double number(const char *name, bool (*inside)(double)) const {
    const auto value = has(name) ? values_.at(name).number() : std::nullopt;
    if (!value || !std::isfinite(float(*value)) || !inside(*value))
      refuse(name);
    return *value + 0.0; // of -0, which would be written as a whole number, 0
  }
  int64_t steps(const char *name) const { return wholeNumber(name, 0, maximumSteps); }
  int64_t batches(const char *name) const { return wholeNumber(name, 1, maximumBatches); }
  /// Whether it is `yes`; the other choice is `no`.
  bool choice(const char *name, std::string_view yes, std::string_view no) const {
    const std::string word = text(name);
    if (word != yes && word != no)
      refuse(name);
    return word == yes;
  }

  [[noreturn]] void refuse(const char *name) const {
    const std::string found = has(name) ? "is " + values_.at(name).text.substr(0, 32) : "is missing";
    fail(Exit::Damaged, formatted("{}: the saved option {} {}, which is out of range", path_, name, found));
  }

private:
  int64_t wholeNumber(const char *name, int64_t least, int64_t most) const {
    const auto value = has(name) ? values_.at(name).wholeNumber() : std::nullopt;
    if (!value || *value < least || *value > most)
      refuse(name);
    return *value;
  }

  const std::string &path_;
  std::map<std::string, FlatValue> values_;
};

} // namespace

TrainingOptions TrainingOptions::parse(const std::string &text, const std::string &path) {
  const SavedOptions saved(text, path);
  TrainingOptions options;
  options.steps = saved.steps("steps");
  options.warmup = saved.steps("warmup");
  if (saved.has("accumulate")) // (the first versions had one batch a step)
    options.accumulate = saved.batches("accumulate");
  options.schedule = scheduleNamed(saved.text("schedule"));
  if (options.schedule > Schedule::OneCycle)
    saved.refuse("schedule");
  options.order = saved.text("order") == orderNames[int(Order::Shuffled)] ? Order::Shuffled
                  : saved.choice("order", "sequential", "random")         ? Order::Sequential
                                                                          : Order::Random;
  options.validationFraction = saved.number("val_fraction", [](double v) { return v >= 0 && v < 1; });
  for (const Rate &rate : rates)
    if (saved.has(rate.name))
      options.*rate.member = saved.number(rate.name, rate.inside);
  options.data = saved.text("data");
  options.validationData = saved.text("val_data");
  options.inputs = saved.text("inputs");
  options.validationInputs = saved.text("val_inputs");
  options.separator = saved.text("separator");
  options.tokenType = saved.text("token_type");
  options.randomSplit = saved.has("val_split");
  options.augmentation.flip = saved.has("flip");
  options.augmentation.crop = saved.has("crop") ? saved.steps("crop") : 0;
  options.keepBest = saved.has("keep_best");
  options.patience = saved.has("patience") ? saved.steps("patience") : 0;
  options.keep = saved.has("keep") ? saved.steps("keep") : 0;
  if (saved.has("eval_every"))
    options.evalEvery = saved.steps("eval_every");
  if (saved.has("eval_batches"))
    options.evalBatches = saved.steps("eval_batches");
  return options;
}

const sinter_entry &requireEntry(Program &program, const std::string &name, std::vector<std::string> others) {
  if (const sinter_entry *entry = program.findEntry(name))
    return *entry;
  std::vector<std::string> known;
  for (uint32_t e = 0; e < program.description().entry_count; ++e)
    known.push_back(program.plan().entries[e].name);
  const std::string list = known.empty() ? "none" : formatted("{}", fmt::join(known, ", "));
  others.insert(others.end(), known.begin(), known.end());
  fail(Exit::Usage, formatted("{}: the program has no such entry; it has {}{}", name, list, didYouMean(name, others)));
}

int64_t vocabularySize(Program &program) {
  const auto lastAxis = [](const sinter_entry &entry) -> int64_t {
    const sinter_tensor *logits = Program::findOutput(entry, "logits");
    return logits && logits->rank > 0 ? logits->shape[logits->rank - 1] : 0;
  };
  for (const char *name : {"eval", "logits"})
    if (const sinter_entry *entry = program.findEntry(name))
      if (const int64_t size = lastAxis(*entry))
        return size;
  for (uint32_t e = 0; e < program.description().entry_count; ++e)
    if (const int64_t size = lastAxis(program.plan().entries[e]))
      return size;
  return 0;
}

Trainer::Trainer(Program &program, const TrainingOptions &options, uint64_t seed)
    : program_(program), entry_(requireEntry(program, "train")), options_(options), seed_(seed),
      batch_(Batch::of(program, entry_)) {
  const sinter_input *lr = Program::findProgramInput(entry_, "lr");
  lr_ = options.lr ? *options.lr : lr && lr->has_default ? lr->value : 3e-4;
  const auto isRate = [](const sinter_input &input) {
    const std::string_view name = input.tensor.name;
    return name == "lr" || name.ends_with(".lr");
  };
  hasRate_ = std::any_of(entry_.inputs, entry_.inputs + entry_.input_count, isRate);
  hasGradNorm_ = Program::findOutput(entry_, "grad_norm");
  if (options.accumulate > 1) {
    gradients_ = program.findEntry("train.gradients");
    update_ = program.findEntry("train.update");
    if (!gradients_ || !update_)
      fail(Exit::Usage, formatted("--accumulate {}: the program has no entries for that: compile it by sinterc "
                                  "--accumulate, with a train entry that calls minimize",
                                  options.accumulate));
    batch_ = Batch::of(program, *gradients_);
  }
  const sinter_entry &last = update_ ? *update_ : entry_;
  for (uint32_t i = 0; i < last.output_count; ++i) {
    const sinter_tensor &output = last.outputs[i];
    constexpr std::string_view taken[] = {"loss", "grad_norm", "step", "lr", "time"}; // in the log
    const bool isTaken = std::find(std::begin(taken), std::end(taken), output.name) != std::end(taken);
    if (output.rank == 0 && output.dtype == SINTER_F32 && !isTaken) {
      measures_.push_back({jsonQuoted(output.name)});
      measured_.emplace_back(output.name);
    }
  }
  if (!Program::findOutput(entry_, "loss"))
    fail(Exit::Usage, "entry train: has no output 'loss'");
  // A rate that nothing reads would be silently without effect.
  for (const Rate &rate : rates)
    if (options.*rate.member && rate.member != &TrainingOptions::minLr && !Program::findProgramInput(entry_, rate.name))
      fail(Exit::Usage, formatted("--{} has no effect: the model's entry 'train' has no input {}",
                                  optionName(rate.name), rate.name));
}

double Trainer::learningRate(int64_t step) const {
  const auto alongCosine = [](double from, double to, double part) {
    return to + 0.5 * (from - to) * (1 + std::cos(std::numbers::pi * std::min(1.0, part)));
  };
  if (options_.schedule == Schedule::OneCycle) { // as PyTorch counts: the first step is at its start
    const double rising = options_.warmup ? double(options_.warmup) : 0.3 * double(options_.steps);
    const double top = rising - 1, rest = double(options_.steps) - rising, done = double(step) - 1;
    if (done <= top)
      return alongCosine(lr_ / 25, lr_, done / (top > 0 ? top : 1));
    return alongCosine(lr_, options_.minLr.value_or(lr_ / 250000), (done - top) / (rest > 0 ? rest : 1));
  }
  if (step <= options_.warmup)
    return lr_ * double(step) / double(options_.warmup);
  if (options_.schedule == Schedule::Constant)
    return lr_;
  const double least = options_.minLr.value_or(options_.schedule == Schedule::InverseSqrt ? 0 : 0.1 * lr_);
  if (options_.schedule == Schedule::InverseSqrt)
    return std::max(least, lr_ * std::sqrt(double(std::max<int64_t>(1, options_.warmup)) / double(step)));
  const int64_t length = std::max<int64_t>(1, options_.steps - options_.warmup);
  const double progress = std::min(1.0, double(step - options_.warmup) / double(length));
  return options_.schedule == Schedule::Linear ? lr_ + (least - lr_) * progress : alongCosine(lr_, least, progress);
}

void Trainer::setInputs(const sinter_entry &entry, int64_t count, double lr) {
  program_.setDefaults(entry);
  for (const Rate &rate : rates)
    if (options_.*rate.member)
      program_.setScalar(entry, rate.name, *(options_.*rate.member));
  program_.setScalar(entry, "lr", lr);
  program_.setScalar(entry, "step", double(count));
  // Optimizers of other names keep their rate, and follow the schedule.
  for (uint32_t i = 0; i < entry.input_count; ++i)
    if (const std::string_view name = entry.inputs[i].tensor.name;
        name.ends_with(".lr") && name != "sinter.lr" && entry.inputs[i].has_default)
      program_.setScalar(entry, name, entry.inputs[i].value * (lr_ > 0 ? lr / lr_ : 1));
  setSeed(program_, entry, seed_);
}

StepResult Trainer::step(const Dataset &data, int64_t step) {
  StepResult result;
  result.lr = hasRate_ ? learningRate(step) : NAN;
  result.hasGradNorm = hasGradNorm_;
  const sinter_entry &last = update_ ? *update_ : entry_;
  for (int64_t i = 0; update_ && i < options_.accumulate; ++i) {
    // Batches are counted through, as they would be in steps of one: so are dropout's masks.
    const int64_t batch = (step - 1) * options_.accumulate + i;
    setInputs(*gradients_, batch + 1, result.lr);
    program_.setScalar(*gradients_, "accumulate.first", i == 0);
    data.fill(batch_, options_.order, seed_, batch);
    program_.run(*gradients_);
    result.loss += program_.scalar(*gradients_, "loss") / double(options_.accumulate);
  }
  setInputs(last, step, result.lr);
  if (update_)
    program_.setScalar(last, "accumulate.batches", double(options_.accumulate));
  else
    data.fill(batch_, options_.order, seed_, step - 1);
  program_.run(last);
  if (!update_)
    result.loss = program_.scalar(last, "loss");
  result.gradNorm = hasGradNorm_ ? program_.scalar(last, "grad_norm") : 0;
  for (size_t i = 0; i < measures_.size(); ++i)
    measures_[i].value = program_.scalar(last, measured_[i]);
  result.measures = measures_;
  return result;
}

} // namespace sinter
