#include "sampling/token_model.h"

#include "base/error.h"
#include "training/trainer.h"

#include <algorithm>
#include <chrono>

namespace sinter {

namespace {

/// So many tokens are decoded one by one before it is worth a prefill, which computes all of its rows.
constexpr size_t kFewTokens = 3;

bool takesTokens(const sinter_entry &entry) {
  const sinter_input *tokens = Program::findInput(entry, "tokens");
  const sinter_tensor *logits = Program::findOutput(entry, "logits");
  return tokens && tokens->tensor.dtype == SINTER_I32 && tokens->tensor.rank == 2 && logits &&
         logits->dtype == SINTER_F32;
}

size_t sizeOf(const sinter_entry &entry, int dim) {
  return size_t(Program::findInput(entry, "tokens")->tensor.shape[dim]);
}

size_t commonBeginning(std::span<const int32_t> a, std::span<const int32_t> b) {
  return size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

/// Sets element `index` of an i32 input, or the input where it is a number; nothing if the entry has none.
void setNumber(Program &program, const sinter_entry &entry, std::string_view name, size_t index, size_t value) {
  const sinter_input *input = Program::findInput(entry, name);
  if (input && input->tensor.rank == 1)
    static_cast<int32_t *>(program.data(*input))[index] = int32_t(value);
  else if (input)
    program.setScalar(entry, name, double(value));
}

/// The input `source`, i32 [1, S]; null if the entry has none.
const sinter_input *sourceOf(const sinter_entry &entry) {
  const sinter_input *source = Program::findInput(entry, "source");
  const bool fits =
      source && source->tensor.dtype == SINTER_I32 && source->tensor.rank == 2 && source->tensor.shape[0] == 1;
  return fits ? source : nullptr;
}

} // namespace

FullContext fullContextNamed(std::string_view name) {
  return name == "half" ? FullContext::Half : name == "stop" ? FullContext::Stop : FullContext::Slide;
}

TokenModel::TokenModel(Program &program)
    : program_(program), whole_(requireEntry(program, "logits")), source_(sourceOf(whole_)) {
  if (!takesTokens(whole_) || sizeOf(whole_, 0) != 1 || !Program::findInput(whole_, "position"))
    fail(Exit::Usage, "entry logits: must take tokens (i32 [1, context]) and position (i32) and give logits (f32)");
  context_ = int64_t(sizeOf(whole_, 1));
  vocabulary_ = elementCount(*Program::findOutput(whole_, "logits"));
  prefill_ = incremental("prefill");
  decode_ = incremental("decode");
  if (source_)
    encode_ = program.findEntry("encode");
  const bool reads =
      !source_ || (encode_ && sourceOf(*encode_) && sourceOf(*encode_)->tensor.bytes == source_->tensor.bytes);
  if (!remembers() || !reads || (prefill_->batch != decode_->batch && prefill_->batch != 1))
    prefill_ = decode_ = std::nullopt;
  else
    caches_.emplace(program, CachedEntries{*prefill_->entry, *decode_->entry, encode_}, decode_->batch, context_);
}

std::optional<TokenModel::Incremental> TokenModel::incremental(std::string_view name) const {
  const sinter_entry *entry = program_.findEntry(name);
  if (!entry || !takesTokens(*entry))
    return std::nullopt;
  const Incremental found{entry, sizeOf(*entry, 0), sizeOf(*entry, 1)};
  const int64_t logits = elementCount(*Program::findOutput(*entry, "logits")),
                each = int64_t(found.batch) * vocabulary_;
  const auto numbers = [&](const char *input) {
    const sinter_input *of = Program::findInput(*entry, input);
    return of && of->tensor.dtype == SINTER_I32 && elementCount(of->tensor) == int64_t(found.batch);
  };
  const bool told = found.rows == 1 || numbers("position") || numbers("count");
  const bool fits = logits == each || logits == each * int64_t(found.rows);
  return numbers("offset") && told && fits ? std::optional(found) : std::nullopt;
}

size_t TokenModel::windowBegin(size_t length, FullContext full) const {
  const size_t context = size_t(context_);
  if (length <= context)
    return 0;
  if (full != FullContext::Half)
    return length - context;
  const size_t half = std::max(context / 2, size_t(1)), halves = (length - context + half - 1) / half;
  return halves * half;
}

TextView TokenModel::window(TextView text, FullContext full) const {
  return {text.subspan(windowBegin(text.size(), full)), text.source};
}

void TokenModel::setSource(const sinter_entry &entry, std::span<const int32_t> tokens) {
  const sinter_input &input = *sourceOf(entry);
  auto *data = static_cast<int32_t *>(program_.data(input));
  const size_t length = size_t(input.tensor.shape[1]);
  std::fill(std::copy_n(tokens.begin(), std::min(tokens.size(), length), data), data + length, 0);
}

std::span<const float> TokenModel::logitsAfter(std::span<const TextView> texts, size_t count, FullContext full) {
  results_.resize(count * size_t(vocabulary_));
  // Where the window slides, every token has another place in it each time: there is nothing to remember.
  std::vector<TextView> known(texts.size()); // an empty one is none
  for (size_t i = 0; i < texts.size(); ++i) {
    if (source_ && texts[i].source.empty())
      fail(Exit::Usage, "the model reads a source before it writes: see the subcommand translate");
    const TextView seen = window(texts[i], full);
    if (remembers() && (full == FullContext::Half || seen.size() == texts[i].size()))
      known[i] = seen;
    else if (i < count)
      runWhole(seen, results_.data() + i * size_t(vocabulary_));
  }
  assign(known, count);
  for (size_t page = 0; page * batch() < slots_.size(); ++page)
    goOn(page, known);
  return results_;
}

void TokenModel::runWhole(TextView text, float *logits) {
  program_.setDefaults(whole_);
  auto *rows = static_cast<int32_t *>(program_.data(*Program::findInput(whole_, "tokens")));
  std::fill(std::copy(text.begin(), text.end(), rows), rows + context_, 0);
  if (source_)
    setSource(whole_, text.source);
  program_.setScalar(whole_, "position", double(text.size() - 1));
  program_.run(whole_);
  std::copy_n(static_cast<const float *>(program_.data(*Program::findOutput(whole_, "logits"))), vocabulary_, logits);
}

// How much a slot knows of what there is to know of a text: its source counts like a token.
size_t TokenModel::commonWith(const Slot &slot, TextView text) const {
  return std::ranges::equal(slot.source, text.source) ? commonBeginning(slot.known, text) + 1 : 0;
}

// Each text gets the slot that knows most of what it begins with. Where two go on from one, the second gets a copy.
// Those that take no part come first: nobody shall take theirs, which would have to be copied.
void TokenModel::assign(std::span<const TextView> texts, size_t count) {
  const size_t taking = size_t(std::count_if(texts.begin(), texts.end(), [](TextView t) { return !t.empty(); }));
  if (taking > slots_.size())
    slots_.resize((taking + batch() - 1) / batch() * batch());
  for (Slot &slot : slots_)
    slot.text.reset();
  const auto best = [&](TextView text, bool free) {
    std::pair<size_t, size_t> found{0, slots_.size()}; // how much it knows, which
    for (size_t s = 0; s < slots_.size(); ++s)
      if (!(free && slots_[s].text))
        if (const size_t common = commonWith(slots_[s], text); found.second == slots_.size() || common > found.first)
          found = {common, s};
    return found;
  };
  std::vector<size_t> left;
  for (size_t k = 0; k < texts.size(); ++k)
    if (const size_t i = (k + count) % texts.size(); !texts[i].empty()) {
      const auto [common, slot] = best(texts[i], false);
      if (slots_[slot].text)
        left.push_back(i);
      else
        slots_[slot].text = i;
    }
  // A text that is computed alone is as soon computed as copied, if little is missing. Where others would wait for it,
  // and where a source would be read once more, it is copied.
  const size_t little = batch() > 1 ? 0 : kFewTokens;
  for (const size_t i : left) {
    const auto [common, slot] = best(texts[i], true);
    const auto [more, origin] = best(texts[i], false);
    if ((more > common + little || (more > 0 && common == 0)) && caches_->copyable()) {
      caches_->copy(origin, slot, slots_[origin].known.size());
      const auto text = slots_[slot].text;
      slots_[slot] = slots_[origin];
      slots_[slot].text = text;
    }
    slots_[slot].text = i;
  }
  for (Slot &slot : slots_)
    slot.idle = slot.text && *slot.text >= count;
  for (Slot &slot : slots_)
    if (slot.text && !slot.idle) {
      const TextView text = texts[*slot.text];
      if (!std::ranges::equal(slot.source, text.source)) {
        slot.source.assign(text.source.begin(), text.source.end());
        slot.unread = true;
        slot.known.clear();
      }
      // The last token is computed again even if it is known: its logits are wanted.
      slot.known.resize(std::min(commonBeginning(slot.known, text), text.size() - 1));
    }
}

// The sources of a page's texts that nobody has read yet.
void TokenModel::readSources(size_t first) {
  if (!encode_)
    return;
  for (size_t slot = first; slot < first + batch(); ++slot)
    if (slots_[slot].text && !slots_[slot].idle && slots_[slot].unread) {
      caches_->load(first / batch());
      program_.setDefaults(*encode_);
      setSource(*encode_, slots_[slot].source);
      program_.run(*encode_);
      caches_->takeSource(slot);
      slots_[slot].unread = false;
    }
}

size_t TokenModel::leftOf(const Slot &slot, std::span<const TextView> texts) const {
  return slot.text && !slot.idle ? texts[*slot.text].size() - slot.known.size() : 0;
}

// What is left of one text but the last few tokens, in caches of its own.
void TokenModel::prefillAlone(size_t slot, std::span<const TextView> texts) {
  caches_->bring(slot, slots_[slot].known.size());
  const TextView text = texts[*slots_[slot].text];
  while (leftOf(slots_[slot], texts) > 0)
    advance(*prefill_, slot, texts);
  caches_->takeBack(slot, text.size());
}

void TokenModel::goOn(size_t page, std::span<const TextView> texts) {
  const size_t first = page * batch();
  const bool alone = prefill_->batch != batch();
  readSources(first);
  if (alone && chunk_ != 1)
    for (size_t slot = first; slot < first + batch(); ++slot)
      if (leftOf(slots_[slot], texts) > kFewTokens) {
        caches_->load(page);
        prefillAlone(slot, texts);
      }
  while (true) {
    size_t most = 0;
    for (size_t row = 0; row < batch(); ++row)
      most = std::max(most, leftOf(slots_[first + row], texts));
    if (most == 0)
      return;
    caches_->load(page);
    advance(most <= kFewTokens || chunk_ == 1 || alone ? *decode_ : *prefill_, first, texts);
  }
}

size_t TokenModel::known(TextView text) const {
  size_t most = 0;
  for (const Slot &slot : slots_)
    most = std::max(most, commonWith(slot, text));
  return most > 0 ? most - 1 : 0; // without the source
}

bool TokenModel::cheaperOneByOne(size_t tokens) const {
  if (!remembers() || batch() == 1 || prefill_->batch != 1)
    return false;
  if (prefill_->seconds <= 0 || decode_->seconds <= 0)
    return false; // a prefill tells
  const size_t calls = (tokens + prefill_->rows - 1) / prefill_->rows;
  return double(tokens) * decode_->seconds < double(calls * batch()) * prefill_->seconds;
}

void TokenModel::advance(Incremental &of, size_t first, std::span<const TextView> texts) {
  const sinter_entry &entry = *of.entry;
  program_.setDefaults(entry);
  auto *tokens = static_cast<int32_t *>(program_.data(*Program::findInput(entry, "tokens")));
  std::fill_n(tokens, of.batch * of.rows, 0);
  const size_t atOnce = chunk_ ? std::min(chunk_, of.rows) : of.rows;
  std::vector<size_t> counts(of.batch);
  for (size_t row = 0; row < of.batch; ++row) {
    Slot &slot = slots_[first + row];
    counts[row] = std::min(leftOf(slot, texts), atOnce);
    slot.known.resize(std::min(slot.known.size(), size_t(context_) - 1)); // of one that takes no part
    const size_t offset = slot.known.size();
    if (counts[row]) {
      const TextView part = texts[*slot.text].subspan(offset, counts[row]);
      std::copy(part.begin(), part.end(), tokens + row * of.rows);
      slot.known.insert(slot.known.end(), part.begin(), part.end());
    }
    setNumber(program_, entry, "offset", row, offset);
    setNumber(program_, entry, "count", row, counts[row]);
    setNumber(program_, entry, "position", row, std::max(counts[row], size_t(1)) - 1);
  }
  const auto begun = std::chrono::steady_clock::now();
  program_.run(entry);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  // The first call of all takes longer: it does not count. A prefill that is avoided would never be timed again: what
  // is known of it fades until it is worth a try.
  if (of.seconds <= 0)
    of.seconds = of.seconds == 0 ? -seconds : seconds;
  else
    of.seconds += (&of == &*prefill_ ? 0.3 : 0.05) * (seconds - of.seconds);
  if (&of == &*decode_)
    prefill_->seconds *= 0.9998;
  const sinter_tensor &output = *Program::findOutput(entry, "logits");
  const auto *logits = static_cast<const float *>(program_.data(output));
  const size_t vocabulary = size_t(vocabulary_), perText = size_t(elementCount(output)) / of.batch;
  for (size_t row = 0; row < of.batch; ++row) {
    Slot &slot = slots_[first + row];
    if (counts[row] == 0 || leftOf(slot, texts) > 0)
      continue;
    const float *own = logits + row * perText + (perText > vocabulary ? (counts[row] - 1) * vocabulary : 0);
    std::copy_n(own, vocabulary, results_.data() + *slot.text * vocabulary);
    slot.text.reset(); // it is done, and takes no part in what others still need
  }
}

} // namespace sinter
