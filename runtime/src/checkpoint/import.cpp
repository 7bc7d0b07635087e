#include "checkpoint/import.h"

#include "base/error.h"
#include "base/format.h"
#include "base/numbers.h"
#include "base/report.h"
#include "checkpoint/gguf.h"
#include "checkpoint/number_formats.h"
#include "program/program.h"

#include <algorithm>
#include <map>
#include <set>

namespace sinter {

std::string NameRule::apply(std::string_view name) const {
  // What the stars stand for, from left to right: each as little as the rest allows.
  std::vector<std::string_view> stars;
  size_t at = 0, pattern = 0;
  while (pattern < from.size()) {
    const size_t star = std::min(from.find('*', pattern), from.size());
    const std::string_view fixed = std::string_view(from).substr(pattern, star - pattern);
    const bool last = star == from.size();
    size_t found = stars.empty() && pattern == 0 ? 0 : name.find(fixed, at);
    if (last && name.size() >= fixed.size() && pattern > 0)
      found = std::max(at, name.size() - fixed.size());
    if (found == name.npos || name.substr(found, fixed.size()) != fixed)
      return {};
    if (pattern > 0)
      stars.push_back(name.substr(at, found - at));
    at = found + fixed.size();
    pattern = star + 1;
    if (!last && star + 1 == from.size()) { // ends with a star
      stars.push_back(name.substr(at));
      at = name.size();
    }
  }
  if (at != name.size())
    return {};
  std::string result;
  size_t next = 0;
  for (const char c : to)
    result += c == '*' ? std::string(next < stars.size() ? stars[next++] : "") : std::string(1, c);
  return result;
}

bool ParameterChoice::beginsAnew(std::string_view name) const {
  return std::any_of(anew.begin(), anew.end(),
                     [&](const std::string &pattern) { return !NameRule{pattern, pattern}.apply(name).empty(); });
}

std::vector<NameRule> parseNameRules(const std::vector<std::string> &words) {
  std::vector<NameRule> rules;
  for (const std::string &word : words) {
    const size_t equals = word.find('=');
    NameRule rule{word.substr(0, equals), equals == word.npos ? "" : word.substr(equals + 1)};
    if (rule.to.ends_with(":transpose")) {
      rule.transpose = true;
      rule.to.resize(rule.to.size() - 10);
    }
    if (rule.from.empty() || rule.to.empty() ||
        std::count(rule.from.begin(), rule.from.end(), '*') < std::count(rule.to.begin(), rule.to.end(), '*'))
      fail(Exit::Usage,
           formatted("--map {}: is not FROM=TO or FROM=TO:transpose with as many * in TO as in FROM", word));
    rules.push_back(std::move(rule));
  }
  return rules;
}

// Buffers that Hugging Face's and nanoGPT's files have beside parameters.
static bool isBuffer(std::string_view name) {
  return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias") || name.ends_with("rotary_emb.inv_freq");
}

namespace {

class Import {
public:
  Import(const TensorSource &source, Program &program, const std::vector<NameRule> &rules, const std::string &path,
         const ParameterChoice &choice)
      : source_(source), program_(program), rules_(rules), path_(path), several_(choice.taken) {
    if (source.isGguf())
      for (const NameRule &rule : ggufNames())
        rules_.push_back(rule);
    const sinter_program &description = program.description();
    for (uint32_t s = 0; s < description.state_count; ++s)
      if (isParameter(description.states[s]) && !choice.beginsAnew(description.states[s].tensor.name))
        parameters_.emplace(description.states[s].tensor.name, &description.states[s]);
  }

  std::vector<ImportedTensor> run() {
    std::vector<ImportedTensor> result;
    for (const SourceTensor &tensor : source_.tensors()) {
      ImportedTensor line{tensor.name, formatted("{} [{}]", tensor.dtype, fmt::join(tensor.shape, ", ")), {}, {}};
      NameRule rule;
      const std::string name = parameterOf(tensor, rule);
      if (name.empty())
        line.why = isBuffer(tensor.name)                     ? "a buffer, not a parameter"
                   : tensor.name.ends_with("lm_head.weight") ? "the head is tied to the embedding here"
                                                             : "no parameter of the program";
      else
        line.use = take(tensor, name, rule);
      result.push_back(std::move(line));
    }
    for (const auto &[name, state] : parameters_)
      if (!taken_.contains(name) && !several_)
        missed(name, *state);
    if (several_)
      several_->insert(taken_.begin(), taken_.end());
    return result;
  }

private:
  std::string parameterOf(const SourceTensor &tensor, NameRule &by) const {
    for (const NameRule &rule : rules_)
      if (const std::string name = rule.apply(tensor.name); parameters_.contains(name)) {
        by = rule;
        return name;
      }
    std::string_view name = tensor.name;
    for (const std::string_view prefix : {"_orig_mod.", "transformer."}) {
      if (parameters_.contains(std::string(name)))
        break;
      if (name.starts_with(prefix))
        name.remove_prefix(prefix.size());
    }
    return parameters_.contains(std::string(name)) ? std::string(name) : std::string();
  }

  std::string take(const SourceTensor &tensor, const std::string &name, const NameRule &rule) {
    const sinter_state &state = *parameters_.at(name);
    const std::vector<int64_t> wanted(state.tensor.shape, state.tensor.shape + state.tensor.rank);
    std::vector<int64_t> shape = tensor.shape;
    const bool transpose = rule.transpose && shape.size() == 2;
    if (transpose)
      std::swap(shape[0], shape[1]);
    if (shape != wanted)
      fail(Exit::Input,
           formatted("{}: {}: the file has {} [{}]{}, the program needs {} [{}] for {}", path_, tensor.name,
                     tensor.dtype, fmt::join(tensor.shape, ", "), transpose ? ", transposed" : "",
                     dtypeInSafetensors(state.tensor.dtype), fmt::join(wanted, ", "), name));
    const std::string dtype = dtypeInSafetensors(state.tensor.dtype);
    const NumberFormat *format = findNumberFormat(dtype);
    const bool same = dtype == tensor.dtype && !rule.transpose;
    if (!same && (!format || !TensorSource::isKnown(tensor.dtype)))
      fail(Exit::Input,
           formatted("{}: {}: {} cannot be read as {}, the type of {}", path_, tensor.name, tensor.dtype, dtype, name));
    if (!taken_.insert(name).second)
      fail(Exit::Input, formatted("{}: {}: there is another tensor for {} already", path_, tensor.name, name));
    if (same && state.tensor.dtype != SINTER_F32) {
      if (tensor.end - tensor.begin != state.tensor.bytes)
        fail(Exit::Damaged,
             formatted("{}: {}: {} bytes, not {}", path_, tensor.name, tensor.end - tensor.begin, state.tensor.bytes));
      source_.readBytes(tensor, program_.data(state));
      return name;
    }
    const int64_t count = elementCount(state.tensor);
    std::vector<float> converted(state.tensor.dtype == SINTER_F32 ? 0 : size_t(count));
    float *out = converted.empty() ? static_cast<float *>(program_.data(state)) : converted.data();
    if (!transpose) {
      source_.read(tensor, out);
    } else {
      std::vector<float> theirs(size_t(tensor.count()));
      source_.read(tensor, theirs.data());
      if (rule.turn != NameRule::Turn::None)
        turn(theirs.data(), tensor, rule.turn == NameRule::Turn::Keys ? source_.keyHeads() : source_.heads());
      const int64_t rows = shape[0], columns = shape[1];
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
          out[r * columns + c] = theirs[size_t(c * rows + r)];
    }
    if (!converted.empty())
      format->fromFloat(converted.data(), count, static_cast<char *>(program_.data(state)));
    return name + (transpose ? ", transposed" : "");
  }

  void turn(float *rows, const SourceTensor &tensor, int64_t heads) const {
    if (heads < 1 || tensor.shape[0] % (2 * heads))
      fail(Exit::Damaged, formatted("{}: {}: {} rows are not of {} heads", path_, tensor.name, tensor.shape[0], heads));
    pairHeads(rows, tensor.shape[0], tensor.shape[1], heads, true);
  }

  [[noreturn]] void missed(const std::string &name, const sinter_state &state) const {
    fail(Exit::Input,
         formatted("{}: has no {}, a parameter of the program ({}): it is of another model; {} of {} parameters were "
                   "found; 'import --map FROM=TO' says what they are called",
                   path_, name, shapeText(state.tensor), taken_.size(), parameters_.size()));
  }

  const TensorSource &source_;
  Program &program_;
  std::vector<NameRule> rules_;
  const std::string &path_;
  std::set<std::string> *several_; // see ParameterChoice::taken
  std::map<std::string, const sinter_state *> parameters_;
  std::set<std::string> taken_;
};

} // namespace

std::vector<ImportedTensor> importTensors(const TensorSource &source, Program &program,
                                          const std::vector<NameRule> &rules, const std::string &path,
                                          const ParameterChoice &choice) {
  return Import(source, program, rules, path, choice).run();
}

// Numbers in names as #, by which those of all blocks are alike.
static std::string withoutNumbers(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9' && i > 0 && (text[i - 1] == '.' || result.back() == '#');
    if (!digit)
      result += text[i];
    else if (result.back() != '#')
      result += '#';
  }
  return result;
}

std::string importTable(const std::vector<ImportedTensor> &tensors) {
  struct Line {
    std::string name, type, use;
    int64_t count;
  };
  std::vector<Line> lines;
  int64_t used = 0;
  for (const ImportedTensor &tensor : tensors) {
    used += !tensor.use.empty();
    Line line{withoutNumbers(tensor.name), tensor.type,
              tensor.use.empty() ? "ignored: " + tensor.why : withoutNumbers(tensor.use), 1};
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const Line &other) {
      return other.name == line.name && other.type == line.type && other.use == line.use;
    });
    same == lines.end() ? lines.push_back(line) : void(++same->count);
  }
  std::string text;
  size_t width = 0, types = 0;
  for (const Line &line : lines) {
    width = std::max(width, line.name.size());
    types = std::max(types, line.type.size());
  }
  for (const Line &line : lines)
    text += formatted("{:>5} {:<{}}  {:<{}}  {}\n", line.count, printable(line.name), width, printable(line.type),
                      types, printable(line.use));
  return text +
         formatted("{} found, {} used, {} ignored, 0 missed\n", tensors.size(), used, int64_t(tensors.size()) - used);
}

} // namespace sinter
