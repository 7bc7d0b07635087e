#include "service.h"

#include "base/json.h"
#include "base/report.h"
#include "chat_request.h"
#include "page.h"

#include <algorithm>

namespace sinter::serve {

namespace {

/// Every path that there is.
struct Path {
  const char *path, *methods; ///< with commas between them
  bool open;                  ///< also without a key
};
constexpr Path kPaths[] = {
    {"/", "GET,HEAD", true},
    {"/health", "GET,HEAD", true},
    {"/metrics", "GET,HEAD", false},
    {"/card", "GET,HEAD", false},
    {"/v1/models", "GET", false},
    {"/v1/completions", "POST", false},
    {"/v1/chat/completions", "POST", false},
    {"/tokenize", "POST", false},
    {"/detokenize", "POST", false},
};

const Path *pathOf(const std::string &path) {
  for (const Path &known : kPaths)
    if (known.path == path)
      return &known;
  // A model by its name.
  static constexpr Path model = {"/v1/models/", "GET", false};
  return path.starts_with(model.path) ? &model : nullptr;
}

bool hasMethod(const char *methods, std::string_view method) {
  for (std::string_view rest = methods; !rest.empty();) {
    const size_t comma = std::min(rest.find(','), rest.size());
    if (rest.substr(0, comma) == method)
      return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

/// In a time that depends on the lengths alone.
bool sameSecret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() != secret.size();
  for (size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return difference == 0;
}

Response json(std::string body) { return {200, "application/json", std::move(body) + "\n"}; }

} // namespace

Service::Service(Answering &answering, const Generator &generator, ServiceOptions options)
    : answering_(answering), generator_(generator), options_(std::move(options)) {}

// Pages of other origins may not call, unless they were allowed to: the browser of somebody who looks at them would do
// it from here.
bool Service::allows(const Request &request) const {
  if (request.origin.empty() || options_.cors == "*" || request.origin == options_.cors)
    return true;
  const size_t slashes = request.origin.find("://");
  return slashes != std::string::npos && request.origin.substr(slashes + 3) == request.host;
}

std::vector<std::pair<std::string, std::string>> Service::headersFor(const Request &request) const {
  std::vector<std::pair<std::string, std::string>> headers = {{"X-Content-Type-Options", "nosniff"}};
  if (!options_.cors.empty() && !request.origin.empty() && allows(request)) {
    headers.emplace_back("Access-Control-Allow-Origin", options_.cors);
    headers.emplace_back("Vary", "Origin");
  }
  return headers;
}

std::optional<Response> Service::refuse(const Request &request) const {
  if (leaving_)
    return Refusal(503, "the server is leaving", {}, "shutting_down").response();
  const Path *path = pathOf(request.path);
  if (!path)
    return Refusal(404, formatted("there is no {}", printable(std::string_view(request.path).substr(0, 100))))
        .response();
  if (!allows(request))
    return Refusal(403, "pages of this origin may not call; see --cors", {}, "origin_not_allowed").response();
  if (request.method == "OPTIONS" && !options_.cors.empty())
    return Response{204,
                    "text/plain",
                    "",
                    {{"Access-Control-Allow-Methods", path->methods},
                     {"Access-Control-Allow-Headers", "authorization, content-type"},
                     {"Access-Control-Max-Age", "600"}}};
  if (!hasMethod(path->methods, request.method)) {
    Response response = Refusal(405, formatted("{} takes {}", path->path, path->methods)).response();
    response.headers.emplace_back("Allow", path->methods);
    return response;
  }
  const std::string bearer = "Bearer " + options_.apiKey;
  if (!options_.apiKey.empty() && !path->open && !sameSecret(request.authorization, bearer)) {
    Response response = Refusal(401, "a key is needed: Authorization: Bearer KEY", {}, "invalid_api_key").response();
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  return std::nullopt;
}

std::string Service::modelJson() const {
  return formatted("{{\"id\":{},\"object\":\"model\",\"created\":{},\"owned_by\":\"sinter\"}}",
                   jsonQuoted(answering_.model), options_.created);
}

Response Service::models(const Request &request) const {
  if (request.path == "/v1/models")
    return json(formatted("{{\"object\":\"list\",\"data\":[{}]}}", modelJson()));
  const std::string name = request.path.substr(sizeof "/v1/models/" - 1);
  if (name != answering_.model)
    throw Refusal(404,
                  formatted("the model '{}' does not exist; this is '{}'",
                            printable(std::string_view(name).substr(0, 100)), printable(answering_.model)),
                  "model", "model_not_found");
  return json(modelJson());
}

// {"content":TEXT} to {"tokens":[...]}; with_pieces: objects of id and piece, as llama.cpp's server has it.
Response Service::tokenize(const Request &request) const {
  const JsonTree body = parseBody(request.body);
  const JsonTree &content = body["content"];
  if (!content.isText())
    throw Refusal(400, "content: must be a string", "content");
  std::string list;
  for (const int32_t id : tokensOf(generator_, content.text, "content")) {
    list += list.empty() ? "" : ",";
    list += !body.flag("with_pieces", false)
                ? fmt::to_string(id)
                : formatted("{{\"id\":{},\"piece\":{}}}", id, jsonQuoted(generator_.tokenizer().decode(id)));
  }
  return json(formatted("{{\"tokens\":[{}]}}", list));
}

Response Service::detokenize(const Request &request) const {
  const JsonTree body = parseBody(request.body);
  const std::vector<int32_t> tokens = tokensOf(generator_, body["tokens"], "tokens");
  return json(formatted("{{\"content\":{}}}", jsonQuoted(generator_.tokenizer().decodeAll(tokens))));
}

Response Service::metricsPage() const {
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text(answering_.engine.counts())};
}

// Of a text or of a chat.
CompletionRequest Service::parse(const Request &request) const {
  const JsonTree body = parseBody(request.body);
  if (request.path == "/v1/completions")
    return parseCompletion(body, generator_, options_.limits, answering_.model, randomNumber());
  if (!options_.chats)
    throw Refusal(404,
                  "this model has no template for chats (serve --chat-template names one): /v1/completions takes any "
                  "text",
                  {}, "no_chat_template");
  return parseChat(body, *options_.chats, generator_, options_.limits, answering_.model, randomNumber());
}

Answer Service::choose(const Request &request, Outlet &outlet) {
  const std::string &path = request.path;
  if (path == "/v1/completions" || path == "/v1/chat/completions") {
    auto completion = std::make_shared<Completion>(answering_, parse(request), outlet);
    completion->start();
    return completion;
  }
  if (path == "/tokenize")
    return tokenize(request);
  if (path == "/detokenize")
    return detokenize(request);
  if (path == "/metrics")
    return metricsPage();
  if (path == "/health")
    return json("{\"status\":\"ok\"}");
  if (path == "/card")
    return json(options_.card);
  if (path == "/")
    return playgroundPage();
  return models(request);
}

Answer Service::answer(const Request &request, Outlet &outlet) {
  try {
    return choose(request, outlet);
  } catch (const Refusal &refusal) {
    return refusal.response();
  } catch (const std::bad_alloc &) {
    return Refusal(503, "out of memory").response();
  } catch (const std::exception &error) {
    return Refusal(500, error.what()).response();
  }
}

} // namespace sinter::serve
