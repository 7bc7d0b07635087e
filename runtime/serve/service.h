// What the server answers to which path.
#pragma once

#include "completion.h"
#include "http.h"
#include "metrics.h"
#include "tokenizers/chat_template.h"

#include <memory>
#include <string>
#include <variant>

namespace sinter::serve {

struct ServiceOptions {
  RequestLimits limits;
  std::string apiKey; ///< empty: none is asked for
  std::string cors;   ///< the origin whose pages may call; empty: none, "*": all
  std::optional<ChatTemplate> chats;
  std::string card;    ///< JSON: what the model is
  int64_t created = 0; ///< when the checkpoint was written, in seconds since 1970
};

/// An answer that is there, or one that will come.
using Answer = std::variant<Response, std::shared_ptr<Completion>>;

/// All of its calls come from the I/O thread.
class Service {
public:
  Service(Answering &answering, const Generator &generator, ServiceOptions options);

  /// What is wrong with a request that has come as far as its body: no such path, another method, no key, an origin
  /// that may not call. Its body need not be read then.
  std::optional<Response> refuse(const Request &request) const;
  /// Answers a request that refuse() let through. Nothing that it is asked makes it throw.
  Answer answer(const Request &request, Outlet &outlet);
  /// What every response to this request has beside what is its own.
  std::vector<std::pair<std::string, std::string>> headersFor(const Request &request) const;
  /// From now on nothing new is begun.
  void leave() { leaving_ = true; }
  Metrics &metrics() { return metrics_; }

private:
  std::string modelJson() const;
  Response models(const Request &request) const;
  Response tokenize(const Request &request) const;
  Response detokenize(const Request &request) const;
  Response metricsPage() const;
  CompletionRequest parse(const Request &request) const;
  Answer choose(const Request &request, Outlet &outlet);
  bool allows(const Request &request) const;

  Answering &answering_;
  const Generator &generator_;
  ServiceOptions options_;
  Metrics metrics_;
  bool leaving_ = false;
};

} // namespace sinter::serve
