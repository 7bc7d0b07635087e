#include "engine.h"

#include "base/error.h"
#include "base/format.h"
#include "base/trace.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sinter::serve {

using Clock = std::chrono::steady_clock;

// The end-of-text token ends a text as a stop string does that nobody sees.
static GenerateOptions withEnd(GenerateOptions options, const Tokenizer &tokenizer, bool ignoreEnd) {
  if (const std::string end = tokenizer.decode(tokenizer.endOfText()); !ignoreEnd && !end.empty())
    options.stop.push_back(end);
  return options;
}

/// A text that has a slot.
struct Engine::Text {
  Text(uint64_t number, Job given, const Generator &generator)
      : id(number), job(std::move(given)), tell(std::make_shared<const Job::Tell>(std::move(job.tell))),
        prompted(job.tellPrompt ? 1 : job.prompt.size()),
        continuation(generator.tokenizer(), withEnd(job.options, generator.tokenizer(), job.ignoreEnd),
                     generator.choices(), job.prompt),
        sampler(job.options.sampler, generator.choices()) {
    if (job.tellPrompt)
      ofPrompt.push_back({job.prompt.front(), NAN, {}}); // nothing comes before it
  }

  /// How many of the tokens that the model shall know it has not looked at yet, where it may do so in parts; else 0.
  /// When a full context is halved, that is all of what is left, since all of it has another place.
  size_t unread(const TokenModel &model, FullContext full) {
    const size_t length = continuation.history().tokens.size();
    const bool inParts = length <= size_t(model.context()) || (full == FullContext::Half && model.remembers());
    if (prompted < job.prompt.size() || !inParts)
      return 0;
    if (const size_t begin = model.windowBegin(length, full); begin != windowBegin)
      windowBegin = fed = begin;
    return length - fed;
  }

  /// What the model shall look at next: all that there is, or `atOnce` of the unread tokens more, so that others do not
  /// wait for a long prompt; 0: any number.
  TextView view(size_t atOnce) const {
    const TextView all(continuation.history().tokens);
    if (prompted < job.prompt.size())
      return all.first(prompted);
    const size_t end = atOnce ? std::min(fed + atOnce, all.size()) : all.size();
    return end < all.size() ? TextView(all.subspan(windowBegin, end - windowBegin)) : all;
  }

  /// Uses the logits after what the model was shown; true if a token was made.
  bool take(TextView shown, std::span<const float> logits, int32_t endOfText) {
    const std::vector<int32_t> &all = continuation.history().tokens;
    fed = size_t(&shown.back() - all.data()) + 1;
    if (prompted < job.prompt.size()) {
      const int32_t id = job.prompt[prompted++];
      TokenProbability probability = sampler.probability(logits, id, job.options.logProbabilities);
      ofPrompt.push_back({id, probability.ofToken, std::move(probability.top)});
      return false;
    }
    if (fed < all.size())
      return false;
    continuation.add(logits);
    const GeneratedToken &token = continuation.soFar().tokens.back();
    ended = (!job.ignoreEnd && token.id == endOfText) || token.id == job.options.end;
    Progress progress{std::exchange(ofPrompt, {}), {}, continuation.takeShown(false)};
    if (!ended)
      progress.tokens.push_back(token);
    if (continuation.soFar().tokens.size() == 1)
      progress.first = Clock::now();
    note(std::move(progress));
    return true;
  }

  /// Keeps what there is to tell.
  void note(Progress progress) {
    if (!job.whole || news.empty())
      return news.push_back(std::move(progress));
    Progress &all = news.front();
    all.tokens.insert(all.tokens.end(), std::make_move_iterator(progress.tokens.begin()),
                      std::make_move_iterator(progress.tokens.end()));
    all.text += progress.text;
    all.ending = progress.ending;
    all.problem = std::move(progress.problem);
    if (progress.first)
      all.first = progress.first;
  }

  /// How it ends, where there is nothing more to ask the model for.
  Ending outcome() const {
    const Generated &made = continuation.soFar();
    const bool done = prompted == job.prompt.size() && continuation.done();
    return ended || made.stopped ? Ending::Stop : made.full ? Ending::Full : done ? Ending::Length : Ending::None;
  }

  uint64_t id;
  Job job;
  std::shared_ptr<const Job::Tell> tell;
  std::vector<Progress> news; ///< that nobody was told yet
  size_t prompted;            ///< so many tokens of the prompt have their probabilities
  std::vector<GeneratedToken> ofPrompt;
  Continuation continuation;
  Sampler sampler; ///< for the prompt's probabilities
  size_t fed = 0;  ///< so many tokens the model has looked at, from the window's beginning on
  size_t windowBegin = 0;
  bool ended = false;
  Ending ending = Ending::None; ///< once it was told, or it shall be: Cancelled
};

static size_t slotsFor(const TokenModel &model, size_t asked) {
  // Where a call computes one text, several take turns, so that a short one need not wait for a long one.
  constexpr size_t turns = 4;
  return asked ? asked : std::max(model.batch(), turns);
}

Engine::Engine(Generator &generator, const EngineOptions &options)
    : generator_(generator), options_(options), full_(options.full.value_or(generator.model().fullContext())) {
  options_.slots = slotsFor(generator.model(), options.slots);
  counts_.slots = options_.slots;
  thread_ = std::jthread([this] { run(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

std::optional<uint64_t> Engine::submit(std::vector<Job> jobs) {
  const std::lock_guard lock(mutex_);
  const size_t free = options_.slots - std::min(options_.slots, counts_.active);
  if (stopping_ || waiting_.size() + jobs.size() > options_.queue + free)
    return std::nullopt;
  const uint64_t first = next_;
  for (Job &job : jobs)
    waiting_.push_back({next_++, std::move(job)});
  wake_.notify_all();
  return first;
}

void Engine::cancel(uint64_t first, size_t count) {
  const std::lock_guard lock(mutex_);
  cancelled_.emplace_back(first, count);
  wake_.notify_all();
}

EngineCounts Engine::counts() const {
  const std::lock_guard lock(mutex_);
  EngineCounts counts = counts_;
  counts.waiting = waiting_.size();
  return counts;
}

void Engine::run() {
  constexpr int lane = 1000; // above those of the model's threads
  Trace::setLane(lane);
  if (Trace *trace = Trace::active())
    trace->nameLane(lane, "engine, and kernels 0");
  while (admit()) {
    dropEnded();
    try {
      step();
    } catch (const std::exception &error) { // a device that is lost, no memory
      for (auto &text : texts_)
        if (text->ending == Ending::None)
          end(*text, Ending::Failed, error.what());
    }
    dropEnded();
  }
  for (auto &text : texts_)
    end(*text, Ending::Cancelled);
  deliver(true);
  texts_.clear();
}

// Waits for work, and takes in what waits as far as there are slots. False at the end.
bool Engine::admit() {
  std::vector<Waiting> gone;
  bool stopping;
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || !waiting_.empty() || !cancelled_.empty() || !texts_.empty(); });
    stopping = stopping_;
    collect(gone);
    while (texts_.size() < options_.slots && !waiting_.empty()) {
      texts_.push_back(std::make_unique<Text>(waiting_.front().id, std::move(waiting_.front().job), generator_));
      counts_.promptTokens += texts_.back()->job.prompt.size();
      waiting_.pop_front();
    }
    counts_.active = texts_.size();
  }
  const auto now = Clock::now();
  for (Waiting &one : gone) {
    const Ending ending = one.job.deadline <= now ? Ending::Overdue : Ending::Cancelled;
    count(ending);
    news_.push_back({std::make_shared<const Job::Tell>(std::move(one.job.tell)), {{}, {}, {}, ending, {}}});
  }
  deliver(!gone.empty());
  return !stopping;
}

// Marks the texts that were cancelled, and takes out of the queue what is not to be made any more.
void Engine::collect(std::vector<Waiting> &gone) {
  const auto isCancelled = [&](uint64_t id) {
    return std::any_of(cancelled_.begin(), cancelled_.end(),
                       [&](const auto &range) { return id >= range.first && id < range.first + range.second; });
  };
  for (auto &text : texts_)
    if (isCancelled(text->id))
      text->ending = Ending::Cancelled;
  const auto now = Clock::now();
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool leaves = stopping_ || isCancelled(at->id) || at->job.deadline <= now;
    if (leaves)
      gone.push_back(std::move(*at));
    at = leaves ? waiting_.erase(at) : at + 1;
  }
  cancelled_.clear();
}

// Tells the end of those that are done, cancelled or overdue, and frees their slots.
void Engine::dropEnded() {
  const auto now = Clock::now();
  for (auto &text : texts_) {
    if (text->ending == Ending::Cancelled)
      end(*text, Ending::Cancelled);
    else if (const Ending outcome = text->outcome(); text->ending == Ending::None && outcome != Ending::None)
      end(*text, outcome);
    else if (text->ending == Ending::None && text->job.deadline <= now)
      end(*text, Ending::Overdue);
  }
  const auto isDone = [](const auto &text) { return text->ending != Ending::None; };
  deliver(std::any_of(texts_.begin(), texts_.end(), isDone));
  std::erase_if(texts_, isDone);
  const std::lock_guard lock(mutex_);
  counts_.active = texts_.size();
}

void Engine::count(Ending ending) {
  const std::lock_guard lock(mutex_);
  ++(ending == Ending::Cancelled ? counts_.cancelled
     : ending == Ending::Overdue ? counts_.overdue
     : ending == Ending::Failed  ? counts_.failed
                                 : counts_.finished);
}

void Engine::end(Text &text, Ending ending, std::string problem) {
  text.ending = ending;
  count(ending);
  text.note({std::move(text.ofPrompt), {}, text.continuation.takeShown(true), ending, std::move(problem)});
}

// Tells what there is to tell: at once if it is urgent, else a few times in a hundredth of a second. To wake the other
// thread takes as long as some step, and on a busy machine it takes a core from the model.
void Engine::deliver(bool urgent) {
  constexpr auto often = std::chrono::milliseconds(3);
  const auto now = Clock::now();
  if (!urgent && now - delivered_ < often)
    return;
  for (auto &text : texts_)
    if (!text->job.whole || text->ending != Ending::None)
      for (Progress &progress : std::exchange(text->news, {}))
        news_.push_back({text->tell, std::move(progress)});
  if (news_.empty())
    return;
  delivered_ = now;
  auto tell = [news = std::make_shared<std::vector<News>>(std::exchange(news_, {}))] {
    for (News &one : *news)
      (*one.tell)(std::move(one.progress));
  };
  options_.post ? options_.post(std::move(tell)) : tell();
}

// How many texts have the turn: the first ones. Those that had theirs go to the end.
size_t Engine::turn() {
  constexpr auto length = std::chrono::milliseconds(50);
  const TokenModel &model = generator_.model();
  const size_t atOnce = model.remembers() ? model.batch() : texts_.size();
  if (texts_.size() <= atOnce)
    return texts_.size();
  if (const auto now = Clock::now(); now - turnBegan_ > length) {
    std::rotate(texts_.begin(), texts_.begin() + int64_t(atOnce), texts_.end());
    turnBegan_ = now;
  }
  return atOnce;
}

// One call of the model for the texts that have the turn, and what follows from it for each.
void Engine::step() {
  TokenModel &model = generator_.model();
  const size_t turns = turn();
  // Where all slots are taken, others wait, and what counts is how many tokens come out in all.
  const bool busy = texts_.size() == options_.slots && turns > 1;
  const auto atOnce = [&](Text &text) -> size_t {
    size_t unread = text.unread(model, full_);
    if (texts_.size() < 2 || unread < 2)
      return 0;
    if (busy && text.fed == text.windowBegin) {
      const TextView window(std::span(text.continuation.history().tokens).subspan(text.windowBegin));
      text.fed += std::min(model.known(window), unread - 1);
      unread = text.unread(model, full_);
    }
    return busy && model.cheaperOneByOne(unread) ? 1 : model.promptRows();
  };
  std::vector<Text *> asking;
  views_.clear();
  for (size_t i = 0; i < texts_.size(); ++i) {
    Text &text = *texts_[i];
    const TextView view = text.view(atOnce(text));
    if (i >= turns)
      views_.push_back(view); // behind those that are computed
    else if (full_ == FullContext::Stop && int64_t(view.size()) > model.context())
      text.continuation.endFull();
    else
      asking.push_back(&text), views_.push_back(view);
  }
  if (asking.empty())
    return;
  const std::string name = Trace::active() ? formatted("step of {} texts", asking.size()) : "";
  const TraceSpan span("serve", name);
  const auto begun = Clock::now();
  const std::span<const float> logits = model.logitsAfter(views_, asking.size(), full_);
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  const size_t vocabulary = size_t(model.vocabulary());
  const int32_t endOfText = generator_.tokenizer().endOfText();
  uint64_t made = 0;
  bool first = false; // of a text that somebody waits for
  for (size_t i = 0; i < asking.size(); ++i) {
    try {
      made += asking[i]->take(views_[i], logits.subspan(i * vocabulary, vocabulary), endOfText);
      first |= !asking[i]->job.whole && asking[i]->continuation.soFar().tokens.size() == 1;
    } catch (const Failure &failure) { // of this text's own logits: NaN, or all of them forbidden
      end(*asking[i], Ending::Failed, failure.what());
    }
  }
  deliver(first);
  const std::lock_guard lock(mutex_);
  counts_.busySeconds += seconds;
  counts_.newTokens += made;
  ++counts_.steps;
}

} // namespace sinter::serve
