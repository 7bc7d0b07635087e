#include "trainer.h"

#include "error.h"
#include "program.h"
#include "suggest.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

namespace sinter {

using Json = nlohmann::json;

// The optional rates, the names they have in a checkpoint and as inputs of the entry, and what they must be as the f32 in
// which they are used: at least `least` and below `limit`.
struct Rate {
  const char *name;
  std::optional<double> TrainingOptions::*member;
  float least = 0, limit = std::numeric_limits<float>::infinity();
  bool allows(double value) const { return value >= 0 && value <= 1e38 && float(value) >= least && float(value) < limit; }
};
static constexpr Rate rates[] = {
    {"lr", &TrainingOptions::lr},
    {"min_lr", &TrainingOptions::minLr},
    {"beta1", &TrainingOptions::beta1, 0, 1},
    {"beta2", &TrainingOptions::beta2, 0, 1},
    {"eps", &TrainingOptions::eps, std::numeric_limits<float>::min()},
    {"weight_decay", &TrainingOptions::weightDecay},
    {"grad_clip", &TrainingOptions::gradClip},
};

// As it is written on the command line: "weight-decay".
static std::string optionName(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string TrainingOptions::json() const {
  Json json = {{"steps", steps},
               {"warmup", warmup},
               {"schedule", cosine ? "cosine" : "constant"},
               {"order", order == Order::Random ? "random" : "sequential"},
               {"val_fraction", validationFraction}};
  for (const Rate &rate : rates)
    if (this->*rate.member)
      json[rate.name] = *(this->*rate.member);
  if (!data.empty())
    json["data"] = data;
  if (!validationData.empty())
    json["val_data"] = validationData;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace); // file names need not be UTF-8
}

TrainingOptions TrainingOptions::parse(const std::string &text, const std::string &path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  TrainingOptions options;
  const auto number = [&](const char *name) { return json.contains(name) && json[name].is_number(); };
  const auto count = [&](const char *name) { return json.contains(name) && json[name].is_number_integer(); };
  const auto word = [&](const char *name) { return json.contains(name) && json[name].is_string(); };
  if (!json.is_object() || !count("steps") || !count("warmup") || !number("val_fraction") || !word("schedule") || !word("order"))
    fail(Exit::Damaged, fmt::format("{}: the saved options are not readable", path));
  options.steps = json["steps"].get<int64_t>();
  options.warmup = json["warmup"].get<int64_t>();
  options.cosine = json["schedule"].get<std::string>() == "cosine";
  options.order = json["order"].get<std::string>() == "sequential" ? Order::Sequential : Order::Random;
  options.validationFraction = json["val_fraction"].get<double>();
  if (!(options.validationFraction >= 0 && options.validationFraction < 1) || options.steps < 0 ||
      options.warmup < 0 || options.steps > maximumSteps || options.warmup > maximumSteps)
    fail(Exit::Damaged, fmt::format("{}: the saved options are out of range", path));
  for (const Rate &rate : rates) {
    if (!number(rate.name))
      continue;
    const double value = json[rate.name].get<double>();
    if (!rate.allows(value))
      fail(Exit::Damaged, fmt::format("{}: the saved option {} is {}, which is out of range", path, rate.name, value));
    options.*rate.member = value;
  }
  if (word("data"))
    options.data = json["data"].get<std::string>();
  if (word("val_data"))
    options.validationData = json["val_data"].get<std::string>();
  return options;
}

const sinter_entry &requireEntry(Program &program, const std::string &name, std::vector<std::string> others) {
  if (const sinter_entry *entry = program.findEntry(name))
    return *entry;
  std::vector<std::string> known;
  for (uint32_t e = 0; e < program.description().entry_count; ++e)
    known.push_back(program.description().entries[e].name);
  const std::string list = known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "));
  others.insert(others.end(), known.begin(), known.end());
  fail(Exit::Usage, fmt::format("{}: the program has no such entry; it has {}{}", name, list, didYouMean(name, others)));
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
    if (const int64_t size = lastAxis(program.description().entries[e]))
      return size;
  return 0;
}

Trainer::Trainer(Program &program, const TrainingOptions &options, uint64_t seed)
    : program_(program), entry_(requireEntry(program, "train")), options_(options), seed_(seed),
      batch_(Batch::of(program, entry_)) {
  const sinter_input *lr = Program::findInput(entry_, "lr");
  lr_ = options.lr ? *options.lr : lr && lr->has_default ? lr->value : 3e-4;
  hasGradNorm_ = Program::findOutput(entry_, "grad_norm");
  if (!Program::findOutput(entry_, "loss"))
    fail(Exit::Usage, "entry train: has no output 'loss'");
  // A rate that nothing reads would be silently without effect.
  for (const Rate &rate : rates)
    if (options.*rate.member && rate.member != &TrainingOptions::minLr && !Program::findInput(entry_, rate.name))
      fail(Exit::Usage, fmt::format("--{} has no effect: the model's entry 'train' has no input {}", optionName(rate.name), rate.name));
}

double Trainer::learningRate(int64_t step) const {
  if (step <= options_.warmup)
    return lr_ * double(step) / double(options_.warmup);
  if (!options_.cosine)
    return lr_;
  const double least = options_.minLr.value_or(0.1 * lr_);
  const int64_t length = std::max<int64_t>(1, options_.steps - options_.warmup);
  const double progress = std::min(1.0, double(step - options_.warmup) / double(length));
  return least + 0.5 * (lr_ - least) * (1 + std::cos(std::numbers::pi * progress));
}

StepResult Trainer::step(const Dataset &data, int64_t step) {
  program_.setDefaults(entry_);
  for (const Rate &rate : rates)
    if (options_.*rate.member)
      program_.setScalar(entry_, rate.name, *(options_.*rate.member));
  StepResult result;
  result.lr = learningRate(step);
  program_.setScalar(entry_, "lr", result.lr);
  program_.setScalar(entry_, "step", double(step));
  program_.setScalar(entry_, "seed", double(int32_t(uint32_t(seed_))));
  program_.setScalar(entry_, "seed_high", double(int32_t(uint32_t(seed_ >> 32))));
  data.fill(batch_, options_.order, seed_, step - 1);
  program_.run(entry_);
  result.loss = program_.scalar(entry_, "loss");
  result.hasGradNorm = hasGradNorm_;
  result.gradNorm = hasGradNorm_ ? program_.scalar(entry_, "grad_norm") : 0;
  return result;
}

} // namespace sinter
