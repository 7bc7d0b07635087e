// Texts that are made at the same time: one thread owns the model and takes all of them one token further at a time.
#pragma once

#include "sampling/generate.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sinter::serve {

/// Why a text ended. Full: by the end of the context; Overdue: its time was over.
enum class Ending { None, Stop, Length, Full, Cancelled, Overdue, Failed };

/// What became of a text since it was last told of.
struct Progress {
  std::vector<GeneratedToken> prompt; ///< with Job::tellPrompt: all of its tokens, once
  std::vector<GeneratedToken> tokens; ///< one or, of a job that is told of whole, all
  std::string text;                   ///< that no stop string can take back any more
  Ending ending = Ending::None;
  std::string problem;                                          ///< of one that failed
  std::optional<std::chrono::steady_clock::time_point> first{}; ///< when the first token was made, if it is among them
};

/// One text to make.
struct Job {
  std::vector<int32_t> prompt; ///< one token at least
  GenerateOptions options;
  bool tellPrompt = false; ///< log-probabilities of the prompt's tokens, too
  bool ignoreEnd = false;  ///< the end-of-text token ends nothing
  bool whole = false;      ///< told of once, when it has ended
  std::chrono::steady_clock::time_point deadline;
  /// Called in order, by EngineOptions::post; the last call has an ending.
  using Tell = std::function<void(Progress)>;
  Tell tell;
};

struct EngineOptions {
  size_t slots = 0;                ///< texts at once; 0: what suits the program
  size_t queue = 64;               ///< that wait beside them
  std::optional<FullContext> full; ///< none: what suits the program
  /// Where jobs are told of: called on the engine's thread with work for another one. None: on the engine's.
  std::function<void(std::function<void()>)> post;
};

/// What has happened since the start, and what is so now.
struct EngineCounts {
  uint64_t promptTokens = 0, newTokens = 0, steps = 0, finished = 0, cancelled = 0, overdue = 0, failed = 0;
  double busySeconds = 0; ///< in calls of the model
  size_t active = 0, waiting = 0, slots = 0;
};

/// Continuous batching: texts join and leave between steps. A text's tokens have the bits that it gets alone, since
/// those of TokenModel do not depend on what else it computes, and each text has a sampler of its own. Of more texts
/// than a call takes, so many have a turn of some steps, since it takes time to put caches away.
class Engine {
public:
  /// The generator must outlive it.
  Engine(Generator &generator, const EngineOptions &options);
  /// Cancels what is left.
  ~Engine();
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// All of these or, where fewer can wait, none. Returns the number of the first; the others follow it.
  std::optional<uint64_t> submit(std::vector<Job> jobs);
  /// They end as cancelled before the next step; those that have ended already stay as they are.
  void cancel(uint64_t first, size_t count);
  EngineCounts counts() const;
  size_t mostWaiting() const { return options_.queue; }

private:
  struct Text;
  struct Waiting {
    uint64_t id;
    Job job;
  };
  struct News {
    std::shared_ptr<const Job::Tell> tell;
    Progress progress;
  };
  void run();
  bool admit();
  void collect(std::vector<Waiting> &gone);
  void dropEnded();
  void step();
  size_t turn();
  void count(Ending ending);
  void deliver(bool urgent);
  void end(Text &text, Ending ending, std::string problem = {});

  Generator &generator_;
  EngineOptions options_;
  FullContext full_;
  std::vector<std::unique_ptr<Text>> texts_; // of the engine's thread alone
  std::vector<TextView> views_;
  std::vector<News> news_; // of jobs, in order, that nobody was told yet
  std::chrono::steady_clock::time_point turnBegan_{}, delivered_{};

  mutable std::mutex mutex_; // of all below
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;
  std::vector<std::pair<uint64_t, size_t>> cancelled_;
  EngineCounts counts_;
  uint64_t next_ = 1;
  bool stopping_ = false;
  std::jthread thread_; // the last: it ends before what it uses
};

} // namespace sinter::serve
