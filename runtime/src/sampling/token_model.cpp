#include "sampling/token_model.h"

#include "base/error.h"
#include "training/trainer.h"

#include <algorithm>

namespace sinter {

namespace {

/// So many tokens are decoded one by one before it is worth a prefill, which computes all of its rows.
constexpr size_t kFewTokens = 3;

bool takesTokens(const sinter_entry &entry) {
  const sinter_input *tokens = Program::findInput(entry, "tokens");
  const sinter_tensor *logits = Program::findOutput(entry, "logits");
  return tokens && tokens->tensor.dtype == SINTER_I32 && tokens->tensor.rank == 2 && tokens->tensor.shape[0] == 1 &&
         Program::findInput(entry, "position") && logits && logits->dtype == SINTER_F32;
}

/// An entry that computes new tokens only; null if there is none of this name and form.
const sinter_entry *incremental(const Program &program, std::string_view name) {
  const sinter_entry *entry = program.findEntry(name);
  return entry && takesTokens(*entry) && Program::findInput(*entry, "offset") ? entry : nullptr;
}

size_t rowsOf(const sinter_entry &entry) { return size_t(Program::findInput(entry, "tokens")->tensor.shape[1]); }

} // namespace

FullContext fullContextNamed(std::string_view name) {
  return name == "half" ? FullContext::Half : name == "stop" ? FullContext::Stop : FullContext::Slide;
}

TokenModel::TokenModel(Program &program)
    : program_(program), whole_(requireEntry(program, "logits")), prefill_(incremental(program, "prefill")),
      decode_(incremental(program, "decode")) {
  if (!takesTokens(whole_))
    fail(Exit::Usage, "entry logits: must take tokens (i32 [1, context]) and position (i32) and give logits (f32)");
  context_ = int64_t(rowsOf(whole_));
  vocabulary_ = elementCount(*Program::findOutput(whole_, "logits"));
}

std::span<const float> TokenModel::run(const sinter_entry &entry, std::span<const int32_t> tokens, int64_t offset) {
  program_.setDefaults(entry);
  auto *rows = static_cast<int32_t *>(program_.data(*Program::findInput(entry, "tokens")));
  std::fill(std::copy(tokens.begin(), tokens.end(), rows), rows + rowsOf(entry), 0);
  program_.setScalar(entry, "position", double(tokens.size() - 1));
  if (&entry != &whole_)
    program_.setScalar(entry, "offset", double(offset));
  program_.run(entry);
  return {static_cast<const float *>(program_.data(*Program::findOutput(entry, "logits"))), size_t(vocabulary_)};
}

std::span<const float> TokenModel::logitsAfter(std::span<const int32_t> tokens, FullContext full) {
  const size_t context = size_t(context_);
  if (tokens.size() <= context)
    return remembers() ? goOn(tokens) : run(whole_, tokens, 0);
  if (full != FullContext::Half)
    return run(whole_, tokens.last(context), 0);
  const size_t half = std::max(context / 2, size_t(1)), halves = (tokens.size() - context + half - 1) / half;
  const auto window = tokens.subspan(halves * half);
  return remembers() ? goOn(window) : run(whole_, window, 0);
}

std::span<const float> TokenModel::goOn(std::span<const int32_t> tokens) {
  size_t known =
      size_t(std::mismatch(known_.begin(), known_.end(), tokens.begin(), tokens.end()).second - tokens.begin());
  known = std::min(known, tokens.size() - 1);
  known_.resize(known);
  std::span<const float> logits;
  while (known < tokens.size()) {
    const size_t left = tokens.size() - known;
    const sinter_entry &entry = left <= kFewTokens ? *decode_ : *prefill_;
    const auto part = tokens.subspan(known, std::min(left, rowsOf(entry)));
    logits = run(entry, part, int64_t(known));
    known_.insert(known_.end(), part.begin(), part.end());
    known += part.size();
  }
  return logits;
}

} // namespace sinter
