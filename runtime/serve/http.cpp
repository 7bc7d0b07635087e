#include "http.h"

#include "base/json.h"

namespace sinter::serve {

static const char *typeOf(unsigned status) {
  switch (status) {
  case 401:
    return "authentication_error";
  case 429:
    return "rate_limit_error";
  default:
    return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

std::string Refusal::json() const {
  const auto orNull = [](const std::string &text) { return text.empty() ? "null" : jsonQuoted(text); };
  return formatted("{{\"error\":{{\"message\":{},\"type\":\"{}\",\"param\":{},\"code\":{}}}}}", jsonQuoted(what()),
                   typeOf(status_), orNull(param_), orNull(code_));
}

} // namespace sinter::serve
