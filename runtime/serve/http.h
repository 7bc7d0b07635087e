// Requests and responses as the rest of the server sees them: nothing of Beast is in here.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sinter::serve {

struct Request {
  std::string method, path; ///< without what follows "?"
  std::string authorization, origin, host;
  std::string body;
};

struct Response {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Where an answer goes that takes its time: one response, or events as they come. Called on the I/O thread.
class Outlet {
public:
  virtual ~Outlet() = default;
  virtual void sendWhole(Response response) = 0;
  /// text/event-stream: `data: EVENT` for each; the last call ends the response.
  virtual void sendEvent(std::string_view event) = 0;
  virtual void endEvents() = 0;
};

/// A request that cannot be answered; as OpenAI's API says it. `param`: the member that is wrong, or empty.
class Refusal : public std::runtime_error {
public:
  Refusal(unsigned status, const std::string &message, std::string param = {}, std::string code = {})
      : std::runtime_error(message), status_(status), param_(std::move(param)), code_(std::move(code)) {}
  unsigned status() const { return status_; }
  /// {"error":{"message":...,"type":...,"param":...,"code":...}}
  std::string json() const;
  Response response() const { return {status_, "application/json", json() + "\n"}; }

private:
  unsigned status_;
  std::string param_, code_;
};

} // namespace sinter::serve
