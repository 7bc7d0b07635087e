#include "session.h"

#include "base/format.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>

namespace sinter::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

static std::string textOf(beast::string_view text) { return {text.data(), text.size()}; }

Session::Session(asio::io_context &io, asio::ip::tcp::socket &&socket, Service &service, const ConnectionLimits &limits,
                 std::function<void()> gone)
    : io_(io), stream_(std::move(socket)), service_(service), limits_(limits), gone_(std::move(gone)),
      buffer_(limits.headerBytes + 65536) {
  ++service_.metrics().connections;
}

Session::~Session() {
  --service_.metrics().connections;
  gone_();
}

void Session::readHeader() {
  if (leaving_)
    return close();
  parser_.emplace();
  parser_->header_limit(limits_.headerBytes);
  parser_->body_limit(limits_.bodyBytes);
  idle_ = true;
  stream_.expires_after(limits_.request);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) { self->onHeader(error); });
}

// What is answered to a request that cannot be read; none if nobody is there to read it.
static std::optional<Response> answerTo(beast::error_code error, const ConnectionLimits &limits) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return Refusal(431, formatted("headers of more than {} bytes", limits.headerBytes)).response();
  if (error == http::error::body_limit)
    return Refusal(413, formatted("a body of more than {} bytes", limits.bodyBytes)).response();
  if (error == beast::error::timeout || error == http::error::end_of_stream || error == http::error::partial_message ||
      error.category() != make_error_code(http::error::bad_method).category())
    return std::nullopt;
  return Refusal(400, "not HTTP: " + error.message()).response();
}

void Session::onHeader(Error error) {
  idle_ = false;
  keepAlive_ = !error && parser_->get().keep_alive();
  if (error) {
    const auto response = answerTo(error, limits_);
    return response ? refuse(*response) : close();
  }
  const auto &header = parser_->get();
  request_ = {textOf(header.method_string()),
              textOf(header.target()),
              textOf(header[http::field::authorization]),
              textOf(header[http::field::origin]),
              textOf(header[http::field::host]),
              {}};
  request_.path.resize(std::min(request_.path.find_first_of("?#"), request_.path.size()));
  if (auto response = service_.refuse(request_))
    return parser_->is_done() ? sendWhole(std::move(*response)) : refuse(std::move(*response));
  if (!beast::iequals(header[http::field::expect], "100-continue"))
    return readBody();
  sending_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(sending_),
                    [self = shared_from_this()](Error failed, size_t) { failed ? self->close() : self->readBody(); });
}

void Session::readBody() {
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, size_t) { self->onBody(error); });
}

void Session::onBody(Error error) {
  if (error) {
    const auto response = answerTo(error, limits_);
    return response ? refuse(*response) : close();
  }
  request_.body = std::move(parser_->get().body());
  stream_.expires_never();
  Answer answer = service_.answer(request_, *this);
  request_.body = {};
  if (auto *response = std::get_if<Response>(&answer))
    return sendWhole(std::move(*response));
  completion_ = std::get<std::shared_ptr<Completion>>(std::move(answer));
  itself_ = shared_from_this();
  work_.emplace(io_.get_executor());
  watch();
}

// A response to something of which the rest is still to come: it is not read.
void Session::refuse(Response response) {
  keepAlive_ = false;
  unread_ = true;
  sendWhole(std::move(response));
}

// Everything of a response but its body.
static std::string headOf(const Response &response, bool keepAlive, std::string_view bodyHeader,
                          const std::vector<std::pair<std::string, std::string>> &more) {
  std::string head = formatted("HTTP/1.1 {} {}\r\nServer: sinter\r\nContent-Type: {}\r\n{}\r\nConnection: {}\r\n",
                               response.status, textOf(http::obsolete_reason(http::int_to_status(response.status))),
                               response.type, bodyHeader, keepAlive ? "keep-alive" : "close");
  for (const auto *headers : {&response.headers, &more})
    for (const auto &[name, value] : *headers)
      head += formatted("{}: {}\r\n", name, value);
  return head + "\r\n";
}

void Session::sendWhole(Response response) {
  if (closed_)
    return;
  keepAlive_ = keepAlive_ && !leaving_;
  service_.metrics().response(response.status);
  header_ = headOf(response, keepAlive_, formatted("Content-Length: {}", response.body.size()),
                   service_.headersFor(request_));
  sending_ = request_.method == "HEAD" ? std::string() : std::move(response.body);
  stream_.expires_after(limits_.write);
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(header_), asio::buffer(sending_)};
  asio::async_write(stream_, parts, [self = shared_from_this()](Error error, size_t) { self->onWritten(error); });
}

void Session::onWritten(Error error) {
  completion_.reset();
  work_.reset();
  itself_.reset();
  sending_ = {};
  if (!error && unread_)
    return linger();
  if (error || !keepAlive_)
    return close();
  readHeader();
}

// A connection that is closed while something comes in is reset, and the response may be lost: what comes is thrown
// away for a moment.
void Session::linger() {
  Error ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (!lingering_)
    stream_.expires_after(std::chrono::seconds(2));
  lingering_ = true;
  stream_.async_read_some(asio::buffer(ignored_),
                          [self = shared_from_this()](Error error, size_t) { error ? self->close() : self->linger(); });
}

void Session::beginEvents() {
  streams_ = true;
  streamEnds_ = false;
  chunked_ = parser_->get().version() >= 11;
  keepAlive_ = keepAlive_ && chunked_ && !leaving_;
  service_.metrics().response(200);
  const Response response{200, "text/event-stream", {}, {{"Cache-Control", "no-cache"}}};
  unsent_ = headOf(response, keepAlive_, chunked_ ? "Transfer-Encoding: chunked" : "X-Accel-Buffering: no",
                   service_.headersFor(request_));
}

void Session::sendEvent(std::string_view event) {
  if (closed_)
    return;
  if (!streams_)
    beginEvents();
  const std::string text = formatted("data: {}\n\n", event);
  unsent_ += chunked_ ? formatted("{:x}\r\n{}\r\n", text.size(), text) : text;
  if (unsent_.size() > limits_.unsentBytes)
    return close(); // its reader takes nothing
  flush();
}

void Session::endEvents() {
  if (closed_)
    return;
  streamEnds_ = true;
  unsent_ += chunked_ ? "0\r\n\r\n" : "";
  flush();
}

void Session::flush() {
  if (writing_)
    return;
  writing_ = true;
  sending_ = std::move(unsent_);
  unsent_ = {};
  stream_.expires_after(limits_.write);
  asio::async_write(stream_, asio::buffer(sending_),
                    [self = shared_from_this()](Error error, size_t) { self->onFlushed(error); });
}

void Session::onFlushed(Error error) {
  writing_ = false;
  if (error || closed_)
    return close();
  if (!unsent_.empty())
    return flush();
  stream_.expires_never();
  if (!streamEnds_)
    return;
  streams_ = false;
  onWritten({});
}

// While an answer is made, nothing is read; a client that goes shows by the end of what it sends.
void Session::watch() {
  if (watching_)
    return;
  watching_ = true;
  stream_.socket().async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](Error error) {
    self->watching_ = false;
    if (error || self->closed_ || !self->completion_)
      return;
    char byte;
    const ssize_t count = ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
      self->close();
    else if (count < 0)
      self->watch();
    // Else the next request is there already: it waits, and so do we.
  });
}

void Session::leave() {
  leaving_ = true;
  if (idle_)
    close();
}

// Its texts end, its reads and writes are called off; what holds it lets go.
void Session::close() {
  if (closed_)
    return;
  closed_ = true;
  completion_.reset();
  work_.reset();
  itself_.reset();
  Error ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.close();
}

} // namespace sinter::serve
