// One request to /v1/completions while it is answered: several texts, whose progress becomes one response or a stream.
#pragma once

#include "completion_request.h"
#include "engine.h"
#include "http.h"

#include <memory>
#include <string>
#include <vector>

namespace sinter::serve {

/// What all answers share. Must outlive them.
struct Answering {
  Engine &engine;
  const Tokenizer &tokenizer;
  std::string model; ///< its name
  std::chrono::seconds timeout{600};
  /// Seconds from a request to its first token, of each that got one.
  std::function<void(double)> firstToken;
};

/// The texts of one choice as far as they go, in the form of the API: of texts, or of chats.
class Choice {
public:
  Choice(const CompletionRequest &request, const Prompt &prompt, const Tokenizer &tokenizer)
      : request_(request), prompt_(prompt), tokenizer_(tokenizer), dropSpace_(request.spaceBegins) {}

  /// Takes in what is new, which the next call of json() tells.
  void add(Progress progress);
  /// {"index":...,"text":...,"logprobs":...,"finish_reason":...} of all that was not told yet; of chats with "message"
  /// or, where it is streamed, "delta".
  std::string json(size_t index);
  bool ended() const { return ending_ != Ending::None; }
  Ending ending() const { return ending_; }
  const std::string &problem() const { return problem_; }
  size_t newTokens() const { return newTokens_; }
  /// Whether there is anything to tell.
  bool hasNews() const { return ended() || !text_.empty() || !tokens_.empty(); }

private:
  std::string message();
  std::string logProbabilities();
  std::string logProbabilitiesOfChat() const;
  std::string pieceOf(int32_t id) const;

  const CompletionRequest &request_;
  const Prompt &prompt_;
  const Tokenizer &tokenizer_;
  std::string text_, problem_;
  std::vector<GeneratedToken> tokens_;
  bool echoed_ = false, begun_ = false, dropSpace_;
  Utf8Stream characters_; ///< to count them
  size_t offset_ = 0;     ///< characters of all tokens that were told
  size_t newTokens_ = 0;
  Ending ending_ = Ending::None;
};

/// Lives as long as somebody waits for it: when it goes, so do its texts. On the I/O thread.
class Completion : public std::enable_shared_from_this<Completion> {
public:
  Completion(Answering &shared, CompletionRequest request, Outlet &outlet);
  ~Completion();
  Completion(const Completion &) = delete;
  Completion &operator=(const Completion &) = delete;

  /// Hands the texts to the engine. Refusal (429) if too many wait already.
  void start();

private:
  void progress(size_t choice, Progress progress);
  void finish();
  std::string object(const std::string &choices, bool usage) const;
  std::string usageJson() const;
  std::optional<Refusal> failure() const;

  Answering &shared_;
  CompletionRequest request_;
  Outlet &outlet_;
  std::string id_;
  std::chrono::system_clock::time_point created_;
  std::chrono::steady_clock::time_point begun_;
  std::vector<Choice> choices_;
  std::optional<uint64_t> first_; ///< the number of its first job
  size_t ended_ = 0;
  bool someToken_ = false;
};

/// A random number from the system.
uint64_t randomNumber();

} // namespace sinter::serve
